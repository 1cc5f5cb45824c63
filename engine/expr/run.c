/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The machine: runs the flat code of an expression.
 *
 * An operand is a base (registers, constants, inputs) and a distance, so that
 * inputs and constants need no loading. Floats are handled in the loop; everything else
 * leaves it for op.c. Nothing loops, so each instruction runs at most once: what
 * an instruction makes that has a block goes to a register of its own, and all
 * of these are dropped at the end.
 */

#include <math.h>

#include "engine/expr/expr_priv.h"
#include "engine/expr/functions.h"

struct machine {
    const char *bases[MF_BASES];
    struct mf_value registers[MF_EXPR_REGISTERS];
};

static inline const struct mf_value *operand(const struct machine *m, uint32_t at)
{
    return (const struct mf_value *)(const void *)(m->bases[at & 3] + (at >> 2));
}

static inline bool are_floats(const struct mf_value *a, const struct mf_value *b)
{
    return a->type == MF_NUMBER && b->type == MF_NUMBER;
}

static inline bool is_true(const struct mf_value *value)
{
    return value->type == MF_BOOL ? value->boolean : value->type != MF_NULL;
}

static bool fits(uint32_t types, const struct mf_value *value)
{
    return types & MF_T(value->type);
}

static bool call(const struct mf_instruction *in, const struct mf_value *args, struct mf_value *to,
                 const char **ret_reason)
{
    const struct mf_function *function = &mf_function_list[in->c];
    struct mf_value result; /* `to` may be the place of an argument */

    for (unsigned i = 0; i < in->count; i++)
        if (!fits(i ? function->others : function->takes, &args[i])) {
            *ret_reason = mf_op_not_number(&args[i]);
            return false;
        }
    if (!function->run(args, in->count, &result, ret_reason))
        return false;
    *to = result;
    return true;
}

/* What the fast cases leave: other types, calls, unary operators. */
static bool run_slowly(const struct mf_instruction *in, const struct mf_value *a,
                       const struct mf_value *b, struct mf_value *to, const char **ret_reason)
{
    switch (in->op) {
    case MF_OP_CALL:
        return call(in, a, to, ret_reason);
    case MF_OP_NEG:
    case MF_OP_BNOT:
    case MF_OP_LEN:
    case MF_OP_ABS:
        return mf_op_unary(in->op, a, to, ret_reason);
    case MF_OP_LINEAR:
        *to = *a;
        mf_op_linear(to, b[0].number, b[1].number);
        return true;
    default:
        return mf_op_binary(in->op, a, b, to, ret_reason);
    }
}

/* The result is borrowed from a register, a constant or an input; NULL with *ret_reason. */
static const struct mf_value *execute(struct machine *m, const struct mf_instruction *code,
                                      const char **ret_reason)
{
    for (const struct mf_instruction *in = code;; in++) {
        const struct mf_value *a = operand(m, in->a), *b = operand(m, in->b);
        struct mf_value *to = &m->registers[in->to];
        bool is_jump;

        switch (in->op) {
        case MF_OP_ADD:
            if (!are_floats(a, b))
                break;
            *to = mf_value_number(a->number + b->number);
            continue;
        case MF_OP_SUB:
            if (!are_floats(a, b))
                break;
            *to = mf_value_number(a->number - b->number);
            continue;
        case MF_OP_MUL:
            if (!are_floats(a, b))
                break;
            *to = mf_value_number(a->number * b->number);
            continue;
        case MF_OP_DIV:
            if (!are_floats(a, b))
                break;
            *to = mf_value_number(a->number / b->number);
            continue;
        case MF_OP_LT:
            if (!are_floats(a, b))
                break;
            *to = mf_value_bool(a->number < b->number);
            continue;
        case MF_OP_LE:
            if (!are_floats(a, b))
                break;
            *to = mf_value_bool(a->number <= b->number);
            continue;
        case MF_OP_GT:
            if (!are_floats(a, b))
                break;
            *to = mf_value_bool(a->number > b->number);
            continue;
        case MF_OP_GE:
            if (!are_floats(a, b))
                break;
            *to = mf_value_bool(a->number >= b->number);
            continue;
        case MF_OP_EQ:
            if (!are_floats(a, b))
                break;
            *to = mf_value_bool(a->number == b->number);
            continue;
        case MF_OP_MAX:
            if (!are_floats(a, b))
                break;
            *to = a->number < b->number ? *b : *a;
            continue;
        case MF_OP_MIN:
            if (!are_floats(a, b))
                break;
            *to = a->number > b->number ? *b : *a;
            continue;
        case MF_OP_NEG:
            if (a->type != MF_NUMBER)
                break;
            *to = mf_value_number(-a->number);
            continue;
        case MF_OP_LINEAR:
            if (a->type != MF_NUMBER)
                break;
            *to = mf_value_number(a->number * b[0].number + b[1].number);
            continue;
        case MF_OP_NOT:
            *to = mf_value_bool(!is_true(a));
            continue;
        case MF_OP_MOVE:
            *to = *a;
            continue;
        case MF_OP_UNLESS:
        case MF_OP_IF:
        case MF_OP_IF_PRESENT:
            is_jump = in->op == MF_OP_IF_PRESENT ? a->type != MF_NULL
                                                 : is_true(a) == (in->op == MF_OP_IF);
            if (!is_jump)
                continue;
            *to = *a;
            in = code + in->c - 1;
            continue;
        case MF_OP_RETURN:
            return a;
        default:
            break;
        }
        if (!run_slowly(in, a, b, to, ret_reason))
            return NULL;
    }
}

bool mf_expr_run(const struct mf_expr *expr, const struct mf_msg *inputs,
                 struct mf_value *ret_value, const char **ret_reason)
{
    struct machine m;
    const struct mf_value *result;
    bool ok;

    m.bases[MF_BASE_REGISTER] = (const char *)m.registers;
    m.bases[MF_BASE_CONSTANT] = (const char *)expr->constants;
    m.bases[MF_BASE_INPUT] = (const char *)inputs;
    for (uint32_t i = 0; i < expr->owners; i++)
        m.registers[MF_EXPR_REGISTERS - 1 - i] = mf_value_null();
    result = execute(&m, expr->code, ret_reason);
    ok = result && !(result->type == MF_NUMBER && isnan(result->number));
    if (ok)
        *ret_value = mf_value_copy(*result);
    else if (result)
        *ret_reason = mf_reason_nan;
    for (uint32_t i = 0; i < expr->owners; i++)
        mf_value_drop(m.registers[MF_EXPR_REGISTERS - 1 - i]);
    return ok;
}

const struct mf_value *mf_expr_constant(const struct mf_expr *expr)
{
    return expr->is_constant ? &expr->constant : NULL;
}
