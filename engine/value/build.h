/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Building lists, maps and paths. A builder is on the caller's stack; ending or
 * dropping it leaves it empty. Values given to it are taken.
 */

#include "engine/value/value.h"

struct mf_builder {
    struct mf_value *items; /* map: key, value, key, value … */
    size_t count, cap;
    size_t room; /* items that `items` can hold before it must grow */
};

void mf_build_start(struct mf_builder *builder);
void mf_build_take_item(struct mf_builder *builder, struct mf_value item);
void mf_build_take_pair(struct mf_builder *builder, struct mf_value key, struct mf_value value);
/* Text key given as C string. */
void mf_build_take_field(struct mf_builder *builder, const char *key, struct mf_value value);
struct mf_value mf_build_end_list(struct mf_builder *builder);
struct mf_value mf_build_end_map(struct mf_builder *builder);
struct mf_value mf_build_end_path(struct mf_builder *builder);
void mf_build_drop(struct mf_builder *builder); /* drops what was collected */
