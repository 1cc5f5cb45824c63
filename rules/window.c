/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The node behind mean, median, min, max, sum, count, first and last.
 *
 * Windows live in the time of the source: a message belongs where its own time
 * says, and a file that is read in a second gives the same hours as the days it
 * tells of. Between messages that time is taken to go on as mono time does, so
 * that a window is closed by a timer when nothing arrives any more, and in a live
 * flow as late after the full hour as messages usually come late.
 */

#include <math.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "rules/mark.h"
#include "rules/window.h"

enum { OUT };
enum { TIMER };

static int64_t hop(const struct mf_window_config *c)
{
    return c->every ? c->every : c->window;
}

static bool keeps_samples(const struct mf_window_config *c, const struct mf_window_state *s)
{
    return c->sliding || s->function->of_pieces || hop(c) != c->window;
}

/* End of the window of the grid in which `time` lies. */
static int64_t end_after(const struct mf_window_config *c, int64_t time)
{
    int64_t since = time % hop(c);

    return time - since + (since < 0 ? 0 : hop(c));
}

static int64_t source_now(const struct mf_node *node)
{
    const struct mf_window_state *s = mf_node_state(node);

    return s->known_time + (mf_node_mono(node) - s->known_mono);
}

static void set_source_now(struct mf_node *node, int64_t time)
{
    struct mf_window_state *s = mf_node_state(node);

    s->known_time = time;
    s->known_mono = mf_node_mono(node);
}

/* ---- results ---- */

static void emit_result(struct mf_node *node, bool is_again)
{
    const struct mf_window_state *s = mf_node_state(node);
    struct mf_msg msg = {
        .time = s->result_time,
        .quality = s->quality,
        .reason = s->reason,
        .is_again = is_again,
    };

    msg.value = s->function->is_int ? mf_value_int((int64_t)s->result) : mf_value_number(s->result);
    mf_node_emit_msg(node, OUT, &msg);
}

static void new_result(struct mf_node *node, double result, int64_t time)
{
    struct mf_window_state *s = mf_node_state(node);

    s->result = result;
    s->result_time = time;
    s->has_result = true;
    emit_result(node, false);
}

/* Value of [from, to); false when there is none. */
static bool evaluate(struct mf_node *node, int64_t from, int64_t to, double *ret)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);
    struct mf_piece *pieces;
    size_t count;

    if (keeps_samples(c, s)) {
        count = mf_samples_pieces(&s->samples, from, to, c->time_weighted, &pieces);
        if (count)
            *ret = mf_function_apply(s->function, pieces, count);
    } else {
        count = s->sum.count > 0;
        if (count)
            *ret = s->function->of_sum(&s->sum);
    }
    return count > 0;
}

/* ---- the value that holds (time_weighted) ---- */

/* Counts the held value up to `time`. */
static void settle_held(struct mf_window_state *s, int64_t time)
{
    if (!s->is_held || time <= s->held_since)
        return;
    mf_sum_add(&s->sum, &(struct mf_piece){s->held, (double)(time - s->held_since), s->held_since});
    s->held_since = time;
}

/* From `time` on nothing is known. */
static void end_held(struct mf_node *node, int64_t time)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);

    if (!c->time_weighted)
        return;
    if (keeps_samples(c, s)) {
        size_t count = s->samples.count;

        if (count && !isnan(mf_samples_at(&s->samples, count - 1)->value))
            mf_samples_add(&s->samples, (struct mf_sample){time, NAN}, (size_t)c->samples);
    } else {
        settle_held(s, time);
        s->is_held = false;
    }
}

/* ---- windows that tumble or hop ---- */

/* Closes the open window and opens the next one. */
static void close_window(struct mf_node *node, bool may_be_empty)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);
    int64_t end = s->end;
    double result = 0;

    settle_held(s, end);
    if (evaluate(node, end - c->window, end, &result) ||
        (may_be_empty && s->function->is_zero_when_empty))
        new_result(node, result, end);
    s->sum = (struct mf_sum){0};
    s->end = end + hop(c);
    mf_samples_trim(&s->samples, s->end - c->window, c->time_weighted);
}

static bool is_empty(const struct mf_window_config *c, const struct mf_window_state *s)
{
    const struct mf_samples *samples = &s->samples;

    if (keeps_samples(c, s))
        return samples->count == 0 ||
               (samples->count == 1 && isnan(mf_samples_at(samples, 0)->value));
    return s->sum.count == 0 && !s->is_held;
}

/* Closes what ends at or before `time`. When time leaps over a whole window, nothing is invented
 * for what lies between: what is open is closed, then the grid goes on at `time`. */
