/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Why: the causal chain of a value, and of the last things a sink wrote.
 *
 * A node keeps what it has anyway (its inputs, its outputs, their times and turns) and two notes of
 * its kind, which cost a few stores: mf_node_note_branch() and mf_node_held() in
 * engine/graph/node.h. The chain is put together when somebody asks.
 *
 * Sinks also keep a trail: the last MF_TRAIL things they wrote, each with its chain as it was at
 * that time, so that one can ask in the morning for what happened at night. A guarded output keeps
 * each value that differs from the one before; another sink one in MF_TRAIL_PACE at most.
 *
 * A chain is a map:
 *   node kind at        its name, its kind, where it is written ("hall.yaml:7")
 *   output value unit quality reason time age (s)     what it says; absent: it has said nothing
 *   branch              which way it took; null: its kind takes none
 *   held[]              what keeps it from saying more: by, detail
 *   due                 s until its next timer; null: none
 *   guard               what it has written, by whom; null: not guarded
 *   inputs[]            as (label) value unit quality reason age; is_cause: its message led to what
 *                       the output says; from: the chain of the node it comes from, or null where
 *                       `seen` (it stands elsewhere in the chain) or `cut` (a limit)
 */

#include "engine/base/clock.h"
#include "engine/value/value.h"

struct mf_msg;
struct mf_node;
struct mf_trail;

enum {
    MF_WHY_DEPTH = 16,  /* nodes in a row: a value holds 64 levels, and a node takes three */
    MF_WHY_NODES = 200, /* of one chain */
    MF_TRAIL = 16,      /* things that a sink wrote */
    MF_TRAIL_DEPTH = 6, /* of the chains in there … */
    MF_TRAIL_NODES = 20,
};
#define MF_TRAIL_PACE MF_SEC
#define MF_TRAIL_MEMORY (16u * 1024 * 1024) /* of all trails; above it no more chains are kept */

/* The chain of an output; of a node without outputs `output` is ignored. */
struct mf_value mf_node_why(const struct mf_node *node, unsigned output);

/* A list, the newest first: time value unit chain (null: there was no room for it). */
struct mf_value mf_node_trail(const struct mf_node *node);
/* The node hands `msg` of an input to the outside. */
void mf_trail_note(struct mf_node *node, unsigned input, const struct mf_msg *msg);
void mf_trail_inherit(struct mf_node *node, const struct mf_node *old); /* at a reload */
void mf_trail_free(struct mf_trail *trail);                             /* NULL is fine */
