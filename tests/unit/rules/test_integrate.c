/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* integrate: areas of the source's time, units, resets, and nothing for a gap. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: W}\n"

/* Straight lines between the values, or steps. */
static void methods(void **state)
{
    struct bench *b = bench_new(IN "x: {integrate: 1h, from: in}\n"
                                   "y: {integrate: 1h, from: in, method: left}\n");

    bench_feed_at(b, "in", "0", 0);
    bench_feed_at(b, "in", "100", 3600);
    bench_feed_at(b, "in", "100", 5400);
    bench_expect(b, "x", "0 50 100");
    bench_expect(b, "y", "0 0 50");
    bench_free(b);
}

/* The unit is multiplied by the time, and converted on demand. */
static void units(void **state)
{
    static const struct {
        const char *flow, *unit, *result;
    } cases[] = {
        {IN "x: {integrate: 1h, from: in}\n", "Wh", "0 2000"},
        {IN "x: {integrate: , from: in, unit: kWh}\n", "kWh", "0 2"},
        {IN "x: {integrate: 15min, from: in, unit: Wh}\n", "Wh", "0 2000"},
        {"in: {test.source: number}\nx: {integrate: 1h, from: in}\n", "", "0 2000"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_new(cases[i].flow);

        bench_feed_at(b, "in", "1000", 0);
        bench_feed_at(b, "in", "1000", 7200);
        bench_expect_unit(b, "x", cases[i].unit);
        bench_expect(b, "x", cases[i].result);
        bench_free(b);
    }
}

/* Nothing is added for a gap, and the total is good again with the first good value. */
static void gaps(void **state)
{
    struct bench *b = bench_new(IN "x: {integrate: 1h, from: in}\n");

    bench_feed_at(b, "in", "100", 0);
    bench_feed_at(b, "in", "100", 3600);
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "0 100 bad(100, timeout)");
    bench_feed_at(b, "in", "100", 36000);
    bench_expect(b, "x", "100");
    bench_feed_at(b, "in", "100", 39600);
    bench_expect(b, "x", "200");
    bench_free(b);
}

/* max_gap: silence is a gap, too. */
static void max_gap(void **state)
{
    struct bench *b = bench_new(IN "x: {integrate: 1h, from: in, max_gap: 1h}\n");

    bench_feed_at(b, "in", "100", 0);
    bench_feed_at(b, "in", "100", 3600);
    bench_feed_at(b, "in", "100", 7201);
    bench_expect(b, "x", "0 100 100");
    bench_free(b);
}

/* A value of the same time takes the place of the one before, an older one is left out. */
static void order(void **state)
{
    struct bench *b = bench_new(IN "x: {integrate: 1h, from: in}\n");

    bench_feed_at(b, "in", "0", 3600);
    bench_feed_at(b, "in", "100", 3600);
    bench_feed_at(b, "in", "7", 0);
    bench_feed_at(b, "in", "100", 7200);
    bench_expect(b, "x", "0 0 100");
    bench_free(b);
}

/* `reset` acts when one of its nodes speaks and it is true. */
static void resets(void **state)
{
    struct bench *b = bench_new(IN "day: {test.source: bool}\n"
                                   "x: {integrate: 1h, from: in, reset: day}\n");

    bench_feed_at(b, "in", "100", 0);
    bench_feed_at(b, "in", "100", 3600);
    bench_feed(b, "day", "false");
    bench_expect(b, "x", "0 100");
    bench_feed(b, "day", "true");
    bench_expect(b, "x", "0");
    bench_feed_at(b, "in", "100", 7200);
    bench_expect(b, "x", "100");
    bench_free(b);
}

/* The total and the mark survive a reload, also with another unit of time. */
static void a_reload_keeps_the_total(void **state)
{
    struct bench *b = bench_new(IN "x: {integrate: 1h, from: in}\n");

    bench_feed_at(b, "in", "100", 0);
    bench_feed_at(b, "in", "100", 3600);
    bench_reload(b, IN "x: {integrate: 1h, from: in, method: left}\n");
    bench_feed_at(b, "in", "300", 7200);
    bench_expect(b, "x", "0 100 200");
    bench_reload(b, IN "x: {integrate: 1min, from: in}\n");
    bench_feed_at(b, "in", "300", 7260);
    bench_expect(b, "x", "12300");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number, unit: °C}\nx: {integrate: 1h, from: in}\n",
                       "MF0203", "the integral of values in °C means nothing");
    bench_expect_fault(IN "x: {integrate: 1h, from: in, unit: W}\n", "MF0203", "Wh");
    bench_expect_fault(IN "x: {integrate: 1h, from: in, reset: midnite}\n", "MF0301", "midnite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods),
        cmocka_unit_test(units),
        cmocka_unit_test(gaps),
        cmocka_unit_test(max_gap),
        cmocka_unit_test(order),
        cmocka_unit_test(resets),
        cmocka_unit_test(a_reload_keeps_the_total),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
