/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Literals with a unit: quantities, durations and sizes, as text and back.
 *
 * Durations and sizes are whole nanoseconds and bytes. Whole numbers in them are
 * read as integers, so that nothing is rounded on the way; only a fraction goes
 * through a double.
 */

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/unit.h"

enum { SHOWN = 40 }; /* columns of a wrong text that a message repeats */

#define CENTURY (INT64_C(36525) * MF_DAY)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void trim(const char **text, size_t *len)
{
    while (*len && is_blank((*text)[*len - 1]))
        --*len;
    for (; *len && is_blank(**text); ++*text)
        --*len;
}

/* Fails with "`text` …": texts come from outside and are made printable. */
static int fail_at(struct mf_error *err, const char *text, size_t len, const char *what)
{
    struct mf_buf shown = {0};

    mf_text_printable(&shown, text, len, SHOWN);
    mf_fail(err, MF_EINVAL, "`%s` %s", mf_buf_text(&shown), what);
    mf_buf_done(&shown);
    return MF_EINVAL;
}

/* ---- quantities ---- */

int mf_quantity_read(const char *text, size_t len, double *ret_number, struct mf_unit *ret_unit,
                     bool *ret_has_unit, struct mf_error *err)
{
    double number = 0;
    size_t used;
    int code;

    trim(&text, &len);
    if (len == 0)
        return mf_fail(err, MF_EINVAL, "a number is missing");
    used = mf_num_scan_double(text, len, &number);
    if (used == 0)
        return fail_at(err, text, len, "is not a number");
    if (!isfinite(number))
        return fail_at(err, text, len, "is too large for a number");
    if (used + 1 < len && text[used] == ',' && text[used + 1] >= '0' && text[used + 1] <= '9')
        return fail_at(err, text, len, "has a comma; decimals are written with a point");
    if (used < len) {
        const char *unit = text + used;
        size_t unit_len = len - used;

        trim(&unit, &unit_len);
        code = mf_unit_read(unit, unit_len, ret_unit, err);
        if (code < 0)
            return code;
    }
    *ret_has_unit = used < len;
    *ret_number = number;
    return 0;
}

void mf_quantity_print(double number, const struct mf_unit *unit_or_null, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    mf_num_print_double(number, text);
    mf_buf_puts(buf, text);
    if (unit_or_null && *unit_or_null->name) {
        mf_buf_putc(buf, ' ');
        mf_buf_puts(buf, unit_or_null->name);
    }
}

/* ---- durations ---- */

/* Largest first. */
static const struct {
    const char *name;
    int64_t ns;
} times[] = {
    {"w", 7 * MF_DAY}, {"d", MF_DAY},        {"h", MF_HOUR}, {"min", MF_MINUTE},
    {"m", MF_MINUTE},  {"s", MF_SEC},        {"ms", MF_MS},  {"µs", MF_US},
    {"us", MF_US},     {"\xce\xbcs", MF_US}, {"ns", MF_NS},
};
enum { TIMES = sizeof times / sizeof *times };

/* What people write instead, by its beginning. */
static const char *const habits[][2] = {
    {"ms", "ms"}, {"millis", "ms"}, {"micro", "us"}, {"nano", "ns"}, {"sec", "s"},
    {"S", "s"},   {"M", "min"},     {"H", "h"},      {"hr", "h"},    {"ho", "h"},
    {"D", "d"},   {"da", "d"},      {"W", "w"},      {"we", "w"},
};

static int unknown_time(const char *text, size_t len, struct mf_error *err)
{
    struct mf_buf shown = {0};
    const char *near = NULL;

    for (size_t i = 0; i < sizeof habits / sizeof *habits && !near; i++)
        if (len >= strlen(habits[i][0]) && memcmp(text, habits[i][0], strlen(habits[i][0])) == 0)
            near = habits[i][1];
    if (!near && len >= 3 && memcmp(text, "min", 3) == 0)
        near = "min";
    mf_text_printable(&shown, text, len, SHOWN);
    if (near)
        mf_fail(err, MF_EINVAL, "`%s` is not a unit of time; did you mean `%s`?",
                mf_buf_text(&shown), near);
    else
        mf_fail(err, MF_EINVAL, "`%s` is not a unit of time; these are ms, s, min, h, d and w",
                mf_buf_text(&shown));
    mf_buf_done(&shown);
    return MF_EINVAL;
}

