/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Messages on their way: what a node emits, along its edges, into the inputs of others; and how
 * quality travels.
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
#include "engine/run/engine.h"
#include "engine/run/sched.h"

/* ---- into an input ---- */

/* Of several edges into one port only the last one to speak counts: they are one stream. */
static void find_worst(struct mf_node *node)
{
    const struct mf_def *def = node->def;
    uint16_t newest[MF_NODE_PORTS] = {0};

    for (unsigned i = 0; i < def->in_count; i++) {
        unsigned port = def->ins[i].port, other;

        if (!node->inputs[i].is_known || port >= MF_NODE_PORTS)
            continue;
        other = newest[port];
        if (!other || (int32_t)(node->inputs[i].seq - node->inputs[other - 1].seq) > 0)
            newest[port] = (uint16_t)(i + 1);
    }
    node->worst = MF_GOOD;
    node->worst_reason = NULL;
    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_in_def *in = &def->ins[i];
        uint32_t flags = mf_kind_port(def, i)->flags;

        if (!node->inputs[i].is_known || node->messages[i].quality <= node->worst ||
            (flags & MF_PORT_ANY_AGE) || (!(flags & MF_PORT_NAMED) && newest[in->port] != i + 1))
            continue;
        node->worst = node->messages[i].quality;
        node->worst_reason = node->messages[i].reason;
    }
}

static void first_news(struct mf_node *node, unsigned input)
{
    const struct mf_in_def *in = &node->def->ins[input];

    node->inputs[input].is_known = true;
    if (!in->is_quiet && !(mf_kind_port(node->def, input)->flags & MF_PORT_OPTIONAL))
        node->unknown--;
}

static void store(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_input *in = &node->inputs[input];
    struct mf_msg *slot = &node->messages[input];
    struct mf_value old = slot->value;

    *slot = *msg;
    mf_value_copy(msg->value);
    mf_value_drop(old);
    in->turn = node->sched->turn;
    in->seq = node->arrivals++;
    if (!in->is_known)
        first_news(node, input);
    if (msg->quality | node->worst)
        find_worst(node);
}

void mf_node_deliver(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_input *in = &node->inputs[input];

    store(node, input, msg);
    if (in->is_pending)
        return; /* a node that failed has not come to it yet: the newer one counts */
    in->is_pending = true;
    in->next = 0;
    if (node->pending_last)
        node->inputs[node->pending_last - 1].next = (uint16_t)(input + 1);
    else
        node->pending_first = (uint16_t)(input + 1);
    node->pending_last = (uint16_t)(input + 1);
    mf_sched_mark_ready(node->sched, node);
}

void mf_node_deliver_quietly(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    store(node, input, msg);
}

/* ---- along an edge ---- */

static void push_late(struct mf_sched *sched, struct mf_node *to, unsigned input,
                      const struct mf_msg *msg)
{
    mf_grow(&sched->lates, &sched->late_cap, sched->late_count, sizeof(*sched->lates));
    sched->lates[sched->late_count++] = (struct mf_late){to, (uint16_t)input, mf_msg_copy(msg)};
}

static void make_bad(struct mf_msg *msg, const char *reason)
{
    mf_msg_drop(msg);
    msg->quality = MF_BAD;
    msg->reason = reason;
    msg->is_again = false;
}

static struct mf_value convert(struct mf_value value, const struct mf_linear *by)
{
    return mf_value_number(by->mul * mf_value_as_number(&value) + by->add);
}

static bool is_finite(const struct mf_value *value)
{
    return value->type != MF_NUMBER || isfinite(value->number);
}

/* What does not fit arrives as bad and without a value: no kind sees a type it did not ask for. */
static void fit_type(struct mf_node *to, unsigned input, struct mf_msg *msg)
{
    const struct mf_in_def *in = &to->def->ins[input];
    uint32_t types = in->types;
    char wanted[96];

    if ((in->to_number || in->is_converted) && (types & MF_T(MF_NUMBER)))
        types |= MF_T(MF_INT);
    if (types & MF_T(msg->value.type))
        return;
    if (msg->quality != MF_GOOD) {
        mf_msg_drop(msg);
        return;
    }
    to->rejected++;
    mf_node_log(to, MF_LOG_WARNING, "`%s` gave %s where %s is wanted", in->from->name,
                mf_value_type_names[msg->value.type], mf_types_print(in->types, wanted));
    make_bad(msg, mf_reason_type);
}

