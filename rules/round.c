/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * round: to decimal places, or to multiples of a step.
 */

#include <math.h>

#include "engine/base/num.h"
#include "engine/graph/node.h"

enum { OUT };
enum { DIGITS_MAX = 15 }; /* a double has no more */

struct rounding {
    bool is_step;
    double step; /* in the unit of the input */
    int64_t digits;
};

struct config {
    struct rounding to;
};

/* ---- the option: `2`, `-1`, `0.5`, `5 W` ---- */

static bool rounding_read(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, void *ret)
{
    struct rounding *to = ret;
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    if (tree->is_unknown)
        return true;
    to->is_step = !mf_num_read_int(text, tree->count, &to->digits);
    return !to->is_step || mf_type_quantity.read(load, option, tree, &to->step);
}

static void rounding_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_type_quantity.schema(option, buf);
}

static const struct mf_type type_rounding = {
    .name = "digits or a step",
    .syntax = "a whole number of digits after the point, or a step such as 0.5 or 5 W",
    .size = sizeof(struct rounding),
    .read = rounding_read,
    .schema = rounding_schema,
};

/* ---- the node ---- */

/* A power of ten is exact up to 10^22, its inverse is not: so one multiplies with it or divides
 * by it, whichever keeps 0.3 from becoming 0.30000000000000004. */
static double round_to(const struct rounding *to, double number)
{
    double unit = to->is_step ? to->step : pow(10, fabs((double)to->digits));
    double inverse = to->is_step ? 1 / to->step : unit;
    bool divides = to->is_step ? inverse >= 1 && fabs(inverse - round(inverse)) < 1e-9 * inverse
                               : to->digits >= 0;
    double result =
        divides ? round(number * round(inverse)) / round(inverse) : round(number / unit) * unit;

    return isfinite(result) ? result : number;
}

static void round_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);

    if (msg->value.type == MF_INT && !c->to.is_step && c->to.digits >= 0)
        mf_node_emit_msg(node, OUT, msg);
    else
        mf_node_emit_number(node, OUT, round_to(&c->to, mf_msg_number(msg)));
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_NUMERIC, MF_PORT_MANY, .summary = "A number."},
    {"out", MF_OUT, MF_T_NUMERIC, .unit = "@in", .summary = "The number, rounded."},
    {0},
};

/* Whole numbers stay whole only where nothing happens to them. */
static void round_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    uint32_t types = 0;

    for (unsigned i = 0; i < mf_infer_inputs(infer); i++)
        types |= mf_infer_types(infer, i);
    if (c->to.is_step || c->to.digits < 0)
        types = MF_T(MF_NUMBER);
    mf_infer_set(infer, OUT, types, mf_infer_unit(infer, 0));
}

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "to",
        .type = &type_rounding,
        .offset = MF_MEMBER(MF_CONFIG, to, struct rounding),
        .fallback = "0",
        .unit = "@in",
        .flags = MF_OPT_PRIMARY | MF_OPT_DELTA,
        .summary = "Digits after the point (a whole number; -2: hundreds), or a step.",
    },
    {0},
};

static void round_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->to.is_step && c->to.step <= 0)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "to"),
                             "the step must be above 0"),
                     "digits before the point are a whole number: `round: -2`");
    if (c->to.digits < -DIGITS_MAX || c->to.digits > DIGITS_MAX)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "to"),
                             "a number has no more than %d digits", DIGITS_MAX),
                     "a step has a unit or a fraction: `round: 50 W`, `round: 50.0`");
}

const struct mf_kind mf_kind_round = {
    .name = "round",
    .summary = "Rounds a number to digits, or to multiples of a step.",
    .doc = "A whole number without unit counts the digits after the point; below zero, those "
           "before it: `round: 2` makes 1.236 to 1.24, `round: -2` makes 1236 to 1200. Anything "
           "else is a step: `round: 0.5`, `round: 5 W` (also where the step is one: `round: 1 "
           "W`). Without a value: to whole numbers.\n"
           "\n"
           "Halves are rounded away from zero. The unit stays.",
    .example = "temp: {sim.wave: sine, min: 19, max: 23, unit: °C, every: 1s}\n"
               "shown: {round: 1, from: temp}\n"
               "steps: {round: 0.5 K, from: temp}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .check = round_check,
    .infer = round_infer,
    .receive = round_receive,
};
