/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* latch and toggle: switches that remember. */

#include "tests/support/bench.h"

#define INPUTS "s: {test.source: bool}\nr: {test.source: bool}\n"
#define LATCH INPUTS "x: {latch: , from: {set: s, reset: r}}\n"

/* It says false at the start, and then only what changes; neither input waits for the other. */
static void latch_sets_and_resets(void **state)
{
    struct bench *b = bench_new(LATCH);

    bench_expect(b, "x", "false");
    bench_feed(b, "s", "true");
    bench_expect(b, "x", "true");
    bench_feed(b, "s", "false");
    bench_feed(b, "s", "true");
    bench_feed(b, "r", "false");
    bench_expect(b, "x", "");
    bench_feed(b, "s", "false");
    bench_feed(b, "r", "true");
    bench_expect(b, "x", "false");
    bench_free(b);
}

/* Reset wins, in one turn without a flicker, and as a level: what is still set comes back. */
static void reset_wins(void **state)
{
    struct bench *b = bench_new(LATCH);

    bench_expect(b, "x", "false");
    bench_feed_many(b, "s=true r=true");
    bench_expect(b, "x", "");
    bench_feed(b, "r", "false");
    bench_expect(b, "x", "true");
    bench_feed(b, "r", "true");
    bench_feed(b, "s", "false");
    bench_feed(b, "r", "false");
    bench_expect(b, "x", "false");
    bench_free(b);
}

/* An input that is not good neither sets nor resets, and what is remembered stays good. */
static void latch_ignores_bad_inputs(void **state)
{
    struct bench *b = bench_new(LATCH);

    bench_feed(b, "s", "true");
    bench_feed(b, "r", "false");
    bench_fail(b, "s", "timeout");
    bench_expect(b, "x", "false true");
    bench_feed(b, "r", "true");
    bench_expect(b, "x", "false");
    bench_fail(b, "r", "stale");
    bench_expect(b, "x", "");
    bench_feed(b, "s", "true");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* Several nodes on one input: true while any of them is. */
static void latch_takes_several(void **state)
{
    struct bench *b = bench_new(INPUTS "s2: {test.source: bool}\n"
                                       "x: {latch: , from: {set: [s, s2], reset: r}}\n");

    bench_feed(b, "s", "true");
    bench_feed(b, "s2", "false");
    bench_feed(b, "r", "true");
    bench_expect(b, "x", "false true false");
    bench_feed(b, "r", "false");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* A latch that is made anew by a reload remembers, and says so. */
static void latch_survives_a_reload(void **state)
{
    struct bench *b = bench_new(LATCH);

    bench_feed(b, "s", "true");
    bench_feed(b, "s", "false");
    bench_expect(b, "x", "false true");
    bench_reload(b, INPUTS "r2: {test.source: bool}\n"
                           "x: {latch: , from: {set: s, reset: r2}}\n");
    bench_expect(b, "x", "true");
    bench_feed(b, "r2", "true");
    bench_expect(b, "x", "false");
    bench_free(b);
}

/* Each true flips, false does nothing; the initial state is said at the start. */
static void toggle_flips(void **state)
{
    struct bench *b = bench_new("in: {test.source: bool}\n"
                                "x: {toggle: off, from: in}\n"
                                "y: {toggle: on, from: in}\n"
                                "z: {toggle: , from: in}\n");

    bench_feed(b, "in", "true");
    bench_feed(b, "in", "false");
    bench_feed(b, "in", "true");
    bench_feed(b, "in", "true");
    bench_expect(b, "x", "false true false true");
    bench_expect(b, "y", "true false true false");
    bench_expect(b, "z", "false true false true");
    bench_free(b);
}

/* Two buttons in one turn flip twice: nothing is lost. */
static void toggle_counts_every_press(void **state)
{
    struct bench *b = bench_new("a: {test.source: bool}\nb: {test.source: bool}\n"
                                "x: {toggle: off, from: [a, b]}\n");

    bench_feed_many(b, "a=true b=true");
    bench_expect(b, "x", "false true false");
    bench_free(b);
}

/* A dead button does not make the light unknown, and does not flip it when it comes back. */
static void toggle_ignores_bad_inputs(void **state)
{
    struct bench *b = bench_new("in: {test.source: bool}\nx: {toggle: off, from: in}\n");

    bench_feed(b, "in", "true");
    bench_fail(b, "in", "link down");
    bench_feed(b, "in", "false");
    bench_expect(b, "x", "false true");
    bench_free(b);
}

/* A toggle that is made anew by a reload keeps its state; the initial one is for the start. */
static void toggle_survives_a_reload(void **state)
{
    struct bench *b = bench_new("in: {test.source: bool}\nx: {toggle: off, from: in}\n");

    bench_feed(b, "in", "true");
    bench_expect(b, "x", "false true");
    bench_reload(b, "other: {test.source: bool}\nx: {toggle: off, from: other}\n");
    bench_expect(b, "x", "true");
    bench_feed(b, "other", "true");
    bench_expect(b, "x", "false");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault(INPUTS "x: {latch: , from: s}\n", "MF0305", "reset");
    bench_expect_fault(INPUTS "x: {latch: , from: {reset: r}}\n", "MF0305", "set");
    bench_expect_fault(INPUTS "x: {latch: , from: {set: s, rest: r}}\n", "MF0314", "reset");
    bench_expect_fault(INPUTS "x: {toggle: maybe, from: s}\n", "MF0205", "true");
    bench_expect_fault("in: {test.source: number}\nx: {toggle: off, from: in}\n", "MF0204",
                       "number");
    bench_expect_fault("x: {toggle: off}\n", "MF0305", "no input");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latch_sets_and_resets),     cmocka_unit_test(reset_wins),
        cmocka_unit_test(latch_ignores_bad_inputs),  cmocka_unit_test(latch_takes_several),
        cmocka_unit_test(latch_survives_a_reload),   cmocka_unit_test(toggle_flips),
        cmocka_unit_test(toggle_counts_every_press), cmocka_unit_test(toggle_ignores_bad_inputs),
        cmocka_unit_test(toggle_survives_a_reload),  cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
