/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Types: what each part of an expression can be, before it runs.
 *
 * A part is refused only when no value that may come could be used: `'a' + 1`, but not
 * `value.x + 1`. What is constant is calculated here, by the functions that the machine calls.
 */

#include <math.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/expr/expr_priv.h"
#include "engine/expr/functions.h"

#define CONTAINERS (MF_T(MF_LIST) | MF_T(MF_MAP) | MF_T(MF_PATH))
#define TEXTS (MF_T(MF_TEXT) | MF_T(MF_BYTES))
#define FALSY (MF_T(MF_BOOL) | MF_T(MF_NULL))

static void check_ast(struct mf_checker *c, const struct mf_ast *ast);

struct mf_span mf_expr_at_ast(const struct mf_checker *c, const struct mf_ast *ast)
{
    return mf_expr_at(c->expr, c->diags, ast->from, ast->to);
}

struct mf_span mf_expr_at_op(const struct mf_checker *c, const struct mf_ast *ast)
{
    return mf_expr_at(c->expr, c->diags, ast->op_at, ast->op_end);
}

const char *mf_expr_quote(const struct mf_checker *c, const struct mf_ast *ast)
{
    enum { CUT = 40 };
    size_t len = (size_t)(ast->to - ast->from);

    if (len <= CUT)
        return mf_arena_strndup(c->expr->arena, c->expr->text + ast->from, len);
    return mf_arena_printf(c->expr->arena, "%.*s…",
                           (int)mf_utf8_valid(c->expr->text + ast->from, CUT),
                           c->expr->text + ast->from);
}

/* ---- wanted and got ---- */

/* What people mean who put a value of the wrong type there. */
static void help_convert(struct mf_diag *diag, const char *quote, uint32_t got, uint32_t wanted)
{
    if (got == MF_T(MF_BOOL) && wanted & MF_T_NUMERIC && !(wanted & MF_T(MF_TEXT)))
        mf_diag_help(diag, "for a number write `(%s and 1 or 0)`", quote);
    else if (wanted & MF_T(MF_TEXT) && !(wanted & CONTAINERS) && got != MF_T(MF_NULL))
        mf_diag_help(diag, "for a text write `tostring(%s)`", quote);
    else if (got == MF_T(MF_TEXT) && wanted & MF_T_NUMERIC)
        mf_diag_help(diag, "for a number write `tonumber(%s)`", quote);
}

/* False after reporting that nothing `ast` can be is among `wanted`. */
static bool want(struct mf_checker *c, const struct mf_ast *ast, uint32_t wanted, const char *by)
{
    struct mf_fact *fact = mf_fact(c, ast);
    char a[96], b[96];

    if (fact->failed || fact->types & wanted)
        return !fact->failed;
    help_convert(mf_diag(c->diags, MF_ERROR, 411, mf_expr_at_ast(c, ast),
                         "%s wants %s, but `%s` is %s", by, mf_types_print(wanted, a),
                         mf_expr_quote(c, ast), mf_types_print(fact->types, b)),
                 mf_expr_quote(c, ast), fact->types, wanted);
    fact->failed = true;
    return false;
}

static const char *op_name(const struct mf_checker *c, const struct mf_ast *ast)
{
    return mf_arena_printf(c->expr->arena, "`%s`", mf_op_text(ast->op));
}

static void set_constant(struct mf_checker *c, const struct mf_ast *ast, struct mf_value value)
{
    struct mf_fact *fact = mf_fact(c, ast);

    if (fact->has_convert)
        mf_op_linear(&value, fact->convert.mul, fact->convert.add);
    fact->has_convert = false;
    fact->is_constant = true;
    fact->value = value;
    fact->types = MF_T(value.type);
    fact->can_be_true = value.type == MF_BOOL && value.boolean;
}

/* A constant that has no result says so now rather than at each message. */
static void fold_failed(struct mf_checker *c, const struct mf_ast *ast, const char *reason)
{
    mf_diag(c->diags, MF_ERROR, 412, mf_expr_at_ast(c, ast), "`%s` never has a result: %s",
            mf_expr_quote(c, ast), reason);
    mf_fact(c, ast)->failed = true;
}

static uint32_t arithmetic(enum mf_op op, uint32_t a, uint32_t b)
{
    uint32_t types = 0;

    if (op == MF_OP_DIV || op == MF_OP_POW)
        return MF_T(MF_NUMBER);
    if (a & MF_T(MF_INT) && b & MF_T(MF_INT))
        types |= MF_T(MF_INT);
    if ((a | b) & MF_T(MF_NUMBER))
        types |= MF_T(MF_NUMBER);
    return types;
}

