/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functions of texts, and those that take any type. */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/num.h"
#include "engine/expr/expr.h"
#include "engine/expr/functions_priv.h"
#include "engine/expr/op.h"

static bool give_text(struct mf_value *ret, const char *text)
{
    *ret = mf_value_new_text(text);
    return true;
}

MF_FN(mf_fn_math_type)
{
    if (args->type != MF_INT && args->type != MF_NUMBER) {
        *ret = mf_value_null();
        return true;
    }
    return give_text(ret, args->type == MF_INT ? "integer" : "float");
}

MF_FN(mf_fn_type)
{
    static const char *const names[MF_VALUE_TYPES] = {
        [MF_NULL] = "nil",      [MF_BOOL] = "boolean", [MF_INT] = "number",
        [MF_NUMBER] = "number", [MF_TEXT] = "string",  [MF_BYTES] = "string",
        [MF_LIST] = "table",    [MF_MAP] = "table",    [MF_PATH] = "table",
    };

    return give_text(ret, names[args->type]);
}

MF_FN(mf_fn_tostring)
{
    struct mf_buf buf = {.limit = MF_EXPR_TEXT};
    bool ok;

    if (args->type == MF_NULL)
        return give_text(ret, "nil");
    mf_value_print(args, &buf);
    ok = !buf.overflow;
    if (ok)
        *ret = mf_value_new_text_n(mf_buf_text(&buf), buf.len);
    else
        *ret_reason = mf_reason_long_text;
    mf_buf_done(&buf);
    return ok;
}

static bool is_blank(char c)
{
    return c && strchr(" \t\r\n\v\f", c) != NULL;
}

/* Whole numbers in a base from 2 to 36. They wrap around, as in Lua. */
static bool read_based(const char *text, size_t len, int64_t base, int64_t *ret)
{
    bool negative = len > 0 && *text == '-';
    uint64_t sum = 0;
    size_t i = negative;

    for (; i < len; i++) {
        char c = text[i] | 0x20;
        int digit = text[i] >= '0' && text[i] <= '9' ? text[i] - '0'
                    : c >= 'a' && c <= 'z'           ? c - 'a' + 10
                                                     : 99;

        if (digit >= base)
            return false;
        sum = sum * (uint64_t)base + (uint64_t)digit;
    }
    sum = negative ? 0 - sum : sum;
    memcpy(ret, &sum, sizeof(sum));
    return len > negative;
}

MF_FN(mf_fn_tonumber)
{
    const char *text;
    double number;
    int64_t integer, base;
    size_t len;

    if (count == 1 && (args->type == MF_INT || args->type == MF_NUMBER)) {
        *ret = *args;
        return true;
    }
    *ret = mf_value_null();
    if (count == 2 && (!mf_op_integer(&args[1], &base) || base < 2 || base > 36)) {
        *ret_reason = mf_reason_wrong_argument;
        return false;
    }
    if (args->type != MF_TEXT)
        return true;
    text = mf_value_text(args, &len);
    for (; len && is_blank(*text); len--)
        text++;
    while (len && is_blank(text[len - 1]))
        len--;
    if (count == 2) {
        if (read_based(text, len, base, &integer))
            *ret = mf_value_int(integer);
    } else if (mf_num_read_int(text, len, &integer)) {
        *ret = mf_value_int(integer);
    } else if (mf_num_read_double(text, len, &number)) {
        *ret = mf_value_number(number);
    }
    return true;
}

MF_FN(mf_fn_len)
{
    return mf_op_unary(MF_OP_LEN, args, ret, ret_reason);
}

/* Bytes above 127 stay: what is upper case there depends on the language. */
static bool change_case(const struct mf_value *arg, char first, struct mf_value *ret)
{
    struct mf_buf buf = {0};
    size_t len;
    const char *text = mf_value_text(arg, &len);

    for (size_t i = 0; i < len; i++)
        mf_buf_putc(&buf, text[i] >= first && text[i] <= first + 25 ? text[i] ^ 0x20 : text[i]);
    *ret = mf_value_new_text_n(mf_buf_text(&buf), len);
    mf_buf_done(&buf);
    return true;
}

MF_FN(mf_fn_lower)
{
    return change_case(args, 'A', ret);
}

MF_FN(mf_fn_upper)
{
    return change_case(args, 'a', ret);
}

MF_FN(mf_fn_sub)
{
    size_t len;
    const char *text = mf_value_text(args, &len);
    int64_t from, to = -1, size = (int64_t)len;

    if (!mf_op_integer(&args[1], &from) || (count > 2 && !mf_op_integer(&args[2], &to))) {
        *ret_reason = mf_reason_no_integer;
        return false;
    }
    from = from > 0 ? from : from == 0 || from < -size ? 1 : size + from + 1;
    to = to > size ? size : to >= 0 ? to : to < -size ? 0 : size + to + 1;
    *ret = from > to ? mf_value_new_text("")
                     : mf_value_new_text_n(text + from - 1, (size_t)(to - from + 1));
    return true;
}

static bool list_has(const struct mf_value *list, const struct mf_value *item)
{
    for (size_t i = 0; i < mf_value_count(list); i++)
        if (mf_value_equal(mf_value_at(list, i), item))
            return true;
    return false;
}

MF_FN(mf_fn_contains)
{
    const char *text, *part;
    size_t len, part_len;
    bool found;

    if (args[0].type == MF_LIST) {
        found = list_has(&args[0], &args[1]);
    } else if (args[1].type != MF_TEXT) {
        *ret_reason = mf_reason_wrong_argument;
        return false;
    } else {
        text = args[0].type == MF_TEXT ? mf_value_text(&args[0], &len) : NULL;
        part = mf_value_text(&args[1], &part_len);
        found = text ? memmem(text, len, part, part_len) != NULL
                     : mf_value_get(&args[0], part, part_len) != NULL;
    }
    *ret = mf_value_bool(found);
    return true;
}

MF_FN(mf_fn_starts_with)
{
    size_t len, part_len;
    const char *text = mf_value_text(&args[0], &len), *part = mf_value_text(&args[1], &part_len);

    *ret = mf_value_bool(len >= part_len && memcmp(text, part, part_len) == 0);
    return true;
}

MF_FN(mf_fn_ends_with)
{
    size_t len, part_len;
    const char *text = mf_value_text(&args[0], &len), *part = mf_value_text(&args[1], &part_len);

    *ret = mf_value_bool(len >= part_len && memcmp(text + (len - part_len), part, part_len) == 0);
    return true;
}
