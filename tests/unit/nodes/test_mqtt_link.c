/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The mqtt link and its kinds with a broker in memory and a clock that is moved by hand. */

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "tests/support/bench.h"
#include "tests/support/fake_mqtt.h"
#include "tests/support/hand_host.h"
#include "tests/support/mqtt_cases.h"

#define LINK "moat-flow: 1\nlinks: {broker: {mqtt: mqtt://localhost}}\nnodes:\n"
#define SESSION "moat-flow: 1\nlinks: {broker: {mqtt: mqtt://localhost, clean: false}}\nnodes:\n"
#define SOURCE "  in: {test.source: number}\n"

static struct hand_host hand;

static int reset(void **state)
{
    fake_mqtt_reset();
    return 0;
}

static size_t waiting(const char *node)
{
    struct mf_queue_stats stats = mf_queue_stats(hand_node(&hand, node)->queue);

    return stats.waiting + stats.in_flight;
}

static void feed(int from, int to)
{
    for (int i = from; i < to; i++)
        hand_feed(&hand, "in", i);
}

static unsigned quality_of(const char *node)
{
    return hand_node(&hand, node)->outputs[0].last.quality;
}

/* The broker in memory passes the same cases as the real one. */
static void conformance(void **state)
{
    mqtt_cases(1883);
}

/* ---- publishing ---- */

/* No more letters are under way than the broker allows; the rest waits and follows in order. */
static void in_flight(void **state)
{
    fake_mqtt.holds_acks = true;
    fake_mqtt.in_flight = 3;
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n", false);
    feed(0, 10);
    assert_int_equal(fake_mqtt.publishes, 3);
    assert_int_equal(waiting("out"), 10);
    fake_mqtt_ack(2);
    hand_settle(&hand);
    assert_int_equal(fake_mqtt.publishes, 5);
    fake_mqtt.holds_acks = false;
    fake_mqtt_ack(3);
    hand_settle(&hand);
    assert_string_equal(fake_mqtt_stream("out"), "0 1 2 3 4 5 6 7 8 9");
    assert_int_equal(waiting("out"), 0);
    hand_end(&hand);
}

/* Without a limit of the broker's there is our own. */
static void own_limit(void **state)
{
    fake_mqtt.holds_acks = true;
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n", false);
    feed(0, 100);
    assert_int_equal(fake_mqtt.publishes, 64);
    hand_end(&hand);
}

/* Nodes that share the link take turns; none starves behind a busy one. */
static void turns(void **state)
{
    fake_mqtt.holds_acks = true;
    fake_mqtt.in_flight = 2;
    hand_start(&hand,
               LINK SOURCE "  a: {mqtt.publish: a, from: in, qos: 1}\n"
                           "  b: {mqtt.publish: b, from: in, qos: 1}\n",
               false);
    feed(0, 6);
    for (int i = 0; i < 3; i++) {
        fake_mqtt_ack(2);
        hand_settle(&hand);
    }
    assert_true(fake_mqtt_heard("a") > 1);
    assert_true(fake_mqtt_heard("b") > 1);
    fake_mqtt.holds_acks = false;
    fake_mqtt_ack(2);
    hand_settle(&hand);
    assert_int_equal(fake_mqtt_heard("a"), 6);
    assert_int_equal(fake_mqtt_heard("b"), 6);
    hand_end(&hand);
}

/* QoS 0 is not poured into a connection that takes no bytes. */
static void blocked(void **state)
{
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in}\n", false);
    fake_mqtt.is_blocked = true;
    feed(0, 5);
    assert_int_equal(fake_mqtt.publishes, 0);
    fake_mqtt.is_blocked = false;
    feed(5, 6); /* finds the way free again, behind those that wait */
    hand_advance(&hand, MF_SEC);
    assert_string_equal(fake_mqtt_stream("out"), "0 1 2 3 4 5");
    hand_end(&hand);
}

/* What was under way when the connection broke is sent again by the client, and not a second time
 * by the queue; what waited follows. */
