/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Back-pressure: see pressure.h. The graph is walked upstream only when a sink
 * turns full or has room again, never per message.
 */

#include "engine/run/pressure.h"

#include "engine/base/alloc.h"

/* A link is not paused for a sink on the same link: its acknowledgements come in that way. */
static void block_link(struct mf_link *link, const struct mf_node *sink, int by)
{
    bool was = link->blocked > 0;

    if (!link->kind->pause || link == sink->link || link->visited == link->engine->walk)
        return;
    link->visited = link->engine->walk;
    link->blocked = (uint32_t)((int64_t)link->blocked + by);
    if (was != (link->blocked > 0) && link->phase == MF_LINK_UP)
        link->kind->pause(link, link->blocked > 0);
}

/* Everything upstream of `sink`, each node once. */
static void walk(struct mf_node *sink, int by)
{
    struct mf_engine *engine = sink->sched->engine;
    struct mf_node **stack = NULL;
    size_t cap = 0, count = 0;

    engine->walk++;
    mf_grow(&stack, &cap, count, sizeof(*stack));
    stack[count++] = sink;
    sink->visited = engine->walk;
    while (count) {
        struct mf_node *node = stack[--count];

        node->blocked = (uint32_t)((int64_t)node->blocked + by);
        if (node->link && (node->kind->flags & MF_KIND_SOURCE))
            block_link(node->link, sink, by);
        for (unsigned i = 0; i < node->def->in_count; i++) {
            struct mf_node *from = engine->nodes[node->def->ins[i].from->order];

            if (from->visited == engine->walk)
                continue;
            from->visited = engine->walk;
            mf_grow(&stack, &cap, count, sizeof(*stack));
            stack[count++] = from;
        }
    }
    mf_free(stack);
}

void mf_pressure_update(struct mf_node *sink)
{
    if (!sink->is_sink_blocked && mf_queue_is_high(sink->queue)) {
        sink->is_sink_blocked = true;
        sink->sched->engine->blocked++;
        walk(sink, 1);
    } else if (sink->is_sink_blocked && mf_queue_is_low(sink->queue)) {
        sink->is_sink_blocked = false;
        sink->sched->engine->blocked--;
        walk(sink, -1);
        mf_engine_wake(sink->sched->engine);
    }
}

void mf_pressure_recount(struct mf_engine *engine)
{
    engine->blocked = 0;
    for (uint32_t i = 0; i < engine->count; i++)
        engine->nodes[i]->blocked = 0;
    for (size_t i = 0; i < engine->link_count; i++) {
        struct mf_link *link = engine->links[i];

        if (link->blocked && link->phase == MF_LINK_UP)
            link->kind->pause(link, false);
        link->blocked = 0;
    }
    for (uint32_t i = 0; i < engine->count; i++) {
        struct mf_node *node = engine->nodes[i];

        if (!node->queue)
            continue;
        node->is_sink_blocked = false;
        mf_pressure_update(node);
    }
}
