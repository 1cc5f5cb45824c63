/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Out: a file that whole records are appended to.
 *
 * Records wait in `buf` until mf_out_flush(). Either all that waits gets into the
 * file, or what was begun is taken back and everything waits on: a full disk leaves no half
 * record. A file that somebody moved away is opened anew, and so is one that has grown to its
 * limit, after its predecessors were renamed (`x.csv.1` is the youngest).
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

enum { MF_OUT_TAIL = 1024 * 1024 }; /* bytes at the end in which the last line must begin */

struct mf_out {
    int fd;
    bool is_open;
    bool is_regular; /* else a FIFO or device, which nothing can be taken back from */
    dev_t dev;
    ino_t ino;
    int64_t size;         /* of the file: whole records */
    struct mf_buf buf;    /* whole records that wait */
    struct mf_buf header; /* first line of every new file; may be empty */
    bool has_header;      /* it waits or is in the file */
};

/* Opens or makes the file. *ret_tail, if there is one, is a last line without its line end: the
 * caller says by mf_out_repair() whether it is whole. The text is freed by the caller. */
int mf_out_open(struct mf_out *out, const char *path, char **ret_tail, struct mf_error *err);
/* Ends the last line, or takes it away. */
int mf_out_repair(struct mf_out *out, size_t tail, bool is_whole, struct mf_error *err);
void mf_out_close(struct mf_out *out); /* what waits is dropped */

/* Writes all that waits. MF_ELINK: a FIFO or device takes no more now. MF_EIO: it failed; all is
 * kept and can be tried again. `rotate` is in bytes, 0: never. `files` is how many are kept. */
int mf_out_flush(struct mf_out *out, const char *path, int64_t rotate, int64_t files,
                 struct mf_error *err);
