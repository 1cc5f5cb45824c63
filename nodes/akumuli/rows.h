/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Rows: what has been sent to the database and may still turn out to be wrong.
 *
 * The database says nothing when all is well. At the first row it does not like it writes one
 * line, without saying which row it was for most faults, and closes; what stood before that row is
 * stored, the rest is lost. So a row is kept until it has been out for a while and no line
 * came. When one comes and the culprit cannot be told, all rows are sent anew, one at a time,
 * until it shows itself.
 */

#include "engine/base/map.h"
#include "engine/graph/node.h"

enum {
    MF_AKUMULI_ROWS = 1000,    /* under way on one link */
    MF_AKUMULI_KNOWN = 100000, /* series whose last time is remembered; then it begins anew */
};

struct mf_akumuli_series {
    const char *name;
    int64_t last; /* ns; the newest that was sent */
    uint32_t id;  /* in the dictionary of this connection; 0: none */
};

struct mf_akumuli_row {
    struct mf_node *node; /* NULL: its node is gone */
    uint64_t letter;
    const char *series; /* its name */
    int64_t sent;       /* mono */
    bool is_retry;
};

struct mf_akumuli_rows {
    struct mf_akumuli_row list[MF_AKUMULI_ROWS]; /* ring */
    size_t first, count;
    size_t careful;       /* so many rows are still sent one at a time */
    struct mf_map series; /* name → struct mf_akumuli_series *, both owned */
};

void mf_akumuli_rows_done(struct mf_akumuli_rows *rows);
/* The series of that name, made when it is new. */
struct mf_akumuli_series *mf_akumuli_series_of(struct mf_akumuli_rows *rows, const char *name);
/* One more may be sent now. */
bool mf_akumuli_rows_have_room(const struct mf_akumuli_rows *rows);
void mf_akumuli_rows_add(struct mf_akumuli_rows *rows, struct mf_akumuli_row row);
/* Rows that have been out since `before` or longer are delivered. */
void mf_akumuli_rows_settle(struct mf_akumuli_rows *rows, int64_t before);
/* The connection is gone. `line` is what the database said, "" for nothing. */
void mf_akumuli_rows_fail(struct mf_akumuli_rows *rows, const char *line);
void mf_akumuli_rows_forget(struct mf_akumuli_rows *rows, const struct mf_node *node);
