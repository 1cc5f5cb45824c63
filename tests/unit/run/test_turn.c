/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Turns: one consistent world, in rank order, each node at most once. */

#include "engine/base/alloc.h"
#include "tests/unit/run/run_kinds.h"

/* A diamond joins once, and sees both sides of one moment. */
static void diamond_joins_once(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "l: {test.pass: , from: in}\n"
                                "r: {test.pass: , from: l}\n"
                                "x: {test.sum: , from: {a: in, b: l, c: r}}\n");

    bench_feed(b, "in", "1");
    run_expect_trace("l(1); r(1); x; ");
    bench_feed(b, "in", "2");
    run_expect_trace("l(2); r(2); x; ");
    bench_expect(b, "x", "3 6");
    bench_free(b);
}

/* What came in together is seen together, whatever the order in the file. */
static void inputs_of_one_moment(void **state)
{
    struct bench *b = bench_new("x: {test.sum: , from: {a: a, b: b}}\n"
                                "b: {test.source: number}\n"
                                "a: {test.source: number}\n");

    bench_feed(b, "a", "1");
    bench_expect(b, "x", "");
    bench_feed(b, "b", "10");
    bench_feed_many(b, "a=2 b=20");
    bench_expect(b, "x", "11 22");
    bench_free(b);
}

/* A second value on a port opens a turn of its own, and nothing is lost or overtaken. */
static void second_value_waits(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "t: {test.twice: , from: in}\n"
                                "u: {test.twice: , from: t}\n"
                                "x: {test.sum: , from: {a: t, b: u}}\n");

    bench_feed(b, "in", "1");
    bench_expect(b, "t", "1 1.5");
    bench_expect(b, "u", "1 1.5 1.5 2");
    bench_expect(b, "x", "2 3 3 3.5");
    bench_free(b);
}

/* Values of one source that come in before the engine runs keep their order, one turn each. */
static void burst_of_one_source(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "t: {test.twice: , from: in}\n");
    struct mf_engine *engine = bench_engine(b);
    struct mf_node *in = mf_engine_node(engine, "in");

    for (int i = 1; i <= 3; i++)
        mf_engine_play(engine, in, 0, mf_value_number(i), 0);
    assert_true(mf_sched_has_work(&engine->sched));
    bench_advance(b, "0s");
    bench_expect(b, "in", "1 2 3");
    bench_expect(b, "t", "1 1.5 2 2.5 3 3.5");
    bench_free(b);
}

/* A value for a delayed port arrives in the next turn: a loop through it ends in order. */
static void delayed_port_is_next_turn(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "p: {test.past: , from: in}\n"
                                "x: {test.sum: , from: {now: in, old: p}}\n");

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "5");
    bench_expect(b, "x", "2 6 10");
    bench_free(b);
}

/* previous() is the value of the turn before, runs nothing, and is not waited for. */
static void previous_is_the_turn_before(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {test.sum: , from: {new: in, old: previous(x)}}\n");
    uint64_t turns;

    bench_feed(b, "in", "1");
    turns = bench_engine(b)->sched.turn;
    bench_feed(b, "in", "2");
    assert_int_equal(bench_engine(b)->sched.turn, turns + 1);
    bench_feed(b, "in", "3");
    bench_expect(b, "x", "1 3 6");
    bench_free(b);
}

/* Timers of one moment share a turn, each fires at its own time. */
static void timers_of_one_moment(void **state)
{
    struct bench *b = bench_new("a: {test.beat: 2s}\n"
                                "b: {test.beat: 3s}\n"
                                "x: {test.sum: , from: {a: a, b: b}}\n");

    bench_advance(b, "5s");
    bench_expect(b, "x", "2 3");
    bench_advance(b, "1s");
    bench_expect(b, "x", "5");
    run_expect_trace("x; x; x; ");
    bench_free(b);
}

/* A jump of wall time moves no timer; messages carry the new time. */
static void wall_jumps_move_no_timer(void **state)
{
    struct bench *b = bench_new("a: {test.beat: 10s}\n");
    struct mf_engine *engine = bench_engine(b);

    bench_advance(b, "15s");
    bench_expect(b, "a", "1");
    engine->sched.clock.wall -= 3600 * MF_SEC;
    bench_advance(b, "4s");
    bench_expect(b, "a", "");
    bench_advance(b, "1s");
    bench_expect(b, "a", "2");
    engine->sched.clock.wall += 7200 * MF_SEC;
    bench_advance(b, "10s");
    bench_expect(b, "a", "3");
    assert_int_equal(mf_node_last(mf_engine_node(engine, "a"), 0)->time,
                     mf_clock_wall(&engine->sched.clock));
    bench_free(b);
}

