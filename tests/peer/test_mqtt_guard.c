/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Actuators with a real broker, a real clock and real signals. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "engine/base/num.h"
#include "tests/support/flow_run.h"
#include "tests/support/outsider.h"

enum { SKIPPED = 77 };

#define LINK                                                                                       \
    "moat-flow: 1\n"                                                                               \
    "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n"                                      \
    "nodes:\n"                                                                                     \
    "  in: {mqtt.subscribe: in, format: number, unit: W}\n"

static void open_outsider(struct outsider *o, const struct peer *peer)
{
    outsider_open(o, &(struct outsider_setup){.port = peer_port(peer), .id = "outsider"});
    outsider_subscribe(o, "out/#", 1, 1, 0);
}

/* Reads on until the topic has this value. */
static void wait_for(struct outsider *o, const char *topic, const char *payload)
{
    const struct outsider_message *message;

    do
        message = outsider_next(o);
    while (strcmp(message->topic, topic) != 0 || strcmp(message->payload, payload) != 0);
}

static const char *last_of(const struct outsider *o, const char *topic)
{
    for (size_t i = o->count; i-- > 0;)
        if (strcmp(o->list[i].topic, topic) == 0)
            return o->list[i].payload;
    return "nothing";
}

/* SIGTERM: the failsafe value is the last that the broker hears, with any QoS; exit 0. */
static void safe_at_the_end(void **state)
{
    static const char flow[] =
        LINK "  a: {mqtt.publish: out/a, from: in, actuator: true, limit: 0..3 kW, failsafe: 1 W}\n"
             "  b: {mqtt.publish: out/b, from: in, actuator: true, limit: 0.., failsafe: 2 W, "
             "qos: 1}\n"
             "  c: {mqtt.publish: out/c, from: in, actuator: true, limit: 0.., failsafe: 3 W, "
             "qos: 2, retain: true}\n"
             "  k: {mqtt.publish: out/k, from: in, actuator: true, limit: 0.., failsafe: keep}\n";
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer);
    outsider_publish(&o, "in", "5000", 1, true);
    flow_run_start(&run, peer, flow, NULL);
    wait_for(&o, "out/k", "5000");
    flow_run_end(&run);
    outsider_settle(&o);
    assert_string_equal(last_of(&o, "out/a"), "1");
    assert_string_equal(last_of(&o, "out/b"), "2");
    assert_string_equal(last_of(&o, "out/c"), "3");
    assert_string_equal(last_of(&o, "out/k"), "5000");
    outsider_close(&o);
    peer_free(peer);
}

/* Also when the queues of others cannot be emptied, and when nobody wants to wait for that. */
static void safe_in_a_hurry(void **state)
{
    static const char flow[] =
        "moat-flow: 1\n"
        "links:\n"
        "  broker: {mqtt: \"mqtt://localhost:${port}\"}\n"
        "  away: {mqtt: \"mqtt://localhost:1\"}\n"
        "nodes:\n"
        "  in: {mqtt.subscribe: in, link: broker, format: number}\n"
        "  stuck: {mqtt.publish: stuck, link: away, from: in}\n"
        "  a: {mqtt.publish: out/a, link: broker, from: in, actuator: true, limit: 0.., failsafe: "
        "1, qos: 1}\n";
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer);
    outsider_publish(&o, "in", "5", 1, true);
    flow_run_start(&run, peer, flow, NULL);
    wait_for(&o, "out/a", "5");
    child_signal(&run.child, SIGTERM);
    flow_run_wait_for(&run, "asked to end");
    child_signal(&run.child, SIGTERM);
    assert_int_equal(child_end(&run.child), 0);
    outsider_settle(&o);
    assert_string_equal(last_of(&o, "out/a"), "1");
    child_done(&run.child);
    outsider_close(&o);
    peer_free(peer);
}

/* A source that falls silent: what it said is said again until it is too old, then the failsafe
 * value is, and what it says at last counts again. */
