/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* round: digits, steps, and numbers that look as they should. */

#include <stdio.h>

#include "tests/support/bench.h"

/* Halves go away from zero; what is printed has no tail of a binary fraction. */
static void numbers_are_rounded(void **state)
{
    static const struct {
        const char *to, *fed, *expected;
    } cases[] = {
        {"", "2.5", "3"},
        {"", "-2.5", "-3"},
        {"0", "0.4999", "0"},
        {"2", "1.236", "1.24"},
        {"1", "0.30000000000000004", "0.3"},
        {"-2", "1236", "1200"},
        {"-2", "1250", "1300"},
        {"15", "0.1", "0.1"},
        {"-15", "1e300", "1e300"},
        {"3", "1.7e308", "1.7e308"},
        {"0.5", "20.74", "20.5"},
        {"0.5", "20.75", "21"},
        {"0.1", "0.28", "0.3"},
        {"0.05", "1.13", "1.15"},
        {"2.5", "6", "5"},
        {"0.3", "0.5", "0.6"},
        {"50.0", "1234", "1250"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[200];
        struct bench *b;

        snprintf(flow, sizeof(flow), "in: {test.source: number}\nx: {round: %s, from: in}\n",
                 cases[i].to);
        b = bench_new(flow);
        bench_feed(b, "in", cases[i].fed);
        bench_expect(b, "x", cases[i].expected);
        bench_free(b);
    }
}

/* Whole numbers stay exact where nothing is to be rounded. */
static void whole_numbers_stay_exact(void **state)
{
    struct bench *b = bench_new("in: {test.source: int}\n"
                                "x: {round: 2, from: in}\n"
                                "y: {round: -1, from: in}\n");

    bench_feed(b, "in", "9007199254740993");
    bench_expect(b, "x", "9007199254740993");
    bench_feed(b, "in", "14");
    bench_expect(b, "y", "9007199254740990 10");
    bench_free(b);
}

/* A step with a unit is converted, as a difference: °C and K are the same here. */
static void steps_have_units(void **state)
{
    struct bench *b = bench_new("power: {test.source: number, unit: kW}\n"
                                "temp: {test.source: number, unit: °C}\n"
                                "x: {round: 50 W, from: power}\n"
                                "one: {round: 1 W, from: power}\n"
                                "y: {round: 0.5 K, from: temp}\n");

    bench_feed_many(b, "power=1.2301 temp=20.3");
    bench_expect(b, "x", "1.25");
    bench_expect(b, "one", "1.23");
    bench_expect(b, "y", "20.5");
    bench_expect_unit(b, "x", "kW");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number}\nx: {round: 99, from: in}\n", "MF0220",
                       "15 digits");
    bench_expect_fault("in: {test.source: number}\nx: {round: -0.5, from: in}\n", "MF0220",
                       "above 0");
    bench_expect_fault("in: {test.source: number}\nx: {round: 0.0, from: in}\n", "MF0220",
                       "above 0");
    bench_expect_fault("in: {test.source: number, unit: W}\nx: {round: 1 V, from: in}\n", "MF0203",
                       "voltage");
    bench_expect_fault("in: {test.source: number}\nx: {round: down, from: in}\n", "MF0205",
                       "digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded),
        cmocka_unit_test(whole_numbers_stay_exact),
        cmocka_unit_test(steps_have_units),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
