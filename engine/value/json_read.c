/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading JSON (RFC 8259) straight into values.
 *
 * One pass, no tokens in between. Texts without escapes are taken from the input
 * as they lie; others are put together in one scratch buffer. Recursion is bounded
 * by MF_CODEC_DEPTH.
 */

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"

struct reader {
    const char *text, *p, *end;
    unsigned depth;
    struct mf_buf scratch; /* the text with escapes that was read last */
    struct mf_error *err;
};

static int read_value(struct reader *r, struct mf_value *ret);

/* ---- complaints ---- */

static int wrong(struct reader *r, const char *at, const char *wanted)
{
    char came[16] = "the end";

    if (at < r->end && *at >= 0x20 && *at < 0x7f)
        memcpy(came, (char[]){'`', *at, '`', 0}, 4);
    else if (at < r->end)
        memcpy(came, "another byte", 13);
    return mf_fail(r->err, MF_EINVAL, "byte %zu: %s is wanted, %s came", (size_t)(at - r->text) + 1,
                   wanted, came);
}

static int refuse(struct reader *r, const char *at, const char *sentence)
{
    return mf_fail(r->err, MF_EINVAL, "byte %zu: %s", (size_t)(at - r->text) + 1, sentence);
}

/* ---- scalars ---- */

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

static int read_word(struct reader *r, const char *word, struct mf_value value,
                     struct mf_value *ret)
{
    for (; *word; word++, r->p++)
        if (r->p == r->end || *r->p != *word)
            return wrong(r, r->p, "true, false or null");
    *ret = value;
    return 0;
}

static bool is_next(const struct reader *r, char c)
{
    return r->p < r->end && *r->p == c;
}

static bool is_digit(const struct reader *r, const char *p)
{
    return p < r->end && *p >= '0' && *p <= '9';
}

/* What is behind the integer part; r->p moves to the end of the number. */
static int read_fraction(struct reader *r, const char *from, struct mf_value *ret)
{
    double number;

    if (is_next(r, '.')) {
        r->p++;
        if (!is_digit(r, r->p))
            return wrong(r, r->p, "a digit behind the point");
        while (is_digit(r, r->p))
            r->p++;
    }
    if (is_next(r, 'e') || is_next(r, 'E')) {
        r->p++;
        r->p += is_next(r, '+') || is_next(r, '-');
        if (!is_digit(r, r->p))
            return wrong(r, r->p, "a digit of the exponent");
        while (is_digit(r, r->p))
            r->p++;
    }
    mf_num_scan_double(from, (size_t)(r->p - from), &number);
    if (!isfinite(number))
        return refuse(r, from, "the number is too large");
    *ret = mf_value_number(number);
    return 0;
}

static int read_number(struct reader *r, struct mf_value *ret)
{
    const char *from = r->p, *first;
    bool is_negative = *r->p == '-', is_over = false;
    uint64_t size = 0, limit = is_negative ? UINT64_C(1) << 63 : INT64_MAX;

    r->p += is_negative;
    first = r->p;
    if (!is_digit(r, r->p))
        return wrong(r, r->p, "a digit");
    for (; is_digit(r, r->p); r->p++) {
        uint64_t digit = (uint64_t)(*r->p - '0');

        is_over = is_over || size > (limit - digit) / 10;
        size = size * 10 + digit;
    }
    if (*first == '0' && r->p - first > 1)
        return refuse(r, from, "a number does not begin with a zero");
    if (is_next(r, '.') || is_next(r, 'e') || is_next(r, 'E'))
        return read_fraction(r, from, ret);
    if (is_over)
        return refuse(r, from, "the integer does not fit in 64 bits");
    if (is_negative && size == 0)
        *ret = mf_value_number(-0.0); /* there is no such int */
    else
        *ret = mf_value_int(is_negative ? (int64_t)(0 - size) : (int64_t)size);
    return 0;
}

/* ---- texts ---- */

