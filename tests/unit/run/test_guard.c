/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Guarded outputs: limit, ramp, refresh, failsafe and priority, alone and together. */

#include <math.h>
#include <stdio.h>

#include "engine/run/guard.h"
#include "tests/unit/run/run_kinds.h"

static const struct bench_options real = {.is_real = true};

static struct bench *open(const char *options)
{
    char text[600];

    snprintf(text, sizeof(text),
             "in: {test.source: number, unit: W}\n"
             "b: {test.source: number, unit: kW}\n"
             "a: {test.act: pump, %s}\n",
             options);
    return bench_new_with(text, real);
}

static struct mf_guard *guard(struct bench *b, const char *name)
{
    return mf_engine_node(bench_engine(b), name)->guard;
}

static void expect_look(struct bench *b, const char *text)
{
    struct mf_buf buf = {0};

    mf_guard_describe(mf_engine_node(bench_engine(b), "a"), &buf);
    assert_string_equal(mf_buf_text(&buf), text);
    mf_buf_done(&buf);
}

/* Without further options an actuator is told each value, and none that is dead. */
static void plain(void **state)
{
    struct bench *b = open("from: in, failsafe: keep, limit: ..9");

    bench_feed(b, "in", "5");
    bench_feed(b, "in", "5");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "1h");
    run_expect_trace("a(5); a(5); ");
    expect_look(b, "5 W; held by no good value");
    bench_feed(b, "in", "6");
    run_expect_trace("a(6); ");
    expect_look(b, "6 W by `in`");
    bench_free(b);
    run_expect_trace("");
}

/* What is outside of the limit becomes its nearer end; units are converted. */
static void limit(void **state)
{
    struct bench *b = open("from: b, limit: 200..3500 W, failsafe: keep");

    bench_feed(b, "b", "3.2");
    bench_feed(b, "b", "4");
    run_expect_trace("a(3.2); a(3.5); ");
    expect_look(b, "3.5 kW by `b`; held by limit");
    bench_feed(b, "b", "-1");
    run_expect_trace("a(0.2); ");
    assert_int_equal(guard(b, "a")->limited, 2);
    bench_free(b);
}

/* The first value passes as it is; then the output goes in steps, up and down. */
static void ramp(void **state)
{
    struct bench *b = open("from: in, ramp: 6 kW/min, failsafe: keep, limit: 0..");

    bench_feed(b, "in", "1000");
    run_expect_trace("a(1000); ");
    bench_feed(b, "in", "1250");
    run_expect_trace("a(1100); ");
    expect_look(b, "1100 W by `in`; held by ramp");
    bench_advance(b, "999ms");
    run_expect_trace("");
    bench_advance(b, "1ms");
    run_expect_trace("a(1200); ");
    bench_advance(b, "10s");
    run_expect_trace("a(1250); ");
    expect_look(b, "1250 W by `in`");
    bench_feed(b, "in", "0");
    bench_advance(b, "3s");
    run_expect_trace("a(1150); a(1050); a(950); a(850); ");
    /* It turns where it is. */
    bench_feed(b, "in", "860");
    run_expect_trace("");
    bench_advance(b, "2s");
    run_expect_trace("a(860); ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* Small changes do not wait for steps, and however they come, the ramp is not exceeded by more than
 * one step. */
static void ramp_holds(void **state)
{
    struct bench *b = open("from: in, ramp: 10, ramp_step: 500ms, failsafe: keep, limit: 0..");
    double last, low = 1e9, high = -1e9;
    char text[32];

    bench_feed(b, "in", "0");
    bench_feed(b, "in", "1");
    bench_feed(b, "in", "2");
    run_expect_trace("a(0); a(1); a(2); ");
    bench_advance(b, "10s");
    last = 2;
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "%d", i * 7919 % 100);
        bench_feed(b, "in", text);
        bench_advance(b, "50ms");
        low = fmin(low, guard(b, "a")->written.number);
        high = fmax(high, guard(b, "a")->written.number);
        assert_true(fabs(guard(b, "a")->written.number - last) <= 5 + 1e-9);
        last = guard(b, "a")->written.number;
    }
    assert_true(high - low <= 10 * 10 + 5);
    assert_true(high > low);
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* A ramp of temperatures is a difference: offsets do not count. */
static void ramp_of_temperature(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number, unit: °C}\n"
                                     "a: {test.act: valve, from: in, ramp: 120 K/min, limit: "
                                     "50..86 °F, failsafe: 68 °F}\n",
                                     real);

    bench_feed(b, "in", "20");
    bench_feed(b, "in", "35");
    bench_advance(b, "9s");
    run_expect_trace("a(20); a(22); a(24); a(26); a(28); a(30); ");
    mf_engine_make_safe(bench_engine(b));
    run_expect_trace("a(20); ");
    bench_free(b);
}

