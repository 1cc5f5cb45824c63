/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Flows with a real broker: what goes in and out, and what is said when something is wrong. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/flow_run.h"
#include "tests/support/outsider.h"

enum { SKIPPED = 77 };

#define DOUBLE                                                                                     \
    "nodes:\n"                                                                                     \
    "  in: {mqtt.subscribe: in/#, format: number, qos: 1}\n"                                       \
    "  double: {scale: 2, from: in}\n"                                                             \
    "  out: {mqtt.publish: \"out/{node}\", from: double, qos: 1}\n"

static void open_outsider(struct outsider *o, const struct peer *peer, const char *filter)
{
    outsider_open(o, &(struct outsider_setup){.port = peer_port(peer), .id = "outsider"});
    outsider_subscribe(o, filter, 1, 1, 0);
}

/* What is retained when the flow starts and what comes later goes through; ends in good order. */
static void through(struct peer *peer, const struct outsider_setup *setup, const char *flow)
{
    struct flow_run run;
    struct outsider o;

    outsider_open(&o, setup);
    outsider_subscribe(&o, "out/#", 1, 1, 0);
    outsider_publish(&o, "in/x", "21", 1, true);
    flow_run_start(&run, peer, flow, NULL);
    outsider_expect(&o, "out/double", "42");
    outsider_publish(&o, "in/x", "0.5", 1, false);
    outsider_expect(&o, "out/double", "1");
    outsider_publish(&o, "in/x", "", 1, true);
    flow_run_end(&run);
    outsider_close(&o);
}

static void versions(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct outsider_setup setup = {.port = peer_port(peer), .id = "outsider"};

    through(peer, &setup,
            "moat-flow: 1\n"
            "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n" DOUBLE);
    through(peer, &setup,
            "moat-flow: 1\n"
            "links: {broker: {mqtt: \"mqtt://localhost:${port}\", version: 3}}\n" DOUBLE);
    peer_free(peer);
}

static void tls_and_password(void **state)
{
    struct peer *peer = peer_new(PEER_TLS | PEER_PASSWORD, NULL);
    struct outsider_setup setup = {.port = peer_port(peer),
                                   .id = "outsider",
                                   .login = "flow",
                                   .password = "right",
                                   .ca = peer_ca(peer)};

    through(peer, &setup,
            "moat-flow: 1\n"
            "links:\n"
            "  broker: {mqtt: \"mqtts://localhost:${port}\", login: flow, password: right,\n"
            "           ca: \"${dir}/ca.pem\"}\n" DOUBLE);
    peer_free(peer);
}

/* A link that cannot work says why and what to set; the rest of the flow runs. */
static void wrong_link(struct peer *peer, const char *link, const char *sentence)
{
    struct flow_run run;
    struct mf_buf flow = {0};

    mf_buf_printf(&flow,
                  "moat-flow: 1\n"
                  "links: {broker: %s}\n"
                  "nodes:\n"
                  "  in: {mqtt.subscribe: in/#}\n"
                  "  tick: {every: 10ms}\n"
                  "  show: {log: notice, from: tick, message: \"tick {value}\"}\n",
                  link);
    flow_run_start(&run, peer, mf_buf_text(&flow), NULL);
    flow_run_wait_for(&run, sentence);
    flow_run_wait_for(&run, "trying again in");
    flow_run_end(&run);
    mf_buf_done(&flow);
}

static void wrong_links(void **state)
{
    struct peer *peer = peer_new(PEER_TLS | PEER_PASSWORD, NULL);

    wrong_link(peer,
               "{mqtt: \"mqtts://localhost:${port}\", login: flow, password: wrong, ca: "
               "\"${dir}/ca.pem\"}",
               "error broker: the broker refused the login `flow`");
    wrong_link(peer, "{mqtt: \"mqtts://localhost:${port}\", ca: \"${dir}/other.pem\"}",
               "error broker: the broker's certificate cannot be verified: set `ca`");
    wrong_link(peer, "{mqtt: \"mqtts://127.0.0.1:${port}\", ca: \"${dir}/ca.pem\"}",
               "error broker: the broker's certificate is not for `127.0.0.1`");
    peer_free(peer);
}

