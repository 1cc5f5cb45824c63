/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See guard.h: how it is decided what an actuator is told. */

#include "engine/run/guard.h"

#include <math.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/engine.h"
#include "engine/run/observe.h"

static const struct mf_guard_def *def_of(const struct mf_node *node)
{
    return node->def->guard;
}

static void keep(struct mf_value *to, const struct mf_value *value)
{
    struct mf_value old = *to;

    *to = mf_value_copy(*value);
    mf_value_drop(old);
}

/* ---- who holds the output ---- */

static bool is_alive(const struct mf_node *node, unsigned input, int64_t now)
{
    const struct mf_msg *msg = &node->messages[input];
    int64_t after = def_of(node)->after;

    return node->inputs[input].is_known && msg->quality == MF_GOOD && msg->value.type != MF_NULL &&
           (!after || now - node->guard->inputs[input].heard < after);
}

static bool has_news(const struct mf_node *node)
{
    for (unsigned i = 0; i < node->def->in_count; i++)
        if (node->inputs[i].is_known)
            return true;
    return false;
}

/* Nobody has a good value: is it time for the failsafe one? */
static bool is_time(const struct mf_node *node, int64_t now)
{
    const struct mf_guard_def *def = def_of(node);
    const struct mf_guard *guard = node->guard;

    if (def->failsafe != MF_FAILSAFE_VALUE)
        return false;
    return def->after ? now - guard->fed >= def->after : guard->was_held || has_news(node);
}

/* Also notes who would have liked to. */
static void choose(struct mf_node *node, int64_t now)
{
    const struct mf_guard_def *def = def_of(node);
    struct mf_guard *guard = node->guard;

    guard->hand = MF_HAND_NONE;
    for (unsigned i = 0; i < def->order_count; i++) {
        int input = def->order[i];

        if (input == MF_GUARD_MANUAL ? !guard->is_set : !is_alive(node, (unsigned)input, now))
            continue;
        if (guard->hand != MF_HAND_NONE) {
            guard->held |= guard->hand == MF_HAND_MANUAL ? MF_HELD_MANUAL : MF_HELD_PRIORITY;
            return;
        }
        guard->hand = input == MF_GUARD_MANUAL ? MF_HAND_MANUAL : MF_HAND_INPUT;
        guard->input = (int16_t)input;
    }
    if (guard->hand != MF_HAND_NONE)
        return;
    guard->held |= MF_HELD_DEAD;
    if (!is_time(node, now))
        return;
    guard->hand = MF_HAND_FAILSAFE;
    guard->held |= MF_HELD_FAILSAFE;
}

static void log_change(struct mf_node *node, enum mf_hand former)
{
    const struct mf_guard_def *def = def_of(node);
    struct mf_guard *guard = node->guard;
    struct mf_buf value = {0}, time = {0};

    if (guard->hand == MF_HAND_FAILSAFE) {
        guard->failsafes++;
        mf_guard_print(def, &def->safe, &value);
        if (def->after)
            mf_duration_print(def->after, &time);
        mf_node_log(node, MF_LOG_WARNING, "no good value%s%s: writes the failsafe, %s",
                    def->after ? " for " : "", mf_buf_text(&time), mf_buf_text(&value));
    } else if (former == MF_HAND_FAILSAFE) {
        mf_node_log(node, MF_LOG_NOTICE, "has a good value again");
    } else if (guard->hand == MF_HAND_NONE) {
        mf_node_log(node, MF_LOG_NOTICE, "no good value: the output stays as it is");
    }
    mf_buf_done(&value);
    mf_buf_done(&time);
}

/* ---- limit and ramp ---- */

struct mf_value mf_guard_within(const struct mf_guard_def *guard, const struct mf_value *value)
{
    double number;

    if (!(MF_T(value->type) & MF_T_NUMERIC))
        return mf_value_copy(*value);
    number = mf_value_as_number(value);
    if (number < guard->low || number > guard->high)
        return mf_value_number(number < guard->low ? guard->low : guard->high);
    return *value;
}

/* Time in which the ramp comes that far, a whole step at most. */
static int64_t time_for(const struct mf_guard_def *def, double distance)
{
    double need = fabs(distance) / def->ramp * (double)MF_SEC;

    return need < (double)def->step ? llround(need) : def->step;
}

/* With one step in hand that refills while nothing moves, small changes pass at once, and over any
 * time the output moves no faster than the ramp but for that one step. */