static void broken(void **state)
{
    fake_mqtt.holds_acks = true;
    fake_mqtt.in_flight = 2;
    hand_start(&hand, SESSION SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n", false);
    feed(0, 4);
    assert_int_equal(fake_mqtt.publishes, 2);
    fake_mqtt_break();
    hand_settle(&hand);
    hand_expect_log(&hand, "the broker closed the connection; trying again in");
    feed(4, 5);
    fake_mqtt_stream("out");
    fake_mqtt.holds_acks = false;
    hand_advance(&hand, 2 * MF_SEC);
    assert_int_equal(fake_mqtt.repeats, 2);
    assert_int_equal(fake_mqtt.publishes, 5);
    assert_string_equal(fake_mqtt_stream("out"), "0 1 2 3 4");
    assert_int_equal(waiting("out"), 0);
    hand_end(&hand);
}

/* A reload that changes the node in between: its letters go over to the new one, none twice. */
static void reloaded(void **state)
{
    fake_mqtt.holds_acks = true;
    fake_mqtt.in_flight = 2;
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n", false);
    feed(0, 4);
    hand_reload(&hand, LINK SOURCE "  out: {mqtt.publish: new, from: in, qos: 1}\n");
    assert_int_equal(fake_mqtt.publishes, 2);
    fake_mqtt.holds_acks = false;
    fake_mqtt_ack(2);
    hand_settle(&hand);
    assert_string_equal(fake_mqtt_stream("out"), "0 1");
    assert_int_equal(fake_mqtt_heard("new"), 2);
    assert_int_equal(waiting("out"), 0);
    assert_int_equal(fake_mqtt.connects, 1);
    hand_end(&hand);
}

/* A node that a reload takes away leaves nothing that could be confirmed to it later. */
static void removed(void **state)
{
    fake_mqtt.holds_acks = true;
    hand_start(&hand,
               LINK SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n"
                           "  stays: {mqtt.subscribe: a}\n",
               false);
    feed(0, 2);
    hand_reload(&hand, LINK SOURCE "  stays: {mqtt.subscribe: a}\n");
    fake_mqtt_ack(2);
    hand_settle(&hand);
    hand_end(&hand);
}

/* What the broker refuses is lost with the reason, and the next one follows. */
static void refused(void **state)
{
    fake_mqtt.denied = "no";
    fake_mqtt.max_packet = 10;
    hand_start(&hand,
               LINK SOURCE "  no: {mqtt.publish: \"no\", from: in, qos: 1}\n"
                           "  out: {mqtt.publish: out, from: in, qos: 1}\n",
               false);
    feed(1, 2);
    hand_expect_log(
        &hand, "no: a message was refused and is a dead letter now: the broker does not take it: "
               "Not authorized");
    hand_feed(&hand, "in", 0.12345678901);
    hand_expect_log(&hand, "out: a message was refused and is a dead letter now: too large");
    feed(2, 3);
    assert_string_equal(fake_mqtt_stream("out"), "1 2");
    assert_int_equal(waiting("no"), 0);
    hand_end(&hand);
}

/* What a broker cannot do is left out, and said once. */
static void limits(void **state)
{
    fake_mqtt.has_no_retain = true;
    fake_mqtt.max_qos = 0;
    fake_mqtt.holds_acks = true;
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in, qos: 2, retain: true}\n",
               false);
    feed(0, 1);
    hand_expect_log(&hand, "this broker keeps no messages: `retain: true` has no effect");
    feed(1, 3);
    assert_null(strstr(mf_buf_text(&hand.log), "retain"));
    assert_string_equal(fake_mqtt_stream("out"), "0 1 2");
    assert_int_equal(waiting("out"), 0); /* QoS 0: nobody confirms */
    hand_end(&hand);
}

