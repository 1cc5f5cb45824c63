/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the engine knows of itself: is it done, is it healthy, how much of what.
 */

#include <stdio.h>

#include "engine/run/engine.h"
#include "engine/run/guard.h"

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

bool mf_engine_is_drained(const struct mf_engine *engine)
{
    return !mf_sched_has_work(&engine->sched) && mf_engine_waiting(engine) == 0;
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

bool mf_engine_is_healthy(const struct mf_engine *engine, char *why, size_t why_size)
{
    for (size_t i = 0; i < engine->link_count; i++)
        if (engine->links[i]->phase != MF_LINK_UP && engine->links[i]->phase != MF_LINK_NEW) {
            snprintf(why, why_size, "link `%s` is %s", engine->links[i]->def->name,
                     mf_link_phase_names[engine->links[i]->phase]);
            return false;
        }
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_node *node = engine->nodes[i];

        if (!node->def->health)
            continue;
        if (node->phase == MF_NODE_FAILED) {
            snprintf(why, why_size, "node `%s` failed", node->def->name);
            return false;
        }
        if (node->guard && node->guard->hand == MF_HAND_FAILSAFE) {
            snprintf(why, why_size, "`%s` is at its failsafe value", node->def->name);
            return false;
        }
        if (!(node->kind->flags & MF_KIND_SOURCE))
            continue;
        for (unsigned k = 0; k < node->def->out_count; k++)
            if (node->outputs[k].is_known && node->outputs[k].last.quality != MF_GOOD) {
                snprintf(why, why_size, "`%s` is %s (%s)", node->def->name,
                         mf_quality_names[node->outputs[k].last.quality],
                         node->outputs[k].last.reason ? node->outputs[k].last.reason : "?");
                return false;
            }
    }
    return true;
}

static void print_node(const struct mf_node *node, struct mf_buf *buf)
{
    mf_buf_printf(buf, "%s (%s): %llu runs", node->def->name, node->kind->name,
                  (unsigned long long)node->turns);
    if (node->rejected)
        mf_buf_printf(buf, ", %llu unusable messages", (unsigned long long)node->rejected);
    if (node->skipped)
        mf_buf_printf(buf, ", %llu not written", (unsigned long long)node->skipped);
    if (node->guard) {
        mf_buf_puts(buf, ", ");
        mf_guard_describe(node, buf);
    }
    if (node->queue) {
        struct mf_queue_stats stats = mf_queue_stats(node->queue);

        mf_buf_printf(buf, ", queue %zu+%zu of %zu, %llu delivered, %llu dropped, %llu refused",
                      stats.waiting, stats.in_flight, stats.capacity,
                      (unsigned long long)stats.delivered, (unsigned long long)stats.dropped,
                      (unsigned long long)stats.refused);
    }
    for (unsigned i = 0; i < node->def->out_count; i++) {
        const struct mf_output *out = &node->outputs[i];

        if (!out->is_known)
            continue;
        mf_buf_printf(buf, ", %s = ", out->def->name);
        mf_value_print(&out->last.value, buf);
        if (out->def->unit)
            mf_buf_printf(buf, " %s", out->def->unit->name);
        if (out->last.quality != MF_GOOD)
            mf_buf_printf(buf, " (%s)", mf_quality_names[out->last.quality]);
    }
    mf_buf_putc(buf, '\n');
}

void mf_engine_print_status(const struct mf_engine *engine, struct mf_buf *buf)
{
    char why[200];

    mf_buf_printf(buf,
                  "generation %llu: %u nodes, %zu links, %llu turns, %zu timers, %zu waiting, %llu "
                  "values dropped\n",
                  (unsigned long long)engine->generation, engine->count, engine->link_count,
                  (unsigned long long)engine->sched.turn, engine->sched.heap_count,
                  mf_engine_waiting(engine), (unsigned long long)engine->sched.follow_ups_dropped);
    if (mf_engine_is_healthy(engine, why, sizeof(why)))
        mf_buf_puts(buf, "healthy\n");
    else
        mf_buf_printf(buf, "not healthy: %s\n", why);
    for (size_t i = 0; i < engine->link_count; i++)
        mf_buf_printf(buf, "%s (%s): %s%s%s\n", engine->links[i]->def->name,
                      engine->links[i]->kind->name, mf_link_phase_names[engine->links[i]->phase],
                      engine->links[i]->last_error[0] ? ": " : "", engine->links[i]->last_error);
    for (uint32_t i = 0; i < engine->count; i++)
        print_node(engine->nodes[i], buf);
}
