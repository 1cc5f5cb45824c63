/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Num: text to number and back.
 *
 * Reading takes Clinger's fast path where it is exact (at most 15 digits and a
 * power of ten up to 22: both are doubles, one rounding), else strtod in the
 * C locale. Printing tries what most measurements are first: whole numbers and few decimals.
 */

#include "engine/base/num.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"

enum { EXACT_DIGITS = 15, EXACT_POWER = 22, LONGEST = 400 };

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

bool mf_num_read_int(const char *text, size_t len, int64_t *ret)
{
    bool negative = len && text[0] == '-';
    uint64_t value = 0, limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
    unsigned base = 10;
    size_t i = len && (text[0] == '-' || text[0] == '+');

    if (len - i > 2 && text[i] == '0' && (text[i + 1] == 'x' || text[i + 1] == 'b')) {
        base = text[i + 1] == 'x' ? 16 : 2;
        i += 2;
    }
    if (i == len)
        return false;
    for (; i < len; i++) {
        unsigned digit = digit_of(text[i]);

        if (digit >= base || value > (limit - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* strtod follows the locale of whoever links us; this one never does. */
static double slow_read(const char *text, size_t len)
{
    static locale_t c_locale;
    char copy[LONGEST], *long_copy = NULL, *use = copy;
    double value;

    if (!c_locale)
        c_locale = newlocale(LC_ALL_MASK, "C", NULL);
    if (len >= sizeof(copy))
        use = long_copy = mf_strndup(text, len);
    else
        memcpy(copy, text, len);
    use[len] = 0;
    value = strtod_l(use, NULL, c_locale);
    mf_free(long_copy);
    return value;
}

size_t mf_num_scan_double(const char *text, size_t len, double *ret)
{
    size_t i = 0, end;
    uint64_t mantissa = 0;
    int digits = 0, seen = 0, point = 0, exponent = 0;
    bool negative = false, exponent_negative = false;
    double value;

    if (i < len && (text[i] == '-' || text[i] == '+'))
        negative = text[i++] == '-';
    for (int after = 0; i < len; i++) {
        if (text[i] == '.' && !after) {
            after = 1;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            break;
        seen++;
        if (digits || text[i] != '0')
            digits++;
        if (digits <= EXACT_DIGITS)
            mantissa = mantissa * 10 + (uint64_t)(text[i] - '0');
        if (after)
            point++;
    }
    if (!seen)
        return 0;
    end = i;
    if (i < len && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < len && (text[i] == '-' || text[i] == '+'))
            exponent_negative = text[i++] == '-';
        if (i < len && text[i] >= '0' && text[i] <= '9') {
            for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
                if (exponent < 100000)
                    exponent = exponent * 10 + (text[i] - '0');
            end = i;
        } else {
            exponent = 0;
        }
    }
    if (digits <= EXACT_DIGITS) {
        int power = (exponent_negative ? -exponent : exponent) - point;

        if (mantissa == 0 || (power >= -EXACT_POWER && power <= EXACT_POWER)) {
            value = (double)mantissa;
            if (mantissa && power < 0)
                value /= powers[-power];
            else if (mantissa)
                value *= powers[power];
            *ret = negative ? -value : value;
            return end;
        }
    }
    value = slow_read(text, end);
    *ret = value;
    return end;
}

bool mf_num_read_double(const char *text, size_t len, double *ret)
{
    double value;

    if (len == 0 || mf_num_scan_double(text, len, &value) != len || !isfinite(value))
        return false;
    *ret = value;
    return true;
}

int mf_num_print_int(int64_t value, char *out)
{
    char digits[MF_NUM_TEXT];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int count = 0, len = 0;

    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10));
    if (value < 0)
        out[len++] = '-';
    while (count)
        out[len++] = digits[--count];
    out[len] = 0;
    return len;
}

/* mantissa with `decimals` digits behind the point, without trailing zeros. */
static int print_fixed(int64_t mantissa, int decimals, bool negative, char *out)
{
    char digits[MF_NUM_TEXT];
    int len = 0, count;

    while (decimals && mantissa % 10 == 0) {
        mantissa /= 10;
        decimals--;
    }
    count = mf_num_print_int(mantissa, digits);
    if (negative)
        out[len++] = '-';
    if (count <= decimals) {
        out[len++] = '0';
    } else {
        memcpy(out + len, digits, (size_t)(count - decimals));
        len += count - decimals;
    }
    if (decimals) {
        out[len++] = '.';
        for (int i = count; i < decimals; i++)
            out[len++] = '0';
        count = count < decimals ? count : decimals;
        memcpy(out + len, digits + strlen(digits) - (size_t)count, (size_t)count);
        len += count;
    }
    out[len] = 0;
    return len;
}

/* Few decimals and at most 15 digits: m / 10^k is the nearest double to that text (both are exact,
 * one rounding), so equality means that the text reads back. */
static int quick_print(double value, char *out)
{
    double size = fabs(value);

    if (size >= 1e15 || (size != 0 && size < 1e-5))
        return 0;
    for (int k = 0; k <= 9 && size * powers[k] < 1e15; k++) {
        double scaled = nearbyint(size * powers[k]);

        if (scaled < 1e15 && scaled / powers[k] == size)
            return print_fixed((int64_t)scaled, k, signbit(value), out);
    }
    return 0;
}

int mf_num_print_double(double value, char *out)
{
    int len;

    if (!isfinite(value))
        return snprintf(out, MF_NUM_TEXT, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    len = quick_print(value, out);
    if (len)
        return len;
    /* The program never leaves the C locale, so the point is a point. */
    for (int precision = 15; precision <= 17; precision++) {
        double back = 0;

        len = snprintf(out, MF_NUM_TEXT, "%.*g", precision, value);
        mf_num_scan_double(out, (size_t)len, &back);
        if (back == value)
            break;
    }
    return len;
}
