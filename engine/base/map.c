/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Map: entries in order of insertion, found through open addressing at half load. */

#include "engine/base/map.h"

#include <stdbool.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/hash.h"
#include "engine/base/text.h"

enum { FIRST_SLOTS = 16 };

void mf_map_done(struct mf_map *map)
{
    mf_free(map->entries);
    mf_free(map->slots);
    memset(map, 0, sizeof(*map));
}

static uint32_t *find_slot(const struct mf_map *map, const char *key, size_t len, uint64_t hash)
{
    size_t mask = map->slot_count - 1;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[i];
        const struct mf_map_entry *entry;

        if (!*slot)
            return slot;
        entry = &map->entries[*slot - 1];
        if (entry->hash == hash && mf_text_eq(key, len, entry->key))
            return slot;
    }
}

static void grow(struct mf_map *map)
{
    if (2 * (map->count + 1) <= map->slot_count)
        return;
    map->slot_count = map->slot_count ? 2 * map->slot_count : FIRST_SLOTS;
    mf_free(map->slots);
    map->slots = mf_calloc_array(map->slot_count, sizeof(*map->slots));
    for (size_t i = 0; i < map->count; i++) {
        const struct mf_map_entry *entry = &map->entries[i];

        *find_slot(map, entry->key, strlen(entry->key), entry->hash) = (uint32_t)i + 1;
    }
}

void *mf_map_get_n(const struct mf_map *map, const char *key, size_t len)
{
    uint32_t slot;

    if (!map->count)
        return NULL;
    slot = *find_slot(map, key, len, mf_hash(key, len));
    return slot ? map->entries[slot - 1].value : NULL;
}

void *mf_map_get(const struct mf_map *map, const char *key)
{
    return mf_map_get_n(map, key, strlen(key));
}

static void *put(struct mf_map *map, const char *key, void *value, bool replaces)
{
    size_t len = strlen(key);
    uint64_t hash = mf_hash(key, len);
    uint32_t *slot;

    grow(map);
    slot = find_slot(map, key, len, hash);
    if (*slot) {
        void *old = map->entries[*slot - 1].value;

        if (replaces)
            map->entries[*slot - 1].value = value;
        return old;
    }
    mf_grow(&map->entries, &map->cap, map->count, sizeof(*map->entries));
    map->entries[map->count++] = (struct mf_map_entry){key, value, hash};
    *slot = (uint32_t)map->count;
    return NULL;
}

void *mf_map_add(struct mf_map *map, const char *key, void *value)
{
    return put(map, key, value, false);
}

void mf_map_set(struct mf_map *map, const char *key, void *value)
{
    put(map, key, value, true);
}
