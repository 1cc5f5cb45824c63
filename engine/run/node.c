/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A live node: its share of a turn, what it emits, and how quality travels.
 *
 * Quality is the engine's business, so that no transform can forget it: a
 * message that is not good does not reach the kind (unless its port says
 * MF_PORT_ANY_AGE); the outputs are marked instead, with their last value. When the
 * input is good again and the kind has nothing new to say (a deadband that did
 * not move), the last value is said again as good.
 */

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/engine.h"
#include "engine/run/pressure.h"
#include "engine/run/queue.h"
#include "engine/run/sched.h"

/* ---- life ---- */

static void timer_fired(struct mf_timer *timer)
{
    struct mf_node_timer *own = mf_list_entry(timer, struct mf_node_timer, timer);
    struct mf_node *node = own->node;

    if (node->phase != MF_NODE_RUNNING)
        return;
    node->fired |= (uint8_t)(1u << (own - node->timers));
    mf_sched_mark_ready(node->sched, node);
}

/* A source that has said nothing for too long. The timer is not moved with each emission: it looks
 * back when it runs out. */
static void stale_fired(struct mf_timer *timer)
{
    struct mf_node *node = mf_list_entry(timer, struct mf_node_timer, timer)->node;
    int64_t due = node->last_news + node->def->stale;

    if (due > node->sched->mono)
        mf_timer_arm(node->sched, timer, due);
    else
        mf_node_degrade(node, MF_STALE, mf_reason_timeout);
}

/* Config, inputs, outputs, timers and state in one block: a node is one allocation. */
struct mf_node *mf_node_new(struct mf_sched *sched, const struct mf_def *def)
{
    unsigned timers = def->kind->timers + 2;
    size_t inputs = def->in_count * (sizeof(struct mf_msg) + sizeof(struct mf_input));
    size_t outputs = def->out_count * sizeof(struct mf_output);
    size_t state = (def->kind->state_size + 15) & ~(size_t)15;
    size_t head = (sizeof(struct mf_node) + 15) & ~(size_t)15;
    char *block =
        mf_zalloc(head + state + outputs + timers * sizeof(struct mf_node_timer) + inputs);
    struct mf_node *node = (struct mf_node *)(void *)block;

    node->kind = def->kind;
    node->sched = sched;
    node->state = block + head;
    block += head + state;
    node->outputs = (struct mf_output *)(void *)block;
    block += outputs;
    node->timers = (struct mf_node_timer *)(void *)block;
    block += timers * sizeof(struct mf_node_timer);
    node->messages = (struct mf_msg *)(void *)block;
    node->inputs = (struct mf_input *)(void *)(block + def->in_count * sizeof(struct mf_msg));
    for (unsigned i = 0; i < timers; i++) {
        node->timers[i].node = node;
        node->timers[i].timer.fire = timer_fired;
    }
    node->stale_timer = &node->timers[timers - 2];
    node->stale_timer->timer.fire = stale_fired;
    node->retry_timer = &node->timers[timers - 1];
    node->retry_timer->timer.fire = mf_engine_retry_fired;
    if (def->kind->deliver)
        node->queue = mf_queue_new(def->queue);
    mf_node_adopt(node, def);
    for (unsigned i = 0; i < def->in_count; i++)
        if (!def->ins[i].is_quiet && !(mf_kind_port(def, i)->flags & MF_PORT_OPTIONAL))
            node->unknown++;
    return node;
}

void mf_node_adopt(struct mf_node *node, const struct mf_def *def)
{
    node->def = def;
    node->config = def->config;
    for (unsigned i = 0; i < def->out_count; i++)
        node->outputs[i].def = &def->outs[i];
}

void mf_node_free(struct mf_node *node)
{
    if (!node)
        return;
    for (unsigned i = 0; i < node->kind->timers + 2; i++)
        mf_timer_disarm(node->sched, &node->timers[i].timer);
    if (node->kind->destroy)
        node->kind->destroy(node);
    for (unsigned i = 0; i < node->def->in_count; i++)
        mf_msg_drop(&node->messages[i]);
    for (unsigned i = 0; i < node->def->out_count; i++)
        mf_msg_drop(&node->outputs[i].last);
    mf_queue_free(node->queue);
    mf_free(node);
}

int mf_node_start(struct mf_node *node, struct mf_error *err)
{
    int rc;

    node->phase = MF_NODE_RUNNING;
    node->last_news = mf_clock_mono(&node->sched->clock);
    node->wants_pull = node->kind->pull && !node->is_played;
    if (node->def->stale)
        mf_timer_arm(node->sched, &node->stale_timer->timer, node->last_news + node->def->stale);
    if (node->is_played || !node->kind->start)
        return 0;
    node->emit_time = mf_clock_wall(&node->sched->clock);
    rc = node->kind->start(node, err);
    if (rc < 0)
        node->phase = MF_NODE_FAILED;
    return rc;
}