/* number * each, exactly where the number is whole. False when it is over `limit`. */
static bool scale(const char *text, size_t len, double number, int64_t each, int64_t limit,
                  int64_t *ret)
{
    double whole = floor(number);
    int64_t count, part;

    if (!mf_num_read_int(text, len, &count)) {
        if (!(whole <= (double)(limit / each)))
            return false;
        count = (int64_t)whole;
        part = (int64_t)round((number - whole) * (double)each);
    } else {
        part = 0;
    }
    if (count > limit / each || part > limit - count * each)
        return false;
    *ret = count * each + part;
    return true;
}

/* One `1.5 h` at the beginning. `below` is the unit before it, which must be larger. */
static int read_step(const char *text, size_t len, size_t *pos, int64_t *below, int64_t limit,
                     int64_t *ret, bool *ret_fraction, struct mf_error *err)
{
    double number = 0;
    size_t digits = mf_num_scan_double(text + *pos, len - *pos, &number), start, end;

    if (!digits || text[*pos] == '-' || text[*pos] == '+')
        return fail_at(err, text, len, "is not a time; write it like `5s`, `250ms` or `1h30m`");
    for (start = *pos + digits; start < len && is_blank(text[start]);)
        start++;
    for (end = start; end < len && !is_blank(text[end]) && text[end] != '.' && text[end] != '-' &&
                      text[end] != '+' && (text[end] < '0' || text[end] > '9');)
        end++;
    for (unsigned i = 0; i < TIMES; i++) {
        if (!mf_text_eq(text + start, end - start, times[i].name))
            continue;
        if (times[i].ns >= *below)
            return fail_at(err, text, len, "names its units in the wrong order; largest first");
        if (!scale(text + *pos, digits, number, times[i].ns, limit, ret))
            return fail_at(err, text, len, "is too long; the limit is 100 years");
        if (number > 0 && *ret == 0)
            return fail_at(err, text, len, "is less than a nanosecond");
        *below = times[i].ns;
        *ret_fraction = number != floor(number);
        for (*pos = end; *pos < len && is_blank(text[*pos]);)
            ++*pos;
        return 0;
    }
    if (start == end)
        return fail_at(err, text, len, "has a number without a unit");
    return unknown_time(text + start, end - start, err);
}

int mf_duration_read(const char *text, size_t len, bool allow_negative, int64_t *ret_ns,
                     struct mf_error *err)
{
    int64_t sum = 0, step = 0, below = INT64_MAX;
    bool negative = false, has_fraction = false;
    const char *whole;
    size_t whole_len, pos = 0;
    double number;

    trim(&text, &len);
    whole = text;
    whole_len = len;
    if (len == 0)
        return mf_fail(err, MF_EINVAL, "a time is missing");
    if (*text == '-' || *text == '+') {
        negative = *text == '-';
        text++;
        len--;
    }
    if (mf_num_read_double(text, len, &number)) {
        if (number == 0) {
            *ret_ns = 0;
            return 0;
        }
        return mf_fail(err, MF_EINVAL, "`%.*s` has no unit; did you mean `%.*ss`?",
                       whole_len < SHOWN ? (int)whole_len : SHOWN, whole,
                       whole_len < SHOWN ? (int)whole_len : SHOWN, whole);
    }
    do {
        int code = read_step(text, len, &pos, &below, CENTURY, &step, &has_fraction, err);

        if (code < 0)
            return code;
        if (step > CENTURY - sum)
            return fail_at(err, whole, whole_len, "is too long; the limit is 100 years");
        sum += step;
        if (has_fraction && pos < len)
            return fail_at(err, whole, whole_len, "has a fraction before its last unit");
    } while (pos < len);
    if (negative && sum && !allow_negative)
        return fail_at(err, whole, whole_len, "is negative");
    *ret_ns = negative ? -sum : sum;
    return 0;
}

