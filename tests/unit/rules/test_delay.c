/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* delay: everything later, in order, and loops that it closes. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: W}\n"

/* Messages come later by the same time, in order, also several of one moment. */
static void all_is_later(void **state)
{
    struct bench *b = bench_new(IN "x: {delay: 10s, from: in}\n");

    bench_expect_unit(b, "x", "W");
    for (int i = 0; i < 20; i++)
        bench_feed(b, "in", i % 2 ? "1" : "0");
    bench_advance(b, "4s");
    bench_feed(b, "in", "2");
    bench_advance(b, "5999ms");
    bench_expect(b, "x", "");
    bench_advance(b, "1ms");
    bench_expect(b, "x", "0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1");
    bench_advance(b, "4s");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* Quality comes later, too. */
static void quality_is_later(void **state)
{
    struct bench *b = bench_new(IN "x: {delay: 10s, from: in}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "1s");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "9s");
    bench_expect(b, "x", "1");
    bench_feed(b, "in", "2");
    bench_advance(b, "1s");
    bench_expect(b, "x", "bad(1, timeout)");
    bench_advance(b, "9s");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* The time of a message moves with it: a window sees it where it belongs. */
static void time_moves(void **state)
{
    struct bench *b = bench_new(IN "x: {delay: 50s, from: in}\nn: {count: 1min, from: x}\n");

    bench_advance(b, "20s");
    bench_feed(b, "in", "1");
    bench_advance(b, "40s");
    bench_expect(b, "n", "0");
    bench_advance(b, "1min");
    bench_expect(b, "n", "1");
    bench_free(b);
}

/* A loop through a delay is allowed and turns once per delay. */
static void loops(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "sum: {scale: 2, from: [in, back]}\n"
                                "back: {delay: 1s, from: sum}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "3s");
    bench_expect(b, "sum", "2 4 8 16");
    bench_free(b);
}

/* Over the limit the oldest is dropped, and this is said. */
static void the_limit_holds(void **state)
{
    struct bench *b = bench_new(IN "x: {delay: 10s, from: in, messages: 3}\n");

    for (int i = 0; i < 5; i++)
        bench_feed(b, "in", i == 4 ? "4" : i == 3 ? "3" : i == 2 ? "2" : "0");
    bench_expect_log(b, "3 messages are on their way");
    bench_advance(b, "10s");
    bench_expect(b, "x", "2 3 4");
    bench_free(b);
}

/* What is on its way survives a reload, with its quality, and leaves at its time. */
static void a_reload_loses_nothing(void **state)
{
    struct bench *b = bench_new(IN "x: {delay: 10s, from: in}\n");

    bench_feed(b, "in", "1");
    bench_advance(b, "1s");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "1s");
    bench_reload(b, IN "x: {delay: 5s, from: in}\n");
    bench_expect(b, "x", "");
    bench_advance(b, "8s");
    bench_expect(b, "x", "1");
    bench_advance(b, "1s");
    bench_expect(b, "x", "bad(1, timeout)");
    bench_feed(b, "in", "2");
    bench_advance(b, "5s");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(IN "x: {delay: 0s, from: in}\n", "MF0206", "0s");
    bench_expect_fault(IN "x: {delay: 1s, from: in, messages: 0}\n", "MF0206", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_later),    cmocka_unit_test(quality_is_later),
        cmocka_unit_test(time_moves),      cmocka_unit_test(loops),
        cmocka_unit_test(the_limit_holds), cmocka_unit_test(a_reload_loses_nothing),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