/* A broker that is not there at the start keeps nothing else from running, and gets in order what
 * was meant for it once it is there. */
static void unreachable_at_start(void **state)
{
    struct peer *there = peer_new(0, NULL), *away = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;
    struct mf_buf flow = {0};

    peer_stop(away);
    mf_buf_printf(&flow,
                  "moat-flow: 1\n"
                  "links:\n"
                  "  there: {mqtt: \"mqtt://localhost:${port}\"}\n"
                  "  away: {mqtt: \"mqtt://localhost:%d\"}\n"
                  "nodes:\n"
                  "  in: {mqtt.subscribe: in/#, link: there, format: number}\n"
                  "  out: {mqtt.publish: out, link: there, from: in}\n"
                  "  far: {mqtt.publish: far, link: away, from: in, qos: 1, retain: true}\n",
                  peer_port(away));
    open_outsider(&o, there, "out");
    outsider_publish(&o, "in/x", "1", 1, true);
    flow_run_start(&run, there, mf_buf_text(&flow), NULL);
    outsider_expect(&o, "out", "1");
    outsider_publish(&o, "in/x", "2", 1, false);
    outsider_expect(&o, "out", "2");
    outsider_close(&o);
    peer_start(away);
    open_outsider(&o, away, "far");
    outsider_expect(&o, "far", "1");
    outsider_expect(&o, "far", "2");
    outsider_close(&o);
    assert_non_null(strstr(flow_run_log(&run), "Connection refused; trying again in"));
    flow_run_end(&run);
    mf_buf_done(&flow);
    peer_free(there);
    peer_free(away);
}

/* `retained` says whether a node wants what was there before. */
static void retained(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer, "out/#");
    outsider_publish(&o, "in/x", "1", 1, true);
    flow_run_start(&run, peer,
                   "moat-flow: 1\n"
                   "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n"
                   "nodes:\n"
                   "  all: {mqtt.subscribe: in/#, qos: 1}\n"
                   "  news: {mqtt.subscribe: in/#, qos: 1, retained: skip}\n"
                   "  out: {mqtt.publish: \"out/{node}\", from: [all, news], qos: 1}\n",
                   NULL);
    outsider_expect(&o, "out/all", "1");
    outsider_publish(&o, "in/x", "2", 1, false);
    outsider_settle(&o);
    outsider_next(&o);
    outsider_next(&o);
    outsider_settle(&o);
    assert_int_equal(o.count, 3); /* 1 for all, 2 for both */
    assert_string_equal(o.list[1].payload, "2");
    assert_string_equal(o.list[2].payload, "2");
    flow_run_end(&run);
    outsider_close(&o);
    peer_free(peer);
}

/* However filters overlap, a node gets a message once; in version 3 where one covers the other. */
static void overlapping(void **state)
{
    static const char *const versions_of[] = {"5", "3"};
    struct peer *peer = peer_new(0, NULL);

    for (unsigned i = 0; i < 2; i++) {
        struct mf_buf flow = {0};
        struct flow_run run;
        struct outsider o;

        open_outsider(&o, peer, "out/#");
        outsider_publish(&o, "in/x", "1", 1, true);
        mf_buf_printf(&flow,
                      "moat-flow: 1\n"
                      "links: {broker: {mqtt: \"mqtt://localhost:${port}\", version: %s}}\n"
                      "nodes:\n"
                      "  wide: {mqtt.subscribe: in/#, qos: 1}\n"
                      "  level: {mqtt.subscribe: in/+, qos: 1}\n"
                      "  exact: {mqtt.subscribe: in/x, qos: 1}\n"
                      "  again: {mqtt.subscribe: in/x, qos: 1}\n"
                      "  out: {mqtt.publish: \"out/{node}/{topic}\", from: [wide, level, exact, "
                      "again], qos: 1}\n",
                      versions_of[i]);
        flow_run_start(&run, peer, mf_buf_text(&flow), NULL);
        for (int k = 0; k < 4; k++)
            outsider_next(&o);
        outsider_publish(&o, "in/x", "2", 1, false);
        for (int k = 0; k < 4; k++)
            outsider_next(&o);
        outsider_settle(&o);
        assert_int_equal(o.count, 8);
        for (size_t k = 4; k < 8; k++) {
            assert_string_equal(o.list[k].payload, "2");
            assert_non_null(strstr(o.list[k].topic, "/in/x"));
            for (size_t other = 4; other < k; other++)
                assert_string_not_equal(o.list[k].topic, o.list[other].topic);
        }
        flow_run_end(&run);
        outsider_publish(&o, "in/x", "", 1, true);
        outsider_close(&o);
        mf_buf_done(&flow);
    }
    peer_free(peer);
}

