/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Block: what a handle points to. Only engine/value looks at it.
 *
 * One block is one allocation: this head, then the bytes of a text (with a NUL
 * behind them) or the items of a container. Maps above MF_BLOCK_LINEAR pairs
 * have a table of slots beside it.
 */

#include "engine/value/value.h"

enum { MF_BLOCK_LINEAR = 16 }; /* pairs that are searched one after the other */

struct mf_block {
    uint32_t refs;
    uint32_t depth;  /* levels of containers, this one included; 0 for texts */
    size_t count;    /* bytes, or items (a map has two for each pair) */
    size_t size;     /* memory of this block and of all below it, shared ones each time */
    uint32_t *slots; /* open addressing, pair + 1, 0 is free; see mf_block_slots() */
};
_Static_assert(sizeof(struct mf_block) % sizeof(struct mf_value) == 0, "items follow aligned");

static inline char *mf_block_bytes(struct mf_block *block)
{
    return (char *)(block + 1);
}

static inline struct mf_value *mf_block_items(struct mf_block *block)
{
    return (struct mf_value *)(void *)(block + 1);
}

/* Slots of a map with so many pairs: a power of two, at most half of them used. */
static inline size_t mf_block_slots(size_t pairs)
{
    size_t slots = 4 * MF_BLOCK_LINEAR;

    while (slots < 2 * pairs)
        slots *= 2;
    return slots;
}

static inline bool mf_value_has_block(const struct mf_value *value)
{
    return value->length == MF_VALUE_BLOCK;
}

/* Equal values have equal hashes: an int and the number of the same size. */
uint64_t mf_value_hash(const struct mf_value *value);
/* The slot where `key` is or belongs; `pairs` and the keys are read through `items`. */
uint32_t *mf_block_find(uint32_t *slots, size_t slot_count, const struct mf_value *items,
                        const struct mf_value *key);
/* The value under `key`, of any type; NULL if absent. */
const struct mf_value *mf_value_get_by(const struct mf_value *map, const struct mf_value *key);
