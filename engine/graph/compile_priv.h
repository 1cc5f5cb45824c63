/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The compiler's own interface: the steps from a plain flow to a graph.
 *
 *   links   kinds and options of links                      links.c
 *   load    kinds, options, links, ports of each node       load.c, common.c, ports.c
 *   guard   limits and failsafe of what is physical, along with the steps below
 *                                                           guard.c, guard_options.c
 *   wire    `from` and the names in expressions → edges     wire.c
 *   rank    an order in which edges lead forward; loops     rank.c, circle.c
 *   infer   types and units along edges; late quantities    infer.c, settle.c
 *   check   two writers, unread nodes                       check.c
 *   hash    what a reload compares                          hash.c
 *
 * A node that failed is marked, and nothing is said about what depends on it.
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
    struct mf_map by_name;       /* → struct mf_draft *; failed and disabled ones too */
    struct mf_map links_of_kind; /* name of the kind → struct mf_kind_links * */
    bool has_broken_links;       /* of kinds that are not known: reported */
    struct mf_map made;          /* of files, by option types: mf_load.made */
    struct mf_map units;         /* by text → const struct mf_unit * */
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

extern const struct mf_type mf_type_queue;    /* struct mf_queue_def */
extern const char *const mf_compile_no_store; /* library that `keep` and `spool` lack, or NULL */

/* Compile-time facts of an edge, beside the definition. */
struct mf_wire {
    struct mf_span at;           /* where the user wrote it */
    const struct mf_unit *early; /* a late edge from further on: what it was taken for */
};

/* Compile-time facts of a node, beside the definition. */
struct mf_draft {
    struct mf_def *def;
    const struct mf_flow_item *item;
    struct mf_loaded loaded;
    struct mf_common common;
    struct mf_guard_asked *guard; /* guarded outputs, else NULL */
    bool failed;
    bool is_off;    /* `enabled: false` */
    bool has_ports; /* its outputs are known, even if it failed */
    bool is_ranked;
    uint8_t mark;          /* rank.c, circle.c: walking */
    uint32_t waits;        /* edges whose source is not ranked yet */
    uint32_t late;         /* of late ones too, which do not matter to the run, but to infer.c */
    uint32_t circle;       /* circle.c: nodes that reach each other have the same number, from 1 */
    struct mf_wire *wires; /* as many as def->ins */
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
void mf_compile_hash(struct mf_compile *compile);

/* Numbers the circles of the nodes that are not ranked, so that edges lead to the same or a higher
 * number. Returns how many there are. */
uint32_t mf_compile_circles(struct mf_compile *compile);

/* Builds the output table of a node: its kind's ports and what add_ports() adds. False when they
 * are not known, after reporting or because the node failed. */
bool mf_compile_ports(struct mf_compile *compile, struct mf_draft *draft);
/* The link that the node hangs on; false after reporting, or when the link failed. */
bool mf_compile_find_link(struct mf_compile *compile, struct mf_draft *draft);

static inline struct mf_wire *mf_wire(const struct mf_def *def, const struct mf_in_def *in)
{
    return &def->draft->wires[in - def->ins];
}

/* A copy that lives as long as the graph, shared by all who want the same; NULL stays NULL. */
const struct mf_unit *mf_compile_unit(struct mf_compile *compile, const struct mf_unit *unit);
/* The unit of a port's table, NULL where it has none of its own. */
const struct mf_unit *mf_compile_port_unit(struct mf_compile *compile, const struct mf_port *port);
/* The input port that `from` feeds when it does not say which: the first, or -1. */
int mf_kind_first_input(const struct mf_kind *kind);
/* What an edge comes from, as people name it: "power", "meter.voltage". */
const char *mf_compile_source(struct mf_compile *compile, const struct mf_in_def *in);

/* Sets the origin chain for diagnostics about this node; returns the former. */
const struct mf_origin *mf_compile_enter(struct mf_compile *compile, const struct mf_def *def);
/* File, line and column of a place, in texts that outlive the sources. */
void mf_compile_place(struct mf_compile *compile, struct mf_span at, const char **ret_file,
                      uint32_t *ret_line, uint32_t *ret_column);
