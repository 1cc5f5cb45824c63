/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows: mean, median, min, max, sum, count, first, last. */

#include <math.h>
#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/run/engine.h"
#include "tests/support/bench.h"

#define IN "in: {test.source: number, unit: W}\n"

static struct bench *new_window(const char *kind_and_options)
{
    char flow[300];

    snprintf(flow, sizeof(flow), IN "x: {%s, from: in}\n", kind_and_options);
    return bench_new(flow);
}

/* Values at 0 s, 10 s, 20 s … */
static void feed_all(struct bench *b, const char *const *values)
{
    for (int i = 0; values[i]; i++)
        bench_feed_at(b, "in", values[i], 10 * i);
}

/* What each function makes of the same window, and its unit. */
static void functions(void **state)
{
    static const struct {
        const char *options, *values[7], *result, *unit;
    } cases[] = {
        {"mean: 1min", {"1", "2", "3", "6"}, "3", "W"},
        {"median: 1min", {"5", "1", "100"}, "5", "W"},
        {"median: 1min", {"5", "1", "100", "7"}, "6", "W"},
        {"min: 1min", {"5", "-1", "100"}, "-1", "W"},
        {"max: 1min", {"5", "-1", "100"}, "100", "W"},
        {"sum: 1min", {"5", "-1", "100"}, "104", "W"},
        {"count: 1min", {"5", "-1", "100"}, "3", ""},
        {"first: 1min", {"5", "-1", "100"}, "5", "W"},
        {"last: 1min", {"5", "-1", "100"}, "100", "W"},
        {"mean: 1min, unit: kW", {"1000", "3000"}, "2", "kW"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = new_window(cases[i].options);

        feed_all(b, cases[i].values);
        bench_expect(b, "x", "");
        bench_advance(b, "2min");
        bench_expect_unit(b, "x", cases[i].unit);
        bench_expect(b, "x", i == 5 ? "104 0" : i == 6 ? "3 0" : cases[i].result);
        bench_free(b);
    }
}

/* Windows follow each other on the wall clock; a message at the boundary belongs to the next. */
static void aligned(void **state)
{
    struct bench *b = bench_new_at(IN "x: {count: 15min, from: in}\n", "2026-03-29T00:52:00Z");

    bench_feed(b, "in", "1");
    bench_advance(b, "8min"); /* 01:00, when clocks in Europe are put forward */
    bench_expect(b, "x", "1");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "1");
    bench_advance(b, "899s");
    bench_expect(b, "x", "");
    bench_advance(b, "1s");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* A window without values has no result; a sum or count of nothing is 0. */
static void empty_windows(void **state)
{
    static const struct {
        const char *options, *result;
    } cases[] = {
        {"mean: 1min", ""},   {"median: 1min", ""},   {"min: 1min", ""},   {"max: 1min", ""},
        {"sum: 1min", "0 0"}, {"count: 1min", "0 0"}, {"first: 1min", ""}, {"last: 1min", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = new_window(cases[i].options);

        bench_advance(b, "2min");
        bench_expect(b, "x", cases[i].result);
        bench_free(b);
    }
}

/* every: windows overlap, each result is about the whole window. */
static void hopping(void **state)
{
    static const char *const values[] = {"1", "2", "3", "4", "5", "6", "7", NULL};
    struct bench *b = new_window("sum: 30s, every: 10s");

    feed_all(b, values);
    bench_expect(b, "x", "1 3 6 9 12 15");
    bench_advance(b, "40s");
    bench_expect(b, "x", "18 13 7 0");
    bench_free(b);

    b = new_window("max: 30s, every: 10s");
    bench_feed(b, "in", "9");
    bench_advance(b, "15s");
    bench_feed(b, "in", "4");
    bench_advance(b, "45s");
    bench_expect(b, "x", "9 9 9 4");
    bench_free(b);
}

/* sliding: a result with each message, and when an old one leaves. */
static void sliding(void **state)
{
    struct bench *b = new_window("max: 10s, sliding: true");

    bench_feed(b, "in", "9");
    bench_advance(b, "4s");
    bench_feed(b, "in", "5");
    bench_expect(b, "x", "9 9");
    bench_advance(b, "6s");
    bench_expect(b, "x", "5");
    bench_advance(b, "1min");
    bench_expect(b, "x", "");
    bench_free(b);

    b = new_window("count: 10s, sliding: true");
    bench_feed(b, "in", "1");
    bench_advance(b, "4s");
    bench_feed(b, "in", "1");
    bench_advance(b, "1min");
    bench_expect(b, "x", "1 2 1 0");
    bench_free(b);
}

/* A wild value does not show in a sliding median. */
static void sliding_median(void **state)
{
    static const char *const values[] = {"20", "21", "500", "21", "22", NULL};
    struct bench *b = new_window("median: 25s, sliding: true");

    feed_all(b, values);
    bench_expect(b, "x", "20 20.5 21 21 22");
    bench_free(b);
}

/* time_weighted: each value counts for as long as it held, also over the edge of the window. */
static void time_weighted(void **state)
{
    static const struct {
        const char *options, *result;
    } cases[] = {
        /* 10 for 15 s, 40 for 45 s; then 40 */
        {"mean: 1min, time_weighted: true", "32.5 40"},
        {"median: 1min, time_weighted: true", "40 40"},
        {"min: 1min, time_weighted: true", "10 40"},
        {"first: 1min, time_weighted: true", "10 40"},
        {"last: 1min, time_weighted: true", "40 40"},
        {"mean: 1min, time_weighted: true, every: 30s", "25 32.5 40 40"},
        {"mean: 1min", "25"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = new_window(cases[i].options);

        bench_feed(b, "in", "10");
        bench_advance(b, "15s");
        bench_feed(b, "in", "40");
        bench_advance(b, "105s");
        bench_expect(b, "x", cases[i].result);
        bench_free(b);
    }
}

/* The weighted mean of a window that slides. */
static void sliding_time_weighted(void **state)
{
    struct bench *b = new_window("mean: 10s, sliding: true, time_weighted: true");

    bench_feed(b, "in", "10");
    bench_expect(b, "x", "10");
    bench_advance(b, "5s");
    bench_feed(b, "in", "20");
    bench_expect(b, "x", "10");
    bench_advance(b, "5s");
    bench_feed(b, "in", "20");
    bench_expect(b, "x", "15");
    bench_advance(b, "5s");
    bench_expect(b, "x", "20");
    bench_free(b);
}

/* Booleans count as 1 and 0: the weighted mean is the share of the time. */
static void booleans(void **state)
{
    struct bench *b = bench_new("in: {test.source: bool}\n"
                                "share: {mean: 1min, from: in, time_weighted: true}\n"
                                "n: {count: 1min, from: in}\n"
                                "ons: {sum: 1min, from: in}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "15s");
    bench_feed(b, "in", "false");
    bench_advance(b, "45s");
    bench_expect(b, "share", "0.25");
    bench_expect(b, "n", "2");
    bench_expect(b, "ons", "1");
    bench_expect_unit(b, "ons", "");
    bench_free(b);
}

/* Messages that are not good do not count; results that are due meanwhile are marked; the last one
 * is good again with the input. */
static void gaps(void **state)
{
    struct bench *b = new_window("mean: 1min");

    bench_feed(b, "in", "10");
    bench_advance(b, "1min");
    bench_expect(b, "x", "10");
    bench_feed(b, "in", "20");
    bench_advance(b, "30s");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "bad(10, timeout)");
    bench_advance(b, "30s");
    bench_expect(b, "x", "bad(20, timeout)");
    bench_advance(b, "10s");
    bench_feed(b, "in", "30");
    bench_expect(b, "x", "20");
    bench_advance(b, "50s");
    bench_expect(b, "x", "30");
    bench_free(b);
}

/* Also over a reload. */
static void gaps_and_reloads(void **state)
{
    struct bench *b = new_window("mean: 1min");

    bench_feed(b, "in", "10");
    bench_advance(b, "30s");
    bench_fail(b, "in", "timeout");
    bench_reload(b, IN "x: {mean: 1min, from: in, samples: 5}\n");
    bench_advance(b, "30s");
    bench_expect(b, "x", "bad(null, timeout) bad(10, timeout)");
    bench_feed(b, "in", "30");
    bench_expect(b, "x", "10");
    bench_free(b);
}

/* A value does not hold over a gap. */
static void nothing_holds_over_a_gap(void **state)
{
    static const char *const options[] = {
        "mean: 1min, time_weighted: true",
        "mean: 1min, time_weighted: true, every: 1min, samples: 100",
        "median: 1min, time_weighted: true",
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct bench *b = new_window(options[i]);

        bench_feed(b, "in", "10");
        bench_advance(b, "10s");
        bench_fail(b, "in", "timeout"); /* 10 for 10 s only */
        bench_advance(b, "30s");
        bench_feed(b, "in", i == 2 ? "40" : "20"); /* for 20 s */
        bench_expect(b, "x", "bad(null, timeout)");
        bench_advance(b, "20s");
        bench_expect(b, "x", i == 2 ? "40" : "16.666666666666668");
        bench_free(b);
    }
}

/* A message that ends a gap may be a little older than the gap by our clock: it holds all the same.
 */
static void a_gap_of_a_slow_link(void **state)
{
    static const char *const options[] = {
        "mean: 1min, time_weighted: true",
        "median: 1min, time_weighted: true",
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct bench *b = new_window(options[i]);

        bench_feed(b, "in", "10");
        bench_advance(b, "20s");
        bench_fail(b, "in", "timeout");
        bench_feed_at(b, "in", "40", 19);
        bench_expect(b, "x", "bad(null, timeout)");
        bench_advance(b, "1min");
        bench_expect(b, "x", i == 0 ? "30" : "40");
        bench_free(b);
    }
}

/* A recording gives the same windows as the days it tells of: the source's time decides, and where
 * it leaps nothing is invented. */
static void source_time(void **state)
{
    struct bench *b = new_window("count: 1h");

    bench_feed_at(b, "in", "1", 86400 * 100);
    bench_feed_at(b, "in", "1", 86400 * 100 + 3599);
    bench_expect(b, "x", "");
    bench_feed_at(b, "in", "1", 86400 * 100 + 3600);
    bench_expect(b, "x", "2");
    bench_feed_at(b, "in", "1", 86400 * 200);
    bench_expect(b, "x", "1");
    bench_free(b);
}

/* A message that is older than others counts while its window is open, and is left out later. */
static void late_messages(void **state)
{
    struct bench *b = new_window("sum: 1min");

    bench_feed_at(b, "in", "1", 30);
    bench_feed_at(b, "in", "2", 10);
    bench_feed_at(b, "in", "4", 61);
    bench_expect(b, "x", "3");
    bench_feed_at(b, "in", "8", 59);
    bench_expect_log(b, "after its window was closed");
    bench_feed_at(b, "in", "16", 120);
    bench_expect(b, "x", "4");
    bench_free(b);

    b = new_window("first: 1min");
    bench_feed_at(b, "in", "1", 30);
    bench_feed_at(b, "in", "2", 10);
    bench_feed_at(b, "in", "4", 61);
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* A window closes as late after the full minute as messages come late, so none is missed. */
static void slow_links(void **state)
{
    struct bench *b = new_window("count: 1min");

    bench_advance(b, "57s");
    bench_feed_at(b, "in", "1", 52); /* five seconds on its way */
    bench_advance(b, "4s");
    bench_expect(b, "x", "");
    bench_feed_at(b, "in", "1", 59);
    bench_advance(b, "5s");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* When the clock is set back the open window is closed early, and the next one is on the new time.
 */
static void clock_set_back(void **state)
{
    struct bench *b = bench_new_at(IN "x: {count: 1h, from: in}\n", "2026-03-29T10:00:00Z");

    bench_feed(b, "in", "1");
    bench_advance(b, "30min");
    bench_feed(b, "in", "1");
    bench_engine(b)->sched.clock.wall -= 5 * MF_HOUR; /* 05:30 */
    bench_feed(b, "in", "1");
    bench_expect(b, "x", "2");
    bench_advance(b, "30min");
    bench_expect(b, "x", "1");
    bench_free(b);
}

/* After a machine has slept there is one result, not one for each window it slept through. */
static void clock_leaps_forward(void **state)
{
    struct bench *b = new_window("mean: 1min, time_weighted: true");

    bench_feed(b, "in", "10");
    bench_engine(b)->sched.clock.wall += 5 * MF_HOUR;
    bench_feed(b, "in", "20");
    bench_expect(b, "x", "10");
    bench_advance(b, "1min");
    bench_expect(b, "x", "20");
    bench_free(b);
}

/* Over the limit the oldest value is left out, and this is said. */
static void the_limit_holds(void **state)
{
    static const char *const values[] = {"9", "8", "7", "6", "5", NULL};
    struct bench *b = new_window("max: 1h, sliding: true, samples: 3");

    feed_all(b, values);
    bench_expect(b, "x", "9 9 9 8 7");
    bench_expect_log(b, "which is the limit (`samples`)");
    bench_free(b);
}

/* A ring that has grown and wrapped around keeps its order: the sum of a steady stream stays. */
static void many_samples(void **state)
{
    struct bench *b = new_window("sum: 100s, sliding: true");

    for (int i = 0; i < 350; i++) {
        char sum[16];

        bench_feed_at(b, "in", "1", i);
        snprintf(sum, sizeof(sum), "%d", i < 100 ? i + 1 : 100);
        bench_expect(b, "x", sum);
    }
    bench_free(b);
}

static double last_of(struct bench *b, const char *name)
{
    return mf_msg_number(mf_node_last(mf_engine_node(bench_engine(b), name), 0));
}

/* Sums that are kept and samples that are kept tell the same of a random stream, messages out of
 * order included: two windows of a minute are one of two. */
static void two_ways_agree(void **state)
{
    struct bench *b = bench_new(IN "one: {sum: 1min, from: in}\n"
                                   "two: {sum: 2min, from: in, every: 1min}\n"
                                   "held: {mean: 1min, from: in, time_weighted: true}\n"
                                   "held_two: {mean: 2min, from: in, time_weighted: true,\n"
                                   "           every: 1min}\n");
    double before = 0, held_before = 0;
    struct mf_rng rng;

    mf_rng_seed(&rng, 42);
    for (int minute = 0; minute < 300; minute++) {
        for (uint64_t i = 0, count = 1 + mf_rng_below(&rng, 9); i < count; i++) {
            char value[16];

            snprintf(value, sizeof(value), "%d", (int)mf_rng_below(&rng, 1000));
            bench_feed_at(b, "in", value, 60.0 * minute + 60 * mf_rng_double(&rng));
        }
        bench_feed_at(b, "in", "0", 60.0 * minute + 60); /* closes the minute */
        assert_true(last_of(b, "two") == before + last_of(b, "one"));
        before = last_of(b, "one");
        if (minute > 1) /* nothing is known of the time before the first message */
            assert_true(fabs(2 * last_of(b, "held_two") - last_of(b, "held") - held_before) < 1e-6);
        held_before = last_of(b, "held");
    }
    bench_free(b);
}

/* A reload disturbs nothing, unless the window is another one; samples stay even then. */
static void reloads(void **state)
{
    static const struct {
        const char *before, *after, *result;
    } cases[] = {
        {"mean: 1min", "mean: 1min, doc: changed", "15"},
        {"mean: 1min, time_weighted: true", "mean: 1min, time_weighted: true, doc: x",
         "12.916666666666666"},
        {"median: 1min", "median: 1min, samples: 50", "15"},
        {"sum: 1min", "sum: 2min", "20"},
        {"median: 1min", "median: 30s, every: 10s", "10 15 20 20"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = new_window(cases[i].before);
        char flow[300];

        bench_feed(b, "in", "10");
        bench_advance(b, "15s");
        snprintf(flow, sizeof(flow), IN "x: {%s, from: in}\n", cases[i].after);
        bench_reload(b, flow);
        bench_advance(b, "10s");
        bench_feed(b, "in", i == 1 ? "15" : "20");
        bench_advance(b, i == 3 ? "95s" : "35s");
        bench_expect(b, "x", cases[i].result);
        bench_free(b);
    }
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    static const struct {
        const char *flow, *code, *part;
    } cases[] = {
        {IN "x: {mean: 1h, from: in, sliding: true, every: 5min}\n", "MF0220",
         "`every` has no meaning"},
        {IN "x: {mean: 1h, from: in, every: 2h}\n", "MF0220", "longer than the window"},
        {IN "x: {count: 1h, from: in, time_weighted: true}\n", "MF0220", "counts messages"},
        {IN "x: {sum: 1h, from: in, time_weighted: true}\n", "MF0220", "counts messages"},
        {IN "x: {mean: 1h, from: in, samples: 0}\n", "MF0206", "0"},
        {IN "x: {mean: 60, from: in}\n", "MF0208", "60"},
        {"in: {test.source: number, unit: °C}\nx: {sum: 1h, from: in}\n", "MF0203",
         "the sum of values in °C means nothing"},
        {"in: {test.source: text}\nx: {mean: 1h, from: in}\n", "MF0204", "mean"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        bench_expect_fault(cases[i].flow, cases[i].code, cases[i].part);
    bench_expect_clean("in: {test.source: number, unit: °C}\n"
                       "x: {mean: 1h, from: in}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions),
        cmocka_unit_test(aligned),
        cmocka_unit_test(empty_windows),
        cmocka_unit_test(hopping),
        cmocka_unit_test(sliding),
        cmocka_unit_test(sliding_median),
        cmocka_unit_test(time_weighted),
        cmocka_unit_test(sliding_time_weighted),
        cmocka_unit_test(booleans),
        cmocka_unit_test(gaps),
        cmocka_unit_test(gaps_and_reloads),
        cmocka_unit_test(nothing_holds_over_a_gap),
        cmocka_unit_test(a_gap_of_a_slow_link),
        cmocka_unit_test(source_time),
        cmocka_unit_test(late_messages),
        cmocka_unit_test(slow_links),
        cmocka_unit_test(clock_set_back),
        cmocka_unit_test(clock_leaps_forward),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(many_samples),
        cmocka_unit_test(two_ways_agree),
        cmocka_unit_test(reloads),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
