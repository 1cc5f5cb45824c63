/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A kind that writes anything, said to be an actuator: file.write, in whose file all can be read.
 */

#include <stdio.h>

#include "engine/run/engine.h"
#include "tests/support/bench.h"

static const struct bench_options real = {.is_real = true};

#define TIME "{\"time\":\"2026-01-01T00:"

/* Limit, ramp and failsafe in the file; the guard's own lines bear the time at which it spoke, and
 * the column is the first input's, whichever counts. */
static void all_in_a_file(void **state)
{
    struct bench *b = bench_new_with("plan: {test.source: number, unit: kW}\n"
                                     "hand: {test.source: any}\n"
                                     "a:\n"
                                     "  file.write: '${dir}/heater.jsonl'\n"
                                     "  from: [plan, hand]\n"
                                     "  actuator: true\n"
                                     "  priority: [hand, manual, plan]\n"
                                     "  limit: 0..3 kW\n"
                                     "  ramp: 1 kW/s\n"
                                     "  refresh: 10s\n"
                                     "  failsafe: 500 W after 1min\n",
                                     real);

    bench_feed(b, "plan", "1");
    bench_advance(b, "5s");
    bench_feed(b, "plan", "9");
    bench_advance(b, "3s");
    bench_feed(b, "hand", "0.25");
    bench_advance(b, "13s");
    bench_fail(b, "plan", "timeout");
    bench_fail(b, "hand", "timeout");
    bench_advance(b, "47s");
    mf_engine_make_safe(bench_engine(b));
    bench_advance(b, "1s");
    bench_expect_file(b, "heater.jsonl",
                      TIME "00:00Z\",\"plan\":1}\n" TIME "00:05Z\",\"plan\":2}\n" TIME
                           "00:06Z\",\"plan\":3}\n" TIME "00:08Z\",\"plan\":2}\n" TIME
                           "00:09Z\",\"plan\":1}\n" TIME "00:10Z\",\"plan\":0.25}\n" TIME
                           "00:20Z\",\"plan\":0.25}\n" TIME "01:08Z\",\"plan\":0.5}\n" TIME
                           "01:08Z\",\"plan\":0.5}\n");
    bench_free(b);
}

/* A rule that says `nil` leaves the output to the next in line. */
static void rules_give_way(void **state)
{
    struct bench *b = bench_new_with(
        "tank: {test.source: number, unit: °C}\n"
        "excess: {test.source: number, unit: W}\n"
        "hot: {when: tank > 85 °C, then: 0 W, else: nil}\n"
        "frost: {when: tank < 5 °C, then: 3 kW, else: nil}\n"
        "a: {file.write: '${dir}/a.csv', from: [excess, hot, frost], actuator: true, limit: 0.., "
        "priority: [hot, frost, excess], failsafe: keep}\n",
        real);

    bench_feed(b, "tank", "50");
    bench_feed(b, "excess", "100");
    bench_feed(b, "tank", "86");
    bench_feed(b, "excess", "200");
    bench_feed(b, "tank", "60");
    bench_feed(b, "tank", "4");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv",
                      "time,excess\n2026-01-01T00:00:00Z,100\n2026-01-01T00:00:00Z,0\n"
                      "2026-01-01T00:00:00Z,200\n2026-01-01T00:00:00Z,3000\n");
    bench_free(b);
}

/* Values that are not good stay out, whatever `quality` says. */
static void only_what_is_good(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: bool}\n"
                                     "a: {file.write: '${dir}/a.csv', from: in, quality: true, "
                                     "actuator: true, failsafe: keep}\n",
                                     real);

    bench_feed(b, "in", "true");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "1s");
    bench_expect_file(b, "a.csv", "time,in,quality\n2026-01-01T00:00:00Z,true,good\n");
    bench_free(b);
}

/* A reload that takes the actuator away leaves its failsafe value as the last line. */
static void taken_away(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: bool}\n"
                                     "a: {file.write: '${dir}/a.csv', from: in, actuator: true, "
                                     "failsafe: off}\n",
                                     real);

    bench_feed(b, "in", "true");
    bench_advance(b, "1s");
    bench_reload(b, "in: {test.source: bool}\n");
    bench_expect_file(b, "a.csv",
                      "time,in\n2026-01-01T00:00:00Z,true\n2026-01-01T00:00:01Z,false\n");
    bench_free(b);
}

