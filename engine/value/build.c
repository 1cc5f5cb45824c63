/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Building containers: the items are collected in the block that becomes the
 * value, so that ending costs no copy. Keys that came twice are found at the end.
 */

#include "engine/value/build.h"

#include <assert.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/value/block.h"

enum { FIRST_ROOM = 4 };

void mf_build_start(struct mf_builder *builder)
{
    *builder = (struct mf_builder){0};
}

static void grow(struct mf_builder *builder)
{
    size_t room = builder->room ? 2 * builder->room : FIRST_ROOM;

    builder->block =
        mf_realloc(builder->block, sizeof(struct mf_block) + room * sizeof(struct mf_value));
    builder->room = room;
}

/* An empty container has no block, yet it is a level. */
static uint32_t depth_of(const struct mf_value *item)
{
    return mf_value_has_block(item) ? item->block->depth : item->type >= MF_LIST;
}

void mf_build_take_item(struct mf_builder *builder, struct mf_value item)
{
    uint32_t depth = depth_of(&item);

    if (depth >= MF_VALUE_DEPTH || mf_value_size(&item) > MF_VALUE_SIZE - builder->size) {
        mf_value_drop(item);
        item = mf_value_null();
        depth = 0;
    }
    builder->size += mf_value_size(&item);
    if (depth > builder->depth)
        builder->depth = depth;
    if (builder->count == builder->room)
        grow(builder);
    mf_block_items(builder->block)[builder->count++] = item;
}

void mf_build_take_pair(struct mf_builder *builder, struct mf_value key, struct mf_value value)
{
    mf_build_take_item(builder, key);
    mf_build_take_item(builder, value);
}

void mf_build_take_field(struct mf_builder *builder, const char *key, struct mf_value value)
{
    mf_build_take_pair(builder, mf_value_new_text(key), value);
}

static struct mf_value end(struct mf_builder *builder, enum mf_value_type type, uint32_t *slots)
{
    struct mf_value value = {.type = (uint8_t)type};
    struct mf_block *block = builder->block;
    size_t bytes = sizeof(*block) + builder->count * sizeof(struct mf_value);

    if (builder->count) {
        /* Half of a large block may be unused; a small one is not worth the call. */
        if (builder->room - builder->count > MF_BLOCK_LINEAR)
            block = mf_realloc(block, bytes);
        *block = (struct mf_block){
            .refs = 1,
            .depth = builder->depth + 1,
            .count = builder->count,
            .size = bytes + builder->size,
            .slots = slots,
        };
        if (slots)
            block->size += mf_block_slots(builder->count / 2) * sizeof(*slots);
        value.length = MF_VALUE_BLOCK;
        value.block = block;
    }
    *builder = (struct mf_builder){0};
    return value;
}

struct mf_value mf_build_end_list(struct mf_builder *builder)
{
    return end(builder, MF_LIST, NULL);
}

struct mf_value mf_build_end_path(struct mf_builder *builder)
{
    return end(builder, MF_PATH, NULL);
}

/* The pair before `pair` with the same key, or `pair` itself; enters it into the slots. */
static size_t find_earlier(const struct mf_value *items, size_t pair, uint32_t *slots,
                           size_t slot_count)
{
    if (slots) {
        uint32_t *slot = mf_block_find(slots, slot_count, items, &items[2 * pair]);

        if (!*slot)
            *slot = (uint32_t)pair + 1;
        return *slot - 1;
    }
    for (size_t i = 0; i < pair; i++)
        if (mf_value_equal(&items[2 * i], &items[2 * pair]))
            return i;
    return pair;
}

/* Merges pairs with the same key, or, when `is_strict`, stops at the first one. */
static bool end_map(struct mf_builder *builder, bool is_strict, struct mf_value *ret)
{
    size_t pairs = builder->count / 2, kept = 0, slot_count = mf_block_slots(pairs);
    struct mf_value *items = pairs ? mf_block_items(builder->block) : NULL;
    uint32_t *slots = NULL;

    assert(builder->count % 2 == 0);
    if (pairs > MF_BLOCK_LINEAR)
        slots = mf_calloc_array(slot_count, sizeof(*slots));
    for (size_t i = 0; i < pairs; i++) {
        struct mf_value key = items[2 * i], value = items[2 * i + 1];
        size_t same;

        items[2 * kept] = key;
        items[2 * kept + 1] = value;
        same = find_earlier(items, kept, slots, slot_count);
        if (same == kept) {
            kept++;
            continue;
        }
        if (is_strict) {
            *ret = mf_value_copy(key);
            mf_free(slots);
            mf_build_drop(builder);
            return false;
        }
        mf_value_drop(key);
        mf_value_drop(items[2 * same + 1]);
        items[2 * same + 1] = value;
    }
    builder->count = 2 * kept;
    if (slots && mf_block_slots(kept) != slot_count) {
        /* Fewer pairs than thought: the number of slots follows from the number of pairs. */
        slot_count = mf_block_slots(kept);
        memset(slots, 0, slot_count * sizeof(*slots));
        for (size_t i = 0; i < kept; i++)
            find_earlier(items, i, slots, slot_count);
    }
    *ret = end(builder, MF_MAP, slots);
    return true;
}

struct mf_value mf_build_end_map(struct mf_builder *builder)
{
    struct mf_value map;

    end_map(builder, false, &map);
    return map;
}

bool mf_build_end_map_strict(struct mf_builder *builder, struct mf_value *ret)
{
    return end_map(builder, true, ret);
}

void mf_build_drop(struct mf_builder *builder)
{
    for (size_t i = 0; i < builder->count; i++)
        mf_value_drop(mf_block_items(builder->block)[i]);
    mf_free(builder->block);
    *builder = (struct mf_builder){0};
}
