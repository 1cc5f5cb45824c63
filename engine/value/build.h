/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Building lists, maps and paths. A builder is on the caller's stack; ending or
 * dropping it leaves it empty. Values given to it are taken.
 *
 * What would make the result deeper than MF_VALUE_DEPTH levels or larger than
 * MF_VALUE_SIZE bytes becomes null.
 */

#include "engine/value/value.h"

struct mf_builder {
    struct mf_block *block; /* grows; is the block of the result */
    size_t count;           /* items so far; map: key, value, key, value … */
    size_t room;            /* items that `block` can hold before it must grow */
    size_t size;            /* memory of the items */
    uint32_t depth;         /* of the deepest item */
};

void mf_build_start(struct mf_builder *builder);
void mf_build_take_item(struct mf_builder *builder, struct mf_value item);
/* A key that was there before gets the new value and keeps its place. */
void mf_build_take_pair(struct mf_builder *builder, struct mf_value key, struct mf_value value);
/* Text key given as C string. */
void mf_build_take_field(struct mf_builder *builder, const char *key, struct mf_value value);
struct mf_value mf_build_end_list(struct mf_builder *builder);
struct mf_value mf_build_end_map(struct mf_builder *builder);
struct mf_value mf_build_end_path(struct mf_builder *builder);
/* As mf_build_end_map(), but false when a key came twice: *ret is that key, the rest is dropped. */
bool mf_build_end_map_strict(struct mf_builder *builder, struct mf_value *ret);
void mf_build_drop(struct mf_builder *builder); /* drops what was collected */
