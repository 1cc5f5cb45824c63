/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The rest of a spool: letters that came lately and are not on disk yet, in order.
 */

#include "engine/run/spool.h"

struct mf_rest_item {
    struct mf_letter letter;
    uint64_t place; /* on disk */
    size_t memory;
    uint32_t size; /* on disk */
};

struct mf_rest {
    struct mf_rest_item *items; /* ring buffer */
    size_t first, count, cap;   /* cap is a power of two */
    size_t collected;           /* of the front: being written */
    size_t memory;
};

static inline struct mf_rest_item *mf_rest_at(const struct mf_rest *rest, size_t i)
{
    return &rest->items[(rest->first + i) & (rest->cap - 1)];
}

/* The letter is taken. */
void mf_rest_push(struct mf_rest *rest, struct mf_rest_item item);
/* The first one, which is the caller's now. */
struct mf_rest_item mf_rest_shift(struct mf_rest *rest);
bool mf_rest_is_full(const struct mf_rest *rest);
/* Drops some of the oldest; says how many. */
size_t mf_rest_drop(struct mf_rest *rest);
void mf_rest_drop_letter(struct mf_letter *letter);