/* ---- leaves ---- */

/* °C of an input or a literal is a point; anything else is what its use wants. */
static void set_unit(struct mf_fact *fact, const struct mf_unit *unit)
{
    fact->unit = unit;
    fact->weight = unit && mf_unit_is_affine(unit) ? 1 : NAN;
}

static void check_ref(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_expr_ref *ref = &c->expr->refs[ast->ref];
    const struct mf_expr_slot *slot = &c->inputs[ref->input];
    struct mf_fact *fact = mf_fact(c, ast);
    char types[96];

    fact->types = MF_T_ANY;
    fact->can_be_true = true;
    set_unit(fact, NULL);
    if (ref->input >= c->input_count) { /* could not be wired: said already */
        fact->failed = true;
    } else if (!ref->name[ref->used]) {
        fact->types = slot->types;
        if (slot->types & MF_T_NUMERIC)
            set_unit(fact, slot->unit);
    } else if (!(slot->types & CONTAINERS)) {
        mf_diag(c->diags, MF_ERROR, 411, mf_expr_at_ast(c, ast),
                "`%.*s` is %s and has no field `%s`", (int)ref->used, ref->name,
                mf_types_print(slot->types, types), ref->name + ref->used + 1);
        fact->failed = true;
    }
}

static void check_constant(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast);

    set_constant(c, ast, ast->value);
    fact->is_bare = !ast->unit && fact->types & MF_T_NUMERIC;
    set_unit(fact, ast->unit);
}

/* ---- operators ---- */

static void check_unary(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast), *left = mf_fact(c, ast->left);
    struct mf_value value;
    const char *reason;

    check_ast(c, ast->left);
    fact->can_be_true = true;
    fact->weight = NAN;
    switch (ast->op) {
    case MF_OP_NOT:
        fact->failed = left->failed;
        fact->types = MF_T(MF_BOOL);
        break;
    case MF_OP_LEN:
        fact->failed =
            !want(c, ast->left, CONTAINERS | MF_T(MF_TEXT) | MF_T(MF_BYTES), op_name(c, ast));
        fact->types = MF_T(MF_INT);
        break;
    default:
        fact->failed = !want(c, ast->left, MF_T_NUMERIC, op_name(c, ast));
        fact->types = ast->op == MF_OP_BNOT ? MF_T(MF_INT) : left->types & MF_T_NUMERIC;
        if (!fact->failed)
            mf_units_unary(c, ast);
    }
    if (fact->failed || !left->is_constant)
        return;
    if (mf_op_unary(ast->op, &left->value, &value, &reason))
        set_constant(c, ast, value);
    else
        fold_failed(c, ast, reason);
}

static bool is_order(const struct mf_ast *ast)
{
    return ast->kind == MF_AST_BINARY && ast->op >= MF_OP_LT && ast->op <= MF_OP_GE;
}

static bool check_order(struct mf_checker *c, const struct mf_ast *ast)
{
    uint32_t left = mf_fact(c, ast->left)->types, right = mf_fact(c, ast->right)->types;
    struct mf_diag *diag;
    char a[96], b[96];

    if ((left & MF_T_NUMERIC && right & MF_T_NUMERIC) || left & right & TEXTS)
        return true;
    diag = mf_diag(c->diags, MF_ERROR, 411, mf_expr_at_op(c, ast),
                   "%s compares two numbers or two texts, not %s and %s", op_name(c, ast),
                   mf_types_print(left, a), mf_types_print(right, b));
    if (is_order(ast->left) && !ast->left->in_parens)
        mf_diag_help(diag, "write `a %s b and b %s c`", mf_op_text(ast->left->op),
                     mf_op_text(ast->op));
    return false;
}

/* Values of different types are never equal; nil may be asked for anywhere. */
static bool check_equal(struct mf_checker *c, const struct mf_ast *ast)
{
    uint32_t left = mf_fact(c, ast->left)->types, right = mf_fact(c, ast->right)->types;
    struct mf_diag *diag;
    char a[96], b[96];

    left |= left & MF_T_NUMERIC ? MF_T_NUMERIC : 0;
    right |= right & MF_T_NUMERIC ? MF_T_NUMERIC : 0;
    if (left & right || (left | right) & MF_T(MF_NULL))
        return true;
    diag =
        mf_diag(c->diags, MF_ERROR, 412, mf_expr_at_op(c, ast),
                "this is always %s: `%s` is %s, `%s` is %s", ast->op == MF_OP_EQ ? "false" : "true",
                mf_expr_quote(c, ast->left), mf_types_print(mf_fact(c, ast->left)->types, a),
                mf_expr_quote(c, ast->right), mf_types_print(mf_fact(c, ast->right)->types, b));
    if (left == MF_T(MF_BOOL))
        mf_diag_help(diag, "did you mean `%s`?", mf_expr_quote(c, ast->left));
    return false;
}

