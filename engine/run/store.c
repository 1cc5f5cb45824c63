/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See store.h: gathering what is to be written, and how the writing ended. */

#include "engine/run/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/run/dead.h"

struct mf_store_write {
    struct mf_worker_job job;
    struct mf_store *store;
    struct mf_batch batch;
    struct mf_db_content content; /* of a file that took another's place */
    uint64_t bytes;
    struct mf_error err;
    int rc;
};

/* ---- batches ---- */

void mf_store_shift(void *array, size_t *count, size_t gone, size_t size)
{
    if (gone < *count)
        memmove(array, (char *)array + gone * size, (*count - gone) * size);
    *count -= gone;
}

bool mf_batch_is_full(const struct mf_batch *batch)
{
    return batch->bytes.len >= MF_BATCH_BYTES || batch->count >= MF_BATCH_CHANGES;
}

struct mf_store_change *mf_batch_add(struct mf_batch *batch, enum mf_change_type type)
{
    struct mf_store_change *change;

    mf_grow(&batch->changes, &batch->cap, batch->count, sizeof(*batch->changes));
    change = &batch->changes[batch->count++];
    *change = (struct mf_store_change){.type = (uint8_t)type, .body = batch->bytes.len};
    return change;
}

uint32_t mf_batch_text(struct mf_batch *batch, const char *text)
{
    uint32_t at = (uint32_t)batch->bytes.len;

    mf_buf_put(&batch->bytes, text, strlen(text) + 1);
    return at;
}

static void free_write(struct mf_store_write *write)
{
    mf_free(write->batch.changes);
    mf_buf_done(&write->batch.bytes);
    mf_db_content_done(&write->content);
    mf_free(write);
}

/* ---- on the worker ---- */

/* The handle is the worker's while it has a job. After damage the file is opened anew, which finds
 * out whether it can go on with it. */
static void write_run(struct mf_worker_job *job)
{
    struct mf_store_write *write = (struct mf_store_write *)job;
    struct mf_store *store = write->store;

    if (!store->db)
        write->rc = mf_db_open(store->path, &store->db, &write->content, &write->err);
    if (write->rc == 0)
        write->rc = mf_db_write(store->db, &write->batch, &write->err);
    if (write->rc == MF_EINVAL) {
        mf_db_close(store->db);
        store->db = NULL;
    }
    if (store->db)
        write->bytes = mf_db_written(store->db);
}

/* ---- on the loop ---- */

static void arm(struct mf_store *store)
{
    if (store->write || store->due == MF_NEVER)
        return;
    mf_timer_arm(&store->engine->sched, &store->timer, store->due);
    mf_engine_wake(store->engine);
}

void mf_store_note(struct mf_store *store, int64_t after)
{
    int64_t due = mf_clock_mono(&store->engine->sched.clock) + after;

    if (due >= store->due)
        return;
    store->due = due;
    arm(store);
}

static void tell_all(struct mf_store *store, bool ok)
{
    struct mf_list *next;

    for (struct mf_list *item = store->clients.next; item != &store->clients; item = next) {
        struct mf_store_client *client = mf_list_entry(item, struct mf_store_client, item);

        next = item->next;
        client->written(client, ok);
    }
}

static void succeeded(struct mf_store *store, const struct mf_store_write *write)
{
    struct mf_store_metrics *m = &store->metrics;

    if (m->is_failing)
        mf_log(MF_LOG_NOTICE, "store", "`%s` can be written again: all is safe", store->path);
    m->is_failing = false;
    m->commits++;
    m->changes += write->batch.count;
    m->bytes = write->bytes;
}

static void failed(struct mf_store *store, const struct mf_store_write *write)
{
    struct mf_store_metrics *m = &store->metrics;

    m->failures++;
    if (!m->is_failing || strcmp(m->error, write->err.text) != 0)
        mf_log(MF_LOG_ERROR, "store",
               "%s; until that is over, kept state and spooled messages would not survive a "
               "restart",
               write->err.text);
    m->is_failing = true;
    snprintf(m->error, sizeof(m->error), "%s", write->err.text);
    mf_store_note(store, MF_STORE_RETRY);
}

static void say_damage(const struct mf_db_content *content)
{
    mf_log(MF_LOG_ERROR, "store", "%s; it is set aside as `%s`, and what was kept in it is lost",
           content->damage, content->set_aside);
}

static void renewed(struct mf_store *store)
{
    for (struct mf_list *item = store->clients.next; item != &store->clients; item = item->next) {
        struct mf_store_client *client = mf_list_entry(item, struct mf_store_client, item);

        client->renewed(client);
    }
    mf_rows_done(&store->content.spools);
    mf_store_note(store, 0);
}

static void write_done(struct mf_worker_job *job)
{
    struct mf_store_write *write = (struct mf_store_write *)job;
    struct mf_store *store = write->store;

    store->write = NULL;
    if (write->rc == 0)
        succeeded(store, write);
    tell_all(store, write->rc == 0);
    if (write->content.set_aside) {
        say_damage(&write->content);
        renewed(store);
    }
    if (write->rc < 0)
        failed(store, write);
    arm(store);
    free_write(write);
}

