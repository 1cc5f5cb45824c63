/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The queue in front of a sink that waits for somebody else.
 *
 * Letters leave in order. One that was handed over and not yet settled stays at
 * the head, so that it can be handed over again after the link broke: at least
 * once, in order. With a spool behind it (spool.h) the queue is on disk, too. A full queue drops
 * the oldest letter that nobody is carrying and counts it; well before that the sink is *blocked*,
 * and sources that can pause do (engine/run/pressure.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/graph/graph.h"
#include "engine/graph/node.h"

struct mf_queue_stats {
    uint64_t entered, delivered, dropped, refused;
    size_t waiting, in_flight, capacity;
    int64_t bytes, limit; /* on disk; 0: there is no spool */
};

struct mf_queue;

struct mf_queue *mf_queue_new(struct mf_queue_def def);
void mf_queue_free(struct mf_queue *queue);

/* Puts a letter at the end: message and topic are taken. True if an older letter was dropped. */
bool mf_queue_take(struct mf_queue *queue, struct mf_letter *letter);
/* Oldest letter that nobody carries, or NULL. */
struct mf_letter *mf_queue_next(struct mf_queue *queue);
void mf_queue_sent(struct mf_queue *queue, uint64_t number); /* is being carried now */
/* The letter of that number, if it has not left; NULL. */
const struct mf_letter *mf_queue_find(const struct mf_queue *queue, uint64_t number);
/* Leaves the queue: delivered, or refused for good. False if there is no such letter. */
bool mf_queue_settle(struct mf_queue *queue, uint64_t number, bool is_delivered);
/* Was being carried, but did not arrive: waits again. */
void mf_queue_return(struct mf_queue *queue, uint64_t number);
/* The link broke: everything that was being carried waits again. */
void mf_queue_recall(struct mf_queue *queue);
/* Moves all letters over, for a node that a reload replaced. `inputs[i]` is the number that input
 * i of `from` has now; UINT32_MAX: it is gone, and the queue keeps a copy of its names. */
void mf_queue_move(struct mf_queue *to, struct mf_queue *from, const uint32_t *inputs);

/* As above, where `from` has a spool: `to`, which is empty, becomes what `from` was. */
void mf_queue_inherit(struct mf_queue *to, struct mf_queue *from, const uint32_t *inputs);

/* The other side is back: what waits for it goes there at `def.pace` letters/s, and what comes
 * meanwhile behind it. */
void mf_queue_begin_pace(struct mf_queue *queue, int64_t now);
/* May the next letter go now? It is counted as gone. */
bool mf_queue_may_send(struct mf_queue *queue, int64_t now);

bool mf_queue_is_high(const struct mf_queue *queue); /* three quarters full */
bool mf_queue_is_low(const struct mf_queue *queue);  /* at most half full */
bool mf_queue_has_spool(const struct mf_queue *queue);
bool mf_queue_is_empty(const struct mf_queue *queue);
struct mf_queue_stats mf_queue_stats(const struct mf_queue *queue);
