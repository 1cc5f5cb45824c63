/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Guarded outputs: what a person sets, and what becomes of values that are not delivered at once.
 */

#include <string.h>

#include "engine/run/dead.h"
#include "engine/run/guard.h"
#include "tests/unit/run/run_kinds.h"

static const struct bench_options real = {.is_real = true};

static struct mf_node *node(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name);
}

static void expect_look(struct bench *b, const char *text)
{
    struct mf_buf buf = {0};

    mf_guard_describe(node(b, "a"), &buf);
    assert_string_equal(mf_buf_text(&buf), text);
    mf_buf_done(&buf);
}

/* As the command does: the text is read with the type and unit of the output. */
static int set(struct bench *b, const char *name, const char *text, int64_t time,
               struct mf_error *err)
{
    struct mf_value value;
    int rc = mf_guard_read(node(b, name)->def->guard, text, strlen(text), &value, err);

    if (rc == 0)
        rc = mf_guard_set_take(node(b, name), value, time, err);
    bench_advance(b, "0s");
    return rc;
}

static void release(struct bench *b)
{
    struct mf_error err;

    assert_int_equal(mf_guard_release(node(b, "a"), &err), 0);
    bench_advance(b, "0s");
}

/* What is set counts before all inputs until its time is over; limit and ramp hold for it, and the
 * way back has no bump. */
static void set_for_a_time(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number, unit: W}\n"
                                     "a: {test.act: pump, from: in, limit: 0..30 W, ramp: 10, "
                                     "failsafe: 1 W after 1h}\n",
                                     real);
    struct mf_error err;

    bench_feed(b, "in", "5");
    assert_int_equal(set(b, "a", "0.04 kW", 10 * MF_SEC, &err), 0);
    run_expect_trace("a(5); a(15); ");
    expect_look(b, "15 W, set by hand for another 10s; held by limit, ramp");
    bench_feed(b, "in", "6");
    bench_advance(b, "5s");
    run_expect_trace("a(25); a(30); ");
    bench_advance(b, "4999ms");
    run_expect_trace("");
    bench_advance(b, "1ms");
    bench_expect_log(b, "the time of `set` is over");
    run_expect_trace("a(20); ");
    bench_advance(b, "2s");
    run_expect_trace("a(10); a(6); ");
    expect_look(b, "6 W by `in`");
    bench_free(b);
}

/* Without a time it holds until it is released, whatever becomes of the inputs; then the input
 * counts that is good, or the failsafe value. */
static void set_and_release(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: bool}\n"
                                     "a: {test.act: lamp, from: in, failsafe: off}\n",
                                     real);
    struct mf_error err;

    assert_int_equal(mf_guard_release(node(b, "a"), &err), MF_EINVAL);
    assert_string_equal(err.text, "`a` is not set");
    assert_int_equal(set(b, "a", "on", 0, &err), 0);
    run_expect_trace("a(true); ");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "100h");
    expect_look(b, "true, set by hand");
    run_expect_trace("");
    release(b);
    run_expect_trace("a(false); ");
    expect_look(b, "false as failsafe; held by no good value, failsafe");
    bench_free(b);
}

/* Where the flow puts something before `manual`, that counts; `set` waits for its turn. */
static void manual_in_its_place(void **state)
{
    struct bench *b = bench_new_with("frost: {test.source: any}\n"
                                     "plan: {test.source: number}\n"
                                     "a: {test.act: pump, from: [frost, plan], limit: 0.., "
                                     "priority: [frost, manual, plan], failsafe: 0}\n",
                                     real);
    struct mf_error err;

    bench_feed(b, "plan", "1");
    bench_feed(b, "frost", "9");
    assert_int_equal(set(b, "a", "5", 0, &err), 0);
    run_expect_trace("a(1); a(9); ");
    expect_look(b, "9 by `frost`, set by hand to 5; held by priority");
    bench_feed(b, "frost", "null");
    run_expect_trace("a(5); ");
    release(b);
    run_expect_trace("a(1); ");
    bench_free(b);
}

