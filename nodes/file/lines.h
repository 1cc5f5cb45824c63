/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Lines of a file, record by record, without waiting: a FIFO or a terminal with nothing to say is
 * asked again later. A record of CSV may hold line ends in quotes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"
#include "nodes/file/csv.h"

enum { MF_LINES_RECORD = 1024 * 1024 }; /* bytes of one record */
enum { MF_LINES_GOT = 1, MF_LINES_WAIT, MF_LINES_END };

struct mf_lines {
    int fd;
    bool is_open;
    bool is_csv;
    char separator;
    bool is_regular;
    bool is_fifo;   /* other writers may follow the one that has gone */
    bool has_ended; /* nothing more can be read now */
    bool has_spoken;
    bool is_skipping; /* the rest of a line that is too long */
    char *data;
    size_t cap, from, to;
    size_t scanned; /* bytes of the next record that have been looked at */
    enum mf_csv_place place;
    uint64_t line;   /* of the record last returned, from 1 */
    uint64_t lines;  /* read so far */
    uint64_t offset; /* in the file, of data[from] */
};

/* `path` may be `-`: standard input. `separator` is 0 where a line is a record. */
int mf_lines_open(struct mf_lines *lines, const char *path, char separator, struct mf_error *err);
void mf_lines_close(struct mf_lines *lines);
/* Goes on where another reader of the same file was. False when the file is shorter. */
bool mf_lines_seek(struct mf_lines *lines, uint64_t offset, uint64_t line);

/* MF_LINES_GOT: a record without its line end, which the caller may change and which is good until
 * the next call. MF_LINES_WAIT, MF_LINES_END. MF_EINVAL, MF_ELIMIT: record number lines->line is
 * unusable and was left out; go on. MF_EIO: reading failed. */
int mf_lines_next(struct mf_lines *lines, char **ret_text, size_t *ret_len, struct mf_error *err);
