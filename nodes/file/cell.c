/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Cells: see cell.h. */

#include "nodes/file/cell.h"

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/codec.h"

enum { DECIMALS = 9, MOST_SECONDS = 9000000 }; /* thousands of seconds, within int64 ns */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_word(const char *text, size_t len, const char *word)
{
    if (strlen(word) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return true;
}

static int wrong(const char *text, size_t len, uint32_t types, struct mf_error *err)
{
    char wanted[96];

    return mf_fail(err, MF_EINVAL, "%s is wanted, `%.*s` came", mf_types_print(types, wanted),
                   len > 40 ? 40 : (int)len, text);
}

static bool read_number(const char *text, size_t len, uint32_t types, struct mf_value *ret)
{
    struct mf_value value;

    /* `format: number` has the same idea of what a number is. */
    if (mf_decode(MF_FORMAT_NUMBER, text, len, &value, NULL) < 0)
        return false;
    if (!(types & MF_T(value.type)) && !(value.type == MF_INT && types & MF_T(MF_NUMBER)))
        return false;
    *ret = value;
    return true;
}

int mf_cell_value(const char *text, size_t len, uint32_t types, struct mf_value *ret,
                  struct mf_error *err)
{
    const char *bare = text;
    size_t bare_len = len;

    while (bare_len && is_blank(*bare)) {
        bare++;
        bare_len--;
    }
    while (bare_len && is_blank(bare[bare_len - 1]))
        bare_len--;
    if (!bare_len) {
        *ret = mf_value_null();
        return 0;
    }
    if (types & MF_T_NUMERIC && read_number(bare, bare_len, types, ret))
        return 0;
    if (types == MF_T(MF_BOOL))
        return mf_decode(MF_FORMAT_BOOL, bare, bare_len, ret, err);
    if (types & MF_T(MF_BOOL) &&
        (is_word(bare, bare_len, "true") || is_word(bare, bare_len, "false"))) {
        *ret = mf_value_bool((*bare | 0x20) == 't');
        return 0;
    }
    if (!(types & MF_T(MF_TEXT)))
        return wrong(text, len, types, err);
    return mf_decode(MF_FORMAT_TEXT, text, len, ret, err);
}

/* Plain decimals digit by digit: a double of today has no nanoseconds. */
static bool read_decimal(const char *text, size_t len, int64_t *ret_wall)
{
    const char *point = memchr(text, '.', len);
    size_t whole = point ? (size_t)(point - text) : len;
    int64_t seconds, nanos = 0;

    if (!whole || !mf_num_read_int(text, whole, &seconds) ||
        seconds > MOST_SECONDS * INT64_C(1000) || seconds < -MOST_SECONDS * INT64_C(1000))
        return false;
    for (size_t i = whole + 1, k = 0; k < DECIMALS; i++, k++) {
        if (i < len && (text[i] < '0' || text[i] > '9'))
            return false;
        nanos = nanos * 10 + (i < len ? text[i] - '0' : 0);
    }
    *ret_wall = seconds * MF_SEC + (text[0] == '-' ? -nanos : nanos);
    return true;
}

static bool of_seconds(double seconds, int64_t *ret_wall)
{
    if (!(fabs(seconds) < 1000.0 * MOST_SECONDS))
        return false;
    *ret_wall = (int64_t)floor(seconds) * MF_SEC +
                (int64_t)nearbyint((seconds - floor(seconds)) * (double)MF_SEC);
    return true;
}

bool mf_cell_time(const char *text, size_t len, int64_t *ret_wall)
{
    char copy[MF_TIME_TEXT];
    double seconds;

    while (len && is_blank(*text)) {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1]))
        len--;
    if (read_decimal(text, len, ret_wall))
        return true;
    if (mf_num_read_double(text, len, &seconds))
        return of_seconds(seconds, ret_wall);
    if (len >= sizeof(copy) || memchr(text, 0, len))
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    return mf_time_read(copy, ret_wall);
}

bool mf_cell_time_of_value(const struct mf_value *value, int64_t *ret_wall)
{
    const char *text;
    size_t len;

    if (value->type == MF_INT || value->type == MF_NUMBER)
        return of_seconds(mf_value_as_number(value), ret_wall);
    if (value->type != MF_TEXT)
        return false;
    text = mf_value_text(value, &len);
    return mf_cell_time(text, len, ret_wall);
}