static double ramp(struct mf_node *node, double goal, int64_t now)
{
    const struct mf_guard_def *def = def_of(node);
    const struct mf_guard *guard = node->guard;
    double from = mf_value_as_number(&guard->written);
    double step = def->ramp * (double)def->step / (double)MF_SEC;
    int64_t full_at = guard->full_at > now ? guard->full_at : now;

    if (fabs(goal - from) <= step && full_at + time_for(def, goal - from) <= now + def->step)
        return goal;
    return full_at > now ? from : from + copysign(step, goal - from);
}

/* What is on its way cannot be called back, and where the output is then is known only later. */
static bool is_under_way(const struct mf_node *node)
{
    struct mf_queue_stats stats;

    if (!node->queue || !node->guard->has_sent)
        return false;
    stats = mf_queue_stats(node->queue);
    return stats.in_flight || (node->def->queue.mode != MF_QUEUE_LATEST && stats.waiting);
}

/* The next value on the way to `goal`, which is taken. */
static struct mf_value step_to_take(struct mf_node *node, struct mf_value goal, int64_t now)
{
    struct mf_guard *guard = node->guard;
    double number;

    if (def_of(node)->ramp <= 0 || !guard->has_written || guard->hand == MF_HAND_FAILSAFE)
        return goal;
    number = is_under_way(node) ? mf_value_as_number(&guard->sent)
                                : ramp(node, mf_value_as_number(&goal), now);
    if (number != mf_value_as_number(&goal))
        guard->held |= MF_HELD_RAMP;
    return mf_value_number(number);
}

/* ---- times ---- */

static int64_t refresh_due(const struct mf_node *node)
{
    const struct mf_guard *guard = node->guard;
    int64_t since = guard->written_at > guard->tried_at ? guard->written_at : guard->tried_at;

    if (!def_of(node)->refresh || def_of(node)->is_momentary || guard->hand == MF_HAND_NONE ||
        !guard->has_written || guard->has_sent)
        return MF_NEVER;
    return since + def_of(node)->refresh;
}

/* When something changes by itself. The timer is not moved for what is later than its time: it
 * looks again when it runs out. */
static void arm(struct mf_node *node)
{
    const struct mf_guard_def *def = def_of(node);
    struct mf_guard *guard = node->guard;
    int64_t due = refresh_due(node);

#define SOONER(at) due = (at) < due ? (at) : due
    if (guard->is_set)
        SOONER(guard->manual_until);
    if (guard->again_at)
        SOONER(guard->again_at);
    if (def->after && guard->hand == MF_HAND_INPUT)
        SOONER(guard->inputs[guard->input].heard + def->after);
    if (def->after && guard->hand == MF_HAND_NONE && def->failsafe == MF_FAILSAFE_VALUE)
        SOONER(guard->fed + def->after);
    if (guard->held & MF_HELD_RAMP && !guard->has_sent) /* else when it is settled */
        SOONER(guard->full_at);
#undef SOONER
    if (due == MF_NEVER || (guard->timer.pos && guard->timer.at <= due))
        return;
    mf_timer_arm(node->sched, &guard->timer, due);
    if (!node->sched->in_turn)
        mf_engine_wake(node->sched->engine);
}

/* ---- writing ---- */

static void note_written(struct mf_node *node, const struct mf_value *value)
{
    const struct mf_guard_def *def = def_of(node);
    struct mf_guard *guard = node->guard;
    int64_t now = mf_node_mono(node), full_at;

    if (def->ramp > 0 && guard->has_written) {
        full_at = guard->full_at > now ? guard->full_at : now;
        full_at += time_for(def, mf_value_as_number(value) - mf_value_as_number(&guard->written));
        guard->full_at = full_at < now + def->step ? full_at : now + def->step;
    }
    keep(&guard->written, value);
    guard->has_written = true;
    guard->written_at = now;
    guard->writes++;
}

static void forget_sent(struct mf_guard *guard)
{
    mf_value_drop(guard->sent);
    guard->sent = mf_value_null();
    guard->has_sent = false;
}

/* A value that the graph gave keeps its time and cause; what the guard says by itself is of now. A
 * kind that moves something may want to know that it is only said again: pulses go on. */
static void write_out(struct mf_node *node, const struct mf_value *value, const struct mf_msg *of,
                      bool is_refresh)
{
    struct mf_guard *guard = node->guard;
    struct mf_msg msg = {
        .value = *value,
        .time = of ? of->time : mf_node_now(node),
        .cause = of ? of->cause : node->sched->cause,
    };
    int how;

    keep(&guard->sent, value);
    guard->has_sent = true;
    guard->must_write = false;
    guard->tried_at = mf_node_mono(node);
    if (node->sched->is_observed)
        mf_sched_show_write(node->sched, node, &msg);
    msg.is_again = is_refresh && (node->kind->flags & MF_KIND_ACTUATOR);
    how = mf_node_write(node, 0, &msg);
    if (how == MF_WRITE_QUEUED)
        return; /* mf_guard_settled() has been called, or will be */
    if (how == MF_WRITE_DONE || node->is_played)
        note_written(node, value);
    forget_sent(guard);
}

