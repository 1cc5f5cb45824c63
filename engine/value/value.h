/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Values: immutable, counted, loop thread only.
 *
 * `struct mf_value` is a handle of 16 bytes, passed by value. Null, booleans,
 * numbers and texts of up to 14 bytes live in the handle; the rest is one
 * counted block. Nobody changes a value after it was built: builders are in
 * engine/value/build.h. Zeroed memory is the null value.
 *
 * Who owns what is in the name:
 *   mf_value_new_…, mf_value_copy   the caller owns the result (mf_value_drop)
 *   mf_…_take_…                     the callee eats the argument, also on failure
 *   all other arguments and results are borrowed
 * Dropping or copying a value without a block costs one branch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mf_value_type {
    MF_NULL,
    MF_BOOL,
    MF_INT,    /* int64_t, exact */
    MF_NUMBER, /* double */
    MF_TEXT,   /* UTF-8 by convention; bytes are kept as they came */
    MF_BYTES,
    MF_LIST,
    MF_MAP,  /* pairs in order of insertion; keys are values, usually text */
    MF_PATH, /* a MoaT path: a list of scalar elements, see engine/value/path.h */
    MF_VALUE_TYPES,
};

/* Sets of types, for ports. */
#define MF_T(type) (1u << (type))
#define MF_T_NUMERIC (MF_T(MF_INT) | MF_T(MF_NUMBER))
#define MF_T_ANY ((1u << MF_VALUE_TYPES) - 1)

enum { MF_VALUE_INLINE = 14 }; /* bytes of text that need no block */

/* Levels of containers in one value, and its memory with shared parts counted each time: a loop
 * that packs its own output into a list ends here. See engine/value/build.h. */
enum { MF_VALUE_DEPTH = 64, MF_VALUE_SIZE = 512 * 1024 * 1024 };

struct mf_block;

struct mf_value {
    uint8_t type;   /* enum mf_value_type */
    uint8_t length; /* inline text or bytes; MF_VALUE_BLOCK if there is a block */
    char head[6];   /* inline text begins here and runs on into the union */
    union {
        double number;
        int64_t integer;
        bool boolean;
        struct mf_block *block;
        char tail[8];
    };
};
_Static_assert(sizeof(struct mf_value) == 16, "a value is a handle of 16 bytes");

#define MF_VALUE_BLOCK 255

extern const char *const mf_value_type_names[]; /* null bool int number text bytes list map path */

/* Prints a set of types for people: "number", "int or number", "anything". `out` holds 96 bytes. */
const char *mf_types_print(uint32_t types, char out[96]);

/* ---- life ---- */

void mf_value_drop_block(struct mf_value value); /* slow halves of the two below */
void mf_value_copy_block(struct mf_value value);

static inline struct mf_value mf_value_copy(struct mf_value value)
{
    if (value.length == MF_VALUE_BLOCK)
        mf_value_copy_block(value);
    return value;
}

static inline void mf_value_drop(struct mf_value value)
{
    if (value.length == MF_VALUE_BLOCK)
        mf_value_drop_block(value);
}

static inline struct mf_value mf_value_null(void)
{
    return (struct mf_value){.type = MF_NULL};
}
static inline struct mf_value mf_value_bool(bool b)
{
    return (struct mf_value){.type = MF_BOOL, .boolean = b};
}
static inline struct mf_value mf_value_int(int64_t i)
{
    return (struct mf_value){.type = MF_INT, .integer = i};
}
static inline struct mf_value mf_value_number(double d)
{
    return (struct mf_value){.type = MF_NUMBER, .number = d};
}

struct mf_value mf_value_new_text(const char *text);
struct mf_value mf_value_new_text_n(const char *text, size_t len);
struct mf_value mf_value_new_bytes(const void *data, size_t len);

/* ---- looking inside; the type is the caller's business (asserted) ---- */

/* Texts, bytes: not NUL-terminated when inline. The pointer lives as long as `*value` stays where
 * it is and is not dropped. */
const char *mf_value_text(const struct mf_value *value, size_t *ret_len);
/* The double of an int or number. */
static inline double mf_value_as_number(const struct mf_value *value)
{
    return value->type == MF_INT ? (double)value->integer : value->number;
}

size_t mf_value_count(const struct mf_value *value); /* list, map, path */
const struct mf_value *mf_value_at(const struct mf_value *value,
                                   size_t i); /* list, path; map: value */
const struct mf_value *mf_value_key(const struct mf_value *value, size_t i); /* map */
/* NULL if absent. Linear for small maps, hashed above 16 pairs. */
const struct mf_value *mf_value_get(const struct mf_value *map, const char *key, size_t len);

/* Equality by content. An int equals a number when the mathematical values are equal; NaN equals
 * NaN (so that on_change settles). Maps are equal irrespective of the order of their pairs. */
bool mf_value_equal(const struct mf_value *a, const struct mf_value *b);
/* Total order: by type (int and number are one type), then by content. */
int mf_value_compare(const struct mf_value *a, const struct mf_value *b);
/* "true" for Lua: everything but null and false. */
static inline bool mf_value_is_true(const struct mf_value *value)
{
    return value->type == MF_BOOL ? value->boolean : value->type != MF_NULL;
}

/* Memory the value holds beside its handle, for queue and metric accounting. */
size_t mf_value_size(const struct mf_value *value);

struct mf_buf;
/* As a person reads it: text bare, numbers shortest, the rest as JSON; bytes as hex. */
void mf_value_print(const struct mf_value *value, struct mf_buf *buf);
