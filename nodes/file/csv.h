/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * CSV (RFC 4180): cells, quoted where they hold a separator, a quote or a line end; a quote in a
 * quoted cell is doubled. The separator may be another character than the comma.
 */

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

/* Where a reader is in a record; a line end counts as the end only outside of quotes. */
enum mf_csv_place {
    MF_CSV_CELL,  /* before the first byte of a cell */
    MF_CSV_PLAIN, /* in a cell without quotes */
    MF_CSV_QUOTED,
    MF_CSV_QUOTE, /* behind a quote in a quoted cell: its end, or half of a pair */
};

/* The place after so many more bytes. */
enum mf_csv_place mf_csv_advance(enum mf_csv_place place, const char *text, size_t len,
                                 char separator);

struct mf_csv_cell {
    const char *text; /* not NUL-terminated */
    size_t len;
};

/* Splits one record, taking quotes away in place. `*ret_count` may be larger than `room`: the
 * cells beyond it are counted only. */
int mf_csv_split(char *text, size_t len, char separator, struct mf_csv_cell *cells, size_t room,
                 size_t *ret_count, struct mf_error *err);
/* Appends a cell, in quotes where it needs them. */
void mf_csv_put(struct mf_buf *buf, const char *text, size_t len, char separator);
