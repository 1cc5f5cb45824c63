/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Num: text to number and back.
 *
 * Reading: up to 15 digits and a power of ten up to 22 are both exact doubles, one rounding is
 * left (Clinger, 1990). Up to 19 digits and a power up to 27 are exact in 128 bits, and
 * the one rounding is ours. The rest is left to strtod in the C locale.
 *
 * Printing: whole numbers and few decimals, which most measurements are, need one multiplication
 * per decimal. Between 1e-5 and 1e17 all else is exact in 128 bits, too: the double is
 * m / 2^s, so the nearest decimal of n digits is a product and a shift, and it is enough
 * when it lies where it is read as the same double. The rest is left to printf.
 */

#include "engine/base/num.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"

enum {
    EXACT_DIGITS = 15, /* any integer of so many digits is a double */
    EXACT_POWER = 22,  /* as is 10 to this power */
    WIDE_DIGITS = 19,  /* fits in 64 bits */
    WIDE_POWER = 27,   /* 5 to this power fits in 63 bits */
    MOST_DIGITS = 17,  /* so many tell any two doubles apart */
    FRACTION_BITS = 52,
    LONGEST = 400,
};

__extension__ typedef unsigned __int128 wide;

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

/* value * 2^exponent, correctly rounded; `has_rest` says that a little more is missing. */
static double round_wide(wide value, bool has_rest, int exponent)
{
    uint64_t high = (uint64_t)(value >> 64);
    int length = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)value);
    int drop = length - (FRACTION_BITS + 1);
    uint64_t kept;
    wide tail, half;

    if (drop <= 0)
        return ldexp((double)(uint64_t)value, exponent);
    kept = (uint64_t)(value >> drop);
    tail = value - ((wide)kept << drop);
    half = (wide)1 << (drop - 1);
    if (tail > half || (tail == half && (has_rest || kept & 1)))
        kept++;
    return ldexp((double)kept, exponent + drop);
}

static uint64_t power_of_5(int power)
{
    uint64_t result = 1;

    while (power-- > 0)
        result *= 5;
    return result;
}

/* mantissa * 10^power, mantissa > 0, |power| <= WIDE_POWER. */
static double scale_exactly(uint64_t mantissa, int power)
{
    uint64_t five = power_of_5(abs(power));
    wide dividend;
    int shift;

    if (power >= 0)
        return round_wide((wide)mantissa * five, false, power);
    /* With the top bit at the top the quotient has more than 64 bits: enough to round. */
    shift = __builtin_clzll(mantissa) + 64;
    dividend = (wide)mantissa << shift;
    return round_wide(dividend / five, dividend % five != 0, power - shift);
}

struct decimal {
    uint64_t mantissa; /* of the first WIDE_DIGITS digits */
    int digits;        /* without leading zeros; may be more than the mantissa holds */
    int power;
    bool is_negative;
};

/* Reads the parts of the longest number at the start; 0 if there is none. */
static size_t scan(const char *text, size_t len, struct decimal *ret)
{
    struct decimal d = {0};
    size_t i = 0, end;
    int seen = 0, decimals = 0, exponent = 0;
    bool is_behind = false;

    if (i < len && (text[i] == '-' || text[i] == '+'))
        d.is_negative = text[i++] == '-';
    for (; i < len; i++) {
        if (text[i] == '.' && !is_behind) {
            is_behind = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            break;
        seen = 1;
        decimals += is_behind;
        if (d.digits || text[i] != '0')
            d.digits++;
        if (d.digits <= WIDE_DIGITS)
            d.mantissa = d.mantissa * 10 + (uint64_t)(text[i] - '0');
    }
    if (!seen)
        return 0;
    end = i;
    if (i < len && (text[i] == 'e' || text[i] == 'E')) {
        bool is_below = i + 1 < len && text[i + 1] == '-';

        i += 1 + (is_below || (i + 1 < len && text[i + 1] == '+'));
        for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
            if (exponent < 100000)
                exponent = exponent * 10 + (text[i] - '0');
            end = i + 1;
        }
        if (is_below)
            exponent = -exponent;
    }
    d.power = exponent - decimals;
    *ret = d;
    return end;
}

