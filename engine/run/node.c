/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A live node: its memory, its start and stop, and its share of a turn.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/run/sched.h"
#include "engine/run/spool.h"
#include "engine/run/trace.h"

enum { ENGINE_TIMERS = 2 }; /* stale, retry: behind the kind's */

/* ---- life ---- */

static void timer_fired(struct mf_timer *timer)
{
    struct mf_node_timer *own = mf_list_entry(timer, struct mf_node_timer, timer);
    struct mf_node *node = own->node;

    if (node->phase == MF_NODE_LEAVING)
        mf_node_wake(node);
    if (node->phase != MF_NODE_RUNNING)
        return;
    node->fired |= (uint16_t)(1u << (own - node->timers));
    mf_sched_mark_ready(node->sched, node);
}

/* A source that has said nothing for too long. The timer is not moved with each emission: it looks
 * back when it runs out. */
static void stale_fired(struct mf_timer *timer)
{
    struct mf_node *node = mf_list_entry(timer, struct mf_node_timer, timer)->node;
    int64_t due = node->last_news + node->def->stale;

    if (node->is_played && node->sched->engine->options.holds_played) {
        /* It never gets stale by itself; but it may have been given a cue. */
        if (node->sched->engine->options.speak)
            mf_sched_mark_ready(node->sched, node);
        return;
    }
    if (due > node->sched->mono)
        mf_timer_arm(node->sched, timer, due);
    else
        mf_node_lose(node, MF_STALE, mf_reason_timeout);
}

