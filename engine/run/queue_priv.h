/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the queue shares with the spool behind it. */

#include "engine/run/queue.h"

enum { MF_SLOT_WAITING, MF_SLOT_CARRIED, MF_SLOT_SETTLED };

struct mf_slot {
    struct mf_letter letter;
    uint64_t place; /* spool: number on disk */
    uint32_t size;  /* spool: bytes on disk */
    uint8_t state;
    uint8_t stage; /* spool: enum mf_stage */
};

struct mf_queue {
    struct mf_queue_def def;
    struct mf_slot *slots;
    size_t cap;                /* power of two */
    uint64_t head, next, tail; /* numbers: oldest kept, next to send, next to enter */
    struct mf_queue_stats stats;
    char **names; /* of inputs that a reload took away, for letters that came by them */
    size_t name_count, name_cap;
    struct mf_spool *spool; /* NULL: memory only */
    struct {
        double tokens; /* letters that may go now */
        int64_t at;    /* mono: of the last count */
        bool is_on;    /* what waited for the other side is going there */
    } pace;
};

static inline struct mf_slot *mf_queue_slot(const struct mf_queue *queue, uint64_t number)
{
    return &queue->slots[number & (queue->cap - 1)];
}

/* Puts a letter at the end of the ring; taken. */
struct mf_slot *mf_queue_push(struct mf_queue *queue, struct mf_letter *letter);
/* Waiting and carried ones in the ring. */
static inline size_t mf_queue_kept(const struct mf_queue *queue)
{
    return queue->stats.waiting + queue->stats.in_flight;
}
/* Drops the oldest that nobody carries, counted. There is one. */
void mf_queue_drop_oldest(struct mf_queue *queue);
/* A name that lives as long as the queue. */
const char *mf_queue_keep_name(struct mf_queue *queue, const char *name);
/* After a reload: see mf_queue_move(). */
void mf_queue_readdress(struct mf_queue *queue, struct mf_letter *letter, const uint32_t *inputs);
