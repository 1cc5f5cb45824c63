/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is said about units that do not go together. */

#include "engine/expr/unit_rules.h"

static struct mf_span place_of(const struct mf_checker *c, const struct mf_ast *ast)
{
    return ast->kind == MF_AST_CALL ? mf_expr_at_ast(c, ast) : mf_expr_at_op(c, ast);
}

void mf_units_different(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
                        const struct mf_ast *right)
{
    const struct mf_unit *a = mf_fact(c, left)->unit, *b = mf_fact(c, right)->unit;
    const struct mf_unit *other = left->kind == MF_AST_CONST    ? b
                                  : right->kind == MF_AST_CONST ? a
                                                                : NULL;
    char a_dim[64], b_dim[64];
    struct mf_diag *diag = mf_diag(c->diags, MF_ERROR, 413, place_of(c, ast),
                                   "`%s` is in %s (%s), but `%s` is in %s (%s)",
                                   mf_expr_quote(c, left), a->name, mf_unit_dimension(a, a_dim),
                                   mf_expr_quote(c, right), b->name, mf_unit_dimension(b, b_dim));

    if (other)
        mf_diag_help(diag, "write the number in %s", other->name);
    mf_fact_fail(c, ast);
}

void mf_units_no_temperature(struct mf_checker *c, const struct mf_ast *ast,
                             const struct mf_ast *operand)
{
    const struct mf_unit *unit = mf_fact(c, operand)->unit;

    mf_diag_help(mf_diag(c->diags, MF_ERROR, 414, mf_expr_at_ast(c, operand),
                         "`%s` is a temperature in %s, a point on a scale whose zero is arbitrary: "
                         "it has no multiples",
                         mf_expr_quote(c, operand), unit->name),
                 "`number(%s, '%s')` is the plain number", mf_expr_quote(c, operand), unit->name);
    mf_fact_fail(c, ast);
}

void mf_units_point_and_difference(struct mf_checker *c, const struct mf_ast *ast)
{
    mf_diag_help(
        mf_diag(c->diags, MF_ERROR, 414, place_of(c, ast),
                "one side is a temperature, the other a difference or a sum of temperatures"),
        "compare temperatures in °C, and differences in K");
    mf_fact_fail(c, ast);
}

void mf_units_wants_plain(struct mf_checker *c, const struct mf_ast *ast,
                          const struct mf_ast *operand, const char *what)
{
    const struct mf_unit *unit = mf_fact(c, operand)->unit;

    mf_diag_help(mf_diag(c->diags, MF_ERROR, 415, mf_expr_at_ast(c, operand),
                         "%s wants a plain number, but `%s` is in %s", what,
                         mf_expr_quote(c, operand), unit->name),
                 "`number(%s, '%s')` is the plain number", mf_expr_quote(c, operand), unit->name);
    mf_fact_fail(c, ast);
}

/* A field of a map has no unit and cannot get one; only a known number is worth a word. */
void mf_units_missing(struct mf_checker *c, const struct mf_ast *operand,
                      const struct mf_unit *unit)
{
    const struct mf_fact *fact = mf_fact(c, operand);

    if (fact->is_bare || fact->types & ~MF_T_NUMERIC)
        return;
    mf_diag_help(mf_diag(c->diags, MF_WARNING, 416, mf_expr_at_ast(c, operand),
                         "`%s` has no unit, so it is taken in %s", mf_expr_quote(c, operand),
                         unit->name),
                 "say `unit: %s` where the value comes from, or `quantity(%s, '%s')` here",
                 unit->name, mf_expr_quote(c, operand), unit->name);
}