/* An edge into the past: previous(), or a late one that closes a loop. Doubt does not travel along
 * it, or a loop that was in doubt once would keep itself there for ever. */
static bool leads_back(const struct mf_node *to, const struct mf_in_def *in)
{
    return in->is_late && (in->is_quiet || in->from->order >= to->def->order);
}

static void travel(struct mf_node *to, unsigned input, const struct mf_msg *msg)
{
    const struct mf_in_def *in = &to->def->ins[input];
    struct mf_msg copy;

    if (msg->quality != MF_GOOD && leads_back(to, in))
        return;
    copy = mf_msg_copy(msg);
    if (in->is_checked)
        fit_type(to, input, &copy);
    if (in->to_number && copy.value.type == MF_INT)
        copy.value = mf_value_number((double)copy.value.integer);
    if (in->is_converted && (MF_T(copy.value.type) & MF_T_NUMERIC)) {
        copy.value = convert(copy.value, &in->convert);
        if (!is_finite(&copy.value))
            make_bad(&copy, mf_reason_range);
    }
    if (in->is_late)
        push_late(to->sched, to, input, &copy);
    else if (in->is_quiet)
        mf_node_deliver_quietly(to, input, &copy);
    else
        mf_node_deliver(to, input, &copy);
    mf_msg_drop(&copy);
}

/* Kinds that treat each message on its own are left out: a counter must not count an old value as
 * a new one. Kinds that combine inputs run. */
void mf_node_greet(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    if (node->kind->run)
        travel(node, input, msg);
}

/* ---- out of an output ---- */

static void note_news(struct mf_node *node, struct mf_output *out)
{
    struct mf_timer *timer = &mf_node_stale_timer(node)->timer;

    if (!out->last.is_again)
        node->last_news = node->sched->mono;
    if (!timer->pos)
        mf_timer_arm(node->sched, timer, node->last_news + node->def->stale);
}

void mf_node_spread_take(struct mf_node *node, unsigned output, struct mf_msg msg)
{
    struct mf_output *out = &node->outputs[output];
    struct mf_sched *sched = node->sched;
    struct mf_value old = out->last.value;

    out->last = msg;
    mf_value_drop(old);
    out->turn = sched->turn;
    out->count++;
    out->is_known = true;
    out->is_lowered = msg.is_lowered;
    if (msg.quality == MF_GOOD) {
        out->is_dirty = false;
        if (node->def->stale)
            note_news(node, out);
    } else if (!msg.is_again) {
        out->is_dirty = true;
    }
    if (sched->observe)
        sched->observe(sched->observe_arg, node, output, &out->last);
    for (unsigned i = 0; i < out->edge_count; i++) {
        const struct mf_edge *edge = &out->edges[i];

        if (edge->is_special)
            travel(edge->to, edge->input, &out->last);
        else
            mf_node_deliver(edge->to, edge->input, &out->last);
    }
}

static void grow_follow_ups(struct mf_sched *sched)
{
    size_t cap = sched->follow_cap ? 2 * sched->follow_cap : 64;
    struct mf_follow_up *ring;

    if (sched->follow_count < sched->follow_cap)
        return;
    ring = mf_calloc_array(cap, sizeof(*ring));
    for (size_t i = 0; i < sched->follow_count; i++)
        ring[i] = sched->follow_ups[(sched->follow_first + i) & (sched->follow_cap - 1)];
    mf_free(sched->follow_ups);
    sched->follow_ups = ring;
    sched->follow_cap = cap;
    sched->follow_first = 0;
}

