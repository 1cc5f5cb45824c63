/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values: handles, their blocks, and looking inside. */

#include "engine/value/value.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/hash.h"
#include "engine/value/block.h"

const char *const mf_value_type_names[] = {"null",  "bool", "int", "number", "text",
                                           "bytes", "list", "map", "path"};
_Static_assert(sizeof(mf_value_type_names) / sizeof(*mf_value_type_names) == MF_VALUE_TYPES,
               "every type has a name");

static size_t append(char *out, size_t used, const char *text)
{
    size_t len = strlen(text);

    memcpy(out + used, text, len + 1);
    return used + len;
}

const char *mf_types_print(uint32_t types, char out[96])
{
    unsigned left = (unsigned)__builtin_popcount(types & MF_T_ANY);
    size_t used = 0;

    if (left == 0 || (types & MF_T_ANY) == MF_T_ANY) {
        append(out, 0, left ? "anything" : "nothing");
        return out;
    }
    for (unsigned type = 0; type < MF_VALUE_TYPES; type++) {
        if (!(types & MF_T(type)))
            continue;
        used = append(out, used, mf_value_type_names[type]);
        left--;
        if (left)
            used = append(out, used, left == 1 ? " or " : ", ");
    }
    return out;
}

/* ---- life ---- */

static bool has_items(uint8_t type)
{
    return type == MF_LIST || type == MF_MAP || type == MF_PATH;
}

/* Recursion ends: builders keep values within MF_VALUE_DEPTH levels. */
void mf_value_drop_block(struct mf_value value)
{
    struct mf_block *block = value.block;

    assert(block->refs > 0);
    if (--block->refs > 0)
        return;
    if (has_items(value.type)) {
        struct mf_value *items = mf_block_items(block);

        for (size_t i = 0; i < block->count; i++)
            mf_value_drop(items[i]);
        mf_free(block->slots);
    }
    mf_free(block);
}

void mf_value_copy_block(struct mf_value value)
{
    assert(value.block->refs > 0 && value.block->refs < UINT32_MAX);
    value.block->refs++;
}

static struct mf_value new_run(enum mf_value_type type, const void *data, size_t len)
{
    struct mf_value value = {.type = (uint8_t)type};
    struct mf_block *block;

    if (len <= MF_VALUE_INLINE) {
        value.length = (uint8_t)len;
        if (len)
            memcpy((char *)&value + offsetof(struct mf_value, head), data, len);
        return value;
    }
    block = mf_alloc(sizeof(*block) + len + 1);
    *block = (struct mf_block){.refs = 1, .count = len, .size = sizeof(*block) + len + 1};
    memcpy(mf_block_bytes(block), data, len);
    mf_block_bytes(block)[len] = 0;
    value.length = MF_VALUE_BLOCK;
    value.block = block;
    return value;
}

struct mf_value mf_value_new_text(const char *text)
{
    return new_run(MF_TEXT, text, strlen(text));
}

struct mf_value mf_value_new_text_n(const char *text, size_t len)
{
    return new_run(MF_TEXT, text, len);
}

struct mf_value mf_value_new_bytes(const void *data, size_t len)
{
    return new_run(MF_BYTES, data, len);
}

/* ---- looking inside ---- */

const char *mf_value_text(const struct mf_value *value, size_t *ret_len)
{
    assert(value->type == MF_TEXT || value->type == MF_BYTES);
    if (mf_value_has_block(value)) {
        *ret_len = value->block->count;
        return mf_block_bytes(value->block);
    }
    *ret_len = value->length;
    return (const char *)value + offsetof(struct mf_value, head);
}

size_t mf_value_count(const struct mf_value *value)
{
    assert(has_items(value->type));
    if (!mf_value_has_block(value))
        return 0;
    return value->type == MF_MAP ? value->block->count / 2 : value->block->count;
}

const struct mf_value *mf_value_at(const struct mf_value *value, size_t i)
{
    assert(i < mf_value_count(value));
    return &mf_block_items(value->block)[value->type == MF_MAP ? 2 * i + 1 : i];
}

