/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The protocol of owserver: a header of six big-endian words, then a path or data.
 *
 * Pure functions. The server answers one request after the other; while it is at it, it sends
 * empty headers ("pings") now and then, which say no more than that it is alive.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

enum {
    MF_OW_HEAD = 24,
    MF_OW_DATA = 65536, /* the longest answer that is taken, bytes */
};

enum mf_ow_type {
    MF_OW_NOP = 1,
    MF_OW_READ = 2,
    MF_OW_WRITE = 3,
    MF_OW_DIR = 4,    /* an answer per entry, and an empty one */
    MF_OW_DIRALL = 7, /* one answer, with commas; servers may lack it */
};

/* What only the kernel's link says; owserver's own codes end at -210. */
enum {
    MF_OW_UNKNOWN_TYPE = -42, /* owserver: of a message */
    MF_OW_ABSENT = -41,
    MF_OW_SILENT = -73,
    MF_OW_CHECKSUM = -1001,
    MF_OW_EMPTY = -1002,
    MF_OW_STRANGE = -1003,
    MF_OW_NO_DRIVER = -1004,
};

struct mf_ow_answer {
    int32_t code; /* negative: what went wrong */
    bool is_ping;
    bool is_kept;     /* the connection; false: the server closes it now */
    const char *data; /* within the bytes that were given */
    size_t len;
};

/* `data`: of a write, else NULL. */
void mf_ow_ask(enum mf_ow_type type, const char *path, const char *data, struct mf_buf *buf);
/* Bytes that the first answer takes; 0: more are needed; negative: this is no owserver. */
int mf_ow_take(const char *data, size_t len, struct mf_ow_answer *ret);

/* Why, in words; constant. */
const char *mf_ow_reason(int32_t code);
/* The device is not there, or the bus is not; trying again may help. */
bool mf_ow_is_absent(int32_t code);
