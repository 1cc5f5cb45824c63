/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A worker: a thread of its own for one slow thing, with a bounded queue of jobs.
 *
 * A job is plain data that its owner fills; nothing counted or shared lies in it. `run` is called
 * on the worker's thread, in order of submission, and touches nothing but the job and what only
 * this worker touches. `done` is called on the owner's thread from mf_worker_collect(), in the same
 * order, for every job that was taken: also at the end.
 *
 * The worker does not know the loop: when a job has run it calls `wake` on its own thread, and
 * whoever made it sees to it that mf_worker_collect() is called on the right one.
 *
 * A job may never come back: a device can hang in the kernel. Who must not wait for that leaves
 * the worker instead of freeing it.
 */

#include <stdbool.h>
#include <stddef.h>

enum { MF_WORKER_JOBS = 1000 }; /* waiting for one worker; more are refused */

struct mf_worker;

struct mf_worker_job {
    void (*run)(struct mf_worker_job *job);
    void (*done)(struct mf_worker_job *job);
    struct mf_worker_job *next; /* the worker's */
};

struct mf_worker *mf_worker_new(const char *name);
/* Runs all that was taken, collects it and ends the thread. NULL is fine. */
void mf_worker_free(struct mf_worker *worker);
/* Ends the thread without waiting for it: what runs is finished some time, what waits is not run,
 * and `done` of all of them is called on the worker's thread. NULL is fine. */
void mf_worker_leave(struct mf_worker *worker);
/* Whom to tell, on the worker's thread, that there is something to collect; NULL: nobody. */
void mf_worker_set_wake(struct mf_worker *worker, void (*wake)(void *arg), void *arg);
/* False: the queue is full, the job was not taken. */
bool mf_worker_submit(struct mf_worker *worker, struct mf_worker_job *job);
void mf_worker_collect(struct mf_worker *worker);
/* Waits until all that was taken has run, and collects it: at the start and at the end. */
void mf_worker_wait(struct mf_worker *worker);
