/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The mqtt link as its nodes see it: wishes for messages, and letters to publish.
 *
 * A reader or writer lies in the node's state, from the node's start() to its
 * stop(). The link looks after the rest: subscribing, again after each reconnect, once per
 * filter however many nodes want it, and not more letters under way than the broker and
 * MF_MQTT_IN_FLIGHT allow.
 */

#include "engine/base/list.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/mqtt/client.h"

/* Letters of QoS 1 and 2 under way on one link, of all its nodes: enough for a thousand messages a
 * second over a line with 60 ms. */
enum { MF_MQTT_IN_FLIGHT = 64 };

extern const struct mf_link_kind mf_link_kind_mqtt;

struct mf_mqtt_filter;

struct mf_mqtt_reader {
    struct mf_node *node;
    /* A message that matches. Called outside of turns; must not call the link. */
    void (*take)(struct mf_node *node, const struct mf_mqtt_message *message);
    /* The broker does not allow the filter; the link has forgotten the reader already. */
    void (*refused)(struct mf_node *node, const char *filter, const char *reason);
    /* private */
    struct mf_list entry;      /* in its filter's list */
    struct mf_mqtt_filter *of; /* NULL: not subscribed */
    int qos;
    bool skips_retained;
    bool wants_retained; /* has not had what the broker keeps */
    bool is_served;      /* the broker has confirmed the subscription */
};

/* `filter` is copied. With `skip_retained` only news are taken. */
void mf_mqtt_subscribe(struct mf_link *link, struct mf_mqtt_reader *reader, const char *filter,
                       int qos, bool skip_retained);
void mf_mqtt_unsubscribe(struct mf_link *link, struct mf_mqtt_reader *reader);

struct mf_mqtt_writer {
    struct mf_node *node;
    struct mf_list waiting; /* private: its turn to send will come */
};

struct mf_mqtt_publication {
    const char *topic;
    const void *payload;
    size_t len;
    int qos;
    bool retain;
};

void mf_mqtt_writer_begin(struct mf_link *link, struct mf_mqtt_writer *writer);
void mf_mqtt_writer_end(struct mf_link *link, struct mf_mqtt_writer *writer);
/* For the node's deliver(), whose results it gives. Wakes the node when there is room again. */
int mf_mqtt_publish(struct mf_link *link, struct mf_mqtt_writer *writer,
                    const struct mf_letter *letter, const struct mf_mqtt_publication *publication,
                    struct mf_error *err);
/* Number of the connection; another one may have another broker's memory behind it. */
uint64_t mf_mqtt_connection(const struct mf_link *link);
