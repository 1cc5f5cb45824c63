/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Tree → flat code.
 *
 * Operands that are inputs or constants are addressed where they are; only
 * results take a register. Registers are given out like a stack: the result of a
 * node may take the place of its operands. What may own a block gets a register
 * from the other end that nothing else uses.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/expr/expr_priv.h"
#include "engine/expr/functions.h"

struct generator {
    struct mf_checker *checker;
    struct mf_instruction *code;
    struct mf_value *constants;
    size_t code_cap, constant_cap;
    uint32_t code_count, constant_count;
    uint32_t owners;
    uint32_t highest; /* registers of the stack in use at any time */
    bool overflow;
};

static uint32_t generate(struct generator *g, const struct mf_ast *ast, uint32_t next);

static uint32_t address(enum mf_base base, size_t offset)
{
    return (uint32_t)(offset << 2 | base);
}

static uint32_t at_register(uint32_t index)
{
    return address(MF_BASE_REGISTER, index * sizeof(struct mf_value));
}

static uint32_t at_input(uint32_t index)
{
    return address(MF_BASE_INPUT, index * sizeof(struct mf_msg) + offsetof(struct mf_msg, value));
}

static uint32_t put_constant(struct generator *g, struct mf_value value)
{
    mf_grow(&g->constants, &g->constant_cap, g->constant_count, sizeof(value));
    g->constants[g->constant_count] = value;
    return address(MF_BASE_CONSTANT, g->constant_count++ * sizeof(value));
}

static uint32_t emit(struct generator *g, enum mf_op op, uint32_t to, uint32_t a, uint32_t b)
{
    if (g->code_count == MF_EXPR_CODE) {
        g->overflow = true;
        return 0;
    }
    mf_grow(&g->code, &g->code_cap, g->code_count, sizeof(*g->code));
    g->code[g->code_count] =
        (struct mf_instruction){.op = (uint8_t)op, .to = (uint16_t)to, .a = a, .b = b};
    return g->code_count++;
}

/* The stack and the owners must never meet: what is left in an owner is dropped. */
static bool has_room(struct generator *g)
{
    g->overflow |= g->highest + g->owners > MF_EXPR_REGISTERS;
    return !g->overflow;
}

static uint32_t claim(struct generator *g, uint32_t index)
{
    g->highest = index >= g->highest ? index + 1 : g->highest;
    return has_room(g) ? index : 0;
}

static uint32_t claim_owner(struct generator *g)
{
    g->owners++;
    return has_room(g) ? MF_EXPR_REGISTERS - g->owners : 0;
}

/* First register behind an operand that lies in the stack from `next` on. */
static uint32_t behind(uint32_t operand, uint32_t next)
{
    return operand == at_register(next) ? next + 1 : next;
}

static uint32_t generate_ref(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    const struct mf_expr_ref *ref = &g->checker->expr->refs[ast->ref];
    const char *field = ref->name + ref->used;
    uint32_t at = at_input(ref->input);

    /* Fields behind the name of an input: value.temp */
    while (*field == '.') {
        size_t len = strcspn(++field, ".");
        struct mf_value key = mf_value_new_text_n(field, len);

        mf_expr_hold(g->checker->expr, key);
        emit(g, MF_OP_INDEX, claim(g, next), at, put_constant(g, key));
        at = at_register(next);
        field += len;
    }
    return at;
}

static uint32_t generate_binary(struct generator *g, const struct mf_ast *ast, uint32_t next,
                                enum mf_op op)
{
    uint32_t a = generate(g, ast->left, next);
    uint32_t b = generate(g, ast->right, behind(a, next));
    uint32_t to = op == MF_OP_CONCAT ? claim_owner(g) : claim(g, next);

    emit(g, op, to, a, b);
    return at_register(to);
}

/* The left operand is the result where it decides; else the right one takes its place. */
static uint32_t generate_choice(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    enum mf_op op = ast->kind == MF_AST_AND ? MF_OP_UNLESS : MF_OP_IF;
    uint32_t a, b, to, jump;

    if (mf_fact(g->checker, ast->left)->is_constant) /* and does not decide */
        return generate(g, ast->right, next);
    a = generate(g, ast->left, next);
    to = claim(g, next);
    jump = emit(g, op, to, a, 0);
    b = generate(g, ast->right, next);

    if (b != at_register(to))
        emit(g, MF_OP_MOVE, to, b, 0);
    if (!g->overflow)
        g->code[jump].c = g->code_count;
    return at_register(to);
}

