/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gpio.in on a chip in memory, with a clock that is moved by hand. */

#include <string.h>

#include "engine/base/clock.h"
#include "nodes/gpio/fake.h"
#include "tests/support/bench.h"
#include "tests/support/hand_host.h"

#define LINK "moat-flow: 1\nlinks: {board: {gpio: 'fake:in'}}\nnodes:\n"
#define SHOW "  show: {log: notice, from: x, message: '{value} {quality} {time}'}\n"
enum { LINE = 17, OTHER = 18 };

static struct hand_host hand;
static struct mf_gpio_fake *fake;

static int setup(void **state)
{
    fake = mf_gpio_fake_hold("in");
    return 0;
}

static int teardown(void **state)
{
    mf_gpio_fake_let_go(fake);
    return 0;
}

/* ---- a flow with one node `x` whose messages are logged ---- */

static void with_flow(const char *node, void (*take)(const char *flow))
{
    struct mf_buf flow = {0};

    mf_buf_printf(&flow, "%s  x: %s\n%s", LINK, node, SHOW);
    take(mf_buf_text(&flow));
    mf_buf_done(&flow);
}

static void start_flow(const char *flow)
{
    hand_start(&hand, flow, false);
}

static void reload_flow(const char *flow)
{
    hand_reload(&hand, flow);
}

static void start(const char *node)
{
    with_flow(node, start_flow);
}

static void reload(const char *node)
{
    with_flow(node, reload_flow);
}

/* Its messages since the last call: `true good 01.05`, with seconds of the source, and commas
 * between. The rest of the log is dropped. */
static void expect(const char *messages)
{
    static const char mark[] = " show: ", day[] = "2026-01-01T00:00:";
    struct mf_buf got = {0};
    const char *at = mf_buf_text(&hand.log), *end, *time;

    while ((at = strstr(at, mark))) {
        at += strlen(mark);
        end = strchr(at, '\n');
        time = strstr(at, day);
        assert_true(time && time < end);
        mf_buf_printf(&got, "%s%.*s%.*s", got.len ? ", " : "", (int)(time - at), at,
                      (int)(end - time - (int)strlen(day)) - 1, time + strlen(day));
    }
    assert_string_equal(mf_buf_text(&got), messages);
    mf_buf_done(&got);
    mf_buf_clear(&hand.log);
}

static void wait_ms(int ms)
{
    hand_advance(&hand, ms * MF_MS);
}

/* Moves the wire, and the program looks at once. */
static void drive(int level)
{
    mf_gpio_fake_drive(fake, LINE, level);
    hand_settle(&hand);
}

static double found;

static void find_lost(void *arg, const char *name, double number, bool is_counter)
{
    if (strcmp(name, arg) == 0)
        found = number;
}

static void expect_stat(const char *name, double number)
{
    struct mf_node *node = hand_node(&hand, "x");
    char key[32] = {0};

    memcpy(key, name, strlen(name));
    found = -1;
    node->kind->stats(node, find_lost, key);
    assert_true(found == number);
}

/* ---- levels ---- */

/* The level is there from the start; a change has the time of its first edge. */
static void level(void **state)
{
    start("{gpio.in: board/17}");
    expect("false good 00");
    wait_ms(1000);
    drive(1);
    wait_ms(10);
    drive(0);
    wait_ms(10);
    drive(1);
    wait_ms(29);
    expect("");
    wait_ms(1);
    expect("true good 01");
    expect_stat("edges", 3);
    hand_end(&hand);
}

/* A button to ground, with the chip's own resistor: pressed is on. */
static void pulled_and_low(void **state)
{
    start("{gpio.in: board/GPIO17, pull: up, active: low, debounce: 0s}");
    expect("false good 00");
    wait_ms(500);
    drive(0);
    expect("true good 00.5");
    wait_ms(500);
    drive(-1);
    expect("false good 01");
    hand_end(&hand);
}

/* Edges that wait to be read belong to what is under way, though its time is over. */
static void reads_before_it_settles(void **state)
{
    start("{gpio.in: board/17, policy: quiet}");
    wait_ms(1000);
    drive(1);
    expect("false good 00");
    mf_gpio_fake_drive_at(fake, LINE, 0, 1040 * MF_MS);
    mf_gpio_fake_drive_at(fake, LINE, 1, 1045 * MF_MS);
    mf_engine_advance(&hand.engine, 1094 * MF_MS);
    expect("");
    mf_engine_advance(&hand.engine, 1095 * MF_MS);
    expect("true good 01");
    hand_end(&hand);
}

static unsigned wakes;

static void count_wakes(void *self)
{
    wakes++;
}