/* The last good value is said again, and a dead one is not. */
static void refresh(void **state)
{
    struct bench *b = open("from: in, refresh: 5s, failsafe: keep, limit: 0..");

    bench_advance(b, "20s");
    run_expect_trace("");
    bench_feed(b, "in", "7");
    bench_advance(b, "11s");
    run_expect_trace("a(7); a(7); a(7); ");
    bench_feed(b, "in", "8");
    bench_advance(b, "4s");
    run_expect_trace("a(8); ");
    bench_advance(b, "1s");
    run_expect_trace("a(8); ");
    bench_fail(b, "in", "stale");
    bench_advance(b, "1h");
    run_expect_trace("");
    bench_feed(b, "in", "8");
    bench_advance(b, "5s");
    run_expect_trace("a(8); a(8); ");
    assert_int_equal(guard(b, "a")->refreshes, 4);
    bench_free(b);
}

/* Stale, bad or silent for the time: the failsafe value is written once, at once, without a ramp,
 * and again as long as it holds where `refresh` asks for it. */
static void failsafe_after(void **state)
{
    struct bench *b = open("from: in, ramp: 1, limit: 0..9000, failsafe: 0.5 kW after 30s");

    bench_feed(b, "in", "5000");
    bench_advance(b, "29s");
    bench_fail(b, "in", "link down");
    run_expect_trace("a(5000); ");
    bench_advance(b, "1s");
    run_expect_trace("a(500); ");
    expect_look(b, "500 W as failsafe; held by no good value, failsafe");
    bench_expect_log(b, "no good value for 30s: writes the failsafe, 500 W");
    bench_advance(b, "1h");
    run_expect_trace("");
    /* The way back is a ramp. */
    bench_feed(b, "in", "502");
    bench_expect_log(b, "has a good value again");
    bench_advance(b, "10s");
    run_expect_trace("a(501); a(502); ");
    /* Silence counts, however good the last value was. */
    bench_advance(b, "20s");
    run_expect_trace("a(500); ");
    bench_free(b);
}

/* It also comes when there never was a value, and not when one comes just in time. */
static void failsafe_at_start(void **state)
{
    struct bench *b = open("from: in, limit: 0.., failsafe: 0 after 10s, refresh: 1min");

    bench_advance(b, "10s");
    run_expect_trace("a(0); ");
    bench_advance(b, "1min");
    run_expect_trace("a(0); ");
    bench_feed(b, "in", "3");
    bench_advance(b, "9999ms");
    bench_feed(b, "in", "3");
    bench_advance(b, "9999ms");
    run_expect_trace("a(3); a(3); ");
    bench_free(b);
}

/* A timer that feeds exactly as often as the failsafe waits is not too late. */
static void just_in_time(void **state)
{
    struct bench *b = bench_new_with("t: {test.beat: 10s}\n"
                                     "a: {test.act: pump, from: t, limit: 0.., failsafe: 0 after "
                                     "10s}\n",
                                     real);

    bench_advance(b, "30s");
    run_expect_trace("a(1); a(2); a(3); ");
    bench_free(b);
}

/* Without a time it comes as soon as the value is dead; silence is no death then. */
static void failsafe_at_once(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: bool}\n"
                                     "a: {test.act: lamp, from: in, failsafe: off}\n",
                                     real);

    bench_advance(b, "1h");
    run_expect_trace("");
    bench_feed(b, "in", "true");
    bench_advance(b, "10h");
    run_expect_trace("a(true); ");
    bench_fail(b, "in", "timeout");
    run_expect_trace("a(false); ");
    bench_fail(b, "in", "timeout");
    bench_advance(b, "1h");
    run_expect_trace("");
    bench_feed(b, "in", "true");
    run_expect_trace("a(true); ");
    bench_free(b);
}

/* Texts and maps have a failsafe, too; `null` lets go. */
static void failsafe_of_texts(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: any}\n"
                                     "a: {test.act: mode, from: in, failsafe: \"stand by\"}\n",
                                     real);

    bench_feed(b, "in", "\"heat\"");
    bench_feed(b, "in", "null");
    run_expect_trace("a(heat); a(stand by); ");
    bench_free(b);
}

