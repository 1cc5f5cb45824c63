/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * deadband: pass a number on only when it has moved far enough.
 *
 * "Far enough" is measured from the last value that was passed on, not from the
 * last one that came in: a slow drift is reported in steps, never lost.
 */

#include <math.h>
#include <string.h>

#include "engine/graph/node.h"
#include "rules/amount.h"

enum { OUT };
enum { TIMER_HEARTBEAT };
enum { AGAINST_OUTPUT, AGAINST_INPUT };

struct width {
    struct mf_amount amount;
    bool is_relative; /* a share of the value */
};

struct config {
    struct width *width; /* settled by infer() */
    int against;
    int64_t heartbeat;
};

struct state {
    double passed; /* last value that went out */
    double latest; /* last value that came in */
    bool is_known;
};

/* ---- the width: `20 W`, `0.5`, `5 %` ---- */

static bool width_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct width *width = mf_arena_alloc(load->arena, sizeof(*width));

    *(struct width **)ret = width;
    if (!mf_amount_read(load, option, tree, &width->amount))
        return false;
    if (width->amount.number < 0)
        return mf_type_mismatch(load, option, tree, "a width of 0 or more");
    return true;
}

static void width_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_type_quantity.schema(option, buf);
}

static const struct mf_type type_width = {
    .name = "width",
    .syntax = "a difference such as 20 W, or a share of the value such as 5 %",
    .size = sizeof(struct width *),
    .read = width_read,
    .schema = width_schema,
};

/* A share of the value, unless the value is a share itself: 5 % of a battery's charge are five
 * points of it. */
static void deadband_infer(struct mf_infer *infer, const void *config)
{
    static const struct mf_option width = {.name = "width", .flags = MF_OPT_PRIMARY | MF_OPT_DELTA};
    const struct config *c = config;
    struct mf_amount *amount = &c->width->amount;
    const struct mf_unit *in = mf_infer_unit(infer, 0);

    mf_infer_set(infer, OUT, MF_T(MF_NUMBER), in);
    c->width->is_relative =
        amount->has_unit && mf_unit_is_ratio(&amount->unit) && !(in && mf_unit_is_ratio(in));
    if (c->width->is_relative)
        amount->number *= amount->unit.factor;
    else if (amount->is_known && amount->has_unit)
        mf_infer_in_unit(infer, &width, amount->at, &amount->unit, &amount->number);
}

/* ---- the node ---- */

static double width_from(const struct config *c, double from)
{
    double width = c->width->amount.number;

    return c->width->is_relative ? width * fabs(from) : width;
}

static void pass_on(struct mf_node *node, const struct config *c, struct state *s)
{
    s->passed = s->latest;
    mf_node_emit_number(node, OUT, s->latest);
    if (c->heartbeat > 0)
        mf_node_arm(node, TIMER_HEARTBEAT, c->heartbeat);
}

static void deadband_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    double number = mf_msg_number(msg);
    double from = c->against == AGAINST_INPUT ? s->latest : s->passed;
    double width = width_from(c, from);
    bool passes = !s->is_known || fabs(number - from) > width;

    s->latest = number;
    s->is_known = true;
    if (passes)
        pass_on(node, c, s);
    else
        mf_node_held(node, "deadband", width);
}

static void deadband_timeout(struct mf_node *node, unsigned timer)
{
    pass_on(node, mf_node_config(node), mf_node_state(node));
}

static void deadband_reconfigure(struct mf_node *node, const void *old)
{
    const struct config *c = mf_node_config(node), *before = old;
    const struct state *s = mf_node_state(node);

    if (c->heartbeat == before->heartbeat || !s->is_known)
        return;
    if (c->heartbeat > 0 && before->heartbeat > 0) /* the silence began when it began */
        mf_node_arm_at(node, TIMER_HEARTBEAT,
                       mf_node_deadline(node, TIMER_HEARTBEAT) - before->heartbeat + c->heartbeat);
    else if (c->heartbeat > 0)
        mf_node_arm(node, TIMER_HEARTBEAT, c->heartbeat);
    else
        mf_node_disarm(node, TIMER_HEARTBEAT);
}

static void deadband_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);
    const struct mf_msg *last = mf_node_last(node, OUT);

    /* Readers that think the value dead must hear of the first good one, moved or not. */
    if (!s->is_known || (last && last->quality != MF_GOOD))
        return;
    mf_state_put_number(out, "passed", s->passed);
    mf_state_put_number(out, "latest", s->latest);
    mf_state_put_timer(out, "heartbeat", node, TIMER_HEARTBEAT);
}

static int deadband_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->is_known = mf_state_get_number(in, "passed", &s->passed) &&
                  mf_state_get_number(in, "latest", &s->latest);
    if (s->is_known && c->heartbeat > 0 &&
        !mf_state_get_timer(in, "heartbeat", node, TIMER_HEARTBEAT))
        mf_node_arm(node, TIMER_HEARTBEAT, c->heartbeat);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, .summary = "Measured value."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The same, less often."},
    {0},
};

static const struct mf_choice sides[] = {
    {"output", AGAINST_OUTPUT, "The last value that was passed on: a slow drift is reported."},
    {"input", AGAINST_INPUT, "The value before: only jumps are reported."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "width",
        .type = &type_width,
        .offset = MF_MEMBER(MF_CONFIG, width, struct width *),
        .unit = "@in",
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE | MF_OPT_DELTA,
        .summary = "Change that is not worth passing on; a share of the value with `%`.",
    },
    {
        "against",
        MF_CHOICE(against, sides),
        .fallback = "output",
        .flags = MF_OPT_LIVE,
        .summary = "What the change is measured from.",
    },
    {
        "heartbeat",
        MF_DURATION(heartbeat),
        .fallback = "0s",
        .flags = MF_OPT_LIVE,
        MF_LIMITS(0, 3.2e9),
        .summary = "Pass the latest value on after this much silence; 0s is never.",
    },
    {0},
};

const struct mf_kind mf_kind_deadband = {
    .name = "deadband",
    .summary = "Passes a number on only when it has changed enough.",
    .doc = "A value passes when it differs by more than the width from the last one that passed; "
           "the first one always does. A width of 0 holds back repetitions only.\n"
           "\n"
           "A width with `%` is a share of the value it is measured from: `deadband: 5 %` lets "
           "100 W pass again at 105.1 W. Where the input is in % itself (a battery's charge) "
           "the width is in the same points: 5 % lets 40 % pass again above 45 %. The unit of "
           "the width is converted: 0.02 kW are 20 W, and for °C give the width in K or °C.\n"
           "\n"
           "With `heartbeat` the latest value is passed after that much silence, moved or not, "
           "so that a reader knows the node is alive. While the input is stale or bad the "
           "heartbeat is so too.",
    .example = "power: {sim.wave: noise, min: 0, max: 3, unit: kW, every: 1s}\n"
               "quiet: {deadband: 50 W, from: power, heartbeat: 5min}\n"
               "coarse: {deadband: 10 %, from: power}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = deadband_infer,
    .receive = deadband_receive,
    .timeout = deadband_timeout,
    .reconfigure = deadband_reconfigure,
    .save = deadband_save,
    .restore = deadband_restore,
};