void mf_node_stop(struct mf_node *node)
{
    for (unsigned i = 0; i < node->kind->timers + 2; i++)
        mf_timer_disarm(node->sched, &node->timers[i].timer);
    if (node->phase == MF_NODE_RUNNING && node->kind->stop && !node->is_played)
        node->kind->stop(node);
    node->phase = MF_NODE_STOPPED;
    node->wants_pull = false;
}

/* ---- inputs ---- */

/* Of several edges into one port only the last one to speak counts: they are one stream. */
static void find_worst(struct mf_node *node)
{
    const struct mf_def *def = node->def;

    node->worst = MF_GOOD;
    node->worst_reason = NULL;
    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_port *port = mf_kind_port(def, i);
        bool is_last = true;

        if (!node->inputs[i].is_known || (port->flags & MF_PORT_ANY_AGE) ||
            node->messages[i].quality <= node->worst)
            continue;
        if (!(port->flags & MF_PORT_NAMED))
            for (unsigned k = 0; k < def->in_count && is_last; k++)
                is_last = k == i || def->ins[k].port != def->ins[i].port ||
                          node->inputs[k].turn <= node->inputs[i].turn;
        if (!is_last)
            continue;
        node->worst = node->messages[i].quality;
        node->worst_reason = node->messages[i].reason;
    }
}

static void store(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_input *in = &node->inputs[input];
    struct mf_msg *slot = &node->messages[input];
    struct mf_value old = slot->value;

    *slot = *msg;
    slot->value = mf_value_copy(msg->value);
    mf_value_drop(old);
    in->turn = node->sched->turn;
    if (!in->is_known) {
        in->is_known = true;
        if (!node->def->ins[input].is_quiet &&
            !(mf_kind_port(node->def, input)->flags & MF_PORT_OPTIONAL))
            node->unknown--;
    }
    if (msg->quality != MF_GOOD || node->worst != MF_GOOD)
        find_worst(node);
}

void mf_node_deliver(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_input *in = &node->inputs[input];

    if (node->phase == MF_NODE_STOPPED)
        return;
    store(node, input, msg);
    if (in->is_pending || node->def->ins[input].is_quiet)
        return;
    in->is_pending = true;
    in->next = 0;
    if (node->pending_last)
        node->inputs[node->pending_last - 1].next = (uint16_t)(input + 1);
    else
        node->pending_first = (uint16_t)(input + 1);
    node->pending_last = (uint16_t)(input + 1);
    mf_sched_mark_ready(node->sched, node);
}

static void push_late(struct mf_sched *sched, struct mf_node *to, unsigned input,
                      const struct mf_msg *msg)
{
    mf_grow(&sched->lates, &sched->late_cap, sched->late_count, sizeof(*sched->lates));
    sched->lates[sched->late_count++] = (struct mf_late){to, (uint16_t)input, mf_msg_copy(msg)};
}

/* Conversion and checks on the way; what cannot be used arrives as bad. */
static void travel(struct mf_node *to, unsigned input, const struct mf_msg *msg)
{
    const struct mf_in_def *in = &to->def->ins[input];
    struct mf_msg copy = mf_msg_copy(msg);

    if (in->is_checked && copy.value.type != MF_NULL && copy.quality == MF_GOOD &&
        !(in->types & MF_T(copy.value.type)) && !(in->to_number && copy.value.type == MF_INT)) {
        char wanted[96];

        to->rejected++;
        mf_node_log(to, MF_LOG_WARNING, "`%s` gave %s where %s is wanted", in->from->name,
                    mf_value_type_names[copy.value.type], mf_types_print(in->types, wanted));
        mf_msg_drop(&copy);
        copy.quality = MF_BAD;
        copy.reason = mf_reason_type;
    }
    if (in->to_number && copy.value.type == MF_INT)
        copy.value = mf_value_number((double)copy.value.integer);
    if (in->is_converted && (MF_T(copy.value.type) & MF_T_NUMERIC))
        copy.value =
            mf_value_number(in->convert.mul * mf_value_as_number(&copy.value) + in->convert.add);
    if (in->is_late)
        push_late(to->sched, to, input, &copy);
    else
        mf_node_deliver(to, input, &copy);
    mf_msg_drop(&copy);
}

/* Stored without running the node when its kind treats each message on its own: a counter must not
 * count an old value as a new one. Kinds that combine inputs run. */
void mf_node_greet(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    if (node->kind->run)
        travel(node, input, msg);
}

/* ---- outputs ---- */

