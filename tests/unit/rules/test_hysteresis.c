/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* hysteresis: thresholds, what lies in between, and what is remembered. */

#include "tests/support/bench.h"

#define ROOM "in: {test.source: number, unit: °C}\n"

/* On at the upper end, off at the lower, unchanged in between; only changes are emitted. */
static void thresholds(void **state)
{
    static const char *const values[] = {"20", "21.9", "22", "21", "20.1", "20", "19", "23", "21"};
    static const struct {
        const char *flow, *expected;
    } cases[] = {
        {ROOM "x: {hysteresis: 20..22, from: in}\n", "false true false true"},
        {ROOM "x: {hysteresis: 20..22, from: in, invert: true}\n", "true false true false"},
        {ROOM "x: {hysteresis: 21..21, from: in}\n", "false true false true"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_new(cases[i].flow);

        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++)
            bench_feed(b, "in", values[k]);
        bench_expect(b, "x", cases[i].expected);
        bench_free(b);
    }
}

/* A first value between the thresholds is off, inverted or not. */
static void first_value_between(void **state)
{
    struct bench *b = bench_new(ROOM "x: {hysteresis: 20..22, from: in}\n"
                                     "y: {hysteresis: 20..22, from: in, invert: true}\n");

    bench_feed(b, "in", "21");
    bench_expect(b, "x", "false");
    bench_expect(b, "y", "false");
    bench_feed(b, "in", "19");
    bench_expect(b, "x", "");
    bench_expect(b, "y", "true");
    bench_free(b);
}

/* The thresholds are converted to the unit of the input. */
static void thresholds_have_units(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: kW}\n"
                                "x: {hysteresis: 500..1500 W, from: in}\n");

    bench_feed(b, "in", "1.4");
    bench_feed(b, "in", "1.6");
    bench_feed(b, "in", "0.6");
    bench_feed(b, "in", "0.4");
    bench_expect(b, "x", "false true false");
    bench_expect_unit(b, "x", "");
    bench_free(b);
}

/* A bad input marks the output and keeps the state; the first good value decides. */
static void bad_input_keeps_the_state(void **state)
{
    struct bench *b = bench_new(ROOM "x: {hysteresis: 20..22, from: in}\n");

    bench_feed(b, "in", "23");
    bench_fail(b, "in", "timeout");
    bench_feed(b, "in", "21");
    bench_expect(b, "x", "true bad(true, timeout) true");
    bench_fail(b, "in", "stale");
    bench_feed(b, "in", "19");
    bench_expect(b, "x", "stale(true) false");
    bench_free(b);
}

/* A node that is made anew by a reload keeps the state, and says it at once. */
static void reload_keeps_the_state(void **state)
{
    struct bench *b = bench_new(ROOM "x: {hysteresis: 20..22, from: in}\n");

    bench_feed(b, "in", "23");
    bench_expect(b, "x", "true");
    bench_reload(b, ROOM "y: {test.source: number, unit: °C}\n"
                         "x: {hysteresis: 20..24, from: y, invert: true}\n");
    bench_expect(b, "x", "false");
    bench_feed(b, "y", "21");
    bench_expect(b, "x", "");
    bench_feed(b, "y", "20");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* A dead input is not made alive by a reload; the first good value is said, changed or not. */
static void reload_with_a_dead_input(void **state)
{
    struct bench *b = bench_new(ROOM "x: {hysteresis: 20..22, from: in}\n");

    bench_feed(b, "in", "23");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "true bad(true, timeout)");
    bench_reload(b, ROOM "x: {hysteresis: 20..24, from: in, on_error: drop}\n");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "21");
    bench_expect(b, "x", "true");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault(ROOM "x: {hysteresis: 20.., from: in}\n", "MF0220", "both ends");
    bench_expect_fault(ROOM "x: {hysteresis: 22..20, from: in}\n", "MF0206", "ends before");
    bench_expect_fault(ROOM "x: {hysteresis: 1..2 kW, from: in}\n", "MF0203", "power");
    bench_expect_fault("in: {test.source: bool}\nx: {hysteresis: 1..2, from: in}\n", "MF0204",
                       "bool");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds),
        cmocka_unit_test(first_value_between),
        cmocka_unit_test(thresholds_have_units),
        cmocka_unit_test(bad_input_keeps_the_state),
        cmocka_unit_test(reload_keeps_the_state),
        cmocka_unit_test(reload_with_a_dead_input),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
