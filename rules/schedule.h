/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Schedules: from civil times to moments, and a timer that keeps to the wall clock.
 *
 * Where clocks go forward, a time that is skipped is replaced by the moment after the gap, once
 * however many are skipped. Where they go back, a time that exists twice counts the first time
 * only; a schedule that means each hour runs in both.
 */

#include "engine/base/tz.h"
#include "engine/graph/node.h"

struct mf_schedule {
    const struct mf_zone *zone;
    /* The first civil second of the pattern after `civil`; false if there is none. */
    bool (*next)(const void *pattern, int64_t civil, int64_t *ret);
    const void *pattern;
    bool is_hourly;
};

/* The first moment of the schedule after `wall`; MF_NEVER if there is none. */
int64_t mf_schedule_after(const struct mf_schedule *schedule, int64_t wall);

/*
 * The timer. It is cut into pieces, so that a clock that was set is noticed within a minute: the
 * next moment is then found anew. What the clock was set over is missed, unless it was only held
 * up for less than two minutes. A clock set back by less than an hour does not repeat what has
 * been; one that was set back further was wrong before, and the new time counts.
 *
 * All of it is zeroed at first.
 */
struct mf_alarm {
    int64_t next; /* wall; MF_NEVER */
    int64_t last; /* the moment that was last told; 0: none */
    int64_t wall; /* of both clocks when they were last compared */
    int64_t mono;
};

/* First moment after a wall time; MF_NEVER if there is none. */
typedef int64_t (*mf_alarm_fn)(struct mf_node *node, int64_t after);

void mf_alarm_start(struct mf_alarm *alarm, struct mf_node *node, unsigned timer, mf_alarm_fn next);
enum mf_alarm_news {
    MF_ALARM_QUIET,
    MF_ALARM_DUE,    /* *ret_time is the moment that has come */
    MF_ALARM_MISSED, /* the clock was set over at least one; *ret_time is now */
};
/* To be called when the timer has run out; arms it again. */
enum mf_alarm_news mf_alarm_look(struct mf_alarm *alarm, struct mf_node *node, unsigned timer,
                                 mf_alarm_fn next, int64_t *ret_time);
/* Says `value`, or the moment in seconds since 1970 when it is NULL, with the moment as its time.
 */
void mf_alarm_emit(struct mf_node *node, unsigned out, const struct mf_value *value, int64_t time);
void mf_alarm_save(const struct mf_alarm *alarm, struct mf_state_out *out);
void mf_alarm_restore(struct mf_alarm *alarm, struct mf_state_in *in);
