/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * integrate: value times time, added up.
 *
 * Nothing is added for a time in which the input was not good: an energy that
 * nobody measured is missing from the total rather than invented.
 */

#include <math.h>

#include "engine/graph/graph.h"
#include "engine/graph/node.h"
#include "rules/mark.h"
#include "rules/order.h"
#include "rules/per.h"

enum { OUT };
enum { METHOD_TRAPEZOID, METHOD_LEFT };

struct config {
    int64_t per;
    int64_t max_gap; /* 0: none */
    struct mf_expr *reset;
    int method;
};

struct state {
    struct mf_order order;
    double total;
    double last;
    bool has_last; /* `last` is good, and nothing else came since */
};

static void add_area(const struct config *c, struct state *s, double number, int64_t dt)
{
    double height = c->method == METHOD_LEFT ? s->last : 0.5 * s->last + 0.5 * number;

    if (c->max_gap && dt > c->max_gap)
        return;
    s->total += height * ((double)dt / (double)c->per);
}

/* Some input of the `reset` expression has spoken. */
static void reset_if_true(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_value value;
    const char *reason;

    if (!mf_expr_run(c->reset, mf_node_messages(node), &value, &reason)) {
        mf_node_reject(node, reason, "`reset` has no result: %s", reason);
        return;
    }
    if (mf_value_is_true(&value)) {
        s->total = 0;
        mf_node_emit_number(node, OUT, s->total);
    }
    mf_value_drop(value);
}

static void integrate_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t before = s->order.newest;
    enum mf_place_in_order place;

    if (port == MF_PORT_EXPRESSION) {
        reset_if_true(node);
        return;
    }
    if (msg->quality != MF_GOOD) {
        s->has_last = false;
        mf_rule_mark(node, OUT, msg);
        return;
    }
    if (msg->is_again) { /* a value of before the gap: the total is good, the mark is not set */
        mf_node_emit_number(node, OUT, s->total);
        return;
    }
    place = mf_order_take(&s->order, node, msg->time);
    if (place == MF_ORDER_OLDER)
        return;
    if (place == MF_ORDER_NEWER && s->has_last)
        add_area(c, s, mf_msg_number(msg), msg->time - before);
    s->last = mf_msg_number(msg);
    s->has_last = true;
    mf_node_emit_number(node, OUT, s->total);
}

static void integrate_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    int in = mf_infer_by_port(infer, 0);
    const struct mf_unit *unit = in >= 0 ? mf_infer_unit(infer, (unsigned)in) : NULL;
    struct mf_unit per, area;

    if (!unit || mf_per_refuse_offset(infer, (unsigned)in, "integral"))
        return;
    mf_per_unit(c->per, &per);
    mf_unit_multiply(unit, &per, &area);
    mf_infer_set(infer, OUT, MF_T(MF_NUMBER), &area);
}

static void integrate_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    mf_order_save(&s->order, out);
    mf_state_put_number(out, "total", s->total);
    mf_state_put_int(out, "per", c->per);
    if (s->has_last)
        mf_state_put_number(out, "last", s->last);
}

static int integrate_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t per;

    if (!mf_state_get_number(in, "total", &s->total) || !mf_state_get_int(in, "per", &per))
        return mf_fail(err, MF_EINVAL, "it holds no total");
    if (per != c->per)
        s->total *= (double)per / (double)c->per; /* Wh have become Ws */
    s->has_last =
        mf_order_restore(&s->order, node, in) && mf_state_get_number(in, "last", &s->last);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_ANY_AGE, .summary = "What is added up over time."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .summary = "The total."},
    {0},
};

static const struct mf_choice methods[] = {
    {"trapezoid", METHOD_TRAPEZOID, "Straight lines between the values, for what is measured."},
    {"left", METHOD_LEFT, "Each value holds until the next, for what is reported on change."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "per",
        MF_DURATION(per),
        .fallback = "1h",
        .flags = MF_OPT_PRIMARY,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Unit of time: with 1h, W become Wh.",
    },
    {
        "reset",
        MF_EXPRESSION(reset),
        .summary = "Sets the total to 0 whenever one of the nodes named here speaks and the "
                   "expression is true.",
    },
    {
        "method",
        MF_CHOICE(method, methods),
        .fallback = "trapezoid",
        .flags = MF_OPT_LIVE,
        .summary = "What the input does between two values.",
    },
    {
        "max_gap",
        MF_DURATION(max_gap),
        .flags = MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Nothing is added between two values that are further apart; by default there "
                   "is no such limit.",
    },
    {0},
};

const struct mf_kind mf_kind_integrate = {
    .name = "integrate",
    .summary = "Adds up a number over time: power becomes energy.",
    .doc = "The total begins at 0, and every value adds the area between it and the one before, "
           "with the time of the source. Its unit is that of the input times the time: "
           "`integrate: 1h` of W is in Wh; `unit: kWh` converts it. Units with an arbitrary zero "
           "(°C) are refused: integrate a difference, which is in K.\n"
           "\n"
           "A gap adds nothing: while the input is stale or bad so is the total, and the first "
           "good value after that only sets the mark. The same goes for two values that are "
           "further apart than `max_gap`. A value with the time of the one before takes its "
           "place, an older one is left out. When the clock of the machine was set back, the "
           "node goes on from the new time and adds nothing for the step.\n"
           "\n"
           "`reset: midnight` starts again from 0 at each message of the node `midnight` that is "
           "true (in Lua's sense: anything but false); what is added next counts in full for the "
           "new total. A reload keeps the total.",
    .example = "power: {sim.wave: sine, min: 0, max: 800, unit: W, every: 1s}\n"
               "midnight: {every: 1d, align: true}\n"
               "today: {integrate: 1h, from: power, unit: kWh, reset: midnight}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = integrate_infer,
    .receive = integrate_receive,
    .save = integrate_save,
    .restore = integrate_restore,
};
