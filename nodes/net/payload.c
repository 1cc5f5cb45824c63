/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Payloads come from anybody: each fault says what was wanted and what came. */

#include "nodes/net/payload.h"

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/value/path.h"

enum { SHOWN = 60, TIME_BYTES = 64 };
enum { CODE_TOGETHER = 220 };

const struct mf_choice mf_payload_formats[] = {
    {"json", MF_FORMAT_JSON, "JSON."},
    {"text", MF_FORMAT_TEXT, "UTF-8 text as it stands."},
    {"number", MF_FORMAT_NUMBER, "A decimal number as text."},
    {"bool", MF_FORMAT_BOOL,
     "The word `true` or `false`; also on, off, yes, no, 1, 0 when reading."},
    {"msgpack", MF_FORMAT_MSGPACK, "MessagePack."},
    {"cbor", MF_FORMAT_CBOR, "CBOR."},
    {"raw", MF_FORMAT_RAW, "Bytes as they are."},
    {0},
};

void mf_payload_check(enum mf_format format, bool has_pick, bool has_time, struct mf_check *check)
{
    const char *option = has_pick ? "pick" : has_time ? "time" : NULL;

    if (!option || format == MF_FORMAT_JSON || format == MF_FORMAT_MSGPACK ||
        format == MF_FORMAT_CBOR)
        return;
    mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, option),
                         "`%s` looks into a map, and `format: %s` gives none", option,
                         mf_format_names[format]),
                 "say `format: json`, `msgpack` or `cbor`, or leave `%s` out", option);
}

/* ---- time ---- */

/* Largest numbers that are taken as seconds, milliseconds, microseconds; above are nanoseconds. */
static const struct {
    double below;
    int64_t unit;
} time_units[] = {{1e11, MF_SEC}, {1e14, MF_MS}, {1e17, MF_US}, {INFINITY, 1}};

static int no_time(double number, struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL, "%g is no time between the years 1678 and 2262", number);
}

static int read_number_time(const struct mf_value *value, int64_t *ret_time, struct mf_error *err)
{
    double number = mf_value_as_number(value), size = fabs(number), whole = floor(number);
    unsigned i = 0;
    int64_t time;

    if (!(size < 9.2e18)) /* also NaN */
        return no_time(number, err);
    while (size >= time_units[i].below)
        i++;
    if (__builtin_mul_overflow(value->type == MF_INT ? value->integer : (int64_t)whole,
                               time_units[i].unit, &time))
        return no_time(number, err);
    /* A double of seconds resolves a microsecond at best; the whole part stays exact. */
    if (value->type == MF_NUMBER &&
        __builtin_add_overflow(time, llround((number - whole) * (double)time_units[i].unit), &time))
        return no_time(number, err);
    *ret_time = time;
    return 0;
}

int mf_payload_read_time(const struct mf_value *value, int64_t *ret_time, struct mf_error *err)
{
    char text[TIME_BYTES];
    const char *start;
    size_t len;

    if (MF_T(value->type) & MF_T_NUMERIC)
        return read_number_time(value, ret_time, err);
    if (value->type != MF_TEXT)
        return mf_fail(err, MF_EINVAL, "a time is a number or a text, %s came",
                       mf_value_type_names[value->type]);
    start = mf_value_text(value, &len);
    if (len < sizeof(text)) {
        memcpy(text, start, len);
        text[len] = 0;
        if (strlen(text) == len && mf_time_read(text, ret_time))
            return 0;
    }
    return mf_fail(err, MF_EINVAL, "`%.*s` is no time such as 2026-11-24T08:00:00Z",
                   (int)(len < SHOWN ? len : SHOWN), start);
}

/* ---- payload ---- */

static int missing(const struct mf_value *path, const char **ret_reason, struct mf_error *err)
{
    struct mf_buf text = {0};

    *ret_reason = mf_reason_missing;
    mf_path_print(path, &text);
    mf_fail(err, MF_EINVAL, "there is no `%s` in it", mf_buf_text(&text));
    mf_buf_done(&text);
    return MF_EINVAL;
}

static int read_time_field(const struct mf_payload_reading *how, const struct mf_value *whole,
                           int64_t *ret_time, const char **ret_reason, struct mf_error *err)
{
    const struct mf_value *field = mf_path_follow(how->time, whole);

    if (!field)
        return missing(how->time, ret_reason, err);
    *ret_reason = mf_reason_decode;
    return mf_payload_read_time(field, ret_time, err);
}

static int decode(enum mf_format format, const void *payload, size_t len,
                  struct mf_value *ret_value, struct mf_error *err)
{
    struct mf_buf shown = {0};
    struct mf_error why;
    int rc = mf_decode(format, payload, len, ret_value, &why);

    if (rc == 0)
        return 0;
    if (len == 0)
        return mf_fail(err, rc, "it is empty, and `format` says %s",
                       mf_payload_formats[format].name);
    mf_text_printable(&shown, payload, len, SHOWN);
    mf_fail(err, rc, "`%s` is not the %s that `format` says: %s", mf_buf_text(&shown),
            mf_payload_formats[format].name, why.text);
    mf_buf_done(&shown);
    return rc;
}

int mf_payload_read(const struct mf_payload_reading *how, const void *payload, size_t len,
                    struct mf_value *ret_value, int64_t *ret_time, const char **ret_reason,
                    struct mf_error *err)
{
    const struct mf_value *picked;
    struct mf_value whole;
    int rc = decode(how->format, payload, len, &whole, err);

    *ret_reason = mf_reason_decode;
    if (rc < 0)
        return rc;
    picked = how->pick ? mf_path_follow(how->pick, &whole) : &whole;
    if (!picked)
        rc = missing(how->pick, ret_reason, err);
    else if (how->time)
        rc = read_time_field(how, &whole, ret_time, ret_reason, err);
    if (rc == 0)
        *ret_value = mf_value_copy(*picked);
    mf_value_drop(whole);
    return rc;
}
