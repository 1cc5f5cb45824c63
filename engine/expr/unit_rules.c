/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What operators and functions do with units, settled when a flow is compiled.
 *
 * Two operands of a sum or a comparison are brought to the unit of the left one.
 * A literal number without a unit takes the other's as it is. A value whose
 * unit nobody said is taken as it is too, with a warning where it is known to be
 * a number. Products and quotients combine; `%` beside another unit is a plain factor.
 *
 * Temperatures in °C and °F are points of a scale: see the weight in struct mf_fact.
 */

#include <math.h>

#include "engine/expr/unit_rules.h"

static bool is_affine(const struct mf_fact *fact)
{
    return fact->unit && mf_unit_is_affine(fact->unit);
}

static bool is_point(double weight)
{
    return isnan(weight) || fabs(weight - 1) < 1e-9;
}

const struct mf_unit *mf_units_keep(struct mf_checker *c, const struct mf_unit *unit)
{
    struct mf_unit *copy = mf_arena_alloc(c->expr->arena, sizeof(*copy));

    *copy = *unit;
    return copy;
}

void mf_units_set(struct mf_checker *c, const struct mf_ast *ast, const struct mf_unit *unit,
                  double weight)
{
    struct mf_fact *fact = mf_fact(c, ast);
    struct mf_unit delta;

    if (unit && mf_unit_is_affine(unit) && mf_units_is_difference(weight)) {
        mf_unit_delta(unit, &delta);
        unit = mf_units_keep(c, &delta);
        weight = 0;
    }
    fact->unit = unit;
    fact->weight = weight;
}

void mf_units_convert(struct mf_checker *c, const struct mf_ast *ast, struct mf_linear convert)
{
    struct mf_fact *fact = mf_fact(c, ast);

    if (convert.mul == 1 && convert.add == 0)
        return;
    if (fact->is_constant) {
        mf_op_linear(&fact->value, convert.mul, convert.add);
        fact->types = MF_T(fact->value.type);
        return;
    }
    if (fact->has_convert) {
        convert.add += convert.mul * fact->convert.add;
        convert.mul *= fact->convert.mul;
    }
    fact->has_convert = true;
    fact->convert = convert;
    if (mf_units_is_numeric(fact))
        fact->types = (fact->types & ~MF_T(MF_INT)) | MF_T(MF_NUMBER);
}

void mf_units_need_point(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_fact *fact = mf_fact(c, ast);

    if (fact->failed || !is_affine(fact) || is_point(fact->weight))
        return;
    mf_diag_help(
        mf_diag(c->diags, MF_ERROR, 414, mf_expr_at_ast(c, ast),
                "`%s` is a sum or a multiple of temperatures in %s, which is no temperature",
                mf_expr_quote(c, ast), fact->unit->name),
        "a mean is `mean(a, b)`; the plain number is `number(x, '%s')`", fact->unit->name);
    mf_fact_fail(c, ast);
}

/* ---- sums and comparisons ---- */

void mf_units_convert_to(struct mf_checker *c, const struct mf_ast *operand,
                         const struct mf_unit *unit, double weight)
{
    struct mf_linear convert;

    mf_unit_convert(mf_fact(c, operand)->unit, unit, false, &convert);
    convert.add *= weight;
    if (weight == 0)
        mf_unit_convert(mf_fact(c, operand)->unit, unit, true, &convert);
    mf_units_convert(c, operand, convert);
}

/* Both are °C or °F. */
static void join_points(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
                        const struct mf_ast *right, enum mf_joining joining)
{
    double a = mf_fact(c, left)->weight, b = mf_fact(c, right)->weight, weight;

    if (joining == MF_JOIN_COMPARE && fabs(a - b) > 1e-9) {
        mf_units_point_and_difference(c, ast);
        return;
    }
    weight = joining == MF_JOIN_ADD ? a + b : joining == MF_JOIN_SUB ? a - b : isnan(a) ? b : a;
    mf_units_convert_to(c, right, mf_fact(c, left)->unit, isnan(b) ? 1 : b);
    mf_units_set(c, ast, mf_fact(c, left)->unit, weight);
}

/* The left one is °C or °F, the right one K. */
static void join_point_kelvin(struct mf_checker *c, const struct mf_ast *ast,
                              const struct mf_ast *left, const struct mf_ast *right,
                              enum mf_joining joining)
{
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);

    if (joining != MF_JOIN_COMPARE) {
        mf_units_convert_to(c, right, l->unit, 0);
        mf_units_set(c, ast, l->unit, l->weight);
    } else if (isnan(l->weight) && !isnan(r->weight)) {
        mf_units_convert_to(c, right, l->unit, 0);
        mf_units_set(c, ast, l->unit, 0);
    } else if (is_point(l->weight) && isnan(r->weight)) {
        mf_units_convert_to(c, right, l->unit, 1);
        mf_units_set(c, ast, l->unit, 1);
    } else {
        mf_units_point_and_difference(c, ast);
    }
}

