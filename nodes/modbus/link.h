/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the kinds on a modbus link ask of it. */

#include "engine/graph/link.h"
#include "nodes/modbus/bus.h"

extern const struct mf_link_kind mf_link_kind_modbus;

/* A node that reads at intervals, and at once when the link has come up. */
struct mf_modbus_poller {
    struct mf_list in;
    struct mf_node *node;
    void (*poll)(struct mf_node *node);
};
void mf_modbus_poller_begin(struct mf_link *link, struct mf_modbus_poller *poller);
void mf_modbus_poller_end(struct mf_modbus_poller *poller);

/* False: the link is down, the unit rests, or too much waits. Otherwise done() follows. */
bool mf_modbus_ask(struct mf_link *link, struct mf_modbus_wish *wish);
void mf_modbus_forget(struct mf_link *link, struct mf_modbus_wish *wish);
/* Mono time from which on the unit is asked again; 0: now. */
int64_t mf_modbus_unit_rests(const struct mf_link *link, uint8_t unit);
