/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * ema: exponential moving average by real time.
 *
 * The weight of a new value is 1 - exp(-dt/tau) with the time that passed at the
 * source, so that the result does not depend on how often somebody measures.
 */

#include <math.h>

#include "engine/graph/node.h"
#include "rules/order.h"

enum { OUT };

struct config {
    int64_t tau; /* ns */
};

struct state {
    struct mf_order order;
    double mean;
    bool has_mean;
};

static void ema_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t before = s->order.newest;

    if (mf_order_take(&s->order, node, msg->time) == MF_ORDER_NEWER && s->has_mean) {
        /* expm1: a short time must not round to a weight of 0. */
        s->mean -=
            expm1(-(double)(msg->time - before) / (double)c->tau) * (mf_msg_number(msg) - s->mean);
    } else if (!s->has_mean) {
        s->mean = mf_msg_number(msg);
        s->has_mean = true;
    }
    mf_node_emit_number(node, OUT, s->mean);
}

static void ema_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    if (s->has_mean)
        mf_state_put_number(out, "mean", s->mean);
    mf_order_save(&s->order, out);
}

static int ema_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    s->has_mean =
        mf_order_restore(&s->order, node, in) && mf_state_get_number(in, "mean", &s->mean);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), .summary = "Measured value."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The smoothed value."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "tau",
        MF_DURATION(tau),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time constant: after a step, 63 % of the way is made in this time.",
    },
    {0},
};

const struct mf_kind mf_kind_ema = {
    .name = "ema",
    .summary = "Smooths a number by an exponential average over time.",
    .doc = "The first value passes as it is. Each later one moves the result towards itself by "
           "the share 1 - exp(-t / tau), where t is the time since the value before, as told by "
           "the source. Values may come at any pace, and after a long silence, or a time without "
           "good values, a new one counts nearly in full.\n"
           "\n"
           "A message that is not newer than the one before has no weight: the result is sent "
           "again unchanged. When the machine's clock was set back, the node goes on from the "
           "new time.",
    .example = "power: {sim.wave: noise, min: 400, max: 600, unit: W, every: 1s}\n"
               "smooth: {ema: 30s, from: power}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .receive = ema_receive,
    .save = ema_save,
    .restore = ema_restore,
};
