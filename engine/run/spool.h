/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Spool: the part of a sink's queue that lies on disk.
 *
 * The queue's ring is a window on its oldest letters, from which they are delivered. Behind it, in
 * order: the *gap*, letters that lie on disk only; then the *rest*, letters that came lately and
 * are not on disk yet. While the sink keeps up, all letters are in the ring, and most are delivered
 * before they would have been written.
 *
 *   ring (memory, most of them on disk, too) → gap (disk) → rest (memory, soon on disk)
 *
 * A letter is deleted on disk some time after it was delivered: after a crash the last ones come
 * twice. Whether a letter is on disk never decides whether it is delivered, so a full or broken
 * disk costs safety and, once the rest is at its limit, the oldest of the rest; order stays.
 */

#include "engine/run/queue.h"

enum {
    MF_SPOOL_WINDOW = 1024, /* letters in the ring */
    MF_SPOOL_REST = 20000,  /* letters that are not on disk yet … */
};
#define MF_SPOOL_REST_BYTES (32 * 1024 * 1024) /* … and their memory */

struct mf_node;
struct mf_store;
struct mf_spool;

/* Gives the node's queue a spool, if it is to have one, has none, and the engine has a store; what
 * waits in the queue goes into it, behind what a former process left there. */
void mf_spool_attach(struct mf_node *node);
/* The queue goes: letters stay on disk for a sink of the same name and kind that may come. */
void mf_spool_detach(struct mf_spool *spool);
/* A reload has another node for the queue. `inputs` as in mf_queue_move(). */
void mf_spool_move(struct mf_node *to, struct mf_node *from, const uint32_t *inputs);

/* ---- for queue.c ---- */

/* True if another letter had to be dropped. */
bool mf_spool_take(struct mf_spool *spool, struct mf_letter *letter);
struct mf_slot;
/* The letter in this slot has left. */
void mf_spool_left(struct mf_spool *spool, struct mf_slot *slot);
uint64_t mf_spool_behind(const struct mf_spool *spool);  /* letters in gap and rest */
uint64_t mf_spool_unsaved(const struct mf_spool *spool); /* that a power cut would take now */
bool mf_spool_is_high(const struct mf_spool *spool);
bool mf_spool_is_low(const struct mf_spool *spool);
int64_t mf_spool_bytes(const struct mf_spool *spool);
int64_t mf_spool_limit(const struct mf_spool *spool);