/* An edge says nothing yet, and the loop must not sleep past the time at which it does. */
static void edge_wakes_the_loop(void **state)
{
    start("{gpio.in: board/17}");
    hand.host.wake = count_wakes;
    wakes = 0;
    drive(1);
    assert_true(wakes > 0);
    hand_end(&hand);
}

/* A loop that was held up says all that has happened, each with its time. */
static void loop_is_late(void **state)
{
    start("{gpio.in: board/17}");
    wait_ms(9000);
    for (int i = 0; i < 5; i++)
        mf_gpio_fake_drive_at(fake, LINE, i % 2 == 0, (1000 + 100 * i) * MF_MS);
    hand_settle(&hand);
    expect("false good 00, true good 01, false good 01.1, true good 01.2, false good 01.3, "
           "true good 01.4");
    hand_end(&hand);
}

/* More edges than the kernel keeps: they are counted as lost, and the line says how it is. */
static void overflow(void **state)
{
    start("{gpio.in: board/17, policy: quiet}");
    wait_ms(1000);
    for (int i = 0; i < 41; i++)
        mf_gpio_fake_drive_at(fake, LINE, i % 2 == 0, (1000 + i) * MF_MS);
    hand_settle(&hand);
    hand_expect_log(&hand, "25 edges came too fast");
    expect_stat("lost_edges", 25);
    expect_stat("edges", 16);
    wait_ms(100);
    expect("true good 01.026");
    hand_end(&hand);
}

/* Only what is asked for is told, and it comes back when the line does. */
static void one_edge_only(void **state)
{
    start("{gpio.in: board/17, edges: rising}");
    wait_ms(1000);
    drive(1);
    wait_ms(1000);
    drive(0);
    wait_ms(1000);
    expect("true good 01");
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    wait_ms(100);
    expect("true stale: link down 01");
    mf_gpio_fake_plug(fake, true);
    wait_ms(3000);
    expect("true good 01");
    hand_end(&hand);
}

/* ---- the line is not there ---- */

/* A chip that goes makes its line stale; when it is back the level is read anew. */
static void unplugged(void **state)
{
    start("{gpio.in: board/17}");
    expect("false good 00");
    wait_ms(1000);
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    expect("false stale: link down 00");
    mf_gpio_fake_drive(fake, LINE, 1);
    mf_gpio_fake_plug(fake, true);
    wait_ms(3000);
    hand_expect_log(&hand, "show: true good");
    assert_null(strstr(mf_buf_text(&hand.log), "show: false good")); /* as it was before */
    mf_buf_clear(&hand.log);
    drive(0);
    wait_ms(50);
    expect("false good 04");
    hand_end(&hand);
}

/* A switch that is on before and after has not been switched on: the light behind it stays as it
 * is, whether the chip was away or another program had the line for a while. */
static void back_is_no_edge(void **state)
{
    start("{gpio.in: board/17}\n  y: {toggle: off, from: x}\n"
          "  lit: {log: notice, from: y, message: 'lit {value} {quality}'}");
    drive(1);
    wait_ms(50);
    hand_expect_log(&hand, "lit true good");
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    hand_expect_log(&hand, "show: true stale");
    assert_true(mf_gpio_fake_occupy(fake, LINE, "thief"));
    mf_gpio_fake_plug(fake, true);
    wait_ms(3000);
    hand_expect_log(&hand, "in use by `thief`");
    mf_gpio_fake_occupy(fake, LINE, NULL);
    mf_gpio_fake_drive(fake, LINE, 1);
    wait_ms(20000);
    assert_null(strstr(mf_buf_text(&hand.log), "lit false"));
    hand_expect_log(&hand, "show: true good");
    drive(0);
    wait_ms(50);
    drive(1);
    wait_ms(50);
    hand_expect_log(&hand, "lit false good");
    hand_end(&hand);
}

#define SWITCH(options)                                                                            \
    "{gpio.in: board/17" options "}\n  y: {toggle: off, from: x}\n"                                \
    "  lit: {log: notice, from: y, message: 'lit {value} {quality}'}"

/* … or a reload has changed the node; but what was switched meanwhile was. */
static void reload_is_no_edge(void **state)
{
    start(SWITCH(""));
    drive(1);
    wait_ms(50);
    hand_expect_log(&hand, "lit true good");
    wait_ms(950);
    reload(SWITCH(", debounce: 10ms"));
    hand_settle(&hand);
    assert_null(strstr(mf_buf_text(&hand.log), "lit false"));
    hand_expect_log(&hand, "show: true good 2026-01-01T00:00:01"); /* it was looked at again */
    drive(0);
    wait_ms(50);
    drive(1);
    wait_ms(50);
    hand_expect_log(&hand, "lit false good");
    drive(0);
    wait_ms(50);
    mf_gpio_fake_drive(fake, LINE, 1);
    reload(SWITCH(", debounce: 20ms"));
    hand_settle(&hand);
    hand_expect_log(&hand, "lit true good");
    hand_end(&hand);
}

