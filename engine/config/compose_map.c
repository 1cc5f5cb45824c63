/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The composer's maps: keys that stand twice, and merges (`<<`).
 *
 * Most maps have a handful of pairs, where comparing each with each is fastest; one
 * with a hundred thousand nodes gets a hash. A merged pair whose key is there already
 * is dropped without a word: the map's own pairs win, then the earlier map.
 */

#include <string.h>

#include "engine/base/map.h"
#include "engine/config/compose.h"

enum { SMALL_MAP = 12 };

/* Pairs of a map being finished; a hash is added when there are many. */
struct pairs {
    struct mf_tree_pair *list;
    uint32_t count;
    struct mf_map index;
};

/* Adds unless the key is there; returns the pair that was there. */
static struct mf_tree_pair *add_pair(struct pairs *p, const struct mf_tree_pair *pair)
{
    const struct mf_tree *key = pair->key;

    if (p->count <= SMALL_MAP) {
        for (uint32_t i = 0; i < p->count; i++)
            if (p->list[i].key->count == key->count &&
                memcmp(p->list[i].key->text, key->text, key->count) == 0)
                return &p->list[i];
        p->list[p->count] = *pair;
        if (p->count++ == SMALL_MAP)
            for (uint32_t i = 0; i < p->count; i++)
                mf_map_add(&p->index, p->list[i].key->text, &p->list[i]);
        return NULL;
    }
    p->list[p->count] = *pair;
    {
        struct mf_tree_pair *old = mf_map_add(&p->index, key->text, &p->list[p->count]);

        p->count += !old;
        return old;
    }
}

static bool is_merge(const struct mf_tree *key)
{
    return key->is_plain && key->count == 2 && memcmp(key->text, "<<", 2) == 0;
}

static void refuse_merge(struct mf_diags *diags, const struct mf_tree *value, struct mf_span via)
{
    struct mf_diag *diag =
        mf_diag(diags, MF_ERROR, MF_CODE_MERGE, via.file ? via : value->at,
                "`<<` wants a map or a list of maps, this is %s", mf_tree_kind_name(value));

    if (via.file)
        mf_diag_related(diag, value->at, "the value that is repeated");
    else
        mf_diag_help(diag, "write `<<: *name`, with `&name` before a map further up");
}

static void merge_map(struct pairs *p, const struct mf_tree *map, struct mf_span via)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct mf_tree_pair pair = map->pairs[i];

        if (via.file)
            pair.via = via;
        add_pair(p, &pair);
    }
}

static void merge_value(struct mf_diags *diags, struct pairs *p, const struct mf_tree_pair *entry)
{
    const struct mf_tree *value = entry->value;

    if (value->kind == MF_TREE_MAP) {
        merge_map(p, value, entry->via);
    } else if (value->kind == MF_TREE_LIST) {
        for (uint32_t i = 0; i < value->count; i++) {
            struct mf_span via = entry->via.file ? entry->via : value->items[i].via;

            if (value->items[i].value->kind == MF_TREE_MAP)
                merge_map(p, value->items[i].value, via);
            else
                refuse_merge(diags, value->items[i].value, via);
        }
    } else {
        refuse_merge(diags, value, entry->via);
    }
}

/* Pairs that the merges of a map can add at most. */
static size_t merge_room(const struct mf_tree *value)
{
    size_t room = 0;

    if (value->kind == MF_TREE_MAP)
        return value->count;
    if (value->kind == MF_TREE_LIST)
        for (uint32_t i = 0; i < value->count; i++)
            if (value->items[i].value->kind == MF_TREE_MAP)
                room += value->items[i].value->count;
    return room;
}

static void refuse_duplicate(struct mf_diags *diags, const struct mf_tree_pair *first,
                             const struct mf_tree_pair *again)
{
    struct mf_diag *diag = mf_diag(diags, MF_ERROR, MF_CODE_DUPLICATE, again->key->at,
                                   "the key `%.100s` stands twice in this map", again->key->text);

    mf_diag_related(diag, first->key->at, "the first one");
    if (is_merge(again->key))
        mf_diag_help(diag, "write `<<: [*one, *two]`");
    else
        mf_diag_help(diag, "remove one of them, or give it another name");
}

/* Takes over all pairs but merges; returns the first merge. */
static const struct mf_tree_pair *own_pairs(struct pairs *p, const struct mf_tree_pair *entries,
                                            size_t count, struct mf_diags *diags)
{
    const struct mf_tree_pair *merge = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct mf_tree_pair *known;

        if (is_merge(entries[i].key)) {
            if (merge)
                refuse_duplicate(diags, merge, &entries[i]);
            else
                merge = &entries[i];
            continue;
        }
        known = add_pair(p, &entries[i]);
        /* What stands for an alias that repeats nothing has no place: that was said already. */
        if (known && entries[i].key->at.file)
            refuse_duplicate(diags, known, &entries[i]);
    }
    return merge;
}

void mf_compose_pairs(struct mf_tree *map, const struct mf_tree_pair *entries, size_t count,
                      struct mf_arena *arena, struct mf_diags *diags)
{
    const struct mf_tree_pair *merge;
    struct pairs pairs = {0};
    size_t room = count;

    for (size_t i = 0; i < count; i++)
        if (is_merge(entries[i].key))
            room += merge_room(entries[i].value);
    /* One more: add_pair() writes before it knows that the key is new. */
    pairs.list = mf_arena_alloc(arena, (room + 1) * sizeof *pairs.list);
    merge = own_pairs(&pairs, entries, count, diags);
    if (merge)
        merge_value(diags, &pairs, merge);
    mf_map_done(&pairs.index);
    map->pairs = pairs.list;
    map->count = pairs.count;
}
