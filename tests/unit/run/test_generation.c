/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Generations: a change that fails goes back by itself, and nothing is missing afterwards. */

#include <string.h>

#include <stdio.h>

#include "engine/base/alloc.h"
#include "engine/run/reload.h"
#include "tests/support/bench_priv.h"
#include "tests/unit/run/run_kinds.h"

static const struct bench_options real = {.is_real = true};

static struct mf_node *node(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name);
}

/* As `reload` does: 0, or negative with why in `why`. */
static int change(struct bench *b, const char *yaml, int64_t confirm, struct mf_error *err)
{
    struct mf_engine *engine = bench_engine(b);
    struct mf_trial_terms terms = {.grace = MF_TRIAL_GRACE, .confirm = confirm, .by = MF_BY_RELOAD};
    struct bench_flow flow;

    *err = (struct mf_error){0};
    bench_compile(&flow, yaml, NULL);
    return mf_generation_switch(engine, mf_change_prepare(engine, bench_flow_end(&flow)), &terms,
                                NULL, err);
}

static struct bench *begin(const char *yaml)
{
    struct bench *b = bench_new_with(yaml, real);

    mf_generation_begin(bench_engine(b), 1);
    return b;
}

static void end(struct bench *b)
{
    bench_free(b);
    mf_buf_done(&run_trace);
}

static uint64_t live(struct bench *b)
{
    return bench_engine(b)->live.number;
}

#define ONE                                                                                        \
    "in: {test.source: number}\n"                                                                  \
    "n: {test.count: , from: in}\n"                                                                \
    "o: {test.count: , from: in}\n"

/* A changed node that works for the grace time is there to stay, and memory of the former
 * generation is gone. */
static void accepted(void **state)
{
    struct bench *b = begin(ONE);
    struct mf_error err;

    assert_int_equal(change(b, ONE "x: {test.pass: , from: in}\n", 0, &err), 0);
    assert_int_equal(live(b), 2);
    assert_true(bench_engine(b)->trial.is_on);
    assert_int_equal(bench_engine(b)->retired_count, 1);
    bench_advance(b, "10s");
    bench_advance(b, "0s");
    assert_false(bench_engine(b)->trial.is_on);
    assert_int_equal(bench_engine(b)->retired_count, 0);
    assert_int_equal(live(b), 2);
    assert_int_equal(mf_generation_back(bench_engine(b), "", &err), MF_EINVAL);
    end(b);
}

/* A node that cannot start brings the former generation back at once: unchanged nodes never
 * noticed, changed ones have their state, removed ones, too. */
static void failed_start(void **state)
{
    struct bench *b = begin(ONE);
    const struct mf_node *n = node(b, "n");
    struct mf_error err;

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "1");
    assert_int_equal(change(b,
                            "in: {test.source: number}\n"
                            "n: {test.count: , from: in}\n"
                            "w: {test.weak: 1, from: in}\n",
                            0, &err),
                     MF_EINVAL);
    assert_string_equal(err.text, "`w` failed: not yet");
    assert_int_equal(live(b), 1);
    assert_int_equal(bench_engine(b)->live.by, MF_BY_SWAP);
    assert_ptr_equal(node(b, "n"), n);
    assert_null(node(b, "w"));
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1 2 3");
    bench_expect(b, "o", "1 2 3");
    assert_int_equal(bench_engine(b)->retired_count, 0);
    /* The number is not given a second time. */
    assert_int_equal(change(b, ONE "x: {test.pass: , from: in}\n", 0, &err), 0);
    assert_int_equal(live(b), 3);
    end(b);
}

/* A node that fails later in its grace time, on a message, does the same before the next turn. The
 * message is handled by the former one: nothing is lost, nothing is counted twice. */
static void failed_on_a_message(void **state)
{
    static const char before[] = "in: {test.source: number}\n"
                                 "p: {test.past: , from: in}\n"
                                 "n: {test.count: , from: in}\n"
                                 "o: {test.count: , from: p}\n";
    static const char after[] = "in: {test.source: number}\n"
                                "p: {test.past: , from: in}\n"
                                "n: {test.fragile: 3, from: in}\n"
                                "o: {test.count: , from: p, by: 100}\n";
    struct bench *b = begin(before);
    struct mf_error err;

    bench_feed(b, "in", "1");
    assert_int_equal(change(b, after, 0, &err), 0);
    bench_feed(b, "in", "2");
    bench_expect(b, "n", "1 1");
    bench_expect(b, "o", "1 102");
    for (int i = 3; i < 6; i++) /* all three before the engine looks */
        mf_engine_play(bench_engine(b), node(b, "in"), 0, mf_value_number(i), 0);
    bench_advance(b, "0s");
    assert_int_equal(live(b), 1);
    bench_expect(b, "n", "bad(1, device error) 2 3 4");
    bench_expect(b, "o", "3 4 5");
    end(b);
}

/* What a node that failed knows may be what made it fail: the former one goes on with what it knew
 * itself. */