/* Waits for a later turn. */
static void follow_up_take(struct mf_node *node, unsigned output, struct mf_msg msg)
{
    struct mf_sched *sched = node->sched;

    if (node->phase == MF_NODE_STOPPED) {
        mf_msg_drop(&msg);
        return;
    }
    if (sched->follow_count == MF_SCHED_FOLLOW_UPS) {
        sched->follow_ups_dropped++;
        mf_log_limited(&sched->drop_rate, mf_clock_mono(&sched->clock), MF_LOG_ERROR,
                       node->def->name,
                       "a value was dropped: %d values wait for their turn, which is the limit; "
                       "does the node answer itself?",
                       MF_SCHED_FOLLOW_UPS);
        mf_msg_drop(&msg);
        return;
    }
    grow_follow_ups(sched);
    sched->follow_ups[(sched->follow_first + sched->follow_count++) & (sched->follow_cap - 1)] =
        (struct mf_follow_up){node, (uint16_t)output, msg};
    node->outputs[output].waiting++;
    if (!sched->in_turn)
        mf_engine_wake(sched->engine);
}

/* Now, or in a later turn: one value per port and turn, and none overtakes another. */
static inline void say_take(struct mf_node *node, unsigned output, struct mf_msg msg)
{
    const struct mf_output *out = &node->outputs[output];

    if (!node->is_running || out->turn == node->sched->turn || out->waiting)
        follow_up_take(node, output, msg);
    else
        mf_node_spread_take(node, output, msg);
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

static void emit_take(struct mf_node *node, unsigned output, struct mf_msg msg)
{
    const struct mf_output *out = &node->outputs[output];
    const struct mf_out_def *def = out->def;

    if (!(def->types & MF_T(msg.value.type)) && !fit_output(node, def, &msg))
        return;
    if (def->is_converted && (MF_T(msg.value.type) & MF_T_NUMERIC)) {
        msg.value = convert(msg.value, &def->convert);
        if (!is_finite(&msg.value))
            make_bad(&msg, mf_reason_range);
    }
    if (node->worst | node->is_again)
        lower(node, out, &msg);
    say_take(node, output, msg);
}

static inline struct mf_msg fresh(struct mf_node *node, struct mf_value value)
{
    struct mf_msg msg = {.value = value, .time = node->emit_time, .cause = node->emit_cause};

    if (!node->is_running)
        msg.time = mf_clock_wall(&node->sched->clock);
    return msg;
}

void mf_node_emit_take(struct mf_node *node, unsigned out, struct mf_value value)
{
    if (is_finite(&value))
        emit_take(node, out, fresh(node, value));
    else
        mf_node_emit_bad(node, out, MF_BAD, mf_reason_nan);
}

void mf_node_emit_number(struct mf_node *node, unsigned out, double number)
{
    mf_node_emit_take(node, out, mf_value_number(number));
}

void mf_node_emit_bool(struct mf_node *node, unsigned out, bool value)
{
    emit_take(node, out, fresh(node, mf_value_bool(value)));
}

void mf_node_emit_int(struct mf_node *node, unsigned out, int64_t value)
{
    emit_take(node, out, fresh(node, mf_value_int(value)));
}

void mf_node_emit_msg(struct mf_node *node, unsigned out, const struct mf_msg *msg)
{
    struct mf_msg copy = mf_msg_copy(msg);

    copy.is_lowered = false;
    if (!is_finite(&copy.value))
        make_bad(&copy, mf_reason_nan);
    emit_take(node, out, copy);
}

void mf_node_emit_take_at(struct mf_node *node, unsigned out, struct mf_value value, int64_t time)
{
    struct mf_msg msg = fresh(node, value);

    msg.time = time;
    if (!is_finite(&msg.value))
        make_bad(&msg, mf_reason_nan);
    emit_take(node, out, msg);
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
    say_take(node, output, msg);
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
    for (unsigned i = 0; i < node->def->out_count; i++) {
        const struct mf_output *out = &node->outputs[i];

        if (!out->is_lowered || out->turn == node->sched->turn || out->last.value.type == MF_NULL ||
            (reason && out->last.reason != reason))
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
    mf_buf_done(&text);
    if (node->def->on_error == MF_ON_ERROR_DROP)
        return;
    for (unsigned i = 0; i < node->def->out_count; i++)
        say_last(node, i, MF_BAD, reason, true);
}
