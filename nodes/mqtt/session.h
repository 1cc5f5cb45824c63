/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * One connection in the foreground: the client and a poll() loop around it, for the command line.
 */

#include "engine/base/arena.h"
#include "nodes/mqtt/client.h"
#include "nodes/mqtt/front.h"

struct mf_mqtt_session {
    struct mf_mqtt_client *client;
    struct mf_arena *arena;
    int ca_fd; /* --ca-data as a file, + 1; 0: none */
    int64_t misc_at;
};

/* Connects and waits for the broker's yes. To be closed in any case. */
int mf_mqtt_session_open(struct mf_mqtt_session *session, const struct mf_mqtt_front *front,
                         const struct mf_mqtt_events *events, void *self, struct mf_error *err);
/* Looks after the connection until something happens on it or on `input` (-1: none), or a second
 * is over. *ret_input: there is something to read. Negative when the connection is gone. */
int mf_mqtt_session_turn(struct mf_mqtt_session *session, int input, bool *ret_input,
                         struct mf_error *err);
void mf_mqtt_session_close(struct mf_mqtt_session *session);
