/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the broker in memory (fake_broker.c) and its clients (fake_mqtt.c) share. */

#include "engine/base/buf.h"
#include "tests/support/fake_mqtt.h"

enum { CLIENTS = 16, SESSIONS = 32, SUBS = 64, RETAINED = 64 };

enum event_type { EVENT_OPEN, EVENT_DENIED, EVENT_SUBACK, EVENT_ACK, EVENT_MESSAGE, EVENT_CLOSE };

/* Something on its way to a client. */
struct event {
    enum event_type type;
    int mid, code, qos;
    char *topic, *payload;
    size_t len;
    bool is_retained;
    uint32_t id;
};

struct sub {
    char *filter;
    int qos;
    uint32_t id;
};

struct session {
    char *id;
    struct sub subs[SUBS];
    unsigned sub_count;
    bool is_kept;
    struct mf_mqtt_client *client; /* NULL: away */
    struct event *queue;           /* messages that came while away */
    size_t queue_count, queue_cap;
};

/* A message that a client has not had a confirmation for. */
struct stored {
    int mid, qos;
    char *topic, *payload;
    size_t len;
    bool retain;
};

struct mf_mqtt_client {
    struct mf_mqtt_setup setup; /* texts are owned copies */
    struct mf_mqtt_events events;
    void *self;
    struct session *session;
    enum mf_mqtt_phase phase;
    struct mf_error error;
    struct mf_mqtt_limits limits;
    int fd, next_mid;
    bool is_connected;
    struct event *in; /* not yet read */
    size_t in_count, in_cap;
    struct stored *store;
    size_t store_count, store_cap;
};

struct retained {
    char *topic, *payload;
    size_t len;
    int qos;
};

struct heard {
    char *topic, *payload;
};

struct broker {
    struct mf_mqtt_client *clients[CLIENTS];
    struct session sessions[SESSIONS];
    unsigned session_count;
    struct retained retained[RETAINED];
    unsigned retained_count;
    struct heard *heard;
    size_t heard_count, heard_cap, streamed;
    struct mf_buf stream;
    unsigned share_turn;
    char last_id[64];
};
extern struct broker fake_broker;

/* Puts something on its way to a client. */
void fake_push(struct mf_mqtt_client *client, struct event event);
void fake_event_done(struct event *event);
struct event fake_message(const char *topic, const void *payload, size_t len, int qos,
                          bool is_retained, uint32_t id);
/* The broker takes a message and passes it on. */
void fake_take(const char *topic, const void *payload, size_t len, int qos, bool retain);
void fake_enter(struct mf_mqtt_client *client);
/* The connection ends; `says_will` when nobody said goodbye. */
void fake_leave(struct mf_mqtt_client *client, bool says_will);
