/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Past: what is kept of the nodes that a reload replaced or removed, so that they can come back.
 *
 * Not the objects: they have let go of the outside world, and a node of the former generation is
 * made anew from its graph. Kept is what their save() said in the moment of the switch, and the
 * letters of sinks that nobody took over. The graph waits among the engine's retired ones.
 */

#include "engine/base/map.h"
#include "engine/run/engine.h"

struct mf_past_node {
    const struct mf_def *def;
    struct mf_value fields; /* what save() said */
    bool has_fields;
    bool is_broken;         /* was failed when it went */
    struct mf_queue *queue; /* letters that nobody took over, or NULL */
};

struct mf_past {
    uint64_t generation; /* of the engine, to which the graph belongs */
    struct mf_past_node *nodes;
    size_t count;
    struct mf_map by_name; /* → struct mf_past_node * */
};

/* Room for `count` nodes. */
struct mf_past *mf_past_new(uint64_t generation, size_t count);
void mf_past_free(struct mf_past *past); /* NULL is fine; letters that are left are said */
/* What the node knows, as it goes. */
void mf_past_save(struct mf_past *past, size_t i, const struct mf_node *node);
