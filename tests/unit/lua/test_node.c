/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The kind `lua`, as a flow sees it. */

#include <string.h>

#include "engine/run/engine.h"
#include "tests/support/bench.h"

#define SOURCES                                                                                    \
    "a: {test.source: number, unit: W}\n"                                                          \
    "b: {test.source: any}\n"

/* A flow with one script: each line of it is indented by this. */
#define SCRIPT "x:\n  lua: |\n"
#define L "    "

/* What run() returns goes out; the input has the name of its node. */
static void number_in_number_out(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L "function run(input)\n" L "  return input.a * 2\n" L "end\n"
                                   "  from: a\n"
                                   "  unit: W\n");

    bench_feed(b, "a", "1.5");
    bench_feed(b, "a", "-2");
    bench_expect(b, "x", "3 -4");
    bench_expect_unit(b, "x", "W");
    bench_free(b);
}

/* The first message waits for the others; then any of them runs the script. */
static void all_inputs_first(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L "function run(input, now)\n" L
                                   "  return input.p .. ':' .. tostring(input.q)\n" L "end\n"
                                   "  from: {p: a, q: b}\n");

    bench_feed(b, "a", "1");
    bench_expect(b, "x", "");
    bench_feed(b, "b", "true");
    bench_feed(b, "a", "2");
    bench_feed_many(b, "a=3 b=\"t\"");
    bench_expect(b, "x", "\"1.0:true\" \"2.0:true\" \"3.0:t\"");
    bench_free(b);
}

/* Results in the order of `outputs`; nil says nothing; emit() names one. */
static void several_outputs(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L
                  "function run(input)\n" L "  if input.a > 5 then emit('alarm', true) end\n" L
                  "  if input.a < 0 then return nil, 1 end\n" L "  return input.a, nil\n" L "end\n"
                  "  from: a\n"
                  "  outputs: {p: {unit: kW}, n: int, alarm: bool}\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "a", "6");
    bench_feed(b, "a", "-1");
    bench_expect(b, "x.p", "1 6");
    bench_expect(b, "x.n", "1");
    bench_expect(b, "x.alarm", "true");
    bench_expect_unit(b, "x.p", "kW");
    bench_expect_unit(b, "x.n", "");
    bench_free(b);
}

/* Every type of value comes in and goes out as it was. */
static void values(void **state)
{
    static const char *const cases[] = {
        "true",
        "false",
        "3",
        "2.5",
        "\"text\"",
        "\"long enough for a block of its own\"",
        "[1,2.5,\"x\",[true]]",
        "{\"a\":1,\"b\":{\"c\":[1,2]}}",
        "[1,null,3]",
    };
    struct bench *b = bench_new(SOURCES SCRIPT L "function run(input) return input.b end\n"
                                                 "  from: b\n");

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bench_feed(b, "b", cases[i]);
        bench_expect(b, "x", cases[i]);
    }
    bench_free(b);
}

/* A table that is no value, or not one for this output, is an error with a place. */
static void results_of_no_use(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L "function run(input)\n" L "  local t = {}\n" L
                                   "  t.t = input.a == 1 and t or print\n" L
                                   "  if input.a == 3 then emit('out', 'text') end\n" L
                                   "  return input.a < 3 and t or nil\n" L "end\n"
                                   "  from: a\n"
                                   "  outputs: {out: map}\n");

    bench_feed(b, "a", "1");
    bench_expect_log(b, "a table is within itself");
    bench_feed(b, "a", "2");
    bench_expect_log(b, "a function is no value that can leave a script");
    bench_feed(b, "a", "3");
    bench_expect_log(b, ":10: output `out` takes map, and text came");
    bench_expect(b, "x",
                 "bad(null, script error) bad(null, script error) "
                 "bad(null, script error)");
    bench_free(b);
}

/* An error costs one message, says where, and the next one is treated as ever. */
static void errors_have_places(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L "function run(input)\n" L "  return input.b + 1\n" L "end\n"
                                   "  from: b\n");

    bench_feed(b, "b", "1");
    bench_feed(b, "b", "{}");
    bench_expect_log(b, ":8: attempt to perform arithmetic on a table value (field 'b')");
    bench_feed(b, "b", "2");
    bench_expect(b, "x", "2 bad(2, script error) 3");
    bench_free(b);
}

