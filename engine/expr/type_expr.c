/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Option type: an expression, parsed here, wired and checked once the graph is known. */

#include "engine/config/schema.h"
#include "engine/expr/expr.h"

static bool expr_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    struct mf_late_expr *late;
    struct mf_expr *expr;

    if (!mf_type_scalar(load, option, tree))
        return false;
    expr = mf_expr_parse(load->arena, load->diags, tree);
    if (!expr)
        return false;
    late = mf_arena_alloc(load->arena, sizeof(*late));
    *late = (struct mf_late_expr){load->into->exprs, option, expr};
    load->into->exprs = late;
    *(struct mf_expr **)ret = expr;
    return true;
}

const struct mf_type mf_type_expr = {
    .name = "expression",
    .syntax = "an expression such as power > 5 kW",
    .size = sizeof(struct mf_expr *),
    .read = expr_read,
    .schema = mf_schema_expr,
};
