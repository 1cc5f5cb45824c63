/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A ring of letters. Those in flight are a prefix in order of number but for
 * ones settled out of order, which are marked and leave when the head does.
 */

#include "engine/run/queue.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/run/queue_priv.h"
#include "engine/run/spool.h"

enum { FIRST_CAP = 16 };
enum { BURST = 10 }; /* letters that a paced queue may send at once: those of 1/BURST s */

/* Without a store, a queue that would be a spool is one of memory. */
static size_t capacity(const struct mf_queue *queue)
{
    return queue->def.mode == MF_QUEUE_SPOOL ? MF_QUEUE_DEFAULT : (size_t)queue->def.capacity;
}

struct mf_queue *mf_queue_new(struct mf_queue_def def)
{
    struct mf_queue *queue = mf_zalloc(sizeof(*queue));

    queue->def = def;
    queue->stats.capacity = capacity(queue);
    queue->cap = FIRST_CAP;
    queue->slots = mf_calloc_array(queue->cap, sizeof(*queue->slots));
    return queue;
}

static void drop_letter(struct mf_letter *letter)
{
    mf_msg_drop(&letter->msg);
    mf_value_drop(letter->topic);
    letter->topic = mf_value_null();
}

void mf_queue_free(struct mf_queue *queue)
{
    if (!queue)
        return;
    if (queue->spool) {
        mf_spool_detach(queue->spool); /* which comes back when it needs the queue no more */
        return;
    }
    for (uint64_t i = queue->head; i < queue->tail; i++)
        if (mf_queue_slot(queue, i)->state != MF_SLOT_SETTLED)
            drop_letter(&mf_queue_slot(queue, i)->letter);
    for (size_t i = 0; i < queue->name_count; i++)
        mf_free(queue->names[i]);
    mf_free(queue->names);
    mf_free(queue->slots);
    mf_free(queue);
}

static void grow(struct mf_queue *queue)
{
    struct mf_slot *old = queue->slots;
    size_t old_cap = queue->cap;

    if (queue->tail - queue->head < old_cap)
        return;
    queue->cap = 2 * old_cap;
    queue->slots = mf_calloc_array(queue->cap, sizeof(*queue->slots));
    for (uint64_t i = queue->head; i < queue->tail; i++)
        *mf_queue_slot(queue, i) = old[i & (old_cap - 1)];
    mf_free(old);
}

/* Settled letters leave once nothing older is kept. */
static void trim(struct mf_queue *queue)
{
    while (queue->head < queue->tail && mf_queue_slot(queue, queue->head)->state == MF_SLOT_SETTLED)
        queue->head++;
    if (queue->next < queue->head)
        queue->next = queue->head;
}

struct mf_letter *mf_queue_next(struct mf_queue *queue)
{
    while (queue->next < queue->tail && mf_queue_slot(queue, queue->next)->state != MF_SLOT_WAITING)
        queue->next++;
    return queue->next < queue->tail ? &mf_queue_slot(queue, queue->next)->letter : NULL;
}

static void leave(struct mf_queue *queue, struct mf_slot *slot)
{
    drop_letter(&slot->letter);
    slot->state = MF_SLOT_SETTLED;
    trim(queue);
    if (queue->spool)
        mf_spool_left(queue->spool, slot);
    if (queue->pace.is_on && !queue->stats.waiting && mf_queue_is_empty(queue))
        queue->pace.is_on = false;
}

/* The oldest that nobody carries; what is in flight may have arrived already. */
void mf_queue_drop_oldest(struct mf_queue *queue)
{
    struct mf_letter *letter = mf_queue_next(queue);

    queue->stats.waiting--;
    queue->stats.dropped++;
    leave(queue, mf_queue_slot(queue, letter->number));
}

struct mf_slot *mf_queue_push(struct mf_queue *queue, struct mf_letter *letter)
{
    struct mf_slot *slot;

    grow(queue);
    slot = mf_queue_slot(queue, queue->tail);
    letter->number = queue->tail++;
    *slot = (struct mf_slot){.letter = *letter};
    queue->stats.waiting++;
    return slot;
}

bool mf_queue_take(struct mf_queue *queue, struct mf_letter *letter)
{
    bool is_full = false;

    if (queue->pace.is_on)
        queue->pace.tokens++; /* a backlog shrinks, whatever else comes */
    if (queue->spool)
        return mf_spool_take(queue->spool, letter);
    while (queue->stats.waiting &&
           (queue->def.mode == MF_QUEUE_LATEST || mf_queue_kept(queue) >= capacity(queue))) {
        is_full |= queue->def.mode != MF_QUEUE_LATEST;
        mf_queue_drop_oldest(queue);
    }
    mf_queue_push(queue, letter);
    queue->stats.entered++;
    return is_full;
}

static struct mf_slot *find(const struct mf_queue *queue, uint64_t number)
{
    if (number < queue->head || number >= queue->tail)
        return NULL;
    return mf_queue_slot(queue, number);
}

const struct mf_letter *mf_queue_find(const struct mf_queue *queue, uint64_t number)
{
    const struct mf_slot *slot = find(queue, number);

    return slot && slot->state != MF_SLOT_SETTLED ? &slot->letter : NULL;
}