/* A payload that is not what `format` says is told with its topic, and the next one is used. */
static void bad_payload(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer, "out");
    outsider_publish(&o, "in/x", "{\"a\": {\"b\": 1}}", 1, true);
    flow_run_start(&run, peer,
                   "moat-flow: 1\n"
                   "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n"
                   "nodes:\n"
                   "  in: {mqtt.subscribe: in/#, qos: 1, pick: a.b, type: number}\n"
                   "  out: {mqtt.publish: out, from: in, qos: 1}\n",
                   NULL);
    outsider_expect(&o, "out", "1");
    outsider_publish(&o, "in/x", "{\"a\": ", 1, false);
    flow_run_wait_for(&run, "a message on `in/x` is of no use: `{\"a\": ` is not the json that "
                            "`format` says");
    outsider_publish(&o, "in/y", "{\"a\": {\"c\": 1}}", 1, false);
    flow_run_wait_for(&run, "a message on `in/y` is of no use: there is no `a.b` in it");
    outsider_publish(&o, "in/x", "{\"a\": {\"b\": \"text\"}}", 1, false);
    flow_run_wait_for(&run, "number is wanted, text came");
    outsider_publish(&o, "in/x", "{\"a\": {\"b\": 2}}", 1, false);
    outsider_expect(&o, "out", "2");
    flow_run_end(&run);
    outsider_close(&o);
    peer_free(peer);
}

/* What the broker does not allow is lost with its reason; what it allows follows. */
static void refused(void **state)
{
    struct peer *peer = peer_new_with_acl(0, NULL,
                                          "topic readwrite in/#\ntopic readwrite out/#\n"
                                          "topic readwrite settle/#\n");
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer, "out/#");
    outsider_publish(&o, "in/x", "1", 1, true);
    flow_run_start(&run, peer,
                   "moat-flow: 1\n"
                   "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n"
                   "nodes:\n"
                   "  in: {mqtt.subscribe: in/#, qos: 1}\n"
                   "  no: {mqtt.publish: forbidden, from: in, qos: 1}\n"
                   "  out: {mqtt.publish: out/x, from: in, qos: 1}\n",
                   NULL);
    outsider_expect(&o, "out/x", "1");
    flow_run_wait_for(
        &run, "error no: a message was refused and is a dead letter now: the broker does not take "
              "it: Not authorized");
    outsider_publish(&o, "in/x", "2", 1, false);
    outsider_expect(&o, "out/x", "2");
    flow_run_end(&run);
    outsider_close(&o);
    peer_free(peer);
}

/* The will comes when we vanish, not when we end in good order, and never from --read-only. */
static void will(void **state)
{
    static const char flow[] = "moat-flow: 1\n"
                               "links:\n"
                               "  broker:\n"
                               "    mqtt: \"mqtt://localhost:${port}\"\n"
                               "    will: {topic: state, value: offline, qos: 1, retain: true}\n"
                               "nodes:\n"
                               "  in: {mqtt.subscribe: in/#, qos: 0}\n"
                               "  show: {log: notice, from: in, message: \"came {value}\"}\n";
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer, "state");
    outsider_publish(&o, "in/x", "1", 1, true);
    flow_run_start(&run, peer, flow, NULL);
    /* Not before the broker has said all it has to say: closing a socket with an answer on its way
     * resets it, and the broker may then never see our goodbye. */
    flow_run_wait_for(&run, "came 1");
    flow_run_end(&run);
    flow_run_start(&run, peer, flow, "--read-only");
    flow_run_wait_for(&run, "broker: connected");
    flow_run_kill(&run);
    outsider_settle(&o);
    assert_int_equal(o.count, 0);
    flow_run_start(&run, peer, flow, NULL);
    flow_run_wait_for(&run, "broker: connected");
    flow_run_kill(&run);
    outsider_expect(&o, "state", "offline");
    outsider_close(&o);
    peer_free(peer);
}

