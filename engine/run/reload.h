/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Reload: from one graph to the next, in two halves.
 *
 * The change is *prepared* beside the running engine: nodes are paired with their
 * predecessors, memory is taken, edges are laid. That takes time in proportion to the whole flow
 * and touches nothing that runs, so that it can be done on another thread. The *switch* is done on
 * the loop, between two turns: what is new is created and inherits state, which can still fail;
 * then what is gone stops, the rest gets its new numbers and edges, and what is new starts.
 */

#include "engine/run/engine.h"

struct mf_change;

/* Reads the engine's nodes and links and takes the graph. The engine may run meanwhile, but not
 * switch. */
struct mf_change *mf_change_prepare(struct mf_engine *engine, struct mf_graph *graph);
/* Takes the change. Negative: a node could not be created; nothing has changed. */
int mf_change_switch(struct mf_change *change, struct mf_reload_report *report,
                     struct mf_error *err);
void mf_change_drop(struct mf_change *change); /* NULL is fine */
