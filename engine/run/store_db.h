/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The file of the store, as the worker sees it: tables of kept state, waiting letters and dead
 * letters. Built on SQLite (store_sqlite.c), or on nothing (store_none.c), which fails to open.
 *
 * Everything here may block and is called on one thread at a time.
 *
 *   state    address → kind, version, when, body (CBOR map of what save() said)
 *   spool    id → address and kind of the sink
 *   letter   spool, number → body (see spool.c)
 *   dead     number → body (see dead.c)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

#define MF_STORE_FILE "state.db" /* in the state directory */

enum mf_change_type {
    MF_CHANGE_STATE,      /* name, kind, number (version), time, body */
    MF_CHANGE_NO_STATE,   /* name */
    MF_CHANGE_SPOOL,      /* spool, name, kind */
    MF_CHANGE_NO_SPOOL,   /* spool, and all letters in it */
    MF_CHANGE_LETTER,     /* spool, number, body */
    MF_CHANGE_NO_LETTERS, /* spool, number … last */
    MF_CHANGE_DEAD,       /* number, body */
    MF_CHANGE_NO_DEAD,    /* number */
};

/* One thing to write. Texts and body are offsets into the batch's bytes. */
struct mf_store_change {
    uint8_t type; /* enum mf_change_type */
    uint32_t name, kind;
    uint64_t spool, number, last;
    int64_t time; /* wall ns */
    size_t body, body_len;
};

/* What is written as one: all of it is on disk afterwards, or nothing. */
struct mf_batch {
    struct mf_store_change *changes;
    size_t count, cap;
    struct mf_buf bytes;
};

struct mf_row {
    char *name, *kind;
    uint64_t spool, number, letters;
    int64_t time;
    void *body;
    size_t len; /* of the body; of a spool: of all its letters */
};

struct mf_rows {
    struct mf_row *rows;
    size_t count, cap;
};

/* What was there at the start. */
struct mf_db_content {
    struct mf_rows state, spools, dead;
    char *set_aside; /* name that a damaged file got, or NULL */
    char *damage;    /* what was wrong with it */
};

struct mf_db;

extern const char *const mf_db_missing; /* library that this program was built without, or NULL */

/* Makes the file if it is not there, and checks it. A damaged one gets another name. MF_ELIMIT:
 * another process has it open. */
int mf_db_open(const char *path, struct mf_db **ret, struct mf_db_content *content,
               struct mf_error *err);
void mf_db_close(struct mf_db *db); /* NULL is fine */
/* MF_EINVAL: the file is damaged, and another one has to take its place. */
int mf_db_write(struct mf_db *db, const struct mf_batch *batch, struct mf_error *err);
/* Letters from `number` on, in order: at most `limit` of them, and no more once there are `size`
 * bytes. */
int mf_db_read(struct mf_db *db, uint64_t spool, uint64_t number, size_t limit, size_t size,
               struct mf_rows *ret, struct mf_error *err);
uint64_t mf_db_written(const struct mf_db *db); /* bytes that went into the log of the file */

struct mf_row *mf_rows_add(struct mf_rows *rows);
void mf_rows_done(struct mf_rows *rows);
void mf_db_content_done(struct mf_db_content *content);