static size_t align(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

static void init_timers(struct mf_node *node)
{
    for (unsigned i = 0; i < node->kind->timers + ENGINE_TIMERS; i++) {
        node->timers[i].node = node;
        node->timers[i].timer.fire = timer_fired;
    }
    mf_node_stale_timer(node)->timer.fire = stale_fired;
    mf_node_retry_timer(node)->timer.fire = mf_engine_retry_fired;
}

/* The usual transform: it treats each message on its own. */
static bool is_simple(const struct mf_def *def)
{
    return def->in_count == 1 && def->kind->receive && !def->kind->deliver &&
           !(def->kind->flags & MF_KIND_WRITES);
}

static void set_def(struct mf_node *node, const struct mf_def *def)
{
    node->def = def;
    node->config = def->config;
    node->is_shaped = !is_simple(def);
    node->is_away = node->is_wary = true;
    node->port = def->in_count ? (uint16_t)def->ins[0].port : 0;
    for (unsigned i = 0; i < def->out_count; i++) {
        node->outputs[i].def = &def->outs[i];
        node->outputs[i].plain = mf_output_plain(node, &node->outputs[i]);
    }
}

/* State, outputs, messages, inputs and timers in one block: a node is one allocation. */
struct mf_node *mf_node_new(struct mf_sched *sched, const struct mf_def *def)
{
    size_t head = align(sizeof(struct mf_node)), state = align(def->kind->state_size);
    size_t outputs = def->out_count * sizeof(struct mf_output);
    size_t messages = def->in_count * sizeof(struct mf_msg);
    size_t inputs = def->in_count * sizeof(struct mf_input);
    size_t timers = (def->kind->timers + ENGINE_TIMERS) * sizeof(struct mf_node_timer);
    char *block = mf_zalloc(head + state + outputs + messages + inputs + timers);
    struct mf_node *node = (struct mf_node *)(void *)block;

    node->kind = def->kind;
    node->sched = sched;
    node->state = block += head;
    node->outputs = (struct mf_output *)(void *)(block += state);
    node->messages = (struct mf_msg *)(void *)(block += outputs);
    node->inputs = (struct mf_input *)(void *)(block += messages);
    node->timers = (struct mf_node_timer *)(void *)(block += inputs);
    init_timers(node);
    if (def->kind->deliver)
        node->queue = mf_queue_new(def->queue);
    set_def(node, def);
    node->guard = mf_guard_new(node);
    for (unsigned i = 0; i < def->in_count; i++)
        if (!def->ins[i].is_quiet && !(mf_kind_port(def, i)->flags & MF_PORT_OPTIONAL))
            node->unknown++;
    return node;
}

static void disarm_all(struct mf_node *node)
{
    for (unsigned i = 0; i < node->kind->timers + ENGINE_TIMERS; i++)
        mf_timer_disarm(node->sched, &node->timers[i].timer);
    node->fired = 0;
}

void mf_node_free(struct mf_node *node)
{
    if (!node)
        return;
    disarm_all(node);
    if (node->kind->destroy)
        node->kind->destroy(node);
    for (unsigned i = 0; i < node->def->in_count; i++)
        mf_msg_drop(&mf_node_own_messages(node)[i]);
    for (unsigned i = 0; i < node->def->out_count; i++)
        mf_msg_drop(&node->outputs[i].last);
    mf_queue_free(node->queue);
    mf_guard_free(node->guard);
    mf_trail_free(node->trail);
    mf_free(node->hold);
    mf_free(node);
}

/* What would only write to the log, where that is not wanted: it is never started, and takes
 * nothing. */
static bool is_mute(const struct mf_node *node)
{
    return node->is_played && node->sched->engine->options.is_real && !node->def->out_count &&
           !(node->kind->flags & MF_KIND_WRITES);
}

int mf_node_start(struct mf_node *node, struct mf_error *err)
{
    int rc = 0;

    if (is_mute(node)) {
        node->phase = MF_NODE_STOPPED;
        return 0;
    }
    if (node->queue)
        mf_spool_attach(node);
    node->phase = MF_NODE_RUNNING;
    node->is_away = false;
    node->started = node->last_news = mf_clock_mono(&node->sched->clock);
    node->wants_pull = node->kind->pull && !node->is_played;
    if (node->def->stale)
        mf_timer_arm(node->sched, &mf_node_stale_timer(node)->timer,
                     node->last_news + node->def->stale);
    if (!node->is_played && node->kind->start)
        rc = node->kind->start(node, err);
    if (rc < 0) {
        disarm_all(node);
        node->phase = MF_NODE_FAILED;
        node->is_away = true;
        return rc;
    }
    /* What came while it was away. */
    if (node->phase == MF_NODE_RUNNING && node->pending_first)
        mf_sched_mark_ready(node->sched, node);
    if (node->queue)
        mf_node_wake(node);
    if (node->guard)
        mf_guard_begin(node);
    return 0;
}

void mf_node_stop(struct mf_node *node)
{
    bool was_running = node->phase == MF_NODE_RUNNING || node->phase == MF_NODE_LEAVING;

    disarm_all(node);
    if (node->guard)
        mf_guard_halt(node);
    node->phase = MF_NODE_STOPPED; /* what it says on its way out is not heard */
    if (was_running && node->kind->stop && !node->is_played)
        node->kind->stop(node);
    node->is_away = true;
    node->wants_pull = false;
}

/* ---- a turn ---- */

static void receive(struct mf_node *node, unsigned input)
{
    const struct mf_msg *msg = &node->messages[input];

    node->current = (uint16_t)input;
    node->emit_time = msg->time;
    node->emit_cause = msg->cause;
    node->is_again = msg->is_again;
    node->is_calm = !(node->worst | node->is_again);
    if (node->queue || mf_node_is_sink(node)) {
        mf_sink_take(node, input, msg);
        return;
    }
    if ((msg->quality | msg->is_again) &&
        !(mf_kind_port(node->def, input)->flags & MF_PORT_ANY_AGE)) {
        if (msg->quality == MF_GOOD)
            return; /* nothing new; the outputs recover at the end */
        mf_node_degrade(node);
        if (!(mf_kind_port(node->def, input)->flags & MF_PORT_TOLD))
            return;
    }
    if (node->kind->receive && node->phase == MF_NODE_RUNNING)
        node->kind->receive(node, node->def->ins[input].port, msg);
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
    node->is_again = false;
}

static void run_pending(struct mf_node *node)
{
    uint16_t next = node->pending_first;
    int64_t newest = INT64_MIN;

    node->pending_first = node->pending_last = 0;
    node->is_again = true;
    while (next) {
        struct mf_input *in = &node->inputs[next - 1];
        const struct mf_msg *msg = &node->messages[next - 1];

        if (msg->time > newest) {
            newest = msg->time;
            node->emit_time = msg->time;
            node->emit_cause = msg->cause;
        }
        if (!msg->is_again || msg->quality != MF_GOOD)
            node->is_again = false;
        next = in->next;
        in->is_pending = false;
    }
    if (!node->unknown && node->worst != MF_GOOD)
        mf_node_degrade(node);
    else if (!node->unknown && mf_node_may_write(node)) {
        node->is_calm = !node->is_again;
        node->kind->run(node);
    }
    node->is_again = false;
}

static void run_timeouts(struct mf_node *node)
{
    while (node->fired && node->phase == MF_NODE_RUNNING) {
        unsigned timer = (unsigned)__builtin_ctz(node->fired);

        node->fired &= (uint16_t)(node->fired - 1);
        node->emit_time = node->sched->wall;
        node->emit_cause = node->sched->cause;
        if (timer == MF_GUARD_TIMER)
            mf_guard_timeout(node);
        else
            node->kind->timeout(node, timer);
    }
}

/* A node that failed keeps the latest message of each input until it runs again; one with a queue
 * keeps them all. */
static bool takes_input(const struct mf_node *node)
{
    return node->phase == MF_NODE_RUNNING || (node->phase == MF_NODE_FAILED && node->queue);
}

void mf_node_turn_fully(struct mf_node *node)
{
    node->is_running = true;
    node->turns++;
    node->is_calm = node->worst == MF_GOOD;
    if (node->is_played && node->sched->engine->options.speak)
        node->sched->engine->options.speak(node->sched->engine->options.speak_arg, node);
    if (node->fired)
        run_timeouts(node);
    if (node->pending_first && takes_input(node)) {
        if (node->kind->run)
            run_pending(node);
        else
            receive_pending(node);
        if (node->has_lowered && node->worst == MF_GOOD && node->phase == MF_NODE_RUNNING)
            mf_node_recover(node, NULL);
    }
    node->is_running = node->is_calm = false;
}
