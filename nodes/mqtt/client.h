/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * One MQTT connection: a narrow interface to libmosquitto, which client.c alone
 * sees. A broker in memory stands behind the same functions in tests.
 *
 * The owner brings the loop: it connects on a thread that may block, then
 * watches the descriptor, calls read() when it is readable, write() when it is
 * writable and write was wanted, misc() about each second. After *every* call it asks for
 * descriptor, wants_write() and phase() again: the library closes its socket
 * whenever it likes. A call that finds the connection gone sets the phase to CLOSED, and error()
 * says why; the owner need not look at what each call returns.
 *
 * A client lives longer than a connection: messages of QoS 1 and 2 that were
 * handed over and not acknowledged are sent again, in order, when it connects
 * again. All calls but connect() belong to the loop thread, and none may be made
 * while connect() runs.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

struct mf_mqtt_client;

/* Everything is borrowed for the call of mf_mqtt_client_new(). */
struct mf_mqtt_setup {
    const char *host;
    int port;
    bool is_tls;
    const char *ca; /* file or directory; NULL: what the system trusts */
    const char *cert, *key;
    const char *client_id;
    const char *login, *password;
    int keepalive;   /* s */
    int version;     /* 5 or 3 */
    bool clean;      /* forget the session when the connection ends */
    uint32_t expiry; /* s that the broker keeps the session of one that is not clean; version 5 */
    const char *will_topic; /* NULL: no will */
    const char *will_value;
    int will_qos;
    bool will_retain;
    unsigned in_flight;  /* most messages of QoS 1 and 2 under way at a time */
    uint32_t max_packet; /* largest packet to accept, bytes; version 5 */
};

/* What the broker agreed to; valid while connected. */
struct mf_mqtt_limits {
    bool has_session;    /* the broker knew the session: subscriptions and queued messages */
    unsigned in_flight;  /* at most what the setup says */
    uint32_t max_packet; /* bytes; 0: no limit said */
    int max_qos;
    bool has_retain;
    bool has_ids; /* subscription identifiers */
    bool has_shared;
};

enum { MF_MQTT_IDS = 8 }; /* identifiers of one message that are looked at */

struct mf_mqtt_message {
    const char *topic;
    const void *payload;
    size_t len;
    int qos;
    bool is_retained;          /* kept by the broker from before the subscription */
    uint32_t ids[MF_MQTT_IDS]; /* identifiers of the subscriptions it was sent for */
    unsigned id_count;         /* 0: not known */
};

/* `self` is the owner's. The functions are called from within read() and write(). */
struct mf_mqtt_events {
    /* Must not call the client: the library is in the middle of a packet. */
    void (*message)(void *self, const struct mf_mqtt_message *message);
    /* The broker has taken a message of QoS 1 or 2 (MF_OK), or will not have it. */
    void (*acked)(void *self, int mid, int code, const char *reason);
    /* Answer to subscribe(). MF_EDENIED: not this filter. */
    void (*subscribed)(void *self, int mid, int code, const char *reason);
};

enum mf_mqtt_phase {
    MF_MQTT_CLOSED,  /* not yet, or not any more */
    MF_MQTT_GREETED, /* connected, the broker has not answered yet */
    MF_MQTT_OPEN,
};

enum mf_mqtt_subscribe_flag {
    MF_MQTT_SKIP_RETAINED = 1 << 0, /* version 5: do not send what is kept */
};

/* NULL with `err` when the library refuses: no such certificate file, … */
struct mf_mqtt_client *mf_mqtt_client_new(const struct mf_mqtt_setup *setup,
                                          const struct mf_mqtt_events *events, void *self,
                                          struct mf_error *err);
void mf_mqtt_client_free(struct mf_mqtt_client *client); /* NULL is fine */

/* Blocks: name lookup, TCP, the first packet. Gives up soon after *is_abandoned is set. */
int mf_mqtt_client_connect(struct mf_mqtt_client *client, const atomic_bool *is_abandoned,
                           struct mf_error *err);

enum mf_mqtt_phase mf_mqtt_client_phase(const struct mf_mqtt_client *client);
const struct mf_error *mf_mqtt_client_error(const struct mf_mqtt_client *client);
const struct mf_mqtt_limits *mf_mqtt_client_limits(const struct mf_mqtt_client *client);
int mf_mqtt_client_fd(const struct mf_mqtt_client *client); /* -1: none */
bool mf_mqtt_client_wants_write(const struct mf_mqtt_client *client);

void mf_mqtt_client_read(struct mf_mqtt_client *client);
void mf_mqtt_client_write(struct mf_mqtt_client *client);
void mf_mqtt_client_misc(struct mf_mqtt_client *client);

/* Asks for messages; subscribed() follows. `id` is an identifier from 1 to 268435455 that comes
 * back with each message, where the broker can. */
int mf_mqtt_client_subscribe(struct mf_mqtt_client *client, const char *filter, int qos,
                             uint32_t id, unsigned flags, int *ret_mid, struct mf_error *err);
int mf_mqtt_client_unsubscribe(struct mf_mqtt_client *client, const char *filter,
                               struct mf_error *err);
/* MF_EINVAL: this message can never be sent, and why. MF_ELINK: the connection is gone. For QoS 1
 * and 2 acked() follows. */
int mf_mqtt_client_publish(struct mf_mqtt_client *client, const char *topic, const void *payload,
                           size_t len, int qos, bool retain, int *ret_mid, struct mf_error *err);
/* Sends something without meaning, so that the broker sees us alive. */
void mf_mqtt_client_nudge(struct mf_mqtt_client *client);
/* Says goodbye: the broker closes, and does not send the will. */
void mf_mqtt_client_goodbye(struct mf_mqtt_client *client);
/* Closes without a word. */
void mf_mqtt_client_drop(struct mf_mqtt_client *client, const struct mf_error *why);
