/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See trace.h: what a sink remembers of what it wrote. */

#include "engine/base/alloc.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/run/trace_priv.h"

struct mf_trail {
    struct mf_value entries[MF_TRAIL];
    uint64_t count;       /* so far; the next one takes entries[count % MF_TRAIL] */
    int64_t next;         /* mono; earlier ones are not kept where there is no guard */
    struct mf_value last; /* that was kept */
    size_t *total;        /* memory of all trails of the engine */
};

static bool is_worth_it(const struct mf_trail *trail, const struct mf_node *node,
                        const struct mf_msg *msg)
{
    if (!trail->count)
        return true;
    if (!node->guard && node->sched->mono < trail->next)
        return false;
    return !mf_value_equal(&trail->last, &msg->value);
}

static struct mf_value entry(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    const struct mf_unit *unit = node->def->in_count ? node->def->ins[input].unit : NULL;
    int64_t now = mf_clock_wall(&node->sched->clock);
    const struct mf_node *nodes[MF_TRAIL_NODES];
    struct mf_chain chain = {
        .nodes = nodes,
        .max_nodes = MF_TRAIL_NODES,
        .max_depth = MF_TRAIL_DEPTH,
        .now = now,
    };
    char time[MF_TIME_TEXT];
    struct mf_builder map;

    mf_time_print(now, time);
    mf_build_start(&map);
    mf_build_take_field(&map, "time", mf_value_new_text(time));
    mf_build_take_field(&map, "value", mf_value_copy(msg->value));
    mf_build_take_field(&map, "unit", unit ? mf_value_new_text(unit->name) : mf_value_null());
    mf_build_take_field(&map, "chain",
                        *node->trail->total < MF_TRAIL_MEMORY ? mf_chain_look(&chain, node, 0)
                                                              : mf_value_null());
    return mf_build_end_map(&map);
}

void mf_trail_note(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_trail *trail = node->trail;
    struct mf_value *slot;

    if (!trail) {
        trail = node->trail = mf_zalloc(sizeof(*trail));
        trail->total = &node->sched->trail_bytes;
    }
    if (!is_worth_it(trail, node, msg))
        return;
    slot = &trail->entries[trail->count++ % MF_TRAIL];
    *trail->total -= mf_value_size(slot);
    mf_value_drop(*slot);
    *slot = entry(node, input, msg);
    *trail->total += mf_value_size(slot);
    mf_value_drop(trail->last);
    trail->last = mf_value_copy(msg->value);
    trail->next = node->sched->mono + MF_TRAIL_PACE;
}

struct mf_value mf_node_trail(const struct mf_node *node)
{
    const struct mf_trail *trail = node->trail;
    struct mf_builder list;

    mf_build_start(&list);
    for (uint64_t i = 1; trail && i <= MF_TRAIL && i <= trail->count; i++)
        mf_build_take_item(&list, mf_value_copy(trail->entries[(trail->count - i) % MF_TRAIL]));
    return mf_build_end_list(&list);
}

/* A copy: the reload may still fail. */
void mf_trail_inherit(struct mf_node *node, const struct mf_node *old)
{
    if (!old->trail || node->kind != old->kind)
        return;
    node->trail = mf_alloc(sizeof(*node->trail));
    *node->trail = *old->trail;
    for (unsigned i = 0; i < MF_TRAIL; i++) {
        mf_value_copy(node->trail->entries[i]);
        *node->trail->total += mf_value_size(&node->trail->entries[i]);
    }
    mf_value_copy(node->trail->last);
}

void mf_trail_free(struct mf_trail *trail)
{
    if (!trail)
        return;
    for (unsigned i = 0; i < MF_TRAIL; i++) {
        *trail->total -= mf_value_size(&trail->entries[i]);
        mf_value_drop(trail->entries[i]);
    }
    mf_value_drop(trail->last);
    mf_free(trail);
}