/* Time of a value is when it was true at the source, all the way; the newest of several counts. */
static void time_travels(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\n"
                                "b: {test.source: number}\n"
                                "p: {test.pass: , from: a}\n"
                                "x: {test.sum: , from: {p: p, b: b}}\n");
    struct mf_engine *engine = bench_engine(b);
    int64_t start = mf_clock_wall(&engine->sched.clock);

    bench_feed_at(b, "b", "1", -5);
    bench_feed_at(b, "a", "1", -2.5);
    assert_int_equal(mf_node_last(mf_engine_node(engine, "x"), 0)->time, start - 2500 * MF_MS);
    bench_free(b);
}

/* Values that wait for a turn have a limit; what is over it is counted and said. */
static void follow_ups_have_a_limit(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n");
    struct mf_engine *engine = bench_engine(b);
    struct mf_node *in = mf_engine_node(engine, "in");

    bench_look_away(b);
    for (int i = 0; i < MF_SCHED_FOLLOW_UPS + 3; i++)
        mf_engine_play(engine, in, 0, mf_value_number(i), 0);
    assert_int_equal(engine->sched.follow_ups_dropped, 3);
    bench_expect_log(b, "a value was dropped");
    bench_advance(b, "0s");
    assert_int_equal(in->outputs[0].count, MF_SCHED_FOLLOW_UPS);
    bench_free(b);
}

/* Nodes that feed each other for ever take no more than their share of the loop. */
static void endless_loop_is_bounded(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {test.past: , from: [in, x]}\n");
    struct mf_engine *engine = bench_engine(b);

    bench_look_away(b);
    mf_engine_play(engine, mf_engine_node(engine, "in"), 0, mf_value_number(1), 0);
    assert_true(mf_engine_run(engine, 100));
    assert_in_range(engine->sched.turn, 100, 102);
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* A pulled source is read to its end, one value a turn, and says so. */
static void pulled_to_its_end(void **state)
{
    struct bench *b = bench_new_with("p: {test.pull: 3}\n"
                                     "x: {test.sum: , from: {p: p}}\n",
                                     (struct bench_options){.is_real = true});

    bench_expect(b, "x", "0 1 2");
    assert_true(mf_engine_is_finished(bench_engine(b)));
    bench_free(b);
}

/* The ready set finds the lowest rank in flows of any size. */
static void ready_set_of_many_nodes(void **state)
{
    struct mf_buf yaml = {0};
    struct bench *b;

    mf_buf_puts(&yaml, "in: {test.source: number}\nn0: {test.pass: , from: in}\n");
    for (int i = 1; i < 5000; i++)
        mf_buf_printf(&yaml, "n%d: {test.pass: , from: n%d}\n", i, i - 1);
    b = bench_new(mf_buf_text(&yaml));
    bench_feed(b, "in", "7");
    bench_expect(b, "n4999", "7");
    bench_feed(b, "in", "8");
    bench_expect(b, "n4999", "8");
    mf_buf_done(&run_trace);
    mf_buf_done(&yaml);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(diamond_joins_once, run_setup),
        cmocka_unit_test_setup(inputs_of_one_moment, run_setup),
        cmocka_unit_test_setup(second_value_waits, run_setup),
        cmocka_unit_test_setup(burst_of_one_source, run_setup),
        cmocka_unit_test_setup(delayed_port_is_next_turn, run_setup),
        cmocka_unit_test_setup(previous_is_the_turn_before, run_setup),
        cmocka_unit_test_setup(timers_of_one_moment, run_setup),
        cmocka_unit_test_setup(wall_jumps_move_no_timer, run_setup),
        cmocka_unit_test_setup(time_travels, run_setup),
        cmocka_unit_test_setup(follow_ups_have_a_limit, run_setup),
        cmocka_unit_test_setup(endless_loop_is_bounded, run_setup),
        cmocka_unit_test_setup(pulled_to_its_end, run_setup),
        cmocka_unit_test_setup(ready_set_of_many_nodes, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
