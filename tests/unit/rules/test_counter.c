/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* counter: what a drop of a meter means. */

#include <stdio.h>

#include "tests/support/bench.h"

/* Every row: a modulus, readings of the meter, the totals that they must give. */
static void drops(void **state)
{
    static const struct {
        const char *modulus, *readings[5], *totals;
    } cases[] = {
        {"", {"100", "110", "110", "125.5"}, "100 110 110 125.5"},
        {"auto", {"100", "110", "5", "6"}, "100 110 115 116"},             /* a reset */
        {"auto", {"65530", "65535", "2", "3"}, "65530 65535 65538 65539"}, /* 16 bits */
        {"auto", {"4294967290", "10"}, "4294967290 4294967306"},           /* 32 bits */
        {"auto", {"30000", "10"}, "30000 30010"},    /* far from any end: a reset */
        {"auto", {"65530", "10000"}, "65530 75530"}, /* too far behind the end: a reset */
        {"auto", {"100", "99", "99.5", "101"}, "100 100 100 101"},        /* a correction */
        {"auto", {"100", "91", "90", "89", "90"}, "100 100 100 189 190"}, /* 10 % are none */
        {"1000", {"990", "999", "5", "10"}, "990 999 1005 1010"},         /* wraps */
        {"1000", {"990", "400", "410"}, "990 1400 1410"}, /* still nearer by wrapping */
        {"1000", {"300", "10"}, "300 310"},               /* a reset */
        {"1000", {"990", "985", "995"}, "990 990 995"},   /* a correction */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[200];
        struct bench *b;

        snprintf(flow, sizeof(flow),
                 "in: {test.source: number, unit: Wh}\n"
                 "x: {counter: %s, from: in}\n",
                 cases[i].modulus);
        b = bench_new(flow);
        for (size_t k = 0; k < 5 && cases[i].readings[k]; k++)
            bench_feed(b, "in", cases[i].readings[k]);
        bench_expect(b, "x", cases[i].totals);
        bench_expect_unit(b, "x", "Wh");
        bench_free(b);
    }
}

/* The modulus is converted to the unit of the meter. */
static void modulus_with_unit(void **state)
{
    struct bench *b = bench_new("in: {test.source: number, unit: Wh}\n"
                                "x: {counter: 1 kWh, from: in}\n");

    bench_feed(b, "in", "999");
    bench_feed(b, "in", "1");
    bench_expect(b, "x", "999 1001");
    bench_free(b);
}

/* Readings that no meter shows are not used, and turn the output bad or are dropped. */
static void impossible_readings(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {counter: 1000, from: in}\n"
                                "y: {counter: 1000, from: in, on_error: drop}\n");

    bench_feed(b, "in", "10");
    bench_feed(b, "in", "-1");
    bench_feed(b, "in", "1000");
    bench_feed(b, "in", "20");
    bench_expect(b, "x", "10 bad(10, out of range) bad(10, out of range) 20");
    bench_expect(b, "y", "10 20");
    bench_free(b);
}

/* A meter counts on while nobody hears it; a reading that comes late is no drop. */
static void gaps_and_order(void **state)
{
    struct bench *b = bench_new("in: {test.source: int}\nx: {counter: auto, from: in}\n");

    bench_feed_at(b, "in", "10", 0);
    bench_feed_at(b, "in", "20", 20);
    bench_fail(b, "in", "timeout");
    bench_feed_at(b, "in", "15", 10);
    bench_expect(b, "x", "10 20 bad(20, timeout) 20");
    bench_feed_at(b, "in", "70", 30);
    bench_expect(b, "x", "70");
    bench_free(b);
}

/* The total survives a reload. */
static void a_reload_keeps_the_total(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\nx: {counter: auto, from: in}\n");

    bench_feed(b, "in", "100");
    bench_feed(b, "in", "5");
    bench_reload(b, "in: {test.source: number}\nx: {counter: 1000, from: in}\n");
    bench_feed(b, "in", "6");
    bench_expect(b, "x", "100 105 106");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number, unit: Wh}\nx: {counter: 5 W, from: in}\n",
                       "MF0203", "W");
    bench_expect_fault("in: {test.source: number}\nx: {counter: none, from: in}\n", "MF0205",
                       "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops),
        cmocka_unit_test(modulus_with_unit),
        cmocka_unit_test(impossible_readings),
        cmocka_unit_test(gaps_and_order),
        cmocka_unit_test(a_reload_keeps_the_total),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
