/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See dead.h. On disk a dead letter is the CBOR list [time, node, kind, reason, …letter]. */

#include "engine/run/dead.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/run/letter.h"
#include "engine/run/store.h"
#include "engine/value/codec.h"

enum { TIME, NODE, KIND, REASON, LETTER };

struct mf_dead {
    struct mf_store_client client;
    struct mf_engine *engine;
    struct mf_store *store;          /* NULL: memory only */
    struct mf_dead_letter **letters; /* in order of number */
    size_t count, cap, bytes;
    uint64_t next, dropped;
    uint64_t *gone; /* to be deleted on disk */
    size_t gone_count, gone_cap, gone_collected;
    struct mf_log_rate log_rate;
};

static size_t size_of(const struct mf_dead_letter *dead)
{
    return sizeof(*dead) + mf_value_size(&dead->letter.msg.value) +
           mf_value_size(&dead->letter.topic);
}

static void free_letter(struct mf_dead_letter *dead)
{
    mf_letter_disown(&dead->letter);
    mf_free(dead->node);
    mf_free(dead->kind);
    mf_free(dead->reason);
    mf_free(dead);
}

struct mf_dead *mf_dead_new(struct mf_engine *engine)
{
    struct mf_dead *dead = mf_zalloc(sizeof(*dead));

    dead->engine = engine;
    dead->next = 1;
    return dead;
}

void mf_dead_free(struct mf_dead *dead)
{
    if (!dead)
        return;
    for (size_t i = 0; i < dead->count; i++)
        free_letter(dead->letters[i]);
    mf_free(dead->letters);
    mf_free(dead->gone);
    mf_free(dead);
}

/* ---- the list ---- */

static void note(struct mf_dead *dead)
{
    if (dead->store)
        mf_store_note(dead->store, MF_STORE_GATHER);
}

void mf_dead_drop(struct mf_dead *dead, size_t i)
{
    struct mf_dead_letter *letter = dead->letters[i];

    if (dead->store && letter->stage != MF_NOT_WRITTEN) {
        mf_grow(&dead->gone, &dead->gone_cap, dead->gone_count, sizeof(*dead->gone));
        dead->gone[dead->gone_count++] = letter->number;
        note(dead);
    }
    dead->bytes -= size_of(letter);
    dead->count--;
    memmove(dead->letters + i, dead->letters + i + 1, (dead->count - i) * sizeof(*dead->letters));
    free_letter(letter);
}

static void append(struct mf_dead *dead, struct mf_dead_letter *letter)
{
    mf_grow(&dead->letters, &dead->cap, dead->count, sizeof(*dead->letters));
    dead->letters[dead->count++] = letter;
    dead->bytes += size_of(letter);
}

static void make_room(struct mf_dead *dead)
{
    while (dead->count > 1 && (dead->count > MF_DEAD_LETTERS || dead->bytes > MF_DEAD_BYTES)) {
        mf_dead_drop(dead, 0);
        dead->dropped++;
        mf_log_limited(&dead->log_rate, mf_clock_mono(&dead->engine->sched.clock), MF_LOG_WARNING,
                       "dead letters",
                       "there are too many: the oldest is dropped (%llu so far); see `moat-flow "
                       "dlq ls`",
                       (unsigned long long)dead->dropped);
    }
}

void mf_dead_put(struct mf_dead *dead, const struct mf_node *node, const struct mf_letter *letter,
                 const char *reason)
{
    struct mf_dead_letter *own = mf_zalloc(sizeof(*own));

    own->number = dead->next++;
    own->time = mf_clock_wall(&dead->engine->sched.clock);
    own->node = mf_strdup(node->def->name);
    own->kind = mf_strdup(node->kind->name);
    own->reason = mf_strdup(reason);
    own->letter = mf_letter_own(letter);
    append(dead, own);
    make_room(dead);
    note(dead);
}

size_t mf_dead_count(const struct mf_dead *dead)
{
    return dead->count;
}

uint64_t mf_dead_dropped(const struct mf_dead *dead)
{
    return dead->dropped;
}

const struct mf_dead_letter *mf_dead_at(const struct mf_dead *dead, size_t i)
{
    return dead->letters[i];
}

size_t mf_dead_find(const struct mf_dead *dead, uint64_t number)
{
    for (size_t i = 0; i < dead->count; i++)
        if (dead->letters[i]->number == number)
            return i;
    return SIZE_MAX;
}

int mf_dead_retry(struct mf_dead *dead, size_t i, struct mf_error *err)
{
    const struct mf_dead_letter *letter = dead->letters[i];
    struct mf_node *node = mf_engine_node(dead->engine, letter->node);

    if (!node || !node->queue || strcmp(node->kind->name, letter->kind) != 0)
        return mf_fail(err, MF_EINVAL, "there is no %s `%s` that could take it", letter->kind,
                       letter->node);
    if (node->guard)
        return mf_fail(err, MF_EINVAL,
                       "`%s` is an actuator, and is told what is right now; take it over with "
                       "`moat-flow set`",
                       letter->node);
    if (mf_node_is_read_only(node))
        return mf_fail(err, MF_EINVAL, "nothing is written: the engine runs with --read-only");
    mf_node_enqueue_again(node, &letter->letter);
    mf_dead_drop(dead, i);
    return 0;
}