/* math.max(a, b, c): pair by pair. */
static uint32_t generate_chain(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    enum mf_op op = ast->function->op;
    uint32_t to = claim(g, next), a = generate(g, ast->left, next);

    if (op == MF_OP_ABS)
        emit(g, op, to, a, 0);
    else if (!ast->left->next) /* one argument: it must be a number all the same */
        emit(g, op, to, a, a);
    for (const struct mf_ast *arg = ast->left->next; arg; arg = arg->next) {
        uint32_t b = generate(g, arg, behind(a, next));

        emit(g, op, to, a, b);
        a = at_register(to);
    }
    return at_register(to);
}

static uint32_t generate_coalesce(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    uint32_t to = claim(g, next), jumps[MF_EXPR_ARGS], count = 0;

    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        uint32_t a = generate(g, arg, next);

        if (arg->next)
            jumps[count++] = emit(g, MF_OP_IF_PRESENT, to, a, 0);
        else if (a != at_register(to))
            emit(g, MF_OP_MOVE, to, a, 0);
    }
    while (count-- > 0 && !g->overflow)
        g->code[jumps[count]].c = g->code_count;
    return at_register(to);
}

static uint32_t generate_call(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    const struct mf_function *function = ast->function;
    uint32_t first = next, to, at;

    if (function->op == MF_OP_IF_PRESENT)
        return generate_coalesce(g, ast, next);
    if (function->op != MF_OP_CALL)
        return generate_chain(g, ast, next);
    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        uint32_t a = generate(g, arg, next), slot = claim(g, next++);

        if (a != at_register(slot))
            emit(g, MF_OP_MOVE, slot, a, 0);
    }
    to = function->gives & MF_T(MF_TEXT) ? claim_owner(g) : claim(g, first);
    at = emit(g, MF_OP_CALL, to, at_register(first), 0);
    if (!g->overflow) {
        g->code[at].count = ast->args;
        g->code[at].c = (uint32_t)(function - mf_function_list);
    }
    return at_register(to);
}

static uint32_t generate_plain(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    uint32_t a;

    switch (ast->kind) {
    case MF_AST_REF:
        return generate_ref(g, ast, next);
    case MF_AST_INDEX:
        return generate_binary(g, ast, next, MF_OP_INDEX);
    case MF_AST_CALL:
        return generate_call(g, ast, next);
    case MF_AST_UNARY:
        a = generate(g, ast->left, next);
        emit(g, ast->op, claim(g, next), a, 0);
        return at_register(next);
    case MF_AST_BINARY:
        return generate_binary(g, ast, next, ast->op);
    default:
        return generate_choice(g, ast, next);
    }
}

/* Where the result is found; registers from `next` on are free. */
static uint32_t generate(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    const struct mf_fact *fact = mf_fact(g->checker, ast);
    uint32_t at, convert;

    if (g->overflow)
        return 0;
    if (fact->is_constant)
        return put_constant(g, fact->value);
    at = generate_plain(g, ast, next);
    if (!fact->has_convert)
        return at;
    convert = put_constant(g, mf_value_number(fact->convert.mul));
    put_constant(g, mf_value_number(fact->convert.add));
    emit(g, MF_OP_LINEAR, claim(g, next), at, convert);
    return at_register(next);
}

static void *keep(struct mf_arena *arena, void *list, size_t count, size_t size)
{
    void *copy = mf_arena_alloc(arena, (count ? count : 1) * size);

    if (count)
        memcpy(copy, list, count * size);
    mf_free(list);
    return copy;
}

bool mf_expr_generate(struct mf_checker *c)
{
    struct generator g = {.checker = c};
    struct mf_expr *expr = c->expr;
    uint32_t at = generate(&g, expr->root, 0);

    emit(&g, MF_OP_RETURN, 0, at, 0);
    if (g.overflow)
        mf_diag(c->diags, MF_ERROR, 407, expr->scalar->at,
                "the expression needs more than %d steps or %d intermediate results", MF_EXPR_CODE,
                MF_EXPR_REGISTERS);
    expr->code = keep(expr->arena, g.code, g.code_count, sizeof(*g.code));
    expr->constants = keep(expr->arena, g.constants, g.constant_count, sizeof(*g.constants));
    expr->owners = g.owners;
    return !g.overflow;
}
