/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Who gets which reply of a WAGO controller, and which signal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/wago/talk.h"

enum { ASKS = 3 * MF_WAGO_UNDER_WAY };

static struct mf_wago_talk talk;
static struct mf_wago_ask asks[ASKS];
static struct mf_wago_monitor monitors[4];
static struct mf_buf trace;

static void done(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    mf_buf_printf(&trace, "%d: %s; ", (int)(ask - asks), said ? said->text : "gone");
}

static void heard(struct mf_wago_monitor *monitor, const struct mf_wago_said *said)
{
    mf_buf_printf(&trace, "m%d%s: %s; ", (int)(monitor - monitors),
                  said->sort == MF_WAGO_GONE ? " ended" : "", said->text);
}

static int set_up(void **state)
{
    mf_wago_talk_init(&talk);
    for (int i = 0; i < ASKS; i++) {
        mf_wago_ask_init(&asks[i], done, NULL);
        mf_wago_ask_print(&asks[i], "i 1 %d", i);
    }
    for (int i = 0; i < 4; i++)
        mf_wago_monitor_init(&monitors[i], heard, NULL);
    return 0;
}

static int tear_down(void **state)
{
    mf_wago_talk_end(&talk);
    mf_buf_done(&trace);
    return 0;
}

static void expect_trace(const char *wanted)
{
    assert_string_equal(mf_buf_text(&trace), wanted);
    mf_buf_clear(&trace);
}

static void expect_sent(const char *wanted)
{
    struct mf_buf buf = {0};

    mf_wago_talk_send(&talk, &buf);
    assert_string_equal(mf_buf_text(&buf), wanted);
    mf_buf_done(&buf);
}

/* As the reader tells it; the result of hearing it. */
static int hear(const char *line)
{
    struct mf_wago_reader reader = {0};
    struct mf_wago_said said;
    struct mf_error err = {0};
    int rc;

    mf_wago_reader_put(&reader, line, strlen(line));
    mf_wago_reader_put(&reader, "\n", 1);
    assert_int_equal(mf_wago_reader_next(&reader, &said, &err), 1);
    rc = mf_wago_talk_hear(&talk, &said, &err);
    assert_true(rc == 0 || *err.text);
    mf_wago_reader_done(&reader);
    return rc;
}

/* Replies belong to the commands in order, whatever is signalled in between; both signs of failure
 * are replies. */
static void in_order(void **state)
{
    for (int i = 0; i < 3; i++)
        mf_wago_talk_want(&talk, &asks[i]);
    mf_wago_talk_want(&talk, &asks[1]);
    expect_sent("i 1 0\ni 1 1\ni 1 2\n");
    expect_sent("");
    assert_int_equal(hear("+a"), 0);
    assert_int_equal(hear("* by the way"), 0);
    assert_int_equal(hear("!7 H"), 0);
    assert_int_equal(hear("?b"), 0);
    assert_int_equal(hear("!-7 Already changed!"), 0);
    assert_int_equal(hear("-c"), 0);
    expect_trace("0: a; 1: b; 2: c; ");
    assert_int_equal(talk.failures, 2);
    assert_int_equal(hear("+d"), MF_EINVAL);
    expect_trace("");
}

/* A monitor is known from the reply that creates it until it ends, and ids may share a bucket. */
static void signals(void **state)
{
    asks[0].monitor = &monitors[0];
    asks[1].monitor = &monitors[1];
    mf_wago_talk_want(&talk, &asks[0]);
    mf_wago_talk_want(&talk, &asks[1]);
    expect_sent("i 1 0\ni 1 1\n");
    assert_int_equal(hear("!+5 created"), 0);
    assert_int_equal(hear("!5 H"), 0);
    assert_int_equal(hear("!+69 created"), 0); /* 5 + MF_WAGO_BUCKETS */
    mf_wago_talk_adopt(&talk, &monitors[2], 133);
    expect_trace("0: created; m0: H; 1: created; ");
    assert_int_equal(hear("!69 L"), 0);
    assert_int_equal(hear("!133 PING 1"), 0);
    assert_int_equal(hear("!6 H"), 0);
    assert_int_equal(hear("!-5 Deleted."), 0);
    assert_int_equal(hear("!-5 Deleted."), 0);
    expect_trace("m1: L; m2: PING 1; m0 ended: Deleted.; ");
    assert_int_equal(monitors[0].id, 0);
    mf_wago_talk_let_go(&talk, &monitors[1]);
    assert_int_equal(hear("!69 H"), 0);
    expect_trace("");
    assert_int_equal(talk.monitor_count, 1);
}

