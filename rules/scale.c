/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * scale: factor · x + offset.
 */

#include "engine/graph/node.h"

enum { OUT };

struct config {
    double factor;
    double offset; /* in the unit of the result */
};

static void scale_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);

    mf_node_emit_number(node, OUT, c->factor * mf_msg_number(msg) + c->offset);
}

/* The unit stays, unless `unit:` names one of another dimension: then the factor is what leads
 * from one to the other. */
static void scale_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_unit *unit = mf_infer_unit(infer, 0);
    const struct mf_unit *asked = mf_infer_asked_unit(infer);

    if (asked && (!unit || !mf_unit_same_dim(unit, asked)))
        unit = asked;
    mf_infer_set(infer, OUT, MF_T(MF_NUMBER), unit);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, .summary = "A number."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The number times the factor."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "factor",
        MF_REAL(factor),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        .summary = "What the number is multiplied with.",
    },
    {
        "offset",
        MF_QUANTITY(offset),
        .fallback = "0",
        .unit = "@out",
        .flags = MF_OPT_LIVE | MF_OPT_DELTA,
        .summary = "What is added after that.",
    },
    {0},
};

const struct mf_kind mf_kind_scale = {
    .name = "scale",
    .summary = "Multiplies a number with a factor and adds an offset.",
    .doc = "The result is `factor · x + offset`. For sensors that count in steps of their own, "
           "and for calibration.\n"
           "\n"
           "The unit of the input stays the unit of the result. A `unit:` of the same dimension "
           "converts the result as everywhere (W to kW); one of another dimension says what the "
           "factor leads to: `{scale: 0.3, from: power, unit: EUR/h}`. An input without unit "
           "gets it. To change W to kW no `scale` is needed, just `unit:` at the node.",
    .example = "raw: {sim.wave: ramp, min: 0, max: 4095, every: 1s}\n"
               "tank: {scale: 0.05, offset: -2, from: raw, unit: L}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .infer = scale_infer,
    .receive = scale_receive,
};
