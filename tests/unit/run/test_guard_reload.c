/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Guarded outputs over a reload: nothing jumps, nothing is forgotten, and what is gone is safe. */

#include <string.h>

#include "engine/run/guard.h"
#include "tests/unit/run/run_kinds.h"

static const struct bench_options real = {.is_real = true};

static struct mf_node *node(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name);
}

static void set(struct bench *b, const char *name, double number, int64_t time)
{
    struct mf_error err;

    assert_int_equal(mf_guard_set_take(node(b, name), mf_value_number(number), time, &err), 0);
    bench_advance(b, "0s");
}

#define IN "in: {test.source: number, unit: W}\n"

/* An unchanged actuator is the same object: what is set, its times and its ramp go on. */
static void unchanged(void **state)
{
    const char *yaml =
        IN "a: {test.act: p, from: in, limit: 0..99, ramp: 10, failsafe: 0 after 9s}\n";
    struct bench *b = bench_new_with(yaml, real);

    bench_feed(b, "in", "5");
    set(b, "a", 40, 6 * MF_SEC);
    run_expect_trace("a(5); a(15); ");
    bench_reload(b, "x: {test.source: bool}\n" IN
                    "a: {test.act: p, from: in, limit: 0..99, ramp: 10, failsafe: 0 after 9s}\n");
    run_expect_trace("");
    bench_advance(b, "5s");
    run_expect_trace("a(25); a(35); a(40); ");
    bench_advance(b, "1s");
    run_expect_trace("a(30); ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A changed one goes on from what is written, under its new bounds; what is set stays set, in the
 * unit that it has now. */
static void changed(void **state)
{
    struct bench *b =
        bench_new_with(IN "a: {test.act: p, from: in, limit: 0..99 W, failsafe: 0 W}\n", real);

    bench_feed(b, "in", "50");
    run_expect_trace("a(50); ");
    /* The same bounds in other words: nothing is written twice. */
    bench_reload(b, IN "a: {test.act: p, from: in, limit: 0..98 W, failsafe: 0 W}\n");
    run_expect_trace("");
    /* The new limit holds at once. */
    bench_reload(b, IN "a: {test.act: p, from: in, limit: 0..40 W, failsafe: 0 W}\n");
    run_expect_trace("a(40); ");
    set(b, "a", 30, 10 * MF_SEC);
    run_expect_trace("a(30); ");
    bench_reload(b, "in: {test.source: number, unit: kW}\n"
                    "a: {test.act: p, from: in, limit: 0..20 W, failsafe: 0 W}\n");
    run_expect_trace("a(0.02); ");
    assert_true(node(b, "a")->guard->manual.number == 0.03);
    bench_advance(b, "10s");
    run_expect_trace("a(0); "); /* the source is another one, and has said nothing yet */
    assert_false(node(b, "a")->guard->is_set);
    bench_free(b);
}

/* The clock of a failsafe goes on over the reload of its node. */
static void silence_goes_on(void **state)
{
    struct bench *b =
        bench_new_with(IN "a: {test.act: p, from: in, limit: 0.., failsafe: 1 after 10s}\n", real);

    bench_feed(b, "in", "5");
    bench_advance(b, "8s");
    bench_reload(b, IN "a: {test.act: p, from: in, limit: 0..9, failsafe: 1 after 10s}\n");
    bench_advance(b, "1999ms");
    run_expect_trace("a(5); ");
    bench_advance(b, "1ms");
    run_expect_trace("a(1); ");
    bench_free(b);
}

/* A new actuator is told what its source said last; one that is gone writes its failsafe value, and
 * so does one that turns to another thing. */
static void come_and_gone(void **state)
{
    struct bench *b = bench_new_with(IN, real);

    bench_feed(b, "in", "7");
    bench_reload(b, IN "a: {test.act: p, from: in, limit: 0.., failsafe: 2}\n"
                       "k: {test.act: k, from: in, limit: 0.., failsafe: keep}\n");
    run_expect_trace("a(7); k(7); ");
    bench_reload(b, IN "a: {test.act: q, from: in, limit: 0.., failsafe: 3}\n");
    run_expect_trace("a(2); a(7); ");
    bench_reload(b, IN);
    run_expect_trace("a(3); ");
    bench_free(b);
    run_expect_trace("");
}

/* Under a new name it is still the same thing: nothing is driven to its failsafe. */
static void renamed(void **state)
{
    struct bench *b =
        bench_new_with(IN "a: {test.act: p, from: in, limit: 0.., failsafe: 2}\n", real);

    bench_feed(b, "in", "7");
    bench_reload(b, IN "b: {test.act: p, from: in, limit: 0.., failsafe: 2}\n");
    run_expect_trace("a(7); b(7); ");
    bench_free(b);
}

/* A reload that is refused leaves the actuator as it was. */
static void refused(void **state)
{
    struct bench *b =
        bench_new_with(IN "a: {test.act: p, from: in, limit: 0.., ramp: 1, failsafe: 2}\n", real);

    bench_feed(b, "in", "7");
    bench_feed(b, "in", "9");
    bench_reload_refused(b,
                         IN "r: {test.rotten: , from: in}\n"
                            "a: {test.act: p, from: in, limit: 0..5, failsafe: 2}\n",
                         "it is rotten");
    bench_advance(b, "5s");
    run_expect_trace("a(7); a(8); a(9); ");
    bench_free(b);
}

#define WIRE "moat-flow: 1\nlinks:\n  w: {test.wire: }\nnodes:\n  in: {test.source: number}\n"

/* What waits for a link was meant under other bounds: the successor says it anew. */
static void what_waits(void **state)
{
    struct bench *b =
        bench_new_with(WIRE "  a: {test.motor: m, from: in, limit: 0..99, failsafe: 2}\n", real);

    bench_feed(b, "in", "50");
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 1);
    bench_reload(b, WIRE "  a: {test.motor: m, from: in, limit: 0..30, failsafe: 2, queue: 5}\n");
    assert_int_equal(mf_engine_waiting(bench_engine(b)), 1);
    mf_link_begin(bench_engine(b)->links[0]);
    mf_link_up(bench_engine(b)->links[0]);
    bench_advance(b, "0s");
    run_expect_trace("a stops; in.out=30; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

#define MOTOR "  a: {test.motor: m, from: in, limit: 0..99, failsafe: 2}\n"
#define NO_WIRE "in: {test.source: number}\n"

/* A motor that has been told 7, has not confirmed it, and does one thing at a time. */
static struct bench *with_motor(struct mf_node **ret_motor)
{
    struct bench *b = bench_new_with(WIRE MOTOR, real);

    run_sink.result = MF_DELIVER_PENDING;
    run_sink.room = 1;
    mf_link_begin(bench_engine(b)->links[0]);
    mf_link_up(bench_engine(b)->links[0]);
    bench_feed(b, "in", "7");
    *ret_motor = node(b, "a");
    run_expect_trace("in.out=7; ");
    return b;
}

static void look(struct bench *b, const char *trace)
{
    mf_engine_run(bench_engine(b), 100);
    run_expect_trace(trace);
}

/* The failsafe value of one that is gone is delivered behind what was under way, and the link that
 * went with it waits for that. */
static void lingers(void **state)
{
    struct mf_node *motor;
    struct bench *b = with_motor(&motor);

    bench_reload(b, NO_WIRE);
    look(b, "");
    run_sink.room = 1;
    mf_node_settle(motor, run_sink.letters[0], MF_OK, NULL);
    look(b, "in.out=2; ");
    assert_int_equal(run_wire.stops, 0);
    mf_node_settle(motor, run_sink.letters[1], MF_OK, NULL);
    look(b, "a stops; ");
    assert_int_equal(run_wire.stops, 1);
    assert_int_equal(bench_engine(b)->lingering_count, 0);
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* The engine's end waits for it, too. */
static void lingers_at_the_end(void **state)
{
    struct mf_node *motor;
    struct bench *b = with_motor(&motor);

    bench_reload(b, NO_WIRE);
    mf_engine_drain(bench_engine(b));
    mf_engine_make_safe(bench_engine(b));
    assert_false(mf_engine_is_safe(bench_engine(b)));
    run_sink.room = 1;
    mf_node_settle(motor, run_sink.letters[0], MF_OK, NULL);
    look(b, "in.out=2; ");
    mf_node_settle(motor, run_sink.letters[1], MF_OK, NULL);
    look(b, "a stops; ");
    assert_true(mf_engine_is_safe(bench_engine(b)));
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A thing that does not confirm it, or whose link breaks, is not waited for. */
static void does_not_linger_for_ever(void **state)
{
    struct mf_node *motor;
    struct bench *b = with_motor(&motor);
    struct mf_error err;

    bench_reload(b, WIRE);
    bench_advance(b, "1999ms");
    look(b, "");
    bench_advance(b, "1ms");
    look(b, "a stops; ");
    bench_free(b);
    b = with_motor(&motor);
    bench_reload(b, WIRE);
    mf_fail(&err, MF_ELINK, "gone");
    mf_link_down(bench_engine(b)->links[0], &err);
    look(b, "a stops; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* When somebody writes the same thing again, the failsafe value does not come in between; what was
 * under way may or may not have arrived, so it is said again. */
static void comes_back(void **state)
{
    struct mf_node *motor;
    struct bench *b = with_motor(&motor);

    bench_reload(b, WIRE);
    run_sink.room = 1;
    bench_reload(b, WIRE "  b: {test.motor: m, from: in, limit: 0..99, failsafe: 2}\n");
    look(b, "a stops; in.out=7; ");
    bench_free(b);
    run_expect_trace("b stops; ");
    b = with_motor(&motor);
    run_sink.room = 1;
    bench_reload(b, WIRE "  a: {test.motor: m, from: in, limit: 0..50, failsafe: 2}\n");
    bench_advance(b, "0s");
    look(b, "a stops; in.out=7; ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(unchanged, run_setup),
        cmocka_unit_test_setup(changed, run_setup),
        cmocka_unit_test_setup(silence_goes_on, run_setup),
        cmocka_unit_test_setup(come_and_gone, run_setup),
        cmocka_unit_test_setup(renamed, run_setup),
        cmocka_unit_test_setup(refused, run_setup),
        cmocka_unit_test_setup(what_waits, run_setup),
        cmocka_unit_test_setup(lingers, run_setup),
        cmocka_unit_test_setup(lingers_at_the_end, run_setup),
        cmocka_unit_test_setup(does_not_linger_for_ever, run_setup),
        cmocka_unit_test_setup(comes_back, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
