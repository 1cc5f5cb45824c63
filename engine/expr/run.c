/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The machine: runs the flat code of an expression.
 *
 * An operand is a base (registers, constants, inputs) and a distance, so that
 * inputs and constants need no loading. Floats are handled in the loop; everything else
 * leaves it for run_slow.c. Nothing loops, so each instruction runs at most once: what
 * an instruction makes that has a block goes to a register of its own, and all
 * of these are dropped at the end.
 */

#include <math.h>
#include <string.h>

#include "engine/expr/expr_priv.h"

struct machine {
    const char *bases[MF_BASES];
    struct mf_value registers[MF_EXPR_REGISTERS];
};

static inline const struct mf_value *operand(const struct machine *m, uint8_t base, uint32_t offset)
{
    return (const struct mf_value *)(const void *)(m->bases[base] + offset);
}

static inline bool are_floats(const struct mf_value *a, const struct mf_value *b)
{
    return a->type == MF_NUMBER && b->type == MF_NUMBER;
}

static inline bool is_true(const struct mf_value *value)
{
    return value->type == MF_BOOL ? value->boolean : value->type != MF_NULL;
}

/* The result is borrowed from a register, a constant or an input; NULL with *ret_reason. */
static const struct mf_value *execute(struct machine *m, const struct mf_instruction *code,
                                      const char **ret_reason)
{
    for (const struct mf_instruction *in = code;; in++) {
        const struct mf_value *a = operand(m, in->a_base, in->a),
                              *b = operand(m, in->b_base, in->b);
        struct mf_value *to = (void *)((char *)m->registers + in->to);
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
        if (!mf_expr_run_slowly(in, a, b, to, ret_reason))
            return NULL;
    }
}

/* A value of a type that was not promised: an input has none yet, or does not keep its own promise.
 */
static bool settle(const struct mf_expr *expr, const struct mf_value *result,
                   struct mf_value *ret_value, const char **ret_reason)
{
    if (result->type != MF_INT || !(expr->types & MF_T(MF_NUMBER))) {
        *ret_reason = mf_op_not_number(result);
        return false;
    }
    *ret_value = mf_value_number((double)result->integer);
    return true;
}

/* Takes the result out of the machine. */
static bool finish(const struct mf_expr *expr, const struct mf_value *result,
                   struct mf_value *ret_value, const char **ret_reason)
{
    if (!result)
        return false;
    if (!(expr->types & MF_T(result->type)))
        return settle(expr, result, ret_value, ret_reason);
    if (result->type == MF_NUMBER && isnan(result->number)) {
        *ret_reason = mf_reason_nan;
        return false;
    }
    *ret_value = mf_value_copy(*result);
    return true;
}

bool mf_expr_run(const struct mf_expr *expr, const struct mf_msg *inputs,
                 struct mf_value *ret_value, const char **ret_reason)
{
    struct machine m;
    struct mf_value *owners = &m.registers[MF_EXPR_REGISTERS - expr->owners];
    bool ok;

    m.bases[MF_BASE_REGISTER] = (const char *)m.registers;
    m.bases[MF_BASE_CONSTANT] = (const char *)expr->constants;
    m.bases[MF_BASE_INPUT] = (const char *)inputs;
    if (expr->owners == 0) /* nearly all */
        return finish(expr, execute(&m, expr->code, ret_reason), ret_value, ret_reason);
    memset(owners, 0, expr->owners * sizeof(*owners)); /* null values */
    ok = finish(expr, execute(&m, expr->code, ret_reason), ret_value, ret_reason);
    for (uint32_t i = 0; i < expr->owners; i++)
        mf_value_drop(owners[i]);
    return ok;
}

const struct mf_value *mf_expr_constant(const struct mf_expr *expr)
{
    return expr->is_constant ? &expr->constant : NULL;
}
