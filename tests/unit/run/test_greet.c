/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A reload behind a source that is dead: whoever is made anew knows that it is. */

#include <stdio.h>

#include "engine/run/engine.h"
#include "tests/unit/run/run_kinds.h"

/* Kinds that speak by themselves, at a start or by a timer, as they were and as they become. A
 * toggle is not among them: it stays as it is when its button dies, and says so. */
static const struct {
    const char *type;           /* of the source */
    const char *before, *after; /* the node, without `from` */
    const char *first, *second; /* what the source says before it dies */
} speakers[] = {
    {"number", "deadband: 1, against: input, heartbeat: 10s",
     "deadband: 2, against: output, heartbeat: 10s", "5", "5.5"},
    {"bool", "debounce: 2s", "debounce: 5s", "false", "true"},
    {"bool", "gesture: , click: 0ms..400ms", "gesture: , click: 0ms..300ms", "false", "true"},
    {"number", "heartbeat: 10s", "heartbeat: 20s, stale: never", "5", "6"},
    {"number", "hysteresis: 2..4", "hysteresis: 2..4, invert: true", "5", "6"},
    {"number", "mean: 10s", "mean: 20s", "5", "6"},
    {"number", "count: 10s, every: 1s", "count: 20s, every: 1s", "5", "6"},
    {"number", "max: 10s", "max: 20s", "5", "6"},
    {"number", "sample: 10s", "sample: 20s, stale: never", "5", "6"},
    {"number", "throttle: 10s, keep: last", "throttle: 5s, keep: last", "5", "6"},
    {"bool", "timer: off after 10s", "timer: off after 20s", "false", "true"},
    {"bool", "timer: on after 10s", "timer: on after 20s", "false", "true"},
};

static char *flow(size_t i, const char *node)
{
    static char text[300];

    snprintf(text, sizeof(text),
             "in: {test.source: %s}\n"
             "x: {%s, from: in}\n",
             speakers[i].type, node);
    return text;
}

static void expect_no_good(struct bench *b, size_t i)
{
    const struct mf_node *node = mf_engine_node(bench_engine(b), "x");

    for (unsigned k = 0; k < node->def->out_count; k++)
        if (node->outputs[k].is_known && node->outputs[k].last.quality == MF_GOOD)
            fail_msg("`%s` behind a dead source says something good on port `%s`",
                     speakers[i].after, node->def->outs[k].name);
}

/* Nothing that comes out of it is good until its source is. */
static void says_nothing_good_of_a_dead_source(void **state)
{
    for (size_t i = 0; i < sizeof(speakers) / sizeof(*speakers); i++) {
        struct bench *b = bench_new(flow(i, speakers[i].before));

        bench_feed(b, "in", speakers[i].first);
        bench_advance(b, "1s");
        bench_feed(b, "in", speakers[i].second);
        bench_fail(b, "in", "timeout");
        bench_reload(b, flow(i, speakers[i].after));
        expect_no_good(b, i);
        for (unsigned k = 0; k < 30; k++) {
            bench_advance(b, "1s");
            expect_no_good(b, i);
        }
        bench_free(b);
    }
}

/* What a kept source said last is not counted again, it is only known. */
static void counts_nothing_twice(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "n: {test.count: , from: in}\n");

    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1");
    bench_reload(b, "in: {test.source: number}\n"
                    "m: {test.count: , from: in}\n");
    bench_expect(b, "m", "");
    bench_feed(b, "in", "1");
    bench_expect(b, "m", "1");
    bench_free(b);
}

/* A source that comes back raises what the reload had found dead. */
static void recovers_with_its_source(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {heartbeat: 10s, from: in}\n");

    bench_feed(b, "in", "5");
    bench_fail(b, "in", "timeout");
    bench_reload(b, "in: {test.source: number}\n"
                    "x: {heartbeat: 5s, from: in, stale: never}\n");
    bench_expect(b, "x", "5 bad(5, timeout)");
    bench_feed(b, "in", "6");
    bench_advance(b, "5s");
    bench_expect(b, "x", "6 6");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(says_nothing_good_of_a_dead_source, run_setup),
        cmocka_unit_test_setup(counts_nothing_twice, run_setup),
        cmocka_unit_test_setup(recovers_with_its_source, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
