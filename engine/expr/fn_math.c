/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functions of numbers. */

#include <math.h>

#include "engine/expr/functions_priv.h"
#include "engine/expr/op.h"

static double at(const struct mf_value *args, unsigned i)
{
    return mf_value_as_number(&args[i]);
}

static bool give(struct mf_value *ret, double number)
{
    *ret = mf_value_number(number);
    return true;
}

/* Integers stay as they are; floats become integers where they fit. */
static bool give_whole(const struct mf_value *arg, double (*rounded)(double), struct mf_value *ret)
{
    *ret = arg->type == MF_INT ? *arg : mf_op_whole(rounded(arg->number));
    return true;
}

MF_FN(mf_fn_floor)
{
    return give_whole(args, floor, ret);
}

MF_FN(mf_fn_ceil)
{
    return give_whole(args, ceil, ret);
}

MF_FN(mf_fn_fmod)
{
    if (args[0].type != MF_INT || args[1].type != MF_INT)
        return give(ret, fmod(at(args, 0), at(args, 1)));
    if (args[1].integer == 0) {
        *ret_reason = mf_reason_zero;
        return false;
    }
    *ret = mf_value_int(args[1].integer == -1 ? 0 : args[0].integer % args[1].integer);
    return true;
}

MF_FN(mf_fn_sqrt)
{
    return give(ret, sqrt(at(args, 0)));
}

MF_FN(mf_fn_exp)
{
    return give(ret, exp(at(args, 0)));
}

MF_FN(mf_fn_log)
{
    double x = at(args, 0), base = count > 1 ? at(args, 1) : 0;

    if (count == 1)
        return give(ret, log(x));
    return give(ret, base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base));
}

MF_FN(mf_fn_sin)
{
    return give(ret, sin(at(args, 0)));
}

MF_FN(mf_fn_cos)
{
    return give(ret, cos(at(args, 0)));
}

MF_FN(mf_fn_tan)
{
    return give(ret, tan(at(args, 0)));
}

MF_FN(mf_fn_asin)
{
    return give(ret, asin(at(args, 0)));
}

MF_FN(mf_fn_acos)
{
    return give(ret, acos(at(args, 0)));
}

MF_FN(mf_fn_atan)
{
    return give(ret, atan2(at(args, 0), count > 1 ? at(args, 1) : 1));
}

MF_FN(mf_fn_tointeger)
{
    int64_t integer;

    *ret = mf_op_integer(args, &integer) ? mf_value_int(integer) : mf_value_null();
    return true;
}

MF_FN(mf_fn_pi)
{
    return give(ret, M_PI);
}

MF_FN(mf_fn_huge)
{
    return give(ret, INFINITY);
}

MF_FN(mf_fn_maxinteger)
{
    *ret = mf_value_int(INT64_MAX);
    return true;
}

MF_FN(mf_fn_mininteger)
{
    *ret = mf_value_int(INT64_MIN);
    return true;
}

/* Limits the wrong way round are a mistake in the flow or in what feeds it. */
MF_FN(mf_fn_clamp)
{
    struct mf_value low, wrong;

    if (!mf_op_binary(MF_OP_GT, &args[1], &args[2], &wrong, ret_reason))
        return false;
    if (wrong.boolean) {
        *ret_reason = mf_reason_wrong_argument;
        return false;
    }
    return mf_op_binary(MF_OP_MAX, &args[0], &args[1], &low, ret_reason) &&
           mf_op_binary(MF_OP_MIN, &low, &args[2], ret, ret_reason);
}

/* A step such as 0.1 has no exact double: dividing by its whole reciprocal gives 0.3, multiplying
 * by the step 0.30000000000000004. */
static double round_to(double x, double step)
{
    double inverse = 1 / step;

    if (step < 1 && inverse == round(inverse))
        return round(x * inverse) / inverse;
    return round(x / step) * step;
}

MF_FN(mf_fn_round)
{
    double step = count > 1 ? at(args, 1) : 1, rounded;

    if (!(step > 0)) {
        *ret_reason = mf_reason_wrong_argument;
        return false;
    }
    if (count == 1)
        return give_whole(args, round, ret);
    if (args[0].type == MF_INT && args[1].type == MF_INT && args[1].integer == 1) {
        *ret = args[0];
        return true;
    }
    rounded = round_to(at(args, 0), step);
    /* Steps that are integers give integers, as floor() does. */
    *ret = args[1].type == MF_INT ? mf_op_whole(rounded) : mf_value_number(rounded);
    return true;
}

MF_FN(mf_fn_sign)
{
    double x = at(args, 0);

    if (isnan(x)) {
        *ret_reason = mf_reason_wrong_argument;
        return false;
    }
    *ret = mf_value_int((x > 0) - (x < 0));
    return true;
}

MF_FN(mf_fn_mean)
{
    double sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += at(args, i);
    return give(ret, sum / count);
}

MF_FN(mf_fn_scale)
{
    double x = at(args, 0), x0 = at(args, 1), x1 = at(args, 2), y0 = at(args, 3), y1 = at(args, 4);

    if (x0 == x1) {
        *ret_reason = mf_reason_zero;
        return false;
    }
    return give(ret, y0 + (x - x0) / (x1 - x0) * (y1 - y0));
}

/* The unit was settled when the flow was compiled. */
MF_FN(mf_fn_same)
{
    *ret = args[0];
    return true;
}
