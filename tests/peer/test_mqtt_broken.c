/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A broker that freezes, dies and comes back, and one that cannot keep up.
 *
 * Mosquitto confirms before it has written to disk, so what it had confirmed in
 * its last moment may be gone with it, and nobody else can help that. A frozen broker
 * (SIGSTOP) confirms nothing: what is sent to it then must arrive, whoever has it in hand.
 */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "tests/support/flow_run.h"
#include "tests/support/outsider.h"

enum { SKIPPED = 77, MESSAGES = 300 };

/* Sends the numbers [from, to) without waiting for anything. */
static void send_numbers(struct outsider *o, int from, int to)
{
    char text[16];

    for (int i = from; i < to; i++) {
        snprintf(text, sizeof(text), "%d", i);
        outsider_send(o, "in/x", text, 1);
    }
}

static int64_t number_of(const struct outsider_message *message)
{
    int64_t number = -1;

    assert_true(mf_num_read_int(message->payload, strlen(message->payload), &number));
    return number;
}

static void reopen(struct outsider *o)
{
    while (!outsider_reopen(o))
        continue;
}

/* Reads until `last` has come: numbers come in order, those that were seen may come again, and none
 * of [from, last] is missing. */
static void expect_all(struct outsider *o, int64_t from, int64_t last)
{
    int64_t next = from;

    while (next <= last) {
        int64_t number = number_of(outsider_next(o));

        if (number > next)
            fail_msg("%lld came where %lld was to come", (long long)number, (long long)next);
        next += number == next;
    }
}

static const char echo[] =
    "moat-flow: 1\n"
    "links:\n"
    "  broker: {mqtt: \"mqtt://localhost:${port}\", clean: false, client_id: engine}\n"
    "nodes:\n"
    "  in: {mqtt.subscribe: in/#, format: number, qos: 1, retained: skip}\n"
    "  same: {scale: 1, from: in}\n"
    "  out: {mqtt.publish: out, from: same, qos: 1}\n";

/* Killed while messages are under way in all directions: nothing is lost that was not confirmed,
 * and the order stays. */
static void killed(void **state)
{
    struct peer *peer = peer_new(PEER_PERSISTENT, "max_queued_messages 0\n");
    struct outsider_setup sender = {.port = peer_port(peer), .id = "sender", .keeps_session = true};
    struct outsider_setup taker = {.port = peer_port(peer), .id = "taker", .keeps_session = true};
    struct outsider in, out;
    struct flow_run run;

    outsider_open(&in, &sender);
    outsider_open(&out, &taker);
    outsider_subscribe(&out, "out", 1, 1, 0);
    flow_run_start(&run, peer, echo, NULL);
    peer_wait_for(peer, "engine 1 in/#");
    outsider_publish(&in, "in/x", "0", 1, false);
    expect_all(&out, 0, 0);
    for (int round = 0; round < 3; round++) {
        int first = 1 + round * MESSAGES;

        peer_pause(peer);
        send_numbers(&in, first, first + MESSAGES);
        peer_kill(peer);
        peer_start(peer);
        reopen(&in);
        reopen(&out);
        while (in.unacked)
            outsider_turn(&in, 1000);
        expect_all(&out, first, first + MESSAGES - 1);
    }
    assert_int_equal(child_count(flow_run_log(&run), "connected again"), 3);
    flow_run_end(&run);
    outsider_close(&in);
    outsider_close(&out);
    peer_free(peer);
}

/* The same without a moment of rest before: what the sender had no confirmation for arrives. */
static void killed_in_mid_stream(void **state)
{
    struct peer *peer = peer_new(PEER_PERSISTENT, "max_queued_messages 0\n");
    struct outsider_setup sender = {.port = peer_port(peer), .id = "sender", .keeps_session = true};
    struct outsider_setup taker = {.port = peer_port(peer), .id = "taker", .keeps_session = true};
    bool *has_come = mf_calloc_array(MESSAGES, sizeof(bool));
    struct outsider in, out;
    struct flow_run run;
    size_t confirmed;

    outsider_open(&in, &sender);
    outsider_open(&out, &taker);
    outsider_subscribe(&out, "out", 1, 1, 0);
    flow_run_start(&run, peer, echo, NULL);
    peer_wait_for(peer, "engine 1 in/#");
    send_numbers(&in, 0, MESSAGES);
    outsider_next(&out); /* the stream has begun */
    peer_kill(peer);
    outsider_turn(&in, 0);
    peer_start(peer);
    reopen(&in);
    /* The library sends in order and the broker confirms in order. */
    confirmed = MESSAGES - in.unacked;
    reopen(&out);
    while (in.unacked)
        outsider_turn(&in, 1000);
    out.read = 0;
    while (!has_come[MESSAGES - 1])
        has_come[number_of(outsider_next(&out))] = true;
    for (size_t i = confirmed; i < MESSAGES; i++)
        if (!has_come[i])
            fail_msg("%zu is lost", i);
    flow_run_end(&run);
    outsider_close(&in);
    outsider_close(&out);
    mf_free(has_come);
    peer_free(peer);
}

