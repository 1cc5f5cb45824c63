/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The engine: how live nodes are run, how they fail and are started again, and how it all ends.
 * What becomes of them when another graph comes is in reload.c.
 */

#include "engine/run/engine.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/base/list.h"
#include "engine/run/dead.h"
#include "engine/run/edge.h"
#include "engine/run/guard.h"
#include "engine/run/past.h"
#include "engine/run/store.h"

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
    engine->dead = mf_dead_new(engine);
    engine->next_generation = 1;
    engine->trial.number = 1; /* 0 in a node: not watched */
    mf_rng_seed_random(&engine->rng);
}

struct mf_node *mf_engine_node(const struct mf_engine *engine, const char *name)
{
    const struct mf_def *def = engine->graph ? mf_map_get(&engine->graph->by_name, name) : NULL;

    return def ? engine->nodes[def->order] : NULL;
}

void mf_engine_wake(struct mf_engine *engine)
{
    if (engine->host)
        engine->host->wake(engine->host->self);
}

/* ---- nodes that fail ---- */

static void node_failed(struct mf_node *node, const struct mf_error *err)
{
    struct mf_engine *engine = node->sched->engine;
    int64_t now = mf_clock_mono(&node->sched->clock), delay;

    if (now - node->started >= MF_RETRY_STEADY)
        node->failures = 0;
    node->failures++;
    delay = mf_retry_delay(&engine->rng, node->failures);
    mf_node_log(node, MF_LOG_ERROR, "%s; trying again in %.1f s", err->text,
                (double)delay / MF_SEC);
    node->phase = MF_NODE_FAILED;
    mf_node_lose(node, MF_BAD, mf_reason_device);
    mf_timer_arm(node->sched, &mf_node_retry_timer(node)->timer, now + delay);
    mf_generation_node_failed(node, err);
    mf_engine_wake(engine);
}

void mf_engine_start_node(struct mf_node *node)
{
    struct mf_error err = {0};

    if (mf_node_start(node, &err) < 0)
        node_failed(node, &err);
}

/* A node that failed is started again; a sink that has a long queue goes on with it. */
void mf_engine_retry_fired(struct mf_timer *timer)
{
    struct mf_node *node = mf_list_entry(timer, struct mf_node_timer, timer)->node;

    if (node->phase == MF_NODE_FAILED)
        mf_engine_start_node(node);
    else if (node->queue)
        mf_node_wake(node);
}

void mf_node_fail(struct mf_node *node, const struct mf_error *err)
{
    if (node->phase != MF_NODE_RUNNING)
        return;
    if (node->queue)
        mf_queue_recall(node->queue);
    mf_node_stop(node);
    node_failed(node, err);
}

void mf_node_disable(struct mf_node *node, const char *reason, const char *why)
{
    if (node->phase != MF_NODE_RUNNING)
        return;
    if (node->queue)
        mf_queue_recall(node->queue);
    mf_node_stop(node);
    mf_node_log(node, MF_LOG_ERROR, "%s; it is switched off until the flow is reloaded", why);
    node->phase = MF_NODE_FAILED;
    mf_node_lose(node, MF_BAD, reason);
    mf_generation_script_failed(node, why);
    mf_engine_wake(node->sched->engine);
}

/* ---- what is left of former generations ---- */

void mf_engine_retire(struct mf_engine *engine, struct mf_graph *graph, uint64_t generation)
{
    if (!graph)
        return;
    mf_grow(&engine->retired, &engine->retired_cap, engine->retired_count,
            sizeof(*engine->retired));
    engine->retired[engine->retired_count++] = (struct mf_retired){graph, generation};
}

/* By links that say goodbye, or for the way back. */
static bool is_needed(const struct mf_engine *engine, uint64_t generation)
{
    if (engine->trial.past && engine->trial.past->generation == generation)
        return true;
    for (size_t i = 0; i < engine->leaving_count; i++)
        if (engine->leaving[i]->generation == generation)
            return true;
    return mf_linger_needs_graph(engine, generation);
}

void mf_engine_reap(struct mf_engine *engine)
{
    size_t kept = 0;

    for (size_t i = 0; i < engine->leaving_count; i++) {
        if (engine->leaving[i]->phase == MF_LINK_STOPPED)
            mf_link_free(engine->leaving[i]);
        else
            engine->leaving[kept++] = engine->leaving[i];
    }
    engine->leaving_count = kept;
    kept = 0;
    for (size_t i = 0; i < engine->retired_count; i++) {
        if (is_needed(engine, engine->retired[i].generation))
            engine->retired[kept++] = engine->retired[i];
        else
            mf_engine_discard(engine, engine->retired[i].graph, NULL);
    }
    engine->retired_count = kept;
}

struct discard {
    struct mf_job job;
    struct mf_graph *graph;
    void *blocks[MF_DISCARD_BLOCKS];
};

static void discard_run(struct mf_job *job)
{
    struct discard *discard = mf_list_entry(job, struct discard, job);

    mf_graph_free(discard->graph);
    for (unsigned i = 0; i < MF_DISCARD_BLOCKS; i++)
        mf_free(discard->blocks[i]);
}

static void discard_done(struct mf_job *job)
{
    mf_free(mf_list_entry(job, struct discard, job));
}

