/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Operators on any values, as Lua 5.4 has them. */

#include "engine/expr/op.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/expr/expr.h"
#include "engine/value/msg.h"

const char mf_reason_no_value[] = "no value";
const char mf_reason_zero[] = "division by zero";
const char mf_reason_no_integer[] = "not an integer";
const char mf_reason_long_text[] = "text too long";
const char mf_reason_wrong_argument[] = "wrong argument";

static const char *const texts[] = {
    [MF_OP_ADD] = "+",     [MF_OP_SUB] = "-",        [MF_OP_MUL] = "*",
    [MF_OP_DIV] = "/",     [MF_OP_IDIV] = "//",      [MF_OP_MOD] = "%",
    [MF_OP_POW] = "^",     [MF_OP_BAND] = "&",       [MF_OP_BOR] = "|",
    [MF_OP_BXOR] = "~",    [MF_OP_SHL] = "<<",       [MF_OP_SHR] = ">>",
    [MF_OP_CONCAT] = "..", [MF_OP_EQ] = "==",        [MF_OP_NE] = "~=",
    [MF_OP_LT] = "<",      [MF_OP_LE] = "<=",        [MF_OP_GT] = ">",
    [MF_OP_GE] = ">=",     [MF_OP_MAX] = "math.max", [MF_OP_MIN] = "math.min",
    [MF_OP_INDEX] = "[]",  [MF_OP_NEG] = "-",        [MF_OP_NOT] = "not",
    [MF_OP_BNOT] = "~",    [MF_OP_LEN] = "#",        [MF_OP_ABS] = "math.abs",
};

const char *mf_op_text(enum mf_op op)
{
    return texts[op];
}

static bool is_number(const struct mf_value *value)
{
    return value->type == MF_INT || value->type == MF_NUMBER;
}

static bool fail(const char **ret_reason, const char *reason)
{
    *ret_reason = reason;
    return false;
}

const char *mf_op_not_number(const struct mf_value *value)
{
    return value->type == MF_NULL ? mf_reason_no_value : mf_reason_type;
}

/* ---- integers: overflow wraps around, division rounds down ---- */

static int64_t wrap(uint64_t bits)
{
    int64_t integer;

    memcpy(&integer, &bits, sizeof(integer));
    return integer;
}

static int64_t int_divide(int64_t a, int64_t b)
{
    int64_t quotient;

    if (b == -1) /* the smallest integer has no positive one */
        return wrap(0 - (uint64_t)a);
    quotient = a / b;
    return a % b != 0 && (a ^ b) < 0 ? quotient - 1 : quotient;
}

static int64_t int_modulo(int64_t a, int64_t b)
{
    int64_t rest;

    if (b == -1)
        return 0;
    rest = a % b;
    return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}

/* To the right for a negative count; bits that fall off are lost. */
static int64_t shift_left(int64_t a, int64_t count)
{
    if (count <= -64 || count >= 64)
        return 0;
    return count >= 0 ? wrap((uint64_t)a << count) : wrap((uint64_t)a >> -count);
}

static bool arith_int(enum mf_op op, int64_t a, int64_t b, struct mf_value *ret,
                      const char **ret_reason)
{
    int64_t result;

    switch (op) {
    case MF_OP_ADD:
        result = wrap((uint64_t)a + (uint64_t)b);
        break;
    case MF_OP_SUB:
        result = wrap((uint64_t)a - (uint64_t)b);
        break;
    case MF_OP_MUL:
        result = wrap((uint64_t)a * (uint64_t)b);
        break;
    case MF_OP_IDIV:
    case MF_OP_MOD:
        if (b == 0)
            return fail(ret_reason, mf_reason_zero);
        result = op == MF_OP_IDIV ? int_divide(a, b) : int_modulo(a, b);
        break;
    case MF_OP_BAND:
        result = a & b;
        break;
    case MF_OP_BOR:
        result = a | b;
        break;
    case MF_OP_BXOR:
        result = a ^ b;
        break;
    case MF_OP_SHL:
        result = shift_left(a, b);
        break;
    default: /* MF_OP_SHR */
        result = b == INT64_MIN ? 0 : shift_left(a, -b);
        break;
    }
    *ret = mf_value_int(result);
    return true;
}

/* ---- floats ---- */

static double float_modulo(double a, double b)
{
    double rest = fmod(a, b);

    return (rest > 0 ? b < 0 : rest < 0 && b > 0) ? rest + b : rest;
}

static double arith_float(enum mf_op op, double a, double b)
{
    switch (op) {
    case MF_OP_ADD:
        return a + b;
    case MF_OP_SUB:
        return a - b;
    case MF_OP_MUL:
        return a * b;
    case MF_OP_DIV:
        return a / b;
    case MF_OP_IDIV:
        return floor(a / b);
    case MF_OP_MOD:
        return float_modulo(a, b);
    default: /* MF_OP_POW */
        return pow(a, b);
    }
}

