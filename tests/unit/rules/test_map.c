/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* map: keys of all types, results with units, and what is not in the table. */

#include <stdio.h>

#include "tests/support/bench.h"

/* Each type finds its key in its own way. */
static void keys(void **state)
{
    static const struct {
        const char *source, *table, *fed, *expected;
    } cases[] = {
        {"int", "{0: off, 1: heating}", "1", "\"heating\""},
        {"number", "{0: off, 1: heating}", "1.0", "\"heating\""},
        {"number", "{0.50: half, 1e1: ten}", "0.5", "\"half\""},
        {"number", "{0.50: half, 1e1: ten}", "10", "\"ten\""},
        {"int", "{10.0: ten}", "10", "\"ten\""},
        {"int", "{0x1f: mask}", "31", "\"mask\""},
        {"int", "{9007199254740993: exact}", "9007199254740993", "\"exact\""},
        {"number", "{10000000000000000: big}", "1e16", "\"big\""},
        {"bool", "{on: 1, off: 0}", "true", "1"},
        {"bool", "{\"true\": yes, no: no}", "false", "\"no\""},
        {"text", "{open: true, closed: false}", "\"closed\"", "false"},
        {"text", "{1.50: a}", "\"1.50\"", "\"a\""},
        {"text", "{\"a b\": 1, \"\": 2}", "\"\"", "2"},
        {"any", "{1: [1, 2], on: {a: 1}}", "1", "[1,2]"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[300];
        struct bench *b;

        snprintf(flow, sizeof(flow), "in: {test.source: %s}\nx: {map: %s, from: in}\n",
                 cases[i].source, cases[i].table);
        b = bench_new(flow);
        bench_feed(b, "in", cases[i].fed);
        bench_expect(b, "x", cases[i].expected);
        bench_free(b);
    }
}

/* What is not in the table is bad, or the default. */
static void misses(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "x: {map: {1: one}, from: in}\n"
                                "y: {map: {1: one}, from: in, default: many}\n"
                                "z: {map: {1: one}, from: in, on_error: drop}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "\"1\"");
    bench_feed(b, "in", "true");
    bench_expect(b, "x", "\"one\" bad(\"one\", out of range) \"one\" bad(\"one\", out of range)");
    bench_expect(b, "y", "\"one\" \"many\" \"one\" \"many\"");
    bench_expect(b, "z", "\"one\" \"one\"");
    bench_expect_log(b, "no entry for `2`");
    bench_free(b);
}

/* Results are converted to one unit: the node's, or that of the first; bare numbers are in it. */
static void results_have_units(void **state)
{
    static const char table[] = "{map: {0: 0 W, 1: 1.5 kW, 2: 700}, from: in, default: 1 kW";
    char flow[500];
    struct bench *b;

    snprintf(flow, sizeof(flow), "in: {test.source: int}\nx: %s}\ny: %s, unit: kW}\n", table,
             table);
    b = bench_new(flow);
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "1500 700 1000");
    bench_expect_unit(b, "x", "W");
    bench_expect(b, "y", "1.5 700 1");
    bench_expect_unit(b, "y", "kW");
    bench_free(b);
}

/* The types of the results are known to the readers. */
static void results_are_typed(void **state)
{
    bench_expect_fault("in: {test.source: int}\nx: {map: {0: off, 1: heating}, from: in}\n"
                       "y: {scale: 2, from: x}\n",
                       "MF0204", "text");
    bench_expect_clean("in: {test.source: int}\nx: {map: {0: 1, 1: 2.5}, from: in}\n"
                       "y: {scale: 2, from: x}\n");
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: int}\nx: {map: {}, from: in}\n", "MF0205", "map of 1");
    bench_expect_fault("in: {test.source: int}\nx: {map: open, from: in}\n", "MF0205", "map of 1");
    bench_expect_fault("in: {test.source: int}\nx: {map: {0: 1 W, 1: 2 °C}, from: in}\n", "MF0203",
                       "temperature");
    bench_expect_fault("in: {test.source: list}\nx: {map: {0: 1}, from: in}\n", "MF0204", "list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(misses),
        cmocka_unit_test(results_have_units),
        cmocka_unit_test(results_are_typed),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
