/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sinks that wait for somebody: nothing lost, nothing doubled, and pressure back to the source. */

#include "tests/unit/run/run_kinds.h"

static const struct bench_options real = {.is_real = true};

static struct mf_node *node(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name);
}

/* Delivered at once where the other side takes it. */
static void delivered_at_once(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in}\n",
                                     real);

    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    run_expect_trace("in.out=1; in.out=2; ");
    assert_true(mf_engine_is_drained(bench_engine(b)));
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* What is not settled is not gone; a refusal is counted, said, and not tried again. */
static void settled_later(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in}\n",
                                     real);

    run_sink.result = MF_DELIVER_PENDING;
    for (int i = 1; i <= 3; i++)
        bench_feed(b, "in", "7");
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 3);
    mf_node_settle(node(b, "s"), run_sink.letters[0], MF_OK, NULL);
    mf_node_settle(node(b, "s"), run_sink.letters[1], MF_EINVAL, "too hot");
    bench_expect_log(b, "refused and is a dead letter now: too hot");
    mf_buf_done(&run_trace);
    mf_node_settle(node(b, "s"), run_sink.letters[2], MF_ELINK, NULL);
    run_expect_trace("in.out=7 again; ");
    mf_node_settle(node(b, "s"), run_sink.letters[3], MF_OK, NULL);
    assert_true(mf_engine_is_drained(bench_engine(b)));
    assert_int_equal(mf_queue_stats(node(b, "s")->queue).refused, 1);
    assert_int_equal(mf_queue_stats(node(b, "s")->queue).delivered, 2);
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* "Not now" keeps the order; waking goes on where it stopped. */
static void not_now(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in, queue: 10}\n",
                                     real);

    run_sink.room = 0;
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "3");
    run_expect_trace("");
    run_sink.room = 2;
    mf_node_wake(node(b, "s"));
    run_expect_trace("in.out=1; in.out=2; ");
    run_sink.room = 5;
    bench_feed(b, "in", "4");
    run_expect_trace("in.out=3; in.out=4; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A refusal by deliver() itself loses that message and no other. */
static void refused_at_once(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in}\n",
                                     real);

    run_sink.result = MF_EINVAL;
    bench_feed(b, "in", "1");
    bench_expect_log(b, "the sink does not like it");
    run_sink.result = MF_OK;
    bench_feed(b, "in", "2");
    assert_int_equal(mf_queue_stats(node(b, "s")->queue).refused, 1);
    assert_int_equal(mf_queue_stats(node(b, "s")->queue).delivered, 1);
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A full queue drops the oldest and says so, once in a while. */
static void full(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in, queue: 2}\n",
                                     real);

    run_sink.room = 0;
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    bench_feed(b, "in", "3");
    bench_expect_log(b, "the queue of 2 messages is full");
    run_sink.room = SIZE_MAX;
    mf_node_wake(node(b, "s"));
    run_expect_trace("in.out=2; in.out=3; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A kind that settles from within deliver() does not dig into the stack. */
static void settles_from_within(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in, queue: 100000}\n",
                                     real);

    run_sink.room = 0;
    bench_look_away(b);
    for (int i = 0; i < 20000; i++)
        mf_engine_play(bench_engine(b), node(b, "in"), 0, mf_value_number(i), 0);
    bench_advance(b, "0s");
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 20000);
    run_sink.room = SIZE_MAX;
    run_sink.settles_itself = true;
    run_sink.result = MF_DELIVER_PENDING;
    mf_node_wake(node(b, "s"));
    assert_in_range(run_sink.count, 200, 1000); /* the loop looks around in between */
    bench_advance(b, "0s");
    assert_int_equal(run_sink.count, 20000);
    assert_true(mf_engine_is_drained(bench_engine(b)));
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A sink that is nearly full stops the file upstream, and lets it go on at half. */
static void pressure_on_a_file(void **state)
{
    struct mf_engine *engine;
    struct bench *b;

    run_sink.room = 0;
    b = bench_new_with("p: {test.pull: 100}\n"
                       "a: {test.pass: , from: p}\n"
                       "s: {test.sink: , from: a, queue: 8}\n",
                       real);
    engine = bench_engine(b);
    assert_int_equal(mf_engine_waiting(engine), 6);
    assert_int_equal(node(b, "p")->blocked, 1);
    assert_false(mf_engine_is_finished(engine));
    run_sink.room = 2;
    mf_node_wake(node(b, "s"));
    bench_advance(b, "0s");
    assert_int_equal(mf_engine_waiting(engine), 6);
    run_sink.room = SIZE_MAX;
    mf_node_wake(node(b, "s"));
    bench_advance(b, "0s");
    assert_int_equal(run_sink.count, 100);
    assert_int_equal(mf_queue_stats(node(b, "s")->queue).dropped, 0);
    assert_true(mf_engine_is_finished(engine));
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* Nothing is written with --read-only, whatever the shape of the sink; it is counted. */
static void read_only(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in}\n"
                                     "w: {test.write: , from: in}\n",
                                     (struct bench_options){.is_real = true, .read_only = true});

    bench_feed(b, "in", "1");
    run_expect_trace("");
    assert_int_equal(node(b, "s")->skipped, 1);
    assert_int_equal(node(b, "w")->skipped, 1);
    bench_free(b);
    run_expect_trace("");
}

/* A test never writes. */
static void played(void **state)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "s: {test.sink: , from: in}\n"
                                "w: {test.write: , from: in}\n");

    bench_feed(b, "in", "1");
    bench_free(b);
    run_expect_trace("");
}

/* A sink that failed keeps what comes for it. */
static void failed_sink_keeps(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "s: {test.sink: , from: in}\n",
                                     real);
    struct mf_error err = {0};

    run_sink.result = MF_DELIVER_PENDING;
    bench_feed(b, "in", "1");
    mf_fail(&err, MF_EIO, "the disk is full");
    mf_node_fail(node(b, "s"), &err);
    bench_expect_log(b, "the disk is full; trying again in");
    bench_feed(b, "in", "2");
    run_sink.result = MF_OK;
    bench_advance(b, "2s");
    run_expect_trace("in.out=1; s stops; in.out=1 again; in.out=2; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(delivered_at_once, run_setup),
        cmocka_unit_test_setup(settled_later, run_setup),
        cmocka_unit_test_setup(not_now, run_setup),
        cmocka_unit_test_setup(refused_at_once, run_setup),
        cmocka_unit_test_setup(full, run_setup),
        cmocka_unit_test_setup(settles_from_within, run_setup),
        cmocka_unit_test_setup(pressure_on_a_file, run_setup),
        cmocka_unit_test_setup(read_only, run_setup),
        cmocka_unit_test_setup(played, run_setup),
        cmocka_unit_test_setup(failed_sink_keeps, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
