/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Equality and order of values by content. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/value/block.h"
#include "engine/value/value.h"

/* Exact: a double beside an int64 is not rounded, as converting the int would be. NaN is last. */
static int compare_mixed(int64_t integer, double number)
{
    int64_t whole;

    if (isnan(number) || number >= 0x1p63)
        return -1;
    if (number < -0x1p63)
        return 1;
    whole = (int64_t)number;
    if (integer != whole)
        return integer < whole ? -1 : 1;
    return number > (double)whole ? -1 : number < (double)whole;
}

static int compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return !!isnan(a) - !!isnan(b);
    return (a > b) - (a < b);
}

static int compare_numbers(const struct mf_value *a, const struct mf_value *b)
{
    if (a->type == MF_INT && b->type == MF_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (a->type == MF_INT)
        return compare_mixed(a->integer, b->number);
    if (b->type == MF_INT)
        return -compare_mixed(b->integer, a->number);
    return compare_doubles(a->number, b->number);
}

static int compare_runs(const struct mf_value *a, const struct mf_value *b)
{
    size_t a_len, b_len;
    const char *a_text = mf_value_text(a, &a_len), *b_text = mf_value_text(b, &b_len);
    int order = memcmp(a_text, b_text, a_len < b_len ? a_len : b_len);

    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_lists(const struct mf_value *a, const struct mf_value *b)
{
    size_t a_count = mf_value_count(a), b_count = mf_value_count(b);

    for (size_t i = 0; i < a_count && i < b_count; i++) {
        int order = mf_value_compare(mf_value_at(a, i), mf_value_at(b, i));

        if (order)
            return order;
    }
    return (a_count > b_count) - (a_count < b_count);
}

static int by_key(const void *a, const void *b)
{
    return mf_value_compare(*(const struct mf_value *const *)a, *(const struct mf_value *const *)b);
}

/* Pointers to the keys in their order; the value lies behind its key. */
static const struct mf_value **sort_keys(const struct mf_value *map, size_t count)
{
    const struct mf_value **keys = mf_calloc_array(count, sizeof(*keys));

    for (size_t i = 0; i < count; i++)
        keys[i] = mf_value_key(map, i);
    qsort(keys, count, sizeof(*keys), by_key);
    return keys;
}

static int compare_maps(const struct mf_value *a, const struct mf_value *b)
{
    size_t count = mf_value_count(a), b_count = mf_value_count(b);
    const struct mf_value **a_keys, **b_keys;
    int order = 0;

    if (count != b_count)
        return count < b_count ? -1 : 1;
    a_keys = sort_keys(a, count);
    b_keys = sort_keys(b, count);
    for (size_t i = 0; i < count && !order; i++)
        order = mf_value_compare(a_keys[i], b_keys[i]);
    for (size_t i = 0; i < count && !order; i++)
        order = mf_value_compare(a_keys[i] + 1, b_keys[i] + 1);
    mf_free(a_keys);
    mf_free(b_keys);
    return order;
}

static bool equal_maps(const struct mf_value *a, const struct mf_value *b)
{
    size_t count = mf_value_count(a);

    if (count != mf_value_count(b))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct mf_value *key = mf_value_key(a, i), *other;

        /* Nearly always both come from the same writer, in the same order. */
        other =
            mf_value_equal(key, mf_value_key(b, i)) ? mf_value_at(b, i) : mf_value_get_by(b, key);
        if (!other || !mf_value_equal(mf_value_at(a, i), other))
            return false;
    }
    return true;
}

/* Int and number are one type when values are put in order. */
static unsigned rank_of(uint8_t type)
{
    return type == MF_INT ? MF_NUMBER : type;
}

bool mf_value_equal(const struct mf_value *a, const struct mf_value *b)
{
    size_t count;

    if (rank_of(a->type) != rank_of(b->type))
        return false;
    switch (a->type) {
    case MF_NULL:
        return true;
    case MF_BOOL:
        return a->boolean == b->boolean;
    case MF_INT:
    case MF_NUMBER:
        return compare_numbers(a, b) == 0;
    case MF_TEXT:
    case MF_BYTES: /* unused bytes of a handle are zero */
        return a->length == b->length && (memcmp(a, b, sizeof(*a)) == 0 ||
                                          (mf_value_has_block(a) && compare_runs(a, b) == 0));
    case MF_MAP:
        return (mf_value_has_block(a) && mf_value_has_block(b) && a->block == b->block) ||
               equal_maps(a, b);
    default:
        count = mf_value_count(a);
        if (count != mf_value_count(b))
            return false;
        if (count && a->block == b->block)
            return true;
        for (size_t i = 0; i < count; i++)
            if (!mf_value_equal(mf_value_at(a, i), mf_value_at(b, i)))
                return false;
        return true;
    }
}

int mf_value_compare(const struct mf_value *a, const struct mf_value *b)
{
    unsigned a_rank = rank_of(a->type), b_rank = rank_of(b->type);

    if (a_rank != b_rank)
        return a_rank < b_rank ? -1 : 1;
    switch (a->type) {
    case MF_NULL:
        return 0;
    case MF_BOOL:
        return a->boolean - b->boolean;
    case MF_INT:
    case MF_NUMBER:
        return compare_numbers(a, b);
    case MF_TEXT:
    case MF_BYTES:
        return compare_runs(a, b);
    case MF_MAP:
        return compare_maps(a, b);
    default:
        return compare_lists(a, b);
    }
}
