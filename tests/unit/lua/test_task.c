/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* task: structured concurrency on a virtual clock, a test for each promise. */

#include "tests/unit/lua/task_bench.h"

/* ---- time ---- */

/* sleep() takes as long as it says, on the flow's clock; now() shows it. */
static void sleeps(void **state)
{
    struct bench *b = play("local start = now()\n"
                           "for _, d in ipairs{'500ms', 2, '1min'} do\n"
                           "  sleep(d)\n"
                           "  emit('out', now() - start)\n"
                           "end\n"
                           "sleep('1h')\n");

    bench_advance(b, "400ms");
    bench_expect(b, "x.out", "");
    bench_advance(b, "200ms");
    bench_expect(b, "x.out", "0.5");
    bench_advance(b, "2min");
    bench_expect(b, "x.out", "2.5 62.5");
    bench_free(b);
}

/* A loop that sleeps for no time lets time go on. */
static void no_sleep_is_a_millisecond(void **state)
{
    struct bench *b = play("local n = 0\n"
                           "spawn(function() while true do sleep(0) n = n + 1 end end)\n"
                           "sleep('1s')\n"
                           "emit('out', n)\n"
                           "sleep('1h')\n");

    bench_advance(b, "2s");
    bench_expect(b, "x.out", "999");
    bench_free(b);
}

/* ---- inputs ---- */

/* Each message comes once, in order, also those that came while the task was busy. */
static void inputs_queue(void **state)
{
    struct bench *b = play("for msg in input.a do\n"
                           "  emit('out', msg.value)\n"
                           "  sleep('1s')\n"
                           "end\n");

    bench_feed(b, "a", "1");
    bench_expect(b, "x.out", "1");
    bench_feed(b, "a", "2");
    bench_feed(b, "a", "3");
    bench_expect(b, "x.out", "");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "2");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "3");
    bench_free(b);
}

/* A message has the time at which the value was true, and its quality. */
static void message_facts(void **state)
{
    struct bench *b =
        play("local start = now()\n"
             "for msg in input.a do\n"
             "  emit('out', ('%s %s %g'):format(msg.value, msg.quality, msg.time - start))\n"
             "end\n");

    bench_feed_at(b, "a", "7", 0);
    bench_advance(b, "5s");
    bench_feed_at(b, "a", "8", 3.5);
    bench_expect(b, "x.out", "\"7 good 0\" \"8 good 3.5\"");
    bench_free(b);
}

/* Beyond the limit the oldest messages are dropped, and that is said. */
static void backlog_has_a_limit(void **state)
{
    struct bench *b = play_with("for msg in input.a do\n"
                                "  emit('out', msg.value)\n"
                                "  sleep('1s')\n"
                                "end\n",
                                "  limits: {backlog: 3}\n");

    for (int i = 1; i <= 6; i++) {
        char number[8];

        snprintf(number, sizeof(number), "%d", i);
        bench_feed(b, "a", number);
    }
    bench_expect_log(b, "`a`: 3 messages wait, which is the limit");
    bench_advance(b, "10s");
    bench_expect(b, "x.out", "1 4 5 6");
    bench_free(b);
}

/* A loop over an input does not see dead values; one over all() does. */
static void dead_values(void **state)
{
    struct bench *b =
        play("spawn(function() for msg in input.a do emit('out', msg.value) end end)\n"
             "for msg in input.b:all() do\n"
             "  emit('out', msg.quality .. ' ' .. tostring(msg.reason))\n"
             "end\n");

    bench_feed(b, "a", "1");
    bench_expect(b, "x.out", "1");
    bench_fail(b, "a", "timeout");
    bench_expect(b, "x.out", "bad(1, timeout)");
    bench_feed(b, "a", "2");
    bench_expect(b, "x.out", "2");
    bench_feed(b, "b", "1");
    bench_expect(b, "x.out", "\"good nil\"");
    bench_free(b);
}

