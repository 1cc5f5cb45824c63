/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* sample: the latest, at each interval. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: W}\n"

/* The latest comes at each interval, new or not; before the first message there is none. */
static void samples(void **state)
{
    struct bench *b = bench_new(IN "x: {sample: 10s, from: in}\n");

    bench_expect_unit(b, "x", "W");
    bench_advance(b, "15s");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "");
    bench_advance(b, "5s");
    bench_expect(b, "x", "2");
    bench_advance(b, "20s");
    bench_expect(b, "x", "2 2");
    bench_free(b);
}

/* A gap shows at once and in each sample, and ends with the first good one. */
static void gaps(void **state)
{
    struct bench *b = bench_new(IN "x: {sample: 10s, from: in}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "10s");
    bench_expect(b, "x", "1");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "bad(1, timeout)");
    bench_advance(b, "10s");
    bench_expect(b, "x", "bad(1, timeout)");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "");
    bench_advance(b, "10s");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* The samples carry the time at which they were taken: their rate is that of the change between
 * samples. */
static void time_of_samples(void **state)
{
    struct bench *b = bench_new(IN "x: {sample: 10s, from: in}\ny: {rate: 1s, from: x}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "10s");
    bench_feed_at(b, "in", "21", 3);
    bench_advance(b, "10s");
    bench_expect(b, "y", "2");
    bench_free(b);
}

/* The rhythm and the latest value survive a reload. */
static void a_reload_keeps_the_rhythm(void **state)
{
    struct bench *b = bench_new(IN "x: {sample: 10s, from: in}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "6s");
    bench_reload(b, IN "x: {sample: 20s, from: in, on_error: drop}\n");
    bench_advance(b, "4s");
    bench_expect(b, "x", "1");
    bench_advance(b, "20s");
    bench_expect(b, "x", "1");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples),
        cmocka_unit_test(gaps),
        cmocka_unit_test(time_of_samples),
        cmocka_unit_test(a_reload_keeps_the_rhythm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