/* False: there is nothing to write. */
static bool submit(struct mf_store *store)
{
    struct mf_store_write *write = mf_zalloc(sizeof(*write));

    store->due = MF_NEVER;
    mf_timer_disarm(&store->engine->sched, &store->timer);
    write->store = store;
    write->job.run = write_run;
    write->job.done = write_done;
    for (struct mf_list *item = store->clients.next; item != &store->clients; item = item->next) {
        struct mf_store_client *client = mf_list_entry(item, struct mf_store_client, item);

        client->collect(client, &write->batch);
    }
    if (!write->batch.count) {
        free_write(write);
        return false;
    }
    store->write = write;
    if (mf_batch_is_full(&write->batch))
        mf_store_note(store, 0);
    if (!mf_worker_submit(store->worker, &write->job)) {
        write->rc = mf_fail(&write->err, MF_ELIMIT, "%d jobs wait for the disk", MF_WORKER_JOBS);
        write_done(&write->job);
    }
    return true;
}

static void timer_fired(struct mf_timer *timer)
{
    struct mf_store *store = mf_list_entry(timer, struct mf_store, timer);

    if (!store->write)
        submit(store);
}

void mf_store_add(struct mf_store *store, struct mf_store_client *client)
{
    mf_list_append(&store->clients, &client->item);
}

void mf_store_collect(struct mf_store *store)
{
    mf_worker_collect(store->worker);
}

bool mf_store_flush(struct mf_store *store)
{
    do {
        mf_worker_wait(store->worker);
        if (!submit(store))
            return true;
        mf_worker_wait(store->worker);
    } while (!store->metrics.is_failing);
    return false;
}

/* ---- spools of sinks that are not there ---- */

static size_t find_spool(const struct mf_store *store, const char *address, const char *kind)
{
    size_t i;

    for (i = 0; i < store->content.spools.count; i++)
        if (strcmp(store->content.spools.rows[i].name, address) == 0 &&
            strcmp(store->content.spools.rows[i].kind, kind) == 0)
            break;
    return i;
}

static void forget_spool(struct mf_store *store, size_t i)
{
    struct mf_rows *rows = &store->content.spools;

    mf_free(rows->rows[i].name);
    mf_free(rows->rows[i].kind);
    rows->rows[i] = rows->rows[--rows->count];
}

bool mf_store_take_spool(struct mf_store *store, const char *address, const char *kind,
                         struct mf_row *ret)
{
    size_t i = find_spool(store, address, kind);

    if (i == store->content.spools.count)
        return false;
    *ret = store->content.spools.rows[i];
    forget_spool(store, i);
    ret->name = ret->kind = NULL;
    return true;
}

void mf_store_give_spool(struct mf_store *store, const struct mf_row *row)
{
    struct mf_row *own = mf_rows_add(&store->content.spools);

    *own = *row;
    own->name = mf_strdup(row->name);
    own->kind = mf_strdup(row->kind);
}

void mf_store_forget_spool(struct mf_store *store, uint64_t id)
{
    mf_grow(&store->gone, &store->gone_cap, store->gone_count, sizeof(*store->gone));
    store->gone[store->gone_count++] = id;
    mf_store_note(store, MF_STORE_LAZY);
}

void mf_store_drop_spool(struct mf_store *store, size_t i)
{
    mf_store_forget_spool(store, store->content.spools.rows[i].spool);
    forget_spool(store, i);
}

static void collect_gone(struct mf_store_client *client, struct mf_batch *batch)
{
    struct mf_store *store = mf_list_entry(client, struct mf_store, own);

    for (size_t i = 0; i < store->gone_count; i++) {
        struct mf_store_change *change = mf_batch_add(batch, MF_CHANGE_NO_LETTERS);

        change->spool = store->gone[i];
        change->last = INT64_MAX;
        mf_batch_add(batch, MF_CHANGE_NO_SPOOL)->spool = store->gone[i];
    }
    store->gone_collected = store->gone_count;
}

static void gone_written(struct mf_store_client *client, bool ok)
{
    struct mf_store *store = mf_list_entry(client, struct mf_store, own);

    if (ok)
        mf_store_shift(store->gone, &store->gone_count, store->gone_collected,
                       sizeof(*store->gone));
    store->gone_collected = 0;
}

static void gone_renewed(struct mf_store_client *client)
{
    mf_list_entry(client, struct mf_store, own)->gone_count = 0;
}

/* ---- reading ---- */

static void read_run(struct mf_worker_job *job)
{
    struct mf_store_read *read = (struct mf_store_read *)job;

    read->rc = read->store->db ? mf_db_read(read->store->db, read->spool, read->number, read->limit,
                                            read->size, &read->rows, &read->err)
                               : mf_fail(&read->err, MF_EIO, "`%s` is not open", read->store->path);
}

