/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the two binary codecs share: a bounded reader, and floats of fewer bits. */

#include "engine/base/error.h"
#include "engine/value/build.h"

struct mf_wire {
    const uint8_t *data;
    size_t len, pos;
    unsigned depth;
    struct mf_error *err;
};

/* "byte 17: SENTENCE", for the byte at r->pos. */
int mf_wire_fail(const struct mf_wire *r, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Moves over the next bytes; NULL when there are not so many. */
const uint8_t *mf_wire_take(struct mf_wire *r, uint64_t len);
/* Big-endian integer of 1, 2, 4 or 8 bytes. */
int mf_wire_uint(struct mf_wire *r, unsigned bytes, uint64_t *ret);
/* A text or bytes of the next `len` bytes; texts are UTF-8. */
int mf_wire_text(struct mf_wire *r, uint64_t len, struct mf_value *ret);
int mf_wire_bytes(struct mf_wire *r, uint64_t len, struct mf_value *ret);
/* An integer of any length, as its big-endian size; `is_negative` is -1 - size, as CBOR has it. */
int mf_wire_big(const struct mf_wire *r, const uint8_t *bytes, size_t len, bool is_negative,
                struct mf_value *ret);
/* One more level; an error when there are too many. */
int mf_wire_enter(struct mf_wire *r);
/* Lists and maps are no keys, and no elements of a path. */
bool mf_wire_is_scalar(const struct mf_value *value);
/* A key and its value, in the format that `read_value` reads. */
typedef int mf_wire_read(struct mf_wire *r, struct mf_value *ret);
int mf_wire_pair(struct mf_wire *r, mf_wire_read *read_value, struct mf_builder *pairs);
int mf_wire_fail_twice(const struct mf_wire *r, struct mf_value take_key);

double mf_float16_read(uint16_t bits);
double mf_float32_read(uint32_t bits);
double mf_float64_read(uint64_t bits);
/* False when the number does not fit exactly. NaN always fits. */
bool mf_float16_write(double number, uint16_t *ret_bits);
bool mf_float32_write(double number, uint32_t *ret_bits);
uint64_t mf_float64_write(double number);
