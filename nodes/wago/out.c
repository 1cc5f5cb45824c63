/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wago.out: an output of a WAGO controller: on and off, pulses, pulse width.
 *
 * How that is done is drive.h's business; here is what may be asked, and what of it is still
 * wanted.
 */

#include "engine/base/clock.h"
#include "nodes/net/share.h"
#include "nodes/wago/drive.h"

enum { CODE_REPEATED = 571 };

/* The age at which a pulse that has waited for the link is not given any more: its own length, but
 * not less than LATE_LEAST. */
#define LATE_LEAST (10 * MF_SEC)
#define BEGINNING (1 * MF_SEC) /* of a connection, in which what waited is delivered */

/* ---- letters ---- */

/* A pulse that nobody can be sure to still want is not given; MF_OK: it is, or it runs. */
static int judge_pulse(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    const struct mf_wago_drive *s = mf_node_state(node);
    int64_t late = c->pulse > LATE_LEAST ? c->pulse : LATE_LEAST;

    if (letter->is_retry && !s->runs)
        return mf_fail(err, MF_EDENIED,
                       "the connection broke before the controller had confirmed "
                       "the pulse; it is not given twice");
    if (!letter->is_retry && mf_node_mono(node) - s->up_at < BEGINNING &&
        mf_node_now(node) - letter->msg.time > late)
        return mf_fail(err, MF_EDENIED,
                       "the pulse was wanted while the controller was away; that is too long ago");
    return MF_OK;
}

static int out_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    double share = 0;
    int rc = mf_share_read(node, "output", c->pwm.period, &letter->msg.value, &share, err);

    if (rc == 0 && c->pwm.period)
        share = mf_wago_drive_round(c, share);
    if (rc == 0)
        rc = mf_wago_check(mf_node_link(node), &c->place, MF_WAGO_OUTPUTS, err);
    if (rc == 0 && c->pulse && share > 0)
        rc = judge_pulse(node, letter, err);
    if (rc < 0)
        return rc;
    if (mf_wago_drive_is_busy(node))
        return MF_ELINK;
    if (c->pulse && share > 0 && letter->is_retry)
        return MF_OK; /* it runs */
    if (mf_wago_drive_can_wait(node, share))
        return MF_OK;
    return mf_wago_drive_start(node, share, letter) ? MF_DELIVER_PENDING : MF_ELINK;
}

/* ---- life ---- */

static int out_create(struct mf_node *node, struct mf_error *err)
{
    struct mf_wago_drive *s = mf_node_state(node);

    s->share = s->next_share = MF_WAGO_UNKNOWN;
    return 0;
}

static int out_start(struct mf_node *node, struct mf_error *err)
{
    mf_wago_drive_join(node);
    return 0;
}

static void out_timeout(struct mf_node *node, unsigned timer)
{
    mf_wago_drive_timeout(node);
}

/* What its monitor was made for: of another bit it is not this node's, and made in another way it
 * does not do what this node says. */
static struct mf_value purpose(const struct mf_wago_out_config *c)
{
    struct mf_buf buf = {0};
    struct mf_value text;

    mf_buf_printf(&buf, "%d %lld %lld", c->active, (long long)c->pulse, (long long)c->pwm.period);
    text = mf_value_new_text_n(mf_buf_text(&buf), buf.len);
    mf_buf_done(&buf);
    return text;
}

static bool is_same(const struct mf_wago_out_config *c, struct mf_state_in *in)
{
    const struct mf_value *former = mf_state_get(in, "purpose");
    struct mf_value text = purpose(c);
    bool is_same = former && mf_value_equal(former, &text);

    mf_value_drop(text);
    return is_same;
}

static void out_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    const struct mf_wago_drive *s = mf_node_state(node);
    struct mf_value text = purpose(c);

    mf_state_put_int(out, "card", c->place.card);
    mf_state_put_int(out, "bit", c->place.bit);
    mf_state_put(out, "purpose", &text);
    if (s->runs)
        mf_state_put_int(out, "monitor", s->runs);
    if (s->share != MF_WAGO_UNKNOWN)
        mf_state_put_number(out, "share", s->share);
    mf_value_drop(text);
}

static int out_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_wago_out_config *c = mf_node_config(node);
    struct mf_wago_drive *s = mf_node_state(node);
    int64_t card = 0, bit = 0;

    if (!mf_state_get_int(in, "card", &card) || card != c->place.card ||
        !mf_state_get_int(in, "bit", &bit) || bit != c->place.bit)
        return 0;
    mf_state_get_int(in, "monitor", &s->runs);
    if (is_same(c, in))
        mf_state_get_number(in, "share", &s->share);
    return 0;
}

static void out_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct mf_wago_drive *s = mf_node_state(node);

    put(arg, "starts", (double)s->starts, true);
    put(arg, "ended_by_others", (double)s->ended_by_others, true);
}

/* ---- checks ---- */

static void out_check(const void *config, struct mf_check *check)
{
    const struct mf_wago_out_config *c = config;

    mf_share_check(check, "output", c->pulse, c->pwm.period);
    if (c->pulse && mf_flow_option(check->item, "refresh"))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_REPEATED, mf_check_at(check, "refresh"),
                             "`refresh` would give the pulse again and again"),
                     "leave it out: a pulse is an event, and is given once");
}

