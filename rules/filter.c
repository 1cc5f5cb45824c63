/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * filter: pass the messages for which a condition is true.
 */

#include <math.h>

#include "rules/formula.h"

enum { OUT };

struct config {
    struct mf_expr *condition;
};

struct state {
    struct mf_formula formula;
};

static int filter_create(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_formula_init(&s->formula, node);
    return 0;
}

static void judge(struct mf_node *node, unsigned input)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_value result;
    const char *reason;

    s->formula.newest = (uint16_t)input;
    if (!mf_formula_is_ready(&s->formula, node, c->condition))
        return;
    if (!mf_formula_run(&s->formula, node, c->condition, &result, &reason)) {
        mf_node_reject(node, reason, "the condition has no result: %s", reason);
        return;
    }
    if (mf_value_is_true(&result))
        mf_node_emit_msg(node, OUT, mf_node_input(node, input));
    else
        mf_node_held(node, "filter", NAN);
    mf_value_drop(result);
}

/* Only messages of `value` pass; the other names of the condition are looked up when one comes. */
static void filter_run(struct mf_node *node)
{
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        if (mf_node_input_port(node, i) == MF_FORMULA_VALUE && mf_node_input_is_new(node, i))
            judge(node, i);
}

/* `value` is optional so that one of several nodes need not wait for the others. */
static void filter_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_check *check = mf_infer_check(infer);
    const struct config *c = config;
    struct mf_expr_slot result;

    if (mf_infer_by_port(infer, MF_FORMULA_VALUE) < 0)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 305, check->item->kind_at,
                             "`%s` has no messages to filter", check->item->name),
                     "add `from:` and the name of a node");
    else if (mf_formula_agrees(infer))
        mf_infer_expr(infer, c->condition, NULL, &result);
}

static const struct mf_port ports[] = {
    {"value", MF_IN, MF_T_ANY, MF_PORT_OPTIONAL | MF_PORT_MANY,
     .summary = "The messages to choose from; `value` in the condition."},
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED, .summary = "Further names in the condition."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "Those for which it is true."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "condition",
        MF_EXPRESSION(condition),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "What must be true for a message to pass, in Lua's syntax.",
    },
    {0},
};

const struct mf_kind mf_kind_filter = {
    .name = "filter",
    .summary = "Passes the messages for which a condition is true.",
    .doc = "The condition is an expression as in `expr`; `value` in it is the message, which "
           "`from` names, and other names are the values these nodes have at that moment. A "
           "change of those alone lets nothing pass, and before all of them have had a value "
           "nothing does.\n"
           "\n"
           "Messages pass as they are, with their time. That the input turned stale or bad is "
           "not held back: readers must know that nothing is to be expected. To refuse values "
           "as bad instead of leaving them out, see `clamp`.",
    .example = "temp: {sim.wave: walk, min: 20, max: 85, unit: °C, every: 1s}\n"
               "sane: {filter: value ~= 85 °C, from: temp}\n"
               "night: {sim.wave: square, period: 1d, every: 1h}\n"
               "at_night: {filter: night > 0.5, from: sane}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE,
    .infer = filter_infer,
    .create = filter_create,
    .run = filter_run,
};
