/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Dead letters: what the other side refused for good, with the reason, until somebody decides.
 *
 * An engine has one list of them, in the order in which they came, bounded in number and memory:
 * when it is full the oldest leave and are counted. With a store it is on disk as well and survives
 * a restart; without one it lives as long as the process.
 */

#include "engine/run/engine.h"
#include "engine/run/store_db.h"

enum {
    MF_DEAD_LETTERS = 1000,
    MF_DEAD_BYTES = 4 * 1024 * 1024, /* of values */
};

struct mf_store;
struct mf_dead;

struct mf_dead_letter {
    uint64_t number;
    int64_t time; /* wall ns: when it was refused */
    char *node, *kind, *reason;
    struct mf_letter letter; /* texts are owned, too */
    uint8_t stage;           /* enum mf_stage */
};

struct mf_dead *mf_dead_new(struct mf_engine *engine);
void mf_dead_free(struct mf_dead *dead); /* NULL is fine */
/* From now on the list is kept in the store, which had these. */
void mf_dead_attach(struct mf_dead *dead, struct mf_store *store, const struct mf_rows *rows);
void mf_dead_detach(struct mf_dead *dead);

/* Keeps a copy. */
void mf_dead_put(struct mf_dead *dead, const struct mf_node *node, const struct mf_letter *letter,
                 const char *reason);
size_t mf_dead_count(const struct mf_dead *dead);
uint64_t mf_dead_dropped(const struct mf_dead *dead); /* metric: that had to leave */
const struct mf_dead_letter *mf_dead_at(const struct mf_dead *dead, size_t i);
/* SIZE_MAX if there is none. */
size_t mf_dead_find(const struct mf_dead *dead, uint64_t number);
void mf_dead_drop(struct mf_dead *dead, size_t i);
/* Puts it at the end of its sink's queue again, and drops it here. MF_EINVAL: there is no such
 * sink any more, it is an actuator, or nothing may be written. */
int mf_dead_retry(struct mf_dead *dead, size_t i, struct mf_error *err);
