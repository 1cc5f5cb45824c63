/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* merge and join: several inputs, one stream or one map. */

#include "tests/support/bench.h"

#define INPUTS "a: {test.source: number, unit: W}\nb: {test.source: number, unit: kW}\n"

/* merge: every message passes, in the unit of the first input. */
static void merge_passes_all(void **state)
{
    struct bench *b = bench_new(INPUTS "x: {merge: , from: [a, b]}\n");

    bench_feed(b, "a", "1");
    bench_feed(b, "b", "2");
    bench_feed_many(b, "a=3 b=4");
    bench_feed(b, "a", "3");
    bench_expect(b, "x", "1 2000 3 4000 3");
    bench_expect_unit(b, "x", "W");
    bench_free(b);
}

/* merge: the output is as good as the one that spoke last. */
static void merge_quality(void **state)
{
    struct bench *b = bench_new(INPUTS "x: {merge: , from: [a, b]}\n");

    bench_feed(b, "a", "1");
    bench_fail(b, "b", "timeout");
    bench_feed(b, "a", "2");
    bench_expect(b, "x", "1 bad(1, timeout) 2");
    bench_free(b);
}

/* merge: types of all inputs are types of the output. */
static void merge_types(void **state)
{
    struct bench *b = bench_new("n: {test.source: int}\nt: {test.source: text}\n"
                                "x: {merge: , from: [n, t]}\n");

    bench_feed(b, "n", "9007199254740993");
    bench_feed(b, "t", "\"done\"");
    bench_expect(b, "x", "9007199254740993 \"done\"");
    bench_free(b);
    bench_expect_fault("n: {test.source: bool}\nt: {test.source: text}\n"
                       "x: {merge: , from: [n, t]}\ny: {scale: 2, from: x}\n",
                       "MF0204", "bool or text");
}

/* join: one map per turn, named after the nodes, once all have had a value. */
static void join_waits_for_all(void **state)
{
    struct bench *b = bench_new(INPUTS "x: {join: , from: [a, b]}\n");

    bench_feed(b, "a", "1");
    bench_expect(b, "x", "");
    bench_feed(b, "b", "2");
    bench_feed_many(b, "a=3 b=4");
    bench_expect(b, "x", "{\"a\":1,\"b\":2} {\"a\":3,\"b\":4}");
    bench_free(b);
}

/* join: `wait: any` leaves out what has not come; names of a `from` map are the keys. */
static void join_waits_for_any(void **state)
{
    struct bench *b = bench_new(INPUTS "x: {join: , from: {pv: a, load: b}, wait: any}\n");

    bench_feed(b, "b", "2");
    bench_feed(b, "a", "1");
    bench_expect(b, "x", "{\"load\":2} {\"pv\":1,\"load\":2}");
    bench_free(b);
}

/* join: all ports of a node, under the names of the ports. */
static void join_takes_all_ports(void **state)
{
    struct bench *b = bench_new("m: {test.source: map}\n"
                                "s: {split: , fields: [u, i], from: m}\n"
                                "x: {join: , from: s.*}\n");

    bench_feed(b, "m", "{\"i\":2,\"u\":230}");
    bench_expect(b, "x", "{\"u\":230,\"i\":2}");
    bench_free(b);
}

/* join: one dead input makes the map stale. */
static void join_quality(void **state)
{
    struct bench *b = bench_new(INPUTS "x: {join: , from: [a, b]}\n");

    bench_feed_many(b, "a=1 b=2");
    bench_fail(b, "a", "stale");
    bench_feed(b, "a", "1");
    bench_expect(b, "x", "{\"a\":1,\"b\":2} stale({\"a\":1,\"b\":2}) {\"a\":1,\"b\":2}");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("x: {join: }\n", "MF0305", "nothing to join");
    bench_expect_fault("x: {merge: }\n", "MF0305", "no input");
    bench_expect_fault(INPUTS "x: {join: , from: [a, b], wait: none}\n", "MF0207", "all");
    bench_expect_fault(INPUTS "t: {test.source: number, unit: °C}\nx: {merge: , from: [a, t]}\n",
                       "MF0203", "temperature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merge_passes_all),   cmocka_unit_test(merge_quality),
        cmocka_unit_test(merge_types),        cmocka_unit_test(join_waits_for_all),
        cmocka_unit_test(join_waits_for_any), cmocka_unit_test(join_takes_all_ports),
        cmocka_unit_test(join_quality),       cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
