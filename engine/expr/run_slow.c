/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the machine's loop leaves: other types than floats, calls, operators that
 * are rare. In a file of its own, so that the loop keeps its registers for itself.
 */

#include "engine/expr/expr_priv.h"
#include "engine/expr/functions.h"

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

bool mf_expr_run_slowly(const struct mf_instruction *in, const struct mf_value *a,
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
