/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * MessagePack in MoaT's dialect.
 *
 * Extensions: 3 is a path (its elements one after the other), 2 an unsigned big
 * integer, 4 the name of a proxy, of which `_` says "not given", -1 the
 * standard's time stamp, which becomes seconds since the epoch. The bytes of
 * others are kept, their code is not. MoaT-KV sends maps in any order and floats in either
 * size; both are read.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "engine/value/wire.h"

enum { EXT_TIME = -1, EXT_BIG = 2, EXT_PATH = 3, EXT_PROXY = 4 };

static int read_value(struct mf_wire *r, struct mf_value *ret);

/* ---- reading ---- */

static int read_list(struct mf_wire *r, uint64_t count, struct mf_value *ret)
{
    struct mf_builder items;
    struct mf_value item;
    int rc = mf_wire_enter(r);

    mf_build_start(&items);
    for (uint64_t i = 0; i < count && rc == 0; i++) {
        rc = read_value(r, &item);
        if (rc == 0)
            mf_build_take_item(&items, item);
    }
    if (rc < 0) {
        mf_build_drop(&items);
        return rc;
    }
    r->depth--;
    *ret = mf_build_end_list(&items);
    return 0;
}

static int read_map(struct mf_wire *r, uint64_t count, struct mf_value *ret)
{
    struct mf_builder pairs;
    struct mf_value map;
    int rc = mf_wire_enter(r);

    mf_build_start(&pairs);
    for (uint64_t i = 0; i < count && rc == 0; i++)
        rc = mf_wire_pair(r, read_value, &pairs);
    if (rc < 0) {
        mf_build_drop(&pairs);
        return rc;
    }
    r->depth--;
    if (!mf_build_end_map_strict(&pairs, &map))
        return mf_wire_fail_twice(r, map);
    *ret = map;
    return 0;
}

static int read_path(struct mf_wire *r, uint64_t len, struct mf_value *ret)
{
    size_t outer = r->len;
    struct mf_builder elements;
    struct mf_value element;
    int rc = mf_wire_enter(r);

    mf_build_start(&elements);
    r->len = r->pos + (size_t)len; /* the caller saw that they are there */
    while (rc == 0 && r->pos < r->len) {
        size_t at = r->pos;

        rc = read_value(r, &element);
        if (rc < 0)
            break;
        mf_build_take_item(&elements, element);
        if (!mf_wire_is_scalar(&element)) {
            r->pos = at;
            rc = mf_wire_fail(r, MF_EINVAL, "a list, map or path cannot be in a path");
        }
    }
    r->len = outer;
    if (rc < 0) {
        mf_build_drop(&elements);
        return rc;
    }
    r->depth--;
    *ret = mf_build_end_path(&elements);
    return 0;
}

/* Seconds since the epoch; the standard has forms of 4, 8 and 12 bytes. */
static int read_time(struct mf_wire *r, uint64_t len, struct mf_value *ret)
{
    uint64_t seconds = 0, nanos = 0;

    if (len == 4) {
        mf_wire_uint(r, 4, &seconds);
    } else if (len == 8) {
        mf_wire_uint(r, 8, &seconds);
        nanos = seconds >> 34;
        seconds &= (UINT64_C(1) << 34) - 1;
    } else if (len == 12) {
        mf_wire_uint(r, 4, &nanos);
        mf_wire_uint(r, 8, &seconds);
    } else {
        return mf_wire_fail(r, MF_EINVAL, "a time stamp has 4, 8 or 12 bytes");
    }
    if (nanos > 999999999)
        return mf_wire_fail(r, MF_EINVAL, "a time stamp has more than 999999999 ns");
    *ret = nanos ? mf_value_number((double)(int64_t)seconds + (double)nanos * 1e-9)
                 : mf_value_int((int64_t)seconds);
    return 0;
}

static int read_extension(struct mf_wire *r, uint64_t len, struct mf_value *ret)
{
    const uint8_t *p = mf_wire_take(r, 1);
    struct mf_value name;
    const char *text;
    size_t text_len;
    int rc;

    if (!p)
        return MF_EINVAL;
    if (len > r->len - r->pos)
        return mf_wire_take(r, len) ? 0 : MF_EINVAL; /* says so */
    switch ((int8_t)*p) {
    case EXT_PATH:
        return read_path(r, len, ret);
    case EXT_BIG:
        return mf_wire_big(r, mf_wire_take(r, len), (size_t)len, false, ret);
    case EXT_TIME:
        return read_time(r, len, ret);
    case EXT_PROXY:
        if ((rc = mf_wire_text(r, len, &name)) < 0)
            return rc;
        text = mf_value_text(&name, &text_len);
        *ret = mf_text_eq(text, text_len, "_") ? mf_value_null() : name;
        return 0;
    default:
        return mf_wire_bytes(r, len, ret);
    }
}

