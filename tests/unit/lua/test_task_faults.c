/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* task: what fails, is reloaded, or wishes us ill. */

#include "tests/unit/lua/task_bench.h"

/* ---- what goes wrong ---- */

/* A task that fails: its outputs turn bad, and it begins again with the node's back-off. */
static void failure_restarts(void **state)
{
    struct bench *b = play("emit('out', 'begun')\n"
                           "local msg = input.a()\n"
                           "error('boom ' .. msg.value, 0)\n");

    bench_expect(b, "x.out", "\"begun\"");
    bench_feed(b, "a", "1");
    bench_expect(b, "x.out", "bad(\"begun\", script error)");
    bench_expect_log(b, "boom 1; trying again in");
    bench_advance(b, "2s");
    bench_expect(b, "x.out", "\"begun\"");
    bench_feed(b, "a", "2");
    bench_expect(b, "x.out", "bad(\"begun\", script error)");
    bench_free(b);
}

/* A task that comes to its end is one that has failed. */
static void end_restarts(void **state)
{
    struct bench *b = play("emit('out', 1)\nsleep('1s')\n");

    bench_expect(b, "x.out", "1");
    bench_advance(b, "1s");
    bench_expect(b, "x.out", "bad(1, script error)");
    bench_expect_log(b, "the task has come to its end; trying again in");
    bench_advance(b, "1500ms");
    bench_expect(b, "x.out", "1");
    bench_free(b);
}

/* Tasks that only wait for each other would wait for ever. */
static void nobody_can_wake_them(void **state)
{
    struct bench *b = play("local ch = channel()\n"
                           "spawn(function() for v in ch do end end)\n"
                           "input.a()\n");

    bench_feed(b, "a", "1");
    bench_expect_log(b, "every task waits for another one");
    bench_free(b);
}

/* Errors have the position in the file of the flow, those of children too. */
static void errors_have_a_place(void **state)
{
    struct bench *b = play("scope(function()\n"
                           "  spawn(function()\n"
                           "    sleep('1s')\n"
                           "    local x = nil + 1\n"
                           "  end)\n"
                           "  sleep('1h')\n"
                           "end)\n");

    bench_advance(b, "1s");
    bench_expect_log(b, ":10: attempt to perform arithmetic on a nil value");
    bench_free(b);
}