/* The first input with a good value counts; null, stale and bad give way. */
static void priority(void **state)
{
    struct bench *b = bench_new_with("x: {test.source: any}\n"
                                     "y: {test.source: number, unit: kW}\n"
                                     "z: {test.source: number, unit: W}\n"
                                     "a: {test.act: pump, from: [y, x, z], priority: [x, y, z], "
                                     "limit: 0 W.., failsafe: 1 W}\n",
                                     real);

    bench_feed(b, "z", "300");
    run_expect_trace("a(0.3); ");
    bench_feed(b, "x", "5");
    run_expect_trace("a(5); ");
    bench_feed(b, "z", "400");
    bench_feed(b, "y", "2");
    run_expect_trace("");
    expect_look(b, "5 kW by `x`; held by priority");
    bench_feed(b, "x", "null");
    run_expect_trace("a(2); ");
    bench_fail(b, "y", "out of range");
    run_expect_trace("a(0.4); ");
    bench_fail(b, "z", "stale");
    run_expect_trace("a(0.001); ");
    bench_feed_many(b, "x=7 y=6 z=5");
    run_expect_trace("a(7); ");
    bench_free(b);
}

/* Whoever takes over begins where the output is. */
static void bumpless(void **state)
{
    struct bench *b = bench_new_with("x: {test.source: any}\n"
                                     "y: {test.source: number}\n"
                                     "a: {test.act: pump, from: [y, x], priority: [x, y], ramp: "
                                     "10, limit: 0..50, failsafe: 0}\n",
                                     real);

    bench_feed(b, "y", "40");
    bench_feed(b, "x", "70");
    bench_advance(b, "1s");
    run_expect_trace("a(40); a(50); ");
    bench_feed(b, "x", "null");
    bench_advance(b, "0s");
    run_expect_trace("a(40); ");
    bench_free(b);
}

/* With `after`, a silent input gives way to the next, and the failsafe counts from the last. */
static void silent_input(void **state)
{
    struct bench *b = bench_new_with("x: {test.source: number}\n"
                                     "y: {test.source: number}\n"
                                     "a: {test.act: pump, from: [y, x], priority: [x, y], "
                                     "limit: 0..50, failsafe: 0 after 10s}\n",
                                     real);

    bench_feed(b, "x", "20");
    bench_advance(b, "4s");
    bench_feed(b, "y", "30");
    bench_advance(b, "6s");
    run_expect_trace("a(20); a(30); ");
    bench_advance(b, "3999ms");
    run_expect_trace("");
    bench_advance(b, "1ms");
    run_expect_trace("a(0); ");
    bench_free(b);
}

/* A node that failed has written nothing; when it is back it is told what holds now. */
static void failed_node(void **state)
{
    struct bench *b = open("from: in, limit: 0.., failsafe: 0 after 1min, ramp: 10");

    bench_feed(b, "in", "5");
    run_sink.result = MF_EIO;
    bench_feed(b, "in", "15");
    assert_true(guard(b, "a")->written.number == 5);
    run_expect_trace("a(5); a(15); ");
    bench_feed(b, "in", "25");
    run_sink.result = MF_OK;
    bench_advance(b, "1500ms");
    run_expect_trace("a(15); ");
    bench_advance(b, "2s");
    run_expect_trace("a(25); ");
    bench_free(b);
    mf_buf_done(&run_trace);
}

/* With --read-only nothing is written, but one sees what would be. */
static void read_only(void **state)
{
    struct bench *b = bench_new_with("in: {test.source: number}\n"
                                     "a: {test.act: pump, from: in, ramp: 10, limit: 0..15, "
                                     "failsafe: 0 after 1min, refresh: 5s}\n",
                                     (struct bench_options){.is_real = true, .read_only = true});

    bench_feed(b, "in", "5");
    bench_feed(b, "in", "30");
    bench_advance(b, "2min");
    mf_engine_make_safe(bench_engine(b));
    expect_look(b, "0 as failsafe; held by failsafe");
    assert_true(guard(b, "a")->writes > 3);
    bench_free(b);
    run_expect_trace("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain, run_setup),
        cmocka_unit_test_setup(limit, run_setup),
        cmocka_unit_test_setup(ramp, run_setup),
        cmocka_unit_test_setup(ramp_holds, run_setup),
        cmocka_unit_test_setup(ramp_of_temperature, run_setup),
        cmocka_unit_test_setup(refresh, run_setup),
        cmocka_unit_test_setup(failsafe_after, run_setup),
        cmocka_unit_test_setup(failsafe_at_start, run_setup),
        cmocka_unit_test_setup(just_in_time, run_setup),
        cmocka_unit_test_setup(failsafe_at_once, run_setup),
        cmocka_unit_test_setup(failsafe_of_texts, run_setup),
        cmocka_unit_test_setup(priority, run_setup),
        cmocka_unit_test_setup(bumpless, run_setup),
        cmocka_unit_test_setup(silent_input, run_setup),
        cmocka_unit_test_setup(failed_node, run_setup),
        cmocka_unit_test_setup(read_only, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
