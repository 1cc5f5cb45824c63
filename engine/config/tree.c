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

static void put_doubled(const char *text, size_t len, struct mf_buf *buf)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '$')
            mf_buf_putc(buf, '$');
        mf_buf_putc(buf, text[i]);
    }
}

void mf_tree_bare(const struct mf_tree *scalar, struct mf_buf *buf)
{
    uint32_t pos = 0;

    for (uint32_t i = 0; i < scalar->piece_count; i++) {
        const struct mf_tree_piece *piece = &scalar->pieces[i];

        if (!piece->bare)
            continue;
        put_doubled(scalar->text + pos, piece->start - pos, buf);
        mf_buf_puts(buf, piece->bare);
        pos = piece->end;
    }
    put_doubled(scalar->text + pos, scalar->count - pos, buf);
}

const char *mf_tree_kind_name(const struct mf_tree *tree)
{
    static const char *const names[] = {
        [MF_TREE_SCALAR] = "a text", [MF_TREE_LIST] = "a list", [MF_TREE_MAP] = "a map"};

    return names[tree->kind];
}
