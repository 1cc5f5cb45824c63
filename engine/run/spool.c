/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See spool.h. */

#include "engine/run/spool.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/run/letter.h"
#include "engine/run/pressure.h"
#include "engine/run/queue_priv.h"
#include "engine/run/spool_rest.h"
#include "engine/run/store.h"
#include "engine/value/codec.h"

enum { READ_BYTES = 1024 * 1024 }; /* of letters read back at a time */

/* Places that are free again, to be deleted on disk. */
struct range {
    uint64_t first, last;
};

struct mf_spool {
    struct mf_store_client client;
    struct mf_store *store;
    struct mf_queue *queue;
    struct mf_node *node; /* NULL: its sink is gone, and what is left is written */
    char *address, *kind;
    uint64_t id;
    uint8_t stage;     /* of the spool itself: enum mf_stage */
    bool is_retiring;  /* the flow wants none any more: it goes when it is empty */
    uint64_t place;    /* of the next letter */
    uint64_t gap_from; /* place of the first letter of the gap */
    uint64_t gap_count;
    int64_t gap_bytes;
    int64_t bytes; /* on disk, ring included */
    int64_t limit;
    struct mf_rest rest;
    struct range *free;
    size_t free_count, free_cap, free_collected;
    struct mf_store_read *read; /* under way */
    struct mf_log_rate log_rate;
};

static struct mf_spool *spool_of(struct mf_store_client *client)
{
    return mf_list_entry(client, struct mf_spool, client);
}

/* ---- letters that come and go ---- */

static void free_place(struct mf_spool *spool, uint64_t place)
{
    struct range *last =
        spool->free_count > spool->free_collected ? &spool->free[spool->free_count - 1] : NULL;

    if (last && last->last + 1 == place) {
        last->last = place;
    } else {
        mf_grow(&spool->free, &spool->free_cap, spool->free_count, sizeof(*spool->free));
        spool->free[spool->free_count++] = (struct range){place, place};
    }
    mf_store_note(spool->store, MF_STORE_LAZY);
}

bool mf_spool_take(struct mf_spool *spool, struct mf_letter *letter)
{
    struct mf_queue *queue = spool->queue;
    bool is_full = mf_rest_is_full(&spool->rest);

    queue->stats.entered++;
    mf_store_note(spool->store, MF_STORE_GATHER);
    if (!spool->gap_count && !spool->rest.count && mf_queue_kept(queue) < MF_SPOOL_WINDOW) {
        mf_queue_push(queue, letter)->place = spool->place++;
        return false;
    }
    if (is_full)
        queue->stats.dropped += mf_rest_drop(&spool->rest);
    mf_rest_push(&spool->rest,
                 (struct mf_rest_item){
                     .letter = *letter,
                     .place = spool->place++,
                     .memory = sizeof(struct mf_rest_item) + mf_value_size(&letter->msg.value) +
                               mf_value_size(&letter->topic),
                 });
    return is_full;
}

static void refill(struct mf_spool *spool);

void mf_spool_left(struct mf_spool *spool, struct mf_slot *slot)
{
    if (slot->stage != MF_NOT_WRITTEN) {
        spool->bytes -= slot->size;
        free_place(spool, slot->place);
    }
    refill(spool);
}

/* ---- reading back ---- */

/* Names that the flow still has are those of the graph. */
static void find_input(struct mf_spool *spool, struct mf_letter *letter)
{
    const struct mf_def *def = spool->node->def;
    const char *label = letter->label, *node_name = letter->node_name;

    letter->input = UINT32_MAX;
    for (unsigned i = 0; i < def->in_count && letter->input == UINT32_MAX; i++)
        if (strcmp(def->ins[i].label, label) == 0 && strcmp(def->ins[i].from->name, node_name) == 0)
            letter->input = i;
    if (letter->input != UINT32_MAX) {
        letter->label = def->ins[letter->input].label;
        letter->node_name = def->ins[letter->input].from->name;
    } else {
        letter->label = mf_queue_keep_name(spool->queue, label);
        letter->node_name = mf_queue_keep_name(spool->queue, node_name);
    }
    mf_free((void *)(uintptr_t)label);
    mf_free((void *)(uintptr_t)node_name);
}