static void refreshed_until_silent(void **state)
{
    static const char flow[] = LINK
        "  a: {mqtt.publish: out/a, from: in, actuator: true, limit: 0.., refresh: 50ms, failsafe: "
        "1 W after 1s}\n";
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer);
    flow_run_start(&run, peer, flow, NULL);
    peer_wait_for(peer, " 0 in"); /* subscribed */
    outsider_publish(&o, "in", "5", 1, false);
    for (int i = 0; i < 3; i++)
        wait_for(&o, "out/a", "5");
    for (int i = 0; i < 3; i++)
        wait_for(&o, "out/a", "1");
    flow_run_wait_for(&run, "no good value for 1s: writes the failsafe, 1 W");
    outsider_publish(&o, "in", "6", 1, false);
    wait_for(&o, "out/a", "6");
    flow_run_end(&run);
    outsider_close(&o);
    peer_free(peer);
}

static double number_of(const char *text)
{
    double number = 0;

    assert_true(mf_num_scan_double(text, strlen(text), &number) > 0);
    return number;
}

/* A broker that was away is told what holds when it is back, not what held meanwhile. */
static void broker_away(void **state)
{
    static const char flow[] = "moat-flow: 1\n"
                               "links: {broker: {mqtt: \"mqtt://localhost:${port}\"}}\n"
                               "nodes:\n"
                               "  in: {sim.counter: 1, every: 5ms}\n"
                               "  fast: {log: notice, from: in, message: \"count {value}\"}\n"
                               "  a: {mqtt.publish: out/a, from: in, actuator: true, limit: 0.., "
                               "failsafe: keep}\n";
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;
    double before;

    open_outsider(&o, peer);
    flow_run_start(&run, peer, flow, NULL);
    wait_for(&o, "out/a", "3");
    outsider_close(&o);
    peer_kill(peer);
    flow_run_wait_for(&run, "trying again in");
    flow_run_wait_for(&run, "count ");
    before = number_of(strrchr(flow_run_log(&run), ' ') + 1);
    peer_start(peer);
    open_outsider(&o, peer);
    assert_true(number_of(outsider_next(&o)->payload) >= before);
    flow_run_end(&run);
    outsider_close(&o);
    peer_free(peer);
}

/* Read-only reaches no broker, at the end neither. */
static void read_only(void **state)
{
    static const char flow[] =
        LINK "  a: {mqtt.publish: out/a, from: in, actuator: true, limit: 0.., failsafe: 1 W}\n"
             "  b: {mqtt.publish: out/b, from: in}\n"
             "  show: {log: notice, from: in, message: \"got {value}\"}\n";
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer);
    outsider_publish(&o, "in", "5", 1, true);
    flow_run_start(&run, peer, flow, "--read-only");
    flow_run_wait_for(&run, "got 5");
    flow_run_end(&run);
    outsider_settle(&o);
    assert_string_equal(last_of(&o, "out/a"), "nothing");
    assert_string_equal(last_of(&o, "out/b"), "nothing");
    outsider_close(&o);
    peer_free(peer);
}

/* A reload that takes an actuator away leaves its thing safe. */
static void taken_away(void **state)
{
    struct peer *peer = peer_new(0, NULL);
    struct flow_run run;
    struct outsider o;

    open_outsider(&o, peer);
    outsider_publish(&o, "in", "5", 1, true);
    flow_run_start(&run, peer,
                   LINK "  a: {mqtt.publish: out/a, from: in, actuator: true, limit: 0.., "
                        "failsafe: 1 W, qos: 1}\n",
                   NULL);
    outsider_expect(&o, "out/a", "5");
    flow_run_reload(&run, peer, LINK);
    outsider_expect(&o, "out/a", "1");
    flow_run_end(&run);
    outsider_close(&o);
    peer_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safe_at_the_end),
        cmocka_unit_test(safe_in_a_hurry),
        cmocka_unit_test(refreshed_until_silent),
        cmocka_unit_test(broker_away),
        cmocka_unit_test(read_only),
        cmocka_unit_test(taken_away),
    };

    if (!child_find("mosquitto"))
        return SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
