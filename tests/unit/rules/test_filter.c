/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* filter: which messages pass, and what holds them back. */

#include "tests/support/bench.h"

/* Messages pass as they are when the condition is true for them. */
static void messages_pass(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: °C}\n"
                                "x: {filter: value ~= 85 °C, from: in}\n");

    bench_feed(b, "in", "20");
    bench_feed(b, "in", "85");
    bench_feed(b, "in", "21");
    bench_feed(b, "in", "21");
    bench_expect(b, "x", "20 21 21");
    bench_expect_unit(b, "x", "°C");
    bench_free(b);
}

/* Other names are looked up; they let nothing pass by themselves, and are waited for. */
static void other_names(void **state)
{
    struct bench *b = bench_new("in: {test.source: text}\n"
                                "open: {test.source: bool}\n"
                                "x: {filter: open, from: in}\n");

    bench_feed(b, "in", "\"early\"");
    bench_feed(b, "open", "true");
    bench_expect(b, "x", "");
    bench_feed(b, "in", "\"a\"");
    bench_feed(b, "open", "false");
    bench_feed(b, "in", "\"b\"");
    bench_feed(b, "open", "true");
    bench_expect(b, "x", "\"a\"");
    bench_feed_many(b, "in=\"c\" open=false");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* Several sources are one stream, each message judged on its own. */
static void several_sources(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\nb: {test.source: number}\n"
                                "x: {filter: value > 5, from: [a, b]}\n");

    bench_feed_many(b, "a=6 b=7");
    bench_feed_many(b, "a=1 b=8");
    bench_feed_many(b, "a=9 b=2");
    bench_expect(b, "x", "6 7 8 9");
    bench_free(b);
}

/* That the input is dead passes; a good message that is held back says the last one holds. */
static void dead_input(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {filter: value > 5, from: in}\n");

    bench_feed(b, "in", "6");
    bench_fail(b, "in", "timeout");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "7");
    bench_expect(b, "x", "6 bad(6, timeout) 6 7");
    bench_free(b);
}

/* A condition without a result is a message that cannot be used. */
static void no_result(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "x: {filter: value.n > 5, from: in}\n");

    bench_feed(b, "in", "{\"n\":6}");
    bench_feed(b, "in", "{\"n\":\"six\"}");
    bench_expect(b, "x", "{\"n\":6} bad({\"n\":6}, wrong type)");
    bench_expect_log(b, "the condition has no result");
    bench_free(b);
}

/* A filter that a reload changed knows what the other names said last; a message that was judged
 * before is not judged again. */
static void reload_knows_the_inputs(void **state)
{
    struct bench *b = bench_new("src: {test.source: number}\nopen: {test.source: bool}\n"
                                "x: {filter: open and value > 5, from: src}\n");

    bench_feed(b, "open", "true");
    bench_feed(b, "src", "4");
    bench_expect(b, "x", "");
    bench_reload(b, "src: {test.source: number}\nopen: {test.source: bool}\n"
                    "x: {filter: open and value > 3, from: src}\n");
    bench_expect(b, "x", "");
    bench_feed(b, "src", "4");
    bench_expect(b, "x", "4");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("power: {test.source: number}\nx: {filter: power > 5}\n", "MF0305",
                       "no messages to filter");
    bench_expect_fault("in: {test.source: number, unit: W}\nx: {filter: value > 5 °C, from: in}\n",
                       "MF0413", "temperature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_pass),   cmocka_unit_test(other_names),
        cmocka_unit_test(several_sources), cmocka_unit_test(dead_input),
        cmocka_unit_test(no_result),       cmocka_unit_test(reload_knows_the_inputs),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
