/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Sinks: the one place through which everything written to the outside passes, and the queue in
 * front of those that wait for somebody else.
 */

#include <string.h>

#include "engine/run/dead.h"
#include "engine/run/engine.h"
#include "engine/run/guard.h"
#include "engine/run/pressure.h"
#include "engine/run/queue_priv.h"
#include "engine/run/sched.h"
#include "engine/run/trace.h"

enum { DELIVERIES = 256 };     /* at a stretch; the rest follows when the loop has looked around */
#define PACE_STEP (10 * MF_MS) /* until a queue that may not send now is looked at again */

bool mf_node_may_write(struct mf_node *node)
{
    if (!mf_node_is_sink(node))
        return true;
    if (mf_node_is_read_only(node)) {
        node->skipped++;
        return false;
    }
    return !node->is_played;
}

static void note_loss(struct mf_node *node)
{
    node->lost_at = mf_clock_mono(&node->sched->clock) + 1;
}

static void put(struct mf_node *node, struct mf_letter *take_letter)
{
    struct mf_queue_stats stats;

    if (mf_queue_take(node->queue, take_letter)) {
        note_loss(node);
        stats = mf_queue_stats(node->queue);
        if (stats.limit)
            mf_node_log(node, MF_LOG_WARNING,
                        "the disk does not keep up: messages that are not on it yet are dropped "
                        "(%llu so far)",
                        (unsigned long long)stats.dropped);
        else
            mf_node_log(node, MF_LOG_WARNING,
                        "the queue of %zu messages is full: the oldest is dropped (%llu so far)",
                        stats.capacity, (unsigned long long)stats.dropped);
    }
    mf_node_wake(node);
}

static void enqueue(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_letter letter = {
        .msg = mf_msg_copy(msg),
        .label = node->def->ins[input].label,
        .node_name = node->def->ins[input].from->name,
        .input = input,
    };

    if (node->kind->stamp)
        node->kind->stamp(node, input, &letter);
    put(node, &letter);
}

void mf_node_enqueue_again(struct mf_node *node, const struct mf_letter *letter)
{
    struct mf_letter again = *letter;

    again.msg = mf_msg_copy(&letter->msg);
    again.topic = mf_value_copy(letter->topic);
    again.label = mf_queue_keep_name(node->queue, letter->label);
    again.node_name = mf_queue_keep_name(node->queue, letter->node_name);
    again.input = UINT32_MAX;
    again.is_retry = true;
    put(node, &again);
}

int mf_node_write(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    if (!mf_node_may_write(node))
        return MF_WRITE_NOT;
    if (node->queue) {
        mf_trail_note(node, input, msg);
        enqueue(node, input, msg);
        return MF_WRITE_QUEUED;
    }
    if (!node->kind->receive || node->phase != MF_NODE_RUNNING)
        return MF_WRITE_NOT;
    mf_trail_note(node, input, msg);
    node->kind->receive(node, node->def->ins[input].port, msg);
    return node->phase == MF_NODE_RUNNING ? MF_WRITE_DONE : MF_WRITE_NOT;
}

void mf_sink_take(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    if (node->guard) {
        mf_guard_take(node, input, msg);
        return;
    }
    if ((msg->quality | msg->is_again) &&
        !(mf_kind_port(node->def, input)->flags & MF_PORT_ANY_AGE)) {
        if (msg->quality == MF_GOOD)
            return; /* nothing new; the outputs recover at the end */
        node->skipped++;
        mf_node_degrade(node);
        return;
    }
    mf_node_write(node, input, msg);
}

/* The queue outlives the graph whose names it got: they are looked up anew. */
static void address(const struct mf_node *node, struct mf_letter *letter)
{
    if (letter->input < node->def->in_count) {
        letter->label = node->def->ins[letter->input].label;
        letter->node_name = node->def->ins[letter->input].from->name;
    }
}

