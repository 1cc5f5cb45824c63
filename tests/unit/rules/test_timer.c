/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* timer: back to rest after a while. */

#include "tests/support/bench.h"

#define IN "in: {test.source: bool}\n"

/* A true switches on, and the output goes off by itself; false switches off at once. */
static void off_after(void **state)
{
    struct bench *b = bench_new(IN "x: {timer: off after 30min, from: in}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "29min");
    bench_expect(b, "x", "true");
    bench_advance(b, "1min");
    bench_expect(b, "x", "false");
    bench_feed(b, "in", "false");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "true");
    bench_feed(b, "in", "false");
    bench_expect(b, "x", "true false");
    bench_advance(b, "1h");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* The same upside down. */
static void on_after(void **state)
{
    struct bench *b = bench_new(IN "x: {timer: on after 10s, from: in}\n");

    bench_feed(b, "in", "false");
    bench_advance(b, "9s");
    bench_expect(b, "x", "false");
    bench_advance(b, "1s");
    bench_expect(b, "x", "true");
    bench_feed(b, "in", "true");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* A repetition starts the clock again, or not. */
static void retrigger(void **state)
{
    struct bench *b = bench_new(IN "x: {timer: off after 10s, from: in}\n"
                                   "y: {timer: off after 10s, from: in, retrigger: false}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "6s");
    bench_feed(b, "in", "true");
    bench_advance(b, "6s");
    bench_expect(b, "x", "true");
    bench_expect(b, "y", "true false");
    bench_advance(b, "4s");
    bench_expect(b, "x", "false");
    bench_feed(b, "in", "true");
    bench_expect(b, "y", "true");
    bench_free(b);
}

/* The clock runs on while the input is not good; what it does then is marked. */
static void gaps(void **state)
{
    struct bench *b = bench_new(IN "x: {timer: off after 10s, from: in}\n");

    bench_feed(b, "in", "true");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "10s");
    bench_expect(b, "x", "true bad(true, timeout) bad(false, timeout)");
    bench_feed(b, "in", "false");
    bench_expect(b, "x", "false");
    bench_free(b);
}

/* The clock survives a reload; when the plan is reversed, it starts for the new one. */
static void a_reload_keeps_the_clock(void **state)
{
    struct bench *b = bench_new(IN "x: {timer: off after 10s, from: in}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "6s");
    bench_reload(b, IN "x: {timer: off after 10s, from: in, retrigger: false}\n");
    bench_advance(b, "4s");
    bench_expect(b, "x", "true false");
    bench_reload(b, IN "x: {timer: on after 5s, from: in}\n");
    bench_advance(b, "5s");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(IN "x: {timer: 30min, from: in}\n", "MF0205", "off after TIME");
    bench_expect_fault(IN "x: {timer: off after 30, from: in}\n", "MF0205", "`30` has no unit");
    bench_expect_fault(IN "x: {timer: off after 0s, from: in}\n", "MF0206", "at least 1ms");
    bench_expect_fault("in: {test.source: number}\nx: {timer: off after 1s, from: in}\n", "MF0204",
                       "bool");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_after),
        cmocka_unit_test(on_after),
        cmocka_unit_test(retrigger),
        cmocka_unit_test(gaps),
        cmocka_unit_test(a_reload_keeps_the_clock),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
