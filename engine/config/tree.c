/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Small questions to a tree. */

#include "engine/config/tree.h"

#include <string.h>

#include "engine/base/text.h"

struct mf_tree *mf_tree_get(const struct mf_tree *map, const char *key,
                            const struct mf_tree_pair **ret_pair)
{
    if (map->kind != MF_TREE_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->count; i++) {
        if (!mf_tree_is(map->pairs[i].key, key))
            continue;
        if (ret_pair)
            *ret_pair = &map->pairs[i];
        return map->pairs[i].value;
    }
    return NULL;
}

bool mf_tree_is(const struct mf_tree *scalar, const char *text)
{
    return scalar->kind == MF_TREE_SCALAR && mf_text_eq(scalar->text, scalar->count, text);
}

const char *mf_tree_kind_name(const struct mf_tree *tree)
{
    static const char *const names[] = {
        [MF_TREE_SCALAR] = "a text", [MF_TREE_LIST] = "a list", [MF_TREE_MAP] = "a map"};

    return names[tree->kind];
}