static int read_hex4(struct reader *r, uint32_t *ret)
{
    uint32_t code = 0;

    for (int i = 0; i < 4; i++, r->p++) {
        char c = r->p < r->end ? *r->p : 0;

        if (c >= '0' && c <= '9')
            code = code << 4 | (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            code = code << 4 | ((uint32_t)(c | 0x20) - 'a' + 10);
        else
            return wrong(r, r->p, "a hexadecimal digit");
    }
    *ret = code;
    return 0;
}

/* Behind `\u`. Two halves of a surrogate pair belong together; one alone is no character. */
static int read_unicode(struct reader *r)
{
    const char *from = r->p - 2;
    uint32_t code = 0, low = 0;
    char out[4];

    if (read_hex4(r, &code) < 0)
        return MF_EINVAL;
    if (code >= 0xd800 && code < 0xe000) {
        if (code >= 0xdc00 || r->end - r->p < 2 || r->p[0] != '\\' || r->p[1] != 'u')
            return refuse(r, from, "half of a surrogate pair stands alone");
        r->p += 2;
        if (read_hex4(r, &low) < 0)
            return MF_EINVAL;
        if (low < 0xdc00 || low >= 0xe000)
            return refuse(r, from, "half of a surrogate pair stands alone");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    mf_buf_put(&r->scratch, out, mf_utf8_put(code, out));
    return 0;
}

static int read_escape(struct reader *r)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    const char *name;
    char c;

    r->p++;
    c = r->p < r->end ? *r->p : 0;
    if (c == 'u') {
        r->p++;
        return read_unicode(r);
    }
    name = c ? strchr(names, c) : NULL;
    if (!name)
        return wrong(r, r->p, "one of \"\\/bfnrtu");
    mf_buf_putc(&r->scratch, bytes[name - names]);
    r->p++;
    return 0;
}

/* Moves over bytes that stand for themselves; *ret_is_ascii is cleared by others than ASCII. */
static void skip_plain(struct reader *r, bool *ret_is_ascii)
{
    const char *p = r->p;
    unsigned all = 0;

    for (; p < r->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20; p++)
        all |= (unsigned char)*p;
    if (all & 0x80)
        *ret_is_ascii = false;
    r->p = p;
}

/* At the opening quote. The text lies in the input or in the scratch buffer. */
static int read_text(struct reader *r, const char **ret_text, size_t *ret_len)
{
    const char *from = ++r->p;
    bool is_ascii = true, has_escapes = false;
    size_t len, valid;

    for (;;) {
        const char *run = r->p;

        skip_plain(r, &is_ascii);
        if (has_escapes)
            mf_buf_put(&r->scratch, run, (size_t)(r->p - run));
        if (r->p == r->end)
            return wrong(r, r->p, "a closing quote");
        if (*r->p == '"')
            break;
        if (*r->p != '\\')
            return refuse(r, r->p, "control characters in texts are written as escapes");
        if (!has_escapes) {
            mf_buf_clear(&r->scratch);
            mf_buf_put(&r->scratch, from, (size_t)(r->p - from));
            has_escapes = true;
        }
        if (read_escape(r) < 0)
            return MF_EINVAL;
    }
    len = (size_t)(r->p - from);
    valid = is_ascii ? len : mf_utf8_valid(from, len);
    if (valid < len)
        return refuse(r, from + valid, "the text is not UTF-8");
    *ret_text = has_escapes ? r->scratch.data : from;
    *ret_len = has_escapes ? r->scratch.len : len;
    r->p++;
    return 0;
}

static int read_text_value(struct reader *r, struct mf_value *ret)
{
    const char *text;
    size_t len;

    if (read_text(r, &text, &len) < 0)
        return MF_EINVAL;
    *ret = mf_value_new_text_n(text, len);
    return 0;
}

/* ---- containers ---- */

static int enter(struct reader *r)
{
    if (r->depth >= MF_CODEC_DEPTH)
        return mf_fail(r->err, MF_ELIMIT, "byte %zu: there are more than %d levels",
                       (size_t)(r->p - r->text) + 1, MF_CODEC_DEPTH);
    r->depth++;
    r->p++;
    skip_blanks(r);
    return 0;
}

/* Behind an element: 1 when another one follows, 0 at the end of the container. */
static int read_comma(struct reader *r, char close, const char *wanted)
{
    skip_blanks(r);
    if (is_next(r, ',')) {
        r->p++;
        skip_blanks(r);
        return 1;
    }
    if (!is_next(r, close))
        return wrong(r, r->p, wanted);
    r->p++;
    r->depth--;
    return 0;
}

static int read_items(struct reader *r, struct mf_builder *items)
{
    struct mf_value item;
    int rc;

    if ((rc = enter(r)) < 0)
        return rc;
    if (is_next(r, ']')) {
        r->p++;
        r->depth--;
        return 0;
    }
    do {
        if ((rc = read_value(r, &item)) < 0)
            return rc;
        mf_build_take_item(items, item);
        rc = read_comma(r, ']', "a comma or ]");
    } while (rc > 0);
    return rc;
}

/* A key and its colon. */
static int read_key(struct reader *r, const char **ret_text, size_t *ret_len)
{
    if (!is_next(r, '"'))
        return wrong(r, r->p, "a key in quotes");
    if (read_text(r, ret_text, ret_len) < 0)
        return MF_EINVAL;
    skip_blanks(r);
    if (!is_next(r, ':'))
        return wrong(r, r->p, "a colon");
    r->p++;
    skip_blanks(r);
    return 0;
}

static int read_pairs(struct reader *r, struct mf_builder *pairs)
{
    struct mf_value key, value;
    const char *text;
    size_t len;
    int rc;

    if ((rc = enter(r)) < 0)
        return rc;
    if (is_next(r, '}')) {
        r->p++;
        r->depth--;
        return 0;
    }
    do {
        if (read_key(r, &text, &len) < 0)
            return MF_EINVAL;
        key = mf_value_new_text_n(text, len);
        if ((rc = read_value(r, &value)) < 0) {
            mf_value_drop(key);
            return rc;
        }
        mf_build_take_pair(pairs, key, value);
        rc = read_comma(r, '}', "a comma or }");
    } while (rc > 0);
    return rc;
}

static int fail_twice(struct reader *r, const char *from, struct mf_value key)
{
    size_t len;
    const char *text = mf_value_text(&key, &len);
    int rc = mf_fail(r->err, MF_EINVAL, "byte %zu: the key `%.*s` comes twice in this object",
                     (size_t)(from - r->text) + 1, len > 60 ? 60 : (int)len, text);

    mf_value_drop(key);
    return rc;
}

static int read_list(struct reader *r, struct mf_value *ret)
{
    struct mf_builder items;
    int rc;

    mf_build_start(&items);
    if ((rc = read_items(r, &items)) < 0) {
        mf_build_drop(&items);
        return rc;
    }
    *ret = mf_build_end_list(&items);
    return 0;
}

static int read_map(struct reader *r, struct mf_value *ret)
{
    const char *from = r->p;
    struct mf_builder pairs;
    struct mf_value map;
    int rc;

    mf_build_start(&pairs);
    if ((rc = read_pairs(r, &pairs)) < 0) {
        mf_build_drop(&pairs);
        return rc;
    }
    if (!mf_build_end_map_strict(&pairs, &map))
        return fail_twice(r, from, map);
    *ret = map;
    return 0;
}

static int read_value(struct reader *r, struct mf_value *ret)
{
    switch (r->p < r->end ? *r->p : 0) {
    case '{':
        return read_map(r, ret);
    case '[':
        return read_list(r, ret);
    case '"':
        return read_text_value(r, ret);
    case 't':
        return read_word(r, "true", mf_value_bool(true), ret);
    case 'f':
        return read_word(r, "false", mf_value_bool(false), ret);
    case 'n':
        return read_word(r, "null", mf_value_null(), ret);
    default:
        if (is_next(r, '-') || is_digit(r, r->p))
            return read_number(r, ret);
        return wrong(r, r->p, "a value");
    }
}

/* ---- whole inputs ---- */

static int begin(struct reader *r, const char *text, size_t len, struct mf_error *err)
{
    *r = (struct reader){.text = text, .p = text, .end = text + len, .err = err};
    if (len > MF_CODEC_SIZE)
        return mf_fail(err, MF_ELIMIT, "%zu bytes of JSON are over the limit of %u bytes", len,
                       MF_CODEC_SIZE);
    skip_blanks(r);
    return 0;
}

static int finish(struct reader *r)
{
    skip_blanks(r);
    return r->p < r->end ? wrong(r, r->p, "the end") : 0;
}

int mf_json_read(const char *text, size_t len, struct mf_value *ret, struct mf_error *err)
{
    struct mf_value value;
    struct reader r;
    int rc;

    if ((rc = begin(&r, text, len, err)) < 0)
        return rc;
    rc = read_value(&r, &value);
    if (rc == 0 && (rc = finish(&r)) < 0)
        mf_value_drop(value);
    mf_buf_done(&r.scratch);
    if (rc == 0)
        *ret = value;
    return rc;
}

/* The field with that name; looks first where the order of the last line would have it. */
static size_t find_field(const char *const *fields, size_t count, size_t expected, const char *key,
                         size_t len)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = expected + i < count ? expected + i : expected + i - count;

        if (mf_text_eq(key, len, fields[at])) /* a key may hold a NUL */
            return at;
    }
    return count;
}

