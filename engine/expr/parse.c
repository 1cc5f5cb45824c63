/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Tokens → tree, by the precedence of Lua 5.4:
 *
 *   or · and · < > <= >= ~= == · | · ~ · & · << >> · .. · + - · * / // % · not # - ~ · ^
 *
 * `..` and `^` group from the right. The first fault ends it: what follows would
 * be guesswork.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/expr/functions.h"
#include "engine/expr/lex.h"

struct parser {
    struct mf_lexer lexer;
    struct mf_token now, ahead;
    struct mf_expr *expr;
    struct mf_diags *diags;
    unsigned depth;
};

struct binary {
    const char *text;
    uint8_t op, left, right; /* how strongly it binds on each side */
};

static const struct binary binaries[] = {
    {"<", MF_OP_LT, 3, 3},    {">", MF_OP_GT, 3, 3},      {"<=", MF_OP_LE, 3, 3},
    {">=", MF_OP_GE, 3, 3},   {"~=", MF_OP_NE, 3, 3},     {"==", MF_OP_EQ, 3, 3},
    {"|", MF_OP_BOR, 4, 4},   {"~", MF_OP_BXOR, 5, 5},    {"&", MF_OP_BAND, 6, 6},
    {"<<", MF_OP_SHL, 7, 7},  {">>", MF_OP_SHR, 7, 7},    {"..", MF_OP_CONCAT, 9, 8},
    {"+", MF_OP_ADD, 10, 10}, {"-", MF_OP_SUB, 10, 10},   {"*", MF_OP_MUL, 11, 11},
    {"/", MF_OP_DIV, 11, 11}, {"//", MF_OP_IDIV, 11, 11}, {"%", MF_OP_MOD, 11, 11},
    {"^", MF_OP_POW, 14, 13},
};
enum { BIND_OR = 1, BIND_AND = 2, BIND_UNARY = 12 };

static struct mf_ast *parse_expr(struct parser *p, unsigned limit);

static void advance(struct parser *p)
{
    p->now = p->ahead;
    if (p->now.type != MF_TOKEN_END && p->now.type != MF_TOKEN_FAULT)
        p->ahead = mf_lex_next(&p->lexer);
}

static bool is_sign(const struct parser *p, const struct mf_token *token, const char *sign)
{
    return token->type == MF_TOKEN_SIGN && p->lexer.text[token->from] == *sign &&
           mf_text_eq(p->lexer.text + token->from, token->to - token->from, sign);
}

static bool now_is(const struct parser *p, const char *sign)
{
    return is_sign(p, &p->now, sign);
}

/* The lexer reads one token ahead: what it reported there is the only fault. */
static struct mf_ast *complain(struct parser *p, const char *wanted)
{
    const struct mf_token *t = &p->now;

    if (t->type == MF_TOKEN_FAULT || p->ahead.type == MF_TOKEN_FAULT)
        return NULL;
    if (t->type == MF_TOKEN_END)
        MF_LEX_FAULT(p, MF_ERROR, 401, t->from, t->to, "%s is missing at the end", wanted);
    else
        MF_LEX_FAULT(p, MF_ERROR, 401, t->from, t->to, "%s is missing in front of `%.*s`", wanted,
                     (int)(t->to - t->from > 40 ? 40 : t->to - t->from), p->lexer.text + t->from);
    return NULL;
}

static struct mf_ast *new_ast(struct parser *p, enum mf_ast_kind kind, uint32_t from, uint32_t to)
{
    struct mf_ast *ast = mf_arena_alloc(p->expr->arena, sizeof(*ast));

    ast->kind = (uint8_t)kind;
    ast->from = ast->op_at = (uint16_t)from;
    ast->to = ast->op_end = (uint16_t)to;
    ast->id = (uint16_t)p->expr->node_count++;
    return ast;
}

static struct mf_ast *new_constant(struct parser *p, const struct mf_token *token,
                                   struct mf_value value)
{
    struct mf_ast *ast = new_ast(p, MF_AST_CONST, token->from, token->to);

    ast->value = value;
    ast->unit = token->unit;
    return ast;
}

/* ---- names ---- */

/* `a.b.c`, blanks around the dots left out; *ret_to is where it ends. */
static char *read_dotted(struct parser *p, uint32_t *ret_to)
{
    struct mf_buf name = {0};
    char *result;

    for (;;) {
        mf_buf_put(&name, p->lexer.text + p->now.from, p->now.to - p->now.from);
        *ret_to = p->now.to;
        advance(p);
        if (!now_is(p, ".") || p->ahead.type != MF_TOKEN_NAME)
            break;
        mf_buf_putc(&name, '.');
        advance(p);
    }
    result = mf_arena_strndup(p->expr->arena, mf_buf_text(&name), name.len);
    mf_buf_done(&name);
    return result;
}

