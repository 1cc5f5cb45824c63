/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows as they come out of the file of the store: plain memory, so that they can cross threads. */

#include "engine/run/store_db.h"

#include <string.h>

#include "engine/base/alloc.h"

struct mf_row *mf_rows_add(struct mf_rows *rows)
{
    struct mf_row *row;

    mf_grow(&rows->rows, &rows->cap, rows->count, sizeof(*rows->rows));
    row = &rows->rows[rows->count++];
    memset(row, 0, sizeof(*row));
    return row;
}

void mf_rows_done(struct mf_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        mf_free(rows->rows[i].name);
        mf_free(rows->rows[i].kind);
        mf_free(rows->rows[i].body);
    }
    mf_free(rows->rows);
    memset(rows, 0, sizeof(*rows));
}

void mf_db_content_done(struct mf_db_content *content)
{
    mf_rows_done(&content->state);
    mf_rows_done(&content->spools);
    mf_rows_done(&content->dead);
    mf_free(content->set_aside);
    mf_free(content->damage);
    memset(content, 0, sizeof(*content));
}