/* What cannot be written there is refused with a sentence. */
static void not_to_be_set(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number, unit: W}\n"
                                     "on: {test.source: bool}\n"
                                     "w: {test.write: , from: in}\n"
                                     "a: {test.act: pump, from: in, limit: 0.., failsafe: keep}\n"
                                     "l: {test.act: lamp, from: on, failsafe: keep}\n",
                                     real);
    struct mf_error err;

    assert_int_equal(set(b, "a", "5 °C", 0, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "the value is in W (power)"));
    assert_int_equal(set(b, "a", "on", 0, &err), MF_EINVAL);
    assert_string_equal(err.text, "number in W is wanted, `on` came");
    assert_int_equal(set(b, "l", "5", 0, &err), MF_EINVAL);
    assert_string_equal(err.text, "bool is wanted, `5` came");
    assert_int_equal(mf_guard_set_take(node(b, "w"), mf_value_number(1), 0, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "`w` is not an actuator"));
    mf_engine_make_safe(bench_engine(b));
    assert_int_equal(set(b, "a", "5", 0, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "is ending"));
    bench_free(b);
    run_expect_trace("");
}

/* ---- delivery ---- */

static void connect(struct bench *b)
{
    struct mf_link *link = bench_engine(b)->links[0];

    mf_timer_disarm(&link->engine->sched, &link->retry);
    mf_link_begin(link);
    mf_link_up(link);
    bench_advance(b, "0s");
}

static void disconnect(struct bench *b)
{
    struct mf_error err = {0};

    mf_fail(&err, MF_ELINK, "gone");
    mf_link_down(bench_engine(b)->links[0], &err);
}

static struct bench *open(const char *options)
{
    struct mf_buf text = {0};
    struct bench *b;

    mf_buf_printf(&text,
                  "moat-flow: 1\nlinks:\n  w: {test.wire: }\nnodes:\n"
                  "  in: {test.source: number}\n"
                  "  a: {test.motor: m, from: in, %s}\n",
                  options);
    b = bench_new_with(mf_buf_text(&text), real);
    mf_buf_done(&text);
    return b;
}

