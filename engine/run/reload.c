/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See reload.h. */

#include "engine/run/reload.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/guard.h"
#include "engine/run/pressure.h"
#include "engine/run/spool.h"
#include "engine/run/state.h"
#include "engine/run/store.h"
#include "engine/run/trace.h"

enum { TURNS_BEFORE = 1000 }; /* to bring what is under way to its end */

struct mf_change {
    struct mf_engine *engine;
    struct mf_graph *graph;
    struct mf_node **nodes; /* of the new generation, by rank */
    uint32_t *fresh;        /* ranks of those that are new objects */
    size_t fresh_count;
    struct mf_node **gone; /* objects of the old generation that go */
    size_t gone_count;
    struct mf_edge *edges;    /* of all outputs, in one piece */
    struct mf_edge **edge_at; /* by rank: where a node's first output's edges begin */
    bool *is_fresh;           /* by rank */
    struct mf_node **pulls;
    size_t pull_count;
    struct mf_link **links;
    bool *is_new_link;
    uint64_t *ready[MF_SCHED_LEVELS];
    struct mf_reload_report report;
};

/* ---- prepare ---- */

static bool same_hash(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

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

/* A node stays when its fingerprint and the link it hangs on do. */
static bool stays(const struct mf_change *change, const struct mf_node *node,
                  const struct mf_def *def)
{
    return node && node->kind == def->kind && same_hash(node->def->hash, def->hash) &&
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
    change->fresh[change->fresh_count++] = def->order;
    change->is_fresh[def->order] = true;
    return node;
}

static void pair_nodes(struct mf_change *change)
{
    struct mf_graph *graph = change->graph;
    const struct mf_engine *engine = change->engine;
    bool *is_kept = mf_calloc_array(engine->count + 1, sizeof(bool));

    change->nodes = mf_calloc_array(graph->count + 1, sizeof(*change->nodes));
    change->fresh = mf_calloc_array(graph->count + 1, sizeof(*change->fresh));
    change->is_fresh = mf_calloc_array(graph->count + 1, sizeof(bool));
    change->gone = mf_calloc_array(engine->count + 1, sizeof(*change->gone));
    change->pulls = mf_calloc_array(graph->count + 1, sizeof(*change->pulls));
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_def *def = graph->nodes[i];
        struct mf_node *old = mf_engine_node(engine, def->name);

        if (stays(change, old, def)) {
            change->nodes[i] = old;
            is_kept[old->order] = true;
            change->report.kept++;
        } else {
            change->nodes[i] = new_node(change, def);
            change->report.added += !old;
        }
        if (def->kind->pull)
            change->pulls[change->pull_count++] = change->nodes[i];
    }
    for (uint32_t i = 0; i < engine->count; i++)
        if (!is_kept[i])
            change->gone[change->gone_count++] = engine->nodes[i];
    mf_free(is_kept);
}

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

static void lay_edges(struct mf_change *change)
{
    const struct mf_graph *graph = change->graph;
    struct mf_edge *next;
    size_t total = 0;

    for (size_t i = 0; i < graph->count; i++)
        total += graph->nodes[i]->in_count;
    next = change->edges = mf_calloc_array(total + 1, sizeof(*next));
    change->edge_at = mf_calloc_array(graph->count + 1, sizeof(*change->edge_at));
    for (size_t i = 0; i < graph->count; i++) {
        const struct mf_def *def = graph->nodes[i];

        change->edge_at[i] = next;
        for (unsigned k = 0; k < def->out_count; k++)
            for (unsigned r = 0; r < def->outs[k].reader_count; r++) {
                const struct mf_reader *reader = &def->outs[k].readers[r];

                *next++ = (struct mf_edge){
                    .to = change->nodes[reader->to->order],
                    .input = (uint16_t)reader->input,
                    .way = way(change, reader->to, reader->input),
                };
            }
    }
}

struct mf_change *mf_change_prepare(struct mf_engine *engine, struct mf_graph *graph)
{
    struct mf_change *change = mf_zalloc(sizeof(*change));

