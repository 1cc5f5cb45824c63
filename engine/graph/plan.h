/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Plan: what a reload from one flow to another would do to each node and link.
 *
 * Both sides are flows that were read and compiled; nothing runs. The result is a map:
 *
 *   changed    nodes and links that are not the same objects as before, or go on with other
 *              settings
 *   unchanged  nodes; links_unchanged
 *   files[]    with a change in them: file (name)
 *     items[]    mark (see below), name, what ("deadband 20 W → 30 W"), fate ("in place")
 *
 * Marks: `~` changed, `+` new, `-` removed, `!` another kind, so that nothing is taken over.
 */

#include "engine/config/flow.h"
#include "engine/graph/graph.h"
#include "engine/value/value.h"

enum { MF_PLAN_TEXT = 200 }; /* bytes of what is said of one node; the rest is cut */

struct mf_plan_side {
    const struct mf_flow *flow;
    const struct mf_graph *graph;
};

/* The caller owns the result. */
struct mf_value mf_plan_make(struct mf_plan_side from, struct mf_plan_side to);
/* As people read it, a line per node under the name of its file. */
void mf_plan_print(const struct mf_value *plan, struct mf_buf *buf);