static void move_to(struct mf_node *node, int64_t time)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);
    bool leaps = time - s->end >= c->window;

    if (leaps)
        end_held(node, s->end);
    while (s->end <= time && !(leaps && is_empty(c, s)))
        close_window(node, !leaps);
    if (s->end <= time)
        s->end = end_after(c, time);
}

/* The clock was set back, or the first message tells what time it is at the source. */
static void move_back_to(struct mf_node *node, int64_t time)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);

    if (!c->sliding && !is_empty(c, s)) {
        if (s->end > source_now(node))
            s->end = source_now(node);
        close_window(node, false);
    }
    s->is_held = false;
    s->held_since = time;
    s->samples.count = 0;
    s->end = end_after(c, time);
}

/* ---- sliding windows ---- */

static void slide(struct mf_node *node, int64_t time, bool only_changes)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);
    int64_t from = time - c->window + (c->time_weighted ? 0 : 1), to = time;
    double result = 0;

    mf_samples_trim(&s->samples, from, c->time_weighted);
    if (!evaluate(node, from, c->time_weighted ? to : to + 1, &result) &&
        !s->function->is_zero_when_empty)
        return;
    if (!only_changes || !s->has_result || result != s->result)
        new_result(node, result, time);
}

/* When the oldest sample leaves the window, in the source's time; false if none will. */
static bool next_leaving(const struct mf_window_config *c, const struct mf_window_state *s,
                         int64_t *ret)
{
    size_t i = c->time_weighted ? 1 : 0;

    if (s->samples.count <= i)
        return false;
    *ret = mf_samples_at(&s->samples, i)->time + c->window;
    return true;
}

static void arm(struct mf_node *node)
{
    const struct mf_window_config *c = mf_node_config(node);
    const struct mf_window_state *s = mf_node_state(node);
    int64_t at = s->end;

    if (c->sliding && !next_leaving(c, s, &at))
        mf_node_disarm(node, TIMER);
    else
        mf_node_arm_at(node, TIMER, s->known_mono + (at - s->known_time));
}

/* ---- messages ---- */

static double number_of(const struct mf_value *value)
{
    if (value->type == MF_BOOL)
        return value->boolean ? 1 : 0;
    return MF_T(value->type) & MF_T_NUMERIC ? mf_value_as_number(value) : 0;
}

static void not_good(struct mf_node *node, const struct mf_msg *msg)
{
    struct mf_window_state *s = mf_node_state(node);

    s->quality = msg->quality;
    s->reason = msg->reason;
    end_held(node, source_now(node));
    mf_rule_mark(node, OUT, msg);
}

/* A value holds from its time on, but never from before what is known already: the end of a gap is
 * told by our clock, and may lie behind the time of the message that ended it. */
static int64_t holds_from(const struct mf_window_config *c, const struct mf_window_state *s,
                          int64_t time)
{
    int64_t known = s->held_since;

    if (keeps_samples(c, s))
        known = s->samples.count ? mf_samples_at(&s->samples, s->samples.count - 1)->time : time;
    return time > known ? time : known;
}

static void take_value(struct mf_node *node, double number, int64_t time)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);

    if (c->time_weighted)
        time = holds_from(c, s, time);
    if (keeps_samples(c, s)) {
        if (mf_samples_add(&s->samples, (struct mf_sample){time, number}, (size_t)c->samples))
            mf_node_log(node, MF_LOG_WARNING,
                        "the window holds %lld values, which is the limit (`samples`): the oldest "
                        "is left out (%llu so far)",
                        (long long)c->samples, (unsigned long long)++s->over);
    } else if (c->time_weighted) {
        settle_held(s, time);
        s->held = number;
        s->held_since = time;
        s->is_held = true;
    } else {
        mf_sum_add(&s->sum, &(struct mf_piece){number, 1, time});
    }
}

/* The input is good again with nothing new: its value holds from now on, but is no message. */
static void hold_again(struct mf_node *node, const struct mf_msg *msg)
{
    const struct mf_window_config *c = mf_node_config(node);

    if (c->time_weighted)
        take_value(node, number_of(&msg->value), source_now(node));
    arm(node);
}

/* A message that is older than others still counts if its window is open. */
static bool is_too_late(const struct mf_window_config *c, const struct mf_window_state *s,
                        int64_t time)
{
    if (c->time_weighted)
        return true;
    return time < (c->sliding ? s->order.newest : s->end) - c->window;
}

