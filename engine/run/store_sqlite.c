/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The file of the store on SQLite.
 *
 * WAL with synchronous=FULL: a commit is one append and one fsync, and it is on disk when it
 * returns. The file is locked for as long as it is open, so that no two engines write into one
 * state directory; that also spares the shared memory file beside it.
 */

#include "engine/run/store_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"

enum { FORMAT = 1 };                          /* of the tables, kept in user_version */
enum { BUSY_MS = 500 };                       /* a former engine may still be closing it */
enum { LOG_PAGES = 1000, FRAME = 4096 + 24 }; /* of the log: when it is worked in; size of a page */

const char *const mf_db_missing = NULL;

enum { STATE, NO_STATE, SPOOL, NO_SPOOL, LETTER, NO_LETTERS, DEAD, NO_DEAD, READ, STATEMENTS };

/* By enum mf_change_type, then the one that reads. */
static const char *const statements[STATEMENTS] = {
    "INSERT OR REPLACE INTO state(address, kind, version, time, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    "DELETE FROM state WHERE address = ?1",
    "INSERT OR REPLACE INTO spool(id, address, kind) VALUES (?1, ?2, ?3)",
    "DELETE FROM spool WHERE id = ?1",
    "INSERT OR REPLACE INTO letter(spool, number, body) VALUES (?1, ?2, ?3)",
    "DELETE FROM letter WHERE spool = ?1 AND number BETWEEN ?2 AND ?3",
    "INSERT OR REPLACE INTO dead(number, body) VALUES (?1, ?2)",
    "DELETE FROM dead WHERE number = ?1",
    "SELECT number, body FROM letter WHERE spool = ?1 AND number >= ?2 ORDER BY number LIMIT ?3",
};

static const char tables[] =
    "BEGIN;"
    "CREATE TABLE state(address TEXT PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL,"
    " time INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE spool(id INTEGER PRIMARY KEY, address TEXT NOT NULL, kind TEXT NOT NULL);"
    "CREATE TABLE letter(spool INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY(spool, number)) WITHOUT ROWID;"
    "CREATE TABLE dead(number INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "PRAGMA user_version = 1;"
    "COMMIT";

struct mf_db {
    sqlite3 *handle;
    sqlite3_stmt *prepared[STATEMENTS];
    char *path;
    int log_pages; /* in the log after the last commit */
    uint64_t written;
};

/* ---- errors ---- */

static bool is_damage(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

/* What SQLite says is for people already; the code says what to do. */
static int fail(const struct mf_db *db, const char *what, struct mf_error *err)
{
    int rc = sqlite3_extended_errcode(db->handle), kind = rc & 0xff;

    if (is_damage(rc))
        return mf_fail(err, MF_EINVAL, "`%s` is damaged: %s", db->path, sqlite3_errmsg(db->handle));
    if (kind == SQLITE_BUSY)
        return mf_fail(err, MF_ELIMIT,
                       "`%s` is in use by another engine; give each its own directory with --state",
                       db->path);
    if (kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY || kind == SQLITE_PERM)
        return mf_fail(err, MF_EDENIED, "cannot %s `%s`: %s", what, db->path,
                       sqlite3_errmsg(db->handle));
    return mf_fail(err, MF_EIO, "cannot %s `%s`: %s", what, db->path,
                   kind == SQLITE_FULL ? "the disk is full" : sqlite3_errmsg(db->handle));
}

static int run(struct mf_db *db, const char *sql, const char *what, struct mf_error *err)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(db, what, err);
    return 0;
}

/* ---- reading ---- */

static char *column_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    return mf_strdup(text ? (const char *)text : "");
}

static void column_body(sqlite3_stmt *statement, int column, struct mf_row *row)
{
    const void *body = sqlite3_column_blob(statement, column);

    row->len = (size_t)sqlite3_column_bytes(statement, column);
    row->body = mf_alloc(row->len + 1);
    if (row->len)
        memcpy(row->body, body, row->len);
}

static void read_state(sqlite3_stmt *statement, struct mf_row *row)
{
    row->name = column_text(statement, 0);
    row->kind = column_text(statement, 1);
    row->number = (uint64_t)sqlite3_column_int64(statement, 2);
    row->time = sqlite3_column_int64(statement, 3);
    column_body(statement, 4, row);
}

static void read_spool(sqlite3_stmt *statement, struct mf_row *row)
{
    row->spool = (uint64_t)sqlite3_column_int64(statement, 0);
    row->name = column_text(statement, 1);
    row->kind = column_text(statement, 2);
    row->letters = (uint64_t)sqlite3_column_int64(statement, 3);
    row->len = (size_t)sqlite3_column_int64(statement, 4);
    row->number = (uint64_t)sqlite3_column_int64(statement, 5);
    row->time = sqlite3_column_int64(statement, 6); /* the last number */
}

