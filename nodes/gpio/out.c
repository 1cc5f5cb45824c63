/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gpio.out: a line that is switched.
 *
 * The line is requested with its first level, so that it never shows another one: when the first
 * command comes, or at the start where the level is known by then (`initial`, or what a reload or
 * `keep` has handed over). What the line does in time is pulse.h's business.
 */

#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "nodes/gpio/link.h"
#include "nodes/gpio/options.h"
#include "nodes/gpio/pulse.h"
#include "nodes/net/share.h"

enum { TIMER_PULSE, TIMERS };
enum { CODE_TOO_SHORT = 562 };

struct pulse_config {
    int64_t on, off;
};

struct pwm_config {
    int64_t period, least;
};

struct config {
    struct mf_gpio_where where;
    int active, pull, drive;
    bool initial, has_initial;
    struct pulse_config pulse;
    struct pwm_config pwm;
};

struct state {
    struct mf_gpio_user user;
    char consumer[MF_GPIO_NAME];
    struct mf_pulse pulse;
    bool has_command;
    double command; /* the last one, which outlives the node */
    uint64_t switches;
};

static struct mf_pulse_plan plan_of(const struct config *c)
{
    struct mf_pulse_plan plan = {
        .on = c->pulse.on,
        .off = c->pulse.off,
        .period = c->pwm.period,
        .least = c->pwm.least,
    };

    if (plan.period)
        plan.mode = MF_PULSE_PWM;
    else if (plan.on)
        plan.mode = plan.off ? MF_PULSE_REPEAT : MF_PULSE_ONESHOT;
    return plan;
}

/* ---- checks ---- */

static void out_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    char least[64] = "";
    struct mf_buf text = {0};

    mf_share_check(check, "line", c->pulse.on, c->pwm.period);
    if (c->pwm.period && 2 * c->pwm.least > c->pwm.period) {
        mf_duration_print(c->pwm.least, &text);
        snprintf(least, sizeof(least), "%s", mf_buf_text(&text));
        mf_buf_clear(&text);
        mf_duration_print(2 * c->pwm.least, &text);
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOO_SHORT, mf_check_at(check, "pwm"),
                             "a period in which the line is on and off for at least %s each takes "
                             "at least %s",
                             least, mf_buf_text(&text)),
                     "make `period` longer, or `min` shorter");
        mf_buf_done(&text);
    }
}

static void out_infer(struct mf_infer *infer, const void *config)
{
    mf_share_infer(infer, "line", plan_of(config).mode == MF_PULSE_PWM);
}

static const char *out_writes(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;

    return c->where.line;
}

static const char *out_claims(const void *config, const void *link_config, struct mf_arena *arena)
{
    const struct config *c = config;

    return mf_gpio_where_key(&c->where, link_config, arena);
}

/* One pulse for each time it is said: repeated by a `refresh`, or because the node had failed, it
 * would open a door that nobody wanted open. */
static bool out_is_momentary(const void *config)
{
    return plan_of(config).mode == MF_PULSE_ONESHOT;
}

/* ---- the line ---- */

/* Does what the machine says. Without a line it is done when the line comes. */
static int act(struct mf_node *node, unsigned acts, struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    bool before = s->user.wish.levels;
    int rc = 0;

    s->user.wish.levels = s->pulse.level;
    if (s->pulse.due == MF_NEVER)
        mf_node_disarm(node, TIMER_PULSE);
    else
        mf_node_arm_at(node, TIMER_PULSE, s->pulse.due);
    if ((acts & MF_PULSE_WRITE) && mf_gpio_user_has_line(&s->user)) {
        s->switches += before != s->pulse.level;
        rc = mf_gpio_user_set(mf_node_link(node), &s->user, s->pulse.level, err);
    }
    return rc;
}

static void out_timeout(struct mf_node *node, unsigned timer)
{
    const struct mf_pulse_plan plan = plan_of(mf_node_config(node));
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};
    int rc = act(node, mf_pulse_timer(&s->pulse, &plan, mf_node_mono(node)), &err);

    if (rc < 0 && rc != MF_ELINK)
        mf_node_fail(node, &err);
}

static void begun(struct mf_gpio_user *user)
{
}

static void failed(struct mf_gpio_user *user, const struct mf_error *err)
{
    mf_node_fail(user->owner, err);
}

/* ---- commands ---- */

/* Pulses that run go on where they are when `refresh` says their command again. */
static unsigned obey(struct mf_node *node, const struct mf_letter *letter, double share)
{
    const struct mf_pulse_plan plan = plan_of(mf_node_config(node));
    struct state *s = mf_node_state(node);

    if (letter->msg.is_again && plan.mode == MF_PULSE_REPEAT && s->pulse.share > 0 && share > 0)
        return MF_PULSE_WRITE;
    return mf_pulse_command(&s->pulse, &plan, share, mf_node_mono(node));
}