/* A sink that stands still holds the source back: the broker of the source keeps the messages, and
 * the queue, which is far too short for them, drops none. */
static void held_back(void **state)
{
    struct peer *source = peer_new(0, "max_queued_messages 0\n");
    struct peer *sink = peer_new(0, "max_queued_messages 0\n");
    struct outsider in, out;
    struct mf_buf flow = {0};
    struct flow_run run;

    outsider_open(&in, &(struct outsider_setup){.port = peer_port(source), .id = "in"});
    outsider_open(&out, &(struct outsider_setup){.port = peer_port(sink), .id = "out"});
    outsider_subscribe(&out, "out", 1, 1, 0);
    mf_buf_printf(&flow,
                  "moat-flow: 1\n"
                  "links:\n"
                  "  source: {mqtt: \"mqtt://localhost:${port}\", client_id: engine}\n"
                  "  sink: {mqtt: \"mqtt://localhost:%d\", client_id: engine}\n"
                  "nodes:\n"
                  "  in: {mqtt.subscribe: in/#, link: source, format: number, qos: 1}\n"
                  "  out: {mqtt.publish: out, link: sink, from: in, qos: 1, queue: 100}\n",
                  peer_port(sink));
    flow_run_start(&run, source, mf_buf_text(&flow), NULL);
    peer_wait_for(source, "engine 1 in/#");
    outsider_publish(&in, "in/x", "0", 1, false);
    expect_all(&out, 0, 0);
    peer_pause(sink);
    send_numbers(&in, 1, 1 + 4 * MESSAGES);
    while (in.unacked)
        outsider_turn(&in, 1000);
    peer_resume(sink);
    expect_all(&out, 1, 4 * MESSAGES);
    assert_null(strstr(flow_run_log(&run), "is full"));
    flow_run_end(&run);
    outsider_close(&in);
    outsider_close(&out);
    mf_buf_done(&flow);
    peer_free(source);
    peer_free(sink);
}

/* A reload that changes the publisher while its messages are under way neither loses nor doubles
 * one. */
static void reloaded_in_mid_stream(void **state)
{
    struct peer *peer = peer_new(0, "max_queued_messages 0\n");
    struct outsider in, out;
    struct flow_run run;
    struct mf_buf flow = {0};

    outsider_open(&in, &(struct outsider_setup){.port = peer_port(peer), .id = "in"});
    outsider_open(&out, &(struct outsider_setup){.port = peer_port(peer), .id = "out"});
    outsider_subscribe(&out, "out", 1, 1, 0);
    flow_run_start(&run, peer, echo, NULL);
    peer_wait_for(peer, "engine 1 in/#");
    send_numbers(&in, 0, MESSAGES);
    while (in.unacked)
        outsider_turn(&in, 1000);
    peer_pause(peer);
    /* The same publisher with a longer queue is another node to the engine. */
    mf_buf_printf(&flow, "%.*s, queue: 5000}\n", (int)(strlen(echo) - 2), echo);
    flow_run_reload(&run, peer, mf_buf_text(&flow));
    peer_resume(peer);
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(number_of(outsider_next(&out)), i);
    outsider_settle(&out);
    assert_int_equal(out.count, MESSAGES);
    flow_run_end(&run);
    outsider_close(&in);
    outsider_close(&out);
    mf_buf_done(&flow);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed),
        cmocka_unit_test(killed_in_mid_stream),
        cmocka_unit_test(held_back),
        cmocka_unit_test(reloaded_in_mid_stream),
    };

    if (!child_find("mosquitto"))
        return SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