static struct mf_ast *new_ref(struct parser *p, const char *name, bool is_previous, uint32_t from,
                              uint32_t to)
{
    struct mf_expr *expr = p->expr;
    struct mf_ast *ast = new_ast(p, MF_AST_REF, from, to);
    uint32_t i = 0;

    while (i < expr->ref_count &&
           (expr->refs[i].is_previous != is_previous || strcmp(expr->refs[i].name, name) != 0))
        i++;
    ast->ref = i;
    if (i < expr->ref_count)
        return ast;
    if (i == MF_EXPR_REFS) {
        MF_LEX_FAULT(p, MF_ERROR, 407, from, to, "an expression reads at most %d names",
                     MF_EXPR_REFS);
        return NULL;
    }
    if ((i & (i - 1)) == 0 && i != 1) { /* room for 2, 4, 8 …: most read one or two */
        struct mf_expr_ref *more =
            mf_arena_alloc(expr->arena, (i ? 2 * i : 2) * sizeof(*expr->refs));

        for (uint32_t k = 0; k < i; k++)
            more[k] = expr->refs[k];
        expr->refs = more;
    }
    expr->refs[expr->ref_count++] = (struct mf_expr_ref){
        .name = name,
        .is_previous = is_previous,
        .at = mf_expr_at(expr, p->diags, from, to),
        .used = (uint32_t)strlen(name),
    };
    return ast;
}

/* Behind `previous(`. */
static struct mf_ast *parse_previous(struct parser *p, uint32_t from)
{
    struct mf_ast *ast;
    uint32_t at = p->now.from, to;
    const char *name;

    if (p->now.type != MF_TOKEN_NAME) {
        if (p->now.type != MF_TOKEN_FAULT)
            MF_LEX_FAULT(p, MF_ERROR, 408, p->now.from, p->now.to,
                         "`previous` takes the name of a node: `previous(plan)`");
        return NULL;
    }
    name = read_dotted(p, &to);
    if (!now_is(p, ")")) {
        if (p->now.type != MF_TOKEN_FAULT && p->ahead.type != MF_TOKEN_FAULT)
            MF_LEX_FAULT(p, MF_ERROR, 408, at, p->now.to > at ? p->now.to : to,
                         "`previous` takes the name of a node and nothing else");
        return NULL;
    }
    ast = new_ref(p, name, true, from, p->now.to);
    advance(p);
    return ast;
}

/* ---- calls ---- */

static struct mf_ast *unknown_function(struct parser *p, const char *name, uint32_t from,
                                       uint32_t to)
{
    const char *nearest = mf_function_nearest(name);
    struct mf_diag *diag =
        MF_LEX_FAULT(p, MF_ERROR, 409, from, to, "there is no function `%s` in expressions", name);

    if (nearest)
        mf_diag_help(diag, "did you mean `%s`?", nearest);
    else
        mf_diag_help(diag, "functions of your own belong in a `lua:` node");
    return NULL;
}

static struct mf_ast *wrong_count(struct parser *p, const struct mf_ast *call)
{
    const struct mf_function *f = call->function;
    size_t count;
    const char *usage = mf_expr_functions(&count)[f - mf_function_list].usage;

    MF_LEX_FAULT(p, MF_ERROR, 410, call->from, call->to, "`%s` takes %s%d argument%s: `%s`",
                 f->name,
                 f->min == f->max      ? ""
                 : call->args < f->min ? "at least "
                                       : "at most ",
                 call->args < f->min ? f->min : f->max,
                 (call->args < f->min ? f->min : f->max) == 1 ? "" : "s", usage);
    return NULL;
}

/* At `(`. */
static struct mf_ast *parse_call(struct parser *p, const struct mf_function *function,
                                 uint32_t from, uint32_t name_end)
{
    struct mf_ast *call = new_ast(p, MF_AST_CALL, from, name_end), **last = &call->left;
    uint32_t open = p->now.from;

    call->function = function;
    advance(p);
    for (bool more = !now_is(p, ")"); more;) {
        if (call->args == MF_EXPR_ARGS) {
            MF_LEX_FAULT(p, MF_ERROR, 407, from, name_end, "a call takes at most %d arguments",
                         MF_EXPR_ARGS);
            return NULL;
        }
        *last = parse_expr(p, 0);
        if (!*last)
            return NULL;
        last = &(*last)->next;
        call->args++;
        more = now_is(p, ",");
        if (more) {
            advance(p);
        } else if (p->now.type == MF_TOKEN_END) {
            MF_LEX_FAULT(p, MF_ERROR, 401, open, open + 1, "this `(` is never closed");
            return NULL;
        } else if (!now_is(p, ")")) {
            return complain(p, "`,` or `)`");
        }
    }
    call->to = (uint16_t)p->now.to;
    advance(p);
    if (call->args < function->min || call->args > function->max)
        return wrong_count(p, call);
    return call;
}

