/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See past.h. */

#include "engine/run/past.h"

#include "engine/base/alloc.h"
#include "engine/run/state.h"

struct mf_past *mf_past_new(uint64_t generation, size_t count)
{
    struct mf_past *past = mf_zalloc(sizeof(*past));

    past->generation = generation;
    past->nodes = mf_calloc_array(count + 1, sizeof(*past->nodes));
    past->count = count;
    return past;
}

static void say_lost_letters(const struct mf_past_node *node)
{
    struct mf_queue_stats stats = mf_queue_stats(node->queue);

    if (stats.waiting + stats.in_flight)
        mf_log(MF_LOG_WARNING, node->def->name, "%zu messages that nobody took go with this node",
               stats.waiting + stats.in_flight);
}

void mf_past_free(struct mf_past *past)
{
    if (!past)
        return;
    for (size_t i = 0; i < past->count; i++) {
        struct mf_past_node *node = &past->nodes[i];

        mf_value_drop(node->fields);
        if (node->queue)
            say_lost_letters(node);
        mf_queue_free(node->queue);
    }
    mf_map_done(&past->by_name);
    mf_free(past->nodes);
    mf_free(past);
}

void mf_past_save(struct mf_past *past, size_t i, const struct mf_node *node)
{
    struct mf_past_node *kept = &past->nodes[i];
    struct mf_state_out out = {0};

    kept->def = node->def;
    kept->is_broken = node->phase == MF_NODE_FAILED || node->sched->engine->trial.failed == node;
    mf_map_add(&past->by_name, node->def->name, kept);
    if (!node->kind->save || !node->kind->restore)
        return;
    mf_build_start(&out.fields);
    node->kind->save(node, &out);
    kept->fields = mf_build_end_map(&out.fields);
    kept->has_fields = true;
}
