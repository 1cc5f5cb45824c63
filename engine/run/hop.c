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

/* Field by field: a compound literal would be built beside and copied. */
static inline void set_number(struct mf_msg *msg, double number, const struct mf_node *node)
{
    msg->value.type = MF_NUMBER;
    msg->value.length = 0;
    msg->value.number = number;
    msg->time = node->emit_time;
    msg->reason = NULL;
    msg->cause = node->emit_cause;
    msg->quality = MF_GOOD;
    msg->is_again = msg->is_lowered = false;
}

void mf_node_emit_number(struct mf_node *node, unsigned out, double number)
{
    struct mf_output *output = &node->outputs[out];
    const struct mf_sched *sched = node->sched;

    if (!(node->is_calm & output->is_plain) || output->turn == sched->turn || output->waiting ||
        !isfinite(number) || output->last.value.length == MF_VALUE_BLOCK) {
        mf_node_emit_take(node, out, mf_value_number(number));
        return;
    }
    set_number(&output->last, number, node);
    output->turn = sched->turn;
    output->count++;
    output->is_known = true;
    output->is_lowered = output->is_dirty = false;
    if (output->is_direct && !sched->observe)
        mf_edge_deliver_alone(output->edges->to, MF_GOOD);
    else
        mf_edge_pass_on(node, output);
}
