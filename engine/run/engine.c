/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The engine: live nodes and links, and the switch from one graph to the next.
 *
 * A reload has two halves. prepare() makes what is new and can fail; nothing
 * that runs is touched. The switch cannot fail: it stops what goes, moves kept nodes to their
 * equal definitions in the new graph, lays the new edges, and starts what is new.
 */

#include "engine/run/engine.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/pressure.h"
#include "engine/run/state.h"

enum {
    PULLS_PER_RUN = 256,    /* turns of pulled sources before the loop looks elsewhere */
    TURNS_PER_RUN = 1000,   /* virtual clock */
    RUNS_PER_MOMENT = 1000, /* virtual clock: more are taken for nodes that feed each other */
};

void mf_engine_init(struct mf_engine *engine, const struct mf_host *host,
                    struct mf_engine_options options)
{
    memset(engine, 0, sizeof(*engine));
    mf_sched_init(&engine->sched);
    engine->sched.engine = engine;
    engine->host = host;
    engine->options = options;
    mf_rng_seed_random(&engine->rng);
}

struct mf_node *mf_engine_node(const struct mf_engine *engine, const char *name)
{
    return mf_map_get(&engine->by_name, name);
}

void mf_engine_wake(struct mf_engine *engine)
{
    if (engine->host)
        engine->host->wake(engine->host->self);
}

/* ---- prepare: everything that can fail ---- */

struct change {
    struct mf_node **nodes; /* of the new generation, by rank */
    bool *is_new;
    struct mf_link **links;
    bool *is_new_link;
    struct mf_graph *graph;
    struct mf_reload_report report;
};