void mf_window_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);
    enum mf_place_in_order place;
    bool was_good;

    if (msg->quality != MF_GOOD) {
        not_good(node, msg);
        return;
    }
    was_good = s->quality == MF_GOOD;
    s->quality = MF_GOOD;
    s->reason = NULL;
    /* What was said last is good again; a window that slides says something new at once. */
    if (!was_good && s->has_result && (msg->is_again || !c->sliding))
        emit_result(node, true);
    if (msg->is_again) {
        hold_again(node, msg);
        return;
    }
    place = mf_order_take(&s->order, node, msg->time);
    if (place == MF_ORDER_OLDER && is_too_late(c, s, msg->time)) {
        mf_node_log(node, MF_LOG_WARNING,
                    "a message came after its window was closed, and is left out (%llu so far)",
                    (unsigned long long)++s->late);
        return;
    }
    if (place == MF_ORDER_FIRST)
        move_back_to(node, msg->time);
    else if (place == MF_ORDER_NEWER && !c->sliding)
        move_to(node, msg->time);
    if (place == MF_ORDER_FIRST || place == MF_ORDER_NEWER)
        set_source_now(node, msg->time);
    take_value(node, number_of(&msg->value), msg->time);
    if (c->sliding)
        slide(node, s->order.newest, false);
    arm(node);
}

void mf_window_timeout(struct mf_node *node, unsigned timer)
{
    const struct mf_window_config *c = mf_node_config(node);

    if (c->sliding)
        slide(node, source_now(node), true);
    else
        move_to(node, source_now(node));
    arm(node);
}

/* ---- life ---- */

int mf_window_create(struct mf_node *node, enum mf_function_id id)
{
    struct mf_window_state *s = mf_node_state(node);

    s->function = &mf_functions[id];
    return 0;
}

int mf_window_start(struct mf_node *node, struct mf_error *err)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);

    if (!s->order.has_newest)
        set_source_now(node, mf_node_now(node));
    if (!s->end)
        s->end = end_after(c, source_now(node));
    arm(node);
    return 0;
}

static void save_quality(const struct mf_window_state *s, struct mf_state_out *out)
{
    struct mf_value reason;

    if (s->quality == MF_GOOD)
        return;
    reason = s->reason ? mf_value_new_text(s->reason) : mf_value_null();
    mf_state_put_int(out, "quality", s->quality);
    mf_state_put(out, "reason", &reason);
    mf_value_drop(reason);
}

static void restore_quality(struct mf_window_state *s, struct mf_state_in *in)
{
    int64_t quality;

    if (!mf_state_get_int(in, "quality", &quality))
        return;
    s->quality = (uint8_t)quality;
    s->reason = mf_rule_reason(mf_state_get(in, "reason"));
}

void mf_window_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct mf_window_config *c = mf_node_config(node);
    const struct mf_window_state *s = mf_node_state(node);

    if (!s->order.has_newest)
        return;
    mf_order_save(&s->order, out);
    mf_state_put_int(out, "ahead", source_now(node) - mf_node_now(node));
    mf_state_put_int(out, "window", c->window);
    mf_state_put_int(out, "hop", hop(c));
    mf_state_put_int(out, "end", s->end);
    mf_samples_save(&s->samples, out);
    save_quality(s, out);
    if (s->sum.count)
        mf_sum_save(&s->sum, out);
    if (s->is_held) {
        mf_state_put_number(out, "held", s->held);
        mf_state_put_int(out, "held_since", s->held_since);
    }
    if (s->has_result) {
        mf_state_put_number(out, "result", s->result);
        mf_state_put_int(out, "result_time", s->result_time);
    }
}

int mf_window_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_window_config *c = mf_node_config(node);
    struct mf_window_state *s = mf_node_state(node);
    int64_t ahead, window, every;

    if (!mf_order_restore(&s->order, node, in) || !mf_state_get_int(in, "ahead", &ahead) ||
        !mf_state_get_int(in, "window", &window) || !mf_state_get_int(in, "hop", &every))
        return 0;
    set_source_now(node, mf_node_now(node) + ahead);
    restore_quality(s, in);
    if (keeps_samples(c, s))
        mf_samples_restore(&s->samples, in, (size_t)c->samples);
    s->has_result = mf_state_get_number(in, "result", &s->result) &&
                    mf_state_get_int(in, "result_time", &s->result_time);
    if (c->time_weighted)
        s->is_held = mf_state_get_number(in, "held", &s->held) &&
                     mf_state_get_int(in, "held_since", &s->held_since);
    /* What was summed up over another stretch of time is of no use. */
    if (window != c->window || every != hop(c)) {
        s->held_since = source_now(node);
        return 0;
    }
    mf_state_get_int(in, "end", &s->end);
    mf_sum_restore(&s->sum, in);
    return 0;
}

void mf_window_destroy(struct mf_node *node)
{
    struct mf_window_state *s = mf_node_state(node);

    mf_samples_done(&s->samples);
}
