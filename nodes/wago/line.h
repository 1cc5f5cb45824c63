/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What a WAGO controller says: lines of text, one reply after the other.
 *
 * Pure. The controller answers commands in order and without numbers; signals of monitors, which
 * begin with `!`, come between them at any time. That a monitor was created is a reply, too.
 *
 *   mf_wago_reader_put(&reader, data, len)
 *   while ((rc = mf_wago_reader_next(&reader, &said, &err)) > 0) …
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

enum {
    MF_WAGO_LINE = 4096,      /* bytes of a line at most */
    MF_WAGO_LIST = 256 * 1024 /* bytes of a list at most */
};

enum mf_wago_sort {
    MF_WAGO_INFO,    /* `* …`: nobody asked */
    MF_WAGO_DONE,    /* `+…` */
    MF_WAGO_FAILED,  /* `?…` or `-…` */
    MF_WAGO_LISTED,  /* `=…`, lines, `.` */
    MF_WAGO_CREATED, /* `!+7 …`: a monitor; the reply to the command that created it */
    MF_WAGO_SIGNAL,  /* `!7 …` */
    MF_WAGO_GONE,    /* `!-7 …` */
};

struct mf_wago_said {
    enum mf_wago_sort sort;
    int64_t id;        /* of the monitor, else 0 */
    const char *text;  /* behind the prefix, printable; of a list its title */
    const char *lines; /* of a list, each with a line feed behind it; else "" */
};

/* Zeroed memory is one that has read nothing. */
struct mf_wago_reader {
    struct mf_buf in;
    size_t taken; /* of `in` */
    struct mf_buf text, lines;
    bool is_in_list;
};

void mf_wago_reader_put(struct mf_wago_reader *reader, const void *data, size_t len);
/* 1: something was said, valid until the next call; 0: more has to come; negative, with a sentence:
 * no WAGO controller talks like this. */
int mf_wago_reader_next(struct mf_wago_reader *reader, struct mf_wago_said *ret,
                        struct mf_error *err);
void mf_wago_reader_clear(struct mf_wago_reader *reader); /* of all that came */
void mf_wago_reader_done(struct mf_wago_reader *reader);
