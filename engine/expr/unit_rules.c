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
#include <string.h>

#include "engine/expr/expr_priv.h"
#include "engine/expr/functions.h"

static const struct mf_unit *keep(struct mf_checker *c, const struct mf_unit *unit)
{
    struct mf_unit *copy = mf_arena_alloc(c->expr->arena, sizeof(*copy));

    *copy = *unit;
    return copy;
}

static bool is_affine(const struct mf_fact *fact)
{
    return fact->unit && mf_unit_is_affine(fact->unit);
}

static bool is_ratio(const struct mf_fact *fact)
{
    return fact->unit && mf_unit_is_ratio(fact->unit);
}

static bool is_numeric(const struct mf_fact *fact)
{
    return fact->types & MF_T_NUMERIC;
}

static bool is_point(double weight)
{
    return isnan(weight) || fabs(weight - 1) < 1e-9;
}

static bool is_difference(double weight)
{
    return fabs(weight) < 1e-9; /* false for NaN */
}

static void set_unit(struct mf_checker *c, struct mf_fact *fact, const struct mf_unit *unit,
                     double weight)
{
    struct mf_unit delta;

    if (unit && mf_unit_is_affine(unit) && is_difference(weight)) {
        mf_unit_delta(unit, &delta);
        unit = keep(c, &delta);
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
    if (is_numeric(fact))
        fact->types = (fact->types & ~MF_T(MF_INT)) | MF_T(MF_NUMBER);
}

/* ---- what is wrong ---- */

static struct mf_span place_of(const struct mf_checker *c, const struct mf_ast *ast)
{
    return ast->kind == MF_AST_CALL ? mf_expr_at_ast(c, ast) : mf_expr_at_op(c, ast);
}

static void different(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
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

static void no_temperature(struct mf_checker *c, const struct mf_ast *ast,
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

static void points_and_differences(struct mf_checker *c, const struct mf_ast *ast)
{
    mf_diag_help(mf_diag(c->diags, MF_ERROR, 414, place_of(c, ast),
                         "a temperature is compared with a difference of temperatures"),
                 "a temperature is in °C, a difference in K");
    mf_fact_fail(c, ast);
}

static void wants_plain(struct mf_checker *c, const struct mf_ast *ast,
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
static void without_unit(struct mf_checker *c, const struct mf_ast *operand,
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

static void convert_to(struct mf_checker *c, const struct mf_ast *operand,
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
        points_and_differences(c, ast);
        return;
    }
    weight = joining == MF_JOIN_ADD ? a + b : joining == MF_JOIN_SUB ? a - b : isnan(a) ? b : a;
    convert_to(c, right, mf_fact(c, left)->unit, isnan(b) ? 1 : b);
    set_unit(c, mf_fact(c, ast), mf_fact(c, left)->unit, weight);
}

/* The left one is °C or °F, the right one K. */
static void join_point_kelvin(struct mf_checker *c, const struct mf_ast *ast,
                              const struct mf_ast *left, const struct mf_ast *right,
                              enum mf_joining joining)
{
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);

    if (joining != MF_JOIN_COMPARE) {
        convert_to(c, right, l->unit, 0);
        set_unit(c, mf_fact(c, ast), l->unit, l->weight);
    } else if (isnan(l->weight) && !isnan(r->weight)) {
        convert_to(c, right, l->unit, 0);
        set_unit(c, mf_fact(c, ast), l->unit, 0);
    } else if (is_point(l->weight) && isnan(r->weight)) {
        convert_to(c, right, l->unit, 1);
        set_unit(c, mf_fact(c, ast), l->unit, 1);
    } else {
        points_and_differences(c, ast);
    }
}

static void join_kelvin_point(struct mf_checker *c, const struct mf_ast *ast,
                              const struct mf_ast *left, const struct mf_ast *right,
                              enum mf_joining joining)
{
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);

    if (joining == MF_JOIN_ADD) {
        convert_to(c, left, r->unit, 0);
        set_unit(c, mf_fact(c, ast), r->unit, r->weight);
    } else if (isnan(r->weight) && !isnan(l->weight)) {
        convert_to(c, right, l->unit, 0);
        set_unit(c, mf_fact(c, ast), l->unit, 0);
    } else if (is_point(r->weight) && isnan(l->weight)) {
        convert_to(c, right, l->unit, 1);
        set_unit(c, mf_fact(c, ast), l->unit, joining == MF_JOIN_SUB ? 0 : NAN);
    } else {
        points_and_differences(c, ast);
    }
}

void mf_units_join(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
                   const struct mf_ast *right, enum mf_joining joining)
{
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right), *f = mf_fact(c, ast);
    bool both = is_numeric(l) && is_numeric(r);

    if (!both || !l->unit || !r->unit) {
        const struct mf_fact *one = both ? (l->unit ? l : r) : is_numeric(l) ? l : r;

        if (both && one->unit)
            without_unit(c, l->unit ? right : left, one->unit);
        f->is_bare = one->is_bare && (!both || (l->is_bare && r->is_bare));
        set_unit(c, f, one->unit,
                 both && is_affine(one) && joining != MF_JOIN_COMPARE ? NAN : one->weight);
    } else if (!mf_unit_same_dim(l->unit, r->unit)) {
        different(c, ast, left, right);
    } else if (is_affine(l)) {
        (is_affine(r) ? join_points : join_point_kelvin)(c, ast, left, right, joining);
    } else if (is_affine(r)) {
        join_kelvin_point(c, ast, left, right, joining);
    } else {
        convert_to(c, right, l->unit, 0);
        set_unit(c, f, l->unit, is_difference(l->weight) && is_difference(r->weight) ? 0 : NAN);
    }
}

/* ---- products ---- */

static void to_plain(struct mf_checker *c, const struct mf_ast *ratio)
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
        no_temperature(c, ast, operand);
        return;
    }
    f->is_bare = o->is_bare && by->is_bare;
    if (!by->is_constant) /* whatever it was, a multiple can only be a difference */
        set_unit(c, f, o->unit, is_affine(o) ? 0 : o->weight);
    else
        set_unit(c, f, o->unit, divide ? o->weight / number : o->weight * number);
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
        no_temperature(c, ast, operand);
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
    set_unit(c, mf_fact(c, ast), keep(c, unit), NAN);
}

