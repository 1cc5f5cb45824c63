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

struct mf_loop;

struct mf_loop_options {
    struct mf_engine_options engine;
    int64_t drain; /* ns that sinks get to empty their queues at the end */
    int64_t alive; /* ns between two MF_LOOP_ALIVE; 0: none */

    /* Reads the flow anew and compiles it, from its files or, with a number, from what was kept of
     * that generation; NULL: there are errors. Runs on a pool thread, one call at a time, while the
     * engine runs: it must not log and touches nothing of the engine. NULL: no reload. */
    struct mf_graph *(*read)(void *arg, uint64_t generation);
    /* On the loop, after each read(): logs the errors, if there were any, and hands them over, a
     * line each. */
    void (*read_done)(void *arg, struct mf_buf *faults);
    /* On the loop: the live generation is accepted, that of the start, too; or a former one is live
     * again. May be NULL. */
    void (*settled)(void *arg, struct mf_loop *loop, bool is_accepted);
    /* What read() without a number would change, `origin` being what the live graph was read from;
     * null with `faults`, a line each: there are errors. Any thread. May be NULL. */
    struct mf_value (*plan)(void *arg, const char *origin, struct mf_buf *faults);
    int64_t grace;       /* ns in which a changed node must work; 0: no trial */
    uint64_t generation; /* number of the first one; 0: it is 1 */
    /* Tells a supervisor; `status` is one line for people. May be NULL. */
    void (*event)(void *arg, enum mf_loop_event event, const char *status);
    void *arg, *event_arg;
};

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

/* What became of a reload. */
struct mf_loop_answer {
    bool is_done;
    const char *why;        /* it was refused: a sentence, or the faults of the flow, a line each */
    int64_t prepared, held; /* ns beside the loop, and of the loop */
};

struct mf_loop_ask {
    int64_t confirm;     /* ns until it is taken back unless confirmed; 0: nobody need to */
    uint64_t generation; /* number of a former one to go back to; 0: read the files */
    void (*done)(void *arg, struct mf_loop *loop, const struct mf_loop_answer *answer);
    void *arg;
};
/* Fails when one is under way, or the flow cannot be read again. The answer comes later. */
int mf_loop_ask(struct mf_loop *loop, const struct mf_loop_ask *ask, struct mf_error *err);
/* Whoever asked does not want to know any more. */
void mf_loop_forget(struct mf_loop *loop, const void *arg);
bool mf_loop_is_reading(const struct mf_loop *loop);

/* See mf_loop_options. Any thread. */
struct mf_value mf_loop_plan(struct mf_loop *loop, const char *origin, struct mf_buf *faults);

/* A job on the pool; see mf_job. */
void mf_loop_do(struct mf_loop *loop, struct mf_job *job);
