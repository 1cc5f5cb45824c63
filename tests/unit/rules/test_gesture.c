/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gesture: clicks, double clicks, long presses, and nothing where there was nothing. */

#include "tests/support/bench.h"

#define IN "in: {test.source: bool}\n"

static void press(struct bench *b, const char *how_long)
{
    bench_feed(b, "in", "true");
    bench_advance(b, how_long);
    bench_feed(b, "in", "false");
}

static void expect(struct bench *b, const char *click, const char *hold, const char *twice)
{
    bench_expect(b, "x.click", click);
    bench_expect(b, "x.long", hold);
    bench_expect(b, "x.double", twice);
}

/* A click is told when it can no longer become a double one. */
static void click(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in}\n");

    press(b, "100ms");
    bench_advance(b, "299ms");
    expect(b, "", "", "");
    bench_advance(b, "1ms");
    expect(b, "true", "", "");
    bench_free(b);
}

/* Without double clicks there is nothing to wait for. */
static void click_at_once(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in, double: 0s}\n");

    press(b, "100ms");
    expect(b, "true", "", "");
    press(b, "100ms");
    expect(b, "true", "", "");
    bench_free(b);
}

/* Two clicks are a double one, three are a double and a single one. */
static void double_click(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in}\n");

    press(b, "100ms");
    bench_advance(b, "200ms");
    press(b, "399ms");
    expect(b, "", "", "true");
    bench_advance(b, "200ms");
    press(b, "100ms");
    bench_advance(b, "1s");
    expect(b, "true", "", "");
    bench_free(b);
}

/* A long press is told while the button is still down, once. */
static void long_press(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "399ms");
    expect(b, "", "", "");
    bench_advance(b, "1ms");
    expect(b, "", "true", "");
    bench_advance(b, "5s");
    bench_feed(b, "in", "false");
    bench_advance(b, "1s");
    expect(b, "", "", "");
    bench_free(b);
}

/* A click and a long press are both. */
static void click_then_long(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in}\n");

    press(b, "100ms");
    bench_advance(b, "100ms");
    press(b, "600ms");
    bench_advance(b, "1s");
    expect(b, "true", "true", "");
    bench_free(b);
}

/* Between and beyond the ranges there is nothing; a closed range is told at the release. */
static void ranges(void **state)
{
    static const struct {
        const char *how_long, *click, *hold;
    } cases[] = {
        {"40ms", "", ""},  {"50ms", "true", ""}, {"299ms", "true", ""}, {"300ms", "", ""},
        {"999ms", "", ""}, {"1s", "", "true"},   {"2s", "", "true"},    {"2001ms", "", ""},
    };
    struct bench *b = bench_new(IN "x: {gesture: , from: in, click: 50ms..300ms, long: 1s..2s,\n"
                                   "    double: 0s}\n");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        press(b, cases[i].how_long);
        expect(b, cases[i].click, cases[i].hold, "");
    }
    bench_free(b);
}

/* The source's time counts, however late its messages arrive. */
static void source_time(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in, double: 0s}\n");

    bench_feed_at(b, "in", "true", 1.0);
    bench_feed_at(b, "in", "false", 1.5);
    expect(b, "", "true", "");
    bench_free(b);
}

/* A gap forgets the press under way, and is no gesture itself. */
static void gaps(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "200ms");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "10s");
    bench_feed(b, "in", "false");
    bench_advance(b, "10s");
    expect(b, "", "", "");
    press(b, "100ms");
    bench_advance(b, "1s");
    expect(b, "true", "", "");
    bench_free(b);
}

/* A press under way survives a reload. */
static void a_reload_keeps_the_press(void **state)
{
    struct bench *b = bench_new(IN "x: {gesture: , from: in}\n");

    bench_feed(b, "in", "true");
    bench_advance(b, "300ms");
    bench_reload(b, IN "x: {gesture: , from: in, double: 0s}\n");
    bench_advance(b, "100ms");
    expect(b, "", "true", "");
    bench_feed(b, "in", "false");
    bench_advance(b, "1s");
    expect(b, "", "", "");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault(IN "x: {gesture: , from: in, click: 0ms..500ms, long: 400ms..}\n", "MF0220",
                       "a press of 0.4 s would be a click and a long one at once");
    bench_expect_fault(IN "x: {gesture: , from: in, triple: 1s}\n", "MF0201", "triple");
    bench_expect_clean(IN "x: {gesture: , from: in, click: 0ms..500ms, long: 500ms..}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(click),
        cmocka_unit_test(click_at_once),
        cmocka_unit_test(double_click),
        cmocka_unit_test(long_press),
        cmocka_unit_test(click_then_long),
        cmocka_unit_test(ranges),
        cmocka_unit_test(source_time),
        cmocka_unit_test(gaps),
        cmocka_unit_test(a_reload_keeps_the_press),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