/* A line that somebody else has makes its own node fail, and is had when it is free. */
static void taken(void **state)
{
    assert_true(mf_gpio_fake_occupy(fake, LINE, "thief"));
    start("{gpio.in: board/17}\n  y: {gpio.in: board/18, debounce: 0s}\n"
          "  other: {log: notice, from: y, message: 'other {value}'}");
    assert_non_null(strstr(mf_buf_text(&hand.log), "in use by `thief`"));
    assert_non_null(strstr(mf_buf_text(&hand.log), "other false"));
    mf_buf_clear(&hand.log);
    mf_gpio_fake_occupy(fake, LINE, NULL);
    wait_ms(5000);
    assert_non_null(strstr(mf_buf_text(&hand.log), "show: false good"));
    mf_gpio_fake_drive(fake, OTHER, 1);
    hand_settle(&hand);
    hand_expect_log(&hand, "other true");
    hand_end(&hand);
}

/* A line without an interrupt is looked at, whether the chip is there at the start or comes later.
 */
static void polled(void **state)
{
    mf_gpio_fake_mute(fake, LINE, true);
    for (int is_late = 0; is_late < 2; is_late++) {
        mf_gpio_fake_drive(fake, LINE, 0);
        mf_gpio_fake_plug(fake, !is_late);
        start("{gpio.in: board/17, poll: 20ms}");
        mf_gpio_fake_plug(fake, true);
        wait_ms(3000);
        mf_buf_clear(&hand.log);
        expect_stat("polled", 1);
        mf_gpio_fake_drive(fake, LINE, 1);
        wait_ms(71);
        hand_expect_log(&hand, "show: true good 2026-01-01T00:00:03.0");
        hand_end(&hand);
    }
}

/* … but not where that is not wanted, nor one that is not there. */
static void not_polled(void **state)
{
    mf_gpio_fake_mute(fake, LINE, true);
    start("{gpio.in: board/17, poll: 0s}");
    hand_expect_log(&hand, "it has no interrupt");
    hand_end(&hand);
    start("{gpio.in: board/64}");
    hand_expect_log(&hand, "no line 64");
    expect_stat("polled", 0);
    hand_end(&hand);
}

/* ---- counting ---- */

static void pulse(void)
{
    drive(1);
    wait_ms(100);
    drive(0);
    wait_ms(100);
}

/* The first after a pause is told at once, then one message per interval. A reload that changes the
 * node goes on from there, with edges that come while it switches. */
static void count(void **state)
{
    start("{gpio.in: board/17, count: true, base: 100}");
    expect("100 good 00");
    wait_ms(1000);
    for (int i = 0; i < 4; i++)
        pulse();
    expect("101 good 01");
    wait_ms(1000);
    expect("104 good 01.6");
    mf_gpio_fake_drive(fake, LINE, 1);
    reload("{gpio.in: board/17, count: true, base: 7, interval: 3s}");
    assert_non_null(strstr(mf_buf_text(&hand.log), "show: 104 good"));
    wait_ms(100);
    assert_non_null(strstr(mf_buf_text(&hand.log), "show: 105 good"));
    hand_end(&hand);
}

/* The wire has not moved when a reload says that the other level is on. */
static void count_turned_over(void **state)
{
    start("{gpio.in: board/17, count: true, edges: both}");
    wait_ms(1000);
    pulse();
    wait_ms(2000);
    mf_buf_clear(&hand.log);
    reload("{gpio.in: board/17, count: true, edges: both, active: low}");
    wait_ms(1000);
    expect("2 good 03.2");
    hand_end(&hand);
}

/* A chip that was away has missed at least one edge if the level is another one. */
static void count_over_a_gap(void **state)
{
    start("{gpio.in: board/17, count: true}");
    wait_ms(1000);
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    mf_buf_clear(&hand.log);
    mf_gpio_fake_drive(fake, LINE, 1);
    mf_gpio_fake_plug(fake, true);
    wait_ms(3000);
    assert_non_null(strstr(mf_buf_text(&hand.log), "show: 0 good"));
    assert_non_null(strstr(mf_buf_text(&hand.log), "show: 1 good"));
    hand_end(&hand);
}

