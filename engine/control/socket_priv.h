/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files of the control socket share. */

#include <uv.h>

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/list.h"
#include "engine/control/request.h"
#include "engine/control/socket.h"

struct mf_request {
    struct mf_caller *caller;
    const struct mf_request_kind *kind; /* NULL: none */
    struct mf_value args;
    void *data;
    struct mf_arena *texts; /* of arguments; NULL: none yet */
    bool is_beginning;      /* begin() has not returned */
    bool is_over;           /* … and has answered already */
};

struct mf_caller {
    struct mf_list link; /* in order of arrival */
    struct mf_control *control;
    uv_pipe_t pipe;
    uv_write_t write;
    struct mf_buf in;
    struct mf_buf out, sending;
    uint64_t dropped; /* lines, not said yet */
    struct mf_request request;
    bool is_sending;
    bool is_leaving; /* goes when it has got what is left */
    bool is_closed;
};

struct mf_control {
    struct mf_loop *loop;
    uv_pipe_t listener;
    uv_prepare_t flush; /* before each wait: what has come up goes out */
    struct mf_list callers;
    struct mf_control_stats stats;
    char *path;
    int lock;
    uint64_t device, inode; /* of our socket */
    unsigned open_handles;
    char bytes[16 * 1024]; /* just read */
};

/* ---- engine/control/socket.c ---- */

/* Something waits to be sent. */
void mf_control_must_flush(struct mf_control *control);

/* ---- engine/control/request.c ---- */

/* One line that asks, without its newline. */
void mf_request_begin(struct mf_caller *caller, const char *line, size_t len);
/* The caller is not interested any more. */
void mf_request_drop(struct mf_caller *caller);
/* An answer to no request. */
void mf_caller_refuse(struct mf_caller *caller, int exit_code, const char *message);