static void push_row(struct mf_spool *spool, const struct mf_row *row)
{
    struct mf_value list = mf_value_null();
    struct mf_letter letter;
    struct mf_slot *slot;

    spool->gap_from = row->number + 1;
    spool->gap_count -= spool->gap_count > 0;
    spool->gap_bytes -= (int64_t)row->len;
    if (mf_cbor_read(row->body, row->len, &list, NULL) < 0 || !mf_letter_read(&list, 0, &letter)) {
        mf_node_log(spool->node, MF_LOG_ERROR,
                    "message %llu of its spool cannot be read and is dropped",
                    (unsigned long long)row->number);
        spool->queue->stats.dropped++;
        spool->bytes -= (int64_t)row->len;
        free_place(spool, row->number);
    } else {
        find_input(spool, &letter);
        slot = mf_queue_push(spool->queue, &letter);
        slot->place = row->number;
        slot->size = (uint32_t)row->len;
        slot->stage = MF_WRITTEN;
    }
    mf_value_drop(list);
}

/* More were expected than there are: somebody has been at the file. */
static void close_gap(struct mf_spool *spool)
{
    if (spool->gap_count)
        mf_log(MF_LOG_ERROR, spool->address, "%llu messages are missing in its spool",
               (unsigned long long)spool->gap_count);
    spool->queue->stats.dropped += spool->gap_count;
    spool->bytes -= spool->gap_bytes;
    spool->gap_bytes = 0;
    spool->gap_count = 0;
}

static void read_done(struct mf_store_read *read)
{
    struct mf_spool *spool = read->owner;
    size_t bytes = 0;

    if (spool) {
        spool->read = NULL;
        for (size_t i = 0; i < read->rows.count && read->rc == 0; i++) {
            bytes += read->rows.rows[i].len;
            push_row(spool, &read->rows.rows[i]);
        }
        if (read->rc < 0) {
            mf_log_limited(&spool->log_rate, mf_node_mono(spool->node), MF_LOG_ERROR,
                           spool->address, "%s", read->err.text);
            mf_store_note(spool->store, MF_STORE_RETRY); /* collect() asks again */
        } else if (read->rows.count < read->limit && bytes < read->size) {
            close_gap(spool);
        }
        refill(spool);
        mf_node_wake(spool->node);
    }
    mf_rows_done(&read->rows);
    mf_free(read);
}

static void read_on(struct mf_spool *spool)
{
    struct mf_store_read *read = mf_zalloc(sizeof(*read));

    read->spool = spool->id;
    read->number = spool->gap_from;
    read->limit = MF_SPOOL_WINDOW - mf_queue_kept(spool->queue);
    if (read->limit > spool->gap_count)
        read->limit = (size_t)spool->gap_count;
    read->size = READ_BYTES;
    read->owner = spool;
    read->done = read_done;
    spool->read = read;
    if (mf_store_read(spool->store, read))
        return;
    spool->read = NULL;
    mf_free(read);
    mf_store_note(spool->store, MF_STORE_RETRY);
}

/* Half of the window is empty: the next letters move up. */
static void refill(struct mf_spool *spool)
{
    struct mf_queue *queue = spool->queue;

    if (!spool->node || spool->read || mf_queue_kept(queue) > MF_SPOOL_WINDOW / 2)
        return;
    if (spool->gap_count) {
        read_on(spool);
        return;
    }
    while (spool->rest.count && mf_queue_kept(queue) < MF_SPOOL_WINDOW) {
        bool is_collected = spool->rest.collected > 0;
        struct mf_rest_item item = mf_rest_shift(&spool->rest);
        struct mf_slot *slot = mf_queue_push(queue, &item.letter);

        slot->place = item.place;
        slot->size = item.size;
        slot->stage = is_collected ? MF_BEING_WRITTEN : MF_NOT_WRITTEN;
    }
}

/* ---- writing ---- */

/* A letter outlives the graph whose names it got. */
static struct mf_letter addressed(const struct mf_spool *spool, const struct mf_letter *letter)
{
    struct mf_letter copy = *letter;

    if (spool->node && letter->input < spool->node->def->in_count) {
        copy.label = spool->node->def->ins[letter->input].label;
        copy.node_name = spool->node->def->ins[letter->input].from->name;
    }
    return copy;
}

