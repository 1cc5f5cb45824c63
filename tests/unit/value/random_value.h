/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Random values for round trips: all types, edges of numbers, texts around the inline size. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/text.h"
#include "engine/value/build.h"
#include "engine/value/value.h"

static inline struct mf_value random_int(struct mf_rng *rng)
{
    static const int64_t edges[] = {
        0,      1,     -1,    23,        24,        -24,        -25,       -32,       -33,
        127,    128,   -128,  -129,      255,       256,        -256,      -257,      32767,
        -32768, 65535, 65536, INT32_MAX, INT32_MIN, UINT32_MAX, 1LL << 32, INT64_MAX, INT64_MIN};

    if (mf_rng_below(rng, 2))
        return mf_value_int(edges[mf_rng_below(rng, sizeof(edges) / sizeof(*edges))]);
    return mf_value_int((int64_t)mf_rng_next(rng) >> mf_rng_below(rng, 64));
}

static inline struct mf_value random_number(struct mf_rng *rng)
{
    static const double edges[] = {0.0,     -0.0,    0.5,      1.5,    0.1,          65504,  65505,
                                   6e-8,    6.1e-5,  1e300,    5e-324, 3.4028234e38, 3.5e38, 1e-45,
                                   0x1p-24, 0x1p-25, 0x1p-149, 0x1p63, -0x1p63};
    uint64_t bits;
    double number;

    if (mf_rng_below(rng, 2))
        return mf_value_number(edges[mf_rng_below(rng, sizeof(edges) / sizeof(*edges))]);
    do {
        bits = mf_rng_next(rng);
        memcpy(&number, &bits, sizeof(number));
    } while (!isfinite(number));
    return mf_value_number(number);
}

static inline struct mf_value random_text(struct mf_rng *rng)
{
    static const uint32_t codes[] = {'a',  'z', ' ',  '"',  '\\',   ':',     '.',     '/',
                                     '\n', 0,   0x7f, 0xe4, 0x20ac, 0x1f600, 0x10ffff};
    uint64_t count = mf_rng_below(rng, 20);
    char text[80];
    size_t len = 0;

    for (uint64_t i = 0; i < count; i++)
        len += mf_utf8_put(codes[mf_rng_below(rng, sizeof(codes) / sizeof(*codes))], text + len);
    return mf_value_new_text_n(text, len);
}

static inline struct mf_value random_bytes(struct mf_rng *rng)
{
    size_t len = (size_t)mf_rng_below(rng, 20);
    char bytes[20];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)mf_rng_next(rng);
    return mf_value_new_bytes(bytes, len);
}

/* Everything but lists, maps and paths. `types` is a set of MF_T(). */
static inline struct mf_value random_scalar(struct mf_rng *rng, uint32_t types)
{
    for (;;) {
        uint64_t type = mf_rng_below(rng, MF_LIST);

        if (!(types & MF_T(type)))
            continue;
        switch (type) {
        case MF_BOOL:
            return mf_value_bool(mf_rng_below(rng, 2));
        case MF_INT:
            return random_int(rng);
        case MF_NUMBER:
            return random_number(rng);
        case MF_TEXT:
            return random_text(rng);
        case MF_BYTES:
            return random_bytes(rng);
        default:
            return mf_value_null();
        }
    }
}

static inline struct mf_value random_value(struct mf_rng *rng, uint32_t types, unsigned depth)
{
    uint64_t pick = mf_rng_below(rng, 8), count = mf_rng_below(rng, 4);
    struct mf_builder builder;

    if (mf_rng_below(rng, 40) == 0)
        count = 40; /* more than a linear map holds */
    mf_build_start(&builder);
    if (depth && pick == 0) {
        for (uint64_t i = 0; i < count; i++)
            mf_build_take_item(&builder, random_value(rng, types, depth - 1));
        return mf_build_end_list(&builder);
    }
    if (depth && pick == 1) {
        for (uint64_t i = 0; i < count; i++)
            mf_build_take_pair(
                &builder, types & MF_T(MF_BYTES) ? random_scalar(rng, types) : random_text(rng),
                random_value(rng, types, depth - 1));
        return mf_build_end_map(&builder);
    }
    if (pick == 2 && types & MF_T(MF_PATH)) {
        for (uint64_t i = 0; i < count; i++)
            mf_build_take_item(&builder, random_scalar(rng, types));
        return mf_build_end_path(&builder);
    }
    return random_scalar(rng, types);
}
