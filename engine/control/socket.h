/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The control socket: what a running engine listens on, for its owner only.
 *
 * A Unix socket of mode 0600. A lock beside it (`PATH.lock`) tells whether the engine that made a
 * socket still lives: a socket that is left over is replaced, that of a living engine is not.
 * Requests and answers are lines of JSON, see request.h. A caller that does not read costs at most
 * MF_CONTROL_OUTPUT bytes and never a turn of the flow: further lines are dropped, counted, and
 * announced by `{"dropped": N}` as soon as it reads again.
 */

#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

enum {
    MF_CONTROL_CALLERS = 32,         /* at once; a new one takes the place of an idle one */
    MF_CONTROL_REQUEST = 64 * 1024,  /* bytes of a line that asks */
    MF_CONTROL_OUTPUT = 1024 * 1024, /* bytes of lines that wait for one caller */
};

struct mf_loop;
struct mf_control;

/* Metrics since the start. */
struct mf_control_stats {
    size_t callers;    /* now */
    uint64_t accepted; /* callers */
    uint64_t refused;  /* callers, because there were too many */
    uint64_t requests;
    uint64_t faults;  /* requests that were no requests */
    uint64_t dropped; /* lines */
};

/* NULL with `err`: MF_EDENIED when another engine lives there. */
struct mf_control *mf_control_open(struct mf_loop *loop, const char *path, struct mf_error *err);
/* Tells everybody who waits, and takes the socket away. To be called before mf_loop_free(), which
 * frees the last of it; NULL is fine. */
void mf_control_close(struct mf_control *control);
struct mf_control_stats mf_control_stats(const struct mf_control *control);