/* While an input is dead what the task says is marked, whichever input it came from. */
static void outputs_are_marked(void **state)
{
    struct bench *b = play("for msg in input.a do emit('out', msg.value) end\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "b", "1");
    bench_expect(b, "x.out", "1");
    bench_fail(b, "b", "stale");
    bench_expect(b, "x.out", "stale(1)");
    bench_feed(b, "a", "2");
    bench_expect(b, "x.out", "stale(2)");
    bench_feed(b, "b", "1");
    bench_expect(b, "x.out", "2");
    bench_free(b);
}

/* With `dead: ignore` the task judges for itself. */
static void dead_inputs_ignored(void **state)
{
    struct bench *b = play_with("for msg in input.a do\n"
                                "  emit('out', msg.value .. ' ' .. quality('b'))\n"
                                "end\n",
                                "  dead: ignore\n");

    bench_feed(b, "b", "1");
    bench_fail(b, "b", "timeout");
    bench_expect(b, "x.out", "");
    bench_feed(b, "a", "2");
    bench_expect(b, "x.out", "\"2 bad\"");
    bench_free(b);
}

/* latest() is there at once, clear() forgets what waits. */
static void latest_and_clear(void **state)
{
    struct bench *b =
        play("local msg = input.a:next()\n"
             "sleep('1s')\n"
             "emit('out', {input.a:latest().value, input.a:clear(), input.b:latest() or 'none'})\n"
             "emit('out', input.a:next().value)\n"
             "sleep('1h')\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "a", "2");
    bench_feed(b, "a", "3");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "[3,2,\"none\"]");
    bench_feed(b, "a", "4");
    bench_expect(b, "x.out", "4");
    bench_free(b);
}

/* ---- scopes ---- */

/* A scope ends with its last child, not with its function. */
static void scope_waits_for_children(void **state)
{
    struct bench *b = play(HEAD "local r = scope(function()\n"
                                "  spawn(function() sleep('2s') say('child') end)\n"
                                "  spawn(function()\n"
                                "    spawn(function() sleep('3s') say('grandchild') end)\n"
                                "  end)\n"
                                "  say('body')\n"
                                "  return 'result'\n"
                                "end)\n"
                                "say(r .. ' after ' .. now() % 60)\n"
                                "sleep('1h')\n");

    bench_expect(b, "x.out", "\"body\"");
    bench_advance(b, "2s");
    bench_expect(b, "x.out", "\"child\"");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "\"grandchild\" \"result after 3.0\"");
    bench_free(b);
}

/* A failure cancels the siblings, runs what they have to close, the newest first, and then reaches
 * the one who opened the scope. */
static void failure_cancels_siblings(void **state)
{
    struct bench *b =
        play(HEAD "local ok, message = pcall(scope, function()\n"
                  "  local x <close> = closing('body')\n"
                  "  spawn(function() local x <close> = closing('first') sleep('1h') end)\n"
                  "  spawn(function() local x <close> = closing('second') sleep('1h') end)\n"
                  "  spawn(function() sleep('1s') error('boom', 0) end)\n"
                  "  sleep('1h')\n"
                  "end)\n"
                  "say(message)\n"
                  "sleep('1h')\n");

    bench_advance(b, "1s");
    bench_expect(b, "x.out", "\"close second\" \"close first\" \"close body\" \"boom\"");
    bench_free(b);
}

/* Nested scopes are left from the inside outwards. */
static void nested_scopes(void **state)
{
    struct bench *b = play(HEAD "pcall(scope, function()\n"
                                "  spawn(function() sleep('1s') error('boom') end)\n"
                                "  local x <close> = closing('outer')\n"
                                "  scope(function()\n"
                                "    local x <close> = closing('middle')\n"
                                "    timeout('1h', function()\n"
                                "      local x <close> = closing('inner')\n"
                                "      sleep('1h')\n"
                                "    end)\n"
                                "  end)\n"
                                "end)\n"
                                "say('on')\n"
                                "sleep('1h')\n");

    bench_advance(b, "1s");
    bench_expect(b, "x.out", "\"close inner\" \"close middle\" \"close outer\" \"on\"");
    bench_free(b);
}

/* pcall() around what waits does not keep a cancelled task alive. */
static void cancelled_in_pcall(void **state)
{
    struct bench *b = play(HEAD "local h = spawn(function()\n"
                                "  while true do\n"
                                "    pcall(sleep, '1h')\n"
                                "    say('still there')\n"
                                "  end\n"
                                "end)\n"
                                "sleep('1s')\n"
                                "h:cancel()\n"
                                "say(tostring(h:is_running()) .. ' ' .. tostring(h:wait()))\n"
                                "sleep('1h')\n");

    bench_advance(b, "2min");
    bench_expect(b, "x.out", "\"false false\"");
    bench_free(b);
}

/* An error in a <close> variable of a cancelled task is not lost. */
static void error_in_close(void **state)
{
    struct bench *b =
        play(HEAD "local ok, message = pcall(timeout, '1s', function()\n"
                  "  local x <close> = closing('x', function() error('in close', 0) end)\n"
                  "  sleep('1h')\n"
                  "end)\n"
                  "say(message)\n"
                  "sleep('1h')\n");

    bench_advance(b, "1s");
    bench_expect(b, "x.out", "\"close x\" \"in close\"");
    bench_free(b);
}

/* ---- timeout, race, all ---- */

/* timeout() gives the results, or ends what takes too long, children too. */
static void timeouts(void **state)
{
    struct bench *b =
        play(HEAD "emit('out', {timeout('1s', function(a) sleep('500ms') return a, 2 end, 1)})\n"
                  "emit('out', {timeout('1s', function()\n"
                  "  spawn(function() local x <close> = closing('child') sleep('1h') end)\n"
                  "end)})\n"
                  "sleep('1h')\n");

    bench_advance(b, "1s");
    bench_expect(b, "x.out", "[true,1,2]");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "\"close child\" [false]");
    bench_free(b);
}

