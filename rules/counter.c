/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * counter: the total of a meter that wraps around or starts again.
 *
 * What a drop means has to be guessed: the register has run over, the device
 * has started anew, or the reading was corrected a little. The rules are in
 * step_from_drop(); they err on the side of adding too little.
 */

#include <string.h>

#include "engine/graph/node.h"
#include "rules/order.h"

enum { OUT };

#define AUTO 0.0            /* modulus: find out */
#define SLIP 0.1            /* a drop by less than this share is a correction, not a reset */
#define NEAR_END (1.0 / 16) /* auto: how near to the ends of its range a register is that wraps */

struct config {
    double modulus; /* AUTO, or where the register wraps to 0 */
};

struct state {
    struct mf_order order;
    double last;
    double total;
    bool has_last;
};

static bool wraps_at(double modulus, double last, double now)
{
    return last < modulus && last >= modulus * (1 - NEAR_END) && now < modulus * NEAR_END;
}

/* How much was counted between `last` and the smaller `now`; negative: nothing, and `last` stays
 * the mark. */
static double step_from_drop(double modulus, double last, double now)
{
    if (modulus == AUTO && wraps_at(0x1p16, last, now))
        modulus = 0x1p16;
    else if (modulus == AUTO && wraps_at(0x1p32, last, now))
        modulus = 0x1p32;
    if (modulus != AUTO && modulus - last + now <= modulus / 2)
        return modulus - last + now;
    if (now >= last * (1 - SLIP))
        return -1;
    return now; /* started again from 0 */
}

static void counter_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    double now = mf_msg_number(msg), step = now - s->last;

    if (now < 0 || (c->modulus != AUTO && now >= c->modulus)) {
        mf_node_reject(node, mf_reason_range, "a reading of %g is not in the range of the meter",
                       now);
        return;
    }
    if (mf_order_take(&s->order, node, msg->time) == MF_ORDER_OLDER)
        return;
    if (!s->has_last) {
        s->has_last = true;
        s->last = s->total = now;
    } else {
        if (step < 0)
            step = step_from_drop(c->modulus, s->last, now);
        if (step >= 0) {
            s->total += step;
            s->last = now;
        }
    }
    mf_node_emit_number(node, OUT, s->total);
}

static void counter_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    if (!s->has_last)
        return;
    mf_order_save(&s->order, out);
    mf_state_put_number(out, "last", s->last);
    mf_state_put_number(out, "total", s->total);
}

static int counter_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_order_restore(&s->order, node, in);
    s->has_last =
        mf_state_get_number(in, "last", &s->last) && mf_state_get_number(in, "total", &s->total);
    return 0;
}

/* ---- the modulus: `auto` or a quantity ---- */

static bool modulus_read(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret)
{
    if (tree->kind == MF_TREE_SCALAR && !tree->is_unknown && mf_tree_is(tree, "auto")) {
        *(double *)ret = AUTO;
        return true;
    }
    return mf_type_quantity.read(load, option, tree, ret);
}

static void modulus_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"const\":\"auto\"},");
    mf_type_quantity.schema(option, buf);
    mf_buf_puts(buf, "]}");
}

static const struct mf_type type_modulus = {
    .name = "quantity or auto",
    .syntax = "`auto`, or the reading after which the meter shows 0 again, such as 65536",
    .size = sizeof(double),
    .read = modulus_read,
    .schema = modulus_schema,
};

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_NUMBER), .summary = "Reading of the meter."},
    {"out", MF_OUT, MF_T(MF_NUMBER), .unit = "@in", .summary = "The total, which only grows."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "modulus",
        .type = &type_modulus,
        .offset = MF_MEMBER(struct config, modulus, double),
        .fallback = "auto",
        .unit = "@in",
        .flags = MF_OPT_PRIMARY | MF_OPT_LIVE,
        MF_LIMITS(1e-9, 1e300),
        .summary = "Reading at which the meter wraps around to 0; `auto` knows registers of 16 "
                   "and 32 bits.",
    },
    {0},
};

const struct mf_kind mf_kind_counter = {
    .name = "counter",
    .summary = "Gives the total of a meter that wraps around or is reset.",
    .doc = "The total begins with the first reading and grows with it. When a reading is smaller "
           "than the one before:\n"
           "\n"
           "- With a modulus, the meter has wrapped around, if that makes the step at most half "
           "of the modulus.\n"
           "- With `auto`, it has wrapped at 65536 or 4294967296, if the last reading was in the "
           "uppermost sixteenth of that range and the new one is in the lowest.\n"
           "- Otherwise a drop by less than 10 % is a correction: the total stands still until "
           "the meter is over its former reading.\n"
           "- Anything else is a reset: the meter started again from 0, and the new reading is "
           "added.\n"
           "\n"
           "What was counted while the input was stale or bad is not lost, as the meter went on "
           "counting. A negative reading, or one that is not below the modulus, is not used and "
           "turns the output bad (or is dropped with `on_error: drop`). A reading older than the "
           "one before is left out. The total is exact up to 2^53.",
    .example = "pulses: {sim.counter: 20, every: 1s}\n"
               "register: {expr: pulses % 65536}\n"
               "total: {counter: 65536, from: register}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .receive = counter_receive,
    .save = counter_save,
    .restore = counter_restore,
};
