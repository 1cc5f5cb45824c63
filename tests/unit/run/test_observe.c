/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Observers: they come and go while the flow runs, and cost nothing when they are gone. */

#include "engine/base/alloc.h"
#include "tests/unit/run/run_kinds.h"

struct watcher {
    struct mf_observer observer;
    struct mf_engine *engine;
    struct mf_buf seen;
    struct mf_observer *sends_away; /* at its next look */
};

static void saw(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct watcher *watcher = arg;

    mf_buf_printf(&watcher->seen, "%s=", mf_node_name(node));
    mf_value_print(&msg->value, &watcher->seen);
    mf_buf_putc(&watcher->seen, ' ');
    if (watcher->sends_away)
        mf_engine_unobserve(watcher->engine, watcher->sends_away);
    watcher->sends_away = NULL;
}

static void look(struct watcher *watcher, struct bench *b)
{
    watcher->engine = bench_engine(b);
    watcher->observer = (struct mf_observer){.saw = saw, .arg = watcher};
    mf_engine_observe(watcher->engine, &watcher->observer);
}

static void expect_seen(struct watcher *watcher, const char *text)
{
    assert_string_equal(mf_buf_text(&watcher->seen), text);
    mf_buf_done(&watcher->seen);
}

static struct mf_output *output(struct bench *b, const char *node)
{
    return &mf_engine_node(bench_engine(b), node)->outputs[0];
}

static struct bench *chain(void)
{
    struct bench *b = bench_new("in: {test.source: number}\n"
                                "x: {test.pass: , from: in}\n"
                                "y: {test.pass: , from: x}\n");

    bench_look_away(b);
    return b;
}

/* While somebody looks no message takes the short way; afterwards each does again. */
static void short_way_comes_back(void **state)
{
    struct bench *b = chain();
    struct watcher one = {0}, two = {0};

    assert_true(output(b, "in")->is_direct && output(b, "x")->is_direct);
    bench_feed(b, "in", "1");
    look(&one, b);
    look(&two, b);
    assert_false(output(b, "in")->is_direct || output(b, "x")->is_direct);
    bench_feed(b, "in", "2");
    mf_engine_unobserve(bench_engine(b), &one.observer);
    mf_engine_unobserve(bench_engine(b), &one.observer);
    assert_false(output(b, "x")->is_direct);
    bench_feed(b, "in", "3");
    mf_engine_unobserve(bench_engine(b), &two.observer);
    assert_true(output(b, "in")->is_direct && output(b, "x")->is_direct);
    bench_feed(b, "in", "4");
    assert_int_equal(mf_node_last(mf_engine_node(bench_engine(b), "y"), 0)->value.number, 4);
    expect_seen(&one, "in=2 x=2 y=2 ");
    expect_seen(&two, "in=2 x=2 y=2 in=3 x=3 y=3 ");
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* An observer may send itself and others away while it looks; nobody is shown a thing afterwards.
 */
static void leave_while_looking(void **state)
{
    struct bench *b = chain();
    struct watcher one = {0}, two = {0}, three = {0};

    look(&one, b);
    look(&two, b);
    look(&three, b);
    one.sends_away = &two.observer;
    three.sends_away = &three.observer;
    bench_feed(b, "in", "1");
    one.sends_away = &one.observer;
    bench_feed(b, "in", "2");
    expect_seen(&one, "in=1 x=1 y=1 in=2 ");
    expect_seen(&two, "");
    expect_seen(&three, "in=1 ");
    assert_true(output(b, "x")->is_direct);
    mf_buf_done(&run_trace);
    bench_free(b);
}

/* A reload neither loses observers nor opens the short way under them. */
static void survive_a_reload(void **state)
{
    struct bench *b = chain();
    struct watcher one = {0};

    look(&one, b);
    bench_reload(b, "in: {test.source: number}\n"
                    "x: {test.pass: , from: in}\n"
                    "z: {test.pass: , from: x}\n");
    assert_false(output(b, "in")->is_direct || output(b, "x")->is_direct);
    bench_feed(b, "in", "5");
    expect_seen(&one, "in=5 x=5 z=5 ");
    mf_engine_unobserve(bench_engine(b), &one.observer);
    assert_true(output(b, "x")->is_direct);
    mf_buf_done(&run_trace);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(short_way_comes_back, run_setup),
        cmocka_unit_test_setup(leave_while_looking, run_setup),
        cmocka_unit_test_setup(survive_a_reload, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
