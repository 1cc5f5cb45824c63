/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* expr as a node: wiring, turns, units, and results that are none. */

#include "tests/support/bench.h"

/* Names wire themselves; nothing is said before each has had a value, then once per turn. */
static void names_are_inputs(void **state)
{
    struct bench *b = bench_new("pv: {test.source: number, unit: kW}\n"
                                "load: {test.source: number, unit: W}\n"
                                "x: {expr: pv - load, unit: W}\n");

    bench_feed(b, "pv", "3");
    bench_expect(b, "x", "");
    bench_feed(b, "load", "500");
    bench_expect(b, "x", "2500");
    bench_feed_many(b, "pv=4 load=1000");
    bench_expect(b, "x", "3000");
    bench_expect_unit(b, "x", "W");
    bench_free(b);
}

/* `value` is what `from` names, and it is waited for as well. */
static void value_is_from(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "other: {test.source: number}\n"
                                "x: {expr: value * 2, from: in}\n"
                                "y: {expr: value + other, from: in}\n"
                                "z: {expr: value + limit, from: {value: in, limit: other}}\n");

    bench_feed(b, "other", "10");
    bench_expect(b, "y", "");
    bench_expect(b, "z", "");
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "6");
    bench_expect(b, "y", "13");
    bench_expect(b, "z", "13");
    bench_free(b);
}

/* Several nodes feed `value` as one stream: each message gives a result, in order of arrival. */
static void value_of_several(void **state)
{
    struct bench *b = bench_new("a: {test.source: number, unit: W}\n"
                                "b: {test.source: number, unit: kW}\n"
                                "k: {test.source: number}\n"
                                "x: {expr: value * k, from: [a, b]}\n");

    bench_feed(b, "k", "2");
    bench_feed(b, "b", "1");
    bench_expect(b, "x", "2000");
    bench_feed(b, "a", "5");
    bench_expect(b, "x", "10");
    bench_feed_many(b, "a=6 b=2");
    bench_expect(b, "x", "12 4000");
    bench_feed(b, "k", "3");
    bench_expect(b, "x", "6000");
    bench_reload(b, "a: {test.source: number, unit: W}\n"
                    "b: {test.source: number, unit: kW}\n"
                    "k: {test.source: number}\n"
                    "x: {expr: value / k, from: [a, b]}\n");
    bench_expect(b, "x", "2");
    bench_free(b);
}

/* After a reload `value` is what any of its nodes said, if only one has spoken. */
static void value_of_several_after_a_reload(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\nb: {test.source: number}\n"
                                "x: {expr: value * 2, from: [a, b]}\n");

    bench_feed(b, "b", "5");
    bench_expect(b, "x", "10");
    bench_reload(b, "a: {test.source: number}\nb: {test.source: number}\n"
                    "x: {expr: value * 3, from: [a, b]}\n");
    bench_expect(b, "x", "15");
    bench_free(b);
}

/* Fields of a map, and the names of a `from` map. */
static void fields_and_labels(void **state)
{
    struct bench *b = bench_new("weather: {test.source: map}\n"
                                "x: {expr: weather.wind.speed}\n"
                                "y: {expr: 'value[\"temp\"]', from: weather, type: number}\n"
                                "z: {expr: w.temp + 1, from: {w: weather}}\n");

    bench_feed(b, "weather", "{\"temp\":21.5,\"wind\":{\"speed\":3}}");
    bench_expect(b, "x", "3");
    bench_expect(b, "y", "21.5");
    bench_expect(b, "z", "22.5");
    bench_free(b);
}

/* A constant is said once, at the start. */
static void constants_are_said_once(void **state)
{
    struct bench *b = bench_new("x: {expr: 20 °C + 1.5 K}\ny: {expr: \"'open'\"}\n");

    bench_expect(b, "x", "21.5");
    bench_expect_unit(b, "x", "°C");
    bench_expect(b, "y", "\"open\"");
    bench_advance(b, "1h");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* No result is a bad value with a reason, or is dropped. */
static void no_result(void **state)
{
    struct bench *b = bench_new("doc: {test.source: any}\n"
                                "i: {test.source: int}\n"
                                "x: {expr: doc.temp + 1}\n"
                                "y: {expr: doc.temp, on_error: drop}\n"
                                "z: {expr: 10 // i}\n"
                                "q: {expr: 10 / i}\n");

    bench_feed(b, "doc", "{\"temp\":1}");
    bench_feed(b, "doc", "{}");
    bench_feed(b, "doc", "{\"temp\":2}");
    bench_expect(b, "x", "2 bad(2, no value) 3");
    bench_expect(b, "y", "1 2");
    bench_feed(b, "i", "3");
    bench_feed(b, "i", "0");
    bench_expect(b, "z", "3 bad(3, division by zero)");
    bench_expect(b, "q", "3.3333333333333335 bad(3.3333333333333335, not a number)");
    bench_free(b);
}

/* The worst input decides. */
static void quality_of_the_worst(void **state)
{
    struct bench *b = bench_new("p: {test.source: number}\nq: {test.source: number}\n"
                                "x: {expr: p + q}\n");

    bench_feed_many(b, "p=1 q=2");
    bench_fail(b, "p", "stale");
    bench_fail(b, "q", "timeout");
    bench_feed(b, "q", "3");
    bench_feed(b, "p", "2");
    bench_expect(b, "x", "3 stale(3) bad(3, timeout) stale(3) 5");
    bench_free(b);
}

/* previous() is the value of the turn before, nil at first, and does not run the node. */
static void previous_closes_loops(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "sum: {expr: (previous(sum) or 0) + value, from: in}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "3");
    bench_expect(b, "sum", "1 3 6");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("x: {expr: }\n", "MF0202", "expression");
    bench_expect_fault("power: {test.source: number}\nx: {expr: powr * 2}\n", "MF0301", "power");
    bench_expect_fault("x: {expr: value * 2}\n", "MF0305", "from");
    bench_expect_fault("a: {test.source: number}\nb: {test.source: text}\n"
                       "x: {expr: value, from: [a, b]}\n",
                       "MF0204", "merge");
    bench_expect_fault("a: {test.source: number}\nb: {test.source: number}\n"
                       "x: {expr: value, from: {value: [a, b]}}\n",
                       "MF0306", "merge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_inputs),
        cmocka_unit_test(value_is_from),
        cmocka_unit_test(value_of_several),
        cmocka_unit_test(value_of_several_after_a_reload),
        cmocka_unit_test(fields_and_labels),
        cmocka_unit_test(constants_are_said_once),
        cmocka_unit_test(no_result),
        cmocka_unit_test(quality_of_the_worst),
        cmocka_unit_test(previous_closes_loops),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
