/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Types: what each part of an expression can be, before it runs.
 *
 * A part is refused only when no value that may come could be used: `'a' + 1`, but not
 * `value.x + 1`. What is constant is calculated here, by the functions that the machine calls.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/expr/expr_priv.h"
#include "engine/expr/functions.h"

enum { CODE_TYPE = 411 };

#define CONTAINERS (MF_T(MF_LIST) | MF_T(MF_MAP) | MF_T(MF_PATH))
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

/* False after reporting that nothing `ast` can be is among `wanted`. */
static bool want(struct mf_checker *c, const struct mf_ast *ast, uint32_t wanted, const char *by)
{
    struct mf_fact *fact = mf_fact(c, ast);
    char a[96], b[96];

    if (fact->failed || fact->types & wanted)
        return !fact->failed;
    mf_diag(c->diags, MF_ERROR, CODE_TYPE, mf_expr_at_ast(c, ast), "%s wants %s, but `%s` is %s",
            by, mf_types_print(wanted, a), mf_expr_quote(c, ast), mf_types_print(fact->types, b));
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

    mf_expr_hold(c->expr, value);
    fact->is_constant = true;
    fact->value = value;
    fact->types = MF_T(value.type);
    fact->can_be_true = value.type == MF_BOOL && value.boolean;
}

/* A constant that has no result says so now rather than at each message. */
static void fold_failed(struct mf_checker *c, const struct mf_ast *ast, const char *reason)
{
    mf_diag(c->diags, MF_ERROR, CODE_TYPE, mf_expr_at_ast(c, ast), "`%s` has no result: %s",
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

static void check_ref(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_expr_ref *ref = &c->expr->refs[ast->ref];
    const struct mf_expr_slot *slot = &c->inputs[ref->input];
    struct mf_fact *fact = mf_fact(c, ast);
    char types[96];

    fact->types = slot->types;
    fact->can_be_true = true;
    if (!ref->name[ref->used]) {
        fact->unit = slot->unit;
        fact->weight = slot->unit && mf_unit_is_affine(slot->unit);
        if (ref->is_previous)
            fact->types |= MF_T(MF_NULL);
        return;
    }
    if (!(slot->types & MF_T(MF_MAP))) {
        mf_diag(c->diags, MF_ERROR, CODE_TYPE, mf_expr_at_ast(c, ast),
                "`%.*s` is %s and has no field `%s`", (int)ref->used, ref->name,
                mf_types_print(slot->types, types), ref->name + ref->used + 1);
        fact->failed = true;
    }
    fact->types = MF_T_ANY;
}

static void check_constant(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast);

    set_constant(c, ast, mf_value_copy(ast->value));
    fact->unit = ast->unit;
    fact->is_bare = !ast->unit && fact->types & MF_T_NUMERIC;
    fact->weight = ast->unit && mf_unit_is_affine(ast->unit);
}

/* ---- operators ---- */

static void check_unary(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast), *left = mf_fact(c, ast->left);
    struct mf_value value;
    const char *reason;

    check_ast(c, ast->left);
    fact->can_be_true = true;
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

/* What an operator takes on both sides, and gives. */
static bool check_sides(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_fact *left = mf_fact(c, ast->left), *right = mf_fact(c, ast->right);
    struct mf_fact *fact = mf_fact(c, ast);
    const uint32_t numeric = MF_T_NUMERIC, text = MF_T(MF_TEXT);
    char a[96], b[96];

    switch (ast->op) {
    case MF_OP_EQ:
    case MF_OP_NE:
        fact->types = MF_T(MF_BOOL);
        return true;
    case MF_OP_LT:
    case MF_OP_LE:
    case MF_OP_GT:
    case MF_OP_GE:
        fact->types = MF_T(MF_BOOL);
        if ((left->types & numeric && right->types & numeric) ||
            (left->types & text && right->types & text))
            return true;
        mf_diag(c->diags, MF_ERROR, CODE_TYPE, mf_expr_at_op(c, ast),
                "%s compares two numbers or two texts, not %s and %s", op_name(c, ast),
                mf_types_print(left->types, a), mf_types_print(right->types, b));
        return false;
    case MF_OP_CONCAT:
        fact->types = text;
        return want(c, ast->left, text | numeric, op_name(c, ast)) &
               want(c, ast->right, text | numeric, op_name(c, ast));
    case MF_OP_BAND:
    case MF_OP_BOR:
    case MF_OP_BXOR:
    case MF_OP_SHL:
    case MF_OP_SHR:
        fact->types = MF_T(MF_INT);
        break;
    default:
        fact->types = arithmetic(ast->op, left->types, right->types);
    }
    return want(c, ast->left, numeric, op_name(c, ast)) &
           want(c, ast->right, numeric, op_name(c, ast));
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
    if (fact->failed || !left->is_constant || !right->is_constant)
        return;
    if (mf_op_binary(ast->op, &left->value, &right->value, &value, &reason))
        set_constant(c, ast, value);
    else
        fold_failed(c, ast, reason);
}

static void check_index(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast);

    check_ast(c, ast->left);
    check_ast(c, ast->right);
    fact->types = MF_T_ANY;
    fact->can_be_true = true;
    fact->failed = mf_fact(c, ast->right)->failed ||
                   !want(c, ast->left, CONTAINERS, ast->op_end - ast->op_at > 0 ? "`[…]`" : "`.`");
}

