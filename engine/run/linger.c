/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See linger.h. */

#include "engine/run/linger.h"

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"

static bool is_under_way(const struct mf_node *node)
{
    return node->guard->has_sent && (!node->link || mf_link_is_up(node->link));
}

static void fired(struct mf_timer *timer)
{
    mf_engine_wake(mf_list_entry(timer, struct mf_engine, linger_timer));
}

bool mf_linger_begin(struct mf_node *node)
{
    struct mf_engine *engine = node->sched->engine;
    int64_t until = mf_clock_mono(&engine->sched.clock) + MF_LINGER_LIMIT;

    if (node->phase != MF_NODE_RUNNING || !is_under_way(node))
        return false;
    node->phase = MF_NODE_LEAVING;
    mf_grow(&engine->lingering, &engine->lingering_cap, engine->lingering_count,
            sizeof(*engine->lingering));
    engine->lingering[engine->lingering_count++] =
        (struct mf_linger){node, engine->generation, until};
    engine->linger_timer.fire = fired;
    mf_timer_arm(&engine->sched, &engine->linger_timer, until);
    return true;
}

/* A link that the flow has left behind waited for this. */
static void let_go(struct mf_engine *engine, struct mf_node *node)
{
    struct mf_link *link = node->link;
    bool is_leaving = false;

    mf_node_stop(node);
    mf_node_free(node);
    for (size_t i = 0; i < engine->leaving_count; i++)
        is_leaving |= engine->leaving[i] == link;
    if (is_leaving && !mf_linger_needs_link(engine, link))
        mf_link_end(link);
}

static void let_go_if(struct mf_engine *engine,
                      bool (*is_it)(const struct mf_linger *linger, const void *arg),
                      const void *arg)
{
    for (size_t i = 0; i < engine->lingering_count;) {
        struct mf_linger *linger = &engine->lingering[i];
        struct mf_node *node = linger->node;

        if (!is_it(linger, arg)) {
            i++;
            continue;
        }
        *linger = engine->lingering[--engine->lingering_count];
        let_go(engine, node);
    }
    if (!engine->lingering_count)
        mf_timer_disarm(&engine->sched, &engine->linger_timer);
}

static bool is_done(const struct mf_linger *linger, const void *arg)
{
    return !is_under_way(linger->node) || *(const int64_t *)arg >= linger->until;
}

void mf_linger_look(struct mf_engine *engine)
{
    int64_t now = mf_clock_mono(&engine->sched.clock);

    let_go_if(engine, is_done, &now);
    mf_engine_reap(engine);
}

static bool has_heir(const struct mf_linger *linger, const void *arg)
{
    return !arg || !mf_guard_is_orphan(linger->node, arg);
}

void mf_linger_end(struct mf_engine *engine, const struct mf_graph *graph)
{
    let_go_if(engine, has_heir, graph);
}

void mf_linger_renumber(struct mf_engine *engine, uint64_t generation)
{
    for (size_t i = 0; i < engine->lingering_count; i++)
        if (engine->lingering[i].generation == generation)
            engine->lingering[i].generation = engine->generation;
}

bool mf_linger_needs_link(const struct mf_engine *engine, const struct mf_link *link)
{
    for (size_t i = 0; i < engine->lingering_count; i++)
        if (engine->lingering[i].node->link == link)
            return true;
    return false;
}

bool mf_linger_needs_graph(const struct mf_engine *engine, uint64_t generation)
{
    for (size_t i = 0; i < engine->lingering_count; i++)
        if (engine->lingering[i].generation == generation)
            return true;
    return false;
}