/* ret[i].type is MF_VALUE_TYPES as long as the field has not come. */
static int read_members(struct reader *r, const char *const *fields, size_t count,
                        struct mf_value *ret, struct mf_builder *others)
{
    const char *from = r->p, *text;
    size_t len, expected = 0;
    int rc;

    if (!is_next(r, '{'))
        return wrong(r, r->p, "an object");
    if ((rc = enter(r)) < 0)
        return rc;
    if (is_next(r, '}')) {
        r->p++;
        return finish(r);
    }
    do {
        struct mf_value key = {0}, value;
        size_t field;

        if (read_key(r, &text, &len) < 0)
            return MF_EINVAL;
        field = find_field(fields, count, expected, text, len);
        if (field == count || ret[field].type != MF_VALUE_TYPES)
            key = mf_value_new_text_n(text, len);
        if (field < count && ret[field].type != MF_VALUE_TYPES)
            return fail_twice(r, from, key);
        if ((rc = read_value(r, &value)) < 0) {
            mf_value_drop(key);
            return rc;
        }
        if (field < count) {
            ret[field] = value;
            expected = field + 1;
        } else {
            mf_value_drop(value);
            mf_build_take_pair(others, key, mf_value_null());
        }
        rc = read_comma(r, '}', "a comma or }");
    } while (rc > 0);
    return rc < 0 ? rc : finish(r);
}

int mf_json_read_fields(const char *text, size_t len, const char *const *fields, size_t count,
                        struct mf_value *ret, struct mf_error *err)
{
    struct mf_builder others; /* keys nobody asked for: they must not come twice either */
    struct mf_value map;
    struct reader r;
    int rc;

    for (size_t i = 0; i < count; i++)
        ret[i] = (struct mf_value){.type = MF_VALUE_TYPES};
    mf_build_start(&others);
    rc = begin(&r, text, len, err);
    if (rc == 0)
        rc = read_members(&r, fields, count, ret, &others);
    if (rc < 0)
        mf_build_drop(&others);
    else if (!mf_build_end_map_strict(&others, &map))
        rc = fail_twice(&r, r.text, map);
    else
        mf_value_drop(map);
    mf_buf_done(&r.scratch);
    for (size_t i = 0; i < count; i++) {
        if (rc < 0 && ret[i].type != MF_VALUE_TYPES)
            mf_value_drop(ret[i]);
        if (rc < 0 || ret[i].type == MF_VALUE_TYPES)
            ret[i] = mf_value_null();
    }
    return rc;
}
