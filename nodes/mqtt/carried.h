/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Letters that the client has in hand: sent, not acknowledged.
 *
 * The client keeps them over a reconnect and sends them again by itself. When
 * the queue of a node hands one over again (after the link was down, or to the
 * successor of a node that a reload replaced), it is found here and not sent a
 * second time.
 */

#include "nodes/mqtt/link.h"

struct mf_mqtt_carry {
    int mid;
    struct mf_node *node; /* NULL: the node is gone, its successor may take the letter over */
    uint64_t letter;
    uint64_t name; /* hash of the node's name */
};

struct mf_mqtt_carried {
    struct mf_mqtt_carry list[MF_MQTT_IN_FLIGHT]; /* in order of sending */
    unsigned count;
};

/* Is this letter, handed over before, still in hand? */
bool mf_mqtt_carried_has(struct mf_mqtt_carried *carried, struct mf_node *node,
                         const struct mf_letter *letter);
/* There must be room. */
void mf_mqtt_carried_add(struct mf_mqtt_carried *carried, struct mf_node *node, uint64_t letter,
                         int mid);
/* Takes the letter out. False if there is none of that number. */
bool mf_mqtt_carried_take(struct mf_mqtt_carried *carried, int mid, struct mf_mqtt_carry *ret);
/* The node is about to go. */
void mf_mqtt_carried_orphan(struct mf_mqtt_carried *carried, const struct mf_node *node);