static void read_numbered(sqlite3_stmt *statement, struct mf_row *row)
{
    row->number = (uint64_t)sqlite3_column_int64(statement, 0);
    column_body(statement, 1, row);
}

static int read_all(struct mf_db *db, const char *sql,
                    void (*read)(sqlite3_stmt *statement, struct mf_row *row), struct mf_rows *rows,
                    struct mf_error *err)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

    if (rc != SQLITE_OK)
        return fail(db, "read", err);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        read(statement, mf_rows_add(rows));
    rc = rc == SQLITE_DONE ? 0 : fail(db, "read", err);
    sqlite3_finalize(statement);
    return rc;
}

static int read_content(struct mf_db *db, struct mf_db_content *content, struct mf_error *err)
{
    int rc = read_all(db, "SELECT address, kind, version, time, body FROM state", read_state,
                      &content->state, err);

    if (rc == 0)
        rc = read_all(db,
                      "SELECT id, address, kind, count(number), total(length(body)), min(number),"
                      " max(number) FROM spool LEFT JOIN letter ON letter.spool = id GROUP BY id",
                      read_spool, &content->spools, err);
    if (rc == 0)
        rc = read_all(db, "SELECT number, body FROM dead ORDER BY number", read_numbered,
                      &content->dead, err);
    return rc;
}

int mf_db_read(struct mf_db *db, uint64_t spool, uint64_t number, size_t limit, size_t size,
               struct mf_rows *ret, struct mf_error *err)
{
    sqlite3_stmt *statement = db->prepared[READ];
    size_t bytes = 0;
    int rc = SQLITE_DONE;

    sqlite3_bind_int64(statement, 1, (sqlite3_int64)spool);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)number);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)limit);
    while (bytes < size && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct mf_row *row = mf_rows_add(ret);

        read_numbered(statement, row);
        bytes += row->len;
    }
    rc = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : fail(db, "read", err);
    sqlite3_reset(statement);
    return rc;
}

/* ---- writing ---- */

static void bind_text(sqlite3_stmt *statement, int at, const struct mf_batch *batch,
                      uint32_t offset)
{
    sqlite3_bind_text(statement, at, batch->bytes.data + offset, -1, SQLITE_STATIC);
}

static void bind_body(sqlite3_stmt *statement, int at, const struct mf_batch *batch,
                      const struct mf_store_change *change)
{
    sqlite3_bind_blob64(statement, at, batch->bytes.data + change->body, change->body_len,
                        SQLITE_STATIC);
}

static void bind(sqlite3_stmt *statement, const struct mf_batch *batch,
                 const struct mf_store_change *change)
{
    switch (change->type) {
    case MF_CHANGE_STATE:
        bind_text(statement, 1, batch, change->name);
        bind_text(statement, 2, batch, change->kind);
        sqlite3_bind_int64(statement, 3, (sqlite3_int64)change->number);
        sqlite3_bind_int64(statement, 4, change->time);
        bind_body(statement, 5, batch, change);
        break;
    case MF_CHANGE_NO_STATE:
        bind_text(statement, 1, batch, change->name);
        break;
    case MF_CHANGE_SPOOL:
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)change->spool);
        bind_text(statement, 2, batch, change->name);
        bind_text(statement, 3, batch, change->kind);
        break;
    case MF_CHANGE_NO_SPOOL:
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)change->spool);
        break;
    case MF_CHANGE_LETTER:
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)change->spool);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)change->number);
        bind_body(statement, 3, batch, change);
        break;
    case MF_CHANGE_NO_LETTERS:
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)change->spool);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)change->number);
        sqlite3_bind_int64(statement, 3, (sqlite3_int64)change->last);
        break;
    case MF_CHANGE_DEAD:
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)change->number);
        bind_body(statement, 2, batch, change);
        break;
    case MF_CHANGE_NO_DEAD:
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)change->number);
        break;
    }
}

