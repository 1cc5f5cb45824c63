/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See schedule.h. */

#include "rules/schedule.h"

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "rules/daytimes.h"

#define LOOK_AT_CLOCK MF_MINUTE  /* longest wait without a look at the wall clock */
#define LATE_MAX (2 * MF_MINUTE) /* what is due for longer is missed */
#define JUMP_MIN (5 * MF_SEC)    /* by which the clocks must disagree to count as set */
#define REPEAT_MAX MF_HOUR       /* set back by less: what has been is not repeated */

/* ---- from civil times to moments ---- */

static int64_t floor_second(int64_t wall)
{
    return wall / MF_SEC - (wall % MF_SEC < 0);
}

static int64_t civil_second(const struct mf_zone *zone, int64_t wall)
{
    return floor_second(wall) + mf_zone_offset(zone, wall, NULL);
}

static enum mf_civil_fit find(const struct mf_schedule *schedule, int64_t civil, int64_t *ret_first,
                              int64_t *ret_second)
{
    struct mf_civil c = {
        .year = 1970,
        .month = 1,
        .day = 1 + (int)mf_civil_day(civil),
        .second = mf_civil_second(civil),
    };

    return mf_zone_find(schedule->zone, &c, ret_first, ret_second);
}

/* The first whose first time lies after `wall`. */
static int64_t first_time_after(const struct mf_schedule *schedule, int64_t wall)
{
    int64_t civil = civil_second(schedule->zone, wall), first, second;

    for (;;) {
        if (!schedule->next(schedule->pattern, civil, &civil))
            return MF_NEVER;
        find(schedule, civil, &first, &second);
        if (first > wall)
            return first;
    }
}

/* The second time of the next one after `civil`; MF_NEVER if that does not exist twice, or is past.
 */
static int64_t second_time(const struct mf_schedule *schedule, int64_t civil, int64_t wall)
{
    int64_t first, second;

    if (!schedule->next(schedule->pattern, civil, &civil) ||
        find(schedule, civil, &first, &second) != MF_CIVIL_FOLD || second <= wall)
        return MF_NEVER;
    return second;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t mf_schedule_after(const struct mf_schedule *schedule, int64_t wall)
{
    int64_t next = first_time_after(schedule, wall), change;

    if (!schedule->is_hourly)
        return next;
    /* Within the second pass; and at its start, one second before it on its own clock. */
    next = earlier(next, second_time(schedule, civil_second(schedule->zone, wall), wall));
    change = mf_zone_next_change(schedule->zone, wall);
    if (change > next)
        return next;
    return earlier(next, second_time(schedule, civil_second(schedule->zone, change) - 1, wall));
}

/* ---- the timer ---- */

static void wait_for(struct mf_alarm *alarm, struct mf_node *node, unsigned timer)
{
    int64_t left = LOOK_AT_CLOCK;

    alarm->wall = mf_node_now(node);
    alarm->mono = mf_node_mono(node);
    if (alarm->next < alarm->wall + left)
        left = alarm->next > alarm->wall ? alarm->next - alarm->wall : 0;
    mf_node_arm(node, timer, left);
}

/* What was told by a clock that was far ahead does not count. */
static void forget_the_future(struct mf_alarm *alarm, int64_t now)
{
    if (alarm->last > now + REPEAT_MAX)
        alarm->last = 0;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void mf_alarm_start(struct mf_alarm *alarm, struct mf_node *node, unsigned timer, mf_alarm_fn next)
{
    int64_t now = mf_node_now(node);

    forget_the_future(alarm, now);
    /* One that is now, too, unless it has been told. */
    alarm->next = next(node, alarm->last ? later(alarm->last, now - 1) : now - 1);
    wait_for(alarm, node, timer);
}

enum mf_alarm_news mf_alarm_look(struct mf_alarm *alarm, struct mf_node *node, unsigned timer,
                                 mf_alarm_fn next, int64_t *ret_time)
{
    int64_t now = mf_node_now(node);
    /* When the clocks were last compared, by the clock as it is now. */
    int64_t then = now - (mf_node_mono(node) - alarm->mono);
    int64_t jump = then - alarm->wall, from = now - LATE_MAX;
    enum mf_alarm_news news = MF_ALARM_QUIET;
    bool is_set = jump > JUMP_MIN || jump < -JUMP_MIN;

    if (is_set) {
        mf_node_log(node, MF_LOG_INFO,
                    "the clock was set %s by %lld s: the next time is found anew",
                    jump > 0 ? "forward" : "back", (long long)((jump < 0 ? -jump : jump) / MF_SEC));
        forget_the_future(alarm, now);
        from = later(from, then);
    }
    if (alarm->last)
        from = later(from, alarm->last);
    if (is_set || alarm->next <= from) {
        if (alarm->next <= from)
            news = MF_ALARM_MISSED;
        alarm->next = next(node, from);
    }
    if (alarm->next <= now) {
        /* Several, after a short hold-up: the newest. */
        for (int64_t t = alarm->next; t <= now; t = next(node, t))
            alarm->last = t;
        *ret_time = alarm->last;
        news = MF_ALARM_DUE;
        alarm->next = next(node, alarm->last);
    } else if (news == MF_ALARM_MISSED) {
        *ret_time = now;
    }
    wait_for(alarm, node, timer);
    return news;
}

void mf_alarm_emit(struct mf_node *node, unsigned out, const struct mf_value *value, int64_t time)
{
    mf_node_emit_take_at(node, out,
                         value ? mf_value_copy(*value) : mf_value_int(floor_second(time)), time);
}

void mf_alarm_save(const struct mf_alarm *alarm, struct mf_state_out *out)
{
    mf_state_put_int(out, "last", alarm->last);
}

void mf_alarm_restore(struct mf_alarm *alarm, struct mf_state_in *in)
{
    mf_state_get_int(in, "last", &alarm->last);
}