static void multiply(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_ast *left = ast->left, *right = ast->right;
    struct mf_fact *l = mf_fact(c, left), *r = mf_fact(c, right);
    struct mf_unit a, b, unit;

    if (is_ratio(r) && l->unit) {
        to_plain(c, right);
        scale_unit(c, ast, left, right, false);
    } else if (is_ratio(l) && r->unit) {
        to_plain(c, left);
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
    } else if (is_ratio(r) && !is_ratio(l)) {
        to_plain(c, right);
        scale_unit(c, ast, left, right, true);
    } else if (!get_factor(c, ast, left, &a) || !get_factor(c, ast, right, &b)) {
        return;
    } else if (l->unit && mf_unit_same_dim(&a, &b)) {
        convert_to(c, right, l->unit, 0);
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

    if (is_ratio(r))
        to_plain(c, ast->right);
    else if (r->unit) {
        wants_plain(c, ast, ast->right, "an exponent");
        return;
    }
    if (is_ratio(l))
        to_plain(c, ast->left);
    mf_fact(c, ast)->is_bare = l->is_bare && r->is_bare;
    if (!l->unit || is_ratio(l))
        return;
    if (!r->is_constant || !mf_op_integer(&r->value, &exponent) || exponent < 1 || exponent > 4) {
        wants_plain(c, ast, ast->left, "a power other than 1 to 4");
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
        set_unit(c, f, NULL, NAN);
        f->is_bare = false;
        break;
    case MF_OP_CONCAT:
        break;
    default:
        for (unsigned i = 0; i < 2; i++)
            if (mf_fact(c, operands[i])->unit)
                wants_plain(c, ast, operands[i], "an operator on bits");
        break;
    }
}

void mf_units_unary(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *f = mf_fact(c, ast), *l = mf_fact(c, ast->left);

    f->weight = NAN;
    if (ast->op == MF_OP_NEG) {
        f->is_bare = l->is_bare;
        set_unit(c, f, l->unit, -l->weight);
    } else if (ast->op == MF_OP_BNOT && l->unit) {
        wants_plain(c, ast, ast->left, "an operator on bits");
    }
}

/* ---- calls ---- */

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
        if (!lead && is_numeric(mf_fact(c, arg)) && mf_fact(c, arg)->unit)
            lead = arg;
        is_bare &= mf_fact(c, arg)->is_bare || !is_numeric(mf_fact(c, arg));
        mf_units_need_point(c, arg);
        if (mf_fact(c, arg)->failed) {
            mf_fact_fail(c, ast);
            return;
        }
    }
    set_unit(c, f, lead ? mf_fact(c, lead)->unit : NULL, lead ? mf_fact(c, lead)->weight : NAN);
    for (i = 0, arg = first; i < count && lead && !f->failed; i++, arg = arg->next)
        if (arg != lead && is_numeric(mf_fact(c, arg)))
            mf_units_join(c, ast, lead, arg, MF_JOIN_COMPARE);
    f->is_bare = is_bare;
}