static struct mf_ast *parse_name(struct parser *p)
{
    struct mf_token first = p->now;
    const struct mf_function *function;
    uint32_t to;
    const char *name = read_dotted(p, &to);

    if (now_is(p, "(") && strcmp(name, "previous") == 0) {
        advance(p);
        return parse_previous(p, first.from);
    }
    function = mf_function_find(name);
    if (function && function->rule == MF_RULE_CONSTANT) {
        struct mf_value value;
        const char *reason;

        function->run(NULL, 0, &value, &reason);
        first.to = to;
        return new_constant(p, &first, value);
    }
    if (now_is(p, "("))
        return function ? parse_call(p, function, first.from, to)
                        : unknown_function(p, name, first.from, to);
    if (function && p->now.type == MF_TOKEN_TEXT) {
        MF_LEX_FAULT(p, MF_ERROR, 401, first.from, to, "arguments stand in parentheses: `%s(…)`",
                     name);
        return NULL;
    }
    if (function && strchr(name, '.')) {
        MF_LEX_FAULT(p, MF_ERROR, 409, first.from, to, "`%s` is a function: write `%s(…)`", name,
                     name);
        return NULL;
    }
    if (mf_text_starts(name, "math.") || mf_text_starts(name, "string."))
        return unknown_function(p, name, first.from, to);
    return new_ref(p, name, false, first.from, to);
}

/* ---- operands ---- */

static struct mf_ast *parse_parens(struct parser *p)
{
    uint32_t open = p->now.from;
    struct mf_ast *ast;

    advance(p);
    ast = parse_expr(p, 0);
    if (!ast)
        return NULL;
    if (!now_is(p, ")")) {
        if (p->now.type != MF_TOKEN_END)
            return complain(p, "`)`, or an operator");
        MF_LEX_FAULT(p, MF_ERROR, 401, open, open + 1, "this `(` is never closed");
        return NULL;
    }
    ast->in_parens = true;
    advance(p);
    return ast;
}

static struct mf_ast *parse_primary(struct parser *p)
{
    struct mf_token token = p->now;

    switch (token.type) {
    case MF_TOKEN_NAME:
        return parse_name(p);
    case MF_TOKEN_NUMBER:
    case MF_TOKEN_TEXT:
        advance(p);
        return new_constant(p, &token, token.value);
    case MF_TOKEN_TRUE:
    case MF_TOKEN_FALSE:
        advance(p);
        return new_constant(p, &token, mf_value_bool(token.type == MF_TOKEN_TRUE));
    case MF_TOKEN_NIL:
        advance(p);
        return new_constant(p, &token, mf_value_null());
    default:
        return now_is(p, "(") ? parse_parens(p) : complain(p, "a value");
    }
}

/* `[key]` and `.key` behind an operand. A literal has none, as in Lua. */
static struct mf_ast *parse_suffixes(struct parser *p)
{
    bool is_literal = p->now.type != MF_TOKEN_NAME && !now_is(p, "(");
    struct mf_ast *left = parse_primary(p);

    while (left && !is_literal && (now_is(p, "[") || now_is(p, "."))) {
        bool is_dot = now_is(p, ".");
        struct mf_ast *ast = new_ast(p, MF_AST_INDEX, left->from, p->now.to);
        uint32_t open = p->now.from;

        ast->op_at = (uint16_t)open;
        ast->left = left;
        advance(p);
        if (is_dot && p->now.type != MF_TOKEN_NAME)
            return complain(p, "a name");
        if (is_dot) {
            ast->right = new_constant(
                p, &p->now,
                mf_value_new_text_n(p->lexer.text + p->now.from, p->now.to - p->now.from));
            mf_expr_hold(p->expr, ast->right->value);
        } else {
            ast->right = parse_expr(p, 0);
            if (!ast->right)
                return NULL;
            if (!now_is(p, "]"))
                return complain(p, "`]`");
        }
        ast->to = ast->op_end = (uint16_t)p->now.to;
        advance(p);
        left = ast;
    }
    if (left && is_literal && now_is(p, "["))
        return complain(p, "an operator");
    return left;
}

static struct mf_ast *parse_unary(struct parser *p)
{
    struct mf_token token = p->now;
    enum mf_op op = token.type == MF_TOKEN_NOT ? MF_OP_NOT
                    : now_is(p, "-")           ? MF_OP_NEG
                    : now_is(p, "#")           ? MF_OP_LEN
                    : now_is(p, "~")           ? MF_OP_BNOT
                                               : MF_OP_ADD;
    struct mf_ast *ast, *operand;

