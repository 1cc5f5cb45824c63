/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Formula: what the kinds that calculate an expression share.
 *
 * They have two input ports: `value`, which `from` feeds, and one for the names in the
 * expression. Several nodes may feed `value` (`from: [a, b]`): they are one stream, and the
 * expression sees the one that spoke last.
 */

#include "engine/graph/node.h"

/* Index of the ports, which come first in the tables of these kinds. */
enum { MF_FORMULA_VALUE, MF_FORMULA_NAMES };

/* Part of a node's state. */
struct mf_formula {
    uint16_t values; /* edges into `value` */
    uint16_t first;  /* of these: the one that was compiled as `value` */
    uint16_t newest; /* of these: the one that spoke last */
};

void mf_formula_init(struct mf_formula *formula, const struct mf_node *node);

/* Notes which input spoke last in this turn; before that, one that spoke at all. */
void mf_formula_look(struct mf_formula *formula, const struct mf_node *node);

/* Whether all that `expr` names has had a value; previous() may be without. NULL is ready. */
bool mf_formula_is_ready(const struct mf_formula *formula, const struct mf_node *node,
                         struct mf_expr *expr);

/* As mf_expr_run(), with the inputs of the node. */
bool mf_formula_run(const struct mf_formula *formula, const struct mf_node *node,
                    const struct mf_expr *expr, struct mf_value *ret_value,
                    const char **ret_reason);

/* For infer(): nodes that feed `value` together must agree in type, since the expression is
 * compiled once. False after reporting. */
bool mf_formula_agrees(struct mf_infer *infer);
