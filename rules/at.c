/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * at: times of which only some parts are given, as MoaT writes them.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/config/schema.h"
#include "engine/config/type_zone.h"
#include "engine/graph/node.h"
#include "rules/moment.h"
#include "rules/schedule.h"

enum { OUT };
enum { TIMER_NEXT };
enum { YEAR_MIN = 1970, YEAR_MAX = 2261 }; /* what 64 bits of nanoseconds hold */

struct config {
    struct mf_moment moment;
    const struct mf_zone *tz;
    struct mf_value value;
    bool has_value;
};

struct state {
    struct mf_alarm alarm;
    const struct mf_zone *zone;
};

/* ---- the moment as an option ---- */

/* What the grammar allows on a command line, and a flow cannot mean. NULL: all is well. */
static const char *unfit(const struct mf_moment *m)
{
    if (m->base)
        return "a flow always counts from now";
    if (m->given == 0)
        return "no part of a time is given";
    if (mf_moment_has(m, MF_MOMENT_YEAR) &&
        (m->value[MF_MOMENT_YEAR] < YEAR_MIN || m->value[MF_MOMENT_YEAR] > YEAR_MAX))
        return "a year has four digits here, from 1970 to 2261";
    return NULL;
}

/* A year that is given decides where to look from; else any time is as good. */
static bool comes(const struct mf_moment *m)
{
    int64_t year = mf_moment_has(m, MF_MOMENT_YEAR) ? m->value[MF_MOMENT_YEAR] : YEAR_MIN, first;

    return mf_moment_next(m, MF_MOMENT_MATCH, (year - YEAR_MIN) * 365 * 86400, &first);
}

static bool moment_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree), *fault;
    struct mf_moment *moment = ret;
    struct mf_error err;

    if (!text)
        return false;
    fault = mf_moment_read(text, tree->count, moment, &err) < 0 ? err.text : unfit(moment);
    if (fault) {
        mf_diag_help(mf_diag(load->diags, MF_ERROR, 223, tree->at,
                             "`%s` is not a time that can be waited for: %s", text, fault),
                     "for Sundays at three write `sun 03:00`; `moat-flow time` tries it out");
        return false;
    }
    if (!comes(moment)) {
        mf_diag(load->diags, MF_ERROR, 222, tree->at,
                "`%s` never comes: its parts exclude each other", text);
        return false;
    }
    return true;
}

static const struct mf_type type_moment = {
    .name = "moment",
    .syntax = "parts of a time, such as `sun 03:00` or `-1 day 12 h`",
    .size = sizeof(struct mf_moment),
    .read = moment_read,
    .schema = mf_schema_text,
};

/* ---- running ---- */

static bool next_civil(const void *pattern, int64_t civil, int64_t *ret)
{
    return mf_moment_start(pattern, civil, ret);
}

static int64_t next_after(struct mf_node *node, int64_t after)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    struct mf_schedule schedule = {
        .zone = s->zone,
        .next = next_civil,
        .pattern = &c->moment,
        .is_hourly = mf_moment_is_hourly(&c->moment),
    };

    return mf_schedule_after(&schedule, after);
}

static int at_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->zone = mf_zone_or_local(c->tz, err);
    if (!s->zone)
        return err->code;
    if (!mf_node_is_once(node))
        mf_alarm_start(&s->alarm, node, TIMER_NEXT, next_after);
    return 0;
}

static void at_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t time;

    if (mf_alarm_look(&s->alarm, node, TIMER_NEXT, next_after, &time) == MF_ALARM_DUE)
        mf_alarm_emit(node, OUT, c->has_value ? &c->value : NULL, time);
}

static void at_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, c->has_value ? MF_T(c->value.type) : MF_T(MF_INT), NULL);
}

static void at_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_alarm_save(&s->alarm, out);
}

static int at_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_alarm_restore(&s->alarm, in);
    return 0;
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_ANY,
     .summary = "A message at each time: the time in seconds since 1970, or `value`."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "moment",
        .type = &type_moment,
        .offset = MF_MEMBER(MF_CONFIG, moment, struct mf_moment),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "The parts of the time: `sun 03:00`, `-1 day 12 h`, `2 tue 6 month`.",
    },
    {
        "tz",
        MF_ZONE(tz),
        .summary = MF_ZONE_SUMMARY,
    },
    {
        "value",
        MF_LITERAL(value),
        MF_GIVEN(has_value),
        .summary = "What is sent at each time; by default the time itself.",
    },
    {0},
};

const struct mf_kind mf_kind_at = {
    .name = "at",
    .summary = "Sends whenever a partly given time begins.",
    .doc =
        "A time is written as MoaT writes it: numbers with units, in any order, and days of the "
        "week. Parts that are not given are free, and those smaller than the smallest given one "
        "begin at their first value: `9 h 30 min` is each day at 9:30:00, `0 min` each full hour, "
        "`1 day` the first of each month at 0:00. A time that has begun counts from its next "
        "start.\n"
        "\n"
        "| unit | range |\n"
        "|---|---|\n"
        "| `s` `sec` `second`, `m` `min` `minute` | 0 to 59 |\n"
        "| `h` `hr` `hour` | 0 to 23 |\n"
        "| `d` `dy` `day` | day of the month, 1 to 31 |\n"
        "| `w` `wk` `week` | week of the year by ISO 8601, 1 to 53 |\n"
        "| `mo` `month` | 1 to 12 |\n"
        "| `y` `yr` `year` | in four digits |\n"
        "| `sunday`, `sun`, `su` … | the next such day; `2 tue` is the second of its month, "
        "up to 4 |\n"
        "| `03:00`, `03:00:30` | hour, minute and second at once |\n"
        "\n"
        "A negative number counts from the end: `-1 day` is the last of the month, `-1 hour` "
        "23:00, "
        "`-1 fri` the last Friday of the month. `mo` after a number is a month, alone a Monday. "
        "`next` may stand anywhere and means nothing.\n"
        "\n"
        "Times are those of the clock on the wall in `tz`. When clocks go forward, a time that is "
        "skipped is made up for right after the gap. When they go back, a time that exists twice "
        "counts once, the first time; only what comes in every hour (`0 min`, `30 sec`) goes on in "
        "both.\n"
        "\n"
        "When the machine's clock is set forward, or the machine slept, the times in between are "
        "left out. A clock that is set back by less than an hour does not repeat what has been; "
        "set back further, the new time counts. Either is noticed within a minute. Times before "
        "the start are never made up for, and a reload does not repeat one that has been told. "
        "`run --once` does not wait for times.",
    .example = "water: {at: sun 03:00, tz: Europe/Berlin, value: true}\n"
               "month: {at: -1 day 23:59, tz: Europe/Berlin}\n"
               "print: {log: info, from: water}\n"
               "close: {log: info, from: month}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_TIME | MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = at_infer,
    .start = at_start,
    .timeout = at_timeout,
    .save = at_save,
    .restore = at_restore,
};
