/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Outsider: a second MQTT client in a test, which looks at the broker from outside.
 *
 * It is made on nodes/mqtt/client.h, so it talks to whatever stands behind that: the real library,
 * or the broker in memory (fake_mqtt.h). Each call waits until its answer has come.
 */

#include "nodes/mqtt/client.h"

enum { OUTSIDER_MAX = 5000 };

struct outsider_message {
    char *topic, *payload;
    bool is_retained;
    unsigned id_count;
};

struct outsider {
    struct mf_mqtt_client *client;
    struct outsider_message *list; /* what has come */
    size_t count, cap;
    size_t read;    /* of them, by outsider_next() */
    size_t unacked; /* published with QoS 1 or 2 and not confirmed */
    int answer_mid, answer_code;
    int refused; /* code of the last publication that was refused, 0: none */
};

struct outsider_setup {
    int port;
    const char *id;
    int version; /* 0: 5 */
    bool keeps_session;
    const char *login, *password, *ca, *host;
    const char *will_topic, *will_value;
};

/* Negative with `err` when the broker does not let it in. */
int outsider_try_open(struct outsider *outsider, const struct outsider_setup *setup,
                      struct mf_error *err);
void outsider_open(struct outsider *outsider, const struct outsider_setup *setup);
/* Connects again with the same session. False: not now. */
bool outsider_reopen(struct outsider *outsider);
void outsider_close(struct outsider *outsider);

/* The broker's answer: MF_OK or MF_EDENIED. */
int outsider_subscribe(struct outsider *outsider, const char *filter, int qos, uint32_t id,
                       unsigned flags);
void outsider_publish(struct outsider *outsider, const char *topic, const char *payload, int qos,
                      bool retain);
/* Only hands over. */
void outsider_send(struct outsider *outsider, const char *topic, const char *payload, int qos);
/* Waits for a message that was not read yet. */
const struct outsider_message *outsider_next(struct outsider *outsider);
/* The next message is this one. */
void outsider_expect(struct outsider *outsider, const char *topic, const char *payload);
/* Everything that was sent before is here: says something to itself and waits for it. */
void outsider_settle(struct outsider *outsider);
/* One look at the connection, at most for `ms`. */
void outsider_turn(struct outsider *outsider, int ms);
