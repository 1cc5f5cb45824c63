/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Codecs: JSON, MessagePack, CBOR, text, number, bool, raw.
 *
 * Readers are bounded: they never reserve memory for a count that the remaining
 * bytes cannot hold, stop at `MF_CODEC_DEPTH` levels, and read exactly one value
 * from the whole input. int64 stays exact. Writers print the shortest number
 * that reads back.
 *
 * JSON        RFC 8259. Duplicate keys are errors; integers beyond int64 and
 *             numbers beyond double are errors with the position; a lone
 *             surrogate escape is an error; trailing bytes are errors.
 *             Bytes are written as base64 text, paths in dotted form, NaN and
 *             infinities as null.
 * MessagePack the MoaT dialect: ext 3 is a path, ext 2 a big integer (error when beyond int64),
 *             ext 4 a proxy (its name as text, `_` is null), ext -1 a time stamp (unix seconds);
 *             others become bytes. Doubles are written as float32 only when that is exact.
 * CBOR        RFC 8949; tag 39 is a path, tags 2 and 3 big integers, other tags are dropped,
 * indefinite lengths are read, half floats are read and written where exact.
 */

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum { MF_CODEC_DEPTH = 64 };
#define MF_CODEC_SIZE (16u * 1024 * 1024) /* bytes of one encoded value, reading */

enum mf_format {
    MF_FORMAT_JSON,
    MF_FORMAT_TEXT,
    MF_FORMAT_NUMBER,
    MF_FORMAT_BOOL,
    MF_FORMAT_MSGPACK,
    MF_FORMAT_CBOR,
    MF_FORMAT_RAW,
};
extern const char *const mf_format_names[]; /* ended by NULL */

/* Reads all of data[0..len). 0 or negative with `err` filled ("byte 17: a comma or } is wanted,
 * `x` came"). `number` reads JSON-like numbers with blanks around them; `bool` reads true/false,
 * on/off, yes/no, 1/0, any case; `text` must be UTF-8; `raw` gives bytes. */
int mf_decode(enum mf_format format, const void *data, size_t len, struct mf_value *ret,
              struct mf_error *err);
/* Appends. Fails only when the value cannot be said in that format (a list as `number`). */
int mf_encode(enum mf_format format, const struct mf_value *value, struct mf_buf *buf,
              struct mf_error *err);
/* Types that decoding yields, a set for ports. */
uint32_t mf_format_types(enum mf_format format);

int mf_json_read(const char *text, size_t len, struct mf_value *ret, struct mf_error *err);
/* Reads only the members named in `fields` of a top-level object, into ret[0..count) (null when
 * absent), and checks the rest as strictly: for JSON lines. Results are owned by the caller; after
 * an error all of them are null. */
int mf_json_read_fields(const char *text, size_t len, const char *const *fields, size_t count,
                        struct mf_value *ret, struct mf_error *err);
void mf_json_write(const struct mf_value *value, struct mf_buf *buf);
void mf_json_write_pretty(const struct mf_value *value, struct mf_buf *buf);

int mf_msgpack_read(const void *data, size_t len, struct mf_value *ret, struct mf_error *err);
void mf_msgpack_write(const struct mf_value *value, struct mf_buf *buf);

int mf_cbor_read(const void *data, size_t len, struct mf_value *ret, struct mf_error *err);
void mf_cbor_write(const struct mf_value *value, struct mf_buf *buf);