    if (op == MF_OP_ADD)
        return parse_suffixes(p);
    advance(p);
    operand = parse_expr(p, BIND_UNARY);
    if (!operand)
        return NULL;
    ast = new_ast(p, MF_AST_UNARY, token.from, operand->to);
    ast->op = (uint8_t)op;
    ast->op_end = (uint16_t)token.to;
    ast->left = operand;
    return ast;
}

/* ---- operators ---- */

static const struct binary *find_binary(const struct parser *p)
{
    static const struct binary with_or = {"or", MF_AST_OR, BIND_OR, BIND_OR};
    static const struct binary with_and = {"and", MF_AST_AND, BIND_AND, BIND_AND};

    if (p->now.type == MF_TOKEN_OR)
        return &with_or;
    if (p->now.type == MF_TOKEN_AND)
        return &with_and;
    for (size_t i = 0; i < sizeof(binaries) / sizeof(*binaries); i++)
        if (now_is(p, binaries[i].text))
            return &binaries[i];
    return NULL;
}

static struct mf_ast *parse_level(struct parser *p, unsigned limit)
{
    struct mf_ast *left = parse_unary(p);
    const struct binary *binary;

    while (left && (binary = find_binary(p)) != NULL && binary->left > limit) {
        bool is_logic = p->now.type == MF_TOKEN_OR || p->now.type == MF_TOKEN_AND;
        struct mf_token token = p->now;
        struct mf_ast *ast;

        advance(p);
        ast = new_ast(p, is_logic ? binary->op : MF_AST_BINARY, left->from, token.to);
        ast->op = is_logic ? 0 : binary->op;
        ast->op_at = (uint16_t)token.from;
        ast->left = left;
        ast->right = parse_expr(p, binary->right);
        if (!ast->right)
            return NULL;
        ast->to = ast->right->to;
        left = ast;
    }
    return left;
}

static struct mf_ast *parse_expr(struct parser *p, unsigned limit)
{
    struct mf_ast *ast;

    if (p->depth == MF_EXPR_DEPTH) {
        MF_LEX_FAULT(p, MF_ERROR, 407, p->now.from, p->now.to,
                     "an expression is nested at most %d deep", MF_EXPR_DEPTH);
        return NULL;
    }
    p->depth++;
    ast = parse_level(p, limit);
    p->depth--;
    return ast;
}

static bool parse_all(struct parser *p)
{
    p->ahead = mf_lex_next(&p->lexer);
    advance(p);
    p->expr->root = parse_expr(p, 0);
    if (!p->expr->root || p->now.type == MF_TOKEN_END)
        return p->expr->root != NULL;
    if (now_is(p, ")"))
        MF_LEX_FAULT(p, MF_ERROR, 401, p->now.from, p->now.to, "this `)` closes nothing");
    else if (now_is(p, ","))
        MF_LEX_FAULT(p, MF_ERROR, 404, p->now.from, p->now.to,
                     "several results belong in a `lua:` node with `outputs:`");
    else
        complain(p, "an operator");
    return false;
}

static void drop_held(void *arg)
{
    for (struct mf_held *held = ((struct mf_expr *)arg)->held; held; held = held->next)
        mf_value_drop(held->value);
}

void mf_expr_hold(struct mf_expr *expr, struct mf_value value)
{
    struct mf_held *held;

    if (value.length != MF_VALUE_BLOCK)
        return;
    if (!expr->held)
        mf_arena_defer(expr->arena, drop_held, expr);
    held = mf_arena_alloc(expr->arena, sizeof(*held));
    *held = (struct mf_held){expr->held, value};
    expr->held = held;
}

struct mf_span mf_expr_at(const struct mf_expr *expr, const struct mf_diags *diags, uint32_t from,
                          uint32_t to)
{
    return mf_tree_span(expr->scalar, diags->sources, from, to);
}

struct mf_expr *mf_expr_parse(struct mf_arena *arena, struct mf_diags *diags,
                              const struct mf_tree *scalar)
{
    struct mf_expr *expr = mf_arena_alloc(arena, sizeof(*expr));
    struct parser p = {.expr = expr, .diags = diags};

    expr->arena = arena;
    expr->scalar = scalar;
    if (scalar->is_secret) {
        mf_diag(diags, MF_ERROR, 401, scalar->at, "a secret cannot be part of an expression");
        return NULL;
    }
    if (scalar->count > MF_EXPR_BYTES) {
        mf_diag(diags, MF_ERROR, 407, scalar->at, "an expression is at most %d bytes long",
                MF_EXPR_BYTES);
        return NULL;
    }
    expr->text = mf_arena_strndup(arena, scalar->text, scalar->count);
    p.lexer = (struct mf_lexer){expr, diags, expr->text, scalar->count};
    return parse_all(&p) ? expr : NULL;
}

struct mf_expr_ref *mf_expr_refs(struct mf_expr *expr, size_t *ret_count)
{
    *ret_count = expr->ref_count;
    return expr->refs;
}