static void need_plain(struct mf_checker *c, const struct mf_ast *ast)
{
    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        if (is_ratio(mf_fact(c, arg)))
            to_plain(c, arg);
        else if (mf_fact(c, arg)->unit)
            wants_plain(c, ast, arg, mf_arena_printf(c->expr->arena, "`%s`", ast->function->name));
    }
}

static void need_angle(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_fact *fact = mf_fact(c, ast->left);
    struct mf_unit radian;
    struct mf_error err;

    if (fact->unit && mf_unit_read("rad", 3, &radian, &err) == 0 &&
        mf_unit_same_dim(fact->unit, &radian))
        convert_to(c, ast->left, &radian, 0);
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
            without_unit(c, step, x->unit);
        return;
    }
    if (!x->unit) {
        without_unit(c, ast->left, s->unit);
        set_unit(c, mf_fact(c, ast), s->unit, s->weight);
    } else if (!mf_unit_same_dim(x->unit, s->unit)) {
        different(c, ast, ast->left, step);
    } else {
        convert_to(c, step, x->unit, 0);
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
    struct mf_fact *x = mf_fact(c, ast->left), *f = mf_fact(c, ast);
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
            without_unit(c, ast->left, &unit);
    } else if (!mf_unit_same_dim(x->unit, &unit)) {
        mf_diag(c->diags, MF_ERROR, 413, mf_expr_at_ast(c, ast->left->next),
                "`%s` is in %s (%s), not in a unit of %s", mf_expr_quote(c, ast->left),
                x->unit->name, mf_unit_dimension(x->unit, from), mf_unit_dimension(&unit, to));
        mf_fact_fail(c, ast);
        return;
    } else if (is_difference(x->weight) && mf_unit_is_affine(&unit)) {
        points_and_differences(c, ast);
        return;
    } else {
        convert_to(c, ast->left, &unit, 1);
    }
    if (!is_number)
        set_unit(c, f, keep(c, &unit), mf_unit_is_affine(&unit) ? 1 : NAN);
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
            set_unit(c, f, NULL, NAN);
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

void mf_units_result(struct mf_checker *c, const struct mf_unit *wanted)
{
    const struct mf_ast *root = c->expr->root;
    struct mf_fact *fact = mf_fact(c, root);
    char from[64], to[64];

    mf_units_need_point(c, root);
    if (fact->failed || !wanted || !is_numeric(fact))
        return;
    if (!fact->unit) {
        fact->unit = wanted;
    } else if (!mf_unit_same_dim(fact->unit, wanted)) {
        mf_diag(c->diags, MF_ERROR, 413, mf_expr_at_ast(c, root),
                "the result is in %s (%s), but %s (%s) is wanted", fact->unit->name,
                mf_unit_dimension(fact->unit, from), wanted->name, mf_unit_dimension(wanted, to));
        mf_fact_fail(c, root);
    } else if (mf_unit_is_affine(wanted) && is_difference(fact->weight)) {
        mf_diag_help(mf_diag(c->diags, MF_ERROR, 414, mf_expr_at_ast(c, root),
                             "the result is a difference of temperatures, but a temperature in %s "
                             "is wanted",
                             wanted->name),
                     "write `unit: K`");
        mf_fact_fail(c, root);
    } else {
        convert_to(c, root, wanted, 1);
        fact->unit = wanted;
    }
}