/* Does the left side decide? Constants are settled here: the other side is never run. */
static bool choose(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_fact *left = mf_fact(c, ast->left), *right = mf_fact(c, ast->right);
    struct mf_fact *fact = mf_fact(c, ast);
    const struct mf_fact *taken;

    if (!left->is_constant)
        return false;
    taken = mf_value_is_true(&left->value) == (ast->kind == MF_AST_OR) ? left : right;
    if (taken->is_constant)
        set_constant(c, ast, mf_value_copy(taken->value));
    fact->is_bare = taken->is_bare;
    return true;
}

/* `a and b` is a where that is false or nil; `a or b` is a where that is neither. */
static void check_logic(struct mf_checker *c, const struct mf_ast *ast)
{
    struct mf_fact *fact = mf_fact(c, ast), *left = mf_fact(c, ast->left),
                   *right = mf_fact(c, ast->right);
    uint32_t passed;

    check_ast(c, ast->left);
    check_ast(c, ast->right);
    fact->failed = left->failed || right->failed;
    if (fact->failed)
        return;
    if (ast->kind == MF_AST_AND) {
        passed = left->types & FALSY;
        fact->can_be_true = right->can_be_true;
        fact->unit = right->unit;
        fact->weight = right->weight;
    } else {
        passed = left->types & ~MF_T(MF_NULL);
        if (!left->can_be_true)
            passed &= ~MF_T(MF_BOOL);
        fact->can_be_true = (passed & MF_T(MF_BOOL)) || right->can_be_true;
        if (passed & MF_T_NUMERIC && right->types & MF_T_NUMERIC)
            mf_units_join(c, ast, ast->left, ast->right, MF_JOIN_COMPARE);
        else
            fact->unit = passed & MF_T_NUMERIC ? left->unit : right->unit;
        fact->weight = fact->unit && mf_unit_is_affine(fact->unit);
    }
    fact->types = passed | right->types;
    if (!fact->failed)
        choose(c, ast);
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

static void check_call(struct mf_checker *c, const struct mf_ast *ast)
{
    const struct mf_function *function = ast->function;
    const char *name = mf_arena_printf(c->expr->arena, "`%s`", function->name);
    struct mf_fact *fact = mf_fact(c, ast);
    bool all_constant = function->op != MF_OP_IF_PRESENT;
    struct mf_value value;
    const char *reason;

    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        bool is_first = arg == ast->left;

        check_ast(c, arg);
        if (!want(c, arg, is_first ? function->takes : function->others, name))
            fact->failed = true;
        fact->types |= mf_fact(c, arg)->types & (is_first ? function->takes : function->others);
        all_constant = all_constant && mf_fact(c, arg)->is_constant;
    }
    if (function->rule == MF_RULE_QUANTITY && ast->left)
        fact->types = mf_fact(c, ast->left)->types & MF_T_NUMERIC;
    if (function->gives)
        fact->types = function->gives;
    fact->can_be_true = true;
    if (!fact->failed)
        mf_units_call(c, ast);
    if (fact->failed || !all_constant)
        return;
    if (fold_call(c, ast, &value, &reason))
        set_constant(c, ast, value);
    else
        fold_failed(c, ast, reason);
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
    if (mf_fact(c, ast)->failed)
        c->failed = true;
}

bool mf_expr_check(struct mf_expr *expr, const struct mf_expr_slot *inputs, size_t input_count,
                   const struct mf_unit *wanted, struct mf_diags *diags,
                   struct mf_expr_slot *ret_result)
{
    struct mf_checker c = {.expr = expr, .inputs = inputs, .input_count = input_count};
    struct mf_fact *root;

    c.diags = diags;
    c.facts = mf_calloc_array(expr->node_count, sizeof(*c.facts));
    check_ast(&c, expr->root);
    root = mf_fact(&c, expr->root);
    if (!c.failed) {
        mf_units_result(&c, wanted);
        c.failed = root->failed;
    }
    if (!c.failed)
        c.failed = !mf_expr_generate(&c);
    if (!c.failed) {
        expr->is_constant = root->is_constant;
        expr->constant = root->value;
        *ret_result = (struct mf_expr_slot){root->types, root->unit};
    }
    mf_free(c.facts);
    return !c.failed;
}