/* `on_change` leaves out equal values per topic, but behind a new connection says them again. */
static void on_change(void **state)
{
    hand_start(&hand,
               LINK SOURCE
               "  twice: {scale: 2, from: in}\n"
               "  out: {mqtt.publish: \"out/{node}\", from: [in, twice], on_change: true}\n",
               false);
    hand_feed(&hand, "in", 1);
    hand_feed(&hand, "in", 1);
    hand_feed(&hand, "in", 2);
    hand_feed(&hand, "in", 2);
    assert_string_equal(fake_mqtt_last("out/twice"), "4");
    assert_int_equal(fake_mqtt_heard("out/twice"), 2);
    assert_int_equal(fake_mqtt_heard("out/in"), 2);
    fake_mqtt_break();
    hand_advance(&hand, 2 * MF_SEC);
    hand_feed(&hand, "in", 2);
    assert_int_equal(fake_mqtt_heard("out/in"), 3);
    hand_end(&hand);
}

/* {port}, {node}, {topic}; a value that came without a topic says what is missing. */
static void patterns(void **state)
{
    hand_start(&hand,
               LINK SOURCE "  sub: {mqtt.subscribe: t/+}\n"
                           "  ports: {mqtt.publish: \"port/{port}\", from: {a: in, b: sub.out}}\n"
                           "  port: {mqtt.publish: \"own/{port}\", from: [sub.out, sub.topic]}\n"
                           "  nodes: {mqtt.publish: \"node/{node}\", from: [in, sub]}\n"
                           "  topic: {mqtt.publish: \"topic/{topic}\", from: [in, sub]}\n",
               false);
    fake_mqtt_say("t/x", "5", 0, false);
    hand_settle(&hand);
    assert_string_equal(fake_mqtt_last("port/b"), "5");
    assert_string_equal(fake_mqtt_last("own/out"), "5");
    assert_string_equal(fake_mqtt_last("own/topic"), "\"t/x\"");
    assert_string_equal(fake_mqtt_last("node/sub"), "5");
    assert_string_equal(fake_mqtt_last("topic/t/x"), "5");
    fake_mqtt_say("t/y", "6", 0, false);
    hand_settle(&hand);
    assert_string_equal(fake_mqtt_last("topic/t/y"), "6");
    feed(7, 8);
    assert_string_equal(fake_mqtt_last("port/a"), "7");
    assert_string_equal(fake_mqtt_last("node/in"), "7");
    hand_expect_log(&hand, "`in` came without a topic for `{topic}`");
    hand_end(&hand);
}

/* ---- subscribing ---- */

/* Whatever overlaps, each node gets each message once; with identifiers each filter is asked for,
 * without the widest only. */
static void overlapping(void **state)
{
    static const char flow[] = LINK "  wide: {mqtt.subscribe: a/#}\n"
                                    "  level: {mqtt.subscribe: a/+}\n"
                                    "  exact: {mqtt.subscribe: a/b}\n"
                                    "  again: {mqtt.subscribe: a/b}\n"
                                    "  seen: {mqtt.publish: \"seen/{node}\", from: [wide, level, "
                                    "exact, again]}\n";
    static const char *const nodes[] = {"seen/wide", "seen/level", "seen/exact", "seen/again"};

    for (int has_ids = 0; has_ids < 2; has_ids++) {
        fake_mqtt_reset();
        fake_mqtt.has_no_ids = !has_ids;
        fake_mqtt_say("a/b", "1", 0, true);
        hand_start(&hand, flow, false);
        assert_int_equal(fake_mqtt.subscribes, has_ids ? 3 : 1);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(fake_mqtt_heard(nodes[i]), 1);
        fake_mqtt_say("a/b", "2", 0, false);
        hand_settle(&hand);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(fake_mqtt_heard(nodes[i]), 2);
            assert_string_equal(fake_mqtt_last(nodes[i]), "2");
        }
        hand_end(&hand);
    }
}

/* Without identifiers: when the wide filter goes the narrow ones are asked for, before it is given
 * back, and nobody gets again what he had. */
