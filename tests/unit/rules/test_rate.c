/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* rate: change per time of the source, and none across a gap. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: Wh}\n"

/* The result comes with the second value; time is that of the source. */
static void change_per_time(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {rate: 1s, from: in}\n");

    bench_feed_at(b, "in", "10", 0);
    bench_expect(b, "x", "");
    bench_feed_at(b, "in", "30", 10);
    bench_feed_at(b, "in", "20", 12);
    bench_expect(b, "x", "2 -5");
    bench_expect_unit(b, "x", "");
    bench_free(b);
}

/* The unit is divided by the time; a difference of °C is in K; `unit` converts. */
static void units(void **state)
{
    static const struct {
        const char *flow, *unit, *result;
    } cases[] = {
        {IN "x: {rate: 1h, from: in}\n", "W", "720"},
        {IN "x: {rate: 1h, from: in, unit: kW}\n", "kW", "0.72"},
        {IN "x: {rate: , from: in, unit: W}\n", "W", "720"},
        {"in: {test.source: number, unit: W}\nx: {rate: 1s, from: in}\n", "W/s", "0.2"},
        {"in: {test.source: number, unit: °C}\nx: {rate: 1h, from: in}\n", "K/h", "720"},
        {"in: {test.source: int, unit: Wh}\nx: {rate: 1h, from: in}\n", "W", "720"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_new(cases[i].flow);

        bench_feed_at(b, "in", "0", 0);
        bench_feed_at(b, "in", "2", 10);
        bench_expect_unit(b, "x", cases[i].unit);
        bench_expect(b, "x", cases[i].result);
        bench_free(b);
    }
}

/* A time that has no unit of its own still divides: two results of the same change agree. */
static void odd_times(void **state)
{
    struct bench *b = bench_new(IN "x: {rate: 15min, from: in}\n"
                                   "y: {rate: 15min, from: in, unit: W}\n");

    bench_feed_at(b, "in", "0", 0);
    bench_feed_at(b, "in", "1", 900);
    bench_expect(b, "x", "1");
    bench_expect(b, "y", "4");
    bench_free(b);
}

/* No rate across a gap: the mark is set anew, and the output stays not good until then. */
static void gaps(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {rate: 1s, from: in}\n");

    bench_feed_at(b, "in", "0", 0);
    bench_feed_at(b, "in", "1", 1);
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "1 bad(1, timeout)");
    bench_feed_at(b, "in", "100", 10);
    bench_expect(b, "x", "");
    bench_feed_at(b, "in", "102", 11);
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* max_gap: silence is a gap, too. */
static void max_gap(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number}\nx: {rate: 1s, from: in, max_gap: 10s}\n");

    bench_feed_at(b, "in", "0", 0);
    bench_feed_at(b, "in", "10", 10);
    bench_feed_at(b, "in", "1000", 21);
    bench_feed_at(b, "in", "1003", 22);
    bench_expect(b, "x", "1 3");
    bench_free(b);
}

/* A value of the same time takes the place of the one before, an older one is left out. */
static void order(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {rate: 1s, from: in}\n");

    bench_feed_at(b, "in", "0", 10);
    bench_feed_at(b, "in", "1", 10);
    bench_feed_at(b, "in", "50", 5);
    bench_expect(b, "x", "");
    bench_feed_at(b, "in", "3", 11);
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* The mark survives a reload. */
static void a_reload_keeps_the_mark(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {rate: 1s, from: in}\n");

    bench_feed_at(b, "in", "0", 0);
    bench_reload(b, "in: {test.source: number}\nx: {rate: 1min, from: in}\n");
    bench_feed_at(b, "in", "1", 10);
    bench_expect(b, "x", "6");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(IN "x: {rate: 0s, from: in}\n", "MF0206", "0s");
    bench_expect_fault(IN "x: {rate: 1h, from: in, unit: °C}\n", "MF0203", "°C");
    bench_expect_fault(IN "x: {rate: 3600, from: in}\n", "MF0208", "3600");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(change_per_time),
        cmocka_unit_test(units),
        cmocka_unit_test(odd_times),
        cmocka_unit_test(gaps),
        cmocka_unit_test(max_gap),
        cmocka_unit_test(order),
        cmocka_unit_test(a_reload_keeps_the_mark),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