/* While the link is away only the latest value waits, and the ramp stands where the output is. */
static void link_away(void **state)
{
    struct bench *b = open("ramp: 10, limit: 0.., failsafe: 0 after 1h");

    connect(b);
    bench_feed(b, "in", "5");
    run_expect_trace("in.out=5; ");
    disconnect(b);
    bench_feed(b, "in", "100");
    bench_advance(b, "100ms");
    bench_feed(b, "in", "50");
    bench_advance(b, "300ms");
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 1);
    expect_look(b, "5 by `in`; held by ramp, link");
    connect(b);
    run_expect_trace("in.out=15; ");
    bench_advance(b, "1s");
    run_expect_trace("in.out=25; ");
    bench_advance(b, "10s");
    run_expect_trace("in.out=35; in.out=45; in.out=50; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* The failsafe value takes the place of what waits. */
static void failsafe_waits(void **state)
{
    struct bench *b = open("limit: 0.., failsafe: 1 after 10s");

    bench_feed(b, "in", "100");
    bench_advance(b, "10s");
    connect(b);
    run_expect_trace("in.out=1; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A step that is under way is awaited before the next is made. */
static void one_step_at_a_time(void **state)
{
    struct bench *b = open("ramp: 10, limit: 0.., failsafe: 0 after 1h");

    connect(b);
    bench_feed(b, "in", "0");
    run_sink.result = MF_DELIVER_PENDING;
    bench_feed(b, "in", "100");
    bench_advance(b, "10s");
    bench_feed(b, "in", "-100");
    bench_advance(b, "10s");
    run_expect_trace("in.out=0; in.out=10; ");
    run_sink.result = MF_OK;
    mf_node_settle(node(b, "a"), run_sink.letters[run_sink.count - 1], MF_OK, NULL);
    bench_advance(b, "1s");
    run_expect_trace("in.out=0; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* What was refused is not written: the next step begins where the output is, and it is no storm. */
static void refused(void **state)
{
    struct bench *b = open("ramp: 10, limit: 0.., refresh: 5s, failsafe: 0 after 1h");

    connect(b);
    bench_feed(b, "in", "0");
    run_sink.result = MF_EINVAL;
    bench_feed(b, "in", "20");
    bench_advance(b, "3500ms");
    run_expect_trace("in.out=0; in.out=10; in.out=10; in.out=10; in.out=10; ");
    run_sink.result = MF_OK;
    bench_advance(b, "2s");
    run_expect_trace("in.out=10; in.out=20; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* An event is said once for each message: not after a failure, nor when it is released; only the
 * failsafe value is said by the guard itself, until it is done. */
static void events(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: bool}\n"
                                     "a: {test.act: bell, from: in, failsafe: false after 1h}\n",
                                     real);
    struct mf_error err;

    bench_feed(b, "in", "true");
    bench_feed(b, "in", "true");
    run_expect_trace("a(true); a(true); ");
    assert_int_equal(set(b, "a", "false", 0, &err), 0);
    run_expect_trace("a(false); ");
    release(b);
    run_expect_trace("");
    run_sink.result = MF_EIO;
    bench_feed(b, "in", "true");
    run_sink.result = MF_OK;
    bench_advance(b, "30min");
    run_expect_trace("a(true); ");
    bench_advance(b, "30min");
    run_expect_trace("a(false); ");
    bench_feed(b, "in", "true");
    run_sink.result = MF_EIO;
    bench_advance(b, "1h");
    run_sink.result = MF_OK;
    mf_buf_clear(&run_trace);
    bench_advance(b, "2min");
    run_expect_trace("a(false); ");
    bench_free(b);
}

/* What was refused is tried again after a while, with the value that holds then, and is no dead
 * letter; one from before the sink was an actuator is not given again. */
static void not_from_the_dead(void **state)
{
    struct bench *b = open("limit: 0.., failsafe: keep");
    struct mf_dead *dead = bench_engine(b)->dead;
    struct mf_letter letter = {
        .msg = {.value = mf_value_number(9)}, .label = "out", .node_name = "in"};
    struct mf_error err = {0};

    connect(b);
    run_sink.result = MF_EINVAL;
    bench_feed(b, "in", "5");
    bench_expect_log(b, "was refused, and is tried again: the sink does not like it");
    expect_look(b, "nothing written yet by `in`; held by refused");
    run_sink.result = MF_OK;
    bench_advance(b, "10s");
    run_expect_trace("in.out=5; in.out=5; ");
    assert_int_equal(mf_dead_count(dead), 0);
    mf_dead_put(dead, node(b, "a"), &letter, "refused");
    assert_int_equal(mf_dead_retry(dead, 0, &err), MF_EINVAL);
    assert_non_null(strstr(err.text, "is an actuator"));
    assert_int_equal(mf_dead_count(dead), 1);
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 0);
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* At the end the failsafe value is the last word, and whoever did not get it is named. */
static void last_word(void **state)
{
    struct bench *b = open("limit: 0.., failsafe: 3");

    connect(b);
    bench_feed(b, "in", "5");
    mf_engine_make_safe(bench_engine(b));
    assert_true(mf_engine_is_safe(bench_engine(b)));
    bench_feed(b, "in", "6");
    run_expect_trace("in.out=5; in.out=3; ");
    bench_free(b);
    run_expect_trace("a stops; ");

    b = open("limit: 0.., failsafe: 3");
    connect(b);
    run_sink.result = MF_DELIVER_PENDING;
    mf_engine_make_safe(bench_engine(b));
    assert_false(mf_engine_is_safe(bench_engine(b)));
    mf_engine_stop(bench_engine(b));
    bench_expect_log(b, "its failsafe value was sent, and is not confirmed yet");
    bench_free(b);
    mf_buf_done(&run_trace);

    b = open("limit: 0.., failsafe: 3");
    mf_engine_make_safe(bench_engine(b));
    assert_true(mf_engine_is_safe(bench_engine(b))); /* there is nobody to wait for */
    mf_engine_stop(bench_engine(b));
    bench_expect_log(b, "ends without its failsafe value: it was not delivered");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* While the link is away nothing is said again: it would only fill the queue. */
static void no_refresh_meanwhile(void **state)
{
    struct bench *b = open("limit: 0.., refresh: 1s, failsafe: keep, queue: 10");

    connect(b);
    bench_feed(b, "in", "5");
    disconnect(b);
    mf_timer_disarm(&bench_engine(b)->sched, &bench_engine(b)->links[0]->retry);
    bench_advance(b, "1min");
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 1);
    connect(b);
    bench_advance(b, "2s");
    run_expect_trace("in.out=5; in.out=5; in.out=5; in.out=5; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(set_for_a_time, run_setup),
        cmocka_unit_test_setup(set_and_release, run_setup),
        cmocka_unit_test_setup(manual_in_its_place, run_setup),
        cmocka_unit_test_setup(not_to_be_set, run_setup),
        cmocka_unit_test_setup(link_away, run_setup),
        cmocka_unit_test_setup(failsafe_waits, run_setup),
        cmocka_unit_test_setup(one_step_at_a_time, run_setup),
        cmocka_unit_test_setup(refused, run_setup),
        cmocka_unit_test_setup(events, run_setup),
        cmocka_unit_test_setup(last_word, run_setup),
        cmocka_unit_test_setup(not_from_the_dead, run_setup),
        cmocka_unit_test_setup(no_refresh_meanwhile, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
