/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A link as its kind sees it: config, state, up and down, descriptors and jobs.
 *
 * A link is a connection that nodes share and that outlives them. The engine
 * supervises it: start() is called at first and, after each mf_link_down(), again with
 * exponential back-off and jitter (1 s to 60 s). While it is down everything
 * that hangs on it is stale.
 * Libraries with descriptors of their own are watched through mf_watch; calls that block (name
 * lookup, connecting) run in mf_job. Both come from the host: a libuv loop in the daemon, nothing
 * in tests with a virtual clock, where links are never started.
 */

#include "engine/graph/kind.h"

const char *mf_link_name(const struct mf_link *link);
const void *mf_link_service(const struct mf_link *link); /* of its kind */
const void *mf_link_config(const struct mf_link *link);
void *mf_link_state(const struct mf_link *link);
int64_t mf_link_now(const struct mf_link *link); /* wall */
int64_t mf_link_mono(const struct mf_link *link);
bool mf_link_is_up(const struct mf_link *link);
bool mf_link_is_read_only(const struct mf_link *link); /* run --read-only */

void mf_link_up(struct mf_link *link);
/* Connecting failed or the connection broke: `err` says why. MF_EINVAL and MF_EDENIED also retry,
 * but are logged as errors. */
void mf_link_down(struct mf_link *link, const struct mf_error *err);
void mf_link_stopped(struct mf_link *link);
void mf_link_arm(struct mf_link *link, int64_t after_ns); /* the link's one timer */
void mf_link_log(struct mf_link *link, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Nodes that hang on the link, in no particular order. */
unsigned mf_link_nodes(const struct mf_link *link);
struct mf_node *mf_link_node(const struct mf_link *link, unsigned i);

/* ---- foreign file descriptors ----
 * After *every* call into the library that owns the fd, call mf_watch_set() with the fd as it is
 * now (-1: closed): libuv aborts the process when a library has closed the fd it is asked to
 * re-arm. */

enum { MF_WATCH_READ = 1, MF_WATCH_WRITE = 2 };

struct mf_watch;
struct mf_watch *mf_watch_new(struct mf_link *link,
                              void (*ready)(struct mf_link *link, unsigned events));
/* For one of several descriptors: `arg` says which. */
struct mf_watch *mf_watch_new_for(struct mf_link *link, void (*ready)(void *arg, unsigned events),
                                  void *arg);
void mf_watch_set(struct mf_watch *watch, int fd, unsigned events);
void mf_watch_free(struct mf_watch *watch); /* NULL is fine */

/* ---- short blocking jobs on the pool: name lookup, connecting; never a device ---- */

struct mf_job {
    void (*run)(struct mf_job *job);  /* on a pool thread: touches nothing but the job */
    void (*done)(struct mf_job *job); /* on the loop, always called, also when stopping */
    void *impl;                       /* the host's */
};
void mf_link_job(struct mf_link *link, struct mf_job *job);