static void out_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_wago_out_config *c = config;

    mf_share_infer(infer, "output", c->pwm.period);
}

static const char *out_writes(const void *config, struct mf_arena *arena)
{
    const struct mf_wago_out_config *c = config;

    return mf_arena_printf(arena, "%u/%u", c->place.card, c->place.bit);
}

static int out_fits(const void *config, struct mf_link *link, struct mf_error *err)
{
    const struct mf_wago_out_config *c = config;

    return mf_wago_check(link, &c->place, MF_WAGO_OUTPUTS, err);
}

static const char *out_wants(const void *config, const char **ret_sort, struct mf_arena *arena)
{
    const struct mf_wago_out_config *c = config;

    *ret_sort = "outputs";
    return mf_arena_printf(arena, "card %u", c->place.card);
}

static bool out_is_momentary(const void *config)
{
    const struct mf_wago_out_config *c = config;

    return c->pulse;
}

/* ---- options ---- */

static const struct mf_port ports[] = {
    MF_SHARE_PORT,
    {0},
};

#define MF_CONFIG struct mf_wago_pwm_config
static const struct mf_option pwm_options[] = {
    {"period", MF_DURATION(period), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     MF_LIMITS(0.02, 86400), .summary = "Time in which the output is on and off once."},
    {0},
};
static const struct mf_table pwm_table = {pwm_options, sizeof(struct mf_wago_pwm_config)};
#undef MF_CONFIG

#define MF_CONFIG struct mf_wago_out_config
static const struct mf_option options[] = {
    {"place", MF_WAGO_PLACE(place), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Card and bit, both counted from 1: `2/4`."},
    {"link", MF_STRING(link), .flags = MF_OPT_LINK,
     .summary = "Link of kind `wago`; may be left out where the flow has only one."},
    {"active", MF_CHOICE(active, mf_wago_actives), .fallback = "high",
     .summary = "Which level of the bit means on."},
    {"pulse", MF_DURATION(pulse), MF_LIMITS(0.001, 31536000),
     .summary = "True switches on for this long; the controller keeps the time."},
    {"pwm", MF_SUBTABLE(pwm, struct mf_wago_pwm_config, &pwm_table),
     .summary = "The output is on for a share of each period; the controller keeps the time."},
    {0},
};
#undef MF_CONFIG

const struct mf_kind mf_kind_wago_out = {
    .name = "wago.out",
    .summary = "Switches a digital output of a WAGO controller: on and off, pulses, pulse width.",
    .doc =
        "`active: low` inverts the bit and nothing else: values and `failsafe` are what the thing "
        "does. While the controller is away the newest value waits; when it is back the output is "
        "told again what it was told last, since a controller that was restarted has forgotten "
        "it.\n"
        "\n"
        "With `pulse: TIME` true switches the output on for that long; another true meanwhile "
        "begins anew (it is off for a moment, the controller cannot do it otherwise), false ends "
        "it. A pulse is given once or not at all: it is not given again after an error, a reload "
        "or a lost connection, nor when the controller was away for more than 10 s and the pulse's "
        "own time meanwhile. With `pwm` the input is a share of the period: 0 and 1 hold at once, "
        "another share from the next period on.\n"
        "\n"
        "The controller keeps these times, so that they go on when the connection breaks or this "
        "program is killed: a pulse then ends in time, a pulse width goes on until somebody ends "
        "it. On the next connection the node finds them by the bit and takes them over. When "
        "another client switches the bit meanwhile, the controller ends them and leaves the output "
        "off; that is logged, counted as `ended_by_others`, and `refresh` begins anew.\n"
        "\n"
        "A bit that the controller does not have, or that is an input, is said together with the "
        "cards that there are, and tried again.",
    .example =
        "moat-flow: 1\n"
        "links: {cabinet: {wago: 'tcp:wago.lan'}}\n"
        "nodes:\n"
        "  bell: {wago.in: 1/3}\n"
        "  door: {wago.out: 2/1, from: bell, pulse: 3s, failsafe: false}\n"
        "  temp: {sim.wave: sine, every: 10s, min: 18, max: 24, unit: °C}\n"
        "  cold: {when: temp < 20 °C}\n"
        "  pump: {wago.out: 2/2, from: cold, refresh: 1min, failsafe: false after 5min}\n"
        "  need: {expr: 'math.min(1, math.max(0, 22 °C - temp) / 4 K)'}\n"
        "  heater: {wago.out: 2/3, pwm: {period: 1min}, from: need, limit: 0..1, refresh: 1min, "
        "failsafe: 0 after 5min}\n",
    .link = &mf_link_kind_wago,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct mf_wago_out_config),
    .state_size = sizeof(struct mf_wago_drive),
    .state_version = 1,
    .timers = MF_WAGO_TIMERS,
    .flags = MF_KIND_ACTUATOR,
    .check = out_check,
    .infer = out_infer,
    .writes = out_writes,
    .wants = out_wants,
    .fits = out_fits,
    .is_momentary = out_is_momentary,
    .create = out_create,
    .start = out_start,
    .timeout = out_timeout,
    .deliver = out_deliver,
    .save = out_save,
    .restore = out_restore,
    .stats = out_stats,
    .stop = mf_wago_drive_leave,
};
