/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * CBOR (RFC 8949), as MoaT's links speak it: tag 39 around a list is a path, tags 2
 * and 3 are big integers, `undefined` is null. Other tags say nothing to a flow and are
 * skipped. Written are definite lengths and the shortest form of each number.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "engine/value/wire.h"

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE };
enum { TAG_BIG = 2, TAG_BIG_NEGATIVE = 3, TAG_PATH = 39, TAG_NONE = 0 };
enum { MORE_1 = 24, MORE_2, MORE_4, MORE_8, INDEFINITE = 31, BREAK = 0xff };

struct head {
    enum major major;
    unsigned low; /* five bits */
    bool is_indefinite;
    uint64_t arg;
};

static int read_value(struct mf_wire *r, struct mf_value *ret);

/* ---- reading ---- */

static int read_head(struct mf_wire *r, struct head *ret)
{
    const uint8_t *p = mf_wire_take(r, 1);

    if (!p)
        return MF_EINVAL;
    *ret = (struct head){.major = *p >> 5, .low = *p & 31, .arg = *p & 31};
    if (ret->low < MORE_1)
        return 0;
    if (ret->low <= MORE_8)
        return mf_wire_uint(r, 1u << (ret->low - MORE_1), &ret->arg);
    ret->is_indefinite = ret->low == INDEFINITE && ret->major >= BYTES && ret->major <= MAP;
    if (ret->is_indefinite)
        return 0;
    r->pos--;
    return mf_wire_fail(
        r, MF_EINVAL,
        *p == BREAK ? "nothing is open that could end here" : "0x%02x begins no value", *p);
}

/* At the end of something of indefinite length: moves over the mark. */
static bool is_break(struct mf_wire *r)
{
    bool is_end = r->pos < r->len && r->data[r->pos] == BREAK;

    r->pos += is_end;
    return is_end;
}

/* Pieces of definite length, one after the other. */
static int read_pieces(struct mf_wire *r, enum major major, struct mf_value *ret)
{
    struct mf_buf all = {0};
    struct mf_wire whole;
    struct head piece;
    const uint8_t *p;
    int rc = 0;

    while (rc == 0 && !is_break(r)) {
        size_t at = r->pos;

        if ((rc = read_head(r, &piece)) < 0)
            break;
        if (piece.major != major || piece.is_indefinite) {
            r->pos = at;
            rc = mf_wire_fail(r, MF_EINVAL, "a piece of the same text or bytes is wanted");
        } else if ((p = mf_wire_take(r, piece.arg))) {
            mf_buf_put(&all, p, (size_t)piece.arg);
        } else {
            rc = MF_EINVAL;
        }
    }
    if (rc == 0) {
        whole = (struct mf_wire){(const uint8_t *)mf_buf_text(&all), all.len, .err = r->err};
        rc = major == TEXT ? mf_wire_text(&whole, all.len, ret)
                           : mf_wire_bytes(&whole, all.len, ret);
    }
    mf_buf_done(&all);
    return rc;
}

static int read_run(struct mf_wire *r, const struct head *head, struct mf_value *ret)
{
    if (head->is_indefinite)
        return read_pieces(r, head->major, ret);
    return head->major == TEXT ? mf_wire_text(r, head->arg, ret) : mf_wire_bytes(r, head->arg, ret);
}

/* True while items follow; counts them for definite lengths. */
static bool has_more(struct mf_wire *r, const struct head *head, uint64_t done)
{
    return head->is_indefinite ? !is_break(r) : done < head->arg;
}

static int read_items(struct mf_wire *r, const struct head *head, bool is_path,
                      struct mf_value *ret)
{
    struct mf_builder items;
    struct mf_value item;
    int rc = mf_wire_enter(r);

    mf_build_start(&items);
    for (uint64_t i = 0; rc == 0 && has_more(r, head, i); i++) {
        size_t at = r->pos;

        if ((rc = read_value(r, &item)) < 0)
            break;
        mf_build_take_item(&items, item);
        if (is_path && !mf_wire_is_scalar(&item)) {
            r->pos = at;
            rc = mf_wire_fail(r, MF_EINVAL, "a list, map or path cannot be in a path");
        }
    }
    if (rc < 0) {
        mf_build_drop(&items);
        return rc;
    }
    r->depth--;
    *ret = is_path ? mf_build_end_path(&items) : mf_build_end_list(&items);
    return 0;
}

