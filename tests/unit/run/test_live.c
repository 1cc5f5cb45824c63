/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Options that may change while a node runs: it stays the same object and knows what it knew. */

#include <stdio.h>
#include <string.h>

#include "engine/config/option.h"
#include "nodes/kinds.h"
#include "tests/support/bench.h"
#include "tests/unit/run/run_kinds.h"

/* Every option of every kind that is marked so, with two settings. */
static const struct {
    const char *kind, *option;
    const char *before, *after; /* the node */
} rows[] = {
    {"clamp", "range", "{clamp: 0..5, from: n}", "{clamp: 0..6, from: n}"},
    {"clamp", "reject", "{clamp: 0..5, from: n}", "{clamp: 0..5, from: n, reject: true}"},
    {"counter", "modulus", "{counter: auto, from: n}", "{counter: 65536, from: n}"},
    {"curve", "extrapolate", "{curve: [[0, 1], [2, 3]], from: n}",
     "{curve: [[0, 1], [2, 3]], from: n, extrapolate: true}"},
    {"deadband", "width", "{deadband: 1, from: n}", "{deadband: 2, from: n}"},
    {"deadband", "against", "{deadband: 1, from: n}", "{deadband: 1, from: n, against: input}"},
    {"deadband", "heartbeat", "{deadband: 1, from: n}", "{deadband: 1, from: n, heartbeat: 5s}"},
    {"debounce", "time", "{debounce: 1s, from: b}", "{debounce: 2s, from: b}"},
    {"debounce", "edge", "{debounce: 1s, from: b}", "{debounce: 1s, from: b, edge: rising}"},
    {"delay", "time", "{delay: 1s, from: n}", "{delay: 2s, from: n}"},
    {"delay", "messages", "{delay: 1s, from: n}", "{delay: 1s, from: n, messages: 5}"},
    {"ema", "tau", "{ema: 1s, from: n}", "{ema: 2s, from: n}"},
    {"heartbeat", "interval", "{heartbeat: 1s, from: n}", "{heartbeat: 2s, from: n}"},
    {"hysteresis", "range", "{hysteresis: 1..2, from: n}", "{hysteresis: 1..3, from: n}"},
    {"hysteresis", "invert", "{hysteresis: 1..2, from: n}",
     "{hysteresis: 1..2, from: n, invert: true}"},
    {"integrate", "method", "{integrate: , from: n, per: 1s}",
     "{integrate: , from: n, per: 1s, method: left}"},
    {"integrate", "max_gap", "{integrate: , from: n, per: 1s}",
     "{integrate: , from: n, per: 1s, max_gap: 1min}"},
    {"join", "wait", "{join: , from: [n, b]}", "{join: , from: [n, b], wait: any}"},
    {"log", "level", "{log: info, from: n}", "{log: debug, from: n}"},
    {"log", "message", "{log: info, from: n}", "{log: info, from: n, message: \"{value}\"}"},
    {"log", "limit", "{log: info, from: n}", "{log: info, from: n, limit: 1}"},
    {"rate", "max_gap", "{rate: , from: n}", "{rate: , from: n, max_gap: 1min}"},
    {"sample", "interval", "{sample: 1s, from: n}", "{sample: 2s, from: n}"},
    {"scale", "factor", "{scale: 1, from: n}", "{scale: 2, from: n}"},
    {"scale", "offset", "{scale: 1, from: n}", "{scale: 1, from: n, offset: 2}"},
    {"sim.counter", "step", "{sim.counter: 1}", "{sim.counter: 2}"},
    {"throttle", "interval", "{throttle: 1s, from: n}", "{throttle: 2s, from: n}"},
    {"throttle", "keep", "{throttle: 1s, from: n}", "{throttle: 1s, from: n, keep: first}"},
    {"timer", "retrigger", "{timer: off after 1s, from: b}",
     "{timer: off after 1s, from: b, retrigger: false}"},
    {"toggle", "initial", "{toggle: off, from: b}", "{toggle: on, from: b}"},
    {"when", "for", "{when: n > 1}", "{when: n > 1, for: 5s}"},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static const char *flow(const char *node)
{
    static char text[400];

    snprintf(text, sizeof(text), "n: {test.source: number}\nb: {test.source: bool}\nx: %s\n", node);
    return text;
}

/* The node is the same object afterwards, the reload says "in place", and it goes on. */
static void changes_in_place(void **state)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct bench *b = bench_new(flow(rows[i].before));
        struct mf_engine *engine = bench_engine(b);
        const struct mf_node *x = mf_engine_node(engine, "x");

        bench_feed_many(b, "n=1 b=true");
        bench_advance(b, "1500ms");
        for (unsigned k = 0; k < 2; k++) {
            bench_reload(b, flow(k ? rows[i].before : rows[i].after));
            if (mf_engine_node(engine, "x") != x || engine->report.in_place != 1 ||
                engine->report.kept != 2 ||
                strcmp(mf_fate_names[engine->report.items[0].fate], "in place") != 0)
                fail_msg("`%s` of `%s` is not changed in place", rows[i].option, rows[i].kind);
            bench_feed_many(b, "n=2 b=false");
            bench_advance(b, "10s");
        }
        bench_free(b);
    }
}

