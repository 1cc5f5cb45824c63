/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* split and pick: fields of a map. */

#include "tests/support/bench.h"

/* split: fields come out at ports of their names; what is not there says nothing. */
static void split_gives_fields(void **state)
{
    struct bench *b = bench_new("in: {test.source: map}\n"
                                "x: {split: , fields: [temp, hum], from: in}\n");

    bench_feed(b, "in", "{\"temp\":20.5,\"hum\":40,\"other\":1}");
    bench_feed(b, "in", "{\"temp\":21}");
    bench_feed(b, "in", "{\"hum\":\"wet\"}");
    bench_expect(b, "x.temp", "20.5 21");
    bench_expect(b, "x.hum", "40 \"wet\"");
    bench_free(b);
}

/* split: paths lead to nested fields and into lists. */
static void split_follows_paths(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "x: {split: , from: in, fields: {speed: wind.speed, "
                                "first: 'values:0', last: 'values:-1'}}\n");

    bench_feed(b, "in", "{\"wind\":{\"speed\":3},\"values\":[1,2,3]}");
    bench_expect(b, "x.speed", "3");
    bench_expect(b, "x.first", "1");
    bench_expect(b, "x.last", "3");
    bench_free(b);
}

/* split: null is a field whose value is missing; the next good one is good. */
static void split_null_is_missing(void **state)
{
    struct bench *b = bench_new("in: {test.source: map}\n"
                                "x: {split: , fields: [t], from: in}\n");

    bench_feed(b, "in", "{\"t\":1}");
    bench_feed(b, "in", "{\"t\":null}");
    bench_feed(b, "in", "{\"t\":1}");
    bench_expect(b, "x.t", "1 bad(1, field missing) 1");
    bench_free(b);
}

/* split: `type` and `unit` say what the fields are, and hold for each of them. */
static void split_is_typed(void **state)
{
    struct bench *b = bench_new("in: {test.source: map}\n"
                                "x: {split: , fields: [a, b], from: in, type: number, unit: W}\n"
                                "y: {expr: x.a + x.b, unit: kW}\n");

    bench_feed(b, "in", "{\"a\":1500,\"b\":500}");
    bench_expect(b, "y", "2");
    bench_expect_unit(b, "x.a", "W");
    bench_free(b);
}

/* A dead input marks every port. */
static void split_quality(void **state)
{
    struct bench *b = bench_new("in: {test.source: map}\n"
                                "x: {split: , fields: [a, b], from: in}\n");

    bench_feed(b, "in", "{\"a\":1,\"b\":2}");
    bench_fail(b, "in", "timeout");
    bench_expect(b, "x.a", "1 bad(1, timeout)");
    bench_expect(b, "x.b", "2 bad(2, timeout)");
    bench_free(b);
}

/* pick: the field a path leads to; one that leads nowhere, or to null, is bad. */
static void pick_follows_a_path(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "x: {pick: wind.speed, from: in, type: number, unit: m/s}\n"
                                "y: {pick: 'list:1', from: in, on_error: drop}\n");

    bench_feed(b, "in", "{\"wind\":{\"speed\":3}}");
    bench_feed(b, "in", "{\"wind\":{}}");
    bench_feed(b, "in", "{\"wind\":{\"speed\":null},\"list\":[1,2]}");
    bench_feed(b, "in", "{\"wind\":{\"speed\":4}}");
    bench_expect(b, "x", "3 bad(3, field missing) bad(3, field missing) 4");
    bench_expect_unit(b, "x", "m/s");
    bench_expect(b, "y", "2");
    bench_expect_log(b, "no field `wind.speed`");
    bench_free(b);
}

/* pick: fields that make a smaller map, of the whole or behind a path. */
static void pick_makes_smaller_maps(void **state)
{
    struct bench *b = bench_new("in: {test.source: map}\n"
                                "x: {pick: , fields: [b, a], from: in}\n"
                                "y: {pick: m, fields: [c], from: in}\n");

    bench_feed(b, "in", "{\"a\":1,\"b\":2,\"m\":{\"c\":3,\"d\":4}}");
    bench_expect(b, "x", "{\"b\":2,\"a\":1}");
    bench_expect(b, "y", "{\"c\":3}");
    bench_feed(b, "in", "{\"a\":1,\"m\":5}");
    bench_expect(b, "x", "{\"a\":1}");
    bench_expect(b, "y", "bad({\"c\":3}, wrong type)");
    bench_free(b);
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: map}\nx: {split: , from: in}\n", "MF0202", "fields");
    bench_expect_fault("in: {test.source: map}\nx: {split: , from: in, fields: []}\n", "MF0205",
                       "1 to 250");
    bench_expect_fault("in: {test.source: map}\nx: {split: , from: in, fields: [Temp]}\n", "MF0205",
                       "name of an output");
    bench_expect_fault("in: {test.source: map}\nx: {split: , from: in, fields: [a, a]}\n", "MF0312",
                       "`a`");
    bench_expect_fault("in: {test.source: map}\nx: {split: , from: in, fields: [temp, hum]}\n"
                       "y: {expr: x.tmp}\n",
                       "MF0302", "x.temp");
    bench_expect_fault("in: {test.source: map}\nx: {pick: , from: in}\n", "MF0220", "path");
    bench_expect_fault("in: {test.source: number}\nx: {pick: a, from: in}\n", "MF0204", "number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_gives_fields),      cmocka_unit_test(split_follows_paths),
        cmocka_unit_test(split_null_is_missing),   cmocka_unit_test(split_is_typed),
        cmocka_unit_test(split_quality),           cmocka_unit_test(pick_follows_a_path),
        cmocka_unit_test(pick_makes_smaller_maps), cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