/* A length or count of so many bytes, and what it is of. */
static int read_sized(struct mf_wire *r, unsigned bytes,
                      int (*read)(struct mf_wire *r, uint64_t len, struct mf_value *ret),
                      struct mf_value *ret)
{
    uint64_t len;

    return mf_wire_uint(r, bytes, &len) < 0 ? MF_EINVAL : read(r, len, ret);
}

static int read_unsigned(struct mf_wire *r, unsigned bytes, struct mf_value *ret)
{
    size_t at = r->pos;
    uint64_t size;

    if (mf_wire_uint(r, bytes, &size) < 0)
        return MF_EINVAL;
    if (size > INT64_MAX) {
        r->pos = at;
        return mf_wire_fail(r, MF_EINVAL, "the integer does not fit in 64 bits");
    }
    *ret = mf_value_int((int64_t)size);
    return 0;
}

static int read_signed(struct mf_wire *r, unsigned bytes, struct mf_value *ret)
{
    uint64_t bits;

    if (mf_wire_uint(r, bytes, &bits) < 0)
        return MF_EINVAL;
    bits <<= 64 - 8 * bytes;
    *ret = mf_value_int((int64_t)bits >> (64 - 8 * bytes));
    return 0;
}

static int read_float(struct mf_wire *r, unsigned bytes, struct mf_value *ret)
{
    uint64_t bits;

    if (mf_wire_uint(r, bytes, &bits) < 0)
        return MF_EINVAL;
    *ret = mf_value_number(bytes == 4 ? mf_float32_read((uint32_t)bits) : mf_float64_read(bits));
    return 0;
}

/* First bytes 0xc0 to 0xdf. */
static int read_marked(struct mf_wire *r, uint8_t mark, struct mf_value *ret)
{
    unsigned low = mark & 3;

    switch (mark) {
    case 0xc0:
        *ret = mf_value_null();
        return 0;
    case 0xc2:
    case 0xc3:
        *ret = mf_value_bool(mark == 0xc3);
        return 0;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return read_sized(r, 1u << low, mf_wire_bytes, ret);
    case 0xc7:
    case 0xc8:
    case 0xc9:
        return read_sized(r, 1u << (mark - 0xc7), read_extension, ret);
    case 0xca:
    case 0xcb:
        return read_float(r, mark == 0xca ? 4 : 8, ret);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return read_unsigned(r, 1u << low, ret);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_signed(r, 1u << low, ret);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
        return read_extension(r, UINT64_C(1) << low, ret);
    case 0xd8:
        return read_extension(r, 16, ret);
    case 0xd9:
    case 0xda:
    case 0xdb:
        return read_sized(r, 1u << (mark - 0xd9), mf_wire_text, ret);
    case 0xdc:
    case 0xdd:
        return read_sized(r, mark == 0xdc ? 2 : 4, read_list, ret);
    case 0xde:
    case 0xdf:
        return read_sized(r, mark == 0xde ? 2 : 4, read_map, ret);
    default:
        r->pos--;
        return mf_wire_fail(r, MF_EINVAL, "0x%02x begins no value", mark);
    }
}

static int read_value(struct mf_wire *r, struct mf_value *ret)
{
    const uint8_t *p = mf_wire_take(r, 1);

    if (!p)
        return MF_EINVAL;
    if (*p < 0x80 || *p >= 0xe0) {
        *ret = mf_value_int((int8_t)*p);
        return 0;
    }
    if (*p < 0x90)
        return read_map(r, *p & 15, ret);
    if (*p < 0xa0)
        return read_list(r, *p & 15, ret);
    if (*p < 0xc0)
        return mf_wire_text(r, *p & 31, ret);
    return read_marked(r, *p, ret);
}

int mf_msgpack_read(const void *data, size_t len, struct mf_value *ret, struct mf_error *err)
{
    struct mf_wire r = {.data = data, .len = len, .err = err};
    struct mf_value value;
    int rc;

    if (len > MF_CODEC_SIZE)
        return mf_fail(err, MF_ELIMIT, "%zu bytes of MessagePack are over the limit of %u bytes",
                       len, MF_CODEC_SIZE);
    if ((rc = read_value(&r, &value)) < 0)
        return rc;
    if (r.pos < len) {
        mf_value_drop(value);
        return mf_wire_fail(&r, MF_EINVAL, "the value ends here, yet %zu bytes follow",
                            len - r.pos);
    }
    *ret = value;
    return 0;
}

/* ---- writing ---- */

