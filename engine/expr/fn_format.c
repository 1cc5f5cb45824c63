/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * string.format: the directives of Lua that print numbers and texts.
 *
 * Each directive is copied piece by piece into a form of our own, so that what a
 * flow says never reaches printf() as it is. Widths and decimals have two digits
 * at most, as in Lua.
 */

#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/expr/expr.h"
#include "engine/expr/functions_priv.h"
#include "engine/expr/op.h"

struct directive {
    char flags[6];
    int width, decimals; /* decimals: -1 if none are given */
    char letter;
};

static size_t read_digits(const char *text, size_t len, size_t pos, int *ret)
{
    size_t start = pos;

    for (*ret = 0; pos < len && pos - start < 2 && text[pos] >= '0' && text[pos] <= '9'; pos++)
        *ret = *ret * 10 + (text[pos] - '0');
    return pos;
}

/* Behind the `%`; 0 for what is no directive. */
static size_t read_directive(const char *text, size_t len, size_t pos, struct directive *ret)
{
    unsigned flags = 0;

    *ret = (struct directive){.decimals = -1};
    while (pos < len && text[pos] && strchr("-+ #0", text[pos])) {
        if (flags == sizeof(ret->flags) - 1)
            return 0;
        ret->flags[flags++] = text[pos++];
    }
    pos = read_digits(text, len, pos, &ret->width);
    if (pos < len && text[pos] == '.')
        pos = read_digits(text, len, pos + 1, &ret->decimals);
    if (pos == len || !text[pos] || !strchr("diuxXofFeEgGsq", text[pos]))
        return 0;
    ret->letter = text[pos];
    return pos + 1;
}

static bool has_flag(const struct directive *d, char flag)
{
    return strchr(d->flags, flag) != NULL;
}

/* Pads what was put behind `start` to the width. Zeros go behind the sign or `0x`. */
static void pad(struct mf_buf *out, size_t start, const struct directive *d, bool zeros)
{
    struct mf_buf whole = {0};
    const char *text = mf_buf_text(out) + start;
    size_t len = out->len - start, missing, lead = 0;

    if (len >= (size_t)d->width)
        return;
    missing = (size_t)d->width - len;
    if (zeros && !has_flag(d, '-')) {
        lead = *text == '-' || *text == '+' || *text == ' ';
        if (text[lead] == '0' && (text[lead + 1] | 0x20) == 'x')
            lead += 2;
        mf_buf_put(&whole, text, lead);
    }
    for (size_t i = 0; i < missing && !has_flag(d, '-'); i++)
        mf_buf_putc(&whole, zeros ? '0' : ' ');
    mf_buf_put(&whole, text + lead, len - lead);
    for (size_t i = 0; i < missing && has_flag(d, '-'); i++)
        mf_buf_putc(&whole, ' ');
    out->len = start;
    mf_buf_put(out, mf_buf_text(&whole), whole.len);
    mf_buf_done(&whole);
}

static const char *sign_of(const struct directive *d, bool negative)
{
    return negative ? "-" : has_flag(d, '+') ? "+" : has_flag(d, ' ') ? " " : "";
}

static bool put_integer(struct mf_buf *out, const struct directive *d, const struct mf_value *value,
                        const char **ret_reason)
{
    bool is_signed = d->letter == 'd' || d->letter == 'i';
    char digits[72];
    int64_t integer;
    uint64_t bits;
    int len;

    if (!mf_op_integer(value, &integer)) {
        *ret_reason = value->type == MF_NUMBER ? mf_reason_no_integer : mf_op_not_number(value);
        return false;
    }
    bits = is_signed && integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    len = d->letter == 'x'   ? snprintf(digits, sizeof(digits), "%llx", (unsigned long long)bits)
          : d->letter == 'X' ? snprintf(digits, sizeof(digits), "%llX", (unsigned long long)bits)
          : d->letter == 'o' ? snprintf(digits, sizeof(digits), "%llo", (unsigned long long)bits)
                             : snprintf(digits, sizeof(digits), "%llu", (unsigned long long)bits);
    if (is_signed)
        mf_buf_puts(out, sign_of(d, integer < 0));
    if (has_flag(d, '#') && bits && (d->letter | 0x20) == 'x')
        mf_buf_puts(out, d->letter == 'x' ? "0x" : "0X");
    for (int i = len; i < d->decimals; i++)
        mf_buf_putc(out, '0');
    if (!(d->decimals == 0 && bits == 0))
        mf_buf_put(out, digits, (size_t)len);
    return true;
}

