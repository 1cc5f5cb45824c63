/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Twigs: looking into them, and putting two together. */

#include <string.h>

#include "nodes/modbus/profile_priv.h"

const struct mf_twig_pair *mf_twig_pair(const struct mf_twig *map, const char *key)
{
    if (!map || !mf_twig_is_map(map))
        return NULL;
    for (uint32_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].key, key) == 0)
            return &map->pairs[i];
    return NULL;
}

const struct mf_twig *mf_twig_get(const struct mf_twig *map, const char *key)
{
    const struct mf_twig_pair *pair = mf_twig_pair(map, key);

    return pair ? pair->value : NULL;
}

const char *mf_twig_text(const struct mf_twig *twig)
{
    return twig && twig->leaf && twig->leaf->kind == MF_TREE_SCALAR ? twig->leaf->text : NULL;
}

bool mf_twig_room(struct mf_profiling *p, struct mf_twig *map, size_t cap, struct mf_span at)
{
    if (p->is_full)
        return false;
    if (cap > MF_PROFILE_KEYS) {
        p->is_full = true;
        mf_profile_fault(p, MF_CODE_PROFILE_LIMIT, at,
                         "this map has more than %d keys, which is the limit", MF_PROFILE_KEYS);
        return false;
    }
    if (p->values + cap > MF_PROFILE_VALUES) {
        p->is_full = true;
        mf_profile_fault(p, MF_CODE_PROFILE_LIMIT, at,
                         "expanded, the profile has more than %d keys, which is the limit",
                         MF_PROFILE_VALUES);
        return false;
    }
    p->values += cap + 1;
    map->pairs = mf_arena_alloc(p->scratch, (cap + 1) * sizeof(*map->pairs));
    return true;
}

void mf_twig_add(struct mf_twig *map, const struct mf_twig_pair *pair)
{
    struct mf_twig_pair *pairs = (struct mf_twig_pair *)(uintptr_t)map->pairs;

    pairs[map->count++] = *pair;
}

const struct mf_twig *mf_twig_merge(struct mf_profiling *p, const struct mf_twig *over,
                                    const struct mf_twig *under)
{
    struct mf_twig *both;
    bool is_moved;

    if (!over || !under)
        return over ? over : under;
    if (!mf_twig_is_map(over) || !mf_twig_is_map(under))
        return over;
    both = mf_arena_alloc(p->scratch, sizeof(*both));
    if (!mf_twig_room(p, both, (size_t)over->count + under->count, over->at))
        return over;
    /* An address that is given anew is not where the old one was moved from. */
    is_moved = !mf_twig_pair(over, "register");
    both->at = over->at;
    both->is_root = over->is_root || under->is_root;
    both->moved = is_moved ? under->moved : over->moved;
    both->shifted = is_moved ? under->shifted : over->shifted;
    for (uint32_t i = 0; i < over->count; i++) {
        struct mf_twig_pair pair = over->pairs[i];

        pair.value = mf_twig_merge(p, pair.value, mf_twig_get(under, pair.key));
        mf_twig_add(both, &pair);
    }
    for (uint32_t i = 0; i < under->count; i++)
        if (!mf_twig_pair(over, under->pairs[i].key))
            mf_twig_add(both, &under->pairs[i]);
    return both;
}
