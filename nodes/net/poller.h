/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Pollers: nodes that read at intervals, and at once when their link has come up. */

#include "engine/base/list.h"
#include "engine/graph/node.h"

struct mf_poller {
    struct mf_list in; /* of the link's */
    struct mf_node *node;
    void (*poll)(struct mf_node *node);
};

static inline void mf_poller_begin(struct mf_poller *poller, struct mf_list *pollers,
                                   struct mf_node *node, void (*poll)(struct mf_node *node))
{
    poller->node = node;
    poller->poll = poll;
    mf_list_append(pollers, &poller->in);
}

static inline void mf_poller_end(struct mf_poller *poller)
{
    mf_list_remove(&poller->in);
}

static inline void mf_pollers_poll(const struct mf_list *pollers)
{
    for (struct mf_list *at = pollers->next; at != pollers; at = at->next) {
        struct mf_poller *poller = mf_list_entry(at, struct mf_poller, in);

        poller->poll(poller->node);
    }
}

/* Multiples of the interval, so that nodes with the same one ask together whenever they were
 * started. */
static inline void mf_poller_arm(struct mf_node *node, unsigned timer, int64_t interval)
{
    mf_node_arm_at(node, timer, (mf_node_mono(node) / interval + 1) * interval);
}
