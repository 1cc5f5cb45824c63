/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gpio.out and its link on a fake chip, by a clock that is moved by hand. */

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/state.h"
#include "engine/value/build.h"
#include "nodes/gpio/fake.h"
#include "nodes/gpio/pulse.h"
#include "tests/support/bench.h"
#include "tests/support/hand_host.h"

#define FLOW "moat-flow: 1\nnodes:\n  in: {test.source: number}\n"
#define PUMP "  pump: {gpio.out: 'fake:board/17', from: in, limit: 0..1"

static struct hand_host hand;
static struct mf_gpio_fake *fake;

static int set_up(void **state)
{
    fake = mf_gpio_fake_hold("board");
    return 0;
}

static int tear_down(void **state)
{
    mf_gpio_fake_let_go(fake);
    return 0;
}

/* What happened since the last time, without the nine decimals of whole seconds. */
static void expect(const char *text)
{
    struct mf_buf seen = {0};

    for (const char *at = mf_gpio_fake_history(fake); *at; at++) {
        if (strncmp(at, ".000000000", 10) == 0)
            at += 9;
        else
            mf_buf_putc(&seen, *at);
    }
    assert_string_equal(mf_buf_text(&seen), text);
    mf_buf_done(&seen);
}

static void end_safely(void)
{
    mf_engine_make_safe(&hand.engine);
    hand_settle(&hand);
    hand_end(&hand);
}

/* ---- the first level ---- */

/* Nobody knows what the line should be, so it is left as it is; then it is requested with that. */
static void untouched_before_the_first_value(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_advance(&hand, 5 * MF_SEC);
    expect("");
    hand_feed(&hand, "in", 1);
    expect("17 output 1 5\n");
    hand_feed(&hand, "in", 1);
    hand_feed(&hand, "in", 0);
    expect("17 1 5\n17 0 5\n");
    end_safely();
    expect("17 released 5\n");
}

/* With `initial` the line is had from the start on. */
static void initial_level(void **state)
{
    hand_start(&hand, FLOW PUMP ", initial: true, failsafe: 0 after 1min}\n", false);
    expect("17 output 1 0\n");
    hand_advance(&hand, MF_MINUTE);
    expect("17 0 60\n"); /* nobody has said anything */
    end_safely();
    expect("17 0 60\n17 released 60\n");
}

/* `active: low` inverts the wire, once, and nothing else. */
static void active_low(void **state)
{
    hand_start(&hand, FLOW PUMP ", active: low, failsafe: 0 after 1min}\n", false);
    hand_feed(&hand, "in", 1);
    expect("17 output 0 0\n");
    hand_advance(&hand, MF_MINUTE);
    expect("17 1 60\n");
    end_safely();
    expect("17 1 60\n17 released 60\n");
}

/* What is neither on nor off is refused, and the line stays as it is. */
static void half_is_no_level(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_feed(&hand, "in", 0.5);
    hand_expect_log(&hand, "the line is on or off, true or 1 and false or 0, not 0.5");
    expect("");
    hand_feed(&hand, "in", 1);
    expect("17 output 1 0\n");
    hand_end(&hand);
}

/* --read-only does not even request the line. */
static void read_only(void **state)
{
    hand_start(&hand, FLOW PUMP ", initial: true, failsafe: 0 after 1min}\n", true);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 2 * MF_MINUTE);
    end_safely();
    expect("");
}

/* ---- in time ---- */