static bool arith(enum mf_op op, const struct mf_value *a, const struct mf_value *b,
                  struct mf_value *ret, const char **ret_reason)
{
    if (!is_number(a) || !is_number(b))
        return fail(ret_reason, mf_op_not_number(is_number(a) ? b : a));
    if (a->type == MF_INT && b->type == MF_INT && op != MF_OP_DIV && op != MF_OP_POW)
        return arith_int(op, a->integer, b->integer, ret, ret_reason);
    *ret = mf_value_number(arith_float(op, mf_value_as_number(a), mf_value_as_number(b)));
    return true;
}

static bool bits(enum mf_op op, const struct mf_value *a, const struct mf_value *b,
                 struct mf_value *ret, const char **ret_reason)
{
    int64_t x, y;

    if (!is_number(a) || !is_number(b))
        return fail(ret_reason, mf_op_not_number(is_number(a) ? b : a));
    if (!mf_op_integer(a, &x) || !mf_op_integer(b, &y))
        return fail(ret_reason, mf_reason_no_integer);
    return arith_int(op, x, y, ret, ret_reason);
}

/* ---- comparing ---- */

static bool is_nan(const struct mf_value *value)
{
    return value->type == MF_NUMBER && isnan(value->number);
}

static bool equal(const struct mf_value *a, const struct mf_value *b)
{
    if (a->type == MF_INT && b->type == MF_INT)
        return a->integer == b->integer;
    /* For messages NaN equals itself; in Lua it does not. */
    return !is_nan(a) && !is_nan(b) && mf_value_equal(a, b);
}

