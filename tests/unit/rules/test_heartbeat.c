/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* heartbeat: the last value again, after silence. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: W}\n"

/* All passes; silence is filled, and each message starts it anew. */
static void silence_is_filled(void **state)
{
    struct bench *b = bench_new(IN "x: {heartbeat: 10s, from: in}\n");

    bench_expect_unit(b, "x", "W");
    bench_advance(b, "1min");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "1");
    bench_advance(b, "9s");
    bench_feed(b, "in", "2");
    bench_advance(b, "9s");
    bench_expect(b, "x", "1 2");
    bench_advance(b, "11s");
    bench_expect(b, "x", "2 2");
    bench_free(b);
}

/* A repetition is news: `count` counts it. */
static void repetitions_count(void **state)
{
    struct bench *b = bench_new(IN "x: {heartbeat: 10s, from: in}\nn: {count: 1min, from: x}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "1min");
    bench_expect(b, "n", "6");
    bench_free(b);
}

/* A dead device does not look alive. */
static void gaps(void **state)
{
    struct bench *b = bench_new(IN "x: {heartbeat: 10s, from: in}\n");

    bench_feed(b, "in", "1");
    bench_fail(b, "in", "stale");
    bench_expect(b, "x", "1 stale(1)");
    bench_advance(b, "10s");
    bench_expect(b, "x", "stale(1)");
    bench_reload(b, IN "x: {heartbeat: 20s, from: in, on_error: drop}\n");
    bench_advance(b, "1min");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "2");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* Value and time of the next repetition survive a reload. */
static void a_reload_keeps_the_time(void **state)
{
    struct bench *b = bench_new("in: {test.source: text}\nx: {heartbeat: 10s, from: in}\n");

    bench_feed(b, "in", "\"a text of more than fourteen bytes\"");
    bench_advance(b, "6s");
    bench_reload(b, "in: {test.source: text}\nx: {heartbeat: 1h, from: in, on_error: drop}\n");
    bench_expect(b, "x", "\"a text of more than fourteen bytes\"");
    bench_advance(b, "4s");
    bench_expect(b, "x", "\"a text of more than fourteen bytes\"");
    bench_advance(b, "59min");
    bench_expect(b, "x", "");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_filled),
        cmocka_unit_test(repetitions_count),
        cmocka_unit_test(gaps),
        cmocka_unit_test(a_reload_keeps_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