/* tick() comes as often as `every` says, on the flow's clock, and sees the inputs. */
static void ticks(void **state)
{
    struct bench *b = bench_new(SOURCES SCRIPT L "function tick(now)\n" L
                                                 "  return (input.a or 0) + now % 100\n" L "end\n"
                                                 "  from: a\n"
                                                 "  every: 10s\n");

    bench_advance(b, "10s");
    bench_feed(b, "a", "1000");
    bench_advance(b, "20s");
    bench_expect(b, "x", "10 1020 1030");
    bench_free(b);
}

/* init() runs once before the first message, stop() when the node goes. */
static void init_and_stop(void **state)
{
    static const char flow[] = SOURCES SCRIPT L "function init() emit('out', 1) end\n" L
                                                "function run(input) return input.a end\n" L
                                                "function stop() log('gone') end\n"
                                                "  from: a\n";
    struct bench *b = bench_new(flow);

    bench_feed(b, "a", "2");
    bench_expect(b, "x", "1 2");
    bench_expect_log(b, NULL);
    bench_reload(b, SOURCES);
    bench_expect_log(b, "gone");
    bench_free(b);
}

/* `state` outlives a reload of a changed script; nothing else does. */
static void state_survives(void **state)
{
    struct bench *b = bench_new(
        SOURCES SCRIPT L
        "n = 0\n" L "function run(input)\n" L "  n = n + 1\n" L "  state.n = (state.n or 0) + 1\n" L
        "  state.list = state.list or {1, 2}\n" L "  return state.n * 10 + n\n" L "end\n"
        "  from: a\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "a", "2");
    bench_expect(b, "x", "11 22");
    bench_reload(b, SOURCES SCRIPT L "n = 0\n" L "function run(input)\n" L "  n = n + 1\n" L
                                     "  state.n = state.n + 1\n" L
                                     "  return state.n * 100 + n + #state.list / 10\n" L "end\n"
                                     "  from: a\n");
    bench_feed(b, "a", "3");
    bench_expect(b, "x", "301.2 402.2"); /* the last message greets it */
    bench_free(b);
}

/* What cannot be kept is left behind, the rest of `state` comes along. */
static void state_of_functions(void **state)
{
    struct bench *b = bench_new(SOURCES SCRIPT L "function run(input)\n" L
                                                 "  state.f = print state.n = 7\n" L "end\n"
                                                 "  from: a\n");

    bench_feed(b, "a", "1");
    bench_reload(b, SOURCES SCRIPT L "function run(input)\n" L
                                     "  return tostring(state.f) .. state.n\n" L "end\n"
                                     "  from: a\n");
    bench_feed(b, "a", "2");
    bench_expect(b, "x", "\"nil7\" \"nil7\"");
    bench_free(b);
}

/* Ages are of the source's time; quality() says more in tick(). */
static void ages_and_quality(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L
                  "function run(input)\n" L "  return {input.a_age, age('a'), (quality('a'))}\n" L
                  "end\n" L "function tick()\n" L "  return {input.a_age, quality('a')}\n" L "end\n"
                  "  from: a\n"
                  "  every: 60s\n");

    bench_advance(b, "10s");
    bench_feed_at(b, "a", "1", 4);
    bench_expect(b, "x", "[6.0,6.0,\"good\"]");
    bench_advance(b, "50s");
    bench_expect(b, "x", "[56.0,\"good\"]");
    bench_fail(b, "a", "timeout");
    bench_expect(b, "x", "bad([56.0,\"good\"], timeout)");
    bench_advance(b, "60s");
    bench_expect(b, "x", "bad([116.0,\"bad\",\"timeout\"], timeout)");
    bench_free(b);
}

/* A dead input marks the outputs and does not run the script; `dead: ignore` leaves it to judge. */
static void dead_inputs(void **state)
{
    struct bench *b = bench_new(SOURCES "x: {lua: 'function run(i) return i.a end', from: a}\n"
                                        "y: {lua: 'function run(i) return (quality(\"a\")) end', "
                                        "from: a, dead: ignore}\n");

    bench_feed(b, "a", "1");
    bench_fail(b, "a", "timeout");
    bench_feed(b, "a", "2");
    bench_expect(b, "x", "1 bad(1, timeout) 2");
    bench_expect(b, "y", "\"good\" \"bad\" \"good\"");
    bench_free(b);
}

