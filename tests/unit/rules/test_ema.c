/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ema: smoothing by the source's time. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: °C}\n"
#define ROUNDED "y: {round: 3, from: x}\n"

/* After one time constant 63.2 % of a step are made, in however many messages; the unit stays. */
static void steps(void **state)
{
    struct bench *b = bench_new(IN "x: {ema: 10s, from: in}\n" ROUNDED);

    bench_expect_unit(b, "x", "°C");
    bench_feed_at(b, "in", "0", 0);
    bench_feed_at(b, "in", "100", 10);
    bench_expect(b, "y", "0 63.212");
    bench_free(b);

    b = bench_new(IN "x: {ema: 10s, from: in}\n" ROUNDED);
    bench_feed_at(b, "in", "0", 0);
    bench_feed_at(b, "in", "100", 5);
    bench_feed_at(b, "in", "100", 10);
    bench_expect(b, "y", "0 39.347 63.212");
    bench_free(b);
}

/* Messages that are not newer have no weight; after a long gap a new one counts in full. */
static void times(void **state)
{
    struct bench *b = bench_new(IN "x: {ema: 10s, from: in}\n" ROUNDED);

    bench_feed_at(b, "in", "0", 10);
    bench_feed_at(b, "in", "100", 10);
    bench_feed_at(b, "in", "100", 5);
    bench_expect(b, "y", "0 0 0");
    bench_feed_at(b, "in", "100", 20);
    bench_expect(b, "y", "63.212");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "y", "bad(63.212, timeout)");
    bench_feed_at(b, "in", "7", 10000);
    bench_expect(b, "y", "7");
    bench_free(b);
}

/* The mean survives a reload. */
static void a_reload_keeps_the_mean(void **state)
{
    struct bench *b = bench_new(IN "x: {ema: 10s, from: in}\n" ROUNDED);

    bench_feed_at(b, "in", "0", 0);
    bench_reload(b, IN "x: {ema: 20s, from: in}\n" ROUNDED);
    bench_feed_at(b, "in", "100", 20);
    bench_expect(b, "y", "0 63.212");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(IN "x: {ema: 0s, from: in}\n", "MF0206", "0s");
    bench_expect_fault("in: {test.source: text}\nx: {ema: 1s, from: in}\n", "MF0204", "ema");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(times),
        cmocka_unit_test(a_reload_keeps_the_mean),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
