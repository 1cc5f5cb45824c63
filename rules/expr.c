/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * expr: calculate a value from others.
 *
 * The language itself is in engine/expr/expr.h; this is a node around it.
 */

#include "rules/formula.h"

enum { OUT };

struct config {
    struct mf_expr *expr;
};

struct state {
    struct mf_formula formula;
    bool is_ready;
};

static void calculate(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_value result;
    const char *reason;

    if (!mf_formula_run(&s->formula, node, c->expr, &result, &reason))
        mf_node_reject(node, reason, "the expression has no result: %s", reason);
    else if (result.type == MF_NULL)
        mf_node_reject(node, mf_reason_missing, "the result is nil");
    else
        mf_node_emit_take(node, OUT, result);
}

/* Nodes that feed `value` together and speak in one turn get one result each. */
static void calculate_each(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    bool is_new = false;

    for (unsigned i = 0; i < mf_node_inputs(node); i++) {
        if (mf_node_input_port(node, i) != MF_FORMULA_VALUE || !mf_node_input_is_new(node, i))
            continue;
        s->formula.newest = (uint16_t)i;
        calculate(node);
        is_new = true;
    }
    if (!is_new)
        calculate(node);
}

static int expr_create(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_formula_init(&s->formula, node);
    return 0;
}

/* An expression without names is a constant: it is said once. */
static int expr_start(struct mf_node *node, struct mf_error *err)
{
    if (mf_node_inputs(node) == 0)
        calculate(node);
    return 0;
}

static void expr_run(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (!s->is_ready) {
        mf_formula_look(&s->formula, node);
        s->is_ready = mf_formula_is_ready(&s->formula, node, c->expr);
        if (!s->is_ready)
            return;
    }
    if (s->formula.values > 1)
        calculate_each(node);
    else
        calculate(node);
}

static void expr_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    struct mf_expr_slot result;

    if (mf_formula_agrees(infer) &&
        mf_infer_expr(infer, c->expr, mf_infer_asked_unit(infer), &result))
        mf_infer_set(infer, OUT, result.types, result.unit);
}

static const struct mf_port ports[] = {
    {"value", MF_IN, MF_T_ANY, MF_PORT_OPTIONAL | MF_PORT_MANY,
     .summary = "What `from` names; `value` in the expression."},
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED, .summary = "The names in the expression."},
    {"out", MF_OUT, MF_T_ANY, .summary = "The result."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "expression",
        MF_EXPRESSION(expr),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "What to calculate, in Lua's syntax.",
    },
    {0},
};

const struct mf_kind mf_kind_expr = {
    .name = "expr",
    .summary = "Calculates a value from others with a Lua expression.",
    .doc = "Names in the expression are nodes, or ports of nodes (`meter.voltage`), and are "
           "connected by being there; `value` is the node that `from` names. The names of a `from` "
           "map come first: `from: {pv: roof.power}` makes `pv` short for `roof.power`. "
           "`previous(node)` is the value of the turn before, nil at first, and may close a "
           "loop.\n"
           "\n"
           "It is calculated when one of them has a new value and all have had one, once per turn. "
           "An expression without names is said once, at the start.\n"
           "\n"
           "Quantities are written as everywhere (`20 W`, `3 °C`, `5min`); a bare number beside a "
           "unit is taken in that unit. W and kW are converted, W and °C in one sum are an error "
           "when the flow is read. With `unit:` the result is converted to it; a result without "
           "unit gets it.\n"
           "\n"
           "No result (nil, a division of whole numbers by zero, arithmetic with a text) is a "
           "message that cannot be used: see `on_error`. Functions, loops and variables of your "
           "own belong in `lua`.",
    .example = "pv: {sim.wave: sine, min: 0, max: 4, unit: kW, every: 1s}\n"
               "load: {sim.wave: noise, min: 200, max: 900, unit: W, every: 1s}\n"
               "excess: {expr: \"math.max(0, pv - load)\", unit: W}\n"
               "half: {expr: value / 2, from: excess}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE,
    .infer = expr_infer,
    .create = expr_create,
    .start = expr_start,
    .run = expr_run,
};