static uint32_t write_letter(struct mf_spool *spool, struct mf_batch *batch, uint64_t place,
                             const struct mf_letter *borrowed)
{
    struct mf_store_change *change = mf_batch_add(batch, MF_CHANGE_LETTER);
    struct mf_letter letter = addressed(spool, borrowed);
    struct mf_builder list;
    struct mf_value value;

    change->spool = spool->id;
    change->number = place;
    mf_build_start(&list);
    mf_letter_build(&list, &letter);
    value = mf_build_end_list(&list);
    mf_cbor_write(&value, &batch->bytes);
    mf_value_drop(value);
    change->body_len = batch->bytes.len - change->body;
    spool->bytes += (int64_t)change->body_len;
    return (uint32_t)change->body_len;
}

static void collect_free(struct mf_spool *spool, struct mf_batch *batch)
{
    for (size_t i = 0; i < spool->free_count; i++) {
        struct mf_store_change *change = mf_batch_add(batch, MF_CHANGE_NO_LETTERS);

        change->spool = spool->id;
        change->number = spool->free[i].first;
        change->last = spool->free[i].last;
    }
    spool->free_collected = spool->free_count;
}

static void collect_spool(struct mf_spool *spool, struct mf_batch *batch)
{
    struct mf_store_change *change = mf_batch_add(batch, MF_CHANGE_SPOOL);

    change->spool = spool->id;
    change->name = mf_batch_text(batch, spool->address);
    change->kind = mf_batch_text(batch, spool->kind);
    spool->stage = MF_BEING_WRITTEN;
}

/* Over the size: the oldest that nobody carries go. What is in the gap is read back first, so that
 * they go in order. */
static void hold_limit(struct mf_spool *spool)
{
    struct mf_queue *queue = spool->queue;
    uint64_t before = queue->stats.dropped;

    while (spool->bytes > spool->limit && queue->stats.waiting)
        mf_queue_drop_oldest(queue);
    if (queue->stats.dropped > before && spool->node)
        mf_node_log(spool->node, MF_LOG_WARNING,
                    "the spool of %lld bytes is full: the oldest %llu messages are dropped (%llu "
                    "so far)",
                    (long long)spool->limit, (unsigned long long)(queue->stats.dropped - before),
                    (unsigned long long)queue->stats.dropped);
}

static void collect_letters(struct mf_spool *spool, struct mf_batch *batch)
{
    struct mf_queue *queue = spool->queue;

    for (uint64_t i = queue->head; i < queue->tail && !mf_batch_is_full(batch); i++) {
        struct mf_slot *slot = mf_queue_slot(queue, i);

        if (slot->state == MF_SLOT_SETTLED || slot->stage != MF_NOT_WRITTEN)
            continue;
        if (spool->stage == MF_NOT_WRITTEN)
            collect_spool(spool, batch);
        slot->size = write_letter(spool, batch, slot->place, &slot->letter);
        slot->stage = MF_BEING_WRITTEN;
    }
    for (; spool->rest.collected < spool->rest.count && !mf_batch_is_full(batch);
         spool->rest.collected++) {
        struct mf_rest_item *item = mf_rest_at(&spool->rest, spool->rest.collected);

        if (spool->stage == MF_NOT_WRITTEN)
            collect_spool(spool, batch);
        item->size = write_letter(spool, batch, item->place, &item->letter);
    }
}

static void collect(struct mf_store_client *client, struct mf_batch *batch)
{
    struct mf_spool *spool = spool_of(client);

    collect_free(spool, batch);
    collect_letters(spool, batch);
    hold_limit(spool);
    refill(spool);
}

/* Those of the rest that are on disk need no memory any more. */
static void release(struct mf_spool *spool)
{
    while (spool->rest.collected) {
        struct mf_rest_item item = mf_rest_shift(&spool->rest);

        if (!spool->gap_count)
            spool->gap_from = item.place;
        spool->gap_count++;
        spool->gap_bytes += item.size;
        mf_rest_drop_letter(&item.letter);
    }
}

static void forget_writing(struct mf_spool *spool)
{
    for (; spool->rest.collected; spool->rest.collected--)
        spool->bytes -= mf_rest_at(&spool->rest, spool->rest.collected - 1)->size;
}

