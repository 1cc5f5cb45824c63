/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * hysteresis: a number becomes a switch that does not flutter.
 */

#include <math.h>

#include <math.h>

#include "engine/graph/node.h"

enum { OUT };

struct config {
    struct mf_range range;
    bool invert;
};

struct state {
    bool is_high, is_known; /* what was seen last, before `invert` */
    bool must_say;          /* readers think it dead: a former node said so */
};

static void hysteresis_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    double number = mf_msg_number(msg);
    bool was_high = s->is_high, was_known = s->is_known;

    if (!was_known)
        s->is_high = c->invert; /* between the limits at first: off */
    if (number >= c->range.high)
        s->is_high = true;
    else if (number <= c->range.low)
        s->is_high = false;
    mf_node_note_branch(node, s->is_high ? "high" : "low");
    if (number < c->range.high && number > c->range.low)
        mf_node_held(node, "hysteresis", NAN);
    if (!was_known || s->is_high != was_high || s->must_say)
        mf_node_emit_bool(node, OUT, s->is_high != c->invert);
    s->is_known = true;
    s->must_say = false;
}

static void hysteresis_reconfigure(struct mf_node *node, const void *old)
{
    const struct config *c = mf_node_config(node), *before = old;
    const struct state *s = mf_node_state(node);

    if (s->is_known && c->invert != before->invert)
        mf_node_emit_bool(node, OUT, s->is_high != c->invert);
}

static void hysteresis_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);
    const struct mf_msg *last = mf_node_last(node, OUT);

    if (!s->is_known)
        return;
    mf_state_put_bool(out, "high", s->is_high);
    mf_state_put_bool(out, "good", !last || last->quality == MF_GOOD);
}

static int hysteresis_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    bool is_good = false;

    s->is_known = mf_state_get_bool(in, "high", &s->is_high);
    mf_state_get_bool(in, "good", &is_good);
    s->must_say = !is_good;
    return 0;
}

static int hysteresis_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    if (s->is_known && !s->must_say)
        mf_node_emit_bool(node, OUT, s->is_high != c->invert);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, .summary = "A number."},
    {"out", MF_OUT, MF_T(MF_BOOL), .summary = "Whether it is high."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "range",
        MF_SPAN_OF(range),
        .unit = "@in",
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        .summary = "At the upper end it switches on, at the lower end off.",
    },
    {
        "invert",
        MF_BOOL(invert),
        .fallback = "false",
        .flags = MF_OPT_LIVE,
        .summary = "On when low, off when high: heating.",
    },
    {0},
};

static void hysteresis_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (isfinite(c->range.low) && isfinite(c->range.high))
        return;
    mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "range"),
                         "a hysteresis needs both ends of its range"),
                 "give the value to switch off and the one to switch on: `hysteresis: 20..22`");
}

const struct mf_kind mf_kind_hysteresis = {
    .name = "hysteresis",
    .summary = "Turns a number into on and off, with a gap between the two thresholds.",
    .doc = "On when the value reaches the upper end of the range, off when it reaches the lower "
           "one; in between it stays as it was. The first value between the two counts as off. "
           "With `invert: true` it is on when low: `{hysteresis: 19..21 °C, from: room, invert: "
           "true}` switches a heater.\n"
           "\n"
           "Only changes are emitted. While the input is stale or bad the state is kept and the "
           "output is marked; the first good value decides again.",
    .example = "room: {sim.wave: sine, min: 17, max: 23, unit: °C, every: 1s}\n"
               "heater: {hysteresis: 19..21 °C, from: room, invert: true}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .check = hysteresis_check,
    .start = hysteresis_start,
    .receive = hysteresis_receive,
    .reconfigure = hysteresis_reconfigure,
    .save = hysteresis_save,
    .restore = hysteresis_restore,
};
