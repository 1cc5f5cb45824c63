/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * cron: times of the day, the week and the year by a cron line.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/config/schema.h"
#include "engine/config/type_zone.h"
#include "engine/graph/node.h"
#include "rules/cron_line.h"
#include "rules/schedule.h"

enum { OUT };
enum { TIMER_NEXT };
enum { MISSED_SKIP, MISSED_ONCE };

struct config {
    struct mf_cron line;
    const struct mf_zone *tz;
    struct mf_value value;
    bool has_value;
    int missed;
};

struct state {
    struct mf_alarm alarm;
    const struct mf_zone *zone;
};

/* ---- the line as an option ---- */

static bool line_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_cron *line = ret;
    struct mf_error err;
    int64_t first;

    if (!text)
        return false;
    if (mf_cron_read(text, tree->count, line, &err) < 0) {
        mf_diag_help(mf_diag(load->diags, MF_ERROR, 221, tree->at, "`%s` is not a cron line: %s",
                             text, err.text),
                     "for Mondays to Fridays at 6:30 write `30 6 * * mon-fri`");
        return false;
    }
    if (!mf_cron_next(line, 0, &first)) {
        mf_diag(load->diags, MF_ERROR, 222, tree->at, "`%s` never comes: no month has such a day",
                text);
        return false;
    }
    return true;
}

static const struct mf_type type_line = {
    .name = "cron line",
    .syntax = "a cron line such as `30 6 * * mon-fri`",
    .size = sizeof(struct mf_cron),
    .read = line_read,
    .schema = mf_schema_text,
};

/* ---- running ---- */

static bool next_civil(const void *pattern, int64_t civil, int64_t *ret)
{
    return mf_cron_next(pattern, civil, ret);
}

static int64_t next_after(struct mf_node *node, int64_t after)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    struct mf_schedule schedule = {
        .zone = s->zone,
        .next = next_civil,
        .pattern = &c->line,
        .is_hourly = mf_cron_is_hourly(&c->line),
    };

    return mf_schedule_after(&schedule, after);
}

static int cron_start(struct mf_node *node, struct mf_error *err)
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

static void cron_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t time;
    enum mf_alarm_news news = mf_alarm_look(&s->alarm, node, TIMER_NEXT, next_after, &time);

    if (news == MF_ALARM_DUE || (news == MF_ALARM_MISSED && c->missed == MISSED_ONCE))
        mf_alarm_emit(node, OUT, c->has_value ? &c->value : NULL, time);
}

static void cron_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, c->has_value ? MF_T(c->value.type) : MF_T(MF_INT), NULL);
}

static void cron_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_alarm_save(&s->alarm, out);
}

static int cron_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
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

static const struct mf_choice missed[] = {
    {"skip", MISSED_SKIP, "They are left out."},
    {"once", MISSED_ONCE, "One late message stands for all of them."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "line",
        .type = &type_line,
        .offset = MF_MEMBER(MF_CONFIG, line, struct mf_cron),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "Minute, hour, day of the month, month and day of the week; with six fields, "
                   "seconds come first.",
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
    {
        "missed",
        MF_CHOICE(missed, missed),
        .fallback = "skip",
        .summary = "What becomes of times that the clock was set over, or the machine slept "
                   "through.",
    },
    {0},
};

const struct mf_kind mf_kind_cron = {
    .name = "cron",
    .summary = "Sends at times given by a cron line.",
    .doc =
        "The fields are minute (0 to 59), hour (0 to 23), day of the month (1 to 31), month (1 to "
        "12 or `jan` to `dec`) and day of the week (0 to 7 or `sun` to `sat`; 0 and 7 are Sunday); "
        "a sixth one in front of them is the second. Each is `*`, a number, a range `8-18`, a "
        "range with a step `8-18/2` or `*/15`, or several of these with commas between them. As in "
        "every cron, a day counts when it fits *one* of the two day fields if both are given, and "
        "both if one of them begins with `*`.\n"
        "\n"
        "Times are those of the clock on the wall in `tz`. When clocks go forward, a time that is "
        "skipped is made up for right after the gap, once however many are skipped: with `30 2 * * "
        "*`, Berlin's last Sunday of March has its message at 3:00. When they go back, a time that "
        "exists twice counts once, the first time. Only a line for every hour (`*` as the hour) "
        "goes on in both, so that `*/5 * * * *` never pauses for an hour.\n"
        "\n"
        "When the machine's clock is set forward, or the machine slept, the times in between are "
        "missed: `missed: once` sends one late message for all of them, with the time of the "
        "message being now. A clock that is set back by less than an hour does not repeat what has "
        "been; set back further, the new time counts. Either is noticed within a minute. Times "
        "before the start are never made up for: a restart sends nothing old.\n"
        "\n"
        "`value` may be any literal and decides the type of the output. A reload does not repeat a "
        "time that has been told. `run --once` does not wait for times.",
    .example = "morning: {cron: 30 6 * * mon-fri, tz: Europe/Berlin, value: true}\n"
               "print: {log: info, from: morning}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_TIME | MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = cron_infer,
    .start = cron_start,
    .timeout = cron_timeout,
    .save = cron_save,
    .restore = cron_restore,
};
