/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * every: a tick at a fixed interval.
 *
 * Without `align` the ticks hang on the mono clock and on each other. With it they hang on
 * wall time: whoever sets the clock moves them, and a wait is cut into pieces so that
 * this is noticed.
 */

#include "engine/base/clock.h"
#include "engine/graph/node.h"
#include "rules/tick.h"

enum { OUT };
enum { TIMER_TICK };

#define LOOK_AT_CLOCK MF_MINUTE /* aligned: longest wait without a look at the wall clock */

struct config {
    int64_t interval;
    int64_t offset;
    struct mf_value value;
    bool has_value;
    bool align;
};

struct state {
    int64_t next; /* of the next tick: wall ns if aligned, else mono ns */
    int64_t count;
};

/* First time of the grid that is after `now`. */
static int64_t aligned_after(const struct config *c, int64_t now)
{
    int64_t since = (now - c->offset) % c->interval;

    if (since < 0)
        since += c->interval;
    return now - since + c->interval;
}

static void wait_for_wall(struct mf_node *node)
{
    const struct state *s = mf_node_state(node);
    int64_t left = s->next - mf_node_now(node);

    mf_node_arm(node, TIMER_TICK, left > LOOK_AT_CLOCK ? LOOK_AT_CLOCK : left);
}

static void tick(struct mf_node *node, int64_t time)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->count++;
    mf_node_emit_take_at(node, OUT, c->has_value ? mf_value_copy(c->value) : mf_value_int(s->count),
                         time);
}

static int every_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (mf_node_is_once(node)) {
        mf_node_arm(node, TIMER_TICK, 0);
    } else if (c->align) {
        s->next = aligned_after(c, mf_node_now(node) - 1); /* now, if it is on the grid */
        wait_for_wall(node);
    } else if (!mf_node_is_armed(node, TIMER_TICK)) {
        s->next = mf_node_mono(node) + c->offset;
        mf_node_arm_at(node, TIMER_TICK, s->next);
    }
    return 0;
}

static void aligned_timeout(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_now(node);

    if (now >= s->next) {
        /* After a jump forward, what was missed is left out but the newest. */
        tick(node, aligned_after(c, now) - c->interval);
        s->next = aligned_after(c, now);
    } else if (s->next - now > c->interval) {
        s->next = aligned_after(c, now); /* the clock was set back */
    }
    wait_for_wall(node);
}

static void every_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (mf_node_is_once(node)) {
        tick(node, mf_node_now(node));
    } else if (c->align) {
        aligned_timeout(node);
    } else {
        tick(node, mf_node_now(node));
        s->next = mf_tick_after(s->next, c->interval, mf_node_mono(node));
        mf_node_arm_at(node, TIMER_TICK, s->next);
    }
}

static void every_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, c->has_value ? MF_T(c->value.type) : MF_T(MF_INT), NULL);
}

static int64_t every_period(const void *config)
{
    const struct config *c = config;

    return c->offset > c->interval ? c->offset : c->interval;
}

static void every_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    struct mf_diag *diag;

    if (!c->align || c->offset < c->interval)
        return;
    diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "offset"),
                   "with `align` the offset must be less than the interval");
    mf_diag_help(diag, "the offset is the time after each full interval");
}

static void every_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    mf_state_put_int(out, "count", s->count);
    if (!c->align)
        mf_state_put_timer(out, "tick", node, TIMER_TICK);
}

static int every_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    mf_state_get_int(in, "count", &s->count);
    if (!c->align && mf_state_get_timer(in, "tick", node, TIMER_TICK)) {
        s->next = mf_node_deadline(node, TIMER_TICK);
        if (s->next > mf_node_mono(node) + c->interval) { /* the new interval is shorter */
            s->next = mf_node_mono(node) + c->interval;
            mf_node_arm_at(node, TIMER_TICK, s->next);
        }
    }
    return 0;
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_ANY, .summary = "A message per tick: its number, or `value`."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "interval",
        MF_DURATION(interval),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time between two ticks.",
    },
    {
        "offset",
        MF_DURATION(offset),
        .fallback = "0s",
        MF_LIMITS(0, 3.2e9),
        .summary = "Time of the first tick after the start; with `align`, of each tick after the "
                   "full interval.",
    },
    {
        "value",
        MF_LITERAL(value),
        MF_GIVEN(has_value),
        .summary = "What is sent at each tick; by default the number of the tick, from 1.",
    },
    {
        "align",
        MF_BOOL(align),
        .fallback = "false",
        .summary = "Tick at multiples of the interval by the wall clock, in UTC.",
    },
    {0},
};

const struct mf_kind mf_kind_every = {
    .name = "every",
    .summary = "Ticks at a fixed interval.",
    .doc = "The first tick comes at the start, or `offset` after it, and the others follow without "
           "drift. With `align: true` ticks stand on the wall clock instead: `every: 15min` then "
           "means :00, :15, :30 and :45, counted in UTC from 1970, and `offset: 2min` moves them "
           "to :02, :17 and so on. Days begin at midnight UTC; for local time use `cron`.\n"
           "\n"
           "Ticks that were missed, because the machine slept or its clock was set forward, are "
           "not made up for: there is one late tick, then the rhythm goes on. When the clock is "
           "set back, aligned ticks follow the new time within a minute.\n"
           "\n"
           "`value` may be any literal and decides the type of the output; a unit is given by "
           "`unit`. The number of ticks and the rhythm survive a reload. `run --once` ticks once, "
           "at once.",
    .example = "tick: {every: 10s}\n"
               "quarter: {every: 15min, align: true, value: now}\n"
               "print: {log: info, from: tick}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_TIME | MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .check = every_check,
    .infer = every_infer,
    .period = every_period,
    .start = every_start,
    .timeout = every_timeout,
    .save = every_save,
    .restore = every_restore,
};
