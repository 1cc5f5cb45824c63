/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* every: rhythm, alignment, and clocks that jump. */

#include "engine/base/clock.h"
#include "engine/run/engine.h"
#include "tests/support/bench.h"

/* The first tick comes at the start, the others without drift. */
static void ticks(void **state)
{
    struct bench *b = bench_new("x: {every: 10s}\n");

    bench_expect(b, "x", "1");
    bench_advance(b, "9999ms");
    bench_expect(b, "x", "");
    bench_advance(b, "1ms");
    bench_expect(b, "x", "2");
    bench_advance(b, "30s");
    bench_expect(b, "x", "3 4 5");
    bench_free(b);
}

/* offset: the first tick comes that long after the start, and is not stale before it. */
static void offset(void **state)
{
    struct bench *b = bench_new("x: {every: 10s, offset: 1min}\n");

    bench_advance(b, "59s");
    bench_expect(b, "x", "");
    bench_advance(b, "11s");
    bench_expect(b, "x", "1 2");
    bench_free(b);
}

/* align: ticks stand on the wall clock in UTC, whenever the program starts. */
static void aligned(void **state)
{
    static const struct {
        const char *flow, *start, *wait, *ticks_at_wait;
    } cases[] = {
        {"x: {every: 15min, align: true}\n", "2026-03-29T00:50:00Z", "10min", "1"},
        {"x: {every: 15min, align: true}\n", "2026-03-29T00:50:00Z", "599s", ""},
        {"x: {every: 15min, align: true}\n", "2026-03-29T00:45:00Z", "0s", "1"},
        {"x: {every: 15min, align: true, offset: 2min}\n", "2026-03-29T00:50:00Z", "12min", "1"},
        {"x: {every: 15min, align: true, offset: 2min}\n", "2026-03-29T00:50:00Z", "719s", ""},
        {"x: {every: 1d, align: true}\n", "2026-03-28T23:59:00Z", "1min", "1"},
        {"x: {every: 1d, align: true}\n", "2026-03-29T23:59:00Z", "25h", "1 2"},
        {"x: {every: 1min, align: true}\n", "1969-12-31T23:58:30Z", "2min", "1 2"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_new_at(cases[i].flow, cases[i].start);

        bench_advance(b, cases[i].wait);
        bench_expect(b, "x", cases[i].ticks_at_wait);
        bench_free(b);
    }
}

/* A clock that is set forward, or a machine that slept: one late tick, no burst. Set back: the new
 * time counts within a minute. */
static void clock_jumps(void **state)
{
    struct bench *b = bench_new_at("x: {every: 1h, align: true}\n", "2026-03-29T10:30:00Z");

    bench_engine(b)->sched.clock.wall += 5 * MF_HOUR; /* 15:30 */
    bench_advance(b, "1min");
    bench_expect(b, "x", "1");
    bench_advance(b, "29min");
    bench_expect(b, "x", "2");
    bench_engine(b)->sched.clock.wall -= 5 * MF_HOUR; /* 11:00 */
    bench_advance(b, "1h");
    bench_expect(b, "x", "3");
    bench_free(b);
}

/* When the loop was held up, missed ticks are left out and the rhythm stays. */
static void no_burst(void **state)
{
    struct bench *b = bench_new("x: {every: 10s}\n");

    bench_expect(b, "x", "1");
    mf_clock_advance(&bench_engine(b)->sched.clock, 95 * MF_SEC);
    bench_advance(b, "4s");
    bench_expect(b, "x", "2");
    bench_advance(b, "1s");
    bench_expect(b, "x", "3");
    bench_free(b);
}

/* value: any literal, and the type of the output with it. */
static void values(void **state)
{
    struct bench *b = bench_new("x: {every: 1h, value: true}\n"
                                "y: {every: 1h, value: go on}\n"
                                "z: {every: 1h, value: 20, unit: °C}\n"
                                "t: {timer: off after 1s, from: x}\n");

    bench_expect(b, "x", "true");
    bench_expect(b, "y", "\"go on\"");
    bench_expect(b, "z", "20");
    bench_expect(b, "t", "true");
    bench_expect_unit(b, "z", "°C");
    bench_free(b);
}

/* Number and rhythm survive a reload, and a shorter interval is not held up by the longer one. */
static void a_reload_keeps_the_rhythm(void **state)
{
    struct bench *b = bench_new("x: {every: 1h}\n");

    bench_advance(b, "30min");
    bench_reload(b, "x: {every: 1h, doc: changed, value: 7}\n");
    bench_advance(b, "30min");
    bench_expect(b, "x", "1 7");
    bench_reload(b, "x: {every: 10s}\n");
    bench_advance(b, "10s");
    bench_expect(b, "x", "3");
    bench_free(b);
}

/* run --once: one tick, at once, also where the clock would have to be waited for. */
static void once(void **state)
{
    struct bench *b = bench_new_with("x: {every: 1h, align: true, offset: 5min}\n",
                                     (struct bench_options){.once = true});

    bench_expect(b, "x", "1");
    bench_advance(b, "2h");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault("x: {every: 0s}\n", "MF0206", "0s");
    bench_expect_fault("x: {every: }\n", "MF0202", "every");
    bench_expect_fault("x: {every: 1h, align: true, offset: 1h}\n", "MF0220",
                       "the offset must be less than the interval");
    bench_expect_fault("x: {every: 1h, from: x}\n", "MF0307", "takes no input");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks),
        cmocka_unit_test(offset),
        cmocka_unit_test(aligned),
        cmocka_unit_test(clock_jumps),
        cmocka_unit_test(no_burst),
        cmocka_unit_test(values),
        cmocka_unit_test(a_reload_keeps_the_rhythm),
        cmocka_unit_test(once),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
