/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A host that is moved by hand: an engine whose links are started, on a virtual
 * clock, without a loop. Jobs run when the test takes a step, descriptors are looked at without
 * waiting. It brings mf_watch_set() and mf_watch_free() of its own.
 */

#include "engine/run/engine.h"

enum { HAND_WATCHES = 8, HAND_JOBS = 8 };

struct hand_host {
    struct mf_engine engine;
    struct mf_host host;
    struct mf_watch *watches[HAND_WATCHES];
    struct mf_job *jobs[HAND_JOBS];
    unsigned job_count;
    bool holds_jobs; /* they wait for hand_jobs() */
    struct mf_buf log;
};

/* The flow may use `test.source`. */
void hand_start(struct hand_host *hand, const char *yaml, bool is_read_only);
void hand_reload(struct hand_host *hand, const char *yaml);
/* Until nothing is left to do at this time. */
void hand_settle(struct hand_host *hand);
/* Moves the clock. */
void hand_advance(struct hand_host *hand, int64_t ns);
/* Runs what was held back. */
void hand_jobs(struct hand_host *hand);
/* A source emits a number. */
void hand_feed(struct hand_host *hand, const char *node, double number);
struct mf_node *hand_node(struct hand_host *hand, const char *name);
struct mf_link *hand_link(struct hand_host *hand, const char *name);
/* What the watch of the only link asks for: MF_WATCH_READ … */
unsigned hand_watched(const struct hand_host *hand);
/* The log since the last call holds this text. */
void hand_expect_log(struct hand_host *hand, const char *part);
/* Says goodbye and frees everything. */
void hand_end(struct hand_host *hand);