size_t mf_num_scan_double(const char *text, size_t len, double *ret)
{
    struct decimal d;
    size_t end = scan(text, len, &d);
    double value;

    if (!end)
        return 0;
    if (d.digits == 0) {
        value = 0;
    } else if (d.digits <= EXACT_DIGITS && abs(d.power) <= EXACT_POWER) {
        value = (double)d.mantissa;
        value = d.power < 0 ? value / powers[-d.power] : value * powers[d.power];
    } else if (d.digits <= WIDE_DIGITS && abs(d.power) <= WIDE_POWER) {
        value = scale_exactly(d.mantissa, d.power);
    } else {
        *ret = slow_read(text, end);
        return end;
    }
    *ret = d.is_negative ? -value : value;
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
static int print_few(double size, bool is_negative, char *out)
{
    for (int k = 0; k <= 9 && size * powers[k] < 1e15; k++) {
        double scaled = nearbyint(size * powers[k]);

        if (scaled < 1e15 && scaled / powers[k] == size)
            return print_fixed((int64_t)scaled, k, is_negative, out);
    }
    return 0;
}

/* Does digits / 10^decimals lie where it is read as m / 2^shift? Everything is multiplied by
 * 2^(shift + 2) * 10^decimals; `power` is 10^decimals. */
static bool reads_back(wide digits, uint64_t m, int shift, wide power)
{
    /* Below a power of two the doubles lie twice as dense. */
    unsigned below = m == UINT64_C(1) << FRACTION_BITS ? 1 : 2;
    wide distance = digits << shift;
    bool is_even = (m & 1) == 0, is_above = distance >= m * power;
    wide gap = is_above ? distance - m * power : m * power - distance;
    wide limit = is_above ? 2 * power : below * power;

    gap *= 4;
    return gap < limit || (gap == limit && is_even);
}

/* 1e-5 <= size < 1e17. At most 17 digits, so at most 22 decimals: products stay below 2^127. */
static int print_exactly(double size, bool is_negative, char *out)
{
    int exponent, shift, whole = 1;
    uint64_t m = (uint64_t)ldexp(frexp(size, &exponent), FRACTION_BITS + 1);

    shift = FRACTION_BITS + 1 - exponent;
    if (shift < 0)
        return 0; /* above 2^53: no fraction, and too few of them to care */
    while (whole < MOST_DIGITS && size >= powers[whole])
        whole++;
    while (whole > -4 && size < (whole > 0 ? powers[whole - 1] : 1 / powers[1 - whole]))
        whole--;
    for (int n = EXACT_DIGITS; n <= MOST_DIGITS; n++) {
        int decimals = n - whole;
        wide power = decimals <= 0 ? 1 : (wide)power_of_5(decimals) << decimals;
        wide half = shift ? (wide)1 << (shift - 1) : 0, digits = (m * power + half) >> shift;

        if (decimals < 0)
            continue;
        if (!reads_back(digits, m, shift, power) && !reads_back(++digits, m, shift, power))
            continue;
        return print_fixed((int64_t)digits, decimals, is_negative, out);
    }
    return 0;
}

/* The program never leaves the C locale, so the point is a point. A power of two may get a digit
 * more than it needs, because printf rounds to the side where doubles lie twice as dense. */
static int print_slowly(double value, char *out)
{
    /* A subnormal number has fewer digits than others. */
    int precision = fabs(value) < DBL_MIN ? 1 : EXACT_DIGITS, len = 0;

    for (; precision <= MOST_DIGITS; precision++) {
        double back = 0;

        len = snprintf(out, MF_NUM_TEXT, "%.*g", precision, value);
        mf_num_scan_double(out, (size_t)len, &back);
        if (back == value)
            break;
    }
    return len;
}

int mf_num_print_double(double value, char *out)
{
    double size = fabs(value);
    int len = 0;

    if (!isfinite(value))
        return snprintf(out, MF_NUM_TEXT, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    if (size == 0 || (size >= 1e-5 && size < 1e15))
        len = print_few(size, signbit(value), out);
    if (!len && size >= 1e-5 && size < 1e15)
        len = print_exactly(size, signbit(value), out);
    return len ? len : print_slowly(value, out);
}