static bool same_hash(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static struct mf_link *find_link(const struct mf_engine *engine, const struct mf_link_def *def)
{
    for (size_t i = 0; i < engine->link_count; i++) {
        struct mf_link *link = engine->links[i];

        if (strcmp(link->def->name, def->name) == 0)
            return link->kind == def->kind && same_hash(link->def->hash, def->hash) ? link : NULL;
    }
    return NULL;
}

static int prepare_links(struct mf_engine *engine, struct change *change, struct mf_error *err)
{
    struct mf_graph *graph = change->graph;
    int rc;

    change->links = mf_calloc_array(graph->link_count + 1, sizeof(*change->links));
    change->is_new_link = mf_calloc_array(graph->link_count + 1, sizeof(bool));
    for (size_t i = 0; i < graph->link_count; i++) {
        change->links[i] = find_link(engine, graph->links[i]);
        if (change->links[i]) {
            change->report.links_kept++;
            continue;
        }
        change->links[i] = mf_link_new(engine, graph->links[i]);
        change->is_new_link[i] = true;
        change->report.links_added++;
        rc = change->links[i]->kind->create ? change->links[i]->kind->create(change->links[i], err)
                                            : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A node stays when its fingerprint and the link it hangs on do. */
static bool stays(const struct change *change, const struct mf_node *node, const struct mf_def *def)
{
    return node && node->kind == def->kind && node->phase != MF_NODE_FAILED &&
           same_hash(node->def->hash, def->hash) &&
           (!def->link || !change->is_new_link[def->link->index]);
}

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

static bool touches_outside(const struct mf_kind *kind)
{
    return !(kind->flags & (MF_KIND_PURE | MF_KIND_TIME));
}

static int prepare_nodes(struct mf_engine *engine, struct change *change, struct mf_error *err)
{
    struct mf_graph *graph = change->graph;
    int rc;

    change->nodes = mf_calloc_array(graph->count + 1, sizeof(*change->nodes));
    change->is_new = mf_calloc_array(graph->count + 1, sizeof(bool));
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_def *def = graph->nodes[i];
        struct mf_node *old = mf_engine_node(engine, def->name), *node;

        if (stays(change, old, def)) {
            change->nodes[i] = old;
            change->report.kept++;
            continue;
        }
        node = change->nodes[i] = mf_node_new(&engine->sched, def);
        change->is_new[i] = true;
        node->is_played = mf_node_is_virtual(node) && touches_outside(def->kind);
        if (def->link)
            node->link = change->links[def->link->index];
        rc = node->kind->create ? node->kind->create(node, err) : 0;
        if (rc < 0)
            return rc;
        if (!old)
            change->report.added++;
        else if (inherit(node, old))
            change->report.migrated++;
        else
            change->report.restarted++;
    }
    return 0;
}

static void give_up(struct change *change)
{
    for (size_t i = 0; change->nodes && i < change->graph->count; i++)
        if (change->is_new[i])
            mf_node_free(change->nodes[i]);
    for (size_t i = 0; i < change->graph->link_count; i++)
        if (change->is_new_link[i])
            mf_link_free(change->links[i]);
    mf_free(change->nodes);
    mf_free(change->is_new);
    mf_free(change->links);
    mf_free(change->is_new_link);
    mf_graph_free(change->graph);
}

/* ---- switch: nothing here can fail ---- */

static bool is_special(const struct mf_in_def *in)
{
    return in->is_checked || in->is_converted || in->to_number || in->is_late;
}

/* Writing ends of all edges, in one piece. */
static struct mf_edge *lay_edges(struct mf_engine *engine, const struct change *change)
{
    const struct mf_graph *graph = change->graph;
    struct mf_edge *edges, *next;
    size_t total = 0;

    for (size_t i = 0; i < graph->count; i++)
        total += graph->nodes[i]->in_count;
    next = edges = mf_calloc_array(total + 1, sizeof(*edges));
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_node *node = change->nodes[i];

        for (unsigned k = 0; k < node->def->out_count; k++) {
            const struct mf_out_def *out = &node->def->outs[k];

            node->outputs[k].edges = next;
            node->outputs[k].edge_count = out->reader_count;
            for (unsigned r = 0; r < out->reader_count; r++) {
                const struct mf_reader *reader = &out->readers[r];

                *next++ = (struct mf_edge){
                    .to = change->nodes[reader->to->order],
                    .input = (uint16_t)reader->input,
                    .is_special = is_special(&reader->to->ins[reader->input]),
                };
            }
        }
    }
    return edges;
}

static void stop_removed(struct mf_engine *engine, struct change *change)
{
    for (uint32_t i = 0; i < engine->count; i++)
        engine->nodes[i]->visited = UINT32_MAX;
    for (size_t i = 0; i < change->graph->count; i++)
        change->nodes[i]->visited = 0;
    for (uint32_t i = 0; i < engine->count; i++) {
        struct mf_node *node = engine->nodes[i];
        struct mf_def *def;

        if (node->visited != UINT32_MAX)
            continue;
        def = mf_map_get(&change->graph->by_name, node->def->name);
        mf_node_stop(node);
        if (def && node->queue && change->nodes[def->order]->queue)
            mf_queue_move(change->nodes[def->order]->queue, node->queue);
        if (!def)
            change->report.removed++;
    }
}

/* Values under way to or from nodes that are gone go with them. */
static void forget_stopped(struct mf_sched *sched)
{
    size_t kept = 0;

    for (size_t i = 0; i < sched->late_count; i++) {
        if (sched->lates[i].to->phase == MF_NODE_STOPPED)
            mf_msg_drop(&sched->lates[i].msg);
        else
            sched->lates[kept++] = sched->lates[i];
    }
    sched->late_count = kept;
    kept = 0;
    for (size_t i = 0; i < sched->follow_count; i++) {
        size_t mask = sched->follow_cap - 1;
        struct mf_follow_up *next = &sched->follow_ups[(sched->follow_first + i) & mask];

        if (next->node->phase == MF_NODE_STOPPED)
            mf_msg_drop(&next->msg);
        else
            sched->follow_ups[(sched->follow_first + kept++) & mask] = *next;
    }
    sched->follow_count = kept;
}

static void free_stopped(struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        if (engine->nodes[i]->phase == MF_NODE_STOPPED)
            mf_node_free(engine->nodes[i]);
}

/* Links that the new graph has no use for. */
static void leave_links(struct mf_engine *engine, struct change *change)
{
    for (size_t i = 0; i < engine->link_count; i++) {
        struct mf_link *link = engine->links[i];
        bool is_kept = false;

        for (size_t k = 0; k < change->graph->link_count && !is_kept; k++)
            is_kept = change->links[k] == link;
        if (is_kept)
            continue;
        change->report.links_removed++;
        mf_grow(&engine->leaving, &engine->leaving_cap, engine->leaving_count,
                sizeof(*engine->leaving));
        engine->leaving[engine->leaving_count++] = link;
        link->node_count = 0;
        mf_link_end(link);
    }
}

static void reap_links(struct mf_engine *engine)
{
    size_t kept = 0;

    for (size_t i = 0; i < engine->leaving_count; i++) {
        if (engine->leaving[i]->phase == MF_LINK_STOPPED)
            mf_link_free(engine->leaving[i]);
        else
            engine->leaving[kept++] = engine->leaving[i];
    }
    engine->leaving_count = kept;
}

static void adopt_all(struct mf_engine *engine, struct change *change)
{
    const struct mf_graph *graph = change->graph;
    struct mf_map by_name = {0};
    size_t pulls = 0;

    engine->pulls = mf_realloc(engine->pulls, (graph->count + 1) * sizeof(*engine->pulls));
    for (size_t i = 0; i < graph->link_count; i++) {
        change->links[i]->def = graph->links[i];
        change->links[i]->config = graph->links[i]->config;
        change->links[i]->node_count = 0;
    }
    for (size_t i = 0; i < graph->count; i++) {
        struct mf_node *node = change->nodes[i];

        mf_node_adopt(node, graph->nodes[i]);
        mf_map_set(&by_name, node->def->name, node);
        if (node->link)
            mf_link_attach(node->link, node);
        if (node->kind->pull)
            engine->pulls[pulls++] = node;
    }
    engine->pull_count = pulls;
    mf_map_done(&engine->by_name);
    engine->by_name = by_name;
}

/* A reader that is new wants to know what its kept source said last: without that a flow with slow
 * sources would stand still after each edit. */
static void greet_new(struct mf_engine *engine, const struct change *change)
{
    for (size_t i = 0; i < change->graph->count; i++) {
        struct mf_node *node = change->nodes[i];

        if (!change->is_new[i])
            continue;
        for (unsigned k = 0; k < node->def->in_count; k++) {
            const struct mf_in_def *in = &node->def->ins[k];
            struct mf_node *from = change->nodes[in->from->order];

            if (!change->is_new[in->from->order] && from->outputs[in->from_port].is_known)
                mf_node_greet(node, k, &from->outputs[in->from_port].last);
        }
    }
}

static void node_failed(struct mf_node *node, const struct mf_error *err)
{
    struct mf_engine *engine = node->sched->engine;
    int64_t delay;

    node->failures++;
    delay = mf_retry_delay(&engine->rng, node->failures);
    mf_node_log(node, MF_LOG_ERROR, "%s; trying again in %.1f s", err->text,
                (double)delay / MF_SEC);
    node->phase = MF_NODE_FAILED;
    mf_node_degrade(node, MF_BAD, mf_reason_device);
    mf_timer_arm(node->sched, &node->retry_timer->timer,
                 mf_clock_mono(&node->sched->clock) + delay);
    mf_engine_wake(engine);
}

static void start_node(struct mf_node *node)
{
    struct mf_error err = {0};

    if (mf_node_start(node, &err) < 0)
        node_failed(node, &err);
    else
        node->failures = 0;
}

void mf_engine_retry_fired(struct mf_timer *timer)
{
    start_node(mf_list_entry(timer, struct mf_node_timer, timer)->node);
}

void mf_node_fail(struct mf_node *node, const struct mf_error *err)
{
    mf_node_stop(node);
    node_failed(node, err);
}

static void start_new(struct mf_engine *engine, const struct change *change)
{
    if (engine->host)
        for (size_t i = 0; i < change->graph->link_count; i++)
            if (change->is_new_link[i])
                mf_link_begin(change->links[i]);
    /* Readers first: a source may speak at once, and nobody may miss it. */
    for (size_t i = change->graph->count; i-- > 0;)
        if (change->is_new[i])
            start_node(change->nodes[i]);
}

static void switch_over(struct mf_engine *engine, struct change *change)
{
    struct mf_graph *old_graph = engine->graph;
    struct mf_edge *old_edges = engine->edges;
    struct mf_node **old_nodes = engine->nodes;

    stop_removed(engine, change);
    forget_stopped(&engine->sched);
    engine->edges = lay_edges(engine, change);
    adopt_all(engine, change);
    leave_links(engine, change);
    free_stopped(engine);
    mf_sched_set_nodes(&engine->sched, change->nodes, (uint32_t)change->graph->count);
    engine->nodes = change->nodes;
    engine->count = (uint32_t)change->graph->count;
    mf_free(engine->links);
    engine->links = change->links;
    engine->link_count = change->graph->link_count;
    engine->graph = change->graph;
    engine->generation++;
    greet_new(engine, change);
    start_new(engine, change);
    mf_pressure_recount(engine);
    mf_free(old_edges);
    mf_free(old_nodes);
    mf_free(change->is_new);
    mf_free(change->is_new_link);
    mf_graph_free(old_graph);
    mf_engine_wake(engine);
}

int mf_engine_load(struct mf_engine *engine, struct mf_graph *graph,
                   struct mf_reload_report *report, struct mf_error *err)
{
    struct change change = {.graph = graph};
    int rc = prepare_links(engine, &change, err);

    if (rc == 0)
        rc = prepare_nodes(engine, &change, err);
    if (rc < 0) {
        give_up(&change);
        return rc;
    }
    switch_over(engine, &change);
    if (report)
        *report = change.report;
    return 0;
}

/* ---- running ---- */

void mf_node_wake(struct mf_node *node)
{
    struct mf_engine *engine = node->sched->engine;
    struct mf_letter *letter;

    if (!node->queue) {
        node->wants_pull = node->kind->pull && !node->has_ended && !node->is_played;
        mf_engine_wake(engine);
        return;
    }
    while (node->phase == MF_NODE_RUNNING && (letter = mf_queue_next(node->queue))) {
        struct mf_error err = {0};
        uint64_t number = letter->number;
        int rc;

        if (node->link && !mf_link_is_up(node->link))
            break;
        rc = node->kind->deliver(node, letter, &err);
        if (rc == MF_ELINK || rc == MF_ETIMEOUT)
            break;
        if (rc == MF_DELIVER_PENDING) {
            mf_queue_sent(node->queue, number);
            continue;
        }
        if (rc < 0)
            mf_node_log(node, MF_LOG_ERROR, "a message was refused and is lost: %s", err.text);
        mf_queue_settle(node->queue, number, rc >= 0);
    }
    mf_pressure_update(node);
}

void mf_node_settle(struct mf_node *node, uint64_t letter, int code, const char *reason)
{
    if (mf_queue_settle(node->queue, letter, code == MF_OK) && code != MF_OK)
        mf_node_log(node, MF_LOG_ERROR, "a message was refused and is lost: %s", reason);
    mf_node_wake(node);
    if (mf_queue_is_empty(node->queue))
        mf_engine_wake(node->sched->engine);
}

void mf_node_ended(struct mf_node *node)
{
    node->has_ended = true;
    node->wants_pull = false;
    mf_timer_disarm(node->sched, &node->stale_timer->timer);
    mf_engine_wake(node->sched->engine);
}

bool mf_node_is_read_only(const struct mf_node *node)
{
    return node->sched->engine->options.read_only;
}

bool mf_node_is_once(const struct mf_node *node)
{
    return node->sched->engine->options.once;
}

static bool pull_all(struct mf_engine *engine)
{
    bool is_more = false;

    for (size_t i = 0; i < engine->pull_count; i++) {
        struct mf_node *node = engine->pulls[i];
        int rc;

        if (!node->wants_pull || node->blocked || node->phase != MF_NODE_RUNNING)
            continue;
        rc = mf_sched_pull(&engine->sched, node);
        if (rc == MF_PULL_END)
            mf_node_ended(node);
        else if (rc == MF_PULL_WAIT)
            node->wants_pull = false;
        else
            is_more = true;
    }
    return is_more;
}

bool mf_engine_run(struct mf_engine *engine, unsigned max_turns)
{
    bool is_more = mf_sched_run(&engine->sched, max_turns);

    if (engine->leaving_count)
        reap_links(engine);
    for (unsigned i = 0; i < PULLS_PER_RUN && engine->pull_count && !is_more; i++) {
        if (!pull_all(engine))
            return mf_sched_run(&engine->sched, max_turns);
        is_more = mf_sched_has_work(&engine->sched) && mf_sched_run(&engine->sched, max_turns);
    }
    return is_more || engine->pull_count;
}

/* At one moment of virtual time. */
static void settle(struct mf_engine *engine)
{
    for (unsigned i = 0; i < RUNS_PER_MOMENT; i++)
        if (!mf_engine_run(engine, TURNS_PER_RUN))
            return;
    mf_log(MF_LOG_ERROR, "engine", "gave up after %u turns at one moment: nodes feed each other",
           RUNS_PER_MOMENT * TURNS_PER_RUN);
}

void mf_engine_advance(struct mf_engine *engine, int64_t until)
{
    settle(engine);
    while (mf_sched_next(&engine->sched) <= until) {
        mf_clock_advance(&engine->sched.clock, mf_sched_next(&engine->sched));
        settle(engine);
    }
    mf_clock_advance(&engine->sched.clock, until);
}

void mf_engine_play(struct mf_engine *engine, struct mf_node *node, unsigned output,
                    struct mf_value value, int64_t time)
{
    mf_node_emit_take_at(node, output, value, time);
}

void mf_engine_play_bad(struct mf_engine *engine, struct mf_node *node, enum mf_quality quality,
                        const char *reason)
{
    mf_node_degrade(node, quality, reason);
}

/* ---- ending ---- */

static bool is_only_source(const struct mf_kind *kind)
{
    return (kind->flags & (MF_KIND_SOURCE | MF_KIND_TIME)) &&
           !(kind->flags & (MF_KIND_SINK | MF_KIND_ACTUATOR));
}

void mf_engine_drain(struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        if (is_only_source(engine->nodes[i]->kind))
            mf_node_stop(engine->nodes[i]);
}

void mf_engine_stop(struct mf_engine *engine)
{
    engine->is_stopping = true;
    for (uint32_t i = 0; i < engine->count; i++)
        mf_node_stop(engine->nodes[i]);
    for (size_t i = 0; i < engine->link_count; i++)
        mf_link_end(engine->links[i]);
}

void mf_engine_done(struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        mf_node_free(engine->nodes[i]);
    for (size_t i = 0; i < engine->link_count; i++)
        mf_link_free(engine->links[i]);
    for (size_t i = 0; i < engine->leaving_count; i++)
        mf_link_free(engine->leaving[i]);
    mf_free(engine->nodes);
    mf_free(engine->links);
    mf_free(engine->leaving);
    mf_free(engine->edges);
    mf_free(engine->pulls);
    mf_map_done(&engine->by_name);
    mf_sched_done(&engine->sched);
    mf_graph_free(engine->graph);
}