    change->engine = engine;
    change->graph = graph;
    pair_links(change);
    pair_nodes(change);
    lay_edges(change);
    mf_sched_alloc_ready(change->ready, (uint32_t)graph->count);
    return change;
}

static void free_lists(struct mf_change *change)
{
    mf_free(change->fresh);
    mf_free(change->gone);
    mf_free(change->edge_at);
    mf_free(change->is_fresh);
    mf_free(change->is_new_link);
    mf_free(change);
}

void mf_change_drop(struct mf_change *change)
{
    if (!change)
        return;
    for (size_t i = 0; i < change->fresh_count; i++)
        mf_node_free(change->nodes[change->fresh[i]]);
    for (size_t i = 0; i < change->graph->link_count; i++)
        if (change->is_new_link[i])
            mf_link_free(change->links[i]);
    for (unsigned i = 0; i < MF_SCHED_LEVELS; i++)
        mf_free(change->ready[i]);
    mf_free(change->nodes);
    mf_free(change->links);
    mf_free(change->edges);
    mf_free(change->pulls);
    mf_graph_free(change->graph);
    free_lists(change);
}

/* ---- create: the last that can fail ---- */

static bool inherit(struct mf_node *node, const struct mf_node *old)
{
    struct mf_state_out out = {0};
    struct mf_state_in in = {0};
    struct mf_error err = {0};
    bool ok;

    if (!old || old->kind != node->kind || !node->kind->save || !node->kind->restore)
        return false;
    mf_build_start(&out.fields);
    node->kind->save(old, &out);
    in.fields = mf_build_end_map(&out.fields);
    ok = node->kind->restore(node, &in, &err) == 0;
    mf_value_drop(in.fields);
    if (!ok)
        mf_node_log(node, MF_LOG_WARNING, "starts anew, its former state does not fit: %s",
                    err.text);
    return ok;
}

static int create_fresh(struct mf_change *change, struct mf_error *err)
{
    if (mf_engine_open_store(change->engine, change->graph, err) < 0)
        return err->code;
    for (size_t i = 0; i < change->graph->link_count; i++) {
        struct mf_link *link = change->links[i];
        int rc = change->is_new_link[i] && link->kind->create ? link->kind->create(link, err) : 0;

        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < change->fresh_count; i++) {
        struct mf_node *node = change->nodes[change->fresh[i]];
        const struct mf_node *old = mf_engine_node(change->engine, node->def->name);
        int rc = node->kind->create ? node->kind->create(node, err) : 0;

        if (rc < 0)
            return rc;
        if (old) {
            mf_guard_inherit(node, old);
            mf_trail_inherit(node, old);
        }
        if (inherit(node, old))
            change->report.migrated++;
        else if (old)
            change->report.restarted++;
        else if (node->def->keep && change->engine->store)
            mf_kept_restore(change->engine->store->kept, node);
    }
    return 0;
}

/* ---- switch: nothing from here on can fail ---- */

static void say_left(struct mf_node *old, struct mf_queue_stats stats)
{
    if (stats.waiting + stats.in_flight == 0)
        return;
    if (mf_queue_has_spool(old->queue))
        mf_node_log(old, MF_LOG_NOTICE,
                    "%zu messages that nobody took stay in its spool, until it is there again",
                    stats.waiting + stats.in_flight);
    else
        mf_node_log(old, MF_LOG_WARNING, "%zu messages that nobody took go with this node",
                    stats.waiting + stats.in_flight);
}

/* What is waiting for a sink goes over to its successor; only the same kind knows what to do with
 * it. */