/* `reset` begins anew, also while the line is away; a source of it that is dead does not matter. */
static void count_reset(void **state)
{
    start("{gpio.in: board/17, count: true, reset: in > 5}\n  in: {test.source: number}");
    wait_ms(1000);
    pulse();
    wait_ms(2000);
    mf_buf_clear(&hand.log);
    hand_feed(&hand, "in", 1);
    expect("");
    hand_feed(&hand, "in", 9);
    expect("0 good 03.2");
    mf_engine_play_bad(&hand.engine, hand_node(&hand, "in"), MF_BAD, "device error");
    hand_settle(&hand);
    pulse();
    expect("1 good 03.2");
    mf_gpio_fake_plug(fake, false);
    hand_settle(&hand);
    hand_feed(&hand, "in", 9);
    mf_buf_clear(&hand.log);
    mf_gpio_fake_plug(fake, true);
    wait_ms(3000);
    assert_non_null(strstr(mf_buf_text(&hand.log), "show: 0 good"));
    hand_end(&hand);
}

/* ---- sequences ---- */

/* MoaT's message; false at the start, and when it is over. */
static void sequence(void **state)
{
    start("{gpio.in: board/17, sequence: true, debounce: 100ms, idle: 1s, clear: 3s, edges: both}");
    expect("false good 00");
    wait_ms(1000);
    drive(1);
    wait_ms(300);
    drive(0);
    wait_ms(300);
    drive(1);
    wait_ms(600);
    drive(0);
    wait_ms(999);
    expect("");
    wait_ms(1);
    expect("{\"start\":false,\"seq\":[3,3,6,0],\"end\":false,\"t\":0.1} good 02.2");
    wait_ms(3000);
    expect("false good 06.2");
    hand_end(&hand);
}

/* What goes on is told, and a hold. */
static void sequence_flow(void **state)
{
    start(
        "{gpio.in: board/17, sequence: true, debounce: 100ms, idle: 1s, idle_on: 2s, flow: true}");
    wait_ms(1000);
    mf_buf_clear(&hand.log);
    drive(1);
    wait_ms(300);
    drive(0);
    wait_ms(200);
    drive(1);
    wait_ms(2000);
    expect("{\"start\":false,\"seq\":[3],\"end\":false,\"t\":0.1,\"flow\":true} good 01.3, "
           "{\"start\":false,\"seq\":[3],\"end\":true,\"t\":0.1,\"flow\":true} good 01.5, "
           "{\"start\":false,\"seq\":[3,0],\"end\":true,\"t\":0.1} good 01.5");
    hand_end(&hand);
}

/* ---- options ---- */

static void expect_fault(const char *options, const char *part)
{
    struct mf_buf flow = {0};

    mf_buf_printf(&flow, "%s  in: {every: 1s}\n  x: {gpio.in: board/17, %s}\n", LINK, options);
    bench_expect_fault(mf_buf_text(&flow), "MF0220", part);
    mf_buf_done(&flow);
}

/* Options that say nothing in the mode, or too much. */
static void faults(void **state)
{
    expect_fault("interval: 1s", "`interval` says nothing without `count: true`");
    expect_fault("base: 4", "`base` says nothing without");
    expect_fault("reset: in", "`reset` says nothing without");
    expect_fault("idle: 1s", "`idle` says nothing without `sequence: true`");
    expect_fault("idle_on: 1s", "`idle_on`");
    expect_fault("clear: 1s", "`clear`");
    expect_fault("flow: true", "`flow`");
    expect_fault("count: true, sequence: true", "not both");
    expect_fault("count: true, skip: false", "noise is never counted");
    expect_fault("sequence: true, debounce: 0s", "in units of `debounce`");
    expect_fault("sequence: true, idle: 50ms", "before its edges have settled");
    expect_fault("sequence: true, idle_on: 20ms", "before its edges have settled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(level, setup, teardown),
        cmocka_unit_test_setup_teardown(pulled_and_low, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_before_it_settles, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_wakes_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(loop_is_late, setup, teardown),
        cmocka_unit_test_setup_teardown(overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(one_edge_only, setup, teardown),
        cmocka_unit_test_setup_teardown(unplugged, setup, teardown),
        cmocka_unit_test_setup_teardown(back_is_no_edge, setup, teardown),
        cmocka_unit_test_setup_teardown(reload_is_no_edge, setup, teardown),
        cmocka_unit_test_setup_teardown(taken, setup, teardown),
        cmocka_unit_test_setup_teardown(polled, setup, teardown),
        cmocka_unit_test_setup_teardown(not_polled, setup, teardown),
        cmocka_unit_test_setup_teardown(count, setup, teardown),
        cmocka_unit_test_setup_teardown(count_turned_over, setup, teardown),
        cmocka_unit_test_setup_teardown(count_over_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(count_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(sequence, setup, teardown),
        cmocka_unit_test_setup_teardown(sequence_flow, setup, teardown),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
