/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A change under way, as its two halves see it: prepare.c fills it beside the running engine,
 * reload.c makes it true.
 */

#include "engine/run/past.h"
#include "engine/run/reload.h"

enum { MF_SHARING_STAYS, MF_SHARING_BEGINS, MF_SHARING_ENDS };

/* What the switch writes into one node. All in one row, copied from wherever it is, so that the
 * loop is held no longer than memory takes to be written. */
struct mf_seat {
    struct mf_node *node;
    const struct mf_def *def;
    const void *config;
    struct mf_output *outputs;     /* the node's */
    const struct mf_out_def *outs; /* the definition's */
    struct mf_edge *edges;         /* where those of its first output begin */
    struct mf_msg *messages;       /* with MF_SHARING_BEGINS */
    uint32_t edge_count;           /* of the first output */
    uint16_t out_count;
    uint8_t sharing;
};

/* A node that is a new object, and the one it takes over from, if there is one. */
struct mf_fresh {
    uint32_t order;
    bool is_new;    /* nobody had that name */
    bool has_state; /* took over that of the former one */
    size_t old;     /* index into gone, unless it is new */
};

/* A node that goes on with other settings. */
struct mf_live {
    uint32_t order;
    const void *old_config;
};

struct mf_change {
    struct mf_engine *engine;
    struct mf_graph *graph;
    struct mf_node **nodes; /* of the new generation, by rank */
    struct mf_seat *seats;  /* the same */
    struct mf_fresh *fresh;
    size_t fresh_count;
    struct mf_live *live;
    size_t live_count;
    struct mf_node **gone; /* objects of the old generation that go */
    size_t gone_count;
    struct mf_past *past;  /* their state, as they go */
    struct mf_edge *edges; /* of all outputs, in one piece */
    bool *is_fresh;        /* by rank */
    struct mf_node **pulls;
    size_t pull_count;
    struct mf_link **links;
    struct mf_node ***attached; /* by link: the nodes that hang on it */
    unsigned *attached_count;
    bool *is_new_link;
    uint64_t *ready[MF_SCHED_LEVELS];
    struct mf_reload_report report;
    bool has_unread; /* somebody is ready for a message that a former node did not come to */

    /* ---- for the switch ---- */

    const struct mf_past *back_to; /* a swap back: state for those that come back; or NULL */
    bool keeps_past;               /* hands `past` to the engine's trial */
};

/* Index of an input of `to` by which the same comes as by input `i` of `from`; UINT32_MAX: none. */
uint32_t mf_change_input(const struct mf_def *to, const struct mf_def *from, unsigned i);