static void uncovered(void **state)
{
    static const char narrow[] = "  exact: {mqtt.subscribe: a/b}\n"
                                 "  seen: {mqtt.publish: \"seen/{node}\", from: [exact]}\n";
    char with_wide[400];

    snprintf(with_wide, sizeof(with_wide), "%s  wide: {mqtt.subscribe: a/#}\n%s", LINK, narrow);
    fake_mqtt.has_no_ids = true;
    fake_mqtt_say("a/b", "1", 0, true);
    hand_start(&hand, with_wide, false);
    assert_false(fake_mqtt_has_subscription("a/b"));
    snprintf(with_wide, sizeof(with_wide), "%s%s", LINK, narrow);
    hand_reload(&hand, with_wide);
    assert_true(fake_mqtt_has_subscription("a/b"));
    assert_false(fake_mqtt_has_subscription("a/#"));
    fake_mqtt_say("a/b", "2", 0, false);
    hand_settle(&hand);
    assert_string_equal(fake_mqtt_stream("seen/exact"), "1 2");
    hand_end(&hand);
}

/* A node that a reload adds gets what is retained; those that had it do not get it again. A filter
 * is given back with its last node. */
static void added(void **state)
{
    static const char seen[] = "  seen: {mqtt.publish: \"seen/{node}\", from: [old%s]}\n";
    char flow[500];

    fake_mqtt_say("a", "1", 0, true);
    snprintf(flow, sizeof(flow), "%s  old: {mqtt.subscribe: a}\n", LINK);
    snprintf(flow + strlen(flow), sizeof(flow) - strlen(flow), seen, "");
    hand_start(&hand, flow, false);
    assert_int_equal(fake_mqtt_heard("seen/old"), 1);
    snprintf(flow, sizeof(flow), "%s  old: {mqtt.subscribe: a}\n  new: {mqtt.subscribe: a}\n",
             LINK);
    snprintf(flow + strlen(flow), sizeof(flow) - strlen(flow), seen, ", new");
    hand_reload(&hand, flow);
    assert_int_equal(fake_mqtt_heard("seen/new"), 1);
    assert_int_equal(fake_mqtt_heard("seen/old"), 1);
    assert_int_equal(fake_mqtt.unsubscribes, 0);
    snprintf(flow, sizeof(flow), "%s  old: {mqtt.subscribe: b}\n", LINK);
    snprintf(flow + strlen(flow), sizeof(flow) - strlen(flow), seen, "");
    hand_reload(&hand, flow);
    assert_false(fake_mqtt_has_subscription("a"));
    assert_true(fake_mqtt_has_subscription("b"));
    assert_int_equal(fake_mqtt.connects, 1);
    hand_end(&hand);
}

/* `retained: skip` means it, also after the connection was made again. */
static void retained(void **state)
{
    fake_mqtt_say("a", "1", 0, true);
    hand_start(&hand,
               LINK "  use: {mqtt.subscribe: a}\n"
                    "  skip: {mqtt.subscribe: a, retained: skip}\n"
                    "  seen: {mqtt.publish: \"seen/{node}\", from: [use, skip]}\n",
               false);
    fake_mqtt_break();
    hand_advance(&hand, 2 * MF_SEC);
    assert_int_equal(fake_mqtt_heard("seen/use"), 2); /* at first, and again */
    assert_int_equal(fake_mqtt_heard("seen/skip"), 0);
    fake_mqtt_say("a", "2", 0, false);
    hand_settle(&hand);
    assert_int_equal(fake_mqtt_heard("seen/skip"), 1);
    hand_end(&hand);
}

/* A filter that the broker does not allow makes its node fail, with the reason, and is asked for
 * again later; the others work. */
static void refused_filter(void **state)
{
    fake_mqtt.denied = "secret/#";
    hand_start(&hand,
               LINK "  no: {mqtt.subscribe: secret/#}\n"
                    "  yes: {mqtt.subscribe: a}\n"
                    "  seen: {mqtt.publish: \"seen/{node}\", from: [no, yes]}\n",
               false);
    hand_expect_log(&hand, "no: the broker refuses the subscription to `secret/#`: Not authorized; "
                           "trying again in");
    assert_int_equal(quality_of("no"), MF_BAD);
    fake_mqtt_say("a", "1", 0, false);
    hand_settle(&hand);
    assert_int_equal(fake_mqtt_heard("seen/yes"), 1);
    fake_mqtt.denied = NULL;
    hand_advance(&hand, 2 * MF_SEC);
    fake_mqtt_say("secret/x", "2", 0, false);
    hand_settle(&hand);
    assert_string_equal(fake_mqtt_last("seen/no"), "2");
    hand_end(&hand);
}

