/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the two binary codecs share: a bounded reader, and floats of fewer bits. */

#include "engine/value/wire.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/value/codec.h"

/* ---- reading ---- */

int mf_wire_fail(const struct mf_wire *r, int code, const char *fmt, ...)
{
    char sentence[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, args);
    va_end(args);
    return mf_fail(r->err, code, "byte %zu: %s", r->pos + 1, sentence);
}

const uint8_t *mf_wire_take(struct mf_wire *r, uint64_t len)
{
    const uint8_t *here = r->data + r->pos;

    if (len > r->len - r->pos) {
        mf_wire_fail(r, MF_EINVAL, "%llu more bytes are wanted, %zu are there",
                     (unsigned long long)len, r->len - r->pos);
        return NULL;
    }
    r->pos += (size_t)len;
    return here;
}

int mf_wire_uint(struct mf_wire *r, unsigned bytes, uint64_t *ret)
{
    const uint8_t *p = mf_wire_take(r, bytes);
    uint64_t value = 0;

    if (!p)
        return MF_EINVAL;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | p[i];
    *ret = value;
    return 0;
}

int mf_wire_text(struct mf_wire *r, uint64_t len, struct mf_value *ret)
{
    const char *text = (const char *)mf_wire_take(r, len);
    size_t valid;

    if (!text)
        return MF_EINVAL;
    valid = mf_utf8_valid(text, (size_t)len);
    if (valid < len) {
        r->pos -= (size_t)len - valid;
        return mf_wire_fail(r, MF_EINVAL, "the text is not UTF-8");
    }
    *ret = mf_value_new_text_n(text, (size_t)len);
    return 0;
}

int mf_wire_bytes(struct mf_wire *r, uint64_t len, struct mf_value *ret)
{
    const uint8_t *bytes = mf_wire_take(r, len);

    if (!bytes)
        return MF_EINVAL;
    *ret = mf_value_new_bytes(bytes, (size_t)len);
    return 0;
}

int mf_wire_big(const struct mf_wire *r, const uint8_t *bytes, size_t len, bool is_negative,
                struct mf_value *ret)
{
    uint64_t size = 0;

    while (len && *bytes == 0) {
        bytes++;
        len--;
    }
    for (size_t i = 0; i < len && i < 8; i++)
        size = size << 8 | bytes[i];
    if (len > 8 || size > INT64_MAX)
        return mf_wire_fail(r, MF_EINVAL, "the integer does not fit in 64 bits");
    *ret = mf_value_int(is_negative ? -1 - (int64_t)size : (int64_t)size);
    return 0;
}

int mf_wire_enter(struct mf_wire *r)
{
    if (r->depth >= MF_CODEC_DEPTH)
        return mf_wire_fail(r, MF_ELIMIT, "there are more than %d levels", MF_CODEC_DEPTH);
    r->depth++;
    return 0;
}

bool mf_wire_is_scalar(const struct mf_value *value)
{
    return value->type != MF_LIST && value->type != MF_MAP && value->type != MF_PATH;
}

int mf_wire_pair(struct mf_wire *r, mf_wire_read *read_value, struct mf_builder *pairs)
{
    size_t at = r->pos;
    struct mf_value key, value;
    int rc = read_value(r, &key);

    if (rc < 0)
        return rc;
    if (!mf_wire_is_scalar(&key) && key.type != MF_PATH) {
        mf_value_drop(key);
        r->pos = at;
        return mf_wire_fail(r, MF_EINVAL, "a list or map cannot be a key");
    }
    if ((rc = read_value(r, &value)) < 0)
        mf_value_drop(key);
    else
        mf_build_take_pair(pairs, key, value);
    return rc;
}

int mf_wire_fail_twice(const struct mf_wire *r, struct mf_value take_key)
{
    struct mf_buf text = {.limit = 60};
    int rc;

    mf_value_print(&take_key, &text);
    rc = mf_wire_fail(r, MF_EINVAL, "the key `%s` comes twice in the map before",
                      mf_buf_text(&text));
    mf_buf_done(&text);
    mf_value_drop(take_key);
    return rc;
}

/* ---- floats (IEEE 754) ---- */

enum { HALF_LEAST = -14, HALF_BIAS = 15, HALF_FRACTION = 10 };

double mf_float16_read(uint16_t bits)
{
    int exponent = bits >> HALF_FRACTION & 31, fraction = bits & 0x3ff;
    double size;

    if (exponent == 31)
        size = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        size = ldexp(fraction, HALF_LEAST - HALF_FRACTION);
    else
        size = ldexp(0x400 + fraction, exponent - HALF_BIAS - HALF_FRACTION);
    return bits & 0x8000 ? -size : size;
}

bool mf_float16_write(double number, uint16_t *ret_bits)
{
    double size = fabs(number), scaled;
    unsigned sign = signbit(number) ? 0x8000 : 0;
    int exponent;

    if (isnan(number)) {
        *ret_bits = 0x7e00;
        return true;
    }
    if (isinf(number)) {
        *ret_bits = (uint16_t)(sign | 0x7c00);
        return true;
    }
    if (size > 65504)
        return false;
    frexp(size, &exponent);
    exponent = size == 0 || exponent - 1 < HALF_LEAST ? HALF_LEAST : exponent - 1;
    scaled = ldexp(size, HALF_FRACTION - exponent); /* below 0x400 it is subnormal */
    if (scaled != floor(scaled))
        return false;
    /* The hidden bit of a normal number carries into the exponent, which is one too small. */
    *ret_bits = (uint16_t)(((unsigned)(exponent - HALF_LEAST) << HALF_FRACTION) + (unsigned)scaled);
    *ret_bits |= (uint16_t)sign;
    return true;
}

double mf_float32_read(uint32_t bits)
{
    float number;

    memcpy(&number, &bits, sizeof(number));
    return (double)number;
}

bool mf_float32_write(double number, uint32_t *ret_bits)
{
    float narrow;

    if (isnan(number)) {
        *ret_bits = 0x7fc00000;
        return true;
    }
    if (isfinite(number) && fabs(number) > (double)0x1.fffffep127F)
        return false;
    narrow = (float)number;
    if ((double)narrow != number)
        return false;
    memcpy(ret_bits, &narrow, sizeof(narrow));
    return true;
}

double mf_float64_read(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof(number));
    return number;
}

uint64_t mf_float64_write(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}
