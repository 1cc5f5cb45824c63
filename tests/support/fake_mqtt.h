/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A broker in memory, behind nodes/mqtt/client.h: a program linked with this
 * file has no library and no network.
 *
 * There is one broker for all clients of the program. It answers when a client reads, does what
 * brokers do (sessions, retained messages, a copy per matching subscription with its
 * identifier, shared groups, wills), and can be told to behave badly.
 */

#include "nodes/mqtt/client.h"

struct fake_mqtt {
    bool is_away;    /* nobody listens */
    bool is_mute;    /* takes connections and does not answer */
    bool is_blocked; /* takes no bytes: wants_write() stays true */
    bool holds_acks; /* confirms nothing until fake_mqtt_ack() */
    bool has_no_ids, has_no_retain;
    const char *password; /* NULL: anybody may come in */
    const char *denied;   /* topic and filter that nobody may have, or NULL */
    unsigned in_flight;   /* receive maximum; 0: none */
    int max_qos;
    uint32_t max_packet; /* 0: none */
    /* What happened. */
    unsigned connects, nudges, pings, subscribes, unsubscribes, publishes, goodbyes;
    unsigned repeats;    /* messages that a client sent again by itself */
    const char *last_id; /* of the client that connected last */
};
extern struct fake_mqtt fake_mqtt;

/* As new, with nothing remembered. All clients must be gone. */
void fake_mqtt_reset(void);
/* Confirms what was held back, at most `count`. */
void fake_mqtt_ack(unsigned count);
/* The broker dies: connections are gone, sessions and retained messages stay. */
void fake_mqtt_break(void);
/* Publishes as somebody else. */
void fake_mqtt_say(const char *topic, const char *payload, int qos, bool retain);
/* How many messages with this topic and payload the broker has taken, and the last payload. */
unsigned fake_mqtt_heard(const char *topic);
const char *fake_mqtt_last(const char *topic); /* NULL: none */
/* All payloads taken on the topic, with blanks between, since the last call. */
const char *fake_mqtt_stream(const char *topic);
bool fake_mqtt_has_subscription(const char *filter);
