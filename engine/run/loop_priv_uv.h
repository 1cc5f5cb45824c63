/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the two files of the loop share. */

#include <uv.h>

#include "engine/run/loop_uv.h"
#include "engine/run/reload.h"

enum { MF_LOOP_SIGNALS = 4 };

enum mf_loop_phase {
    MF_LOOP_STARTING,
    MF_LOOP_RUNNING,
    MF_LOOP_DRAINING,
    MF_LOOP_SAFING, /* actuators are told their last value */
    MF_LOOP_ENDING,
    MF_LOOP_ENDED
};

struct mf_loop {
    uv_loop_t uv;
    struct mf_engine engine;
    struct mf_host host;
    struct mf_loop_options options;
    enum mf_loop_phase phase;
    uv_timer_t due;   /* the engine's next timer */
    uv_timer_t limit; /* of draining, of making safe, then of ending */
    uv_timer_t alive;
    uv_async_t stored; /* the store has written something, or could not */
    uv_idle_t busy;    /* active: there is work, so the poll must not wait */
    uv_check_t after;  /* descriptors have been looked at: run what is due */
    uv_signal_t signals[MF_LOOP_SIGNALS];
    uint64_t due_at;          /* loop time in ms; UINT64_MAX: not armed */
    uint64_t alive_turn;      /* at the last MF_LOOP_ALIVE */
    unsigned jobs;            /* on the pool */
    uv_work_t reading;        /* of a reload */
    struct mf_change *change; /* what was read, prepared; NULL: there were errors */
    struct mf_loop_ask ask;   /* who asked for it, and for what */
    int64_t asked, prepared;  /* mono */
    bool is_reading, must_read_again;
    int result;
    struct mf_error *err;
};

/* ---- engine/run/watch_uv.c ---- */

struct mf_watch *mf_loop_watch(void *self, const struct mf_watcher *watcher);
void mf_loop_job(void *self, struct mf_job *job);

/* ---- engine/run/reload_uv.c ---- */

/* For mf_host. */
void mf_loop_settled(void *self, bool is_accepted, const char *why);

/* ---- engine/run/loop_uv.c ---- */

void mf_loop_tell(struct mf_loop *loop, enum mf_loop_event event);

void mf_loop_wake(void *self);
/* A job or a link is done: perhaps the last one. */
void mf_loop_look_for_end(struct mf_loop *loop);
