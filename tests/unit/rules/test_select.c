/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* select: one of several inputs. */

#include <stdio.h>

#include "tests/support/bench.h"

#define INPUTS                                                                                     \
    "auto: {test.source: number, unit: W}\n"                                                       \
    "hand: {test.source: number, unit: kW}\n"

/* By name, by number from 0, by false and true. */
static void which(void **state)
{
    static const struct {
        const char *type, *first, *second;
    } cases[] = {
        {"text", "\"a\"", "\"h\""}, {"int", "0", "1"},     {"number", "0.0", "1.0"},
        {"bool", "false", "true"},  {"any", "0", "\"h\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[400];
        struct bench *b;

        snprintf(flow, sizeof(flow),
                 INPUTS "w: {test.source: %s}\n"
                        "x: {select: , from: {which: w, a: auto, h: hand}}\n",
                 cases[i].type);
        b = bench_new(flow);
        bench_feed_many(b, "auto=1500 hand=2");
        bench_expect(b, "x", "");
        bench_feed(b, "w", cases[i].first);
        bench_expect(b, "x", "1500");
        bench_feed(b, "w", cases[i].second);
        bench_expect(b, "x", "2000");
        bench_expect_unit(b, "x", "W");
        bench_free(b);
    }
}

#define SELECT INPUTS "w: {test.source: int}\nx: {select: , from: {which: w, a: auto, h: hand}}\n"

/* Only the selected input is heard; one that has said nothing is not waited for. */
static void only_the_selected(void **state)
{
    struct bench *b = bench_new(SELECT);

    bench_feed(b, "w", "0");
    bench_expect(b, "x", "");
    bench_feed(b, "auto", "100");
    bench_feed(b, "hand", "2");
    bench_feed(b, "auto", "101");
    bench_feed(b, "w", "0");
    bench_expect(b, "x", "100 101");
    bench_feed_many(b, "w=1 auto=102 hand=3");
    bench_expect(b, "x", "3000");
    bench_free(b);
}

/* An input that is not selected may be dead; the selected one may not. */
static void quality_of_the_selected(void **state)
{
    struct bench *b = bench_new(SELECT);

    bench_feed_many(b, "w=0 auto=100 hand=2");
    bench_fail(b, "hand", "timeout");
    bench_expect(b, "x", "100");
    bench_feed(b, "w", "1");
    bench_expect(b, "x", "bad(2000, timeout)");
    bench_feed(b, "w", "0");
    bench_fail(b, "auto", "stale");
    bench_feed(b, "auto", "7");
    bench_expect(b, "x", "100 stale(100) 7");
    bench_free(b);
}

/* A dead `which` marks the output; one that names nothing is refused. */
static void which_is_wrong(void **state)
{
    struct bench *b = bench_new(SELECT);

    bench_feed_many(b, "w=0 auto=100 hand=2");
    bench_fail(b, "w", "stale");
    bench_feed(b, "w", "0");
    bench_expect(b, "x", "100 stale(100) 100");
    bench_feed(b, "w", "2");
    bench_feed(b, "w", "-1");
    bench_expect(b, "x", "bad(100, out of range) bad(100, out of range)");
    bench_expect_log(b, "no input `2`");
    bench_feed(b, "w", "0");
    bench_expect(b, "x", "100");
    bench_free(b);
}

/* Switching to an input that has said nothing makes the output stale until it does. */
static void selected_is_silent(void **state)
{
    struct bench *b = bench_new(SELECT);

    bench_feed_many(b, "w=0 auto=100");
    bench_feed(b, "w", "1");
    bench_expect(b, "x", "100 stale(100)");
    bench_feed(b, "auto", "101");
    bench_expect(b, "x", "");
    bench_feed(b, "hand", "2");
    bench_expect(b, "x", "2000");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault(INPUTS "x: {select: , from: {a: auto, h: hand}}\n", "MF0305", "no input");
    bench_expect_fault(INPUTS "x: {select: , from: auto}\n", "MF0305", "which: …");
    bench_expect_fault(INPUTS "t: {test.source: number, unit: °C}\nw: {test.source: int}\n"
                              "x: {select: , from: {which: w, a: auto, t: t}}\n",
                       "MF0203", "temperature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which),
        cmocka_unit_test(only_the_selected),
        cmocka_unit_test(quality_of_the_selected),
        cmocka_unit_test(which_is_wrong),
        cmocka_unit_test(selected_is_silent),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