void mf_engine_discard(struct mf_engine *engine, struct mf_graph *graph,
                       void *const blocks[MF_DISCARD_BLOCKS])
{
    struct discard *discard = mf_zalloc(sizeof(*discard));

    discard->job.run = discard_run;
    discard->job.done = discard_done;
    discard->graph = graph;
    if (blocks)
        memcpy(discard->blocks, blocks, sizeof(discard->blocks));
    if (graph) /* values are counted, and counts belong to the loop */
        mf_arena_settle(graph->arena);
    if (engine->host && engine->host->job) {
        engine->host->job(engine->host->self, &discard->job);
        return;
    }
    discard_run(&discard->job);
    discard_done(&discard->job);
}

/* ---- running ---- */

void mf_node_ended(struct mf_node *node)
{
    node->has_ended = true;
    node->wants_pull = false;
    mf_timer_disarm(node->sched, &mf_node_stale_timer(node)->timer);
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
    bool is_more;

    if (engine->trial.is_due && engine->is_preparing)
        return false; /* it goes on when that is over */
    if (engine->trial.is_due)
        mf_generation_look(engine);
    is_more = mf_sched_run(&engine->sched, max_turns);
    if (engine->lingering_count)
        mf_linger_look(engine);
    if (engine->leaving_count)
        mf_engine_reap(engine);
    for (unsigned i = 0; i < PULLS_PER_RUN && engine->pull_count && !is_more; i++) {
        if (!pull_all(engine))
            return mf_sched_run(&engine->sched, max_turns);
        is_more = engine->sched.must_halt ||
                  (mf_sched_has_work(&engine->sched) && mf_sched_run(&engine->sched, max_turns));
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

void mf_engine_advance_before(struct mf_engine *engine, int64_t until)
{
    settle(engine);
    while (mf_sched_next(&engine->sched) < until) {
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

void mf_engine_play_msg(struct mf_engine *engine, struct mf_node *node, unsigned output,
                        const struct mf_msg *msg)
{
    struct mf_msg copy = mf_msg_copy(msg);

    mf_node_say_take(node, output, &copy);
}

void mf_engine_cue(struct mf_engine *engine, struct mf_node *node)
{
    /* By a timer, so that it is in one turn with the timers of others that run out now. */
    mf_timer_arm(&engine->sched, &mf_node_stale_timer(node)->timer,
                 mf_clock_mono(&engine->sched.clock));
}

void mf_engine_play_bad(struct mf_engine *engine, struct mf_node *node, enum mf_quality quality,
                        const char *reason)
{
    mf_node_lose(node, quality, reason);
}

/* ---- ending ---- */

static bool is_only_source(const struct mf_kind *kind)
{
    return (kind->flags & (MF_KIND_SOURCE | MF_KIND_TIME)) && !(kind->flags & MF_KIND_WRITES);
}

/* Nodes that stop forget their timers. */
static void save_state(struct mf_engine *engine)
{
    if (engine->store)
        mf_kept_save(engine->store->kept);
}

void mf_engine_drain(struct mf_engine *engine)
{
    save_state(engine);
    for (uint32_t i = 0; i < engine->count; i++)
        if (is_only_source(engine->nodes[i]->kind))
            mf_node_stop(engine->nodes[i]);
}

void mf_engine_make_safe(struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        if (engine->nodes[i]->guard)
            mf_guard_make_safe(engine->nodes[i]);
}

bool mf_engine_is_safe(const struct mf_engine *engine)
{
    if (engine->lingering_count)
        return false;
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_node *node = engine->nodes[i];

        if (node->guard && node->guard->has_sent && node->phase == MF_NODE_RUNNING &&
            (!node->link || mf_link_is_up(node->link)))
            return false;
    }
    return true;
}

void mf_engine_stop(struct mf_engine *engine)
{
    engine->is_stopping = true;
    save_state(engine);
    mf_linger_end(engine, NULL);
    for (uint32_t i = 0; i < engine->count; i++)
        mf_node_stop(engine->nodes[i]);
    for (size_t i = 0; i < engine->link_count; i++)
        mf_link_end(engine->links[i]);
}

void mf_engine_done(struct mf_engine *engine)
{
    mf_generation_done(engine);
    mf_linger_end(engine, NULL);
    for (uint32_t i = 0; i < engine->count; i++)
        mf_node_free(engine->nodes[i]);
    for (size_t i = 0; i < engine->link_count; i++)
        mf_link_free(engine->links[i]);
    for (size_t i = 0; i < engine->leaving_count; i++)
        mf_link_free(engine->leaving[i]);
    mf_store_close(engine->store);
    mf_dead_free(engine->dead);
    for (size_t i = 0; i < engine->retired_count; i++)
        mf_graph_free(engine->retired[i].graph);
    mf_free(engine->nodes);
    mf_free(engine->links);
    mf_free(engine->leaving);
    mf_free(engine->lingering);
    mf_free(engine->retired);
    mf_free(engine->edges);
    mf_free(engine->pulls);
    mf_arena_free(engine->report_arena);
    mf_sched_done(&engine->sched);
    mf_graph_free(engine->graph);
}

struct mf_graph *mf_engine_done_keeping(struct mf_engine *engine)
{
    struct mf_graph *graph = engine->graph;

    engine->graph = NULL;
    mf_engine_done(engine);
    return graph;
}