/* Only a command that creates a monitor is answered with one. */
static void unasked(void **state)
{
    assert_int_equal(hear("!+1 created"), MF_EINVAL);
    mf_wago_talk_want(&talk, &asks[0]);
    expect_sent("i 1 0\n");
    assert_int_equal(hear("!+1 created"), MF_EINVAL);
    assert_int_equal(hear("=list\n."), 0);
    expect_trace("0: list; ");
}

/* What is taken back keeps its place among the replies; a monitor that nobody wants any more is
 * deleted, unless it drives an output. */
static void forgotten(void **state)
{
    monitors[1].outlives = true;
    asks[0].monitor = &monitors[0];
    asks[1].monitor = &monitors[1];
    for (int i = 0; i < 4; i++)
        mf_wago_talk_want(&talk, &asks[i]);
    mf_wago_talk_forget(&talk, &asks[3]);
    expect_sent("i 1 0\ni 1 1\ni 1 2\n");
    mf_wago_talk_forget(&talk, &asks[0]);
    mf_wago_talk_forget(&talk, &asks[1]);
    assert_false(mf_wago_ask_is_open(&asks[0]));
    assert_int_equal(hear("!+1 created"), 0);
    assert_int_equal(hear("!+2 created"), 0);
    assert_int_equal(hear("+c"), 0);
    expect_trace("2: c; ");
    expect_sent("m- 1\n");
    assert_int_equal(hear("!-1 Deleted."), 0);
    assert_int_equal(hear("+Monitor 1 deleted."), 0);
    mf_wago_talk_tell(&talk, "s %d 4 1", 2);
    expect_sent("s 2 4 1\n");
    assert_int_equal(hear("!+3 Set, monitor started."), 0);
    expect_sent("");
    assert_int_equal(talk.count, 0);
}

/* So many commands at a time and no more; the others follow in order. */
static void limit(void **state)
{
    struct mf_buf buf = {0};
    char reply[16];

    for (int i = 0; i < ASKS; i++)
        mf_wago_talk_want(&talk, &asks[i]);
    mf_wago_talk_send(&talk, &buf);
    assert_int_equal(talk.count, MF_WAGO_UNDER_WAY);
    assert_false(mf_wago_talk_may_send(&talk));
    mf_buf_clear(&buf);
    for (int i = 0; i < ASKS; i++) {
        snprintf(reply, sizeof(reply), "+%d", i);
        assert_int_equal(hear(reply), 0);
        snprintf(reply, sizeof(reply), "%d: %d; ", i, i);
        expect_trace(reply);
        mf_wago_talk_send(&talk, &buf);
    }
    assert_int_equal(talk.count, 0);
    assert_int_equal(talk.commands, ASKS);
    mf_buf_done(&buf);
}

/* What waits at the end is sent at once, past the limit and in order, and nobody is told that it
 * was. */
static void last_words(void **state)
{
    struct mf_buf buf = {0}, wanted = {0};

    for (int i = 0; i < ASKS; i++)
        mf_wago_talk_want(&talk, &asks[i]);
    mf_wago_talk_send(&talk, &buf);
    mf_wago_talk_tell(&talk, "s 2 4");
    mf_buf_clear(&buf);
    mf_wago_talk_send_last(&talk, &buf);
    for (int i = MF_WAGO_UNDER_WAY; i < ASKS; i++)
        mf_buf_printf(&wanted, "%s\n", asks[i].text);
    mf_buf_puts(&wanted, "s 2 4\n");
    assert_string_equal(mf_buf_text(&buf), mf_buf_text(&wanted));
    expect_trace("");
    mf_buf_done(&buf);
    mf_buf_done(&wanted);
}

/* With the connection all ends, what waits and what is under way, and no monitor runs. */
static void connection_gone(void **state)
{
    asks[0].monitor = &monitors[0];
    mf_wago_talk_want(&talk, &asks[0]);
    mf_wago_talk_want(&talk, &asks[1]);
    mf_wago_talk_tell(&talk, "m- 9");
    expect_sent("i 1 0\ni 1 1\nm- 9\n");
    assert_int_equal(hear("!+5 created"), 0);
    mf_wago_talk_want(&talk, &asks[2]);
    mf_wago_talk_end(&talk);
    expect_trace("0: created; 1: gone; 2: gone; ");
    assert_int_equal(monitors[0].id, 0);
    assert_int_equal(talk.monitor_count, 0);
    assert_false(mf_wago_ask_is_open(&asks[2]));
    mf_wago_talk_want(&talk, &asks[2]);
    expect_sent("i 1 2\n");
    assert_int_equal(hear("+1"), 0);
    expect_trace("2: 1; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unasked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connection_gone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
