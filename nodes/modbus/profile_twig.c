/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Twigs: looking into them, and putting two together. */

#include <string.h>

#include "nodes/modbus/profile_priv.h"

const struct twig_pair *twig_pair(const struct twig *map, const char *key)
{
    if (!map || !twig_is_map(map))
        return NULL;
    for (uint32_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].key, key) == 0)
            return &map->pairs[i];
    return NULL;
}

const struct twig *twig_get(const struct twig *map, const char *key)
{
    const struct twig_pair *pair = twig_pair(map, key);

    return pair ? pair->value : NULL;
}

const char *twig_text(const struct twig *twig)
{
    return twig && twig->leaf && twig->leaf->kind == MF_TREE_SCALAR ? twig->leaf->text : NULL;
}

bool twig_room(struct profiling *p, struct twig *map, size_t cap, struct mf_span at)
{
    if (p->is_full)
        return false;
    if (cap > MF_PROFILE_KEYS) {
        p->is_full = true;
        profile_fault(p, MF_CODE_PROFILE_LIMIT, at,
                      "this map has more than %d keys, which is the limit", MF_PROFILE_KEYS);
        return false;
    }
    if (p->values + cap > MF_PROFILE_VALUES) {
        p->is_full = true;
        profile_fault(p, MF_CODE_PROFILE_LIMIT, at,
                      "expanded, the profile has more than %d keys, which is the limit",
                      MF_PROFILE_VALUES);
        return false;
    }
    p->values += cap + 1;
    map->pairs = mf_arena_alloc(p->scratch, (cap + 1) * sizeof(*map->pairs));
    return true;
}

void twig_add(struct twig *map, const struct twig_pair *pair)
{
    struct twig_pair *pairs = (struct twig_pair *)(uintptr_t)map->pairs;

    pairs[map->count++] = *pair;
}

const struct twig *twig_merge(struct profiling *p, const struct twig *over,
                              const struct twig *under)
{
    struct twig *both;
    bool is_moved;

    if (!over || !under)
        return over ? over : under;
    if (!twig_is_map(over) || !twig_is_map(under))
        return over;
    both = mf_arena_alloc(p->scratch, sizeof(*both));
    if (!twig_room(p, both, (size_t)over->count + under->count, over->at))
        return over;
    /* An address that is given anew is not where the old one was moved from. */
    is_moved = !twig_pair(over, "register");
    both->at = over->at;
    both->is_root = over->is_root || under->is_root;
    both->moved = is_moved ? under->moved : over->moved;
    both->shifted = is_moved ? under->shifted : over->shifted;
    for (uint32_t i = 0; i < over->count; i++) {
        struct twig_pair pair = over->pairs[i];

        pair.value = twig_merge(p, pair.value, twig_get(under, pair.key));
        twig_add(both, &pair);
    }
    for (uint32_t i = 0; i < under->count; i++)
        if (!twig_pair(over, under->pairs[i].key))
            twig_add(both, &under->pairs[i]);
    return both;
}
