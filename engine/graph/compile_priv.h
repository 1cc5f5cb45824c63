/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The compiler's own interface: the steps from a plain flow to a graph.
 *
 *   load    kinds, options, links, ports of each node       load.c, ports.c
 *   wire    `from` and the names in expressions → edges     wire.c
 *   rank    an order in which edges lead forward; loops     rank.c
 *   infer   types and units along edges; late quantities    infer.c
 *   check   two writers, unread nodes                       check.c
 *
 * A node that failed in one step is left out of the later ones, and nothing is said about what
 * depends on it.
 */

#include "engine/graph/graph.h"
#include "engine/graph/registry.h"

struct mf_compile {
    struct mf_flow *flow;
    struct mf_diags *diags;
    struct mf_graph *graph;
    struct mf_arena *arena;   /* the graph's */
    struct mf_draft **drafts; /* in order of the files */
    size_t count;
    uint32_t place_file; /* whose name is in place_name */
    const char *place_name;
    struct mf_map by_name;  /* every node that is enabled, failed ones too */
    struct mf_map disabled; /* name → struct mf_flow_item * */
};

/* What every node understands, read. */
struct mf_common {
    struct mf_unit unit;
    bool has_unit;
    int type; /* set of MF_T(), 0: not given */
    bool has_stale;
    int64_t stale; /* ns; 0: never */
    struct mf_queue_def queue;
    bool has_queue, keep, health, enabled;
    int on_error;
    const char *doc;
};

/* Compile-time facts of a node, beside the definition. */
struct mf_draft {
    struct mf_def *def;
    const struct mf_flow_item *item;
    struct mf_loaded loaded;
    struct mf_common common;
    bool failed;
    uint8_t mark;   /* rank.c: walking loops */
    uint32_t waits; /* edges not yet ranked */
    unsigned in_cap;
};

extern const struct mf_option mf_common_options[];
bool mf_is_common_option(const char *key);

void mf_compile_links(struct mf_compile *compile);
void mf_compile_load(struct mf_compile *compile);
void mf_compile_wire(struct mf_compile *compile);
void mf_compile_rank(struct mf_compile *compile);
void mf_compile_infer(struct mf_compile *compile);
void mf_compile_check(struct mf_compile *compile);

/* Builds the output table of a node: its kind's ports and what add_ports() adds. */
void mf_compile_ports(struct mf_compile *compile, struct mf_def *def);

/* Sets the origin chain for diagnostics about this node; returns the former. */
const struct mf_origin *mf_compile_enter(struct mf_compile *compile, const struct mf_def *def);
