/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* when: conditions, the clock of `for`, and what is said. */

#include "tests/support/bench.h"

#define POWER "power: {test.source: number, unit: kW}\n"

/* Without options: whether the condition holds, when that changes. */
static void says_true_and_false(void **state)
{
    struct bench *b = bench_new(POWER "x: {when: power > 5 kW}\n"
                                      "y: {when: value > 5000 W, from: power}\n");

    bench_feed(b, "power", "4");
    bench_feed(b, "power", "5");
    bench_feed(b, "power", "6");
    bench_feed(b, "power", "7");
    bench_feed(b, "power", "4");
    bench_expect(b, "x", "false true false");
    bench_expect(b, "y", "false true false");
    bench_free(b);
}

/* It must last for the time without a break; until then nothing is said. */
static void has_to_last(void **state)
{
    struct bench *b = bench_new(POWER "x: {when: power > 5 kW, for: 2min}\n");

    bench_feed(b, "power", "6");
    bench_advance(b, "119s");
    bench_expect(b, "x", "");
    bench_advance(b, "2s");
    bench_expect(b, "x", "true");
    bench_feed(b, "power", "4.8");
    bench_expect(b, "x", "false");
    bench_feed(b, "power", "6");
    bench_advance(b, "90s");
    bench_feed(b, "power", "4");
    bench_feed(b, "power", "6");
    bench_advance(b, "119s");
    bench_expect(b, "x", "");
    bench_feed(b, "power", "7");
    bench_advance(b, "1s");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* `then` and `else` as literals; what is left out; what is said to be nothing. */
static void literals(void **state)
{
    struct bench *b = bench_new(POWER "both: {when: power > 5, then: 21 °C, else: 17 °C}\n"
                                      "text: {when: power > 5, then: \"'on'\", else: \"'off'\"}\n"
                                      "only_then: {when: power > 5, then: 1500 W}\n"
                                      "only_true: {when: power > 5, then: true}\n"
                                      "only_false: {when: power > 5, then: false}\n"
                                      "only_else: {when: power > 5, else: false}\n"
                                      "taken_back: {when: power > 5, then: 1, else: nil}\n");

    bench_feed(b, "power", "6");
    bench_feed(b, "power", "4");
    bench_feed(b, "power", "6");
    bench_expect(b, "both", "21 17 21");
    bench_expect_unit(b, "both", "°C");
    bench_expect(b, "text", "\"on\" \"off\" \"on\"");
    bench_expect(b, "only_then", "1500");
    bench_expect_unit(b, "only_then", "W");
    bench_expect(b, "only_true", "true false true");
    bench_expect(b, "only_false", "false");
    bench_expect(b, "only_else", "true false true");
    bench_expect(b, "taken_back", "1 null 1");
    bench_free(b);
}

/* Expressions follow their inputs while they count, and say what changes. */
static void expressions(void **state)
{
    struct bench *b = bench_new(POWER "limit: {test.source: number, unit: W}\n"
                                      "x: {when: power > 5 kW, then: power - limit, else: 0, "
                                      "unit: W}\n");

    bench_feed_many(b, "power=6 limit=1000");
    bench_feed(b, "limit", "2000");
    bench_feed(b, "limit", "2000");
    bench_feed(b, "power", "1");
    bench_feed(b, "limit", "3000");
    bench_expect(b, "x", "5000 4000 0");
    bench_expect_unit(b, "x", "W");
    bench_free(b);
}

/* A dead input marks the output. The clock runs on, but only a good input makes it count. */
static void dead_input(void **state)
{
    struct bench *b = bench_new(POWER "x: {when: power > 5 kW, for: 1min}\n");

    bench_feed(b, "power", "4");
    bench_feed(b, "power", "6");
    bench_advance(b, "30s");
    bench_fail(b, "power", "stale");
    bench_expect(b, "x", "false stale(false)");
    bench_advance(b, "40s");
    bench_expect(b, "x", "stale(true)");
    bench_feed(b, "power", "6");
    bench_expect(b, "x", "true");
    bench_fail(b, "power", "timeout");
    bench_feed(b, "power", "3");
    bench_expect(b, "x", "bad(true, timeout) false");
    bench_free(b);
}

/* A reload that changes `for` measures from when the condition turned true. */
static void reload_keeps_the_clock(void **state)
{
    struct bench *b = bench_new(POWER "x: {when: power > 5 kW, for: 2min}\n");

    bench_feed(b, "power", "6");
    bench_advance(b, "90s");
    bench_reload(b, POWER "x: {when: power > 5 kW, for: 3min}\n");
    bench_advance(b, "89s");
    bench_expect(b, "x", "");
    bench_advance(b, "1s");
    bench_expect(b, "x", "true");
    bench_feed(b, "power", "4");
    bench_feed(b, "power", "6");
    bench_advance(b, "90s");
    bench_reload(b, POWER "x: {when: power > 5 kW, for: 1min}\n");
    bench_expect(b, "x", "false true");
    bench_free(b);
}

/* So does one that makes the node anew, because its expression changed. */
static void changed_expression_keeps_the_clock(void **state)
{
    struct bench *b = bench_new(POWER "x: {when: power > 5 kW, for: 2min}\n");

    bench_feed(b, "power", "7");
    bench_advance(b, "90s");
    bench_reload(b, POWER "x: {when: power > 6 kW, for: 2min}\n");
    bench_advance(b, "29s");
    bench_expect(b, "x", "");
    bench_advance(b, "1s");
    bench_expect(b, "x", "true");
    bench_reload(b, POWER "x: {when: power > 6.5 kW, for: 2min}\n");
    bench_expect(b, "x", "true");
    bench_reload(b, POWER "x: {when: power > 8 kW, for: 2min}\n");
    bench_expect(b, "x", "false");
    bench_free(b);
}

/* A dead input is not made alive by a reload, nor by the clock that goes on over it. */
static void reload_with_a_dead_input(void **state)
{
    struct bench *b = bench_new(POWER "x: {when: power > 5 kW, for: 2min}\n");

    bench_feed(b, "power", "4");
    bench_feed(b, "power", "7");
    bench_fail(b, "power", "timeout");
    bench_expect(b, "x", "false bad(false, timeout)");
    bench_reload(b, POWER "x: {when: power > 6 kW, for: 2min}\n");
    bench_advance(b, "5min");
    bench_expect(b, "x", "bad(null, timeout) bad(true, timeout)");
    bench_feed(b, "power", "7");
    bench_expect(b, "x", "true");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault(POWER "x: {when: power}\n", "MF0204", "compare it");
    bench_expect_fault(POWER "x: {when: power > 5 kW, for: 5}\n", "MF0208", "5");
    bench_expect_fault(POWER "x: {when: powr > 5 kW}\n", "MF0301", "power");
    bench_expect_fault(POWER "x: {when: power > 5 kW, then: open}\n", "MF0301", "open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_true_and_false),
        cmocka_unit_test(has_to_last),
        cmocka_unit_test(literals),
        cmocka_unit_test(expressions),
        cmocka_unit_test(dead_input),
        cmocka_unit_test(reload_keeps_the_clock),
        cmocka_unit_test(changed_expression_keeps_the_clock),
        cmocka_unit_test(reload_with_a_dead_input),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
