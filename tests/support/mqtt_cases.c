/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/mqtt_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/outsider.h"

/* What is retained comes with the subscription and says so; what is published later does not. */
void mqtt_case_retained(int port, int version)
{
    struct outsider a, b;

    outsider_open(&a, &(struct outsider_setup){.port = port, .id = "a", .version = version});
    outsider_open(&b, &(struct outsider_setup){.port = port, .id = "b", .version = version});
    outsider_publish(&a, "kept/x", "1", 1, true);
    assert_int_equal(outsider_subscribe(&b, "kept/#", 1, 7, 0), MF_OK);
    outsider_expect(&b, "kept/x", "1");
    assert_true(b.list[0].is_retained);
    outsider_publish(&a, "kept/x", "2", 1, true);
    outsider_expect(&b, "kept/x", "2");
    assert_false(b.list[1].is_retained);
    /* An empty message takes it away, for those who come later. */
    outsider_publish(&a, "kept/x", "", 1, true);
    outsider_expect(&b, "kept/x", "");
    outsider_subscribe(&a, "kept/#", 1, 7, 0);
    outsider_settle(&a);
    assert_int_equal(a.count, 0);
    outsider_close(&a);
    outsider_close(&b);
}

/* Each QoS brings the message, and 1 and 2 are confirmed. */
void mqtt_case_qos(int port, int version)
{
    struct outsider a;

    outsider_open(&a, &(struct outsider_setup){.port = port, .id = "a", .version = version});
    outsider_subscribe(&a, "q/+", 2, 1, 0);
    outsider_publish(&a, "q/0", "zero", 0, false);
    outsider_expect(&a, "q/0", "zero");
    outsider_publish(&a, "q/1", "one", 1, false);
    outsider_expect(&a, "q/1", "one");
    outsider_publish(&a, "q/2", "two", 2, false);
    outsider_expect(&a, "q/2", "two");
    assert_int_equal(a.unacked, 0);
    outsider_close(&a);
}

/* Overlapping subscriptions give a copy each, and each says which one it is for. */
void mqtt_case_identifiers(int port)
{
    struct outsider a;

    outsider_open(&a, &(struct outsider_setup){.port = port, .id = "a"});
    outsider_subscribe(&a, "over/#", 1, 11, 0);
    outsider_subscribe(&a, "over/+", 1, 12, 0);
    outsider_publish(&a, "over/x", "1", 1, false);
    outsider_settle(&a);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.list[0].id_count, 1);
    assert_int_equal(a.list[1].id_count, 1);
    outsider_close(&a);
}

/* A session that is kept brings what was published meanwhile, in order. */
void mqtt_case_session(int port, int version)
{
    struct outsider a, b;
    struct outsider_setup setup = {
        .port = port, .id = "keeper", .version = version, .keeps_session = true};
    char text[8];

    outsider_open(&a, &(struct outsider_setup){.port = port, .id = "a", .version = version});
    outsider_open(&b, &setup);
    assert_false(mf_mqtt_client_limits(b.client)->has_session);
    outsider_subscribe(&b, "later/#", 1, 3, 0);
    outsider_close(&b);
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof(text), "%d", i);
        outsider_publish(&a, "later/x", text, 1, false);
    }
    outsider_open(&b, &setup);
    assert_true(mf_mqtt_client_limits(b.client)->has_session);
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof(text), "%d", i);
        outsider_expect(&b, "later/x", text);
    }
    outsider_close(&b);
    setup.keeps_session = false; /* leaves nothing behind */
    outsider_open(&b, &setup);
    outsider_close(&b);
    outsider_close(&a);
}

/* Who says goodbye leaves no will behind; who vanishes does. */
void mqtt_case_goodbye(int port, int version)
{
    struct mf_error why = {.code = MF_ELINK, .text = "a test"};
    struct outsider a, b;
    struct outsider_setup setup = {.port = port,
                                   .id = "mortal",
                                   .version = version,
                                   .will_topic = "will/x",
                                   .will_value = "gone"};

    outsider_open(&a, &(struct outsider_setup){.port = port, .id = "a", .version = version});
    outsider_subscribe(&a, "will/#", 1, 1, 0);
    outsider_open(&b, &setup);
    outsider_close(&b);
    outsider_settle(&a);
    assert_int_equal(a.count, 0);
    outsider_open(&b, &setup);
    mf_mqtt_client_drop(b.client, &why);
    assert_int_equal(mf_mqtt_client_phase(b.client), MF_MQTT_CLOSED);
    assert_string_equal(mf_mqtt_client_error(b.client)->text, "a test");
    outsider_expect(&a, "will/x", "gone");
    outsider_close(&b);
    outsider_close(&a);
}

/* A group shares its messages: each goes to one member. */
void mqtt_case_shared(int port)
{
    struct outsider a, b, c;

    outsider_open(&a, &(struct outsider_setup){.port = port, .id = "a"});
    outsider_open(&b, &(struct outsider_setup){.port = port, .id = "b"});
    outsider_open(&c, &(struct outsider_setup){.port = port, .id = "c"});
    outsider_subscribe(&a, "$share/group/jobs/+", 1, 1, 0);
    outsider_subscribe(&b, "$share/group/jobs/+", 1, 1, 0);
    for (int i = 0; i < 10; i++)
        outsider_publish(&c, "jobs/x", "x", 1, false);
    outsider_settle(&a);
    outsider_settle(&b);
    assert_int_equal(a.count + b.count, 10);
    outsider_close(&a);
    outsider_close(&b);
    outsider_close(&c);
}

void mqtt_cases(int port)
{
    static const int versions[] = {5, 3};

    for (unsigned i = 0; i < 2; i++) {
        mqtt_case_retained(port, versions[i]);
        mqtt_case_qos(port, versions[i]);
        mqtt_case_session(port, versions[i]);
        mqtt_case_goodbye(port, versions[i]);
    }
    mqtt_case_identifiers(port);
    mqtt_case_shared(port);
}
