/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* clamp: limits, open ends, and what is refused. */

#include "tests/support/bench.h"

/* The ends belong to the range; either may be open. */
static void numbers_are_limited(void **state)
{
    static const struct {
        const char *flow, *expected;
    } cases[] = {
        {"in: {test.source: number}\nx: {clamp: 0..10, from: in}\n", "0 0 5 10 10"},
        {"in: {test.source: number}\nx: {clamp: 0.., from: in}\n", "0 0 5 10 11"},
        {"in: {test.source: number}\nx: {clamp: ..10, from: in}\n", "-1 0 5 10 10"},
        {"in: {test.source: number}\nx: {clamp: -3..-2, from: in}\n", "-2 -2 -2 -2 -2"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_new(cases[i].flow);

        bench_feed(b, "in", "-1");
        bench_feed(b, "in", "0");
        bench_feed(b, "in", "5");
        bench_feed(b, "in", "10");
        bench_feed(b, "in", "11");
        bench_expect(b, "x", cases[i].expected);
        bench_free(b);
    }
}

/* The range is converted to the unit of the input, which the output keeps. */
static void range_has_a_unit(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: kW}\n"
                                "x: {clamp: 500..2000 W, from: in}\n");

    bench_feed(b, "in", "0.1");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "0.5 1 2");
    bench_expect_unit(b, "x", "kW");
    bench_free(b);
}

/* reject: what is outside is bad, the last value stays to be seen, and the log says why. */
static void outside_is_rejected(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: °C}\n"
                                "x: {clamp: -40..60, from: in, reject: true}\n"
                                "y: {clamp: -40..60, from: in, reject: true, on_error: drop}\n");

    bench_feed(b, "in", "21");
    bench_feed(b, "in", "-127");
    bench_feed(b, "in", "22");
    bench_expect(b, "x", "21 bad(21, out of range) 22");
    bench_expect(b, "y", "21 22");
    bench_expect_log(b, "-127 is below -40");
    bench_free(b);
}

/* A reload with another range counts from the next value on. */
static void range_is_live(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {clamp: 0..10, from: in}\n");

    bench_feed(b, "in", "20");
    bench_reload(b, "in: {test.source: number}\nx: {clamp: 0..15, from: in}\n");
    bench_feed(b, "in", "20");
    bench_expect(b, "x", "10 15");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number}\nx: {clamp: 10, from: in}\n", "MF0205", "range");
    bench_expect_fault("in: {test.source: number}\nx: {clamp: 5..2, from: in}\n", "MF0206",
                       "ends before it begins");
    bench_expect_fault("in: {test.source: number, unit: W}\nx: {clamp: 0..5 °C, from: in}\n",
                       "MF0203", "temperature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_limited),
        cmocka_unit_test(range_has_a_unit),
        cmocka_unit_test(outside_is_rejected),
        cmocka_unit_test(range_is_live),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
