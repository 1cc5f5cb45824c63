/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See spool_rest.h. */

#include "engine/run/spool_rest.h"

#include "engine/base/alloc.h"

enum { FIRST_CAP = 64 };
enum { DROPS = 256 }; /* letters that leave at a time, because the others move up */

void mf_rest_push(struct mf_rest *rest, struct mf_rest_item item)
{
    if (rest->count == rest->cap) {
        size_t cap = rest->cap ? 2 * rest->cap : FIRST_CAP;
        struct mf_rest_item *bigger = mf_calloc_array(cap, sizeof(*bigger));

        for (size_t i = 0; i < rest->count; i++)
            bigger[i] = *mf_rest_at(rest, i);
        mf_free(rest->items);
        rest->items = bigger;
        rest->cap = cap;
        rest->first = 0;
    }
    *mf_rest_at(rest, rest->count++) = item;
    rest->memory += item.memory;
}

struct mf_rest_item mf_rest_shift(struct mf_rest *rest)
{
    struct mf_rest_item item = *mf_rest_at(rest, 0);

    rest->first = (rest->first + 1) & (rest->cap - 1);
    rest->count--;
    rest->memory -= item.memory;
    if (rest->collected)
        rest->collected--;
    return item;
}

bool mf_rest_is_full(const struct mf_rest *rest)
{
    return rest->count >= MF_SPOOL_REST || rest->memory > MF_SPOOL_REST_BYTES;
}

void mf_rest_drop_letter(struct mf_letter *letter)
{
    mf_msg_drop(&letter->msg);
    mf_value_drop(letter->topic);
}

/* Those being written are spared: they leave by themselves. */
size_t mf_rest_drop(struct mf_rest *rest)
{
    size_t keep = rest->collected, count = rest->count - keep;

    count = count < DROPS ? count : DROPS;
    for (size_t i = keep; i < keep + count; i++) {
        rest->memory -= mf_rest_at(rest, i)->memory;
        mf_rest_drop_letter(&mf_rest_at(rest, i)->letter);
    }
    for (size_t i = keep + count; i < rest->count; i++)
        *mf_rest_at(rest, i - count) = *mf_rest_at(rest, i);
    rest->count -= count;
    return count;
}
