/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What a link is subscribed to, and for whom.
 *
 * Each filter is asked for once, whoever wants it, and a message reaches each
 * reader once, however filters overlap. A broker may send one copy per
 * matching subscription; in version 5 each copy says by an identifier which
 * one it is for. Without identifiers, filters that are covered by a wider one are not asked for;
 * what overlaps only in part may then come twice, if the broker sends copies.
 *
 * Identifiers are made from the filter's text, so that those in a session that
 * the broker kept over a restart of ours still mean the same.
 */

#include "nodes/mqtt/link.h"

struct mf_mqtt_filters {
    struct mf_mqtt_filter **list; /* by identifier, then text */
    size_t count, cap;
    bool is_dirty; /* sync() has something to do */
    bool has_ids;
    bool has_dropped; /* took a subscription back on this connection: late messages may follow */
};

void mf_mqtt_filters_done(struct mf_mqtt_filters *filters);
void mf_mqtt_filters_add(struct mf_mqtt_filters *filters, struct mf_mqtt_reader *reader,
                         const char *filter, int qos, bool skip_retained);
void mf_mqtt_filters_remove(struct mf_mqtt_filters *filters, struct mf_mqtt_reader *reader);

/* A new connection: everything is to be asked for (again). */
void mf_mqtt_filters_reset(struct mf_mqtt_filters *filters, const struct mf_mqtt_limits *limits);
/* Sends what the broker must be told. */
void mf_mqtt_filters_sync(struct mf_mqtt_filters *filters, struct mf_mqtt_client *client);
/* The broker's answer to a subscription; `reason` when it refused. */
void mf_mqtt_filters_answered(struct mf_mqtt_filters *filters, int mid, int code,
                              const char *reason);
/* Hands a message to its readers. False: no filter asks for it. */
bool mf_mqtt_filters_take(struct mf_mqtt_filters *filters, const struct mf_mqtt_message *message);