/* While the broker is away its values are stale; what it retains makes them good again. */
static void stale(void **state)
{
    fake_mqtt_say("a", "1", 0, true);
    hand_start(&hand, LINK "  in: {mqtt.subscribe: a}\n", false);
    assert_int_equal(quality_of("in"), MF_GOOD);
    fake_mqtt_break();
    hand_settle(&hand);
    assert_int_equal(quality_of("in"), MF_STALE);
    hand_advance(&hand, 2 * MF_SEC);
    assert_int_equal(quality_of("in"), MF_GOOD);
    hand_end(&hand);
}

/* A payload that is not what `format` says makes the output bad; `on_error: drop` leaves it. */
static void bad_payload(void **state)
{
    hand_start(&hand,
               LINK "  number: {mqtt.subscribe: a, format: number}\n"
                    "  drop: {mqtt.subscribe: a, format: number, on_error: drop}\n",
               false);
    fake_mqtt_say("a", "1", 0, false);
    hand_settle(&hand);
    fake_mqtt_say("a", "one", 0, false);
    hand_settle(&hand);
    hand_expect_log(&hand, "a message on `a` is of no use: `one` is not the number that `format` "
                           "says");
    assert_int_equal(quality_of("number"), MF_BAD);
    assert_int_equal(quality_of("drop"), MF_GOOD);
    fake_mqtt_say("a", "", 0, false);
    hand_settle(&hand);
    hand_expect_log(&hand, "it is empty, and `format` says number");
    fake_mqtt_say("a", "2", 0, false);
    hand_settle(&hand);
    assert_int_equal(quality_of("number"), MF_GOOD);
    hand_end(&hand);
}

/* The source's own time travels with the value and the topic. */
static void source_time(void **state)
{
    const struct mf_msg *out;

    hand_start(&hand, LINK "  in: {mqtt.subscribe: a, pick: v, time: at}\n", false);
    fake_mqtt_say("a", "{\"v\": 5, \"at\": \"2026-01-02T03:04:05.5Z\"}", 0, false);
    hand_settle(&hand);
    out = &hand_node(&hand, "in")->outputs[0].last;
    assert_int_equal(out->value.integer, 5);
    assert_int_equal(out->time, INT64_C(1767323045) * MF_SEC + 500 * MF_MS);
    assert_int_equal(hand_node(&hand, "in")->outputs[1].last.time, out->time);
    fake_mqtt_say("a", "{\"v\": 6}", 0, false);
    hand_settle(&hand);
    hand_expect_log(&hand, "there is no `at` in it");
    hand_end(&hand);
}

/* A session of an earlier flow brings messages that nobody asks for: said once. */
static void leftover(void **state)
{
    hand_start(&hand, SESSION "  old: {mqtt.subscribe: old, qos: 1}\n", false);
    hand_end(&hand);
    fake_mqtt_say("old", "1", 1, false);
    hand_start(&hand, SESSION "  new: {mqtt.subscribe: new, qos: 1}\n", false);
    fake_mqtt_say("old", "2", 1, false);
    hand_settle(&hand);
    hand_expect_log(&hand, "a message came on `old`, which no node asks for");
    fake_mqtt_say("old", "3", 1, false);
    hand_settle(&hand);
    assert_null(strstr(mf_buf_text(&hand.log), "no node asks for"));
    hand_end(&hand);
}

/* ---- the connection ---- */

/* A link that feeds a full queue is not read. Meanwhile it says that it is there, does not ask for
 * answers it would not read, and asks again only a while after it reads again. */