/* A reload that does not touch the link does not touch the connection either: subscriptions come
 * and go on it, and those that stay are not asked for again. */
static void reload(void **state)
{
    static const char head[] =
        "moat-flow: 1\n"
        "links: {broker: {mqtt: \"mqtt://localhost:${port}\", client_id: engine}}\n"
        "nodes:\n"
        "  in: {mqtt.subscribe: in/#, format: number, qos: 1}\n"
        "  out: {mqtt.publish: \"out/{node}\", from: [scaled, other], qos: 1}\n";
    struct peer *peer = peer_new(0, NULL);
    struct mf_buf flow = {0};
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer, "out/#");
    outsider_publish(&o, "in/x", "1", 1, true);
    outsider_publish(&o, "other/x", "7", 1, true);
    mf_buf_printf(&flow, "%s  scaled: {scale: 2, from: in}\n  other: {sim.counter: 1, every: 1d}\n",
                  head);
    flow_run_start(&run, peer, mf_buf_text(&flow), NULL);
    while (strcmp(outsider_next(&o)->topic, "out/scaled") != 0)
        continue;
    /* Another factor, and a subscription more. */
    mf_buf_clear(&flow);
    mf_buf_printf(&flow, "%s  scaled: {scale: 3, from: in}\n  other: {mqtt.subscribe: other/#}\n",
                  head);
    flow_run_reload(&run, peer, mf_buf_text(&flow));
    while (strcmp(outsider_next(&o)->topic, "out/other") != 0)
        continue;
    outsider_publish(&o, "in/x", "5", 1, false);
    while (strcmp(outsider_next(&o)->payload, "15") != 0)
        continue;
    /* And away with it. */
    mf_buf_clear(&flow);
    mf_buf_printf(&flow, "%s  scaled: {scale: 4, from: in}\n  other: {sim.counter: 1, every: 1d}\n",
                  head);
    flow_run_reload(&run, peer, mf_buf_text(&flow));
    peer_wait_for(peer, "engine 0 other/#"); /* asked for */
    peer_wait_for(peer, "engine other/#");   /* given back */
    outsider_publish(&o, "in/x", "5", 1, false);
    while (strcmp(outsider_next(&o)->payload, "20") != 0)
        continue;
    assert_int_equal(child_count(peer_log(peer), " as engine "), 1);
    assert_int_equal(child_count(peer_log(peer), "engine 1 in/#"), 1);
    flow_run_end(&run);
    outsider_close(&o);
    mf_buf_done(&flow);
    peer_free(peer);
}

/* `run --once`: a file goes to the broker, and the program ends when all is confirmed. */
static void once(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;
    char text[8];

    open_outsider(&o, peer, "out");
    peer_write(peer, "in.jsonl", "{\"v\": 0}\n{\"v\": 1}\n{\"v\": 2}\n");
    flow_run_start(&run, peer,
                   "moat-flow: 1\n"
                   "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n"
                   "nodes:\n"
                   "  in: {file.read: \"${dir}/in.jsonl\", columns: [v]}\n"
                   "  out: {mqtt.publish: out, from: in.v, qos: 1}\n",
                   "--once");
    assert_int_equal(child_end(&run.child), 0);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "%d", i);
        outsider_expect(&o, "out", text);
    }
    child_done(&run.child);
    outsider_close(&o);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),    cmocka_unit_test(tls_and_password),
        cmocka_unit_test(wrong_links), cmocka_unit_test(unreachable_at_start),
        cmocka_unit_test(retained),    cmocka_unit_test(overlapping),
        cmocka_unit_test(bad_payload), cmocka_unit_test(refused),
        cmocka_unit_test(will),        cmocka_unit_test(reload),
        cmocka_unit_test(once),
    };

    if (!child_find("mosquitto"))
        return SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
