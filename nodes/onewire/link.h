/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the nodes on an owserver link ask of it. */

#include "engine/base/list.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/onewire/frame.h"

extern const struct mf_link_kind mf_link_kind_owserver;

/* A read or a write; embedded in its owner's state. */
struct mf_ow_wish {
    struct mf_list in; /* of those that wait, or alone */
    enum mf_ow_type type;
    const char *path;
    const char *data; /* of a write: valid until done() */
    /* `answer` is NULL when the link is gone; else its code says how it went. */
    void (*done)(struct mf_ow_wish *wish, const struct mf_ow_answer *answer);
    void *owner;
};

void mf_ow_wish_init(struct mf_ow_wish *wish);
bool mf_ow_wish_is_open(const struct mf_ow_wish *wish);
/* False: the link is down. */
bool mf_ow_want(struct mf_link *link, struct mf_ow_wish *wish);
/* Takes a wish back. */
void mf_ow_forget(struct mf_link *link, struct mf_ow_wish *wish);
/* Where the nodes that read join: nodes/net/poller.h. */
struct mf_list *mf_ow_pollers(struct mf_link *link);
/* Has all thermometers measure at once, unless they are at it. Returns mono time from which on
 * they can be read; 0: that cannot be done, each has to be asked for itself. */
int64_t mf_ow_measure(struct mf_link *link);
bool mf_ow_can_measure(const struct mf_link *link);
