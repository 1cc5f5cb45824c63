/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* scale: factor, offset, and the unit of the result. */

#include <stdio.h>

#include "tests/support/bench.h"

/* factor · x + offset, for whole numbers too. */
static void numbers_are_scaled(void **state)
{
    static const struct {
        const char *node, *fed, *expected;
    } cases[] = {
        {"x: {scale: 0.1, from: in}", "235", "23.5"},
        {"x: {scale: -1, from: in}", "40", "-40"},
        {"x: {scale: 0.5, offset: 10, from: in}", "4", "12"},
        {"x: {scale: 1, offset: -2.5, from: in}", "0", "-2.5"},
        {"x: {scale: 0x10, from: in}", "2", "32"},
        {"x: {scale: 0, from: in}", "1e300", "0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[200];

        snprintf(flow, sizeof(flow), "in: {test.source: any}\n%s\n", cases[i].node);
        struct bench *b = bench_new(flow);

        bench_feed(b, "in", cases[i].fed);
        bench_expect(b, "x", cases[i].expected);
        bench_free(b);
    }
}

/* The unit stays; an offset in another one is converted as a difference. */
static void unit_stays(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: °C}\n"
                                "x: {scale: 1.1, offset: -2 K, from: in}\n"
                                "y: {scale: 1, offset: -9 °F, from: in}\n");

    bench_feed(b, "in", "20");
    bench_expect(b, "x", "20");
    bench_expect(b, "y", "15");
    bench_expect_unit(b, "x", "°C");
    bench_free(b);
}

/* A unit of the same dimension converts the result; any other is what the factor leads to. */
static void asked_unit(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: W}\n"
                                "raw: {test.source: int}\n"
                                "same: {scale: 2, from: in, unit: kW}\n"
                                "other: {scale: 0.3, offset: 1 EUR/h, from: in, unit: EUR/h}\n"
                                "none: {scale: 0.5, from: raw, unit: V}\n");

    bench_feed_many(b, "in=1500 raw=460");
    bench_expect(b, "same", "3");
    bench_expect_unit(b, "same", "kW");
    bench_expect(b, "other", "451");
    bench_expect_unit(b, "other", "EUR/h");
    bench_expect(b, "none", "230");
    bench_expect_unit(b, "none", "V");
    bench_free(b);
}

/* A result beyond all numbers is bad, and the next good one is good again. */
static void overflow_is_bad(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {scale: 1e300, from: in}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "1e300");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "1e300 bad(1e300, not a number) 2e300");
    bench_free(b);
}

/* Quality and reason pass through. */
static void quality_travels(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {scale: 10, from: in}\n");

    bench_feed(b, "in", "1");
    bench_fail(b, "in", "stale");
    bench_fail(b, "in", "timeout");
    bench_feed(b, "in", "1");
    bench_expect(b, "x", "10 stale(10) bad(10, timeout) 10");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number}\nx: {scale: , from: in}\n", "MF0202", "factor");
    bench_expect_fault("in: {test.source: number}\nx: {scale: 2 W, from: in}\n", "MF0209", "unit");
    bench_expect_fault("in: {test.source: text}\nx: {scale: 2, from: in}\n", "MF0204", "text");
    bench_expect_fault("in: {test.source: number, unit: W}\n"
                       "x: {scale: 2, offset: 1 °C, from: in}\n",
                       "MF0203", "offset");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_scaled), cmocka_unit_test(unit_stays),
        cmocka_unit_test(asked_unit),         cmocka_unit_test(overflow_is_bad),
        cmocka_unit_test(quality_travels),    cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