static int read_map(struct mf_wire *r, const struct head *head, struct mf_value *ret)
{
    struct mf_builder pairs;
    struct mf_value map;
    int rc = mf_wire_enter(r);

    mf_build_start(&pairs);
    for (uint64_t i = 0; rc == 0 && has_more(r, head, i); i++)
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

static int read_simple(struct mf_wire *r, const struct head *head, struct mf_value *ret)
{
    switch (head->low) {
    case 20:
    case 21:
        *ret = mf_value_bool(head->low == 21);
        return 0;
    case 22: /* null */
    case 23: /* undefined */
        *ret = mf_value_null();
        return 0;
    case MORE_2:
        *ret = mf_value_number(mf_float16_read((uint16_t)head->arg));
        return 0;
    case MORE_4:
        *ret = mf_value_number(mf_float32_read((uint32_t)head->arg));
        return 0;
    case MORE_8:
        *ret = mf_value_number(mf_float64_read(head->arg));
        return 0;
    default:
        return mf_wire_fail(r, MF_EINVAL, "the simple value %llu means nothing here",
                            (unsigned long long)head->arg);
    }
}

static int read_integer(struct mf_wire *r, const struct head *head, struct mf_value *ret)
{
    if (head->arg > INT64_MAX)
        return mf_wire_fail(r, MF_EINVAL, "the integer before does not fit in 64 bits");
    *ret = mf_value_int(head->major == NEGATIVE ? -1 - (int64_t)head->arg : (int64_t)head->arg);
    return 0;
}

static int read_big(struct mf_wire *r, const struct head *head, bool is_negative,
                    struct mf_value *ret)
{
    struct mf_value bytes;
    const char *p;
    size_t len;
    int rc;

    if ((rc = read_run(r, head, &bytes)) < 0)
        return rc;
    p = mf_value_text(&bytes, &len);
    rc = mf_wire_big(r, (const uint8_t *)p, len, is_negative, ret);
    mf_value_drop(bytes);
    return rc;
}

static int read_value(struct mf_wire *r, struct mf_value *ret)
{
    uint64_t tag = TAG_NONE;
    struct head head;
    int rc;

    /* A loop, so that a long row of tags needs no depth; the innermost one counts. */
    while ((rc = read_head(r, &head)) == 0 && head.major == TAG)
        tag = head.arg;
    if (rc < 0)
        return rc;
    switch (head.major) {
    case UNSIGNED:
    case NEGATIVE:
        return read_integer(r, &head, ret);
    case BYTES:
        if (tag == TAG_BIG || tag == TAG_BIG_NEGATIVE)
            return read_big(r, &head, tag == TAG_BIG_NEGATIVE, ret);
        return read_run(r, &head, ret);
    case TEXT:
        return read_run(r, &head, ret);
    case LIST:
        return read_items(r, &head, tag == TAG_PATH, ret);
    case MAP:
        return read_map(r, &head, ret);
    default:
        return read_simple(r, &head, ret);
    }
}

int mf_cbor_read(const void *data, size_t len, struct mf_value *ret, struct mf_error *err)
{
    struct mf_wire r = {.data = data, .len = len, .err = err};
    struct mf_value value;
    int rc;

    if (len > MF_CODEC_SIZE)
        return mf_fail(err, MF_ELIMIT, "%zu bytes of CBOR are over the limit of %u bytes", len,
                       MF_CODEC_SIZE);
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

static void put_head(struct mf_buf *buf, enum major major, uint64_t arg)
{
    unsigned first = (unsigned)major << 5;

    if (arg < MORE_1) {
        mf_buf_putc(buf, (char)(first | arg));
        return;
    }
    if (arg <= UINT8_MAX) {
        mf_buf_putc(buf, (char)(first | MORE_1));
        mf_buf_be(buf, arg, 1);
    } else if (arg <= UINT16_MAX) {
        mf_buf_putc(buf, (char)(first | MORE_2));
        mf_buf_be(buf, arg, 2);
    } else if (arg <= UINT32_MAX) {
        mf_buf_putc(buf, (char)(first | MORE_4));
        mf_buf_be(buf, arg, 4);
    } else {
        mf_buf_putc(buf, (char)(first | MORE_8));
        mf_buf_be(buf, arg, 8);
    }
}

static void put_simple(struct mf_buf *buf, unsigned low, uint64_t bits, unsigned bytes)
{
    mf_buf_putc(buf, (char)((unsigned)SIMPLE << 5 | low));
    mf_buf_be(buf, bits, bytes);
}

static void write_double(double number, struct mf_buf *buf)
{
    uint16_t half;
    uint32_t single;

    if (mf_float16_write(number, &half))
        put_simple(buf, MORE_2, half, 2);
    else if (mf_float32_write(number, &single))
        put_simple(buf, MORE_4, single, 4);
    else
        put_simple(buf, MORE_8, mf_float64_write(number), 8);
}

static void write_run(const struct mf_value *value, struct mf_buf *buf)
{
    size_t len;
    const char *text = mf_value_text(value, &len);

    /* A text that is not UTF-8 would not be read again. */
    if (value->type == MF_BYTES || mf_utf8_valid(text, len) < len)
        put_head(buf, BYTES, len);
    else
        put_head(buf, TEXT, len);
    mf_buf_put(buf, text, len);
}

void mf_cbor_write(const struct mf_value *value, struct mf_buf *buf)
{
    size_t count;

    switch (value->type) {
    case MF_BOOL:
        put_simple(buf, value->boolean ? 21 : 20, 0, 0);
        break;
    case MF_INT:
        if (value->integer < 0)
            put_head(buf, NEGATIVE, (uint64_t)(-1 - value->integer));
        else
            put_head(buf, UNSIGNED, (uint64_t)value->integer);
        break;
    case MF_NUMBER:
        write_double(value->number, buf);
        break;
    case MF_TEXT:
    case MF_BYTES:
        write_run(value, buf);
        break;
    case MF_PATH:
    case MF_LIST:
        count = mf_value_count(value);
        if (value->type == MF_PATH)
            put_head(buf, TAG, TAG_PATH);
        put_head(buf, LIST, count);
        for (size_t i = 0; i < count; i++)
            mf_cbor_write(mf_value_at(value, i), buf);
        break;
    case MF_MAP:
        count = mf_value_count(value);
        put_head(buf, MAP, count);
        for (size_t i = 0; i < count; i++) {
            mf_cbor_write(mf_value_key(value, i), buf);
            mf_cbor_write(mf_value_at(value, i), buf);
        }
        break;
    default:
        put_simple(buf, 22, 0, 0);
        break;
    }
}
