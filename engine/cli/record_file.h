/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* A record (engine/run/record.h) in a file: written by `run --record` and `simulate --record`. */

#include "engine/run/record.h"

#define MF_RECORD_SIZE (INT64_C(1024) * 1024 * 1024) /* bytes of one record; then it ends */

struct mf_record_file;

/* Begins a record of the engine; the file is made anew. `-` is standard output. NULL with `err`. */
struct mf_record_file *mf_record_file_open(struct mf_engine *engine, const char *path,
                                           struct mf_error *err);
/* Ends it, while the engine is still there. False when it could not be written, after saying so.
 * NULL is fine. */
bool mf_record_file_close(struct mf_record_file *file);

/* ---- the file alone, for records that come from elsewhere ---- */

struct mf_record_out {
    int fd;
    char *path;
    struct mf_buf text; /* not written yet */
    int64_t written, limit;
    int64_t flushed; /* mono of the real clock */
    bool is_eager;   /* each line at once: whoever writes may be ended by Ctrl-C */
    bool has_failed; /* said already */
    bool is_full;
};
int mf_record_out_open(struct mf_record_out *out, const char *path, int64_t limit,
                       struct mf_error *err);
/* One line. False: the file is full or cannot be written. */
bool mf_record_out_line(struct mf_record_out *out, const char *text, size_t len);
bool mf_record_out_close(struct mf_record_out *out);
