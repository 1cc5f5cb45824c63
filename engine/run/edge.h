/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Edges: how a message gets from an output into the inputs that read it.
 *
 * The usual case, a good message for a node with one input, is inline here, because every hop of
 * every message takes this way; the rest is in edge.c.
 */

#include <math.h>

#include "engine/run/sched.h"

/* ---- messages ---- */

static inline void mf_msg_make_bad(struct mf_msg *msg, const char *reason)
{
    mf_msg_drop(msg);
    msg->quality = MF_BAD;
    msg->reason = reason;
    msg->is_again = false;
}

static inline bool mf_msg_is_finite(const struct mf_msg *msg)
{
    return msg->value.type != MF_NUMBER || isfinite(msg->value.number);
}

/* The unit of the other side; a number that gets too large for it is bad. */
static inline void mf_msg_convert(struct mf_msg *msg, const struct mf_linear *by)
{
    if (!(MF_T(msg->value.type) & MF_T_NUMERIC))
        return;
    msg->value = mf_value_number(by->mul * mf_value_as_number(&msg->value) + by->add);
    if (!mf_msg_is_finite(msg))
        mf_msg_make_bad(msg, mf_reason_range);
}

/* ---- edges ---- */

void mf_edge_travel(struct mf_node *to, unsigned input, const struct mf_msg *msg);
/* After a message was stored that is the first or not good, or met others that are not. */
void mf_edge_take_note(struct mf_node *to, unsigned input);

void mf_edge_deliver_slowly(struct mf_node *to);

static inline void mf_edge_deliver_alone(struct mf_node *to, unsigned quality)
{
    if (to->is_wary | quality) {
        mf_edge_deliver_slowly(to);
        return;
    }
    to->pending_first = to->pending_last = 1;
    mf_sched_mark_ready(to->sched, to);
}

/* Carries what was said last along all edges. */
void mf_edge_pass_on(struct mf_node *node, struct mf_output *out);
/* The long ways of mf_node_emit_number(), …_take() and …_msg(). */
void mf_emit_number_fully(struct mf_node *node, unsigned out, double number);
void mf_emit_take_fully(struct mf_node *node, unsigned out, struct mf_value value);
void mf_emit_msg_fully(struct mf_node *node, unsigned out, const struct mf_msg *msg);
/* The output says it now; the message is taken. */
void mf_edge_spread_take(struct mf_node *node, unsigned output, struct mf_msg *msg);
/* Says it as it is, now or, where that cannot be, in a later turn; the message is taken. */
void mf_node_say_take(struct mf_node *node, unsigned output, struct mf_msg *msg);
/* Waits for a later turn; the message is taken. */
void mf_edge_follow_up_take(struct mf_node *node, unsigned output, struct mf_msg *msg);
/* News of a source that may get stale. */
void mf_edge_note_news(struct mf_node *node, const struct mf_output *out);