static void paused(void **state)
{
    unsigned pings;

    fake_mqtt.holds_acks = true;
    fake_mqtt.in_flight = 1;
    hand_start(&hand,
               "moat-flow: 1\n"
               "links:\n"
               "  a: {mqtt: mqtt://localhost, client_id: a, keepalive: 10s}\n"
               "  b: {mqtt: mqtt://localhost, client_id: b, keepalive: 1h}\n"
               "nodes:\n"
               "  in: {mqtt.subscribe: in, link: a}\n"
               "  out: {mqtt.publish: out, link: b, from: in, qos: 1, queue: 8}\n",
               false);
    for (int i = 0; i < 30; i++) {
        fake_mqtt_say("in", "1", 0, false);
        hand_settle(&hand);
    }
    assert_true(waiting("out") < 8);
    assert_int_equal(mf_queue_stats(hand_node(&hand, "out")->queue).dropped, 0);
    assert_true(hand_link(&hand, "a")->blocked > 0);
    fake_mqtt.nudges = 0;
    pings = fake_mqtt.pings;
    hand_advance(&hand, 61 * MF_SEC);
    assert_in_range(fake_mqtt.nudges, 11, 13);        /* each 5 s */
    assert_in_range(fake_mqtt.pings - pings, 58, 62); /* of link b alone */
    fake_mqtt.holds_acks = false;
    fake_mqtt_ack(1);
    hand_settle(&hand);
    assert_int_equal(fake_mqtt_heard("out"), 30);
    pings = fake_mqtt.pings;
    hand_advance(&hand, 9 * MF_SEC);
    assert_in_range(fake_mqtt.pings - pings, 8, 10);
    pings = fake_mqtt.pings;
    hand_advance(&hand, 10 * MF_SEC);
    assert_in_range(fake_mqtt.pings - pings, 18, 21);
    hand_end(&hand);
}

/* Nobody listens at first: the link tries again, and the letters wait. */
static void away(void **state)
{
    fake_mqtt.is_away = true;
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in}\n", false);
    hand_expect_log(&hand, "nobody listens; trying again in");
    feed(0, 3);
    hand_advance(&hand, 20 * MF_SEC);
    assert_in_range(fake_mqtt.connects, 4, 6);
    fake_mqtt.is_away = false;
    hand_advance(&hand, 40 * MF_SEC);
    assert_string_equal(fake_mqtt_stream("out"), "0 1 2");
    hand_end(&hand);
}

/* A port that takes connections and does not answer is given up after a while. */
static void mute(void **state)
{
    fake_mqtt.is_mute = true;
    hand_start(&hand, LINK "  in: {mqtt.subscribe: a}\n", false);
    hand_advance(&hand, 10 * MF_SEC);
    hand_expect_log(&hand, "localhost, port 1883, took the connection but does not answer: does "
                           "that port want TLS (`mqtts://`)?");
    fake_mqtt.is_mute = false;
    hand_advance(&hand, 3 * MF_SEC);
    hand_expect_log(&hand, "broker: connected");
    hand_end(&hand);
}

/* The end: goodbye to who is connected; a connection that is being made is waited for. */
static void ending(void **state)
{
    hand_start(&hand, LINK "  in: {mqtt.subscribe: a}\n", false);
    hand_end(&hand);
    assert_int_equal(fake_mqtt.goodbyes, 1);
    fake_mqtt.is_away = true;
    hand_start(&hand, LINK "  in: {mqtt.subscribe: a}\n", false);
    hand.holds_jobs = true;
    hand_advance(&hand, 2 * MF_SEC);
    assert_int_equal(hand.job_count, 1);
    mf_engine_stop(&hand.engine);
    hand_settle(&hand);
    assert_false(mf_engine_has_stopped(&hand.engine));
    hand_end(&hand);
    assert_int_equal(fake_mqtt.goodbyes, 1);
}

/* The name at the broker is the same at each start when a session hangs on it, else its own; with
 * --read-only, and without any node (validate --env), it is never that of the engine that works,
 * nothing is written, and there is no will. */