static void hand_over(const struct mf_change *change, struct mf_node *old)
{
    const struct mf_def *def = mf_map_get(&change->graph->by_name, old->def->name);
    struct mf_node *node = def ? change->nodes[def->order] : NULL;
    struct mf_queue_stats stats = mf_queue_stats(old->queue);
    uint32_t inputs[MF_NODE_INPUTS];

    /* The successor of an actuator tells it what holds now, within its own limits. */
    if ((!mf_queue_has_spool(old->queue) && stats.waiting + stats.in_flight == 0) ||
        (node && node->guard && old->guard))
        return;
    if (!node || node->kind != old->kind) {
        say_left(old, stats);
        return;
    }
    for (unsigned i = 0; i < old->def->in_count; i++) {
        inputs[i] = UINT32_MAX;
        for (unsigned k = 0; k < def->in_count; k++)
            if (strcmp(old->def->ins[i].label, def->ins[k].label) == 0 &&
                strcmp(old->def->ins[i].from->name, def->ins[k].from->name) == 0)
                inputs[i] = k;
    }
    if (mf_queue_has_spool(old->queue)) {
        mf_spool_move(node, old, inputs);
        return;
    }
    mf_spool_attach(node);
    mf_queue_move(node->queue, old->queue, inputs);
}

static void stop_gone(struct mf_change *change)
{
    for (size_t i = 0; i < change->gone_count; i++) {
        struct mf_node *node = change->gone[i];

        if (node->guard && mf_guard_is_orphan(node, change->graph))
            mf_guard_make_safe(node);
        mf_node_stop(node);
        if (node->queue)
            hand_over(change, node);
        change->report.removed += !mf_map_get(&change->graph->by_name, node->def->name);
    }
}

/* Values under way to or from nodes that are gone go with them. */
static void forget_gone(struct mf_sched *sched)
{
    size_t kept = 0, mask = sched->follow_cap - 1;

    for (size_t i = 0; i < sched->late_count; i++) {
        if (sched->lates[i].to->phase == MF_NODE_STOPPED)
            mf_msg_drop(&sched->lates[i].msg);
        else
            sched->lates[kept++] = sched->lates[i];
    }
    sched->late_count = kept;
    kept = 0;
    for (size_t i = 0; i < sched->follow_count; i++) {
        struct mf_follow_up *next = &sched->follow_ups[(sched->follow_first + i) & mask];

        if (next->node->phase == MF_NODE_STOPPED)
            mf_msg_drop(&next->msg);
        else
            sched->follow_ups[(sched->follow_first + kept++) & mask] = *next;
    }
    sched->follow_count = kept;
}

/* Where a node with one input finds its message. */
static void find_message(struct mf_change *change, struct mf_node *node, const struct mf_def *def)
{
    struct mf_node *from = change->nodes[def->ins->from->order];

    if (shares(change, def)) {
        node->messages = &from->outputs[def->ins->from_port].last;
        node->is_sharing = true;
    } else if (node->is_sharing) {
        *mf_node_own_messages(node) = mf_msg_copy(node->messages);
        node->messages = mf_node_own_messages(node);
        node->is_sharing = false;
    }
}

/* The one walk over all nodes that the loop waits for. */
static void renumber(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;
    const struct mf_graph *graph = change->graph;
    int64_t now = mf_clock_mono(&engine->sched.clock);

    for (uint32_t i = 0; i < graph->count; i++) {
        struct mf_node *node = change->nodes[i];
        const struct mf_def *def = graph->nodes[i];
        struct mf_edge *edges = change->edge_at[i];

        node->order = i;
        node->def = def;
        node->config = def->config;
        for (unsigned k = 0; k < def->out_count; k++) {
            struct mf_output *out = &node->outputs[k];

            out->def = &def->outs[k];
            out->edges = edges;
            out->edge_count = def->outs[k].reader_count;
            out->is_direct = mf_output_can_be_direct(&engine->sched, out);
            edges += out->edge_count;
        }
        if (def->in_count == 1)
            find_message(change, node, def);
        if (node->is_ready)
            mf_sched_put_ready(&engine->sched, node);
        if (node->phase == MF_NODE_FAILED) /* perhaps what it lacked is there now */
            mf_timer_arm(&engine->sched, &mf_node_retry_timer(node)->timer, now);
        if (node->link)
            mf_link_attach(node->link, node);
    }
}