static int write_all(struct mf_db *db, const struct mf_batch *batch, struct mf_error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        sqlite3_stmt *statement = db->prepared[batch->changes[i].type];
        int rc;

        bind(statement, batch, &batch->changes[i]);
        rc = sqlite3_step(statement);
        if (rc != SQLITE_DONE)
            rc = fail(db, "write", err);
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int mf_db_write(struct mf_db *db, const struct mf_batch *batch, struct mf_error *err)
{
    int rc = run(db, "BEGIN IMMEDIATE", "write", err);

    if (rc == 0)
        rc = write_all(db, batch, err);
    if (rc == 0)
        rc = run(db, "COMMIT", "write", err);
    /* A full disk may have rolled it back already. */
    if (rc < 0 && !sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* After each commit. The log begins anew at some commit behind a checkpoint. */
static int count_written(void *arg, sqlite3 *handle, const char *name, int pages)
{
    struct mf_db *db = arg;
    int more = pages - db->log_pages;

    db->written += (uint64_t)(more > 0 ? more : pages) * FRAME;
    db->log_pages = pages;
    if (pages >= LOG_PAGES)
        sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

uint64_t mf_db_written(const struct mf_db *db)
{
    return db->written;
}

/* ---- opening ---- */

void mf_db_close(struct mf_db *db)
{
    if (!db)
        return;
    for (unsigned i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(db->prepared[i]);
    sqlite3_close(db->handle);
    mf_free(db->path);
    mf_free(db);
}

/* State is nobody else's business; the log inherits these permissions. */
static int make_private(const char *path, struct mf_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return mf_fail_sys(err, errno == ENOSPC ? MF_EIO : MF_EDENIED, errno, "cannot open `%s`",
                           path);
    close(fd);
    return 0;
}

static int keep_first(void *arg, int count, char **values, char **names)
{
    char **first = arg;

    if (!*first && count)
        *first = mf_strdup(values[0] ? values[0] : "");
    return 0;
}

static int check(struct mf_db *db, struct mf_error *err)
{
    char *answer = NULL;
    int rc = 0;

    if (sqlite3_exec(db->handle, "PRAGMA quick_check(1)", keep_first, &answer, NULL) != SQLITE_OK)
        rc = fail(db, "check", err);
    else if (!answer || strcmp(answer, "ok") != 0)
        rc = mf_fail(err, MF_EINVAL, "`%s` is damaged: %s", db->path, answer ? answer : "?");
    mf_free(answer);
    return rc;
}

static int make_tables(struct mf_db *db, struct mf_error *err)
{
    char *version = NULL;
    int rc = 0;

    if (sqlite3_exec(db->handle, "PRAGMA user_version", keep_first, &version, NULL) != SQLITE_OK)
        rc = fail(db, "read", err);
    else if (strcmp(version, "0") == 0)
        rc = run(db, tables, "write", err);
    else if (strcmp(version, "1") != 0)
        rc = mf_fail(err, MF_EDENIED, "`%s` has format %s, this program knows %d", db->path,
                     version, FORMAT);
    mf_free(version);
    return rc;
}

static int prepare(struct mf_db *db, struct mf_error *err)
{
    for (unsigned i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(db->handle, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->prepared[i], NULL) != SQLITE_OK)
            return fail(db, "read", err);
    return 0;
}

static int open_once(const char *path, struct mf_db **ret, struct mf_db_content *content,
                     struct mf_error *err)
{
    struct mf_db *db;
    int rc = make_private(path, err);

    if (rc < 0)
        return rc;
    db = mf_zalloc(sizeof(*db));
    db->path = mf_strdup(path);
    if (sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        rc = fail(db, "open", err);
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    sqlite3_wal_hook(db->handle, count_written, db);
    if (rc == 0)
        rc = run(db,
                 "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                 "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304;"
                 "PRAGMA temp_store = MEMORY",
                 "open", err);
    if (rc == 0)
        rc = check(db, err);
    if (rc == 0)
        rc = make_tables(db, err);
    if (rc == 0)
        rc = prepare(db, err);
    if (rc == 0)
        rc = read_content(db, content, err);
    if (rc < 0)
        mf_db_close(db);
    else
        *ret = db;
    return rc;
}

/* Its log goes with it: it belongs to that file alone. */
static int set_aside(const char *path, struct mf_db_content *content, struct mf_error *err)
{
    static const char *const ends[] = {"", "-wal"};
    struct mf_clock clock;
    char when[MF_TIME_TEXT];

    mf_clock_init_real(&clock);
    mf_time_print(mf_clock_wall(&clock) / MF_SEC * MF_SEC, when);
    mf_db_content_done(content);
    content->damage = mf_strdup(err->text);
    content->set_aside = mf_asprintf("%s.damaged-%s", path, when);
    for (unsigned i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        char *from = mf_asprintf("%s%s", path, ends[i]);
        char *to = mf_asprintf("%s%s", content->set_aside, ends[i]);
        int rc = rename(from, to), sys = errno;

        mf_free(from);
        mf_free(to);
        if (rc < 0 && sys != ENOENT)
            return mf_fail_sys(err, MF_EDENIED, sys, "cannot set `%s` aside", path);
    }
    return 0;
}

int mf_db_open(const char *path, struct mf_db **ret, struct mf_db_content *content,
               struct mf_error *err)
{
    int rc = open_once(path, ret, content, err);

    if (rc != MF_EINVAL)
        return rc;
    rc = set_aside(path, content, err);
    return rc < 0 ? rc : open_once(path, ret, content, err);
}
