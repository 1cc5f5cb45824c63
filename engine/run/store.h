/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The store: what an engine keeps on disk, in one file of its state directory.
 *
 * Three things are in it: the state of nodes with `keep` (kept.c), letters of queues with `spool`
 * (spool.c), and dead letters (dead.c). Each of them is a *client*: it keeps what is not yet on
 * disk in memory and says so with mf_store_note(). Some ms later all clients are asked to collect
 * it into one batch, a worker writes the batch in one transaction, and the clients hear how that
 * ended. What came and went in the meantime is never written.
 *
 * A batch that could not be written (the disk is full) is forgotten as if it had not been tried,
 * and collected anew a second later: clients bound what they hold until then.
 *
 * All functions are for the loop thread; none blocks but those that say so.
 */

#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/base/list.h"
#include "engine/base/worker.h"
#include "engine/run/engine.h"
#include "engine/run/store_db.h"

#define MF_STORE_GATHER (8 * MF_MS) /* letters wait that long for others: one write for all */
#define MF_STORE_LAZY MF_SEC        /* state, and what need not be on disk any more */
#define MF_STORE_RETRY MF_SEC       /* after a failure */

enum {
    MF_BATCH_BYTES = 8 * 1024 * 1024, /* of one transaction */
    MF_BATCH_CHANGES = 50000,
};

struct mf_store_client {
    struct mf_list item;
    /* Adds what is not on disk, as long as the batch is not full. */
    void (*collect)(struct mf_store_client *client, struct mf_batch *batch);
    /* The batch is on disk; or it is not, and what was collected must be again. A client may go
     * from within. */
    void (*written)(struct mf_store_client *client, bool ok);
    /* The file was damaged and another has taken its place: nothing is on disk. */
    void (*renewed)(struct mf_store_client *client);
    /* The store closes. NULL: nothing to do. */
    void (*dropped)(struct mf_store_client *client);
};

struct mf_store_metrics {
    uint64_t commits, changes, bytes; /* written; bytes of the file's log */
    uint64_t failures;
    bool is_failing;
    char error[240]; /* the last one; while failing */
};

struct mf_kept;
struct mf_store_write;

struct mf_store {
    struct mf_engine *engine;
    struct mf_worker *worker;
    struct mf_timer timer;
    struct mf_list clients;
    struct mf_store_client own; /* spools that were dropped */
    struct mf_kept *kept;
    struct mf_db_content content; /* spools nobody has asked for yet; see mf_store_take_spool() */
    uint64_t next_spool;
    uint64_t *gone; /* spools to delete */
    size_t gone_count, gone_cap, gone_collected;
    struct mf_store_write *write; /* being written, or NULL */
    struct mf_db *db;             /* the worker's while it has a job */
    char *path;
    int64_t due; /* mono: when something is to be written; MF_NEVER: nothing is */
    struct mf_store_metrics metrics;
};

/* Opens the file in the directory, which is made if it is not there. Blocks while the file is
 * checked. MF_EDENIED, MF_ELIMIT: it cannot be used, NULL. A full disk is no reason to fail. */
struct mf_store *mf_store_open(struct mf_engine *engine, const char *directory,
                               struct mf_error *err);
/* Opens engine->store if the graph wants one, which is not open, and there is to be one. */
int mf_engine_open_store(struct mf_engine *engine, const struct mf_graph *graph,
                         struct mf_error *err);
/* Blocks while the rest is written, and ends the worker. NULL is fine. */
void mf_store_close(struct mf_store *store);

/* Whom to tell, on the worker's thread, that mf_store_collect() has something to do. */
void mf_store_set_wake(struct mf_store *store, void (*wake)(void *arg), void *arg);
void mf_store_collect(struct mf_store *store);
/* Blocks until all is written that can be. True if nothing is left. */
bool mf_store_flush(struct mf_store *store);

void mf_store_add(struct mf_store *store, struct mf_store_client *client);
/* There is something to write, within `after` ns. */
void mf_store_note(struct mf_store *store, int64_t after);
/* Forgets the first `gone` elements of an array. */
void mf_store_shift(void *array, size_t *count, size_t gone, size_t size);
bool mf_batch_is_full(const struct mf_batch *batch);
/* A new change, all zero. */
struct mf_store_change *mf_batch_add(struct mf_batch *batch, enum mf_change_type type);
/* Where in the batch a text lies now. */
uint32_t mf_batch_text(struct mf_batch *batch, const char *text);

/* What lies on disk for a sink that is not there, as rows of content.spools. Taking it makes it the
 * caller's: false if there is nothing. */
bool mf_store_take_spool(struct mf_store *store, const char *address, const char *kind,
                         struct mf_row *ret);
void mf_store_give_spool(struct mf_store *store, const struct mf_row *row); /* texts are copied */
/* Deletes a spool on disk, letters and all; spool i of content.spools. */
void mf_store_forget_spool(struct mf_store *store, uint64_t id);
void mf_store_drop_spool(struct mf_store *store, size_t i);

/* Reads letters in the background; `done` gets them on the loop, and frees the whole. */
struct mf_store_read {
    struct mf_worker_job job;
    struct mf_store *store;
    uint64_t spool, number;
    size_t limit, size;
    struct mf_rows rows;
    struct mf_error err;
    int rc;
    void *owner; /* the caller's; NULL: it is gone */
    void (*done)(struct mf_store_read *read);
};
/* False: not now. */
bool mf_store_read(struct mf_store *store, struct mf_store_read *read);

/* ---- engine/run/kept.c: the state of nodes with `keep` ---- */

struct mf_kept *mf_kept_new(struct mf_store *store, const struct mf_rows *rows);
void mf_kept_free(struct mf_kept *kept);
/* Gives a new node the state that one of its name, kind and version had. True if it did; the node
 * then says nothing as good before its inputs have spoken. */
bool mf_kept_restore(struct mf_kept *kept, struct mf_node *node);
/* Asks all nodes now, instead of at the next second: they are about to stop. */
void mf_kept_save(struct mf_kept *kept);

struct mf_kept_state {
    char *address, *kind;
    uint32_t version;
    int64_t time;        /* wall ns, of the last change */
    struct mf_buf body;  /* CBOR */
    uint8_t stage;       /* enum mf_stage */
    bool is_gone;        /* cleared: to be deleted on disk */
    uint64_t seen, said; /* runs of the node, and what it has said, when it was last asked */
};
size_t mf_kept_count(const struct mf_kept *kept);
struct mf_kept_state *mf_kept_at(const struct mf_kept *kept, size_t i);
struct mf_kept_state *mf_kept_find(const struct mf_kept *kept, const char *address);
/* Forgets it; a running node goes on with its own, which is saved again when it changes. */
void mf_kept_clear(struct mf_kept *kept, struct mf_kept_state *state);

enum mf_stage { MF_NOT_WRITTEN, MF_BEING_WRITTEN, MF_WRITTEN };