static void mark_slots(struct mf_spool *spool, enum mf_stage from, enum mf_stage to)
{
    struct mf_queue *queue = spool->queue;

    for (uint64_t i = queue->head; i < queue->tail; i++) {
        struct mf_slot *slot = mf_queue_slot(queue, i);

        if (slot->state == MF_SLOT_SETTLED || slot->stage != from)
            continue;
        slot->stage = (uint8_t)to;
        if (to == MF_NOT_WRITTEN)
            spool->bytes -= slot->size;
    }
}

static bool is_done(const struct mf_spool *spool)
{
    return spool->free_count == 0 && mf_spool_unsaved(spool) == 0;
}

static void free_spool(struct mf_spool *spool);

static void written(struct mf_store_client *client, bool ok)
{
    struct mf_spool *spool = spool_of(client);

    mark_slots(spool, MF_BEING_WRITTEN, ok ? MF_WRITTEN : MF_NOT_WRITTEN);
    if (spool->stage == MF_BEING_WRITTEN)
        spool->stage = ok ? MF_WRITTEN : MF_NOT_WRITTEN;
    if (ok) {
        mf_store_shift(spool->free, &spool->free_count, spool->free_collected,
                       sizeof(*spool->free));
        refill(spool);
        release(spool);
    } else {
        forget_writing(spool);
    }
    spool->free_collected = 0;
    refill(spool);
    if (spool->node)
        mf_pressure_update(spool->node);
    if (is_done(spool) && (!spool->node || (spool->is_retiring && mf_queue_is_empty(spool->queue))))
        free_spool(spool);
}

/* What is in memory is written into the new file; the gap was on disk only. */
static void renewed(struct mf_store_client *client)
{
    struct mf_spool *spool = spool_of(client);

    close_gap(spool);
    spool->free_count = 0;
    spool->stage = MF_NOT_WRITTEN;
    mark_slots(spool, MF_WRITTEN, MF_NOT_WRITTEN);
    refill(spool);
}

/* The store closes, and what is not on disk by now never will be. */
static void dropped(struct mf_store_client *client)
{
    struct mf_spool *spool = spool_of(client);

    spool->node = NULL;
    free_spool(spool);
}

/* ---- life ---- */

static struct mf_spool *new_spool(struct mf_node *node)
{
    struct mf_spool *spool = mf_zalloc(sizeof(*spool));
    struct mf_row row = {0};

    spool->store = node->sched->engine->store;
    spool->queue = node->queue;
    spool->node = node;
    spool->address = mf_strdup(node->def->name);
    spool->kind = mf_strdup(node->kind->name);
    spool->place = 1;
    spool->limit = node->def->queue.capacity;
    if (mf_store_take_spool(spool->store, spool->address, spool->kind, &row)) {
        spool->id = row.spool;
        spool->stage = MF_WRITTEN;
        spool->gap_from = row.number;
        spool->gap_count = row.letters;
        spool->gap_bytes = spool->bytes = (int64_t)row.len;
        if (row.letters)
            spool->place = (uint64_t)row.time + 1;
    } else {
        spool->id = spool->store->next_spool++;
    }
    spool->client = (struct mf_store_client){
        .collect = collect, .written = written, .renewed = renewed, .dropped = dropped};
    mf_store_add(spool->store, &spool->client);
    return spool;
}

void mf_spool_attach(struct mf_node *node)
{
    struct mf_queue *queue = node->queue;
    struct mf_spool *spool;

    if (queue->spool || node->is_played || node->def->queue.mode != MF_QUEUE_SPOOL ||
        !node->sched->engine->store)
        return;
    spool = queue->spool = new_spool(node);
    if (spool->gap_count) {
        mf_node_log(node, MF_LOG_NOTICE, "%llu messages wait in its spool",
                    (unsigned long long)spool->gap_count);
        mf_queue_begin_pace(queue, mf_node_mono(node));
    }
    refill(spool);
}