static void failed_version(void **state)
{
    struct bench *b = begin("in: {test.source: number}\nn: {test.fragile: 100, from: in}\n");
    struct mf_error err;

    bench_feed(b, "in", "1");
    assert_int_equal(
        change(b, "in: {test.source: number}\nn: {test.fragile: 3, from: in}\n", 0, &err), 0);
    bench_feed(b, "in", "2");
    for (int i = 3; i < 6; i++)
        mf_engine_play(bench_engine(b), node(b, "in"), 0, mf_value_number(i), 0);
    bench_advance(b, "0s");
    assert_int_equal(live(b), 1);
    bench_expect(b, "n", "1 2 bad(2, device error) 2 3 4");
    end(b);
}

#define RULE(limit)                                                                                \
    "in: {test.source: number}\n"                                                                  \
    "n:\n"                                                                                         \
    "  lua: |\n"                                                                                   \
    "    function run(input)\n"                                                                    \
    "      if input.x > " limit " then error('too much') end\n"                                    \
    "      return input.x\n"                                                                       \
    "    end\n"                                                                                    \
    "  from: {x: in}\n"

/* A script with an error is no better than a node that fails. */
static void failed_script(void **state)
{
    struct bench *b = begin(RULE("100"));
    struct mf_error err;

    bench_feed(b, "in", "1");
    assert_int_equal(change(b, RULE("3"), 0, &err), 0);
    bench_feed(b, "in", "2");
    assert_int_equal(live(b), 2);
    bench_feed(b, "in", "5");
    bench_advance(b, "0s");
    assert_int_equal(live(b), 1);
    assert_non_null(strstr(bench_engine(b)->trial.why, "too much"));
    bench_feed(b, "in", "6");
    bench_expect(b, "n", "1 2 bad(2, script error) 5 6");
    end(b);
}

/* A node that failed before need not work now; and after the grace time nobody is watched. */
static void not_watched(void **state)
{
    struct bench *b = begin("in: {test.source: number}\n"
                            "w: {test.weak: 1000, from: in}\n"
                            "n: {test.fragile: 100, from: in}\n");
    struct mf_error err;

    assert_int_equal(change(b,
                            "in: {test.source: number}\n"
                            "w: {test.weak: 1001, from: in}\n"
                            "n: {test.fragile: 3, from: in}\n",
                            0, &err),
                     0);
    assert_int_equal(live(b), 2);
    bench_advance(b, "10s");
    bench_feed(b, "in", "3");
    bench_advance(b, "0s");
    assert_int_equal(live(b), 2);
    assert_int_equal(node(b, "n")->phase, MF_NODE_FAILED);
    end(b);
}

/* Where a confirmation is asked for, silence goes back, and `confirm` does not. */
static void confirmation(void **state)
{
    struct bench *b = begin(ONE);
    struct mf_error err;

    assert_int_equal(mf_generation_confirm(bench_engine(b), &err), MF_EINVAL);
    assert_int_equal(change(b, ONE "x: {test.pass: , from: in}\n", 60 * MF_SEC, &err), 0);
    bench_feed(b, "in", "1");
    bench_advance(b, "59s");
    assert_int_equal(live(b), 2);
    assert_int_equal(change(b, ONE, 0, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "waits for `confirm`"));
    bench_advance(b, "2s");
    assert_int_equal(live(b), 1);
    assert_null(node(b, "x"));
    assert_string_equal(bench_engine(b)->trial.why, "nobody confirmed it in time");
    assert_int_equal(change(b, ONE "x: {test.pass: , from: in}\n", 60 * MF_SEC, &err), 0);
    assert_int_equal(mf_generation_confirm(bench_engine(b), &err), 0);
    bench_advance(b, "1h");
    assert_int_equal(live(b), 3);
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1 2");
    end(b);
}

/* Asked to go back while it is on trial, it does. */
static void taken_back(void **state)
{
    struct bench *b = begin(ONE);
    struct mf_error err;

    bench_feed(b, "in", "1");
    assert_int_equal(change(b, "in: {test.source: number}\nn: {test.count: , from: in, by: 10}\n",
                            60 * MF_SEC, &err),
                     0);
    bench_feed(b, "in", "1");
    assert_int_equal(mf_generation_back(bench_engine(b), "asked for", &err), 0);
    bench_feed(b, "in", "1");
    bench_expect(b, "n", "1 12 3");
    bench_expect(b, "o", "1 2");
    end(b);
}

/* The same flow again is no new generation. */
static void same_again(void **state)
{
    struct bench *b = begin(ONE);
    struct mf_error err;

    assert_int_equal(change(b, "# a comment\n" ONE, 0, &err), 0);
    assert_int_equal(live(b), 1);
    assert_false(bench_engine(b)->trial.is_on);
    end(b);
}

/* Letters of a sink that was removed wait until it is certain; on the way back they are the first
 * to leave, and none is gone. */