/* What an operator takes on both sides. */
static bool check_sides(struct mf_checker *c, const struct mf_ast *ast)
{
    const uint32_t wanted =
        ast->op == MF_OP_CONCAT ? MF_T(MF_TEXT) | MF_T_NUMERIC : (uint32_t)MF_T_NUMERIC;
    bool left_fits;

    if (ast->op == MF_OP_EQ || ast->op == MF_OP_NE)
        return check_equal(c, ast);
    if (is_order(ast))
        return check_order(c, ast);
    left_fits = want(c, ast->left, wanted, op_name(c, ast));
    return want(c, ast->right, wanted, op_name(c, ast)) && left_fits;
}

/* After the conversions of units, which make floats. */
static uint32_t result_types(const struct mf_checker *c, const struct mf_ast *ast)
{
    switch (ast->op) {
    case MF_OP_EQ:
    case MF_OP_NE:
    case MF_OP_LT:
    case MF_OP_LE:
    case MF_OP_GT:
    case MF_OP_GE:
        return MF_T(MF_BOOL);
    case MF_OP_CONCAT:
        return MF_T(MF_TEXT);
    case MF_OP_BAND:
    case MF_OP_BOR:
    case MF_OP_BXOR:
    case MF_OP_SHL:
    case MF_OP_SHR:
        return MF_T(MF_INT);
    default:
        return mf_fact(c, ast)->has_convert ? MF_T(MF_NUMBER)
                                            : arithmetic(ast->op, mf_fact(c, ast->left)->types,
                                                         mf_fact(c, ast->right)->types);
    }
}

static void check_binary(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast), *left = mf_fact(c, ast->left),
                   *right = mf_fact(c, ast->right);
    struct mf_value value;
    const char *reason;

    check_ast(c, ast->left);
    check_ast(c, ast->right);
    fact->can_be_true = true;
    fact->failed = left->failed || right->failed || !check_sides(c, ast);
    if (!fact->failed)
        mf_units_binary(c, ast);
    fact->types = result_types(c, ast);
    if (fact->failed || !left->is_constant || !right->is_constant)
        return;
    if (!mf_op_binary(ast->op, &left->value, &right->value, &value, &reason)) {
        fold_failed(c, ast, reason);
        return;
    }
    mf_expr_hold(c->expr, value);
    set_constant(c, ast, value);
}

static void check_index(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast);

    check_ast(c, ast->left);
    check_ast(c, ast->right);
    fact->types = MF_T_ANY;
    fact->can_be_true = true;
    fact->weight = NAN;
    fact->failed =
        mf_fact(c, ast->right)->failed || !want(c, ast->left, CONTAINERS, "a field or an item");
}

static void copy_fact(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *from)
{
    struct mf_fact *fact = mf_fact(c, ast);

    *fact = *mf_fact(c, from);
    fact->has_convert = false; /* is applied below */
}

/* What `a and b` takes from a is false or nil; `a or b` takes what is neither. */
static void check_choice(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast), *left = mf_fact(c, ast->left),
                   *right = mf_fact(c, ast->right);
    uint32_t passed = left->types & ~MF_T(MF_NULL);

    if (ast->kind == MF_AST_AND) {
        passed = left->types & FALSY;
        copy_fact(c, ast, ast->right);
        fact->is_constant = false;
        fact->types |= passed;
        return;
    }
    if (!left->can_be_true)
        passed &= ~MF_T(MF_BOOL);
    fact->can_be_true = passed & MF_T(MF_BOOL) || right->can_be_true;
    fact->types = passed | right->types;
    if (passed & MF_T_NUMERIC && right->types & MF_T_NUMERIC) {
        mf_units_need_point(c, ast->left);
        mf_units_need_point(c, ast->right);
    }
    fact->failed = left->failed || right->failed;
    if (!fact->failed)
        mf_units_join(c, ast, ast->left, ast->right, MF_JOIN_COMPARE);
    fact->types = (left->types & passed) | right->types;
}

static void check_logic(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast), *left = mf_fact(c, ast->left);

    check_ast(c, ast->left);
    check_ast(c, ast->right);
    fact->failed = left->failed || mf_fact(c, ast->right)->failed;
    if (fact->failed)
        return;
    if (left->is_constant) /* decides now; what is not taken is never run */
        copy_fact(c, ast,
                  mf_value_is_true(&left->value) == (ast->kind == MF_AST_OR) ? ast->left
                                                                             : ast->right);
    else
        check_choice(c, ast);
}