/* There is a row for each option that a kind marks so, and no kind without such an option promises
 * to take one over. */
static void every_option_is_here(void **state)
{
    const struct mf_kind *const *kinds = mf_kinds()->nodes;

    for (; *kinds; kinds++) {
        bool has_live = false;

        for (const struct mf_option *o = (*kinds)->options; o && o->name; o++) {
            bool is_here = !(o->flags & MF_OPT_LIVE);

            has_live |= !is_here;
            for (size_t i = 0; i < ROWS && !is_here; i++)
                is_here = strcmp(rows[i].kind, (*kinds)->name) == 0 &&
                          strcmp(rows[i].option, o->name) == 0;
            if (!is_here)
                fail_msg("`%s` of `%s` has no row here", o->name, (*kinds)->name);
        }
        if ((*kinds)->reconfigure && !has_live)
            fail_msg("`%s` has reconfigure(), but no option that may change", (*kinds)->name);
    }
}

/* What a kind has to do for it: times count from where they began, outputs follow. */
static void reconfigured(void **state)
{
    static const struct {
        const char *before, *after, *first, *wait, *at_once, *then, *later;
    } cases[] = {
        {"{deadband: 1, from: n}", "{deadband: 1, from: n, heartbeat: 10s}", "5", "4s", "", "10s",
         "5"},
        {"{deadband: 1, from: n, heartbeat: 10s}", "{deadband: 1, from: n, heartbeat: 20s}", "5",
         "4s", "", "16s", "5"},
        {"{deadband: 1, from: n, heartbeat: 10s}", "{deadband: 1, from: n}", "5", "4s", "", "1min",
         ""},
        {"{heartbeat: 10s, from: n}", "{heartbeat: 20s, from: n}", "5", "4s", "", "16s", "5"},
        {"{heartbeat: 10s, from: n}", "{heartbeat: 3s, from: n}", "5", "4s", "5", "3s", "5"},
        {"{hysteresis: 1..2, from: n}", "{hysteresis: 1..2, from: n, invert: true}", "5", "4s",
         "false", "1min", ""},
        {"{sample: 10s, from: n}", "{sample: 20s, from: n}", "5", "4s", "", "16s", "5"},
        {"{when: n > 1, for: 10s}", "{when: n > 1, for: 20s}", "5", "4s", "", "16s", "true"},
        {"{when: n > 1, for: 10s}", "{when: n > 1, for: 3s}", "5", "4s", "true", "1min", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct bench *b = bench_new(flow(cases[i].before));
        bool speaks_first = strncmp(cases[i].before, "{sample", 7) != 0 &&
                            strncmp(cases[i].before, "{when", 5) != 0;

        bench_feed(b, "n", cases[i].first);
        bench_expect(b, "x",
                     !speaks_first                                            ? ""
                     : cases[i].before[1] == 'h' && cases[i].before[2] == 'y' ? "true"
                                                                              : cases[i].first);
        bench_advance(b, cases[i].wait);
        bench_reload(b, flow(cases[i].after));
        bench_advance(b, "0s");
        bench_expect(b, "x", cases[i].at_once);
        bench_advance(b, cases[i].then);
        bench_expect(b, "x", cases[i].later);
        bench_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(changes_in_place, run_setup),
        cmocka_unit_test_setup(every_option_is_here, run_setup),
        cmocka_unit_test_setup(reconfigured, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
