/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What trace.c and trail.c share: a walk up the graph, with its limits. */

#include "engine/run/trace.h"
#include "engine/value/build.h"

struct mf_chain {
    const struct mf_node **nodes; /* that stand in the chain already */
    unsigned count, max_nodes;
    unsigned depth, max_depth;
    int64_t now; /* wall */
};

/* There is room for one more node. */
struct mf_value mf_chain_look(struct mf_chain *chain, const struct mf_node *node, unsigned output);
