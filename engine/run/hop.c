/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The short way of a message: a good number, from a node with one input to the next.
 *
 * Nearly all messages go this way, so it is kept apart from what else can happen (node.c, emit.c):
 * in one function with it the compiler saves registers for what is not done. Measured with
 * tests/bench/hop.py.
 */

#include <math.h>

#include "engine/run/edge.h"
#include "engine/run/engine.h"

void mf_node_turn(struct mf_node *node)
{
    const struct mf_msg *msg = node->messages;

    if (node->trouble || !node->pending_first || (msg->quality | msg->is_again)) {
        mf_node_turn_fully(node);
        return;
    }
    node->pending_first = node->pending_last = 0;
    node->inputs->is_pending = false;
    node->turns++;
    node->emit_time = msg->time;
    node->emit_cause = msg->cause;
    node->is_running = node->is_calm = true;
    node->kind->receive(node, node->port, msg);
    node->is_running = node->is_calm = false;
}

/* Nothing is to be done to a value of this type on its way out, and it need not wait. */
static inline bool may_go(const struct mf_node *node, const struct mf_output *out, unsigned type)
{
    return node->is_calm && (out->plain & MF_T(type)) && out->turn != node->sched->turn;
}

static inline void go(struct mf_node *node, struct mf_output *out)
{
    out->turn = node->sched->turn;
    out->count++;
    out->is_known = true;
    out->is_lowered = out->is_dirty = false;
    if (out->is_direct)
        mf_edge_deliver_alone(out->edges->to, MF_GOOD);
    else
        mf_edge_pass_on(node, out);
}

static inline void set_facts(struct mf_msg *msg, const struct mf_node *node)
{
    msg->time = node->emit_time;
    msg->reason = NULL;
    msg->cause = node->emit_cause;
    msg->quality = MF_GOOD;
    msg->is_again = msg->is_lowered = false;
}

/* Field by field: a value made beside would be copied. */
void mf_node_emit_number(struct mf_node *node, unsigned out, double number)
{
    struct mf_output *output = &node->outputs[out];
    struct mf_value *value = &output->last.value;

    if (!may_go(node, output, MF_NUMBER) || !isfinite(number) || value->length == MF_VALUE_BLOCK) {
        mf_emit_number_fully(node, out, number);
        return;
    }
    value->type = MF_NUMBER;
    value->length = 0;
    value->number = number;
    set_facts(&output->last, node);
    go(node, output);
}

void mf_node_emit_take(struct mf_node *node, unsigned out, struct mf_value value)
{
    struct mf_output *output = &node->outputs[out];

    if (!may_go(node, output, value.type) || (value.type == MF_NUMBER && !isfinite(value.number))) {
        mf_emit_take_fully(node, out, value);
        return;
    }
    mf_value_drop(output->last.value);
    output->last.value = value;
    set_facts(&output->last, node);
    go(node, output);
}

void mf_node_emit_bool(struct mf_node *node, unsigned out, bool value)
{
    mf_node_emit_take(node, out, mf_value_bool(value));
}

void mf_node_emit_int(struct mf_node *node, unsigned out, int64_t value)
{
    mf_node_emit_take(node, out, mf_value_int(value));
}

void mf_node_emit_msg(struct mf_node *node, unsigned out, const struct mf_msg *msg)
{
    struct mf_output *output = &node->outputs[out];
    struct mf_value old = output->last.value;

    if (!may_go(node, output, msg->value.type) || (msg->quality | msg->is_again) ||
        !mf_msg_is_finite(msg)) {
        mf_emit_msg_fully(node, out, msg);
        return;
    }
    output->last = *msg;
    output->last.is_lowered = false;
    mf_value_copy(msg->value);
    mf_value_drop(old);
    go(node, output);
}