void mf_node_spread(struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct mf_output *out = &node->outputs[output];
    struct mf_sched *sched = node->sched;
    struct mf_value old = out->last.value;

    out->last = *msg;
    out->last.value = mf_value_copy(msg->value);
    mf_value_drop(old);
    out->turn = sched->turn;
    out->count++;
    out->is_known = true;
    if (msg->quality == MF_GOOD) {
        out->is_degraded = false;
        node->last_news = sched->mono;
        if (node->def->stale && !node->stale_timer->timer.pos)
            mf_timer_arm(sched, &node->stale_timer->timer, sched->mono + node->def->stale);
    }
    if (sched->observe)
        sched->observe(sched->observe_arg, node, output, msg);
    for (unsigned i = 0; i < out->edge_count; i++) {
        const struct mf_edge *edge = &out->edges[i];

        if (edge->is_special)
            travel(edge->to, edge->input, msg);
        else
            mf_node_deliver(edge->to, edge->input, msg);
    }
}

/* Waits for a later turn. */
static void take_follow_up(struct mf_node *node, unsigned output, struct mf_msg msg)
{
    struct mf_sched *sched = node->sched;

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
    if (sched->follow_count == sched->follow_cap) {
        size_t cap = sched->follow_cap ? 2 * sched->follow_cap : 64;
        struct mf_follow_up *ring = mf_calloc_array(cap, sizeof(*ring));

        for (size_t i = 0; i < sched->follow_count; i++)
            ring[i] = sched->follow_ups[(sched->follow_first + i) & (sched->follow_cap - 1)];
        mf_free(sched->follow_ups);
        sched->follow_ups = ring;
        sched->follow_cap = cap;
        sched->follow_first = 0;
    }
    sched->follow_ups[(sched->follow_first + sched->follow_count++) & (sched->follow_cap - 1)] =
        (struct mf_follow_up){node, (uint16_t)output, msg};
    if (!sched->in_turn)
        mf_engine_wake(sched->engine);
}

/* Type, unit and quality of what leaves the node; the message is taken. */
static void emit_take(struct mf_node *node, unsigned output, struct mf_msg msg)
{
    struct mf_output *out = &node->outputs[output];
    const struct mf_out_def *def = out->def;

    if (!(def->types & MF_T(msg.value.type)) && msg.quality == MF_GOOD) {
        if (msg.value.type == MF_INT && (def->types & MF_T(MF_NUMBER))) {
            msg.value = mf_value_number((double)msg.value.integer);
        } else {
            char wanted[96];
            unsigned came = msg.value.type;

            mf_msg_drop(&msg);
            mf_node_reject(node, mf_reason_type, "%s is wanted, %s came",
                           mf_types_print(def->types, wanted), mf_value_type_names[came]);
            return;
        }
    }
    if (def->is_converted && (MF_T(msg.value.type) & MF_T_NUMERIC))
        msg.value =
            mf_value_number(def->convert.mul * mf_value_as_number(&msg.value) + def->convert.add);
    if (node->worst > msg.quality) {
        msg.quality = node->worst;
        msg.reason = node->worst_reason;
        out->is_degraded = true;
    }
    if (!node->is_running || out->turn == node->sched->turn) {
        take_follow_up(node, output, msg);
        return;
    }
    mf_node_spread(node, output, &msg);
    mf_msg_drop(&msg);
}

static struct mf_msg fresh(struct mf_node *node, struct mf_value value)
{
    struct mf_msg msg = {.value = value, .time = node->emit_time, .cause = node->emit_cause};

    if (!node->is_running)
        msg.time = mf_clock_wall(&node->sched->clock);
    return msg;
}

void mf_node_emit_take(struct mf_node *node, unsigned out, struct mf_value value)
{
    if (value.type == MF_NUMBER && !isfinite(value.number))
        mf_node_emit_bad(node, out, MF_BAD, mf_reason_nan);
    else
        emit_take(node, out, fresh(node, value));
}

void mf_node_emit_number(struct mf_node *node, unsigned out, double number)
{
    mf_node_emit_take(node, out, mf_value_number(number));
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
    emit_take(node, out, mf_msg_copy(msg));
}

void mf_node_emit_take_at(struct mf_node *node, unsigned out, struct mf_value value, int64_t time)
{
    struct mf_msg msg = fresh(node, value);

    msg.time = time;
    emit_take(node, out, msg);
}

/* The last value is in the unit of the output already: no conversion a second time. */
static void emit_marked(struct mf_node *node, unsigned out, enum mf_quality quality,
                        const char *reason)
{
    struct mf_msg msg = fresh(node, mf_value_copy(node->outputs[out].last.value));

    msg.quality = quality;
    msg.reason = reason;
    if (quality == MF_STALE && node->outputs[out].is_known)
        msg.time = node->outputs[out].last.time; /* when it was last true */
    if (!node->is_running || node->outputs[out].turn == node->sched->turn) {
        take_follow_up(node, out, msg);
        return;
    }
    mf_node_spread(node, out, &msg);
    mf_msg_drop(&msg);
}

