/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The loop: an engine on libuv and the real clock, until it is told to end.
 *
 * One libuv timer stands for the earliest timer of the engine, one check handle runs what is due
 * after descriptors were looked at. While nothing is due the process sleeps; under load each round
 * runs a bounded number of turns and looks at the descriptors again. The host that links need
 * (watched descriptors, jobs on the pool) is here, too.
 *
 *   main()   mf_loop_block_signals()          before anything else, so that no signal is missed
 *            loop = mf_loop_new(options)
 *            mf_loop_run(loop, graph, &err)   ready → … → SIGTERM, or the end of `--once`
 *            mf_loop_free(loop)
 *
 * SIGHUP reads the flow again on a pool thread and switches between two turns. SIGTERM and SIGINT
 * stop the sources, give the sinks `drain` to empty their queues, drive actuators to their failsafe
 * values, and end the run; the second one does so at once. SIGUSR1 logs the status. SIGPIPE stays
 * blocked: a peer that went away is an error of the write.
 */

#include "engine/run/engine.h"

enum mf_loop_event {
    MF_LOOP_READY,     /* links have been begun and the first turn has run; also after a reload */
    MF_LOOP_RELOADING, /* followed by MF_LOOP_READY, whether the new flow was accepted or not */
    MF_LOOP_STOPPING,
    MF_LOOP_ALIVE, /* every `alive` ns, unless the engine is stuck */
};

struct mf_loop_options {
    struct mf_engine_options engine;
    int64_t drain; /* ns that sinks get to empty their queues at the end */
    int64_t alive; /* ns between two MF_LOOP_ALIVE; 0: none */

    /* Reads the flow anew for SIGHUP and compiles it; NULL: there are errors. Runs on a pool
     * thread, one call at a time, while the engine runs: it must not log and touches nothing of
     * the engine. NULL: no reload. */
    struct mf_graph *(*read)(void *arg);
    /* On the loop, after each read(): logs the errors, if there were any, and forgets them. */
    void (*read_done)(void *arg);
    /* Tells a supervisor; `status` is one line for people. May be NULL. */
    void (*event)(void *arg, enum mf_loop_event event, const char *status);
    void *arg, *event_arg;
};

struct mf_loop;

/* Blocks the signals above in this thread and all that it starts. */
void mf_loop_block_signals(void);

struct mf_loop *mf_loop_new(struct mf_loop_options options);
/* Takes the graph. 0: ended as asked. Negative with `err` filled: MF_ETIMEOUT when `once` ended
 * with messages that nobody took within `drain`; other codes when the flow could not be started. */
int mf_loop_run(struct mf_loop *loop, struct mf_graph *graph, struct mf_error *err);
/* A library is still blocked on a pool thread. exit() would wait for it: the caller ends with
 * _exit(), after which nothing is missing. */
bool mf_loop_has_jobs(const struct mf_loop *loop);
/* NULL is fine. Frees nothing while mf_loop_has_jobs(). */
void mf_loop_free(struct mf_loop *loop);

struct mf_engine *mf_loop_engine(struct mf_loop *loop);
/* As SIGTERM does. */
void mf_loop_end(struct mf_loop *loop);
/* As SIGHUP does. */
void mf_loop_reload(struct mf_loop *loop);