static int out_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    const struct mf_pulse before = s->pulse;
    double share = 0;
    int rc = mf_share_read(node, "line", plan_of(mf_node_config(node)).mode == MF_PULSE_PWM,
                           &letter->msg.value, &share, err);

    if (rc < 0)
        return rc;
    rc = act(node, obey(node, letter, share), err);
    if (rc == 0)
        rc = mf_gpio_join(mf_node_link(node), &s->user, err);
    if (rc == 0 && !mf_gpio_user_has_line(&s->user))
        rc = MF_ELINK;
    if (rc == 0) {
        s->has_command = true;
        s->command = share;
        return MF_OK;
    }
    /* It has not happened, and comes again. */
    s->pulse = before;
    act(node, 0, NULL);
    if (!s->has_command)
        mf_gpio_leave(mf_node_link(node), &s->user);
    return rc;
}

/* ---- life ---- */

/* What runs goes on: a shot for the time that was left. */
static void resume(struct mf_node *node, const struct mf_pulse_plan *plan)
{
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_mono(node);
    bool is_shot = plan->mode == MF_PULSE_ONESHOT;

    if (is_shot &&
        (!mf_node_is_armed(node, TIMER_PULSE) || mf_node_deadline(node, TIMER_PULSE) <= now))
        s->command = 0;
    mf_pulse_command(&s->pulse, plan, s->command, now);
    if (is_shot && s->command > 0)
        s->pulse.due = mf_node_deadline(node, TIMER_PULSE);
}

static int out_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    const struct mf_pulse_plan plan = plan_of(c);
    struct state *s = mf_node_state(node);

    snprintf(s->consumer, sizeof(s->consumer), "moat-flow %s", mf_node_name(node));
    s->user = (struct mf_gpio_user){
        .wish = {.is_output = true,
                 .is_active_low = c->active,
                 .bias = c->pull,
                 .drive = c->drive,
                 .consumer = s->consumer},
        .line = c->where.line,
        .rests = plan.mode != MF_PULSE_LEVEL,
        .begun = begun,
        .failed = failed,
        .owner = node,
    };
    mf_pulse_init(&s->pulse);
    if (s->has_command)
        resume(node, &plan);
    else if (c->has_initial)
        mf_pulse_command(&s->pulse, &plan, c->initial, mf_node_mono(node));
    else
        return 0;
    if (mf_node_is_read_only(node))
        return 0;
    act(node, 0, err);
    return mf_gpio_join(mf_node_link(node), &s->user, err);
}

static void out_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_gpio_leave(mf_node_link(node), &s->user);
}

/* Which line of which chip, as far as that is known without asking the chip. */
static struct mf_value place_of(const struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    const struct mf_gpio_link_config *link = mf_link_config(mf_node_link(node));
    struct mf_buf buf = {0};
    struct mf_value place;

    mf_buf_printf(&buf, "%s/%s", mf_gpio_link_chip(link), c->where.line);
    place = mf_value_new_text(mf_buf_text(&buf));
    mf_buf_done(&buf);
    return place;
}

static void out_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);
    struct mf_value place;

    if (!s->has_command)
        return;
    place = place_of(node);
    mf_state_put(out, "line", &place);
    mf_value_drop(place);
    mf_state_put_int(out, "mode", plan_of(mf_node_config(node)).mode);
    mf_state_put_number(out, "command", s->command);
    mf_state_put_timer(out, "pulse", node, TIMER_PULSE);
}

/* What another line was told says nothing about this one. */
static bool is_of_this_line(const struct mf_node *node, struct mf_state_in *in)
{
    const struct mf_value *line = mf_state_get(in, "line");
    struct mf_value place = place_of(node);
    bool is_same = line && mf_value_equal(line, &place);

    mf_value_drop(place);
    return is_same;
}

/* What the line was told when it gave pulses, say, means something else now: it is off, or what
 * `initial` says, until it is told anew. */
static int out_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t mode;

    if (!is_of_this_line(node, in) || !mf_state_get_number(in, "command", &s->command))
        return 0;
    s->has_command = true;
    if (!mf_state_get_int(in, "mode", &mode) || mode != plan_of(c).mode) {
        s->command = 0;
        s->has_command = !c->has_initial;
    } else if (mode == MF_PULSE_ONESHOT) {
        mf_state_get_timer(in, "pulse", node, TIMER_PULSE);
    }
    return 0;
}

static void out_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);

    put(arg, "on", s->pulse.level, false);
    put(arg, "duty", s->pulse.share, false);
    put(arg, "switches", (double)s->switches, true);
}

static const struct mf_port ports[] = {
    MF_SHARE_PORT,
    {0},
};

/* ---- options ---- */

