/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * rate: change per time, between two values that follow each other.
 *
 * Only values that were good, one after the other, are compared: across a gap
 * nobody knows what happened, so the first value after it only sets the mark.
 */

#include "engine/graph/node.h"
#include "rules/mark.h"
#include "rules/order.h"
#include "rules/per.h"

enum { OUT };

struct config {
    int64_t per;
    int64_t max_gap; /* 0: none */
};

struct state {
    struct mf_order order;
    double last;
    bool has_last; /* `last` is good, and nothing else came since */
};

static void rate_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t before = s->order.newest, dt;
    enum mf_place_in_order place;

    if (msg->quality != MF_GOOD) {
        s->has_last = false;
        mf_rule_mark(node, OUT, msg);
        return;
    }
    if (msg->is_again)
        return; /* a value of before the gap */
    place = mf_order_take(&s->order, node, msg->time);
    if (place == MF_ORDER_OLDER)
        return;
    dt = msg->time - before;
    if (place == MF_ORDER_NEWER && s->has_last && !(c->max_gap && dt > c->max_gap))
        mf_node_emit_number(node, OUT,
                            (mf_msg_number(msg) - s->last) / (double)dt * (double)c->per);
    s->last = mf_msg_number(msg);
    s->has_last = true;
}

static void rate_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    const struct mf_unit *unit = mf_infer_inputs(infer) ? mf_infer_unit(infer, 0) : NULL;
    struct mf_unit delta, per, rate;

    if (!unit)
        return;
    mf_unit_delta(unit, &delta);
    mf_per_unit(c->per, &per);
    mf_unit_divide(&delta, &per, &rate);
    mf_infer_set(infer, OUT, MF_T(MF_NUMBER), &rate);
}

static void rate_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_order_save(&s->order, out);
    if (s->has_last)
        mf_state_put_number(out, "last", s->last);
}

static int rate_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    s->has_last =
        mf_order_restore(&s->order, node, in) && mf_state_get_number(in, "last", &s->last);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), MF_PORT_ANY_AGE, .summary = "What changes."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .summary = "How fast it changes."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "per",
        MF_DURATION(per),
        .fallback = "1s",
        .flags = MF_OPT_PRIMARY,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time that the change is related to.",
    },
    {
        "max_gap",
        MF_DURATION(max_gap),
        .flags = MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Two values that are further apart are not compared; by default any two that "
                   "follow each other are.",
    },
    {0},
};

const struct mf_kind mf_kind_rate = {
    .name = "rate",
    .summary = "Gives the change of a number per time.",
    .doc = "Each value is compared with the one before; the time between them is that of the "
           "source, not of the arrival. The result appears with the second value. Its unit is "
           "that of the input divided by the time: `rate: 1s` of W is in W/s, and `rate: 1h` of "
           "Wh is in W; of °C it is in K per time. `unit:` converts it.\n"
           "\n"
           "There is no rate across a gap: while the input is stale or bad so is the output, and "
           "it stays so until two good values have come. A value with the time of the one before "
           "takes its place, an older one is left out. When the clock of the machine was set "
           "back, the node starts anew.\n"
           "\n"
           "A meter that starts again from zero has a large negative rate at that moment: put "
           "`counter` in front of it. A noisy input gives a noisy rate: put `ema` behind it.",
    .example = "meter: {sim.counter: 3, every: 1s, unit: Wh}\n"
               "power: {rate: 1h, from: meter, unit: kW}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = rate_infer,
    .receive = rate_receive,
    .save = rate_save,
    .restore = rate_restore,
};
