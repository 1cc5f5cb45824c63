/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * One read or write of a file of the kernel's 1-wire drivers, on the thread of its bus.
 *
 * It is plain data: the thread touches nothing but this, and whoever made it nothing of it before
 * it is done.
 */

#include <limits.h>

#include "engine/base/worker.h"
#include "nodes/onewire/kernel.h"

struct mf_ow_wish;
struct bus;

struct mf_w1_job {
    struct mf_worker_job job; /* first */
    struct mf_w1_place place;
    char directory[PATH_MAX];
    bool is_write;
    bool is_twice;          /* what is read first is old, and forgotten */
    char value[MF_W1_TEXT]; /* to write; then what was read */
    int code;               /* of frame.h */
    /* Not for the thread. */
    struct bus *bus;         /* NULL: the link has gone */
    struct mf_ow_wish *wish; /* NULL: nobody waits any more */
};

void mf_w1_job_run(struct mf_worker_job *job);
