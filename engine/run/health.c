/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See health.h. Each question is a function that says all it finds. */

#include "engine/run/health.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/run/store.h"

struct finder {
    void (*say)(void *arg, const char *reason);
    void *arg;
    size_t count;
};

static void found(struct finder *finder, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void found(struct finder *finder, const char *fmt, ...)
{
    char reason[240];
    va_list args;

    finder->count++;
    if (!finder->say)
        return;
    va_start(args, fmt);
    vsnprintf(reason, sizeof(reason), fmt, args);
    va_end(args);
    finder->say(finder->arg, reason);
}

static void look_at_link(struct finder *finder, const struct mf_link *link)
{
    if (link->phase != MF_LINK_UP && link->phase != MF_LINK_NEW)
        found(finder, "link `%s` is %s", link->def->name, mf_link_phase_names[link->phase]);
}

static void look_at_values(struct finder *finder, const struct mf_node *node)
{
    for (unsigned i = 0; i < node->def->out_count; i++) {
        const struct mf_output *out = &node->outputs[i];
        bool is_only = node->def->out_count == 1;

        if (out->is_known && out->last.quality != MF_GOOD)
            found(finder, "`%s%s%s` is %s (%s)", node->def->name, is_only ? "" : ".",
                  is_only ? "" : out->def->name, mf_quality_names[out->last.quality],
                  out->last.reason ? out->last.reason : "?");
    }
}

static void look_at_queue(struct finder *finder, const struct mf_node *node)
{
    struct mf_queue_stats stats = mf_queue_stats(node->queue);
    int64_t now = mf_clock_mono(&node->sched->clock) + 1;

    if (stats.limit && stats.bytes >= stats.limit / 100 * MF_HEALTH_SPOOL)
        found(finder, "`%s` does not deliver: its spool has %lld of %lld bytes", node->def->name,
              (long long)stats.bytes, (long long)stats.limit);
    if (node->def->queue.mode == MF_QUEUE_FIFO && mf_queue_is_high(node->queue))
        found(finder, "`%s` does not deliver: %zu messages wait, of %zu", node->def->name,
              stats.waiting + stats.in_flight, stats.capacity);
    if (node->lost_at && now - node->lost_at < MF_HEALTH_MEMORY)
        found(finder, "`%s` has lost messages: %llu dropped, %llu refused", node->def->name,
              (unsigned long long)stats.dropped, (unsigned long long)stats.refused);
}

static void look_at_node(struct finder *finder, const struct mf_node *node)
{
    if (!node->def->health)
        return;
    if (node->phase == MF_NODE_FAILED)
        found(finder, "node `%s` failed", node->def->name);
    else if (node->kind->flags & MF_KIND_SOURCE)
        look_at_values(finder, node);
    if (node->guard && node->guard->hand == MF_HAND_FAILSAFE)
        found(finder, "`%s` is at its failsafe value", node->def->name);
    if (node->queue)
        look_at_queue(finder, node);
}

size_t mf_engine_reasons(const struct mf_engine *engine, void (*say)(void *arg, const char *reason),
                         void *arg)
{
    struct finder finder = {say, arg, 0};

    if (engine->store && engine->store->metrics.is_failing)
        found(&finder, "what is kept is not safe: %s", engine->store->metrics.error);
    if (engine->is_fallback)
        found(&finder, "generation %llu runs as it was kept: the files have errors",
              (unsigned long long)engine->live.number);
    else if (engine->last_refused)
        found(&finder, "the last reload was refused: generation %llu runs, not what the files say",
              (unsigned long long)engine->live.number);
    for (size_t i = 0; i < engine->link_count; i++)
        look_at_link(&finder, engine->links[i]);
    for (uint32_t i = 0; i < engine->count; i++)
        look_at_node(&finder, engine->nodes[i]);
    return finder.count;
}

struct first {
    char *why;
    size_t size;
    bool is_said;
};

static void take_first(void *arg, const char *reason)
{
    struct first *first = arg;

    if (!first->is_said)
        snprintf(first->why, first->size, "%s", reason);
    first->is_said = true;
}

bool mf_engine_is_healthy(const struct mf_engine *engine, char *why, size_t why_size)
{
    struct first first = {why, why_size, false};

    return mf_engine_reasons(engine, take_first, &first) == 0;
}
