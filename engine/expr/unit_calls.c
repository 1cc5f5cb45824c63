/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What functions do with units: one rule each, named in the table of functions. */

#include <math.h>

#include "engine/expr/functions.h"
#include "engine/expr/unit_rules.h"

/* Brings `count` arguments from `first` on to the unit of the first that has one, which becomes
 * that of the call. */
static void join_arguments(struct mf_checker *c, const struct mf_ast *ast,
                           const struct mf_ast *first, unsigned count)
{
    const struct mf_ast *lead = NULL, *arg = first;
    struct mf_fact *f = mf_fact(c, ast);
    bool is_bare = true;
    unsigned i;

    for (i = 0; i < count; i++, arg = arg->next) {
        if (!lead && mf_units_is_numeric(mf_fact(c, arg)) && mf_fact(c, arg)->unit)
            lead = arg;
        is_bare &= mf_fact(c, arg)->is_bare || !mf_units_is_numeric(mf_fact(c, arg));
        mf_units_need_point(c, arg);
        if (mf_fact(c, arg)->failed) {
            mf_fact_fail(c, ast);
            return;
        }
    }
    mf_units_set(c, ast, lead ? mf_fact(c, lead)->unit : NULL,
                 lead ? mf_fact(c, lead)->weight : NAN);
    for (i = 0, arg = first; i < count && lead && !f->failed; i++, arg = arg->next)
        if (arg != lead && mf_units_is_numeric(mf_fact(c, arg)))
            mf_units_join(c, ast, lead, arg, MF_JOIN_COMPARE);
    f->is_bare = is_bare;
}

static void need_plain(struct mf_checker *c, const struct mf_ast *ast)
{
    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        if (mf_units_is_ratio(mf_fact(c, arg)))
            mf_units_to_plain(c, arg);
        else if (mf_fact(c, arg)->unit)
            mf_units_wants_plain(c, ast, arg,
                                 mf_arena_printf(c->expr->arena, "`%s`", ast->function->name));
    }
}

static void need_angle(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_fact *fact = mf_fact(c, ast->left);
    struct mf_unit radian;
    struct mf_error err;

    if (fact->unit && mf_unit_read("rad", 3, &radian, &err) == 0 &&
        mf_unit_same_dim(fact->unit, &radian))
        mf_units_convert_to(c, ast->left, &radian, 0);
    else
        need_plain(c, ast);
}

/* round(x, step): the step is a difference. */
static void join_step(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_ast *step = ast->left->next;
    const struct mf_fact *x = mf_fact(c, ast->left), *s = step ? mf_fact(c, step) : NULL;

    join_arguments(c, ast, ast->left, 1);
    if (!s || !s->unit || mf_fact(c, ast)->failed) {
        if (s && x->unit)
            mf_units_missing(c, step, x->unit);
        return;
    }
    if (!x->unit) {
        mf_units_missing(c, ast->left, s->unit);
        mf_units_set(c, ast, s->unit, s->weight);
    } else if (!mf_unit_same_dim(x->unit, s->unit)) {
        mf_units_different(c, ast, ast->left, step);
    } else {
        mf_units_convert_to(c, step, x->unit, 0);
    }
}

/* The unit that the second argument names; false after a fault. */
static bool named_unit(struct mf_checker *c, const struct mf_ast *ast, struct mf_unit *ret)
{
    const struct mf_ast *arg = ast->left->next;
    const struct mf_fact *fact = mf_fact(c, arg);
    const char *text;
    struct mf_error err;
    size_t len;

    if (!fact->is_constant || fact->value.type != MF_TEXT) {
        mf_diag(c->diags, MF_ERROR, 410, mf_expr_at_ast(c, arg),
                "the second argument of `%s` is the name of a unit, such as `'kW'`",
                ast->function->name);
        mf_fact_fail(c, ast);
        return false;
    }
    text = mf_value_text(&fact->value, &len);
    if (mf_unit_read(text, len, ret, &err) == 0)
        return true;
    mf_diag(c->diags, MF_ERROR, 406, mf_expr_at_ast(c, arg), "%s", err.text);
    mf_fact_fail(c, ast);
    return false;
}

/* number(x, 'kW') and quantity(x, 'kW'). */
static void apply_named(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *x = mf_fact(c, ast->left);
    bool is_number = ast->function->rule == MF_RULE_NUMBER;
    struct mf_unit unit;
    char from[64], to[64];

    mf_units_need_point(c, ast->left);
    if (x->failed || (ast->args == 2 && !named_unit(c, ast, &unit))) {
        mf_fact_fail(c, ast);
        return;
    }
    if (ast->args == 1)
        return;
    if (!x->unit) {
        if (is_number)
            mf_units_missing(c, ast->left, &unit);
    } else if (!mf_unit_same_dim(x->unit, &unit)) {
        mf_diag(c->diags, MF_ERROR, 413, mf_expr_at_ast(c, ast->left->next),
                "`%s` is in %s (%s), not in a unit of %s", mf_expr_quote(c, ast->left),
                x->unit->name, mf_unit_dimension(x->unit, from), mf_unit_dimension(&unit, to));
        mf_fact_fail(c, ast);
        return;
    } else if (mf_units_is_difference(x->weight) && mf_unit_is_affine(&unit)) {
        mf_diag_help(mf_diag(c->diags, MF_ERROR, 414, mf_expr_at_ast(c, ast->left),
                             "`%s` is a difference of temperatures, which has no place on a scale",
                             mf_expr_quote(c, ast->left)),
                     "write `'K'` for `'%s'`", unit.name);
        mf_fact_fail(c, ast);
        return;
    } else {
        mf_units_convert_to(c, ast->left, &unit, 1);
    }
    if (!is_number)
        mf_units_set(c, ast, mf_units_keep(c, &unit), mf_unit_is_affine(&unit) ? 1 : NAN);
}

void mf_units_call(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *f = mf_fact(c, ast);

    f->weight = NAN;
    switch (ast->function->rule) {
    case MF_RULE_SAME:
    case MF_RULE_SAME_ALL:
        join_arguments(c, ast, ast->left, ast->args);
        break;
    case MF_RULE_STEP:
        join_step(c, ast);
        break;
    case MF_RULE_PLAIN:
        need_plain(c, ast);
        break;
    case MF_RULE_ANGLE:
        need_angle(c, ast);
        break;
    case MF_RULE_RATIO:
        if (ast->args == 2 && mf_fact(c, ast->left)->unit && mf_fact(c, ast->left->next)->unit) {
            join_arguments(c, ast, ast->left, 2);
            mf_units_set(c, ast, NULL, NAN);
        } else {
            need_plain(c, ast);
        }
        break;
    case MF_RULE_SCALE:
        join_arguments(c, ast, ast->left, 3);
        if (!f->failed)
            join_arguments(c, ast, ast->left->next->next->next, 2);
        break;
    case MF_RULE_NUMBER:
    case MF_RULE_QUANTITY:
        apply_named(c, ast);
        break;
    default:
        break;
    }
}