static void join_kelvin_point(struct mf_checker *c, const struct mf_ast *ast,
                              const struct mf_ast *left, const struct mf_ast *right,
                              enum mf_joining joining)
{
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);

    if (joining == MF_JOIN_ADD) {
        mf_units_convert_to(c, left, r->unit, 0);
        mf_units_set(c, ast, r->unit, r->weight);
    } else if (isnan(r->weight) && !isnan(l->weight)) {
        mf_units_convert_to(c, right, l->unit, 0);
        mf_units_set(c, ast, l->unit, 0);
    } else if (is_point(r->weight) && isnan(l->weight)) {
        mf_units_convert_to(c, right, l->unit, 1);
        mf_units_set(c, ast, l->unit, joining == MF_JOIN_SUB ? 0 : NAN);
    } else {
        mf_units_point_and_difference(c, ast);
    }
}

void mf_units_join(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
                   const struct mf_ast *right, enum mf_joining joining)
{
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right), *f = mf_fact(c, ast);
    bool both = mf_units_is_numeric(l) && mf_units_is_numeric(r);

    if (!both || !l->unit || !r->unit) {
        const struct mf_fact *one = both ? (l->unit ? l : r) : mf_units_is_numeric(l) ? l : r;

        if (both && one->unit)
            mf_units_missing(c, l->unit ? right : left, one->unit);
        f->is_bare = one->is_bare && (!both || (l->is_bare && r->is_bare));
        mf_units_set(c, ast, one->unit,
                     both && is_affine(one) && joining != MF_JOIN_COMPARE ? NAN : one->weight);
    } else if (!mf_unit_same_dim(l->unit, r->unit)) {
        mf_units_different(c, ast, left, right);
    } else if (is_affine(l)) {
        (is_affine(r) ? join_points : join_point_kelvin)(c, ast, left, right, joining);
    } else if (is_affine(r)) {
        join_kelvin_point(c, ast, left, right, joining);
    } else {
        mf_units_convert_to(c, right, l->unit, 0);
        mf_units_set(c, ast, l->unit,
                     mf_units_is_difference(l->weight) && mf_units_is_difference(r->weight) ? 0
                                                                                            : NAN);
    }
}

/* ---- products ---- */

void mf_units_to_plain(struct mf_checker *c, const struct mf_ast *ratio)
{
    mf_units_convert(c, ratio, (struct mf_linear){mf_fact(c, ratio)->unit->factor, 0});
}

/* `operand` times or over `factor`, which is plain by now. */
static void scale_unit(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *operand,
                       const struct mf_ast *factor, bool divide)
{
    struct mf_fact *f = mf_fact(c, ast), *o = mf_fact(c, operand), *by = mf_fact(c, factor);
    double number = by->is_constant ? mf_value_as_number(&by->value) : 0;

    if (is_affine(o) && !by->is_constant && !isnan(o->weight)) {
        mf_units_no_temperature(c, ast, operand);
        return;
    }
    f->is_bare = o->is_bare && by->is_bare;
    if (!by->is_constant) /* whatever it was, a multiple can only be a difference */
        mf_units_set(c, ast, o->unit, is_affine(o) ? 0 : o->weight);
    else
        mf_units_set(c, ast, o->unit, divide ? o->weight / number : o->weight * number);
}

/* Unit of a factor or divisor for products: of °C only differences. */
static bool get_factor(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *operand,
                       struct mf_unit *ret)
{
    const struct mf_fact *fact = mf_fact(c, operand);

    if (!fact->unit) {
        *ret = (struct mf_unit){.factor = 1};
        return true;
    }
    if (is_affine(fact) && !isnan(fact->weight)) {
        mf_units_no_temperature(c, ast, operand);
        return false;
    }
    mf_unit_delta(fact->unit, ret);
    return true;
}

/* Where everything cancels out, what is left is a plain number. */
static void set_product(struct mf_checker *c, const struct mf_ast *ast, const struct mf_unit *unit)
{
    if (mf_unit_is_ratio(unit)) {
        mf_units_convert(c, ast, (struct mf_linear){unit->factor, 0});
        return;
    }
    mf_units_set(c, ast, mf_units_keep(c, unit), NAN);
}

static void multiply(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_ast *left = ast->left, *right = ast->right;
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);
    struct mf_unit a, b, unit;

    if (mf_units_is_ratio(r) && l->unit) {
        mf_units_to_plain(c, right);
        scale_unit(c, ast, left, right, false);
    } else if (mf_units_is_ratio(l) && r->unit) {
        mf_units_to_plain(c, left);
        scale_unit(c, ast, right, left, false);
    } else if (!r->unit) {
        scale_unit(c, ast, left, right, false);
    } else if (!l->unit) {
        scale_unit(c, ast, right, left, false);
    } else if (get_factor(c, ast, left, &a) && get_factor(c, ast, right, &b)) {
        mf_unit_multiply(&a, &b, &unit);
        set_product(c, ast, &unit);
    }
}