void mf_node_emit_bad(struct mf_node *node, unsigned out, enum mf_quality quality,
                      const char *reason)
{
    emit_marked(node, out, quality, reason);
}

void mf_node_degrade(struct mf_node *node, enum mf_quality quality, const char *reason)
{
    for (unsigned i = 0; i < node->def->out_count; i++) {
        struct mf_output *out = &node->outputs[i];

        if (out->is_degraded && out->last.quality == quality && out->last.reason == reason)
            continue;
        out->is_degraded = true;
        emit_marked(node, i, quality, reason);
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
        emit_marked(node, i, MF_BAD, reason);
}

/* ---- a turn ---- */

/* The one place through which everything written to the outside passes. */
static bool may_write(struct mf_node *node, const struct mf_msg *msg)
{
    if (!(node->kind->flags & (MF_KIND_SINK | MF_KIND_ACTUATOR)))
        return true;
    if (node->is_played)
        return false;
    if (mf_node_is_read_only(node)) {
        node->skipped++;
        return false;
    }
    return true;
}

static void enter_queue(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_letter letter = {
        .msg = mf_msg_copy(msg),
        .label = node->def->ins[input].label,
        .node_name = node->def->ins[input].from->name,
    };

    if (node->kind->stamp)
        node->kind->stamp(node, input, &letter);
    if (mf_queue_take(node->queue, &letter))
        mf_node_log(node, MF_LOG_WARNING,
                    "the queue of %lld messages is full: the oldest is dropped (%llu so far)",
                    (long long)node->def->queue.capacity,
                    (unsigned long long)mf_queue_stats(node->queue).dropped);
    mf_pressure_update(node);
    mf_node_wake(node);
}

static void receive(struct mf_node *node, unsigned input)
{
    const struct mf_msg *msg = &node->messages[input];
    const struct mf_port *port = mf_kind_port(node->def, input);

    node->current = (uint16_t)input;
    node->emit_time = msg->time;
    node->emit_cause = msg->cause;
    if (msg->quality != MF_GOOD && !(port->flags & MF_PORT_ANY_AGE)) {
        if (node->kind->flags & (MF_KIND_SINK | MF_KIND_ACTUATOR))
            node->skipped++;
        mf_node_degrade(node, node->worst, node->worst_reason);
        return;
    }
    if (!may_write(node, msg))
        return;
    if (node->queue)
        enter_queue(node, input, msg);
    else if (node->kind->receive)
        node->kind->receive(node, node->def->ins[input].port, msg);
}

/* After the input turned good: what the kind did not say anew is said again as good. */
static void recover(struct mf_node *node)
{
    for (unsigned i = 0; i < node->def->out_count; i++) {
        struct mf_output *out = &node->outputs[i];
        struct mf_msg msg;

        if (!out->is_degraded || out->turn == node->sched->turn)
            continue;
        out->is_degraded = false;
        if (out->last.value.type == MF_NULL)
            continue;
        msg = fresh(node, mf_value_copy(out->last.value));
        mf_node_spread(node, i, &msg);
        mf_msg_drop(&msg);
    }
}

static void receive_pending(struct mf_node *node)
{
    uint16_t next = node->pending_first;

    node->pending_first = node->pending_last = 0;
    while (next) {
        struct mf_input *in = &node->inputs[next - 1];
        unsigned input = next - 1u;

        next = in->next;
        in->is_pending = false;
        receive(node, input);
    }
}

static void run_pending(struct mf_node *node)
{
    uint16_t next = node->pending_first;
    int64_t newest = INT64_MIN;

    node->pending_first = node->pending_last = 0;
    while (next) {
        struct mf_input *in = &node->inputs[next - 1];
        const struct mf_msg *msg = &node->messages[next - 1];

        if (msg->time > newest) {
            newest = msg->time;
            node->emit_time = msg->time;
            node->emit_cause = msg->cause;
        }
        next = in->next;
        in->is_pending = false;
    }
    if (node->unknown)
        return;
    if (node->worst != MF_GOOD)
        mf_node_degrade(node, node->worst, node->worst_reason);
    else
        node->kind->run(node);
}

void mf_node_turn(struct mf_node *node)
{
    if (node->phase != MF_NODE_RUNNING)
        return;
    node->is_running = true;
    node->turns++;
    while (node->fired) {
        unsigned timer = (unsigned)__builtin_ctz(node->fired);

        node->fired &= (uint8_t)(node->fired - 1);
        node->emit_time = node->sched->wall;
        node->emit_cause = node->sched->cause;
        node->kind->timeout(node, timer);
    }
    if (node->pending_first) {
        if (node->kind->run)
            run_pending(node);
        else
            receive_pending(node);
        if (node->worst == MF_GOOD && node->def->in_count && node->phase == MF_NODE_RUNNING)
            recover(node);
    }
    node->is_running = false;
}