void mf_guard_settled(struct mf_node *node, const struct mf_value *value, bool is_delivered)
{
    struct mf_guard *guard = node->guard;
    int64_t now = mf_node_mono(node);

    if (is_delivered)
        note_written(node, value);
    else
        guard->full_at = now + def_of(node)->step;
    guard->again_at = is_delivered ? 0 : now + MF_GUARD_AGAIN;
    if (mf_queue_is_empty(node->queue))
        forget_sent(guard);
    if (!guard->is_over)
        arm(node);
}

/* ---- deciding ---- */

/* The value of the one who holds the output; the message it came with, if it is news. */
static const struct mf_value *wanted(struct mf_node *node, const struct mf_msg **ret_news,
                                     bool *ret_is_news)
{
    struct mf_guard *guard = node->guard;

    *ret_news = NULL;
    *ret_is_news = false;
    if (guard->hand == MF_HAND_FAILSAFE)
        return &def_of(node)->safe;
    if (guard->hand == MF_HAND_MANUAL) {
        *ret_is_news = guard->is_manual_new;
        return &guard->manual;
    }
    *ret_is_news = guard->inputs[guard->input].is_new;
    if (*ret_is_news)
        *ret_news = &node->messages[guard->input];
    return &node->messages[guard->input].value;
}

static void pursue(struct mf_node *node, bool is_change, int64_t now)
{
    struct mf_guard *guard = node->guard;
    const struct mf_value *position;
    const struct mf_msg *news;
    struct mf_value next;
    bool is_news, is_refresh;

    keep(&guard->wanted, wanted(node, &news, &is_news));
    if (def_of(node)->is_momentary && !is_news &&
        !(guard->hand == MF_HAND_FAILSAFE && (is_change || guard->must_write)))
        return;
    next = mf_guard_within(def_of(node), &guard->wanted);
    if (!mf_value_equal(&next, &guard->wanted)) {
        guard->held |= MF_HELD_LIMIT;
        guard->limited += is_news;
    }
    next = step_to_take(node, next, now);
    position = guard->has_sent ? &guard->sent : guard->has_written ? &guard->written : NULL;
    is_refresh = !is_news && refresh_due(node) <= now;
    if (!position || guard->must_write || is_refresh || !mf_value_equal(&next, position) ||
        (is_news && !(guard->held & MF_HELD_RAMP)) ||
        (is_change && guard->hand == MF_HAND_FAILSAFE)) {
        guard->refreshes += is_refresh;
        write_out(node, &next, news, is_refresh);
    }
    mf_value_drop(next);
}

static void end_manual(struct mf_guard *guard, int64_t now)
{
    guard->is_set = guard->is_manual_new = false;
    mf_value_drop(guard->manual);
    guard->manual = mf_value_null();
    guard->fed = now;
}

static void decide(struct mf_node *node)
{
    struct mf_guard *guard = node->guard;
    int64_t now = mf_node_mono(node);
    enum mf_hand former = guard->hand;
    int16_t former_input = guard->input;

    if (guard->is_over)
        return;
    if (guard->is_set && guard->manual_until <= now) {
        end_manual(guard, now);
        mf_node_log(node, MF_LOG_NOTICE, "the time of `set` is over");
    }
    if (guard->again_at && guard->again_at <= now) {
        guard->again_at = 0;
        guard->must_write = true;
    }
    guard->held = mf_node_is_read_only(node) ? MF_HELD_READ_ONLY : 0;
    choose(node, now);
    if (guard->hand != former && (guard->was_held || guard->hand == MF_HAND_FAILSAFE))
        log_change(node, former);
    guard->was_held |= guard->hand != MF_HAND_NONE;
    if (guard->hand != MF_HAND_NONE)
        pursue(node, guard->hand != former || guard->input != former_input, now);
    for (unsigned i = 0; i < node->def->in_count; i++)
        guard->inputs[i].is_new = false;
    guard->is_manual_new = false;
    if (guard->has_sent)
        guard->held |= MF_HELD_LINK;
    if (guard->again_at)
        guard->held |= MF_HELD_REFUSED;
    arm(node);
}

/* ---- what it decides upon ---- */

void mf_guard_take(struct mf_node *node, unsigned input, const struct mf_msg *msg)
{
    struct mf_guard *guard = node->guard;
    struct mf_guard_input *in = &guard->inputs[input];

    if (msg->quality != MF_GOOD) {
        node->skipped++;
    } else if (msg->value.type != MF_NULL) {
        in->heard = guard->fed = mf_node_mono(node);
        in->is_new |= !msg->is_again;
    }
    /* The inputs of one turn are one state of the world. */
    for (unsigned i = 0; i < node->def->in_count; i++)
        if (node->inputs[i].is_pending)
            return;
    decide(node);
}

