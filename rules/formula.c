/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Formula: inputs of the kinds that calculate an expression.
 */

#include "rules/formula.h"

#include <string.h>

#include "engine/graph/graph.h"

void mf_formula_init(struct mf_formula *formula, const struct mf_node *node)
{
    for (unsigned i = mf_node_inputs(node); i-- > 0;) {
        if (mf_node_input_port(node, i) != MF_FORMULA_VALUE)
            continue;
        formula->values++;
        formula->first = formula->newest = (uint16_t)i;
    }
}

void mf_formula_look(struct mf_formula *formula, const struct mf_node *node)
{
    if (formula->values < 2)
        return;
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        if (mf_node_input_port(node, i) == MF_FORMULA_VALUE &&
            (mf_node_input_is_new(node, i) ||
             (mf_node_input_has(node, i) && !mf_node_input_has(node, formula->newest))))
            formula->newest = (uint16_t)i;
}

bool mf_formula_is_ready(const struct mf_formula *formula, const struct mf_node *node,
                         struct mf_expr *expr)
{
    const struct mf_expr_ref *refs;
    size_t count = 0;

    refs = expr ? mf_expr_refs(expr, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned input = refs[i].input;

        if (formula->values > 1 && input == formula->first)
            input = formula->newest;
        if (!refs[i].is_previous && !mf_node_input_has(node, input))
            return false;
    }
    return true;
}

bool mf_formula_run(const struct mf_formula *formula, const struct mf_node *node,
                    const struct mf_expr *expr, struct mf_value *ret_value, const char **ret_reason)
{
    struct mf_msg inputs[MF_NODE_INPUTS];

    if (formula->values < 2 || formula->newest == formula->first)
        return mf_expr_run(expr, mf_node_messages(node), ret_value, ret_reason);
    memcpy(inputs, mf_node_messages(node), mf_node_inputs(node) * sizeof(*inputs));
    inputs[formula->first] = inputs[formula->newest];
    return mf_expr_run(expr, inputs, ret_value, ret_reason);
}

/* `from: {value: [a, b]}`: inputs of other ports may follow in any order. */
static bool is_list_in_map(const struct mf_check *check)
{
    const struct mf_tree_pair *from = mf_flow_option(check->item, "from");
    const struct mf_tree *value = NULL;

    if (from && from->value->kind == MF_TREE_MAP)
        value = mf_tree_get(from->value, "value", NULL);
    return value && value->kind == MF_TREE_LIST;
}

bool mf_formula_agrees(struct mf_infer *infer)
{
    const struct mf_check *check = mf_infer_check(infer);
    int names = mf_infer_by_port(infer, MF_FORMULA_NAMES);
    unsigned end = names < 0 ? mf_infer_inputs(infer) : (unsigned)names;
    char a[96], b[96];
    struct mf_diag *diag = NULL;

    if (is_list_in_map(check))
        diag = mf_diag(check->diags, MF_ERROR, 306, mf_check_at(check, "from"),
                       "`value` is one node in a map of names");
    for (unsigned i = 1; i < end && !diag; i++)
        if (mf_infer_types(infer, i) != mf_infer_types(infer, 0))
            diag =
                mf_diag(check->diags, MF_ERROR, 204, mf_check_at(check, "from"),
                        "`value` would be %s and %s", mf_types_print(mf_infer_types(infer, 0), a),
                        mf_types_print(mf_infer_types(infer, i), b));
    if (diag)
        mf_diag_help(diag, "make one stream of them with `merge`");
    return !diag;
}