static void names(void **state)
{
    static const char flow[] = "moat-flow: 1\n"
                               "links:\n"
                               "  broker:\n"
                               "    mqtt: mqtt://localhost\n"
                               "    client_id: engine\n"
                               "    clean: false\n"
                               "    will: {topic: state, value: gone}\n"
                               "nodes:\n"
                               "  in: {test.source: number}\n"
                               "  out: {mqtt.publish: out, from: in}\n";
    char first[64];

    hand_start(&hand, SESSION "  in: {mqtt.subscribe: a}\n", false);
    snprintf(first, sizeof(first), "%s", fake_mqtt.last_id);
    assert_memory_equal(first, "moat-flow-", 10);
    assert_string_equal(first + strlen(first) - 7, "-broker");
    hand_end(&hand);
    hand_start(&hand, SESSION "  in: {mqtt.subscribe: a}\n", false);
    assert_string_equal(first, fake_mqtt.last_id);
    hand_end(&hand);
    hand_start(&hand, LINK "  in: {mqtt.subscribe: a}\n", false);
    assert_memory_equal(first, fake_mqtt.last_id, strlen(first));
    assert_string_not_equal(first, fake_mqtt.last_id);
    hand_end(&hand);
    hand_start(&hand, flow, true);
    assert_memory_equal(fake_mqtt.last_id, "engine-", 7);
    feed(0, 2);
    fake_mqtt_break();
    hand_settle(&hand);
    assert_int_equal(fake_mqtt_heard("out"), 0);
    assert_int_equal(fake_mqtt_heard("state"), 0);
    hand_end(&hand);
    hand_start(&hand, SESSION SOURCE, false);
    assert_memory_equal(first, fake_mqtt.last_id, strlen(first));
    assert_string_not_equal(first, fake_mqtt.last_id);
    hand_end(&hand);
}

/* A link that a reload changes is another connection; its letters go over. */
static void changed_link(void **state)
{
    fake_mqtt.holds_acks = true;
    hand_start(&hand, LINK SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n", false);
    feed(0, 2);
    fake_mqtt.holds_acks = false;
    hand_reload(&hand, "moat-flow: 1\n"
                       "links: {broker: {mqtt: mqtt://localhost, keepalive: 30s}}\n"
                       "nodes:\n" SOURCE "  out: {mqtt.publish: out, from: in, qos: 1}\n");
    assert_int_equal(fake_mqtt.connects, 2);
    assert_int_equal(fake_mqtt.goodbyes, 1);
    assert_int_equal(waiting("out"), 0);
    assert_string_equal(fake_mqtt_stream("out"), "0 1 0 1"); /* at least once */
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(conformance, reset),    cmocka_unit_test_setup(in_flight, reset),
        cmocka_unit_test_setup(own_limit, reset),      cmocka_unit_test_setup(turns, reset),
        cmocka_unit_test_setup(blocked, reset),        cmocka_unit_test_setup(broken, reset),
        cmocka_unit_test_setup(reloaded, reset),       cmocka_unit_test_setup(removed, reset),
        cmocka_unit_test_setup(refused, reset),        cmocka_unit_test_setup(limits, reset),
        cmocka_unit_test_setup(on_change, reset),      cmocka_unit_test_setup(patterns, reset),
        cmocka_unit_test_setup(overlapping, reset),    cmocka_unit_test_setup(uncovered, reset),
        cmocka_unit_test_setup(added, reset),          cmocka_unit_test_setup(retained, reset),
        cmocka_unit_test_setup(refused_filter, reset), cmocka_unit_test_setup(stale, reset),
        cmocka_unit_test_setup(bad_payload, reset),    cmocka_unit_test_setup(source_time, reset),
        cmocka_unit_test_setup(leftover, reset),       cmocka_unit_test_setup(paused, reset),
        cmocka_unit_test_setup(away, reset),           cmocka_unit_test_setup(mute, reset),
        cmocka_unit_test_setup(ending, reset),         cmocka_unit_test_setup(names, reset),
        cmocka_unit_test_setup(changed_link, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
