/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The store of a program that was built without SQLite: there is none. */

#include "engine/run/store_db.h"

const char *const mf_db_missing = "libsqlite3";

int mf_db_open(const char *path, struct mf_db **ret, struct mf_db_content *content,
               struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL, "state on disk needs %s, which this program was built without",
                   mf_db_missing);
}

void mf_db_close(struct mf_db *db)
{
}

int mf_db_write(struct mf_db *db, const struct mf_batch *batch, struct mf_error *err)
{
    return MF_EINVAL;
}

int mf_db_read(struct mf_db *db, uint64_t spool, uint64_t number, size_t limit, size_t size,
               struct mf_rows *ret, struct mf_error *err)
{
    return MF_EINVAL;
}

uint64_t mf_db_written(const struct mf_db *db)
{
    return 0;
}
