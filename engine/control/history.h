/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * History: the last accepted generations, each a file in the state directory.
 *
 *   generations/17.json   two lines of JSON: what it is, and the archive of its files
 *
 * A file is written beside its place and renamed, so that it is whole or not there. What is in it
 * is enough to read the flow again; variables and secrets are looked up anew.
 */

#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

enum { MF_HISTORY_KEPT = 10 };                       /* generations; older ones are removed */
#define MF_HISTORY_SIZE (UINT64_C(64) * 1024 * 1024) /* bytes of one; a larger flow is not kept */

struct mf_history_item {
    uint64_t number;
    uint64_t hash[2]; /* of the graph */
    int64_t time;     /* wall ns when it was accepted */
    const char *by;   /* one of mf_generation_by_names[] */
};

struct mf_history {
    struct mf_history_item *items; /* the newest first */
    size_t count, cap;
};

/* What is there; damaged files are left out. */
void mf_history_list(const char *dir, struct mf_history *history);
void mf_history_done(struct mf_history *history);
/* Writes one and removes what is too old. */
int mf_history_save(const char *dir, const struct mf_history_item *item, const char *archive,
                    struct mf_error *err);
/* The archive of a generation. */
int mf_history_load(const char *dir, uint64_t number, struct mf_buf *archive, struct mf_error *err);