/* A value that came while another input was dead is there when the script runs again. */
static void nothing_is_missed(void **state)
{
    struct bench *b =
        bench_new(SOURCES "x: {lua: 'function run(i) return i.a + i.b end', from: [a, b]}\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "b", "10");
    bench_fail(b, "b", "timeout");
    bench_feed(b, "a", "2");
    bench_feed(b, "b", "20");
    bench_expect(b, "x", "11 bad(11, timeout) 22");
    bench_free(b);
}

/* previous() is nil at first, and does not hold up the first run. */
static void loops(void **state)
{
    struct bench *b = bench_new(SOURCES SCRIPT L "function run(input)\n" L
                                                 "  return (input.old or 0) + input.a\n" L "end\n"
                                                 "  from: {a: a, old: previous(x)}\n"
                                                 "  unit: W\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "a", "2");
    bench_feed(b, "a", "3");
    bench_expect(b, "x", "1 3 6");
    bench_free(b);
}

/* Over budget: this node alone, at this line; the next message finds `state` as it was. */
static void overruns(void **state)
{
    struct bench *b =
        bench_new(SOURCES SCRIPT L "function run(input)\n" L "  state.n = (state.n or 0) + 1\n" L
                                   "  while input.a < 0 do end\n" L "  return state.n\n" L "end\n"
                                   "  from: a\n"
                                   "y: {lua: 'function run(i) return i.a end', from: a}\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "a", "-1");
    bench_expect_log(b, ":9: more than 200000 instructions in one call");
    bench_feed(b, "a", "2");
    bench_expect(b, "x", "1 bad(1, over budget) 3");
    bench_expect(b, "y", "1 -1 2");
    bench_free(b);
}

/* Three times in a minute switches the node off; a reload switches it on. */
static void switched_off(void **state)
{
    static const char flow[] = SOURCES SCRIPT L
        "function run(input)\n" L "  while input.a < 0 do end\n" L "  return input.a\n" L "end\n"
        "  from: a\n";
    struct bench *b = bench_new(flow);
    char why[200];

    for (int i = 0; i < 5; i++) { /* far enough apart */
        bench_feed(b, "a", "-1");
        bench_advance(b, "31s");
    }
    bench_feed(b, "a", "1");
    bench_expect(b, "x",
                 "bad(null, over budget) bad(null, over budget) bad(null, over budget) "
                 "bad(null, over budget) bad(null, over budget) 1");
    bench_advance(b, "1min");
    for (int i = 0; i < 3; i++)
        bench_feed(b, "a", "-1");
    bench_expect_log(b, "it is switched off until the flow is reloaded");
    bench_feed(b, "a", "1");
    bench_advance(b, "1h");
    bench_expect(b, "x", "bad(1, over budget) bad(1, over budget)");
    assert_false(mf_engine_is_healthy(bench_engine(b), why, sizeof(why)));
    bench_reload(b, flow);
    bench_feed(b, "a", "2");
    bench_expect(b, "x", "1 2");
    bench_free(b);
}

/* Memory and emits are counted, too. */
static void other_budgets(void **state)
{
    struct bench *b = bench_new(SOURCES SCRIPT L "function run(input)\n" L "  local t = {}\n" L
                                                 "  while input.a == 1 do t[#t + 1] = {} end\n" L
                                                 "  while input.a == 2 do emit('out', 1) end\n" L
                                                 "  return 0\n" L "end\n"
                                                 "  from: a\n"
                                                 "  limits: {memory: 100 KiB, emit: 3}\n");

    bench_feed(b, "a", "1");
    bench_expect_log(b, ":9: more than 102400 bytes of memory");
    bench_feed(b, "a", "2");
    bench_expect_log(b, ":10: more than 3 values emitted in one call");
    bench_feed(b, "a", "3");
    bench_expect(b, "x", "bad(null, over budget) 1 1 1 bad(1, over budget) 0");
    bench_free(b);
}

/* Random numbers, pairs() and times are the same in each run. */
static void nothing_depends_on_the_process(void **state)
{
    static const char flow[] = SOURCES SCRIPT L
        "function run(input)\n" L "  local s = ''\n" L
        "  for k, v in pairs(input.b) do s = s .. k .. v end\n" L
        "  return {s, math.random(1000), os.date('!%F %T'),\n" L "    now()}\n" L "end\n"
        "  from: b\n";

    for (int i = 0; i < 3; i++) {
        struct bench *b = bench_new(flow);

        bench_feed(b, "b", "{\"z\":1,\"a\":2,\"m\":3,\"b\":4,\"y\":5,\"c\":6}");
        bench_expect(b, "x", "[\"a2b4c6m3y5z1\",215,\"2026-01-01 00:00:00\",1767225600]");
        bench_free(b);
    }
}

/* A script in a file, with a module beside it and one of ours; places are those of the file. */
static void files(void **state)
{
    struct bench *b = bench_new_with(
        SOURCES "x: {lua: '${dir}/limit.lua', from: a}\n",
        (struct bench_options){.is_real = true,
                               .files = {{"limit.lua", "local r = require('range')\n"
                                                       "function run(input)\n"
                                                       "  if input.a > 5 then error('much') end\n"
                                                       "  return type(r)\n"
                                                       "end\n"}}});

    bench_feed(b, "a", "1");
    bench_expect(b, "x", "\"table\"");
    bench_feed(b, "a", "6");
    bench_expect_log(b, "limit.lua:3: much");
    bench_free(b);
}

/* A run() without loops and calls is not watched; functions that hide behind metatables are all the
 * same, also when they come after the first call. */
static void short_functions(void **state)
{
    struct bench *b = bench_new(
        SOURCES SCRIPT L "local t = {}\n" L "function tick()\n" L
                         "  t = setmetatable({}, {__index = function() while true do end end})\n" L
                         "end\n" L "function run(input)\n" L "  return t.x or input.a\n" L "end\n"
                         "  from: a\n"
                         "  every: 10s\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "a", "2");
    bench_advance(b, "10s");
    bench_feed(b, "a", "3");
    bench_feed(b, "a", "4"); /* the state is a new one */
    bench_expect(b, "x", "1 2 bad(2, over budget) 4");
    bench_free(b);
}

/* A changed file is a changed node, an unchanged one is not; the flow says the same both times. */
static void changed_files(void **state)
{
    static const char flow[] = SOURCES "x: {lua: '${dir}/s.lua', from: a}\n";
    struct bench *b = bench_new_with(
        flow,
        (struct bench_options){.is_real = true,
                               .files = {{"s.lua", "n = 0\n"
                                                   "function run(i) n = n + 1 return n end\n"}}});

    bench_feed(b, "a", "1");
    bench_reload(b, flow);
    bench_feed(b, "a", "1");
    bench_expect(b, "x", "1 2");
    bench_write_file(b, "s.lua", "function run(i) return -1 end\n");
    bench_reload(b, flow);
    bench_expect(b, "x", "-1");
    bench_free(b);
}

/* Clocks and zones are those of the flow. */
static void dates(void **state)
{
    struct bench *b =
        bench_new_at(SOURCES SCRIPT L
                     "function run(input)\n" L "  local t = os.date('!*t', 86400 * 59)\n" L
                     "  return os.date('!%Y-%m-%d %a %j %H:%M:%S %%') .. t.yday .. t.month ..\n" L
                     "    t.day .. os.difftime(os.time(), input.a)\n" L "end\n"
                     "  from: a\n",
                     "2024-03-01T12:30:05Z");

    bench_feed(b, "a", "1709296200");
    bench_expect(b, "x", "\"2024-03-01 Fri 061 12:30:05 %60315.0\"");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_in_number_out),
        cmocka_unit_test(all_inputs_first),
        cmocka_unit_test(several_outputs),
        cmocka_unit_test(values),
        cmocka_unit_test(results_of_no_use),
        cmocka_unit_test(errors_have_places),
        cmocka_unit_test(ticks),
        cmocka_unit_test(init_and_stop),
        cmocka_unit_test(state_survives),
        cmocka_unit_test(state_of_functions),
        cmocka_unit_test(ages_and_quality),
        cmocka_unit_test(dead_inputs),
        cmocka_unit_test(nothing_is_missed),
        cmocka_unit_test(loops),
        cmocka_unit_test(overruns),
        cmocka_unit_test(switched_off),
        cmocka_unit_test(other_budgets),
        cmocka_unit_test(nothing_depends_on_the_process),
        cmocka_unit_test(files),
        cmocka_unit_test(short_functions),
        cmocka_unit_test(changed_files),
        cmocka_unit_test(dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