const struct mf_value *mf_value_key(const struct mf_value *value, size_t i)
{
    assert(value->type == MF_MAP && i < mf_value_count(value));
    return &mf_block_items(value->block)[2 * i];
}

static uint64_t hash_number(double number)
{
    if (number >= -0x1p63 && number < 0x1p63 && (double)(int64_t)number == number) {
        int64_t integer = (int64_t)number;

        return mf_hash(&integer, sizeof(integer));
    }
    if (isnan(number))
        number = NAN; /* all of them are equal */
    return mf_hash(&number, sizeof(number));
}

uint64_t mf_value_hash(const struct mf_value *value)
{
    const char *text;
    uint64_t sum = value->type;
    size_t len;

    switch (value->type) {
    case MF_BOOL:
        return mf_hash(&value->boolean, sizeof(value->boolean));
    case MF_INT:
        return mf_hash(&value->integer, sizeof(value->integer));
    case MF_NUMBER:
        return hash_number(value->number);
    case MF_TEXT:
    case MF_BYTES:
        text = mf_value_text(value, &len);
        return mf_hash(text, len);
    case MF_LIST:
    case MF_PATH:
        for (size_t i = 0; i < mf_value_count(value); i++)
            sum = sum * 31 + mf_value_hash(mf_value_at(value, i));
        return mf_hash(&sum, sizeof(sum));
    case MF_MAP: /* order does not count */
        for (size_t i = 0; i < mf_value_count(value); i++)
            sum += mf_value_hash(mf_value_key(value, i));
        return mf_hash(&sum, sizeof(sum));
    default:
        return 0;
    }
}

uint32_t *mf_block_find(uint32_t *slots, size_t slot_count, const struct mf_value *items,
                        const struct mf_value *key)
{
    size_t mask = slot_count - 1, i = mf_value_hash(key) & mask;

    while (slots[i] && !mf_value_equal(&items[2 * (size_t)(slots[i] - 1)], key))
        i = (i + 1) & mask;
    return &slots[i];
}

const struct mf_value *mf_value_get_by(const struct mf_value *map, const struct mf_value *key)
{
    size_t pairs = mf_value_count(map);
    const struct mf_value *items;
    uint32_t slot;

    assert(map->type == MF_MAP);
    if (!pairs)
        return NULL;
    items = mf_block_items(map->block);
    if (map->block->slots) {
        slot = *mf_block_find(map->block->slots, mf_block_slots(pairs), items, key);
        return slot ? &items[2 * (size_t)slot - 1] : NULL;
    }
    for (size_t i = 0; i < pairs; i++)
        if (mf_value_equal(&items[2 * i], key))
            return &items[2 * i + 1];
    return NULL;
}

static bool is_text(const struct mf_value *value, const char *text, size_t len)
{
    const char *own;
    size_t own_len;

    if (value->type != MF_TEXT)
        return false;
    own = mf_value_text(value, &own_len);
    return own_len == len && memcmp(own, text, len) == 0;
}

const struct mf_value *mf_value_get(const struct mf_value *map, const char *key, size_t len)
{
    size_t pairs = mf_value_count(map), i, mask;
    const struct mf_value *items;
    const uint32_t *slots;

    assert(map->type == MF_MAP);
    if (!pairs)
        return NULL;
    items = mf_block_items(map->block);
    slots = map->block->slots;
    if (!slots) {
        for (i = 0; i < pairs; i++)
            if (is_text(&items[2 * i], key, len))
                return &items[2 * i + 1];
        return NULL;
    }
    mask = mf_block_slots(pairs) - 1;
    for (i = mf_hash(key, len) & mask; slots[i]; i = (i + 1) & mask)
        if (is_text(&items[2 * (size_t)(slots[i] - 1)], key, len))
            return &items[2 * (size_t)slots[i] - 1];
    return NULL;
}

size_t mf_value_size(const struct mf_value *value)
{
    return mf_value_has_block(value) ? value->block->size : 0;
}
