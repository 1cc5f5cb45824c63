/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* deadband: what has moved far enough, and the heartbeat. */

#include <stdio.h>

#include "tests/support/bench.h"

static void feed_all(struct bench *b, const char *const *values)
{
    for (; *values; values++)
        bench_feed(b, "in", *values);
}

/* A slow drift must come out in steps of the width, not vanish. */
static void drift_is_reported(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number, unit: W}\nx: {deadband: 1 W, from: in}\n");

    for (int i = 0; i <= 25; i++) {
        char number[32];

        snprintf(number, sizeof(number), "%d.%d", i / 10, i % 10);
        bench_feed(b, "in", number);
    }
    bench_expect(b, "x", "0 1.1 2.2");
    bench_free(b);
}

/* A change by exactly the width is not more than the width. */
static void width_itself_is_held_back(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {deadband: 5, from: in}\n");

    feed_all(b, (const char *[]){"10", "15", "5", "15.5", "10", "10.5", NULL});
    bench_expect(b, "x", "10 15.5 10");
    bench_free(b);
}

/* A width of 0 holds back repetitions only. */
static void no_width(void **state)
{
    struct bench *b = bench_new("in: {test.source: int}\nx: {deadband: 0, from: in}\n");

    feed_all(b, (const char *[]){"1", "1", "2", "2", "1", NULL});
    bench_expect(b, "x", "1 2 1");
    bench_free(b);
}

/* The width is converted to the unit of the input, temperatures as differences. */
static void width_has_a_unit(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: kW}\n"
                                "x: {deadband: 20 W, from: in}\n"
                                "temp: {test.source: number, unit: °C}\n"
                                "k: {deadband: 1 K, from: temp}\n"
                                "f: {deadband: 1.8 °F, from: temp}\n");

    feed_all(b, (const char *[]){"1", "1.015", "1.025", "1.01", "1", NULL});
    bench_expect(b, "x", "1 1.025 1");
    bench_expect_unit(b, "x", "kW");
    bench_feed(b, "temp", "20");
    bench_feed(b, "temp", "20.9");
    bench_feed(b, "temp", "21.1");
    bench_expect(b, "k", "20 21.1");
    bench_expect(b, "f", "20 21.1");
    bench_free(b);
}

/* A width in % is a share of the last value that passed, whatever its sign. */
static void relative_width(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number, unit: W}\nx: {deadband: 5 %, from: in}\n");

    feed_all(b, (const char *[]){"100", "104", "95", "106", "-200", "-209", "-211", "0", "0", "0.1",
                                 NULL});
    bench_expect(b, "x", "100 106 -200 -211 0 0.1");
    bench_free(b);
}

/* Where the input is in % itself, the width is in the same points. */
static void ratios_are_absolute(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number, unit: \"%\"}\nx: {deadband: 5 %, from: in}\n");

    feed_all(b, (const char *[]){"40", "44", "46", "42", NULL});
    bench_expect(b, "x", "40 46");
    bench_free(b);
}

/* against: input looks for jumps: a drift of any length does not pass. */
static void jumps(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number}\nx: {deadband: 5, from: in, against: input}\n");

    feed_all(b, (const char *[]){"0", "4", "8", "12", "20", "24", "18", NULL});
    bench_expect(b, "x", "0 20 18");
    bench_free(b);
}

/* After silence the latest value passes, moved or not; what passes starts the time anew. */
static void heartbeat(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number}\nx: {deadband: 5, from: in, heartbeat: 1min}\n");

    bench_advance(b, "5min");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "10");
    bench_advance(b, "50s");
    bench_feed(b, "in", "12");
    bench_expect(b, "x", "10");
    bench_advance(b, "10s");
    bench_expect(b, "x", "12");
    bench_advance(b, "30s");
    bench_feed(b, "in", "20");
    bench_advance(b, "59s");
    bench_expect(b, "x", "20");
    bench_advance(b, "1s");
    bench_expect(b, "x", "20");
    bench_free(b);
}

/* A dead input makes the output stale at once, its heartbeat too; when the value comes back
 * unmoved it is said again as good. */
static void dead_input(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number}\nx: {deadband: 5, from: in, heartbeat: 1min}\n");

    bench_feed(b, "in", "10");
    bench_fail(b, "in", "stale");
    bench_expect(b, "x", "10 stale(10)");
    bench_advance(b, "1min");
    bench_expect(b, "x", "stale(10)");
    bench_feed(b, "in", "11");
    bench_expect(b, "x", "10");
    bench_free(b);
}

/* A reload with another width measures from what was passed before, and the heartbeat goes on. */
static void reload_keeps_what_was_passed(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number}\nx: {deadband: 5, from: in, heartbeat: 1min}\n");

    bench_feed(b, "in", "10");
    bench_advance(b, "40s");
    bench_reload(b, "in: {test.source: number}\nx: {deadband: 3, from: in, heartbeat: 1min}\n");
    bench_feed(b, "in", "12");
    bench_expect(b, "x", "10");
    bench_feed(b, "in", "14");
    bench_expect(b, "x", "14");
    bench_advance(b, "60s");
    bench_expect(b, "x", "14");
    bench_free(b);
}

/* The same for a node that is made anew because something else about it changed. */
static void state_is_handed_over(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nother: {test.source: number}\n"
                                "x: {deadband: 5, from: in, heartbeat: 1min}\n");

    bench_feed(b, "in", "10");
    bench_advance(b, "40s");
    bench_reload(b, "in: {test.source: number}\nother: {test.source: number}\n"
                    "x: {deadband: 5, from: other, heartbeat: 1min}\n");
    bench_feed(b, "other", "12");
    bench_expect(b, "x", "10");
    bench_advance(b, "20s");
    bench_expect(b, "x", "12");
    bench_free(b);
}

/* A dead input is not made alive by a reload; the first good value passes, moved or not. */
static void reload_with_a_dead_input(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number}\nx: {deadband: 5, from: in, heartbeat: 1min}\n");

    bench_feed(b, "in", "10");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x", "10 bad(10, timeout)");
    bench_reload(b, "in: {test.source: number}\n"
                    "x: {deadband: 5, from: in, heartbeat: 1min, on_error: drop}\n");
    bench_advance(b, "5min");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "11");
    bench_expect(b, "x", "11");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number}\nx: {deadband: -1, from: in}\n", "MF0205",
                       "0 or more");
    bench_expect_fault("in: {test.source: number}\nx: {deadband: wide, from: in}\n", "MF0205",
                       "a number");
    bench_expect_fault("in: {test.source: number, unit: W}\nx: {deadband: 20 V, from: in}\n",
                       "MF0203", "voltage");
    bench_expect_fault("in: {test.source: number}\nx: {deadband: 1, from: in, heartbeat: 5}\n",
                       "MF0208", "5");
    bench_expect_fault("in: {test.source: number}\nx: {deadband: 1, from: in, against: inptu}\n",
                       "MF0207", "input");
    bench_expect_fault("in: {test.source: text}\nx: {deadband: 1, from: in}\n", "MF0204", "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drift_is_reported),
        cmocka_unit_test(width_itself_is_held_back),
        cmocka_unit_test(no_width),
        cmocka_unit_test(width_has_a_unit),
        cmocka_unit_test(relative_width),
        cmocka_unit_test(ratios_are_absolute),
        cmocka_unit_test(jumps),
        cmocka_unit_test(heartbeat),
        cmocka_unit_test(dead_input),
        cmocka_unit_test(reload_keeps_what_was_passed),
        cmocka_unit_test(state_is_handed_over),
        cmocka_unit_test(reload_with_a_dead_input),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