void mf_guard_timeout(struct mf_node *node)
{
    /* Whoever speaks just in time has spoken in time. */
    if (!node->pending_first)
        decide(node);
}

void mf_guard_fired(struct mf_timer *timer)
{
    struct mf_node *node = mf_list_entry(timer, struct mf_guard, timer)->node;

    if (node->phase != MF_NODE_RUNNING)
        return;
    node->fired |= (uint16_t)(1u << MF_GUARD_TIMER);
    mf_sched_mark_ready(node->sched, node);
}

static void decide_soon(struct mf_node *node)
{
    mf_timer_arm(node->sched, &node->guard->timer, mf_clock_mono(&node->sched->clock));
    mf_engine_wake(node->sched->engine);
}

void mf_guard_begin(struct mf_node *node)
{
    struct mf_guard *guard = node->guard;
    int64_t now = mf_clock_mono(&node->sched->clock);

    for (unsigned i = 0; i < node->def->in_count; i++)
        if (guard->inputs[i].heard == INT64_MIN)
            guard->inputs[i].heard = now;
    if (guard->fed == INT64_MIN)
        guard->fed = now;
    guard->must_write |= guard->has_begun;
    guard->has_begun = true;
    decide_soon(node);
}

static void say_how_it_ended(struct mf_node *node)
{
    const struct mf_guard_def *def = def_of(node);
    const struct mf_guard *guard = node->guard;

    if (def->failsafe != MF_FAILSAFE_VALUE ||
        (guard->has_written && !guard->has_sent && mf_value_equal(&guard->written, &def->safe)))
        return;
    if (node->queue && mf_queue_stats(node->queue).in_flight)
        mf_node_log(node, MF_LOG_NOTICE, "its failsafe value was sent, and is not confirmed yet");
    else
        mf_node_log(node, MF_LOG_ERROR, "ends without its failsafe value: it was not delivered");
}

void mf_guard_halt(struct mf_node *node)
{
    mf_timer_disarm(node->sched, &node->guard->timer);
    if (node->guard->is_over)
        say_how_it_ended(node);
}

void mf_guard_make_safe(struct mf_node *node)
{
    const struct mf_guard_def *def = def_of(node);
    struct mf_guard *guard = node->guard;

    if (guard->is_over)
        return;
    guard->is_over = true;
    mf_timer_disarm(node->sched, &guard->timer);
    if (def->failsafe != MF_FAILSAFE_VALUE)
        return;
    guard->hand = MF_HAND_FAILSAFE;
    guard->held = MF_HELD_FAILSAFE;
    write_out(node, &def->safe, NULL, false);
}

/* ---- set and release ---- */

static int check_guarded(const struct mf_node *node, struct mf_error *err)
{
    if (!node->guard)
        return mf_fail(err, MF_EINVAL,
                       "`%s` is not an actuator: only the outputs of a flow can be set",
                       node->def->name);
    if (node->guard->is_over)
        return mf_fail(err, MF_EINVAL, "`%s` is ending and has been told its last value",
                       node->def->name);
    return MF_OK;
}

int mf_guard_set_take(struct mf_node *node, struct mf_value value, int64_t time,
                      struct mf_error *err)
{
    struct mf_guard *guard = node->guard;
    int rc = check_guarded(node, err);

    if (rc < 0) {
        mf_value_drop(value);
        return rc;
    }
    mf_value_drop(guard->manual);
    guard->manual = value;
    guard->is_set = guard->is_manual_new = true;
    guard->manual_since = mf_node_now(node);
    guard->manual_until = time ? mf_node_mono(node) + time : MF_NEVER;
    decide_soon(node);
    return MF_OK;
}

int mf_guard_rival(const struct mf_node *node)
{
    const struct mf_guard_def *def = def_of(node);

    for (unsigned i = 0; i < def->order_count && def->order[i] != MF_GUARD_MANUAL; i++)
        if (is_alive(node, (unsigned)def->order[i], mf_node_mono(node)))
            return def->order[i];
    return -1;
}

int mf_guard_release(struct mf_node *node, struct mf_error *err)
{
    int rc = check_guarded(node, err);

    if (rc < 0)
        return rc;
    if (!node->guard->is_set)
        return mf_fail(err, MF_EINVAL, "`%s` is not set", node->def->name);
    end_manual(node->guard, mf_node_mono(node));
    decide_soon(node);
    return MF_OK;
}