/* Rounding keeps the order, so only a tie with an integer needs the exact way. */
static int compare(const struct mf_value *a, const struct mf_value *b)
{
    double x, y;

    if (a->type == MF_INT && b->type == MF_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (!is_number(a))
        return mf_value_compare(a, b);
    x = mf_value_as_number(a);
    y = mf_value_as_number(b);
    return x < y ? -1 : x > y ? 1 : mf_value_compare(a, b);
}

static bool order(enum mf_op op, const struct mf_value *a, const struct mf_value *b,
                  struct mf_value *ret, const char **ret_reason)
{
    bool is_text = (a->type == MF_TEXT || a->type == MF_BYTES) && a->type == b->type;
    int sign;

    if (!is_text && !(is_number(a) && is_number(b)))
        return fail(ret_reason, mf_op_not_number(a->type == MF_NULL ? a : b));
    if (is_nan(a) || is_nan(b)) {
        *ret = mf_value_bool(false);
        return true;
    }
    sign = compare(a, b);
    *ret = mf_value_bool(op == MF_OP_LT   ? sign < 0
                         : op == MF_OP_LE ? sign <= 0
                         : op == MF_OP_GT ? sign > 0
                                          : sign >= 0);
    return true;
}

/* The first stays where neither is larger, as in math.max(): NaN in front is kept. */
static bool choose(enum mf_op op, const struct mf_value *a, const struct mf_value *b,
                   struct mf_value *ret, const char **ret_reason)
{
    struct mf_value is_better;

    if (!is_number(a) || !is_number(b))
        return fail(ret_reason, mf_op_not_number(is_number(a) ? b : a));
    order(op == MF_OP_MAX ? MF_OP_GT : MF_OP_LT, b, a, &is_better, ret_reason);
    *ret = is_better.boolean ? *b : *a;
    return true;
}

/* ---- texts, lists, maps ---- */

bool mf_op_put_text(const struct mf_value *value, struct mf_buf *buf)
{
    char number[MF_NUM_TEXT];
    const char *text;
    size_t len;

    switch (value->type) {
    case MF_TEXT:
        text = mf_value_text(value, &len);
        mf_buf_put(buf, text, len);
        return true;
    case MF_INT:
        mf_buf_put(buf, number, (size_t)mf_num_print_int(value->integer, number));
        return true;
    case MF_NUMBER:
        mf_buf_put(buf, number, (size_t)mf_num_print_double(value->number, number));
        return true;
    default:
        return false;
    }
}

static bool concat(const struct mf_value *a, const struct mf_value *b, struct mf_value *ret,
                   const char **ret_reason)
{
    struct mf_buf buf = {.limit = MF_EXPR_TEXT};

    if (!mf_op_put_text(a, &buf) || !mf_op_put_text(b, &buf)) {
        *ret_reason =
            a->type == MF_NULL || b->type == MF_NULL ? mf_reason_no_value : mf_reason_type;
    } else if (buf.overflow) {
        *ret_reason = mf_reason_long_text;
    } else {
        *ret = mf_value_new_text_n(mf_buf_text(&buf), buf.len);
        mf_buf_done(&buf);
        return true;
    }
    mf_buf_done(&buf);
    return false;
}

/* Keys that are not texts are few: maps from MessagePack. */
static const struct mf_value *find_pair(const struct mf_value *map, const struct mf_value *key)
{
    const char *text;
    size_t len;

    if (key->type == MF_TEXT) {
        text = mf_value_text(key, &len);
        return mf_value_get(map, text, len);
    }
    for (size_t i = 0; i < mf_value_count(map); i++)
        if (equal(mf_value_key(map, i), key))
            return mf_value_at(map, i);
    return NULL;
}

/* Borrows from `a`; what is not there is nil. */
static bool get_item(const struct mf_value *a, const struct mf_value *key, struct mf_value *ret,
                     const char **ret_reason)
{
    const struct mf_value *found = NULL;
    int64_t at;

    if (a->type == MF_MAP) {
        found = find_pair(a, key);
    } else if (a->type == MF_LIST || a->type == MF_PATH) {
        if (mf_op_integer(key, &at) && at >= 1 && (uint64_t)at <= mf_value_count(a))
            found = mf_value_at(a, (size_t)at - 1);
    } else {
        return fail(ret_reason, a->type == MF_NULL ? mf_reason_missing : mf_reason_type);
    }
    *ret = found ? *found : mf_value_null();
    return true;
}

bool mf_op_binary(enum mf_op op, const struct mf_value *a, const struct mf_value *b,
                  struct mf_value *ret, const char **ret_reason)
{
    switch (op) {
    case MF_OP_BAND:
    case MF_OP_BOR:
    case MF_OP_BXOR:
    case MF_OP_SHL:
    case MF_OP_SHR:
        return bits(op, a, b, ret, ret_reason);
    case MF_OP_CONCAT:
        return concat(a, b, ret, ret_reason);
    case MF_OP_EQ:
    case MF_OP_NE:
        *ret = mf_value_bool(equal(a, b) == (op == MF_OP_EQ));
        return true;
    case MF_OP_LT:
    case MF_OP_LE:
    case MF_OP_GT:
    case MF_OP_GE:
        return order(op, a, b, ret, ret_reason);
    case MF_OP_MAX:
    case MF_OP_MIN:
        return choose(op, a, b, ret, ret_reason);
    case MF_OP_INDEX:
        return get_item(a, b, ret, ret_reason);
    default:
        return arith(op, a, b, ret, ret_reason);
    }
}

/* ---- unary ---- */

static bool length(const struct mf_value *a, struct mf_value *ret, const char **ret_reason)
{
    size_t len;

    if (a->type == MF_TEXT || a->type == MF_BYTES)
        mf_value_text(a, &len);
    else if (a->type == MF_LIST || a->type == MF_MAP || a->type == MF_PATH)
        len = mf_value_count(a);
    else
        return fail(ret_reason, mf_op_not_number(a));
    *ret = mf_value_int((int64_t)len);
    return true;
}

bool mf_op_unary(enum mf_op op, const struct mf_value *a, struct mf_value *ret,
                 const char **ret_reason)
{
    int64_t integer;

    if (op == MF_OP_NOT) {
        *ret = mf_value_bool(!mf_value_is_true(a));
        return true;
    }
    if (op == MF_OP_LEN)
        return length(a, ret, ret_reason);
    if (!is_number(a))
        return fail(ret_reason, mf_op_not_number(a));
    if (op == MF_OP_BNOT) {
        if (!mf_op_integer(a, &integer))
            return fail(ret_reason, mf_reason_no_integer);
        *ret = mf_value_int(~integer);
    } else if (op == MF_OP_NEG) {
        *ret = a->type == MF_INT ? mf_value_int(wrap(0 - (uint64_t)a->integer))
                                 : mf_value_number(-a->number);
    } else { /* MF_OP_ABS: the smallest integer stays, as in Lua */
        *ret = a->type == MF_NUMBER ? mf_value_number(fabs(a->number))
               : a->integer < 0     ? mf_value_int(wrap(0 - (uint64_t)a->integer))
                                    : *a;
    }
    return true;
}

void mf_op_linear(struct mf_value *value, double mul, double add)
{
    if (is_number(value))
        *value = mf_value_number(mf_value_as_number(value) * mul + add);
}

bool mf_op_integer(const struct mf_value *value, int64_t *ret)
{
    if (value->type == MF_NUMBER) {
        if (!(value->number >= -0x1p63 && value->number < 0x1p63) ||
            value->number != floor(value->number))
            return false;
        *ret = (int64_t)value->number;
        return true;
    }
    *ret = value->integer;
    return value->type == MF_INT;
}

struct mf_value mf_op_whole(double number)
{
    struct mf_value value = mf_value_number(number);
    int64_t integer;

    return mf_op_integer(&value, &integer) ? mf_value_int(integer) : value;
}