void mf_spool_move(struct mf_node *to, struct mf_node *from, const uint32_t *inputs)
{
    struct mf_spool *spool = from->queue->spool;

    mf_queue_inherit(to->queue, from->queue, inputs);
    spool->queue = to->queue;
    spool->node = to;
    spool->is_retiring = to->def->queue.mode != MF_QUEUE_SPOOL;
    if (!spool->is_retiring)
        spool->limit = to->def->queue.capacity;
    for (size_t i = 0; i < spool->rest.count; i++)
        mf_queue_readdress(to->queue, &mf_rest_at(&spool->rest, i)->letter, inputs);
}

/* What was written stays; a sink of this name and kind finds it as it would after a restart. */
static void give_back(struct mf_spool *spool)
{
    const struct mf_queue *queue = spool->queue;
    struct mf_row row = {.name = spool->address,
                         .kind = spool->kind,
                         .spool = spool->id,
                         .letters = spool->gap_count + mf_queue_kept(queue),
                         .number = spool->gap_from,
                         .time = (int64_t)spool->place - 1,
                         .len = (size_t)spool->bytes};

    if (mf_queue_kept(queue))
        row.number = mf_queue_slot(queue, queue->head)->place;
    if (row.letters && !spool->is_retiring)
        mf_store_give_spool(spool->store, &row);
    else if (spool->stage == MF_WRITTEN)
        mf_store_forget_spool(spool->store, spool->id);
}

static void free_spool(struct mf_spool *spool)
{
    struct mf_queue *queue = spool->queue;

    mf_list_remove(&spool->client.item);
    if (spool->read)
        spool->read->owner = NULL;
    queue->spool = NULL;
    give_back(spool);
    if (!spool->node)
        mf_queue_free(queue);
    while (spool->rest.count) {
        struct mf_rest_item item = mf_rest_shift(&spool->rest);

        mf_rest_drop_letter(&item.letter);
    }
    mf_free(spool->rest.items);
    mf_free(spool->free);
    mf_free(spool->address);
    mf_free(spool->kind);
    mf_free(spool);
}

static void keep_names(struct mf_spool *spool, struct mf_letter *letter)
{
    struct mf_letter named = addressed(spool, letter);

    letter->label = mf_queue_keep_name(spool->queue, named.label);
    letter->node_name = mf_queue_keep_name(spool->queue, named.node_name);
    letter->input = UINT32_MAX;
}

void mf_spool_detach(struct mf_spool *spool)
{
    struct mf_queue *queue = spool->queue;

    for (uint64_t i = queue->head; i < queue->tail; i++)
        if (mf_queue_slot(queue, i)->state != MF_SLOT_SETTLED)
            keep_names(spool, &mf_queue_slot(queue, i)->letter);
    for (size_t i = 0; i < spool->rest.count; i++)
        keep_names(spool, &mf_rest_at(&spool->rest, i)->letter);
    spool->node = NULL;
    if (spool->read)
        spool->read->owner = NULL;
    spool->read = NULL;
    if (is_done(spool))
        free_spool(spool);
    else
        mf_store_note(spool->store, 0);
}

/* ---- looking ---- */

uint64_t mf_spool_behind(const struct mf_spool *spool)
{
    return spool->gap_count + spool->rest.count;
}

uint64_t mf_spool_unsaved(const struct mf_spool *spool)
{
    const struct mf_queue *queue = spool->queue;
    uint64_t count = spool->rest.count;

    for (uint64_t i = queue->head; i < queue->tail; i++)
        count += mf_queue_slot(queue, i)->state != MF_SLOT_SETTLED &&
                 mf_queue_slot(queue, i)->stage != MF_WRITTEN;
    return count;
}

bool mf_spool_is_high(const struct mf_spool *spool)
{
    return spool->bytes >= spool->limit / 4 * 3 || spool->rest.count >= MF_SPOOL_REST / 4 * 3 ||
           spool->rest.memory >= MF_SPOOL_REST_BYTES / 4 * 3;
}

bool mf_spool_is_low(const struct mf_spool *spool)
{
    return spool->bytes <= spool->limit / 2 && spool->rest.count <= MF_SPOOL_REST / 2 &&
           spool->rest.memory <= MF_SPOOL_REST_BYTES / 2;
}

int64_t mf_spool_bytes(const struct mf_spool *spool)
{
    return spool->bytes;
}

int64_t mf_spool_limit(const struct mf_spool *spool)
{
    return spool->limit;
}
