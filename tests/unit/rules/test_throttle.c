/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* throttle: what passes, what is left out, what follows later. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: W}\n"

/* The first of a burst passes, the rest does not, and the interval counts from the one that did. */
static void first(void **state)
{
    struct bench *b = bench_new(IN "x: {throttle: 10s, from: in}\n");

    bench_expect_unit(b, "x", "W");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_advance(b, "9s");
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "1");
    bench_advance(b, "1s");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "4");
    bench_expect(b, "x", "4");
    bench_free(b);
}

/* The newest of a burst follows at the end of the interval: a final state always arrives. */
static void last(void **state)
{
    struct bench *b = bench_new(IN "x: {throttle: 10s, from: in, keep: last}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_advance(b, "5s");
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "1");
    bench_advance(b, "5s");
    bench_expect(b, "x", "3");
    bench_feed(b, "in", "4");
    bench_advance(b, "10s");
    bench_expect(b, "x", "4");
    bench_advance(b, "1min");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "5");
    bench_expect(b, "x", "5");
    bench_free(b);
}

/* That the input is not good is told at once, and so is the value that ends this. */
static void gaps(void **state)
{
    struct bench *b = bench_new(IN "x: {throttle: 1h, from: in}\n");

    bench_feed(b, "in", "1");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "1 bad(1, timeout)");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* A reload neither opens the way nor loses what waits. */
static void a_reload_keeps_the_interval(void **state)
{
    struct bench *b = bench_new(IN "x: {throttle: 10s, from: in, keep: last}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_advance(b, "4s");
    bench_reload(b, IN "x: {throttle: 20s, from: in, keep: last}\n");
    bench_expect(b, "x", "1");
    bench_advance(b, "6s");
    bench_expect(b, "x", "2");
    bench_feed(b, "in", "3");
    bench_advance(b, "19s");
    bench_expect(b, "x", "");
    bench_advance(b, "1s");
    bench_expect(b, "x", "3");
    bench_free(b);
}

/* Values of any type pass. */
static void texts(void **state)
{
    struct bench *b = bench_new("in: {test.source: text}\nx: {throttle: 1s, from: in}\n");

    bench_feed(b, "in", "\"a text that is longer than a handle\"");
    bench_feed(b, "in", "\"b\"");
    bench_expect(b, "x", "\"a text that is longer than a handle\"");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(IN "x: {throttle: 0s, from: in}\n", "MF0206", "0s");
    bench_expect_fault(IN "x: {throttle: 1s, from: in, keep: all}\n", "MF0207", "all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first), cmocka_unit_test(last),
        cmocka_unit_test(gaps),  cmocka_unit_test(a_reload_keeps_the_interval),
        cmocka_unit_test(texts), cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