static void read_done(struct mf_worker_job *job)
{
    struct mf_store_read *read = (struct mf_store_read *)job;

    read->done(read);
}

bool mf_store_read(struct mf_store *store, struct mf_store_read *read)
{
    read->store = store;
    read->job.run = read_run;
    read->job.done = read_done;
    return mf_worker_submit(store->worker, &read->job);
}

/* ---- life ---- */

struct opening {
    struct mf_worker_job job;
    struct mf_store *store;
    struct mf_error err;
    int rc;
};

static void open_run(struct mf_worker_job *job)
{
    struct opening *opening = (struct opening *)job;
    struct mf_store *store = opening->store;
    struct stat st;

    opening->rc = mf_db_open(store->path, &store->db, &store->content, &opening->err);
    /* There is nothing in it that could not be read. */
    if (opening->rc == MF_EIO && (stat(store->path, &st) < 0 || st.st_size == 0))
        opening->rc = 0;
}

static void open_done(struct mf_worker_job *job)
{
}

static int make_directory(const char *directory, struct mf_error *err)
{
    char *path = mf_strdup(directory);
    int rc = 0;

    for (char *at = path + 1; rc == 0; at++) {
        char mark = *at;

        if (mark != '/' && mark)
            continue;
        *at = 0;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            rc = mf_fail_sys(err, MF_EDENIED, errno, "cannot make the state directory `%s`", path);
        *at = mark;
        if (!mark)
            break;
    }
    mf_free(path);
    return rc;
}

static void begin(struct mf_store *store)
{
    for (size_t i = 0; i < store->content.spools.count; i++)
        if (store->content.spools.rows[i].spool >= store->next_spool)
            store->next_spool = store->content.spools.rows[i].spool + 1;
    store->own = (struct mf_store_client){
        .collect = collect_gone, .written = gone_written, .renewed = gone_renewed};
    mf_store_add(store, &store->own);
    store->kept = mf_kept_new(store, &store->content.state);
    mf_dead_attach(store->engine->dead, store, &store->content.dead);
    mf_rows_done(&store->content.state);
    mf_rows_done(&store->content.dead);
}

struct mf_store *mf_store_open(struct mf_engine *engine, const char *directory,
                               struct mf_error *err)
{
    struct opening opening = {.job = {.run = open_run, .done = open_done}};
    struct mf_store *store;

    if (make_directory(directory, err) < 0)
        return NULL;
    store = mf_zalloc(sizeof(*store));
    store->engine = engine;
    store->path = mf_asprintf("%s/" MF_STORE_FILE, directory);
    store->due = MF_NEVER;
    store->timer.fire = timer_fired;
    store->next_spool = 1;
    mf_list_init(&store->clients);
    store->worker = mf_worker_new("mf-store");
    opening.store = store;
    mf_worker_submit(store->worker, &opening.job);
    mf_worker_wait(store->worker);
    if (opening.rc < 0) {
        mf_fail(err, opening.err.code, "%s", opening.err.text);
        mf_store_close(store);
        return NULL;
    }
    if (store->content.set_aside)
        say_damage(&store->content);
    begin(store);
    return store;
}

void mf_store_set_wake(struct mf_store *store, void (*wake)(void *arg), void *arg)
{
    mf_worker_set_wake(store->worker, wake, arg);
}

static bool wants_store(const struct mf_graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const struct mf_def *def = graph->nodes[i];

        if ((def->keep && def->kind->save) ||
            (def->kind->deliver && def->queue.mode == MF_QUEUE_SPOOL))
            return true;
    }
    return false;
}

int mf_engine_open_store(struct mf_engine *engine, const struct mf_graph *graph,
                         struct mf_error *err)
{
    if (engine->store || !engine->options.state_directory || engine->options.read_only ||
        !wants_store(graph))
        return 0;
    engine->store = mf_store_open(engine, engine->options.state_directory, err);
    if (!engine->store)
        return err->code;
    if (engine->host && engine->host->stored)
        mf_store_set_wake(engine->store, engine->host->stored, engine->host->self);
    return 0;
}

static void drop_clients(struct mf_store *store)
{
    struct mf_list *next;

    for (struct mf_list *item = store->clients.next; item != &store->clients; item = next) {
        struct mf_store_client *client = mf_list_entry(item, struct mf_store_client, item);

        next = item->next;
        if (client->dropped)
            client->dropped(client);
    }
}

void mf_store_close(struct mf_store *store)
{
    if (!store)
        return;
    if (store->kept)
        mf_store_flush(store);
    drop_clients(store);
    mf_timer_disarm(&store->engine->sched, &store->timer);
    mf_worker_free(store->worker);
    mf_db_close(store->db);
    mf_kept_free(store->kept);
    mf_db_content_done(&store->content);
    mf_free(store->gone);
    mf_free(store->path);
    mf_free(store);
}