/* Links that the new graph has no use for say goodbye; the graph they came from waits for them. */
static void leave_links(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;

    for (size_t i = 0; i < change->graph->link_count; i++) {
        struct mf_link *link = change->links[i];

        link->def = change->graph->links[i];
        link->config = link->def->config;
        link->generation = engine->generation + 1;
        link->node_count = 0;
    }
    for (size_t i = 0; i < engine->link_count; i++) {
        struct mf_link *link = engine->links[i];

        if (link->generation == engine->generation + 1)
            continue;
        mf_grow(&engine->leaving, &engine->leaving_cap, engine->leaving_count,
                sizeof(*engine->leaving));
        engine->leaving[engine->leaving_count++] = link;
        link->node_count = 0;
        mf_link_end(link);
    }
}

static void install(struct mf_change *change)
{
    struct mf_engine *engine = change->engine;

    leave_links(change);
    mf_free(engine->nodes);
    mf_free(engine->edges);
    mf_free(engine->links);
    mf_free(engine->pulls);
    engine->nodes = change->nodes;
    engine->count = (uint32_t)change->graph->count;
    engine->edges = change->edges;
    engine->links = change->links;
    engine->link_count = change->graph->link_count;
    engine->pulls = change->pulls;
    engine->pull_count = change->pull_count;
    mf_sched_set_nodes(&engine->sched, change->nodes, engine->count, change->ready);
    renumber(change);
    mf_engine_retire(engine);
    engine->graph = change->graph;
    engine->generation++;
}

/* A reader that is new wants to know what its kept source said last: without that a flow with slow
 * sources would stand still after each edit. */
static void greet_fresh(const struct mf_change *change)
{
    for (size_t i = 0; i < change->fresh_count; i++) {
        struct mf_node *node = change->nodes[change->fresh[i]];

        for (unsigned k = 0; k < node->def->in_count; k++) {
            const struct mf_in_def *in = &node->def->ins[k];
            struct mf_node *from = change->nodes[in->from->order];

            if (!change->is_fresh[in->from->order] && from->outputs[in->from_port].is_known)
                mf_node_greet(node, k, &from->outputs[in->from_port].last);
        }
    }
}

static void start_fresh(const struct mf_change *change)
{
    struct mf_engine *engine = change->engine;

    if (engine->host)
        for (size_t i = 0; i < change->graph->link_count; i++)
            if (change->is_new_link[i])
                mf_link_begin(change->links[i]);
    /* Readers first: a source may speak at once, and nobody may miss it. */
    for (size_t i = change->fresh_count; i-- > 0;)
        mf_engine_start_node(change->nodes[change->fresh[i]]);
}

/* What came in before the switch reaches the nodes it was meant for, while they are there. */
static void finish_turns(struct mf_engine *engine)
{
    for (unsigned i = 0; i < TURNS_BEFORE && mf_sched_has_work(&engine->sched); i++)
        mf_sched_turn(&engine->sched);
}

int mf_change_switch(struct mf_change *change, struct mf_reload_report *report,
                     struct mf_error *err)
{
    struct mf_engine *engine = change->engine;
    int rc;

    finish_turns(engine);
    rc = create_fresh(change, err);
    if (rc < 0) {
        mf_change_drop(change);
        return rc;
    }
    stop_gone(change);
    forget_gone(&engine->sched);
    install(change);
    greet_fresh(change);
    for (size_t i = 0; i < change->gone_count; i++)
        mf_node_free(change->gone[i]);
    mf_engine_reap(engine);
    start_fresh(change);
    mf_pressure_recount(engine);
    if (report)
        *report = change->report;
    free_lists(change);
    mf_engine_wake(engine);
    return 0;
}

int mf_engine_load(struct mf_engine *engine, struct mf_graph *graph,
                   struct mf_reload_report *report, struct mf_error *err)
{
    return mf_change_switch(mf_change_prepare(engine, graph), report, err);
}
