/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a node says: values, and quality alone.
 *
 * Quality is the engine's business, so that no transform can forget it: a message that is not good
 * does not reach the kind (unless its port says MF_PORT_ANY_AGE); the outputs are marked instead,
 * with their last value. When the inputs are good again, what the kind does not say anew is said
 * once more as good. Such a message is marked `is_again`: it restores the quality downstream, but
 * nothing counts it, toggles on it or writes it a second time.
 */

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/run/edge.h"
#include "engine/run/engine.h"

/* Now, or in a later turn: one value per port and turn, and none overtakes another. */
void mf_node_say_take(struct mf_node *node, unsigned output, struct mf_msg *msg)
{
    const struct mf_output *out = &node->outputs[output];

    if (!node->is_running || out->turn == node->sched->turn || out->waiting)
        mf_edge_follow_up_take(node, output, msg);
    else
        mf_edge_spread_take(node, output, msg);
}

/* ---- what a kind says ---- */

/* False: the value is of no use here and dropped. */
static bool fit_output(struct mf_node *node, const struct mf_out_def *def, struct mf_msg *msg)
{
    char wanted[96];
    unsigned came = msg->value.type;

    if (came == MF_INT && (def->types & MF_T(MF_NUMBER))) {
        msg->value = mf_value_number((double)msg->value.integer);
        return true;
    }
    mf_msg_drop(msg);
    if (msg->quality != MF_GOOD)
        return true;
    mf_node_reject(node, mf_reason_type, "%s is wanted, %s came",
                   mf_types_print(def->types, wanted), mf_value_type_names[came]);
    return false;
}

/* The node is not fed well, or with nothing new. */
static void lower(struct mf_node *node, const struct mf_output *out, struct mf_msg *msg)
{
    if (node->worst > msg->quality) {
        msg->quality = node->worst;
        msg->reason = node->worst_reason;
        msg->is_lowered = true;
    }
    if (node->is_again && out->is_known && !out->is_dirty &&
        mf_value_equal(&msg->value, &out->last.value))
        msg->is_again = true;
}

static void emit_take(struct mf_node *node, unsigned output, struct mf_msg *msg)
{
    const struct mf_output *out = &node->outputs[output];
    const struct mf_out_def *def = out->def;

    if (!mf_msg_is_finite(msg))
        mf_msg_make_bad(msg, mf_reason_nan);
    if (!(def->types & MF_T(msg->value.type)) && !fit_output(node, def, msg))
        return;
    if (def->is_converted)
        mf_msg_convert(msg, &def->convert);
    if (node->worst | node->is_again)
        lower(node, out, msg);
    mf_node_say_take(node, output, msg);
}

static inline struct mf_msg fresh(struct mf_node *node, struct mf_value value)
{
    struct mf_msg msg = {.value = value, .time = node->emit_time, .cause = node->emit_cause};

    if (!node->is_running)
        msg.time = mf_clock_wall(&node->sched->clock);
    return msg;
}

void mf_emit_take_fully(struct mf_node *node, unsigned out, struct mf_value value)
{
    struct mf_msg msg = fresh(node, value);

    if (mf_msg_is_finite(&msg))
        emit_take(node, out, &msg);
    else
        mf_node_emit_bad(node, out, MF_BAD, mf_reason_nan);
}

void mf_emit_number_fully(struct mf_node *node, unsigned out, double number)
{
    mf_emit_take_fully(node, out, mf_value_number(number));
}

void mf_emit_msg_fully(struct mf_node *node, unsigned out, const struct mf_msg *msg)
{
    struct mf_msg copy = mf_msg_copy(msg);

    copy.is_lowered = false;
    emit_take(node, out, &copy);
}

void mf_node_emit_take_at(struct mf_node *node, unsigned out, struct mf_value value, int64_t time)
{
    struct mf_msg msg = fresh(node, value);

    msg.time = time;
    emit_take(node, out, &msg);
}

/* ---- quality alone ---- */

/* The last value is in the unit of the output already: it is not converted a second time. Its time
 * is when it was true. */
static void say_last(struct mf_node *node, unsigned output, enum mf_quality quality,
                     const char *reason, bool is_lowered)
{
    const struct mf_output *out = &node->outputs[output];
    struct mf_msg msg = fresh(node, mf_value_copy(out->last.value));

    if (msg.value.type != MF_NULL)
        msg.time = out->last.time;
    msg.quality = (uint8_t)quality;
    msg.reason = reason;
    msg.is_lowered = is_lowered;
    msg.is_again = quality != MF_GOOD || !out->is_dirty;
    mf_node_say_take(node, output, &msg);
}

void mf_node_emit_bad(struct mf_node *node, unsigned out, enum mf_quality quality,
                      const char *reason)
{
    say_last(node, out, quality, reason, false);
}

/* A node's own verdict stays where it is the worse one. */
void mf_node_degrade(struct mf_node *node)
{
    if (node->worst == MF_GOOD)
        return;
    for (unsigned i = 0; i < node->def->out_count; i++) {
        const struct mf_output *out = &node->outputs[i];

        if (out->is_known && out->last.quality >= node->worst &&
            (!out->is_lowered ||
             (out->last.quality == node->worst && out->last.reason == node->worst_reason)))
            continue;
        say_last(node, i, node->worst, node->worst_reason, true);
    }
}

void mf_node_lose(struct mf_node *node, enum mf_quality quality, const char *reason)
{
    for (unsigned i = 0; i < node->def->out_count; i++)
        if (!node->outputs[i].is_known || node->outputs[i].last.quality < quality)
            say_last(node, i, quality, reason, true);
}

void mf_node_recover(struct mf_node *node, const char *reason)
{
    node->has_lowered = false;
    for (unsigned i = 0; i < node->def->out_count; i++) {
        const struct mf_output *out = &node->outputs[i];

        /* What it has said meanwhile is newer than the last value. */
        if (!out->is_lowered || out->turn == node->sched->turn || out->waiting ||
            out->last.value.type == MF_NULL || (reason && out->last.reason != reason))
            continue;
        say_last(node, i, MF_GOOD, NULL, false);
    }
}

void mf_node_reject(struct mf_node *node, const char *reason, const char *fmt, ...)
{
    struct mf_buf text = {.limit = 400};
    va_list args;

    node->rejected++;
    va_start(args, fmt);
    mf_buf_vprintf(&text, fmt, args);
    va_end(args);
    mf_node_log(node, MF_LOG_WARNING, "%s", mf_buf_text(&text));
    if (reason == mf_reason_script)
        mf_generation_script_failed(node, mf_buf_text(&text));
    mf_buf_done(&text);
    if (node->def->on_error == MF_ON_ERROR_DROP)
        return;
    for (unsigned i = 0; i < node->def->out_count; i++)
        say_last(node, i, MF_BAD, reason, true);
}
