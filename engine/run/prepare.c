/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The first half of a reload: everything that can be done beside the running engine. It reads the
 * live nodes' links to each other, which nothing but a switch changes, and never what a turn does.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/run/change.h"

static bool same_hash(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

/* ---- links ---- */

static struct mf_link *find_link(const struct mf_engine *engine, const struct mf_link_def *def)
{
    const struct mf_link_def *old =
        engine->graph ? mf_map_get(&engine->graph->link_by_name, def->name) : NULL;

    if (!old || old->kind != def->kind || !same_hash(old->hash, def->hash))
        return NULL;
    return engine->links[old->index];
}

static void pair_links(struct mf_change *change)
{
    struct mf_graph *graph = change->graph;

    change->links = mf_calloc_array(graph->link_count + 1, sizeof(*change->links));
    change->is_new_link = mf_calloc_array(graph->link_count + 1, sizeof(bool));
    change->attached = mf_calloc_array(graph->link_count + 1, sizeof(*change->attached));
    change->attached_count = mf_calloc_array(graph->link_count + 1, sizeof(unsigned));
    for (size_t i = 0; i < graph->link_count; i++) {
        change->links[i] = find_link(change->engine, graph->links[i]);
        if (change->links[i]) {
            change->report.links_kept++;
            continue;
        }
        change->links[i] = mf_link_new(change->engine, graph->links[i]);
        change->is_new_link[i] = true;
        change->report.links_added++;
    }
    change->report.links_removed = change->engine->link_count - change->report.links_kept;
}

static void attach(struct mf_change *change, struct mf_node *node, size_t i)
{
    size_t cap = change->attached_count[i];

    if ((cap & (cap - 1)) == 0)
        change->attached[i] =
            mf_realloc(change->attached[i], (cap ? 2 * cap : 1) * sizeof(struct mf_node *));
    change->attached[i][change->attached_count[i]++] = node;
}

/* ---- nodes ---- */

/* A node stays when its fingerprint and the link it hangs on do; with other settings of options
 * that may change while it runs, too. */
static bool stays(const struct mf_change *change, const struct mf_node *node,
                  const struct mf_def *def)
{
    return node && node->kind == def->kind && same_hash(node->def->fixed, def->fixed) &&
           (!def->link || !change->is_new_link[def->link->index]);
}

/* On a virtual clock there is no outside, but for what the owner of the engine lets be real. */
static bool is_played(const struct mf_node *node)
{
    const struct mf_engine_options *options = &node->sched->engine->options;
    uint32_t flags = node->kind->flags;

    if (options->read_only && (flags & MF_KIND_WRITES))
        return true;
    return mf_node_is_virtual(node) && !(flags & (MF_KIND_PURE | MF_KIND_TIME)) &&
           !(options->is_real && options->is_real(node->kind));
}

static struct mf_node *new_node(struct mf_change *change, struct mf_def *def)
{
    struct mf_engine *engine = change->engine;
    struct mf_node *node = mf_node_new(&engine->sched, def);

    node->is_played = is_played(node);
    node->is_shaped |= node->is_played; /* its turn goes the long way, past speak() */
    if (def->link)
        node->link = change->links[def->link->index];
    change->is_fresh[def->order] = true;
    return node;
}

static void keep_node(struct mf_change *change, struct mf_node *node, const struct mf_def *def)
{
    change->nodes[def->order] = node;
    if (same_hash(node->def->hash, def->hash)) {
        change->report.kept++;
        return;
    }
    change->live[change->live_count++] = (struct mf_live){def->order, node->config};
    change->report.in_place++;
}

static void alloc_lists(struct mf_change *change)
{
    size_t count = change->graph->count + 1;

    change->nodes = mf_calloc_array(count, sizeof(*change->nodes));
    change->seats = mf_calloc_array(count, sizeof(*change->seats));
    change->fresh = mf_calloc_array(count, sizeof(*change->fresh));
    change->live = mf_calloc_array(count, sizeof(*change->live));
    change->is_fresh = mf_calloc_array(count, sizeof(bool));
    change->pulls = mf_calloc_array(count, sizeof(*change->pulls));
    change->gone = mf_calloc_array(change->engine->count + 1, sizeof(*change->gone));
}

static void pair_nodes(struct mf_change *change)
{
    struct mf_graph *graph = change->graph;
    const struct mf_engine *engine = change->engine;
    size_t *place = mf_calloc_array(engine->count + 1, sizeof(*place)); /* among the gone */
    bool *is_kept = mf_calloc_array(engine->count + 1, sizeof(bool));

    alloc_lists(change);
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_node *old = mf_engine_node(engine, graph->nodes[i]->name);

        if (stays(change, old, graph->nodes[i])) {
            is_kept[old->order] = true;
            keep_node(change, old, graph->nodes[i]);
        }
    }
    for (uint32_t i = 0; i < engine->count; i++) {
        place[i] = change->gone_count;
        if (!is_kept[i])
            change->gone[change->gone_count++] = engine->nodes[i];
    }
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_def *def = graph->nodes[i];
        const struct mf_node *old;

        if (!change->nodes[i]) {
            old = mf_engine_node(engine, def->name);
            change->nodes[i] = new_node(change, def);
            change->fresh[change->fresh_count++] = (struct mf_fresh){
                .order = (uint32_t)i,
                .is_new = !old,
                .old = old ? place[old->order] : 0,
            };
        }
        if (def->kind->pull)
            change->pulls[change->pull_count++] = change->nodes[i];
        if (def->link)
            attach(change, change->nodes[i], def->link->index);
    }
    mf_free(place);
    mf_free(is_kept);
}

