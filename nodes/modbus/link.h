/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the kinds on a modbus link ask of it. */

#include "engine/graph/link.h"
#include "nodes/modbus/bus.h"

extern const struct mf_link_kind mf_link_kind_modbus;

/* Where the nodes that read join: nodes/net/poller.h. */
struct mf_list *mf_modbus_pollers(struct mf_link *link);

/* False: the link is down, the unit rests, or too much waits. Otherwise done() follows. */
bool mf_modbus_ask(struct mf_link *link, struct mf_modbus_wish *wish);
void mf_modbus_forget(struct mf_link *link, struct mf_modbus_wish *wish);
/* Why the unit rests, and the mono time from which on it is asked again; NULL: it does not. */
const char *mf_modbus_unit_rests(const struct mf_link *link, uint8_t unit, int64_t *ret_until);
