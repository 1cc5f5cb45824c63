/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Record: what is new in one turn, as one line of a file.
 *
 * Cells are in the order of the node's inputs. The map of a single input stands for its members:
 * a `join` becomes a line with a column for each value in it.
 */

#include "engine/base/buf.h"
#include "engine/value/msg.h"
#include "nodes/file/columns.h"

struct mf_cell {
    const char *name;
    bool is_set;
    struct mf_value value;
};

struct mf_record {
    struct mf_cell *cells;
    size_t count;
    int64_t time;
    bool has_quality; /* it gets a column */
    uint8_t quality;  /* enum mf_quality, of the worst cell */
    const char *reason;
};

#define MF_RECORD_TIME "time"
#define MF_RECORD_QUALITY "quality"

/* Columns of a file in which this record is the first. */
void mf_record_columns(const struct mf_record *record, struct mf_columns *ret);
/* Appends a line. What has no column is left out: *ret_left_out names it, or is NULL. */
void mf_record_put_csv(const struct mf_record *record, const struct mf_columns *columns,
                       char separator, struct mf_buf *buf, const char **ret_left_out);
/* `columns` may be empty: all that is there, the time first. */
void mf_record_put_json(const struct mf_record *record, const struct mf_columns *columns,
                        struct mf_buf *buf);