/* ---- on disk ---- */

static void write_letter(const struct mf_dead_letter *letter, struct mf_buf *buf)
{
    struct mf_builder list;
    struct mf_value value;

    mf_build_start(&list);
    mf_build_take_item(&list, mf_value_int(letter->time));
    mf_build_take_item(&list, mf_value_new_text(letter->node));
    mf_build_take_item(&list, mf_value_new_text(letter->kind));
    mf_build_take_item(&list, mf_value_new_text(letter->reason));
    mf_letter_build(&list, &letter->letter);
    value = mf_build_end_list(&list);
    mf_cbor_write(&value, buf);
    mf_value_drop(value);
}

static void collect(struct mf_store_client *client, struct mf_batch *batch)
{
    struct mf_dead *dead = mf_list_entry(client, struct mf_dead, client);

    for (size_t i = 0; i < dead->gone_count; i++)
        mf_batch_add(batch, MF_CHANGE_NO_DEAD)->number = dead->gone[i];
    dead->gone_collected = dead->gone_count;
    for (size_t i = 0; i < dead->count && !mf_batch_is_full(batch); i++) {
        struct mf_dead_letter *letter = dead->letters[i];
        struct mf_store_change *change;

        if (letter->stage != MF_NOT_WRITTEN)
            continue;
        change = mf_batch_add(batch, MF_CHANGE_DEAD);
        change->number = letter->number;
        write_letter(letter, &batch->bytes);
        change->body_len = batch->bytes.len - change->body;
        letter->stage = MF_BEING_WRITTEN;
    }
}

static void written(struct mf_store_client *client, bool ok)
{
    struct mf_dead *dead = mf_list_entry(client, struct mf_dead, client);

    if (ok)
        mf_store_shift(dead->gone, &dead->gone_count, dead->gone_collected, sizeof(*dead->gone));
    dead->gone_collected = 0;
    for (size_t i = 0; i < dead->count; i++)
        if (dead->letters[i]->stage == MF_BEING_WRITTEN)
            dead->letters[i]->stage = ok ? MF_WRITTEN : MF_NOT_WRITTEN;
}

static void renewed(struct mf_store_client *client)
{
    struct mf_dead *dead = mf_list_entry(client, struct mf_dead, client);

    dead->gone_count = 0;
    for (size_t i = 0; i < dead->count; i++)
        dead->letters[i]->stage = MF_NOT_WRITTEN;
}

static char *text_at(const struct mf_value *list, size_t at)
{
    const struct mf_value *item = mf_value_at(list, at);
    const char *text = "?";
    size_t len = 1;

    if (item->type == MF_TEXT)
        text = mf_value_text(item, &len);
    return mf_strndup(text, len);
}

static struct mf_dead_letter *read_row(const struct mf_row *row)
{
    struct mf_dead_letter *letter = mf_zalloc(sizeof(*letter));
    struct mf_value list = mf_value_null();

    if (mf_cbor_read(row->body, row->len, &list, NULL) < 0 || list.type != MF_LIST ||
        !mf_letter_read(&list, LETTER, &letter->letter)) {
        mf_value_drop(list);
        mf_free(letter);
        return NULL;
    }
    letter->number = row->number;
    letter->stage = MF_WRITTEN;
    if (mf_value_at(&list, TIME)->type == MF_INT)
        letter->time = mf_value_at(&list, TIME)->integer;
    letter->node = text_at(&list, NODE);
    letter->kind = text_at(&list, KIND);
    letter->reason = text_at(&list, REASON);
    mf_value_drop(list);
    return letter;
}

void mf_dead_attach(struct mf_dead *dead, struct mf_store *store, const struct mf_rows *rows)
{
    struct mf_dead_letter **newer = dead->letters;
    size_t newer_count = dead->count;

    dead->store = store;
    dead->client =
        (struct mf_store_client){.collect = collect, .written = written, .renewed = renewed};
    mf_store_add(store, &dead->client);
    dead->letters = NULL;
    dead->count = dead->cap = dead->bytes = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct mf_dead_letter *letter = read_row(&rows->rows[i]);

        if (letter)
            append(dead, letter);
        else
            mf_log(MF_LOG_WARNING, "dead letters", "number %llu cannot be read and is dropped",
                   (unsigned long long)rows->rows[i].number);
        dead->next = rows->rows[i].number + 1;
    }
    for (size_t i = 0; i < newer_count; i++) {
        newer[i]->number = dead->next++;
        append(dead, newer[i]);
    }
    mf_free(newer);
    make_room(dead);
    if (newer_count)
        note(dead);
}

void mf_dead_detach(struct mf_dead *dead)
{
    if (dead->store)
        mf_list_remove(&dead->client.item);
    dead->store = NULL;
}