/* The first to end wins; the losers are cancelled, and only then does race() return. */
static void race_losers_cancelled(void **state)
{
    struct bench *b = play(
        HEAD
        "local who, value = race{\n"
        "  press = function() local x <close> = closing('press') return input.a:next().value end,\n"
        "  time = function() local x <close> = closing('time') sleep('1min') end,\n"
        "}\n"
        "say(who .. ' ' .. value)\n"
        "say((race{function() sleep('2s') end, function() sleep('1s') end}))\n"
        "sleep('1h')\n");

    bench_advance(b, "30s");
    bench_expect(b, "x.out", "");
    bench_feed(b, "a", "5");
    bench_expect(b, "x.out", "\"close press\" \"close time\" \"press 5\"");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "2");
    bench_free(b);
}

/* A message that the loser of a race was waiting for is still there. */
static void race_loses_no_message(void **state)
{
    struct bench *b = play("race{function() input.a() end, function() sleep('1s') end}\n"
                           "for msg in input.a do emit('out', msg.value) end\n");

    bench_advance(b, "1s");
    bench_feed(b, "a", "1");
    bench_feed(b, "a", "2");
    bench_expect(b, "x.out", "1 2");
    bench_free(b);
}

/* all() waits for each and gives the results by name; a failure ends the others. */
static void all_of_them(void **state)
{
    struct bench *b = play(HEAD "local r = all{\n"
                                "  a = function() sleep('2s') return 1 end,\n"
                                "  b = function() return 2 end,\n"
                                "  function() return 3 end,\n"
                                "}\n"
                                "emit('out', {r.a, r.b, r[1]})\n"
                                "local ok, message = pcall(all, {\n"
                                "  function() error('boom', 0) end,\n"
                                "  function() local x <close> = closing('other') sleep('1h') end,\n"
                                "})\n"
                                "say(message)\n"
                                "sleep('1h')\n");

    bench_advance(b, "2s");
    bench_expect(b, "x.out", "[1,2,3] \"boom\"");
    bench_free(b);
}

/* ---- channels, handles ---- */

/* A channel holds as much as it says, hands on in order and ends when closed. */
static void channels(void **state)
{
    struct bench *b = play("local ch = channel(2)\n"
                           "spawn(function()\n"
                           "  for i = 1, 4 do ch:send(i) emit('out', 'sent ' .. i) end\n"
                           "  ch:close()\n"
                           "end)\n"
                           "sleep('1s')\n"
                           "for v in ch do emit('out', v) end\n"
                           "emit('out', tostring(pcall(ch.send, ch, 1)))\n"
                           "sleep('1h')\n");

    bench_expect(b, "x.out", "\"sent 1\" \"sent 2\"");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "1 2 \"sent 3\" \"sent 4\" 3 4 \"false\"");
    bench_free(b);
}

/* wait() gives what the task returned. */
static void handles(void **state)
{
    struct bench *b = play("local h = spawn(function(a, b) sleep('1s') return a + b end, 1, 2)\n"
                           "emit('out', h:is_running())\n"
                           "emit('out', {h:wait()})\n"
                           "sleep('1h')\n");

    bench_advance(b, "1s");
    bench_expect(b, "x.out", "true [true,3]");
    bench_free(b);
}

/* A task can cancel itself and whoever waits for it. */
static void cancels_itself(void **state)
{
    struct bench *b = play(HEAD "local h\n"
                                "h = spawn(function()\n"
                                "  local x <close> = closing('outer')\n"
                                "  scope(function()\n"
                                "    local x <close> = closing('inner')\n"
                                "    h:cancel()\n"
                                "    say('until it waits')\n"
                                "    sleep('1s')\n"
                                "    say('never')\n"
                                "  end)\n"
                                "end)\n"
                                "sleep('1s')\n"
                                "say('on')\n"
                                "sleep('1h')\n");

    bench_advance(b, "2s");
    bench_expect(b, "x.out", "\"until it waits\" \"close inner\" \"close outer\" \"on\"");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleeps),
        cmocka_unit_test(no_sleep_is_a_millisecond),
        cmocka_unit_test(inputs_queue),
        cmocka_unit_test(message_facts),
        cmocka_unit_test(backlog_has_a_limit),
        cmocka_unit_test(dead_values),
        cmocka_unit_test(outputs_are_marked),
        cmocka_unit_test(dead_inputs_ignored),
        cmocka_unit_test(latest_and_clear),
        cmocka_unit_test(scope_waits_for_children),
        cmocka_unit_test(failure_cancels_siblings),
        cmocka_unit_test(nested_scopes),
        cmocka_unit_test(cancelled_in_pcall),
        cmocka_unit_test(error_in_close),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(race_losers_cancelled),
        cmocka_unit_test(race_loses_no_message),
        cmocka_unit_test(all_of_them),
        cmocka_unit_test(channels),
        cmocka_unit_test(handles),
        cmocka_unit_test(cancels_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