void mf_queue_sent(struct mf_queue *queue, uint64_t number)
{
    struct mf_slot *slot = find(queue, number);

    if (!slot || slot->state != MF_SLOT_WAITING)
        return;
    slot->state = MF_SLOT_CARRIED;
    slot->letter.is_retry = true;
    queue->stats.waiting--;
    queue->stats.in_flight++;
    if (queue->next == number)
        queue->next++;
}

bool mf_queue_settle(struct mf_queue *queue, uint64_t number, bool is_delivered)
{
    struct mf_slot *slot = find(queue, number);

    if (!slot || slot->state == MF_SLOT_SETTLED)
        return false;
    if (slot->state == MF_SLOT_CARRIED)
        queue->stats.in_flight--;
    else
        queue->stats.waiting--;
    if (is_delivered)
        queue->stats.delivered++;
    else
        queue->stats.refused++;
    leave(queue, slot);
    return true;
}

void mf_queue_return(struct mf_queue *queue, uint64_t number)
{
    struct mf_slot *slot = find(queue, number);

    if (!slot || slot->state != MF_SLOT_CARRIED)
        return;
    slot->state = MF_SLOT_WAITING;
    queue->stats.in_flight--;
    queue->stats.waiting++;
    if (number < queue->next)
        queue->next = number;
}

void mf_queue_recall(struct mf_queue *queue)
{
    for (uint64_t i = queue->head; i < queue->tail && queue->stats.in_flight; i++)
        mf_queue_return(queue, i);
}

/* Letters of one input share their names, so the last few are enough to look through. */
const char *mf_queue_keep_name(struct mf_queue *queue, const char *name)
{
    for (size_t i = queue->name_count; i-- > 0;)
        if (strcmp(queue->names[i], name) == 0)
            return queue->names[i];
    mf_grow(&queue->names, &queue->name_cap, queue->name_count, sizeof(*queue->names));
    return queue->names[queue->name_count++] = mf_strdup(name);
}

void mf_queue_readdress(struct mf_queue *queue, struct mf_letter *letter, const uint32_t *inputs)
{
    if (letter->input != UINT32_MAX)
        letter->input = inputs[letter->input];
    if (letter->input == UINT32_MAX) {
        letter->label = mf_queue_keep_name(queue, letter->label);
        letter->node_name = mf_queue_keep_name(queue, letter->node_name);
    }
}

void mf_queue_move(struct mf_queue *to, struct mf_queue *from, const uint32_t *inputs)
{
    struct mf_letter *letter;

    mf_queue_recall(from);
    while ((letter = mf_queue_next(from))) {
        struct mf_letter copy = *letter;

        letter->msg.value = letter->topic = mf_value_null();
        mf_queue_settle(from, copy.number, true);
        mf_queue_readdress(to, &copy, inputs);
        mf_queue_take(to, &copy);
    }
}

void mf_queue_inherit(struct mf_queue *to, struct mf_queue *from, const uint32_t *inputs)
{
    struct mf_queue_def def = to->def;
    struct mf_queue empty = *to;

    mf_queue_recall(from);
    *to = *from;
    *from = empty;
    to->def = def;
    for (uint64_t i = to->head; i < to->tail; i++)
        if (mf_queue_slot(to, i)->state != MF_SLOT_SETTLED)
            mf_queue_readdress(to, &mf_queue_slot(to, i)->letter, inputs);
}

/* ---- pace ---- */

void mf_queue_begin_pace(struct mf_queue *queue, int64_t now)
{
    if (!queue->def.pace || mf_queue_is_empty(queue))
        return;
    queue->pace.is_on = true;
    queue->pace.at = now;
    queue->pace.tokens = 1;
}

bool mf_queue_may_send(struct mf_queue *queue, int64_t now)
{
    double pace = (double)queue->def.pace, burst = pace / BURST < 1 ? 1 : pace / BURST;

    if (!queue->pace.is_on)
        return true;
    if (queue->pace.tokens < burst) {
        queue->pace.tokens += (double)(now - queue->pace.at) / MF_SEC * pace;
        if (queue->pace.tokens > burst)
            queue->pace.tokens = burst;
    }
    queue->pace.at = now;
    if (queue->pace.tokens < 1)
        return false;
    queue->pace.tokens--;
    return true;
}

/* ---- looking ---- */

bool mf_queue_is_high(const struct mf_queue *queue)
{
    if (queue->spool)
        return mf_spool_is_high(queue->spool);
    return queue->def.mode != MF_QUEUE_LATEST && mf_queue_kept(queue) * 4 >= capacity(queue) * 3;
}

bool mf_queue_is_low(const struct mf_queue *queue)
{
    if (queue->spool)
        return mf_spool_is_low(queue->spool);
    return mf_queue_kept(queue) * 2 <= capacity(queue);
}

bool mf_queue_is_empty(const struct mf_queue *queue)
{
    return mf_queue_kept(queue) == 0 && (!queue->spool || !mf_spool_behind(queue->spool));
}

bool mf_queue_has_spool(const struct mf_queue *queue)
{
    return queue->spool;
}

struct mf_queue_stats mf_queue_stats(const struct mf_queue *queue)
{
    struct mf_queue_stats stats = queue->stats;

    if (queue->spool) {
        stats.waiting += mf_spool_behind(queue->spool);
        stats.bytes = mf_spool_bytes(queue->spool);
        stats.limit = mf_spool_limit(queue->spool);
    }
    return stats;
}
