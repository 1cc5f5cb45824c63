/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Formats by name, and the plain ones: text, number, bool, raw. */

#include "engine/value/codec.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

const char *const mf_format_names[] = {"json",    "text", "number", "bool",
                                       "msgpack", "cbor", "raw",    NULL};

enum { SHOWN = 40 }; /* columns of a wrong payload that its complaint shows */

struct word {
    const char *name;
    bool value;
};

static const struct word words[] = {
    {"true", true}, {"false", false}, {"on", true}, {"off", false},
    {"yes", true},  {"no", false},    {"1", true},  {"0", false},
};

static void trim(const char **text, size_t *len)
{
    static const char blanks[] = " \t\r\n";

    while (*len && memchr(blanks, **text, sizeof(blanks) - 1)) {
        (*text)++;
        (*len)--;
    }
    while (*len && memchr(blanks, (*text)[*len - 1], sizeof(blanks) - 1))
        (*len)--;
}

static int wrong(struct mf_error *err, const char *wanted, const char *text, size_t len)
{
    struct mf_buf shown = {0};
    int rc;

    mf_text_printable(&shown, text, len, SHOWN);
    rc = mf_fail(err, MF_EINVAL, "%s is wanted, `%s` came", wanted, mf_buf_text(&shown));
    mf_buf_done(&shown);
    return rc;
}

/* ---- reading ---- */

static int decode_text(const char *text, size_t len, struct mf_value *ret, struct mf_error *err)
{
    size_t valid = mf_utf8_valid(text, len);

    if (valid < len)
        return mf_fail(err, MF_EINVAL, "byte %zu: the text is not UTF-8", valid + 1);
    *ret = mf_value_new_text_n(text, len);
    return 0;
}

static int decode_number(const char *text, size_t len, struct mf_value *ret, struct mf_error *err)
{
    int64_t integer;
    double number;

    trim(&text, &len);
    /* Decimal digits only: `0x10` is a number for people who write flows, not for devices. */
    if (!memchr(text, 'x', len) && !memchr(text, 'b', len) && mf_num_read_int(text, len, &integer))
        *ret = mf_value_int(integer);
    else if (mf_num_read_double(text, len, &number))
        *ret = mf_value_number(number);
    else
        return wrong(err, "a number", text, len);
    return 0;
}

static int decode_bool(const char *text, size_t len, struct mf_value *ret, struct mf_error *err)
{
    trim(&text, &len);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i].name) == len && strncasecmp(words[i].name, text, len) == 0) {
            *ret = mf_value_bool(words[i].value);
            return 0;
        }
    return wrong(err, "true, false, on, off, yes, no, 1 or 0", text, len);
}

int mf_decode(enum mf_format format, const void *data, size_t len, struct mf_value *ret,
              struct mf_error *err)
{
    if (!len)
        data = ""; /* an empty payload may come without a pointer */
    if (len > MF_CODEC_SIZE)
        return mf_fail(err, MF_ELIMIT, "%zu bytes are over the limit of %u bytes", len,
                       MF_CODEC_SIZE);
    switch (format) {
    case MF_FORMAT_JSON:
        return mf_json_read(data, len, ret, err);
    case MF_FORMAT_TEXT:
        return decode_text(data, len, ret, err);
    case MF_FORMAT_NUMBER:
        return decode_number(data, len, ret, err);
    case MF_FORMAT_BOOL:
        return decode_bool(data, len, ret, err);
    case MF_FORMAT_MSGPACK:
        return mf_msgpack_read(data, len, ret, err);
    case MF_FORMAT_CBOR:
        return mf_cbor_read(data, len, ret, err);
    case MF_FORMAT_RAW:
        *ret = mf_value_new_bytes(data, len);
        return 0;
    }
    return mf_fail(err, MF_EINVAL, "there is no format number %d", (int)format);
}

/* ---- writing ---- */

static int unsayable(struct mf_error *err, const char *as, const struct mf_value *value)
{
    return mf_fail(err, MF_EINVAL, "a value of type %s cannot be written as %s",
                   mf_value_type_names[value->type], as);
}

static int encode_number(const struct mf_value *value, struct mf_buf *buf, struct mf_error *err)
{
    if (value->type == MF_BOOL)
        mf_buf_putc(buf, value->boolean ? '1' : '0');
    else if (value->type == MF_INT || (value->type == MF_NUMBER && isfinite(value->number)))
        mf_value_print(value, buf);
    else if (value->type == MF_NUMBER)
        return mf_fail(err, MF_EINVAL, "a number without a value cannot be written");
    else
        return unsayable(err, "number", value);
    return 0;
}

static int encode_bool(const struct mf_value *value, struct mf_buf *buf, struct mf_error *err)
{
    bool is_number = value->type == MF_INT || value->type == MF_NUMBER;
    double number = is_number ? mf_value_as_number(value) : 0;

    if (value->type != MF_BOOL && (!is_number || (number != 0 && number != 1)))
        return unsayable(err, "bool", value);
    mf_buf_puts(buf, (is_number ? number != 0 : value->boolean) ? "true" : "false");
    return 0;
}

static int encode_raw(const struct mf_value *value, struct mf_buf *buf, struct mf_error *err)
{
    const char *data;
    size_t len;

    if (value->type != MF_BYTES && value->type != MF_TEXT)
        return unsayable(err, "raw bytes", value);
    data = mf_value_text(value, &len);
    mf_buf_put(buf, data, len);
    return 0;
}

int mf_encode(enum mf_format format, const struct mf_value *value, struct mf_buf *buf,
              struct mf_error *err)
{
    switch (format) {
    case MF_FORMAT_JSON:
        mf_json_write(value, buf);
        return 0;
    case MF_FORMAT_TEXT:
        mf_value_print(value, buf);
        return 0;
    case MF_FORMAT_NUMBER:
        return encode_number(value, buf, err);
    case MF_FORMAT_BOOL:
        return encode_bool(value, buf, err);
    case MF_FORMAT_MSGPACK:
        mf_msgpack_write(value, buf);
        return 0;
    case MF_FORMAT_CBOR:
        mf_cbor_write(value, buf);
        return 0;
    case MF_FORMAT_RAW:
        return encode_raw(value, buf, err);
    }
    return mf_fail(err, MF_EINVAL, "there is no format number %d", (int)format);
}

uint32_t mf_format_types(enum mf_format format)
{
    switch (format) {
    case MF_FORMAT_JSON:
        return MF_T_ANY & ~(MF_T(MF_BYTES) | MF_T(MF_PATH));
    case MF_FORMAT_TEXT:
        return MF_T(MF_TEXT);
    case MF_FORMAT_NUMBER:
        return MF_T_NUMERIC;
    case MF_FORMAT_BOOL:
        return MF_T(MF_BOOL);
    case MF_FORMAT_RAW:
        return MF_T(MF_BYTES);
    default:
        return MF_T_ANY;
    }
}