/* Before the letter leaves the queue. */
static void refused(struct mf_node *node, const struct mf_letter *letter, const char *reason)
{
    struct mf_letter named = *letter;

    note_loss(node);
    if (node->guard) {
        mf_node_log(node, MF_LOG_ERROR, "was refused%s: %s",
                    node->def->guard->is_momentary ? "" : ", and is tried again", reason);
        return;
    }
    mf_node_log(node, MF_LOG_ERROR, "a message was refused and is a dead letter now: %s", reason);
    address(node, &named);
    mf_dead_put(node->sched->engine->dead, node, &named, reason);
}

/* The letter leaves the queue, unless it has done so before. */
static void settle(struct mf_node *node, uint64_t number, int code, const char *reason)
{
    const struct mf_letter *letter = mf_queue_find(node->queue, number);
    struct mf_value value;

    if (!letter)
        return;
    value = node->guard ? mf_value_copy(letter->msg.value) : mf_value_null();
    if (code < MF_OK)
        refused(node, letter, reason);
    mf_queue_settle(node->queue, number, code >= MF_OK);
    if (node->guard)
        mf_guard_settled(node, &value, code >= MF_OK);
    mf_value_drop(value);
}

/* False: not now. */
static bool deliver_one(struct mf_node *node, struct mf_letter *letter)
{
    struct mf_error err = {0};
    uint64_t number = letter->number;
    int rc;

    address(node, letter);
    rc = node->kind->deliver(node, letter, &err);
    if (rc == MF_ELINK || rc == MF_ETIMEOUT)
        return false;
    if (rc == MF_DELIVER_PENDING) {
        mf_queue_sent(node->queue, number);
        return true;
    }
    settle(node, number, rc, err.text);
    return true;
}

static void resume_later(struct mf_node *node, int64_t after)
{
    mf_timer_arm(node->sched, &mf_node_retry_timer(node)->timer,
                 mf_clock_mono(&node->sched->clock) + after);
    mf_engine_wake(node->sched->engine);
}

static void deliver_all(struct mf_node *node)
{
    struct mf_letter *letter;
    unsigned count = 0;

    do {
        node->must_deliver = false;
        while ((node->phase == MF_NODE_RUNNING || node->phase == MF_NODE_LEAVING) &&
               !node->is_played && (!node->link || mf_link_is_up(node->link)) &&
               (letter = mf_queue_next(node->queue))) {
            if (count++ == DELIVERIES) {
                resume_later(node, 0);
                return;
            }
            if (!mf_queue_may_send(node->queue, mf_node_mono(node))) {
                resume_later(node, PACE_STEP);
                return;
            }
            if (!deliver_one(node, letter))
                break;
        }
    } while (node->must_deliver);
}

void mf_node_wake(struct mf_node *node)
{
    struct mf_engine *engine = node->sched->engine;

    if (!node->queue) {
        node->wants_pull = node->kind->pull && !node->has_ended && !node->is_played;
        mf_engine_wake(engine);
        return;
    }
    /* A kind that settles or wakes from within deliver() is asked again, not called from itself. */
    node->must_deliver = true;
    if (node->is_delivering)
        return;
    node->is_delivering = true;
    deliver_all(node);
    node->is_delivering = false;
    mf_pressure_update(node);
}

bool mf_node_has_letters(const struct mf_node *node)
{
    return node->queue && !mf_queue_is_empty(node->queue);
}

void mf_node_settle(struct mf_node *node, uint64_t letter, int code, const char *reason)
{
    if (code == MF_ELINK || code == MF_ETIMEOUT)
        mf_queue_return(node->queue, letter);
    else
        settle(node, letter, code, reason);
    mf_node_wake(node);
    if (mf_queue_is_empty(node->queue))
        mf_engine_wake(node->sched->engine);
}

const char *mf_letter_port(const struct mf_letter *letter)
{
    const char *dot = strrchr(letter->label, '.');
    size_t len = dot ? (size_t)(dot - letter->label) : 0, node_len = strlen(letter->node_name);
    const char *end = letter->node_name + node_len - len;

    if (!dot || node_len < len || memcmp(end, letter->label, len) != 0)
        return letter->label;
    return node_len == len || end[-1] == '.' ? dot + 1 : letter->label;
}
