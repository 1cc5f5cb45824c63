/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* List: intrusive, doubly linked, circular with a head of its own. */

#include <stdbool.h>
#include <stddef.h>

struct mf_list {
    struct mf_list *prev, *next;
};

static inline void mf_list_init(struct mf_list *head)
{
    head->prev = head->next = head;
}

static inline bool mf_list_is_empty(const struct mf_list *head)
{
    return head->next == head;
}

static inline void mf_list_append(struct mf_list *head, struct mf_list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

/* Leaves the item linked to itself, so that removing twice is harmless. */
static inline void mf_list_remove(struct mf_list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->prev = item->next = item;
}

#define mf_list_entry(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
