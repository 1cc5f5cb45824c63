/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The graph: a compiled flow. Read-only, in one arena, no trees and no source
 * texts any more. engine/run makes live nodes of it.
 */

#include "engine/base/map.h"
#include "engine/graph/kind.h"

enum {
    MF_NODE_INPUTS = 256, /* edges into one node */
    MF_NODE_PORTS = 256,  /* ports of one node */
};

struct mf_link_def {
    const char *name;
    const struct mf_link_kind *kind;
    const void *config;
    const char *leads_to; /* links with the same are two ways to the same things */
    uint64_t hash[2];     /* of everything that matters: equal means "the same link" at a reload */
    const char *file;
    uint32_t line, column;
    uint32_t index;
};

struct mf_draft;
struct mf_guard_def; /* engine/graph/guard.h */

/* One edge, at its reading end. */
struct mf_in_def {
    const char *label; /* name in `from`, else the name of the port it comes from */
    struct mf_def *from;
    unsigned from_port;         /* index of the output */
    unsigned port;              /* index into kind->ports of the input port */
    uint32_t types;             /* that may arrive, after conversion */
    const struct mf_unit *unit; /* after conversion */
    struct mf_linear convert;
    bool is_converted; /* unit: multiply-add */
    bool to_number;    /* int → number */
    bool is_checked;   /* types are not known beforehand: look at each message */
    bool is_late;      /* delivered at the end of the turn */
    bool is_quiet;     /* does not run the node: previous() */
};

struct mf_out_def {
    const char *name;
    uint32_t types;             /* what may be emitted; anything else is rejected */
    const struct mf_unit *unit; /* NULL: none */
    struct mf_linear convert;   /* to the unit that `unit:` asks for */
    bool is_converted;
    const char *summary;
    struct mf_reader *readers;
    unsigned reader_count;
};

struct mf_reader {
    struct mf_def *to;
    unsigned input; /* index into to->ins */
};

enum mf_queue_mode { MF_QUEUE_FIFO, MF_QUEUE_LATEST, MF_QUEUE_SPOOL };
enum {
    MF_QUEUE_DEFAULT = 1000, /* messages, unless the flow says otherwise */
    MF_QUEUE_PACE = 1000,    /* messages/s, of a spool, likewise */
};
enum mf_on_error { MF_ON_ERROR_BAD, MF_ON_ERROR_DROP };

struct mf_queue_def {
    int mode;         /* enum mf_queue_mode */
    int64_t capacity; /* messages; of a spool: bytes */
    int64_t pace; /* messages/s by which a backlog shrinks once the other side is back; 0: any */
};

struct mf_def {
    const char *name;
    const struct mf_kind *kind;
    const void *config;
    struct mf_link_def *link; /* NULL: none */
    struct mf_in_def *ins;
    unsigned in_count;
    struct mf_out_def *outs;
    unsigned out_count;
    uint32_t order; /* position in graph->nodes: rank order */
    int64_t stale;  /* ns without news until stale; 0: never */
    struct mf_queue_def queue;
    int on_error; /* enum mf_on_error */
    bool keep, health;
    const struct mf_guard_def *guard; /* NULL: it moves nothing physical */
    const char *doc;                  /* NULL: none */
    /* Fingerprints, by which a reload knows what it may leave alone. */
    uint64_t hash[2];  /* of everything that matters: equal means "unchanged" */
    uint64_t fixed[2]; /* of everything but MF_OPT_LIVE options: equal means "the same object" */
    const char *file;
    uint32_t line, column;
    struct mf_draft *draft; /* while compiling, else NULL */
};

struct mf_graph {
    struct mf_arena *arena;
    const char *title;
    struct mf_def **nodes; /* in rank order: an edge that is not late leads to a later one */
    size_t count;
    struct mf_link_def **links;
    size_t link_count;
    struct mf_map by_name; /* → struct mf_def * */
    struct mf_map link_by_name;
    uint64_t hash[2]; /* of all nodes and links, in whatever order they stand */
    char *origin;     /* what it was read from: engine/config/archive.h; NULL: not kept */
};

/* Compiles. Faults go to flow->diags; NULL if there were errors (the flow's own count too). Of a
 * flow read with `no_env` a graph may come out in which nodes are not complete: to look at, not to
 * run. */
struct mf_graph *mf_compile(struct mf_flow *flow);
void mf_graph_free(struct mf_graph *graph); /* NULL is fine */

/* The port that an input belongs to; names in expressions of kinds without a port for them share
 * one. */
extern const struct mf_port mf_port_of_expression;
enum { MF_PORT_EXPRESSION = UINT16_MAX };
static inline const struct mf_port *mf_kind_port(const struct mf_def *def, unsigned input)
{
    unsigned port = def->ins[input].port;

    return port == MF_PORT_EXPRESSION ? &mf_port_of_expression : &def->kind->ports[port];
}

/* Index of a node's output by name, or -1. "" is `out`, or the only one. */
int mf_def_output(const struct mf_def *def, const char *name);

/* ---- picture ----
 * JSON is one object. What is not there is null; a type list holds names of mf_value_type_names.
 *
 *   title
 *   links[]    name kind file line column
 *   nodes[]    in rank order: name kind link doc file line column
 *     inputs[]   port, from (node), output, types[], unit (after conversion), late (is read in the
 *                next turn)
 *     outputs[]  name types[] unit
 */

enum mf_picture { MF_PICTURE_TEXT, MF_PICTURE_DOT, MF_PICTURE_MERMAID, MF_PICTURE_JSON };
extern const char *const mf_picture_names[]; /* ended by NULL */
void mf_graph_print(const struct mf_graph *graph, enum mf_picture format, struct mf_buf *buf);