/* A pulse ends by itself; another command meanwhile makes it last, without a glitch. */
static void oneshot(void **state)
{
    hand_start(&hand, FLOW PUMP ", pulse: 10s, failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 8 * MF_SEC);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 20 * MF_SEC);
    expect("17 output 1 0\n17 1 8\n17 0 18\n");
    hand_feed(&hand, "in", 1);
    hand_end(&hand);
    expect("17 1 28\n17 0 28\n17 released 28\n");
}

/* A pulse is not given a second time because the guard says its value again: by `refresh`, or when
 * the node has failed and is back. */
static void oneshot_is_not_repeated(void **state)
{
    hand_start(&hand, FLOW PUMP ", pulse: 2s, refresh: 10s, failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 30 * MF_SEC);
    expect("17 output 1 0\n17 0 2\n");
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    mf_gpio_fake_occupy(fake, 17, "w1-gpio");
    mf_gpio_fake_plug(fake, true);
    hand_advance(&hand, 5 * MF_SEC);
    hand_expect_log(&hand, "in use by `w1-gpio`");
    mf_gpio_fake_occupy(fake, 17, NULL);
    (void)mf_gpio_fake_history(fake);
    hand_advance(&hand, 30 * MF_SEC);
    assert_false(mf_gpio_fake_wire(fake, 17));
    assert_null(strstr(mf_gpio_fake_history(fake), "17 1 "));
    hand_feed(&hand, "in", 1);
    assert_true(mf_gpio_fake_wire(fake, 17));
    hand_end(&hand);
}

/* Pulses come again and again, and end with the program. */
static void pulses(void **state)
{
    hand_start(&hand, FLOW PUMP ", pulse: {on: 1s, off: 3s}, failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 4500 * MF_MS);
    expect("17 output 1 0\n17 0 1\n17 1 4\n");
    hand_end(&hand);
    expect("17 0 4.500000000\n17 released 4.500000000\n");
}

/* A refresh says the level of the moment again; only who says true anew begins with a whole on. */
static void pulses_go_on(void **state)
{
    hand_start(&hand, FLOW PUMP ", pulse: {on: 4s, off: 4s}, refresh: 3s, failsafe: keep}\n",
               false);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 10 * MF_SEC);
    expect("17 output 1 0\n17 1 3\n17 0 4\n17 0 6\n17 1 8\n17 1 9\n");
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 5 * MF_SEC);
    expect("17 1 10\n17 1 13\n17 0 14\n");
    hand_end(&hand);
}

/* A share, as a number or in %, and its failsafe value in the same unit. */
static void share(void **state)
{
    hand_start(&hand,
               "moat-flow: 1\nnodes:\n  in: {test.source: number, unit: '%'}\n"
               "  heater: {gpio.out: fake:board/17, from: in, pwm: 10s, limit: 0..80 %, "
               "failsafe: 10 % after 1min}\n",
               false);
    hand_feed(&hand, "in", 30);
    hand_advance(&hand, 9 * MF_SEC);
    hand_feed(&hand, "in", 100);
    hand_advance(&hand, 10 * MF_SEC);
    expect("17 output 1 0\n17 0 3\n17 1 10\n17 0 18\n");
    hand_advance(&hand, MF_MINUTE);
    (void)mf_gpio_fake_history(fake);
    hand_advance(&hand, 10 * MF_SEC);
    expect("17 1 80\n17 0 81\n");
    hand_end(&hand);
    expect("17 released 89\n");
}

/* ---- reload ---- */

/* A node that did not change keeps its line; so does one that changed, but wants the same line. */
static void reload_keeps_the_line(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    expect("17 output 1 0\n");
    hand_reload(&hand, FLOW PUMP ", failsafe: keep}\n  x: {log: info, from: in}\n");
    expect("");
    hand_reload(&hand, FLOW PUMP ", failsafe: 0 after 5min}\n");
    hand_advance(&hand, MF_SEC);
    expect("17 1 0\n"); /* said again, never let go */
    hand_reload(&hand, FLOW PUMP ", drive: open-drain, failsafe: 0 after 5min}\n");
    hand_advance(&hand, MF_SEC);
    expect("17 released 1\n17 output 0 1\n"); /* nothing pulls it up */
    end_safely();
    expect("17 0 2\n17 released 2\n");
}

/* A pulse that runs goes on over a reload that changes its node. */
static void reload_in_a_pulse(void **state)
{
    hand_start(&hand, FLOW PUMP ", pulse: 10s, failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    hand_advance(&hand, 4 * MF_SEC);
    expect("17 output 1 0\n");
    hand_reload(&hand, FLOW PUMP ", pulse: 10s, failsafe: 0 after 1h}\n");
    hand_advance(&hand, 10 * MF_SEC);
    expect("17 1 4\n17 0 10\n");
    /* One that is over is over. */
    hand_reload(&hand, FLOW PUMP ", pulse: 10s, failsafe: 0 after 2h}\n");
    hand_advance(&hand, 10 * MF_SEC);
    expect("17 0 14\n");
    hand_end(&hand);
}

/* A pulse that is long over does not become a level because `pulse` is taken away, nor a level a
 * pulse: the line is off, or what `initial` says, until somebody says something. */
static void reload_to_another_mode(void **state)
{
    static const struct {
        const char *before, *after, *history;
    } cases[] = {
        {", pulse: 2s", "", "17 0 9\n"},
        {", pulse: 2s", ", initial: true", "17 1 9\n"},
        {", pulse: 2s", ", pwm: 10s", "17 0 9\n"},
        {"", ", pulse: 2s", "17 0 9\n"},
        {"", ", pulse: {on: 1s, off: 1s}", "17 0 9\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[200];

        snprintf(flow, sizeof(flow), FLOW PUMP "%s, failsafe: keep}\n", cases[i].before);
        hand_start(&hand, flow, false);
        hand_feed(&hand, "in", 1);
        hand_advance(&hand, 9 * MF_SEC);
        mf_engine_play_bad(&hand.engine, hand_node(&hand, "in"), MF_STALE, mf_reason_timeout);
        hand_settle(&hand);
        (void)mf_gpio_fake_history(fake);
        snprintf(flow, sizeof(flow), FLOW PUMP "%s, failsafe: keep}\n", cases[i].after);
        hand_reload(&hand, flow);
        hand_advance(&hand, MF_MINUTE);
        expect(cases[i].history);
        hand_end(&hand);
        (void)mf_gpio_fake_history(fake);
    }
}

/* One that is removed is made safe, and its line is let go; another node may have it. */
static void reload_removes(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: 0 after 5min}\n", false);
    hand_feed(&hand, "in", 1);
    hand_reload(&hand, FLOW "  x: {log: info, from: in}\n");
    hand_advance(&hand, MF_SEC);
    expect("17 output 1 0\n17 0 0\n17 released 0\n");
    hand_reload(&hand, FLOW "  other: {gpio.out: fake:board/GPIO17, from: in, failsafe: keep, "
                            "limit: 0..1}\n");
    hand_settle(&hand);
    expect("17 output 1 1\n"); /* what `in` has said holds */
    hand_end(&hand);
}

/* A link that is another one by now: its chip is opened anew, and the lines are had by the new one.
 */
static void reload_of_the_link(void **state)
{
    static const char flow[] = "moat-flow: 1\nlinks: {%s: {gpio: 'fake:board'}}\nnodes:\n"
                               "  in: {test.source: number}\n"
                               "  pump: {gpio.out: %s/17, from: in, limit: 0..1, failsafe: keep}\n";
    char text[400];

    snprintf(text, sizeof(text), flow, "a", "a");
    hand_start(&hand, text, false);
    hand_feed(&hand, "in", 1);
    expect("17 output 1 0\n");
    snprintf(text, sizeof(text), flow, "b", "b");
    hand_reload(&hand, text);
    hand_settle(&hand);
    expect("17 released 0\n17 output 1 0\n");
    assert_true(mf_link_is_up(hand_link(&hand, "b")));
    hand_end(&hand);
}

/* A node that is given another line does not do there at once what the former line was told: that
 * is for the guard to decide. */
static void reload_to_another_line(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: 0 after 5min}\n", false);
    hand_feed(&hand, "in", 1);
    mf_engine_play_bad(&hand.engine, hand_node(&hand, "in"), MF_STALE, mf_reason_timeout);
    hand_settle(&hand);
    (void)mf_gpio_fake_history(fake);
    hand_reload(&hand, FLOW "  pump: {gpio.out: fake:board/18, from: in, limit: 0..1, "
                            "failsafe: 0 after 5min}\n");
    hand_advance(&hand, MF_SEC);
    expect("17 0 0\n17 released 0\n");
    hand_end(&hand);
}

/* As after a restart, with what was known then. */
static void start_again(const char *name, struct mf_value take_fields)
{
    struct mf_node *node = hand_node(&hand, name);
    struct mf_state_in in = {take_fields};
    struct mf_error err = {0};

    assert_int_equal(node->kind->restore(node, &in, &err), 0);
    mf_value_drop(in.fields);
    assert_int_equal(node->kind->start(node, &err), 0);
}

/* A pulse that would have ended while the program did not run is over; one that would not goes on
 * for the rest. */
static void restart_in_a_pulse(void **state)
{
    static const struct {
        int64_t left;
        const char *history;
    } cases[] = {{-5 * MF_SEC, "17 output 0 0\n"},
                 {0, "17 output 0 0\n"},
                 {3 * MF_SEC, "17 output 1 0\n17 0 3\n"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_builder map;

        hand_start(&hand, FLOW PUMP ", pulse: 10s, failsafe: keep}\n", false);
        mf_build_start(&map);
        mf_build_take_field(&map, "line", mf_value_new_text("fake:board/17"));
        mf_build_take_field(&map, "mode", mf_value_int(MF_PULSE_ONESHOT));
        mf_build_take_field(&map, "command", mf_value_number(1));
        mf_build_take_field(&map, "pulse",
                            mf_value_int(mf_node_now(hand_node(&hand, "pump")) + cases[i].left));
        start_again("pump", mf_build_end_map(&map));
        hand_advance(&hand, 20 * MF_SEC);
        expect(cases[i].history);
        hand_end(&hand);
        (void)mf_gpio_fake_history(fake);
    }
}

/* ---- chips and lines that go ---- */

/* A chip that is plugged out is a link that is down; back again, it is told what holds by then. */
static void unplugged(void **state)
{
    hand_start(&hand,
               FLOW PUMP
               ", pulse: 10s, failsafe: keep}\n"
               "  lamp: {gpio.out: fake:board/18, from: in, limit: 0..1, failsafe: keep}\n",
               false);
    hand_feed(&hand, "in", 1);
    (void)mf_gpio_fake_history(fake);
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    hand_expect_log(&hand, "the chip fake:board (`fake:board`) has gone");
    assert_false(mf_link_is_up(hand_link(&hand, "fake:board")));
    expect("17 released 0\n18 released 0\n");
    hand_advance(&hand, 11 * MF_SEC);
    mf_gpio_fake_plug(fake, true);
    hand_advance(&hand, 30 * MF_SEC);
    assert_true(mf_link_is_up(hand_link(&hand, "fake:board")));
    assert_false(mf_gpio_fake_wire(fake, 17));
    assert_true(mf_gpio_fake_wire(fake, 18));
    hand_end(&hand);
}

/* A command that comes while the chip is away is carried out when it is back; the line never shows
 * what it was before. */
static void command_meanwhile(void **state)
{
    const char *history;

    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    hand_feed(&hand, "in", 0);
    (void)mf_gpio_fake_history(fake);
    mf_gpio_fake_plug(fake, true);
    hand_advance(&hand, 5 * MF_SEC);
    history = mf_gpio_fake_history(fake);
    assert_non_null(strstr(history, "17 output 0 "));
    assert_null(strstr(history, "17 output 1 "));
    assert_false(mf_gpio_fake_wire(fake, 17));
    hand_end(&hand);
}

/* The same where another program has the line when the chip is back. */
static void command_meanwhile_taken(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    hand_feed(&hand, "in", 0);
    mf_gpio_fake_occupy(fake, 17, "w1-gpio");
    mf_gpio_fake_plug(fake, true);
    hand_advance(&hand, 5 * MF_SEC);
    hand_expect_log(&hand, "line 17 of fake:board is in use by `w1-gpio`");
    (void)mf_gpio_fake_history(fake);
    mf_gpio_fake_occupy(fake, 17, NULL);
    hand_advance(&hand, 15 * MF_SEC);
    assert_memory_equal(mf_gpio_fake_history(fake), "17 output 0 ", 12);
    hand_end(&hand);
}

/* A chip that goes in the middle of a write takes nothing along: the write is done later. */
static void gone_in_the_middle(void **state)
{
    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_feed(&hand, "in", 0);
    mf_gpio_fake_plug(fake, false);
    mf_engine_play(&hand.engine, hand_node(&hand, "in"), 0, mf_value_number(1), 0);
    mf_engine_run(&hand.engine, 10);
    mf_gpio_fake_plug(fake, true);
    hand_advance(&hand, 5 * MF_SEC);
    assert_true(mf_gpio_fake_wire(fake, 17));
    hand_end(&hand);
}

/* A line that another program has: the log says who, and when it is free it is had. */
static void taken_by_another(void **state)
{
    mf_gpio_fake_occupy(fake, 17, "w1-gpio");
    hand_start(&hand, FLOW PUMP ", failsafe: keep}\n", false);
    hand_feed(&hand, "in", 1);
    hand_expect_log(&hand, "line 17 of fake:board is in use by `w1-gpio`");
    hand_advance(&hand, 15 * MF_SEC);
    expect("");
    mf_gpio_fake_occupy(fake, 17, NULL);
    hand_advance(&hand, 10 * MF_SEC);
    assert_true(mf_gpio_fake_wire(fake, 17));
    hand_end(&hand);
}

/* The same where the line is wanted from the start on: the node tries again. */
static void taken_from_the_start(void **state)
{
    mf_gpio_fake_occupy(fake, 17, "w1-gpio");
    hand_start(&hand, FLOW PUMP ", initial: true, failsafe: keep}\n", false);
    hand_expect_log(&hand, "line 17 of fake:board is in use by `w1-gpio`");
    mf_gpio_fake_occupy(fake, 17, NULL);
    hand_advance(&hand, 5 * MF_SEC);
    assert_true(mf_gpio_fake_wire(fake, 17));
    hand_end(&hand);
}

/* A line that the chip does not have. */
static void no_such_line(void **state)
{
    hand_start(&hand,
               FLOW "  a: {gpio.out: fake:board/BLUE, from: in, initial: true, limit: 0..1, "
                    "failsafe: keep}\n",
               false);
    hand_expect_log(&hand, "fake:board has no line called `BLUE`");
    hand_end(&hand);
}

/* ---- what is seen before it runs ---- */

/* A chip needs no link; anything else that is not a link is a mistake. */
static void links_go_without_saying(void **state)
{
    hand_start(&hand,
               "moat-flow: 1\nlinks: {relays: {gpio: 'fake:board'}}\nnodes:\n"
               "  in: {test.source: number}\n" PUMP ", failsafe: keep}\n"
               "  b: {gpio.out: relays/18, from: in, limit: 0..1, failsafe: keep}\n",
               false);
    assert_int_equal(hand.engine.link_count, 1);
    hand_end(&hand);
    hand_start(&hand,
               FLOW PUMP ", failsafe: keep}\n"
                         "  b: {gpio.out: fake:board/18, from: in, limit: 0..1, failsafe: keep}\n"
                         "  c: {gpio.out: fake:other/18, from: in, limit: 0..1, failsafe: keep}\n",
               false);
    assert_int_equal(hand.engine.link_count, 2);
    hand_end(&hand);
    bench_expect_fault("moat-flow: 1\nlinks: {relays: {gpio: gpiochip0}}\nnodes:\n"
                       "  in: {test.source: bool}\n  b: {gpio.out: relais/18, from: in}\n",
                       "MF0308", "there is no link `relais`");
    bench_expect_fault(
        "a: {gpio.in: /dev/gpiochip0/17}\nb: {gpio.out: /dev/gpiochip0/0x11, from: a}\n", "MF0560",
        "`a` and `b` both want `17` of `/dev/gpiochip0`");
    bench_expect_fault("in: {test.source: bool}\nb: {gpio.out: gpiochip0, from: in}\n", "MF0205",
                       "`gpiochip0/27`");
    bench_expect_fault("in: {test.source: bool}\nb: {gpio.out: /dev/gpiochip0, from: in}\n",
                       "MF0205", "got `/dev/gpiochip0`");
    bench_expect_fault("in: {test.source: bool}\nb: {gpio.out: gpiochip0/4096, from: in}\n",
                       "MF0205", "0 to 4095");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(untouched_before_the_first_value),
        TEST(initial_level),
        TEST(active_low),
        TEST(half_is_no_level),
        TEST(read_only),
        TEST(oneshot),
        TEST(oneshot_is_not_repeated),
        TEST(pulses),
        TEST(pulses_go_on),
        TEST(share),
        TEST(reload_keeps_the_line),
        TEST(reload_in_a_pulse),
        TEST(reload_to_another_mode),
        TEST(reload_removes),
        TEST(reload_of_the_link),
        TEST(reload_to_another_line),
        TEST(restart_in_a_pulse),
        TEST(unplugged),
        TEST(command_meanwhile),
        TEST(command_meanwhile_taken),
        TEST(gone_in_the_middle),
        TEST(taken_by_another),
        TEST(taken_from_the_start),
        TEST(no_such_line),
        TEST(links_go_without_saying),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