static void divide(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_ast *left = ast->left, *right = ast->right;
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);
    struct mf_unit a, b, unit;

    if (!r->unit) {
        scale_unit(c, ast, left, right, true);
    } else if (mf_units_is_ratio(r) && !mf_units_is_ratio(l)) {
        mf_units_to_plain(c, right);
        scale_unit(c, ast, left, right, true);
    } else if (!get_factor(c, ast, left, &a) || !get_factor(c, ast, right, &b)) {
        return;
    } else if (l->unit && mf_unit_same_dim(&a, &b)) {
        mf_units_convert_to(c, right, l->unit, 0);
    } else {
        mf_unit_divide(&a, &b, &unit);
        set_product(c, ast, &unit);
    }
}

/* A unit has whole powers only, and the exponent must be known. */
static void raise_power(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *l = mf_fact(c, ast->left), *r = mf_fact(c, ast->right);
    struct mf_unit base, unit;
    int64_t exponent = 0;

    if (mf_units_is_ratio(r))
        mf_units_to_plain(c, ast->right);
    else if (r->unit) {
        mf_units_wants_plain(c, ast, ast->right, "an exponent");
        return;
    }
    if (mf_units_is_ratio(l))
        mf_units_to_plain(c, ast->left);
    mf_fact(c, ast)->is_bare = l->is_bare && r->is_bare;
    if (!l->unit || mf_units_is_ratio(l))
        return;
    if (!r->is_constant || !mf_op_integer(&r->value, &exponent) || exponent < 1 || exponent > 4) {
        mf_units_wants_plain(c, ast, ast->left, "a power other than 1 to 4");
        return;
    }
    if (!get_factor(c, ast, ast->left, &base))
        return;
    unit = base;
    while (--exponent > 0)
        mf_unit_multiply(&unit, &base, &unit);
    set_product(c, ast, &unit);
}

void mf_units_binary(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *f = mf_fact(c, ast);
    const struct mf_ast *operands[2] = {ast->left, ast->right};

    f->weight = NAN;
    switch (ast->op) {
    case MF_OP_ADD:
    case MF_OP_SUB:
        mf_units_join(c, ast, ast->left, ast->right,
                      ast->op == MF_OP_ADD ? MF_JOIN_ADD : MF_JOIN_SUB);
        break;
    case MF_OP_MOD:
        mf_units_join(c, ast, ast->left, ast->right, MF_JOIN_COMPARE);
        break;
    case MF_OP_MUL:
        multiply(c, ast);
        break;
    case MF_OP_DIV:
    case MF_OP_IDIV:
        divide(c, ast);
        break;
    case MF_OP_POW:
        raise_power(c, ast);
        break;
    case MF_OP_EQ:
    case MF_OP_NE:
    case MF_OP_LT:
    case MF_OP_LE:
    case MF_OP_GT:
    case MF_OP_GE:
        mf_units_join(c, ast, ast->left, ast->right, MF_JOIN_COMPARE);
        mf_units_set(c, ast, NULL, NAN);
        f->is_bare = false;
        break;
    case MF_OP_CONCAT:
        break;
    default:
        for (unsigned i = 0; i < 2; i++)
            if (mf_fact(c, operands[i])->unit)
                mf_units_wants_plain(c, ast, operands[i], "an operator on bits");
        break;
    }
}

void mf_units_unary(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *f = mf_fact(c, ast), *l = mf_fact(c, ast->left);

    f->weight = NAN;
    if (ast->op == MF_OP_NEG) {
        f->is_bare = l->is_bare;
        /* `-50 °C` is a literal as people write it: a point of the scale, as `50 °C` is. */
        mf_units_set(c, ast, l->unit, ast->left->kind == MF_AST_CONST ? l->weight : -l->weight);
    } else if (ast->op == MF_OP_BNOT && l->unit) {
        mf_units_wants_plain(c, ast, ast->left, "an operator on bits");
    }
}

/* ---- the whole ---- */

void mf_units_result(struct mf_checker *c, const struct mf_unit *wanted)
{
    const struct mf_ast *root = c->expr->root;
    struct mf_fact *fact = mf_fact(c, root);
    char from[64], to[64];

    mf_units_need_point(c, root);
    if (fact->failed || !wanted || !mf_units_is_numeric(fact))
        return;
    if (!fact->unit) {
        fact->unit = wanted;
    } else if (!mf_unit_same_dim(fact->unit, wanted)) {
        mf_diag(c->diags, MF_ERROR, 413, mf_expr_at_ast(c, root),
                "the result is in %s (%s), but %s (%s) is wanted", fact->unit->name,
                mf_unit_dimension(fact->unit, from), wanted->name, mf_unit_dimension(wanted, to));
        mf_fact_fail(c, root);
    } else if (mf_unit_is_affine(wanted) && mf_units_is_difference(fact->weight)) {
        mf_diag_help(mf_diag(c->diags, MF_ERROR, 414, mf_expr_at_ast(c, root),
                             "the result is a difference of temperatures, but a temperature in %s "
                             "is wanted",
                             wanted->name),
                     "write `unit: K`");
        mf_fact_fail(c, root);
    } else {
        mf_units_convert_to(c, root, wanted, 1);
        fact->unit = wanted;
    }
}
