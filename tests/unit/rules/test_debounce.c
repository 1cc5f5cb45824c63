/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* debounce: what has to last, and what passes at once. */

#include "tests/support/bench.h"

#define BUTTON "in: {test.source: bool}\n"

/* A value passes when it has lasted, the first one too. */
static void lasting_values_pass(void **state)
{
    struct bench *b = bench_new(BUTTON "x: {debounce: 50ms, from: in}\n");

    bench_feed(b, "in", "false");
    bench_advance(b, "49ms");
    bench_expect(b, "x", "");
    bench_advance(b, "1ms");
    bench_expect(b, "x", "false");
    bench_feed(b, "in", "true");
    bench_advance(b, "50ms");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* Bounces restart the time; a change that is taken back is never seen; repetitions are no change
 * and do not restart it. */
static void bounces_are_swallowed(void **state)
{
    struct bench *b = bench_new(BUTTON "x: {debounce: 50ms, from: in}\n");

    bench_feed(b, "in", "false");
    bench_advance(b, "1s");
    bench_expect(b, "x", "false");
    bench_feed(b, "in", "true");
    bench_advance(b, "30ms");
    bench_feed(b, "in", "false");
    bench_advance(b, "30ms");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "true");
    bench_advance(b, "30ms");
    bench_feed(b, "in", "true");
    bench_advance(b, "20ms");
    bench_expect(b, "x", "true");
    bench_feed(b, "in", "true");
    bench_advance(b, "1s");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* edge: the named change has to last, the other passes at once. */
static void edges(void **state)
{
    static const struct {
        const char *flow;
        const char *at_true, *after_true, *at_false, *after_false;
    } cases[] = {
        {BUTTON "x: {debounce: 1s, from: in, edge: both}\n", "", "true", "", "false"},
        {BUTTON "x: {debounce: 1s, from: in, edge: rising}\n", "", "true", "false", ""},
        {BUTTON "x: {debounce: 1s, from: in, edge: falling}\n", "true", "", "", "false"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_new(cases[i].flow);

        bench_feed(b, "in", "true");
        bench_expect(b, "x", cases[i].at_true);
        bench_advance(b, "1s");
        bench_expect(b, "x", cases[i].after_true);
        bench_feed(b, "in", "false");
        bench_expect(b, "x", cases[i].at_false);
        bench_advance(b, "1s");
        bench_expect(b, "x", cases[i].after_false);
        bench_free(b);
    }
}

/* Numbers rise and fall as well, and keep their unit. */
static void numbers(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: W}\n"
                                "x: {debounce: 1s, from: in, edge: rising}\n");

    bench_expect_unit(b, "x", "W");
    bench_feed(b, "in", "5");
    bench_advance(b, "1s");
    bench_feed(b, "in", "4");
    bench_expect(b, "x", "5 4");
    bench_feed(b, "in", "6");
    bench_expect(b, "x", "");
    bench_advance(b, "1s");
    bench_expect(b, "x", "6");
    bench_free(b);
}

/* A gap ends the waiting: nothing has lasted while nobody knew. Afterwards the same value is good
 * again at once, another one has to last. */
static void gaps(void **state)
{
    struct bench *b = bench_new(BUTTON "x: {debounce: 1s, from: in}\n");

    bench_feed(b, "in", "false");
    bench_advance(b, "1s");
    bench_expect(b, "x", "false");
    bench_feed(b, "in", "true");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "bad(false, timeout)");
    bench_advance(b, "5s");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "false");
    bench_expect(b, "x", "false");
    bench_fail(b, "in", "stale");
    bench_feed(b, "in", "true");
    bench_advance(b, "1s");
    bench_expect(b, "x", "stale(false) true");
    bench_free(b);
}

/* A change that waits goes on waiting over a reload, for the time it had left. */
static void a_reload_keeps_the_time(void **state)
{
    struct bench *b = bench_new(BUTTON "x: {debounce: 10s, from: in}\n");

    bench_feed(b, "in", "false");
    bench_advance(b, "10s");
    bench_feed(b, "in", "true");
    bench_advance(b, "6s");
    bench_expect(b, "x", "false");
    bench_reload(b, BUTTON "x: {debounce: 10s, from: in, edge: rising}\n");
    bench_advance(b, "4s");
    bench_expect(b, "x", "true");
    bench_feed(b, "in", "true");
    bench_advance(b, "1min");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(BUTTON "x: {debounce: 5, from: in}\n", "MF0208",
                       "`debounce: 5` has no unit");
    bench_expect_fault(BUTTON "x: {debounce: 5s, from: in, edge: up}\n", "MF0207", "up");
    bench_expect_fault(BUTTON "x: {debounce: , from: in}\n", "MF0202", "debounce");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lasting_values_pass),
        cmocka_unit_test(bounces_are_swallowed),
        cmocka_unit_test(edges),
        cmocka_unit_test(numbers),
        cmocka_unit_test(gaps),
        cmocka_unit_test(a_reload_keeps_the_time),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
