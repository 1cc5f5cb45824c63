/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* curve: lines between points, ends, units. */

#include "tests/support/bench.h"

#define IN "in: {test.source: number}\n"

/* Points come out exactly, lines in between; at the ends the value holds or the line goes on. */
static void lines(void **state)
{
    static const struct {
        const char *fed, *held, *continued;
    } cases[] = {
        {"0", "10", "10"},  {"5", "15", "15"},       {"10", "20", "20"},
        {"15", "15", "15"}, {"20", "10", "10"},      {"-10", "10", "0"},
        {"30", "10", "0"},  {"0.1", "10.1", "10.1"}, {"1e9", "10", "-999999970"},
    };
    struct bench *b = bench_new(IN "x: {curve: [[0, 10], [10, 20], [20, 10]], from: in}\n"
                                   "y: {curve: [[0, 10], [10, 20], [20, 10]], from: in, "
                                   "extrapolate: true}\n");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_feed(b, "in", cases[i].fed);
        bench_expect(b, "x", cases[i].held);
        bench_expect(b, "y", cases[i].continued);
    }
    bench_free(b);
}

/* Each stretch of a longer curve is found. */
static void stretches(void **state)
{
    struct bench *b =
        bench_new(IN "x: {curve: [[0, 0], [1, 1], [2, 4], [3, 9], [4, 16], [5, 25]], from: in}\n");

    bench_feed(b, "in", "0.5");
    bench_feed(b, "in", "1.5");
    bench_feed(b, "in", "2.5");
    bench_feed(b, "in", "3.5");
    bench_feed(b, "in", "4.5");
    bench_expect(b, "x", "0.5 2.5 6.5 12.5 20.5");
    bench_free(b);
}

/* x is converted to the unit of the input, y to the node's or that of the first y with one. */
static void units(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: kW}\n"
                                "x: {curve: [[0 W, 20], [1000 W, 40 °C], [2, 50]], from: in}\n"
                                "y: {curve: [[0, 273.15 K], [2, 323.15 K]], from: in, unit: °C}\n");

    bench_feed(b, "in", "0.5");
    bench_feed(b, "in", "1.5");
    bench_expect(b, "x", "30 45");
    bench_expect_unit(b, "x", "°C");
    bench_expect(b, "y", "12.5 37.5");
    bench_expect_unit(b, "y", "°C");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault(IN "x: {curve: [[0, 1]], from: in}\n", "MF0205", "2 to 10000 points");
    bench_expect_fault(IN "x: {curve: [[0, 1], [1]], from: in}\n", "MF0205", "a point");
    bench_expect_fault(IN "x: {curve: [[0, 1], [1, warm]], from: in}\n", "MF0205", "a number");
    bench_expect_fault(IN "x: {curve: [[0, 1], [0, 2]], from: in}\n", "MF0220", "in order");
    bench_expect_fault("in: {test.source: number, unit: kW}\n"
                       "x: {curve: [[1, 1], [500 W, 2]], from: in}\n",
                       "MF0220", "in order");
    bench_expect_fault("in: {test.source: number, unit: kW}\n"
                       "x: {curve: [[1 °C, 1], [5, 2]], from: in}\n",
                       "MF0203", "x of the curve");
    bench_expect_fault(IN "x: {curve: [[1, 1 W], [5, 2 °C]], from: in}\n", "MF0203",
                       "y of the curve");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(stretches),
        cmocka_unit_test(units),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