/* The options are for outputs; numbers are checked against the unit of the input. */
static void faults(void **state)
{
    bench_expect_fault("in: {test.source: number}\na: {file.write: x.csv, from: in, ramp: 5}\n",
                       "MF0607", "add `actuator: true`");
    bench_expect_fault("in: {test.source: number}\na: {clamp: 0..5, from: in, refresh: 5s}\n",
                       "MF0606", "`refresh` guards an output");
    bench_expect_fault(
        "in: {test.source: number}\n"
        "a: {file.write: x.csv, from: in, actuator: true, failsafe: keep after 5s}\n",
        "MF0205", "`keep` alone");
    bench_expect_fault("in: {test.source: number}\n"
                       "a: {file.write: x.csv, from: in, actuator: true, ramp: 0}\n",
                       "MF0205", "above 0");
    bench_expect_fault("in: {test.source: number, unit: W}\n"
                       "b: {test.source: number, unit: K}\n"
                       "a: {file.write: x.csv, from: [in, b], actuator: true, priority: [in, b], "
                       "limit: 0.., failsafe: 0}\n",
                       "MF0203", "`b` is in K, but `a` takes W here");
    bench_expect_fault("in: {test.source: number, unit: W}\n"
                       "a: {file.write: x.csv, from: in, actuator: true, limit: 0.., failsafe: 0}\n"
                       "b: {file.write: ./x.csv, from: in}\n",
                       "MF0304", "`a` and `b` both write");
}

#define BUS(nodes)                                                                                 \
    "moat-flow: 1\nlinks:\n  bus: {modbus: 'tcp:meter.lan'}\n  way: {modbus: "                     \
    "'tcp:Meter.lan:502'}\n  far: {modbus: 'tcp:meter.lan:503'}\n"                                 \
    "nodes:\n  in: {sim.counter: 1, every: 1s}\n" nodes
#define A "  a: {modbus.write: bus, from: in, limit: 0..9, failsafe: 0, register: "
#define B(link) "  b: {modbus.write: " link ", from: in, limit: 0..9, failsafe: 0, register: "

/* Two nodes must not write one register, however it is named and whatever else they write; nor
 * over two links. Neighbours, other units and devices are something else. */
static void one_register(void **state)
{
    static const struct {
        const char *flow, *both; /* NULL: there is room for both */
    } rows[] = {
        {BUS(A "52}\n" B("bus") "'holding:0x34'}\n"), "unit 1, holding:52"},
        {BUS(A "50, type: float64}\n" B("bus") "53}\n"), "unit 1, holding:53"},
        {BUS(A "53}\n" B("bus") "50, type: int64}\n"), "unit 1, holding:53"},
        {BUS(A "51, type: int32}\n" B("bus") "50, type: int32}\n"), "unit 1, holding:51"},
        {BUS(A "52}\n" B("way") "52}\n"), "unit 1, holding:52"},
        {BUS(A "50, type: float32}\n" B("bus") "52}\n"), NULL},
        {BUS(A "52}\n" B("bus") "52, unit_id: 2}\n"), NULL},
        {BUS(A "52}\n" B("far") "52}\n"), NULL},
    };
    char text[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (!rows[i].both) {
            bench_expect_clean(rows[i].flow);
            continue;
        }
        snprintf(text, sizeof(text), "`a` and `b` both write `%s`", rows[i].both);
        bench_expect_fault(rows[i].flow, "MF0304", text);
    }
}

/* Bounds and failsafe can be in any unit of the dimension, and texts need neither. */
static void clean(void **state)
{
    bench_expect_clean("in: {test.source: number, unit: °C}\n"
                       "t: {test.source: text}\n"
                       "a: {file.write: a.csv, from: in, actuator: true, limit: 41..86 °F, "
                       "ramp: 0.5 K/min, ramp_step: 1min, failsafe: 10 °C after 1h}\n"
                       "b: {file.write: b.csv, from: in, actuator: true, limit: ..30, "
                       "failsafe: keep}\n"
                       "c: {file.write: c.csv, from: t, actuator: true}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_in_a_file),  cmocka_unit_test(only_what_is_good),
        cmocka_unit_test(taken_away),     cmocka_unit_test(faults),
        cmocka_unit_test(one_register),   cmocka_unit_test(clean),
        cmocka_unit_test(rules_give_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