static bool put_float(struct mf_buf *out, const struct directive *d, const struct mf_value *value,
                      const char **ret_reason)
{
    char text[512], form[16];
    double number;

    if (value->type != MF_INT && value->type != MF_NUMBER) {
        *ret_reason = mf_op_not_number(value);
        return false;
    }
    number = mf_value_as_number(value);
    snprintf(form, sizeof(form), "%%%s%s%s.*%c", has_flag(d, '+') ? "+" : "",
             has_flag(d, ' ') ? " " : "", has_flag(d, '#') ? "#" : "", d->letter);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof(text), form, d->decimals < 0 ? 6 : d->decimals, number);
#pragma GCC diagnostic pop
    mf_buf_puts(out, text);
    return true;
}

static void put_text(struct mf_buf *out, const struct directive *d, const struct mf_value *value)
{
    size_t start = out->len;

    if (value->type == MF_NULL)
        mf_buf_puts(out, "nil");
    else
        mf_value_print(value, out);
    if (d->decimals >= 0 && out->len - start > (size_t)d->decimals)
        out->len = start + (size_t)d->decimals;
}

static bool put(struct mf_buf *out, const struct directive *d, const struct mf_value *value,
                const char **ret_reason)
{
    size_t start = out->len, len;
    const char *text;
    bool zeros = has_flag(d, '0');

    if (strchr("diuxXo", d->letter)) {
        if (!put_integer(out, d, value, ret_reason))
            return false;
        zeros &= d->decimals < 0;
    } else if (d->letter == 's') {
        put_text(out, d, value);
        zeros = false;
    } else if (d->letter == 'q') {
        if (value->type != MF_TEXT) {
            *ret_reason = mf_reason_wrong_argument;
            return false;
        }
        text = mf_value_text(value, &len);
        mf_text_quote_json(out, text, len);
        zeros = false;
    } else {
        if (!put_float(out, d, value, ret_reason))
            return false;
        zeros &= mf_value_as_number(value) - mf_value_as_number(value) == 0; /* inf, nan */
    }
    pad(out, start, d, zeros);
    return true;
}

static bool fill(struct mf_buf *out, const struct mf_value *args, unsigned count,
                 const char **ret_reason)
{
    size_t len, pos = 0;
    const char *text = mf_value_text(args, &len);
    unsigned used = 1;

    while (pos < len && !out->overflow) {
        struct directive d;

        if (text[pos] != '%') {
            mf_buf_putc(out, text[pos++]);
            continue;
        }
        if (pos + 1 < len && text[pos + 1] == '%') {
            mf_buf_putc(out, '%');
            pos += 2;
            continue;
        }
        pos = read_directive(text, len, pos + 1, &d);
        if (!pos || used == count) {
            *ret_reason = mf_reason_wrong_argument;
            return false;
        }
        if (!put(out, &d, &args[used++], ret_reason))
            return false;
    }
    if (out->overflow)
        *ret_reason = mf_reason_long_text;
    return !out->overflow;
}

MF_FN(mf_fn_format)
{
    struct mf_buf out = {.limit = MF_EXPR_TEXT};
    bool ok = fill(&out, args, count, ret_reason);

    if (ok)
        *ret = mf_value_new_text_n(mf_buf_text(&out), out.len);
    mf_buf_done(&out);
    return ok;
}
