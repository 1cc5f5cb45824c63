/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Map: text to pointer, in stable insertion order.
 *
 * Zeroed memory is an empty map. Keys are borrowed: they outlive the map.
 * Iteration is over `entries[0..count)`, in order of insertion.
 */

#include <stddef.h>
#include <stdint.h>

struct mf_map_entry {
    const char *key;
    void *value;
    uint64_t hash;
};

struct mf_map {
    struct mf_map_entry *entries;
    uint32_t *slots; /* open addressing, index + 1 into entries; 0 is free */
    size_t count, cap, slot_count;
};

void mf_map_done(struct mf_map *map);
/* NULL if absent. */
void *mf_map_get(const struct mf_map *map, const char *key);
void *mf_map_get_n(const struct mf_map *map, const char *key, size_t len);
/* Returns the old value and keeps it if the key is there; else inserts and returns NULL. */
void *mf_map_add(struct mf_map *map, const char *key, void *value);
/* Inserts or replaces. */
void mf_map_set(struct mf_map *map, const char *key, void *value);