/* `rest` of `each` as decimals of the unit: 250 of 1000 is .25 */
static void print_decimals(int64_t rest, int64_t each, struct mf_buf *buf)
{
    if (rest)
        mf_buf_putc(buf, '.');
    while (rest) {
        each /= 10;
        mf_buf_putc(buf, (char)('0' + rest / each));
        rest %= each;
    }
}

void mf_duration_print(int64_t ns, struct mf_buf *buf)
{
    uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    int64_t days = (int64_t)(left / MF_DAY), rest = (int64_t)(left % MF_DAY);
    int64_t hours = rest / MF_HOUR, minutes = rest % MF_HOUR / MF_MINUTE;
    int64_t seconds = rest % MF_MINUTE / MF_SEC, below = rest % MF_SEC;

    if (ns < 0)
        mf_buf_putc(buf, '-');
    if (days)
        mf_buf_printf(buf, "%lldd", (long long)days);
    if (hours)
        mf_buf_printf(buf, "%lldh", (long long)hours);
    if (minutes)
        mf_buf_printf(buf, "%lld%s", (long long)minutes, hours ? "m" : "min");
    if (seconds || ns == 0 || (below && left > MF_SEC)) {
        mf_buf_printf(buf, "%lld", (long long)seconds);
        print_decimals(below, MF_SEC, buf);
        mf_buf_putc(buf, 's');
    } else if (below) {
        int64_t each = below >= MF_MS ? MF_MS : below >= MF_US ? MF_US : MF_NS;

        mf_buf_printf(buf, "%lld", (long long)(below / each));
        print_decimals(below % each, each, buf);
        mf_buf_puts(buf, each == MF_MS ? "ms" : each == MF_US ? "us" : "ns");
    }
}

/* ---- sizes ---- */

int mf_size_read(const char *text, size_t len, int64_t *ret_bytes, struct mf_error *err)
{
    struct mf_unit unit = {.factor = 1};
    bool has_unit = false;
    double number = 0, bytes;
    int64_t whole;
    size_t digits;

    trim(&text, &len);
    if (mf_quantity_read(text, len, &number, &unit, &has_unit, err) < 0)
        return MF_EINVAL;
    for (unsigned i = 0; has_unit && i < MF_DIMS; i++)
        if (unit.dim[i] != (i == MF_DIM_DATA))
            return fail_at(err, text, len, "is not a size; write it like `64 KiB` or `50 MB`");
    if (number < 0)
        return fail_at(err, text, len, "is negative");
    digits = mf_num_scan_double(text, len, &number);
    if (unit.factor >= 1 && mf_num_read_int(text, digits, &whole)) {
        if (whole > INT64_MAX / (int64_t)unit.factor)
            return fail_at(err, text, len, "is too large");
        *ret_bytes = whole * (int64_t)unit.factor;
        return 0;
    }
    bytes = number * unit.factor;
    if (bytes >= 0x1p63)
        return fail_at(err, text, len, "is too large");
    if (bytes != floor(bytes))
        return fail_at(err, text, len, "is not a whole number of bytes");
    *ret_bytes = (int64_t)bytes;
    return 0;
}

void mf_size_print(int64_t bytes, struct mf_buf *buf)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {
        {"TiB", INT64_C(1) << 40},   {"TB", INT64_C(1000000000000)}, {"GiB", INT64_C(1) << 30},
        {"GB", INT64_C(1000000000)}, {"MiB", INT64_C(1) << 20},      {"MB", INT64_C(1000000)},
        {"KiB", INT64_C(1) << 10},   {"kB", INT64_C(1000)},          {"B", 1},
    };
    unsigned i = 0;

    while (bytes % units[i].bytes != 0 || (bytes == 0 && units[i].bytes > 1))
        i++;
    mf_buf_printf(buf, "%lld %s", (long long)(bytes / units[i].bytes), units[i].name);
}