/* Calls that are wrong say what they want. */
static void wrong_calls(void **state)
{
    static const struct {
        const char *call, *part;
    } cases[] = {
        {"sleep('soon')", "sleep() wants a time such as"},
        {"sleep(-1)", "sleep() wants a time such as"},
        {"sleep(0/0)", "sleep() wants a time such as"},
        {"spawn(1)", "spawn() wants a function, not a number"},
        {"scope()", "scope() wants a function, not a nil"},
        {"timeout('1s')", "timeout() wants a function"},
        {"race{}", "race{…} wants a function at least"},
        {"race(1)", "race{…} wants functions"},
        {"all{1}", "all{…} wants functions"},
        {"all{[3]=sleep}", "all{…} wants functions"},
        {"channel(0)", "channel() wants how many values it holds"},
        {"channel():send(nil)", "send() wants a value"},
        {"local name = 'c' input[name]()", "there is no input `c`"},
        {"input.a = 1", "an input cannot be set"},
        {"coroutine.yield()", "coroutine.yield() is for coroutines of your own"},
        {"coroutine.wrap(function() sleep(1) end)()", "use spawn()"},
        {"table.sort({1, 2}, function() sleep(1) end)", "sleep() cannot wait here"},
        {"('a'):gsub('a', function() input.a() end)", "input() cannot wait here"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = play(cases[i].call);

        bench_expect_log(b, cases[i].part);
        bench_free(b);
    }
}

/* What can be known beforehand is said when the flow is read. */
static void checked_beforehand(void **state)
{
    static const struct {
        const char *script, *code, *part;
    } cases[] = {
        {"sleep('1s'", "MF0450", "this is not Lua"},
        {"slep('1s')", "MF0451", "`slep`"},
        {"for msg in input.c do end", "MF0452", "`c`"},
        {"emit('light', 1)", "MF0453", "`light`"},
        {"require 'histeresis'", "MF0455", "`histeresis`"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *flow = flow_of(cases[i].script, "");

        bench_expect_fault(flow, cases[i].code, cases[i].part);
        mf_free(flow);
    }
}

/* The library is there for tasks, too. */
static void requires_the_library(void **state)
{
    struct bench *b =
        play("local range = require 'range'\n"
             "for msg in input.a do emit('out', range.clamp(msg.value, 0, 10)) end\n");

    bench_feed(b, "a", "12");
    bench_expect(b, "x.out", "10");
    bench_free(b);
}

/* ---- reload and stop ---- */

/* A reload of the node cancels its scope; the table `state` goes over to the new script. */
static void reload_cancels(void **state)
{
    struct bench *b =
        play(HEAD "state.count = 0\n"
                  "local x <close> = closing('main', function() log('closed main') end)\n"
                  "spawn(function()\n"
                  "  local x <close> = closing('child', function() log('closed child') end)\n"
                  "  sleep('1h')\n"
                  "end)\n"
                  "for msg in input.a do state.count = state.count + msg.value end\n");

    bench_feed(b, "a", "5");
    bench_feed(b, "a", "6");
    reload(b, "emit('out', state.count)\nfor msg in input.a do emit('out', msg.value) end\n");
    bench_expect_log(b, "closed main");
    bench_expect(b, "x.out", "11");
    bench_advance(b, "2h");
    bench_expect(b, "x.out", "");
    bench_feed(b, "a", "7");
    bench_expect(b, "x.out", "7");
    bench_free(b);
}

/* A reload that leaves the node as it is does not disturb it. */
static void reload_keeps(void **state)
{
    const char *script = "sleep('10s')\nemit('out', 1)\nsleep('1h')\n";
    struct bench *b = play(script);

    bench_advance(b, "5s");
    reload(b, script);
    bench_advance(b, "5s");
    bench_expect(b, "x.out", "1");
    bench_free(b);
}

/* `state` is there again when a task that failed begins anew. */
static void state_survives_failure(void **state)
{
    struct bench *b = play("state.runs = (state.runs or 0) + 1\n"
                           "emit('out', state.runs)\n"
                           "input.a()\n"
                           "error('boom')\n");

    for (int i = 0; i < 2; i++) {
        bench_feed(b, "a", "1");
        bench_advance(b, "10s");
    }
    bench_expect(b, "x.out", "1 bad(1, script error) 2 bad(2, script error) 3");
    bench_free(b);
}

/* ---- those who wish us ill ---- */

/* Three times over budget within a minute: switched off, until the flow is reloaded. */
static void overruns_switch_off(void **state)
{
    const char *script = "emit('out', 1)\ninput.a()\nwhile true do end\n";
    struct bench *b = play(script);

    for (int i = 0; i < 3; i++) {
        bench_expect(b, "x.out", "1");
        bench_feed(b, "a", "1");
        bench_expect(b, "x.out", "bad(1, over budget)");
        bench_advance(b, "6s");
    }
    bench_expect_log(b, "more than 200000 instructions in one call; it is switched off until");
    bench_advance(b, "1h");
    bench_expect(b, "x.out", "");
    reload(b, script);
    bench_advance(b, "1ms");
    bench_expect(b, "x.out", "1");
    bench_free(b);
}

/* Whatever scopes are made of, and whoever fails or is cancelled in them: when one has ended,
 * everything that was opened in it is closed. */
static void random_scopes(void **state)
{
    struct bench *b =
        play_with("local live, runs = 0, 0\n"
                  "local function guard()\n"
                  "  live, runs = live + 1, runs + 1\n"
                  "  return setmetatable({}, {__close = function() live = live - 1 end})\n"
                  "end\n"
                  "local function tree(depth)\n"
                  "  local g <close> = guard()\n"
                  "  local choice = math.random(9)\n"
                  "  local function branch() return tree(depth - 1) end\n"
                  "  if depth == 0 or choice == 1 then\n"
                  "    sleep(math.random(5) / 1000)\n"
                  "    if math.random(6) == 1 then error('x') end\n"
                  "  elseif choice == 2 then\n"
                  "    timeout(math.random(10) / 1000, branch)\n"
                  "  elseif choice == 3 then\n"
                  "    race{branch, branch, a = branch}\n"
                  "  elseif choice == 4 then\n"
                  "    all{branch, b = branch}\n"
                  "  elseif choice == 5 then\n"
                  "    pcall(scope, branch)\n"
                  "  elseif choice == 6 then\n"
                  "    local h = spawn(branch)\n"
                  "    sleep(math.random(3) / 1000)\n"
                  "    h:cancel()\n"
                  "  elseif choice == 7 then\n"
                  "    local h = spawn(branch)\n"
                  "    local g <close> = setmetatable({}, {__close = function() h:cancel() end})\n"
                  "    branch()\n"
                  "  else\n"
                  "    spawn(branch)\n"
                  "    spawn(branch)\n"
                  "  end\n"
                  "end\n"
                  "for i = 1, 400 do\n"
                  "  pcall(scope, tree, 6)\n"
                  "  if live ~= 0 then error(live .. ' are still open after run ' .. i) end\n"
                  "end\n"
                  "emit('out', runs > 2000)\n"
                  "input.a()\n",
                  "  limits: {tasks: 500, memory: 4 MiB}\n");

    bench_advance(b, "1h");
    bench_expect(b, "x.out", "true");
    bench_free(b);
}

/* What has ended leaves nothing behind: a task runs for ever in the memory it has. */
static void nothing_piles_up(void **state)
{
    struct bench *b =
        play_with("for i = 1, 3000 do\n"
                  "  local ch = channel()\n"
                  "  race{function() sleep(1) end, function() sleep(2) end}\n"
                  "  timeout('1ms', sleep, 1)\n"
                  "  pcall(all, {function() error({}) end, function() sleep(1) end})\n"
                  "  local h = spawn(function() for v in ch do end end)\n"
                  "  ch:send(1)\n"
                  "  ch:close()\n"
                  "  h:wait()\n"
                  "  input.b:clear()\n"
                  "end\n"
                  "emit('out', 'done')\n"
                  "input.a()\n",
                  "  limits: {memory: 150 kB}\n");

    for (int i = 0; i < 100; i++)
        bench_feed(b, "b", "1");
    bench_advance(b, "2h");
    bench_expect(b, "x.out", "\"done\"");
    bench_free(b);
}

/* Each is ended by a limit that has a name; the node fails, and the others go on. */
static void hostile_tasks(void **state)
{
    static const struct {
        const char *script, *part;
    } cases[] = {
        {"while true do end", "more than 20000 instructions in one call"},
        {"spawn(function() while true do pcall(error) end end) sleep('1h')",
         "more than 20000 instructions in one call"},
        {"timeout('1ms', function()\n"
         "  local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
         "  sleep('1h')\n"
         "end)",
         "more than 20000 instructions in one call"},
        {"local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
         "error('boom')",
         "more than 20000 instructions in one call"},
        {"while true do spawn(function() sleep('1h') end) end",
         "10 tasks at once is the limit (`limits: {tasks: …}`)"},
        {"local function bomb() spawn(bomb) spawn(bomb) sleep('1h') end bomb()",
         "10 tasks at once is the limit"},
        {"local function deep() scope(deep) end deep()", "10 tasks at once is the limit"},
        {"local function deep() spawn(deep) end deep() sleep('1h')",
         "more than 20000 instructions in one call"},
        {"local a, b = channel(), channel()\n"
         "spawn(function() for v in a do b:send(v) end end)\n"
         "spawn(function() for v in b do a:send(v) end end)\n"
         "a:send(1)\n"
         "sleep('1h')",
         "more than 20000 instructions in one call"},
        {"local t = {} for i = 1, 9 do t[i] = function() while true do pcall(sleep, '1h') end end "
         "end\n"
         "race(t) sleep('1h')",
         NULL},
        {"local t = {} while true do t[#t + 1] = ('x'):rep(1000) sleep(0.001) end",
         "more than 200000 bytes of memory"},
        {"while true do emit('out', 1) end", "more than 5 values emitted in one call"},
        {"race(setmetatable({}, {__index = function(t, i) return sleep end}))",
         "race{…} wants a function at least"},
        {"error(setmetatable({}, {__tostring = function() while true do end end}))",
         "an error was raised that is a table, not a text"},
        {"local h\n"
         "local function again() h:cancel() spawn(function() end) sleep('1s') end\n"
         "h = spawn(function()\n"
         "  local x <close> = setmetatable({}, {__close = again})\n"
         "  sleep('1h')\n"
         "end)\n"
         "sleep('1s') h:cancel()",
         "sleep() cannot wait here"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *x = flow_of(cases[i].script, "  limits: {instructions: 20000, memory: 200 kB, "
                                           "emit: 5, tasks: 10}\n");
        char *flow = mf_asprintf("%sother: {expr: a}\n", x);
        struct bench *b = bench_new(flow);

        bench_advance(b, "500ms");
        if (cases[i].part)
            bench_advance(b, "1s");
        bench_expect_log(b, cases[i].part);
        bench_feed(b, "a", "1");
        bench_expect(b, "other", "1");
        bench_free(b);
        mf_free(flow);
        mf_free(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_restarts),     cmocka_unit_test(end_restarts),
        cmocka_unit_test(nobody_can_wake_them), cmocka_unit_test(errors_have_a_place),
        cmocka_unit_test(wrong_calls),          cmocka_unit_test(reload_cancels),
        cmocka_unit_test(reload_keeps),         cmocka_unit_test(state_survives_failure),
        cmocka_unit_test(overruns_switch_off),  cmocka_unit_test(checked_beforehand),
        cmocka_unit_test(requires_the_library), cmocka_unit_test(random_scopes),
        cmocka_unit_test(nothing_piles_up),     cmocka_unit_test(hostile_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