/* ---- edges ---- */

/* A node with one plain edge looks at the message where it was said, and no copy is made. A kept
 * node whose source is replaced needs what the old one said last, so it has its own from then on.
 */
static bool shares(const struct mf_change *change, const struct mf_def *def)
{
    const struct mf_in_def *in = def->ins;

    if (def->in_count != 1 || in->is_checked || in->is_converted || in->to_number || in->is_late ||
        in->is_quiet)
        return false;
    return change->is_fresh[def->order] ||
           (change->nodes[def->order]->is_sharing && !change->is_fresh[in->from->order]);
}

static uint8_t way(const struct mf_change *change, const struct mf_def *def, unsigned input)
{
    const struct mf_in_def *in = &def->ins[input];

    if (in->is_checked || in->is_converted || in->to_number || in->is_late || in->is_quiet)
        return MF_EDGE_SPECIAL;
    return shares(change, def) ? MF_EDGE_ALONE : MF_EDGE_PLAIN;
}

static struct mf_edge *lay_edges_of(const struct mf_change *change, const struct mf_def *def,
                                    struct mf_edge *next)
{
    for (unsigned k = 0; k < def->out_count; k++)
        for (unsigned r = 0; r < def->outs[k].reader_count; r++) {
            const struct mf_reader *reader = &def->outs[k].readers[r];

            *next++ = (struct mf_edge){
                .to = change->nodes[reader->to->order],
                .input = (uint16_t)reader->input,
                .way = way(change, reader->to, reader->input),
            };
        }
    return next;
}

/* Where a node with one input finds its message. */
static void find_message(const struct mf_change *change, struct mf_seat *seat)
{
    const struct mf_in_def *in = seat->def->ins;

    if (shares(change, seat->def)) {
        seat->messages = &change->nodes[in->from->order]->outputs[in->from_port].last;
        if (!seat->node->is_sharing || seat->node->messages != seat->messages)
            seat->sharing = MF_SHARING_BEGINS;
    } else if (seat->node->is_sharing) {
        seat->sharing = MF_SHARING_ENDS;
    }
}

static void lay_edges(struct mf_change *change)
{
    const struct mf_graph *graph = change->graph;
    struct mf_edge *next;
    size_t total = 0;

    for (size_t i = 0; i < graph->count; i++)
        total += graph->nodes[i]->in_count;
    next = change->edges = mf_calloc_array(total + 1, sizeof(*next));
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_seat *seat = &change->seats[i];
        const struct mf_def *def = graph->nodes[i];

        *seat = (struct mf_seat){
            .node = change->nodes[i],
            .def = def,
            .config = def->config,
            .outputs = change->nodes[i]->outputs,
            .outs = def->outs,
            .edges = next,
            .edge_count = def->out_count ? def->outs->reader_count : 0,
            .out_count = (uint16_t)def->out_count,
        };
        next = lay_edges_of(change, def, next);
        if (def->in_count == 1)
            find_message(change, seat);
    }
}

/* ---- the whole ---- */

struct mf_change *mf_change_prepare(struct mf_engine *engine, struct mf_graph *graph)
{
    struct mf_change *change = mf_zalloc(sizeof(*change));

    change->engine = engine;
    change->graph = graph;
    pair_links(change);
    pair_nodes(change);
    lay_edges(change);
    change->past = mf_past_new(engine->generation, change->gone_count);
    mf_sched_alloc_ready(change->ready, (uint32_t)graph->count);
    return change;
}

uint32_t mf_change_input(const struct mf_def *to, const struct mf_def *from, unsigned i)
{
    for (unsigned k = 0; k < to->in_count; k++)
        if (strcmp(from->ins[i].label, to->ins[k].label) == 0 &&
            strcmp(from->ins[i].from->name, to->ins[k].from->name) == 0)
            return k;
    return UINT32_MAX;
}

void mf_change_drop(struct mf_change *change)
{
    if (!change)
        return;
    for (size_t i = 0; i < change->fresh_count; i++)
        mf_node_free(change->nodes[change->fresh[i].order]);
    for (size_t i = 0; i < change->graph->link_count; i++) {
        if (change->is_new_link[i])
            mf_link_free(change->links[i]);
        mf_free(change->attached[i]);
    }
    for (unsigned i = 0; i < MF_SCHED_LEVELS; i++)
        mf_free(change->ready[i]);
    mf_free(change->nodes);
    mf_free(change->links);
    mf_free(change->edges);
    mf_free(change->pulls);
    /* The way back failed: what is left of that generation still needs its graph. */
    if (change->back_to)
        mf_engine_retire(change->engine, change->graph, change->back_to->generation);
    else
        mf_graph_free(change->graph);
    mf_past_free(change->past);
    mf_free(change->fresh);
    mf_free(change->live);
    mf_free(change->gone);
    mf_free(change->seats);
    mf_free(change->is_fresh);
    mf_free(change->is_new_link);
    mf_free(change->attached);
    mf_free(change->attached_count);
    mf_free(change);
}
