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

#define EXACT (INT64_C(1) << 53) /* integers up to here are doubles */

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

static const struct mf_operand none;

static struct mf_operand generate(struct generator *g, const struct mf_ast *ast, uint32_t next);

static struct mf_operand address(enum mf_base base, size_t offset)
{
    return (struct mf_operand){(uint8_t)base, (uint32_t)offset};
}

static struct mf_operand at_register(uint32_t index)
{
    return address(MF_BASE_REGISTER, index * sizeof(struct mf_value));
}

static bool is_register(struct mf_operand operand, uint32_t index)
{
    return operand.base == MF_BASE_REGISTER && operand.offset == index * sizeof(struct mf_value);
}

static struct mf_operand at_input(uint32_t index)
{
    return address(MF_BASE_INPUT, index * sizeof(struct mf_msg) + offsetof(struct mf_msg, value));
}

static struct mf_operand put_constant(struct generator *g, struct mf_value value)
{
    mf_grow(&g->constants, &g->constant_cap, g->constant_count, sizeof(value));
    g->constants[g->constant_count] = value;
    return address(MF_BASE_CONSTANT, g->constant_count++ * sizeof(value));
}

static uint32_t emit(struct generator *g, enum mf_op op, uint32_t to, struct mf_operand a,
                     struct mf_operand b)
{
    if (g->code_count == MF_EXPR_CODE) {
        g->overflow = true;
        return 0;
    }
    mf_grow(&g->code, &g->code_cap, g->code_count, sizeof(*g->code));
    g->code[g->code_count] = (struct mf_instruction){.op = (uint8_t)op,
                                                     .to = (uint16_t)(to * sizeof(struct mf_value)),
                                                     .a_base = a.base,
                                                     .b_base = b.base,
                                                     .a = a.offset,
                                                     .b = b.offset};
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
static uint32_t behind(struct mf_operand operand, uint32_t next)
{
    return is_register(operand, next) ? next + 1 : next;
}

static struct mf_operand generate_ref(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    const struct mf_expr_ref *ref = &g->checker->expr->refs[ast->ref];
    const char *field = ref->name + ref->used;
    struct mf_operand at = at_input(ref->input);

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

/* Beside a float, `5` works as `5.0`, and the machine is quick with it. */
static struct mf_operand generate_operand(struct generator *g, const struct mf_ast *ast,
                                          const struct mf_ast *other, enum mf_op op, uint32_t next)
{
    const struct mf_fact *fact = mf_fact(g->checker, ast);
    bool is_numeric = op <= MF_OP_POW || (op >= MF_OP_EQ && op <= MF_OP_GE);

    if (fact->is_constant && fact->value.type == MF_INT && is_numeric &&
        fact->value.integer >= -EXACT && fact->value.integer <= EXACT &&
        mf_fact(g->checker, other)->types == MF_T(MF_NUMBER))
        return put_constant(g, mf_value_number((double)fact->value.integer));
    return generate(g, ast, next);
}

static struct mf_operand generate_binary(struct generator *g, const struct mf_ast *ast,
                                         uint32_t next, enum mf_op op)
{
    struct mf_operand a = generate_operand(g, ast->left, ast->right, op, next);
    struct mf_operand b = generate_operand(g, ast->right, ast->left, op, behind(a, next));
    uint32_t to = op == MF_OP_CONCAT ? claim_owner(g) : claim(g, next);

    emit(g, op, to, a, b);
    return at_register(to);
}

/* The left operand is the result where it decides; else the right one takes its place. */
static struct mf_operand generate_choice(struct generator *g, const struct mf_ast *ast,
                                         uint32_t next)
{
    enum mf_op op = ast->kind == MF_AST_AND ? MF_OP_UNLESS : MF_OP_IF;
    struct mf_operand a, b;
    uint32_t to, jump;

    if (mf_fact(g->checker, ast->left)->is_constant) /* and does not decide */
        return generate(g, ast->right, next);
    a = generate(g, ast->left, next);
    to = claim(g, next);
    jump = emit(g, op, to, a, none);
    b = generate(g, ast->right, next);

    if (!is_register(b, to))
        emit(g, MF_OP_MOVE, to, b, none);
    if (!g->overflow)
        g->code[jump].c = (uint16_t)g->code_count;
    return at_register(to);
}

/* math.max(a, b, c): pair by pair. */
static struct mf_operand generate_chain(struct generator *g, const struct mf_ast *ast,
                                        uint32_t next)
{
    enum mf_op op = ast->function->op;
    struct mf_operand a = generate(g, ast->left, next);
    uint32_t to = claim(g, next);

    if (op == MF_OP_ABS)
        emit(g, op, to, a, none);
    else if (!ast->left->next) /* one argument: it must be a number all the same */
        emit(g, op, to, a, a);
    for (const struct mf_ast *arg = ast->left->next; arg; arg = arg->next) {
        struct mf_operand b = generate(g, arg, behind(a, next));

        emit(g, op, to, a, b);
        a = at_register(to);
    }
    return at_register(to);
}

static struct mf_operand generate_coalesce(struct generator *g, const struct mf_ast *ast,
                                           uint32_t next)
{
    uint32_t to = claim(g, next), jumps[MF_EXPR_ARGS], count = 0;

    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        struct mf_operand a = generate(g, arg, next);

        if (arg->next)
            jumps[count++] = emit(g, MF_OP_IF_PRESENT, to, a, none);
        else if (!is_register(a, to))
            emit(g, MF_OP_MOVE, to, a, none);
    }
    while (count-- > 0 && !g->overflow)
        g->code[jumps[count]].c = (uint16_t)g->code_count;
    return at_register(to);
}

static struct mf_operand generate_call(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    const struct mf_function *function = ast->function;
    uint32_t first = next, to, at;

    if (function->op == MF_OP_IF_PRESENT)
        return generate_coalesce(g, ast, next);
    if (function->op != MF_OP_CALL)
        return generate_chain(g, ast, next);
    for (const struct mf_ast *arg = ast->left; arg; arg = arg->next) {
        struct mf_operand a = generate(g, arg, next);
        uint32_t slot = claim(g, next++);

        if (!is_register(a, slot))
            emit(g, MF_OP_MOVE, slot, a, none);
    }
    to = function->gives & MF_T(MF_TEXT) ? claim_owner(g) : claim(g, first);
    at = emit(g, MF_OP_CALL, to, at_register(first), none);
    if (!g->overflow) {
        g->code[at].count = ast->args;
        g->code[at].c = (uint16_t)(function - mf_function_list);
    }
    return at_register(to);
}

static struct mf_operand generate_plain(struct generator *g, const struct mf_ast *ast,
                                        uint32_t next)
{
    struct mf_operand a;

    switch (ast->kind) {
    case MF_AST_REF:
        return generate_ref(g, ast, next);
    case MF_AST_INDEX:
        return generate_binary(g, ast, next, MF_OP_INDEX);
    case MF_AST_CALL:
        return generate_call(g, ast, next);
    case MF_AST_UNARY:
        a = generate(g, ast->left, next);
        emit(g, ast->op, claim(g, next), a, none);
        return at_register(next);
    case MF_AST_BINARY:
        return generate_binary(g, ast, next, ast->op);
    default:
        return generate_choice(g, ast, next);
    }
}

/* Where the result is found; registers from `next` on are free. */
static struct mf_operand generate(struct generator *g, const struct mf_ast *ast, uint32_t next)
{
    const struct mf_fact *fact = mf_fact(g->checker, ast);
    struct mf_operand at, convert;

    if (g->overflow)
        return none;
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
    struct mf_operand at = generate(&g, expr->root, 0);

    emit(&g, MF_OP_RETURN, 0, at, none);
    if (g.overflow)
        mf_diag(c->diags, MF_ERROR, 407, expr->scalar->at,
                "the expression needs more than %d steps or %d intermediate results", MF_EXPR_CODE,
                MF_EXPR_REGISTERS);
    expr->code = keep(expr->arena, g.code, g.code_count, sizeof(*g.code));
    expr->constants = keep(expr->arena, g.constants, g.constant_count, sizeof(*g.constants));
    expr->owners = g.owners;
    return !g.overflow;
}
