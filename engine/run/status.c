/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the engine knows of itself: is it done? How it looks is in overview.c, how it feels in
 * health.c. */

#include "engine/run/engine.h"

size_t mf_engine_waiting(const struct mf_engine *engine)
{
    size_t waiting = 0;

    for (uint32_t i = 0; i < engine->count; i++)
        if (engine->nodes[i]->queue) {
            struct mf_queue_stats stats = mf_queue_stats(engine->nodes[i]->queue);

            waiting += stats.waiting + stats.in_flight;
        }
    return waiting;
}

size_t mf_engine_losing(const struct mf_engine *engine)
{
    size_t losing = 0;

    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_queue *queue = engine->nodes[i]->queue;
        struct mf_queue_stats stats = queue ? mf_queue_stats(queue) : (struct mf_queue_stats){0};

        if (!stats.limit)
            losing += stats.waiting + stats.in_flight;
    }
    return losing;
}

/* What is on disk can wait for the next start when nobody is there to take it, but not for the end
 * of a flow that runs once. */
static bool is_waited_for(const struct mf_node *node)
{
    if (!node->queue || mf_queue_is_empty(node->queue))
        return false;
    return node->sched->engine->options.once || !mf_queue_has_spool(node->queue) ||
           (node->phase == MF_NODE_RUNNING && (!node->link || mf_link_is_up(node->link)));
}

bool mf_engine_is_drained(const struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++)
        if (is_waited_for(engine->nodes[i]))
            return false;
    return !mf_sched_has_work(&engine->sched);
}

static bool has_spoken(const struct mf_node *node)
{
    for (unsigned i = 0; i < node->def->out_count; i++)
        if (node->outputs[i].count)
            return true;
    return false;
}

/* Sources that end, or are polled, are waited for; events may never come. */
bool mf_engine_has_spoken(const struct mf_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_node *node = engine->nodes[i];

        if (!(node->kind->flags & (MF_KIND_SOURCE | MF_KIND_TIME)) || node->has_ended)
            continue;
        if (node->kind->pull || (node->kind->period && !has_spoken(node)))
            return false;
    }
    return true;
}

bool mf_engine_is_finished(const struct mf_engine *engine)
{
    return mf_engine_has_spoken(engine) && mf_engine_is_drained(engine);
}

bool mf_engine_has_stopped(const struct mf_engine *engine)
{
    for (size_t i = 0; i < engine->link_count; i++)
        if (engine->links[i]->phase != MF_LINK_STOPPED)
            return false;
    for (size_t i = 0; i < engine->leaving_count; i++)
        if (engine->leaving[i]->phase != MF_LINK_STOPPED)
            return false;
    return true;
}
