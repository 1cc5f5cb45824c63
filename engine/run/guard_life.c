/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Guarded outputs: how they come and go, at a reload too, and how they look. */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"

const char *const mf_held_names[MF_HELD_KINDS] = {
    "limit",    "ramp",      "override", "priority", "no good value",
    "failsafe", "read-only", "link",     "refused",
};

struct mf_guard *mf_guard_new(struct mf_node *node)
{
    struct mf_guard *guard;

    if (!node->def->guard)
        return NULL;
    guard = mf_zalloc(sizeof(*guard));
    guard->node = node;
    guard->timer.fire = mf_guard_fired;
    guard->inputs = mf_calloc_array(node->def->in_count + 1, sizeof(*guard->inputs));
    for (unsigned i = 0; i < node->def->in_count; i++)
        guard->inputs[i].heard = INT64_MIN;
    guard->fed = INT64_MIN;
    return guard;
}

void mf_guard_free(struct mf_guard *guard)
{
    if (!guard)
        return;
    mf_timer_disarm(guard->node->sched, &guard->timer);
    mf_value_drop(guard->manual);
    mf_value_drop(guard->wanted);
    mf_value_drop(guard->sent);
    mf_value_drop(guard->written);
    mf_free(guard->inputs);
    mf_free(guard);
}

/* ---- reload ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* In the unit of the new one. False: it makes no sense there. */
static bool carry(const struct mf_guard_def *from, const struct mf_guard_def *to,
                  const struct mf_value *value, struct mf_value *ret)
{
    struct mf_linear linear = {1, 0};

    if (!(MF_T(value->type) & MF_T_NUMERIC)) {
        *ret = to->types & MF_T(value->type) ? mf_value_copy(*value) : mf_value_null();
        return ret->type != MF_NULL;
    }
    if (!(to->types & MF_T_NUMERIC) || !from->unit != !to->unit ||
        (from->unit && !mf_unit_convert(from->unit, to->unit, false, &linear)))
        return false;
    *ret = linear.mul == 1 && linear.add == 0
               ? *value
               : mf_value_number(linear.mul * mf_value_as_number(value) + linear.add);
    return true;
}

static void inherit_inputs(struct mf_node *node, const struct mf_node *old)
{
    for (unsigned i = 0; i < node->def->in_count; i++)
        for (unsigned k = 0; k < old->def->in_count; k++)
            if (same_text(node->def->ins[i].label, old->def->ins[k].label) &&
                same_text(node->def->ins[i].from->name, old->def->ins[k].from->name))
                node->guard->inputs[i].heard = old->guard->inputs[k].heard;
}

void mf_guard_inherit(struct mf_node *node, const struct mf_node *old)
{
    const struct mf_guard_def *from = old->def->guard, *to = node->def->guard;
    const struct mf_guard *former = old->guard;
    struct mf_guard *guard = node->guard;

    if (!guard || !former || old->kind != node->kind || !same_text(from->target, to->target))
        return;
    guard->is_set = former->is_set && carry(from, to, &former->manual, &guard->manual);
    guard->manual_since = former->manual_since;
    guard->manual_until = former->manual_until;
    guard->has_written = former->has_written && carry(from, to, &former->written, &guard->written);
    guard->must_write = former->has_sent; /* it may or may not have arrived */
    guard->written_at = former->written_at;
    guard->tried_at = former->tried_at;
    guard->full_at = former->full_at;
    guard->fed = former->fed;
    guard->hand = former->hand;
    guard->was_held = former->was_held;
    guard->writes = former->writes;
    guard->refreshes = former->refreshes;
    guard->limited = former->limited;
    guard->failsafes = former->failsafes;
    inherit_inputs(node, old);
}

bool mf_guard_is_orphan(const struct mf_node *old, const struct mf_graph *graph)
{
    const struct mf_guard_def *guard = old->def->guard;
    const struct mf_def *heir = mf_map_get(&graph->by_name, old->def->name);

    if (heir && heir->guard && heir->kind == old->kind &&
        same_text(heir->guard->target, guard->target))
        return false;
    for (size_t i = 0; i < graph->count && guard->target; i++)
        if (graph->nodes[i]->guard && graph->nodes[i]->guard->target &&
            mf_guard_is_within(guard->target, graph->nodes[i]->guard->target))
            return false;
    return true;
}

/* ---- how it looks ---- */

static void describe_hand(const struct mf_node *node, struct mf_buf *buf)
{
    const struct mf_guard *guard = node->guard;

    if (guard->hand == MF_HAND_INPUT)
        mf_buf_printf(buf, " by `%s`", node->def->ins[guard->input].from->name);
    else if (guard->hand == MF_HAND_FAILSAFE)
        mf_buf_puts(buf, " as failsafe");
    if (!guard->is_set)
        return;
    mf_buf_puts(buf, guard->hand == MF_HAND_MANUAL ? ", set by hand" : ", set by hand to ");
    if (guard->hand != MF_HAND_MANUAL)
        mf_guard_print(node->def->guard, &guard->manual, buf);
    if (guard->manual_until == MF_NEVER)
        return;
    mf_buf_puts(buf, " for another ");
    mf_duration_print((guard->manual_until - mf_node_mono(node)) / MF_SEC * MF_SEC, buf);
}

void mf_guard_describe(const struct mf_node *node, struct mf_buf *buf)
{
    const struct mf_guard *guard = node->guard;
    uint32_t held = guard->held & ~(uint32_t)MF_HELD_MANUAL;
    bool is_first = true;

    if (guard->has_written)
        mf_guard_print(node->def->guard, &guard->written, buf);
    else
        mf_buf_puts(buf, "nothing written yet");
    describe_hand(node, buf);
    for (unsigned i = 0; i < MF_HELD_KINDS; i++) {
        if (!(held >> i & 1))
            continue;
        mf_buf_printf(buf, "%s%s", is_first ? "; held by " : ", ", mf_held_names[i]);
        is_first = false;
    }
}