#define MF_CONFIG struct pulse_config
static const struct mf_option pulse_options[] = {
    {"on", MF_DURATION(on), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED, MF_LIMITS(0.001, 31536000),
     .summary = "How long the line is on."},
    {"off", MF_DURATION(off), MF_LIMITS(0.001, 31536000),
     .summary = "How long it is off before it is on again; left out: it stays off."},
    {0},
};
static const struct mf_table pulse_table = {pulse_options, sizeof(struct pulse_config)};
#undef MF_CONFIG

#define MF_CONFIG struct pwm_config
static const struct mf_option pwm_options[] = {
    {"period", MF_DURATION(period), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     MF_LIMITS(0.02, 86400), .summary = "Time in which the line is on and off once."},
    {"min", MF_DURATION(least), .fallback = "0s", MF_LIMITS(0, 86400),
     .summary = "Shortest time that it is on or off at a stretch; what is shorter is saved up for "
                "a later period."},
    {0},
};
static const struct mf_table pwm_table = {pwm_options, sizeof(struct pwm_config)};
#undef MF_CONFIG

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"line", MF_GPIO_WHERE(where), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LINK,
     .summary = "Link or chip, and number or name of the line: `relays/27`, `gpiochip0/GPIO27`."},
    MF_GPIO_LINE_OPTIONS,
    {"drive", MF_CHOICE(drive, mf_gpio_drives), .fallback = "push-pull",
     .summary = "Which levels the chip drives."},
    {"initial", MF_BOOL(initial), MF_GIVEN(has_initial),
     .summary = "What the line is from the start on; without it the line is not touched before "
                "the first value."},
    {"pulse", MF_SUBTABLE(pulse, struct pulse_config, &pulse_table),
     .summary = "True gives a pulse of this length (`2s`), or pulses (`{on: 1s, off: 3s}`)."},
    {"pwm", MF_SUBTABLE(pwm, struct pwm_config, &pwm_table),
     .summary = "The line is on for a share of each period, by software."},
    {0},
};
#undef MF_CONFIG

const struct mf_kind mf_kind_gpio_out = {
    .name = "gpio.out",
    .summary = "Switches a line of a GPIO chip.",
    .doc =
        "The line is requested together with its first level, so that it never shows another one: "
        "with the first value that comes, or at once where one is known: `initial`, what a reload "
        "hands over, or with `keep: true` the value from before a restart. `active: low` inverts "
        "the wire and nothing else: values, `failsafe` and `initial` are what the thing does.\n"
        "\n"
        "With `pulse: TIME` true switches the line on for that long, and another true meanwhile "
        "makes it last that long from then on; false ends it. One that is asked for while the chip "
        "is away is given when it is back. With `pulse: {on: …, off: …}` it goes on and off until "
        "false comes; a further true begins with a whole on, but `refresh` lets it go on. With "
        "`pwm` the input is a share: a new one holds from the period on that is running, but once "
        "the line is off it stays off for the rest of it, and 0 switches off at once. These times "
        "come from the loop and are good to about a millisecond; use them for heaters, valves and "
        "lamps, not for motors.\n"
        "\n"
        "At the end, and when a reload removes the node, the failsafe value is written, a pulse is "
        "ended, and the line is let go. What it then does is up to the chip: most hold the level, "
        "some go back to being an input, so that the wire wants a resistor that pulls it to the "
        "safe side. A reload that changes the node, but not how its line is requested, does not "
        "let it go. One that makes pulses or shares of levels, or the other way round, leaves it "
        "off, or as `initial` says, until a value comes. While the chip is away times run on; when "
        "it is back the line gets the level "
        "it should have by then.\n"
        "\n"
        "A line can only be had by one node, and one program. With `run --read-only` it is not "
        "even requested. `status` shows for each node `on`, `duty` (the share of time that it is "
        "on) and `switches`.",
    .example =
        "moat-flow: 1\n"
        "links: {relays: {gpio: pinctrl-bcm2711}}\n"
        "nodes:\n"
        "  temp: {sim.wave: sine, every: 10s, min: 18, max: 24, unit: °C}\n"
        "  cold: {when: temp < 20 °C}\n"
        "  pump: {gpio.out: relays/27, active: low, from: cold, failsafe: false after 5min}\n"
        "  need: {expr: 'math.min(1, math.max(0, 22 °C - temp) / 4 K)'}\n"
        "  heater: {gpio.out: relays/22, pwm: {period: 1min, min: 2s}, from: need, limit: "
        "0..1, failsafe: 0 after 5min}\n",
    .link = &mf_link_kind_gpio,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .state_version = 1,
    .timers = TIMERS,
    .flags = MF_KIND_ACTUATOR,
    .check = out_check,
    .infer = out_infer,
    .writes = out_writes,
    .claims = out_claims,
    .is_momentary = out_is_momentary,
    .start = out_start,
    .timeout = out_timeout,
    .deliver = out_deliver,
    .save = out_save,
    .restore = out_restore,
    .stats = out_stats,
    .stop = out_stop,
};
