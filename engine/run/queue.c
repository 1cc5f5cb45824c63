/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A ring of letters. Those in flight are a prefix in order of number but for
 * ones settled out of order, which are marked and leave when the head does.
 */

#include "engine/run/queue.h"

#include <string.h>

#include "engine/base/alloc.h"

enum { WAITING, CARRIED, SETTLED };
enum { FIRST_CAP = 16 };

struct slot {
    struct mf_letter letter;
    uint8_t state;
};

struct mf_queue {
    struct mf_queue_def def;
    struct slot *slots;
    size_t cap;                /* power of two */
    uint64_t head, next, tail; /* numbers: oldest kept, next to send, next to enter */
    struct mf_queue_stats stats;
    char **names; /* of inputs that a reload took away, for letters that came by them */
    size_t name_count, name_cap;
};

static struct slot *slot_of(const struct mf_queue *queue, uint64_t number)
{
    return &queue->slots[number & (queue->cap - 1)];
}

struct mf_queue *mf_queue_new(struct mf_queue_def def)
{
    struct mf_queue *queue = mf_zalloc(sizeof(*queue));

    queue->def = def;
    queue->stats.capacity = (size_t)def.capacity;
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
    for (uint64_t i = queue->head; i < queue->tail; i++)
        if (slot_of(queue, i)->state != SETTLED)
            drop_letter(&slot_of(queue, i)->letter);
    for (size_t i = 0; i < queue->name_count; i++)
        mf_free(queue->names[i]);
    mf_free(queue->names);
    mf_free(queue->slots);
    mf_free(queue);
}

static void grow(struct mf_queue *queue)
{
    struct slot *old = queue->slots;
    size_t old_cap = queue->cap;

    if (queue->tail - queue->head < old_cap)
        return;
    queue->cap = 2 * old_cap;
    queue->slots = mf_calloc_array(queue->cap, sizeof(*queue->slots));
    for (uint64_t i = queue->head; i < queue->tail; i++)
        *slot_of(queue, i) = old[i & (old_cap - 1)];
    mf_free(old);
}

/* Settled letters leave once nothing older is kept. */
static void trim(struct mf_queue *queue)
{
    while (queue->head < queue->tail && slot_of(queue, queue->head)->state == SETTLED)
        queue->head++;
    if (queue->next < queue->head)
        queue->next = queue->head;
}

static size_t kept(const struct mf_queue *queue)
{
    return queue->stats.waiting + queue->stats.in_flight;
}

struct mf_letter *mf_queue_next(struct mf_queue *queue)
{
    while (queue->next < queue->tail && slot_of(queue, queue->next)->state != WAITING)
        queue->next++;
    return queue->next < queue->tail ? &slot_of(queue, queue->next)->letter : NULL;
}

/* The oldest that nobody carries; what is in flight may have arrived already. */
static void drop_oldest(struct mf_queue *queue)
{
    struct mf_letter *letter = mf_queue_next(queue);
    struct slot *slot = slot_of(queue, letter->number);

    drop_letter(letter);
    slot->state = SETTLED;
    queue->stats.waiting--;
    queue->stats.dropped++;
    trim(queue);
}

bool mf_queue_take(struct mf_queue *queue, struct mf_letter *letter)
{
    bool is_full = false;
    struct slot *slot;

    while (queue->stats.waiting &&
           (queue->def.mode == MF_QUEUE_LATEST || kept(queue) >= (size_t)queue->def.capacity)) {
        is_full |= queue->def.mode != MF_QUEUE_LATEST;
        drop_oldest(queue);
    }
    grow(queue);
    slot = slot_of(queue, queue->tail);
    letter->number = queue->tail++;
    slot->letter = *letter;
    slot->state = WAITING;
    queue->stats.waiting++;
    queue->stats.entered++;
    return is_full;
}

static struct slot *find(const struct mf_queue *queue, uint64_t number)
{
    if (number < queue->head || number >= queue->tail)
        return NULL;
    return slot_of(queue, number);
}

const struct mf_letter *mf_queue_find(const struct mf_queue *queue, uint64_t number)
{
    const struct slot *slot = find(queue, number);

    return slot && slot->state != SETTLED ? &slot->letter : NULL;
}

void mf_queue_sent(struct mf_queue *queue, uint64_t number)
{
    struct slot *slot = find(queue, number);

    if (!slot || slot->state != WAITING)
        return;
    slot->state = CARRIED;
    slot->letter.is_retry = true;
    queue->stats.waiting--;
    queue->stats.in_flight++;
    if (queue->next == number)
        queue->next++;
}

bool mf_queue_settle(struct mf_queue *queue, uint64_t number, bool is_delivered)
{
    struct slot *slot = find(queue, number);

    if (!slot || slot->state == SETTLED)
        return false;
    if (slot->state == CARRIED)
        queue->stats.in_flight--;
    else
        queue->stats.waiting--;
    drop_letter(&slot->letter);
    slot->state = SETTLED;
    if (is_delivered)
        queue->stats.delivered++;
    else
        queue->stats.refused++;
    trim(queue);
    return true;
}

void mf_queue_return(struct mf_queue *queue, uint64_t number)
{
    struct slot *slot = find(queue, number);

    if (!slot || slot->state != CARRIED)
        return;
    slot->state = WAITING;
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
static const char *keep_name(struct mf_queue *queue, const char *name)
{
    for (size_t i = queue->name_count; i-- > 0;)
        if (strcmp(queue->names[i], name) == 0)
            return queue->names[i];
    mf_grow(&queue->names, &queue->name_cap, queue->name_count, sizeof(*queue->names));
    return queue->names[queue->name_count++] = mf_strdup(name);
}

void mf_queue_move(struct mf_queue *to, struct mf_queue *from, const uint32_t *inputs)
{
    struct mf_letter *letter;

    mf_queue_recall(from);
    while ((letter = mf_queue_next(from))) {
        struct mf_letter copy = *letter;

        letter->msg.value = letter->topic = mf_value_null();
        mf_queue_settle(from, copy.number, true);
        if (copy.input != UINT32_MAX)
            copy.input = inputs[copy.input];
        if (copy.input == UINT32_MAX) {
            copy.label = keep_name(to, copy.label);
            copy.node_name = keep_name(to, copy.node_name);
        }
        mf_queue_take(to, &copy);
    }
}

bool mf_queue_is_high(const struct mf_queue *queue)
{
    return queue->def.mode == MF_QUEUE_FIFO && kept(queue) * 4 >= (size_t)queue->def.capacity * 3;
}

bool mf_queue_is_low(const struct mf_queue *queue)
{
    return kept(queue) * 2 <= (size_t)queue->def.capacity;
}

bool mf_queue_is_empty(const struct mf_queue *queue)
{
    return kept(queue) == 0;
}

struct mf_queue_stats mf_queue_stats(const struct mf_queue *queue)
{
    return queue->stats;
}