static void put_mark(struct mf_buf *buf, unsigned mark, uint64_t value, unsigned bytes)
{
    mf_buf_putc(buf, (char)mark);
    mf_buf_be(buf, value, bytes);
}

/* A length in 1, 2 or 4 bytes behind `mark`, `mark` + 1 or `mark` + 2. */
static void put_length(struct mf_buf *buf, unsigned mark, size_t len)
{
    if (len <= UINT8_MAX)
        put_mark(buf, mark, len, 1);
    else if (len <= UINT16_MAX)
        put_mark(buf, mark + 1, len, 2);
    else
        put_mark(buf, mark + 2, len, 4);
}

static void write_int(int64_t integer, struct mf_buf *buf)
{
    if (integer >= -32 && integer <= INT8_MAX)
        mf_buf_putc(buf, (char)integer);
    else if (integer >= 0 && integer <= UINT8_MAX)
        put_mark(buf, 0xcc, (uint64_t)integer, 1);
    else if (integer >= 0 && integer <= UINT16_MAX)
        put_mark(buf, 0xcd, (uint64_t)integer, 2);
    else if (integer >= 0 && integer <= UINT32_MAX)
        put_mark(buf, 0xce, (uint64_t)integer, 4);
    else if (integer >= 0)
        put_mark(buf, 0xcf, (uint64_t)integer, 8);
    else if (integer >= INT8_MIN)
        put_mark(buf, 0xd0, (uint64_t)integer, 1);
    else if (integer >= INT16_MIN)
        put_mark(buf, 0xd1, (uint64_t)integer, 2);
    else if (integer >= INT32_MIN)
        put_mark(buf, 0xd2, (uint64_t)integer, 4);
    else
        put_mark(buf, 0xd3, (uint64_t)integer, 8);
}

static void write_double(double number, struct mf_buf *buf)
{
    uint32_t bits;

    if (mf_float32_write(number, &bits))
        put_mark(buf, 0xca, bits, 4);
    else
        put_mark(buf, 0xcb, mf_float64_write(number), 8);
}

static void write_run(const struct mf_value *value, struct mf_buf *buf)
{
    size_t len;
    const char *text = mf_value_text(value, &len);

    /* A text that is not UTF-8 would not be read again. */
    if (value->type == MF_BYTES || mf_utf8_valid(text, len) < len)
        put_length(buf, 0xc4, len);
    else if (len < 32)
        mf_buf_putc(buf, (char)(0xa0 | len));
    else
        put_length(buf, 0xd9, len);
    mf_buf_put(buf, text, len);
}

static void put_count(struct mf_buf *buf, unsigned small, unsigned mark, size_t count)
{
    if (count < 16)
        mf_buf_putc(buf, (char)(small | count));
    else if (count <= UINT16_MAX)
        put_mark(buf, mark, count, 2);
    else
        put_mark(buf, mark + 1, count, 4);
}

static void write_path(const struct mf_value *path, struct mf_buf *buf)
{
    struct mf_buf elements = {0};

    for (size_t i = 0; i < mf_value_count(path); i++)
        mf_msgpack_write(mf_value_at(path, i), &elements);
    if (elements.len && elements.len <= 16 && !(elements.len & (elements.len - 1)))
        mf_buf_putc(buf, (char)(0xd4 + __builtin_ctzl(elements.len)));
    else
        put_length(buf, 0xc7, elements.len);
    mf_buf_putc(buf, EXT_PATH);
    mf_buf_put(buf, elements.data, elements.len);
    mf_buf_done(&elements);
}

void mf_msgpack_write(const struct mf_value *value, struct mf_buf *buf)
{
    size_t count;

    switch (value->type) {
    case MF_BOOL:
        mf_buf_putc(buf, (char)(value->boolean ? 0xc3 : 0xc2));
        break;
    case MF_INT:
        write_int(value->integer, buf);
        break;
    case MF_NUMBER:
        write_double(value->number, buf);
        break;
    case MF_TEXT:
    case MF_BYTES:
        write_run(value, buf);
        break;
    case MF_LIST:
        count = mf_value_count(value);
        put_count(buf, 0x90, 0xdc, count);
        for (size_t i = 0; i < count; i++)
            mf_msgpack_write(mf_value_at(value, i), buf);
        break;
    case MF_MAP:
        count = mf_value_count(value);
        put_count(buf, 0x80, 0xde, count);
        for (size_t i = 0; i < count; i++) {
            mf_msgpack_write(mf_value_key(value, i), buf);
            mf_msgpack_write(mf_value_at(value, i), buf);
        }
        break;
    case MF_PATH:
        write_path(value, buf);
        break;
    default:
        mf_buf_putc(buf, (char)0xc0);
        break;
    }
}