/* ---- calls ---- */

/* Operations that work pair by pair. */
static bool fold_chain(const struct mf_checker *c, const struct mf_ast *ast, struct mf_value *ret,
                       const char **ret_reason)
{
    const struct mf_ast *arg = ast->left;

    *ret = mf_fact(c, arg)->value;
    if (ast->function->op == MF_OP_ABS)
        return mf_op_unary(MF_OP_ABS, ret, ret, ret_reason);
    while ((arg = arg->next))
        if (!mf_op_binary(ast->function->op, ret, &mf_fact(c, arg)->value, ret, ret_reason))
            return false;
    return true;
}

static bool fold_call(const struct mf_checker *c, const struct mf_ast *ast, struct mf_value *ret,
                      const char **ret_reason)
{
    struct mf_value args[MF_EXPR_ARGS];
    unsigned count = 0;

    if (ast->function->op != MF_OP_CALL)
        return fold_chain(c, ast, ret, ret_reason);
    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next)
        args[count++] = mf_fact(c, arg)->value;
    return ast->function->run(args, count, ret, ret_reason);
}

/* The types of its arguments, after the conversions of units. */
static uint32_t argument_types(const struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_function *function = ast->function;
    uint32_t types = 0;

    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        types |= mf_fact(c, arg)->types & (arg == ast->left ? function->takes : function->others);
        if (function->op == MF_OP_IF_PRESENT && arg->next)
            types &= ~MF_T(MF_NULL);
    }
    return function->rule == MF_RULE_QUANTITY ? types & MF_T_NUMERIC : types;
}

static void check_call(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_function *function = ast->function;
    const char *name = mf_arena_printf(c->expr->arena, "`%s`", function->name);
    struct mf_fact *fact = mf_fact(c, ast);
    bool all_constant = function->op != MF_OP_IF_PRESENT;
    struct mf_value value;
    const char *reason;

    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        check_ast(c, arg);
        if (!want(c, arg, arg == ast->left ? function->takes : function->others, name))
            fact->failed = true;
        all_constant = all_constant && mf_fact(c, arg)->is_constant;
    }
    fact->can_be_true = true;
    if (!fact->failed)
        mf_units_call(c, ast);
    fact->types = function->gives ? function->gives : argument_types(c, ast);
    if (fact->failed || !all_constant)
        return;
    if (!fold_call(c, ast, &value, &reason)) {
        fold_failed(c, ast, reason);
        return;
    }
    if (function->gives & MF_T(MF_TEXT)) /* else borrowed from an argument, or without a block */
        mf_expr_hold(c->expr, value);
    set_constant(c, ast, value);
}

/* ---- the whole ---- */

static void check_ast(struct mf_checker *c, const struct mf_ast *ast)
{
    switch (ast->kind) {
    case MF_AST_CONST:
        check_constant(c, ast);
        break;
    case MF_AST_REF:
        check_ref(c, ast);
        break;
    case MF_AST_INDEX:
        check_index(c, ast);
        break;
    case MF_AST_CALL:
        check_call(c, ast);
        break;
    case MF_AST_UNARY:
        check_unary(c, ast);
        break;
    case MF_AST_BINARY:
        check_binary(c, ast);
        break;
    default:
        check_logic(c, ast);
    }
    if (!(mf_fact(c, ast)->types & MF_T(MF_BOOL)))
        mf_fact(c, ast)->can_be_true = false;
    if (mf_fact(c, ast)->failed)
        c->failed = true;
}

bool mf_expr_check(struct mf_expr *expr, const struct mf_expr_slot *inputs, size_t input_count,
                   const struct mf_unit *wanted, struct mf_diags *diags,
                   struct mf_expr_slot *ret_result)
{
    struct mf_checker c = {expr, inputs, input_count, diags,
                           mf_calloc_array(expr->node_count, sizeof(struct mf_fact))};
    struct mf_fact *root;

    check_ast(&c, expr->root);
    root = mf_fact(&c, expr->root);
    if (!c.failed && root->is_constant && root->value.type == MF_NUMBER &&
        isnan(root->value.number))
        fold_failed(&c, expr->root, mf_reason_nan);
    else if (!c.failed)
        mf_units_result(&c, wanted);
    c.failed |= root->failed;
    if (!c.failed)
        c.failed = !mf_expr_generate(&c);
    if (!c.failed) {
        expr->is_constant = root->is_constant;
        expr->constant = root->value;
        expr->types = root->types;
        *ret_result = (struct mf_expr_slot){root->types, root->unit};
    }
    mf_free(c.facts);
    return !c.failed;
}
