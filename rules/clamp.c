/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * clamp: keep a number within a range.
 */

#include "engine/base/num.h"
#include "engine/graph/node.h"

enum { OUT };

struct config {
    struct mf_range range;
    bool reject;
};

static void refuse(struct mf_node *node, double number)
{
    const struct config *c = mf_node_config(node);
    char text[MF_NUM_TEXT], limit[MF_NUM_TEXT];
    bool is_low = number < c->range.low;

    mf_num_print_double(number, text);
    mf_num_print_double(is_low ? c->range.low : c->range.high, limit);
    mf_node_reject(node, mf_reason_range, "%s is %s %s", text, is_low ? "below" : "above", limit);
}

static void limit(struct mf_node *node, double number)
{
    mf_node_held(node, "limit", number);
    mf_node_emit_number(node, OUT, number);
}

static void clamp_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    double number = mf_msg_number(msg);

    if (number >= c->range.low && number <= c->range.high)
        mf_node_emit_number(node, OUT, number);
    else if (c->reject)
        refuse(node, number);
    else
        limit(node, number < c->range.low ? c->range.low : c->range.high);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_MANY, .summary = "A number."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The number within the range."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "range",
        MF_SPAN_OF(range),
        .unit = "@in",
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        .summary = "Lowest and highest value; either may be left out.",
    },
    {
        "reject",
        MF_BOOL(reject),
        .fallback = "false",
        .flags = MF_OPT_LIVE,
        .summary = "Treat a value outside of the range as bad instead of limiting it.",
    },
    {0},
};

const struct mf_kind mf_kind_clamp = {
    .name = "clamp",
    .summary = "Limits a number to a range, or refuses what is outside of it.",
    .doc = "A value outside of the range becomes the nearer end of it: right for setpoints. With "
           "`reject: true` it is no value at all, right for sensors that say -127 °C when they "
           "are broken: the output keeps its last value and is marked bad (out of range) until "
           "the next good one, or, with `on_error: drop`, nothing is seen of it.\n"
           "\n"
           "The ends belong to the range and are in the unit of the input unless they have one.",
    .example = "temp: {sim.wave: walk, min: -130, max: 60, unit: °C, every: 1s}\n"
               "sane: {clamp: -40..60 °C, from: temp, reject: true}\n"
               "wanted: {clamp: 5.. °C, from: sane}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .receive = clamp_receive,
};