static void letters_wait(void **state)
{
    static const char before[] = "in: {test.source: number}\ns: {test.sink: , from: in}\n";
    struct mf_error err;
    struct bench *b;

    run_sink.room = 0;
    b = begin(before);
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    assert_int_equal(change(b, "in: {test.source: number}\n", 0, &err), 0);
    bench_expect_log(b, NULL);
    assert_int_equal(bench_engine(b)->report.items[0].letters, 2);
    assert_int_equal(mf_generation_back(bench_engine(b), "asked for", &err), 0);
    bench_feed(b, "in", "3");
    run_sink.room = SIZE_MAX;
    mf_node_wake(node(b, "s"));
    run_expect_trace("s stops; in.out=1; in.out=2; in.out=3; ");
    run_sink.room = 0;
    bench_feed(b, "in", "4");
    assert_int_equal(change(b, "in: {test.source: number}\n", 0, &err), 0);
    bench_advance(b, "11s");
    bench_expect_log(b, "s: 1 messages that nobody took go with this node");
    end(b);
}

/* An actuator that comes back is not told what it was to do before it went: its guard decides. */
static void actuators_do_not_catch_up(void **state)
{
    static const char head[] = "moat-flow: 1\n"
                               "links: {w: {test.wire: }}\n"
                               "nodes:\n"
                               "  in: {test.source: number}\n";
    char before[300];
    struct mf_error err;
    struct bench *b;

    snprintf(before, sizeof(before),
             "%s  m: {test.motor: x, from: in, failsafe: keep, limit: 0..9}\n", head);
    b = begin(before);
    bench_feed(b, "in", "5");
    assert_int_equal(mf_queue_stats(node(b, "m")->queue).waiting, 1);
    bench_fail(b, "in", "timeout");
    assert_int_equal(change(b, head, 0, &err), 0);
    assert_int_equal(mf_generation_back(bench_engine(b), "asked for", &err), 0);
    assert_int_equal(mf_queue_stats(node(b, "m")->queue).waiting, 0);
    end(b);
}

static const char wired[] = "moat-flow: 1\n"
                            "links: {w: {test.wire: }}\n"
                            "nodes:\n"
                            "  e: {test.event: }\n";

/* A link whose generation comes back while it still says goodbye does not lose its graph. */
static void leaving_link(void **state)
{
    struct bench *b = begin(wired);
    struct mf_engine *engine = bench_engine(b);
    struct mf_error err;

    mf_link_begin(engine->links[0]);
    mf_link_up(engine->links[0]);
    run_wire.stops_later = true;
    assert_int_equal(change(b, "in: {test.source: number}\n", 0, &err), 0);
    assert_int_equal(engine->leaving_count, 1);
    assert_int_equal(mf_generation_back(engine, "asked for", &err), 0);
    assert_int_equal(change(b, "other: {test.source: number}\n", 0, &err), 0);
    bench_advance(b, "11s");
    assert_string_equal(mf_link_name(engine->leaving[0]), "w");
    for (size_t i = 0; i < engine->leaving_count; i++)
        mf_link_stopped(engine->leaving[i]);
    bench_advance(b, "1s");
    assert_int_equal(engine->leaving_count, 0);
    assert_int_equal(engine->retired_count, 0);
    end(b);
}

/* … nor when the generation cannot be made again. */
static void leaving_link_without_a_way_back(void **state)
{
    struct bench *b;
    struct mf_engine *engine;
    struct mf_error err;
    char *flow =
        mf_asprintf("%s  in: {test.source: number}\n  r: {test.rotten: , from: in}\n", wired);

    run_is_ripe = true;
    b = begin(flow);
    engine = bench_engine(b);
    mf_link_begin(engine->links[0]);
    mf_link_up(engine->links[0]);
    run_wire.stops_later = true;
    assert_int_equal(change(b, "in: {test.source: number}\n", 0, &err), 0);
    run_is_ripe = false;
    mf_generation_back(engine, "asked for", &err);
    assert_non_null(mf_engine_node(engine, "in"));
    assert_null(mf_engine_node(engine, "r"));
    assert_string_equal(mf_link_name(engine->leaving[0]), "w");
    mf_link_stopped(engine->leaving[0]);
    bench_advance(b, "1s");
    assert_int_equal(engine->leaving_count, 0);
    assert_int_equal(engine->retired_count, 0);
    mf_free(flow);
    end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(accepted, run_setup),
        cmocka_unit_test_setup(failed_start, run_setup),
        cmocka_unit_test_setup(failed_on_a_message, run_setup),
        cmocka_unit_test_setup(failed_version, run_setup),
        cmocka_unit_test_setup(failed_script, run_setup),
        cmocka_unit_test_setup(not_watched, run_setup),
        cmocka_unit_test_setup(confirmation, run_setup),
        cmocka_unit_test_setup(taken_back, run_setup),
        cmocka_unit_test_setup(same_again, run_setup),
        cmocka_unit_test_setup(letters_wait, run_setup),
        cmocka_unit_test_setup(actuators_do_not_catch_up, run_setup),
        cmocka_unit_test_setup(leaving_link, run_setup),
        cmocka_unit_test_setup(leaving_link_without_a_way_back, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
