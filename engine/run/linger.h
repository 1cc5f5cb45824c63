/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Lingering: actuators that are not in the flow any more and whose failsafe value is still on its
 * way.
 *
 * A reload does not wait for devices. An actuator that it takes away is told its last value and,
 * when somebody has to confirm that, stays beside the new flow until that is done, its link breaks,
 * or MF_LINGER_LIMIT has passed. Nothing leads to it, it has no turns, and its only business is the
 * letter in its queue. Its link and its graph wait for it.
 */

#include "engine/run/sched.h"

#define MF_LINGER_LIMIT (2 * MF_SEC)

struct mf_engine;
struct mf_link;

struct mf_linger {
    struct mf_node *node;
    uint64_t generation; /* of the graph it comes from */
    int64_t until;       /* mono */
};

/* True: the node was just made safe, has to stay, and is the list's now. False: nothing is on its
 * way. */
bool mf_linger_begin(struct mf_node *node);
/* Lets those go that are done. Between two turns. */
void mf_linger_look(struct mf_engine *engine);
/* Those that write what `graph` writes go at once. NULL: all of them. */
void mf_linger_end(struct mf_engine *engine, const struct mf_graph *graph);
/* A former generation is live again. */
void mf_linger_renumber(struct mf_engine *engine, uint64_t generation);

bool mf_linger_needs_link(const struct mf_engine *engine, const struct mf_link *link);
bool mf_linger_needs_graph(const struct mf_engine *engine, uint64_t generation);
