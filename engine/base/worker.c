/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See worker.h: two lists of jobs under one lock. */

#include "engine/base/worker.h"

#include <pthread.h>
#include <signal.h>

#include "engine/base/alloc.h"

struct jobs {
    struct mf_worker_job *first, **last;
};

struct mf_worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct jobs waiting, ready;
    size_t count; /* waiting or running */
    bool is_ending, is_left;
    void (*wake)(void *arg);
    void *wake_arg;
};

static void append(struct jobs *jobs, struct mf_worker_job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct mf_worker_job *take_first(struct jobs *jobs)
{
    struct mf_worker_job *job = jobs->first;

    if (!job)
        return NULL;
    jobs->first = job->next;
    if (!jobs->first)
        jobs->last = &jobs->first;
    return job;
}

static void finished(struct mf_worker *worker, struct mf_worker_job *job)
{
    append(&worker->ready, job);
    worker->count--;
    if (worker->count == 0)
        pthread_cond_broadcast(&worker->idle);
    if (worker->wake)
        worker->wake(worker->wake_arg);
}

static void release(struct mf_worker *worker)
{
    pthread_cond_destroy(&worker->idle);
    pthread_cond_destroy(&worker->work);
    pthread_mutex_destroy(&worker->lock);
    mf_free(worker);
}

/* Nobody else knows the worker any more. */
static void end_alone(struct mf_worker *worker)
{
    struct mf_worker_job *job;

    while ((job = take_first(&worker->ready)) || (job = take_first(&worker->waiting)))
        job->done(job);
    release(worker);
}

static void *work(void *arg)
{
    struct mf_worker *worker = arg;
    struct mf_worker_job *job;
    bool is_left;

    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (!worker->waiting.first && !worker->is_ending)
            pthread_cond_wait(&worker->work, &worker->lock);
        job = worker->is_left ? NULL : take_first(&worker->waiting);
        if (!job)
            break;
        pthread_mutex_unlock(&worker->lock);
        job->run(job);
        pthread_mutex_lock(&worker->lock);
        finished(worker, job);
    }
    is_left = worker->is_left;
    pthread_mutex_unlock(&worker->lock);
    if (is_left)
        end_alone(worker);
    return NULL;
}

struct mf_worker *mf_worker_new(const char *name)
{
    struct mf_worker *worker = mf_zalloc(sizeof(*worker));
    sigset_t all, old;

    worker->waiting.last = &worker->waiting.first;
    worker->ready.last = &worker->ready.first;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->work, NULL);
    pthread_cond_init(&worker->idle, NULL);
    /* Signals are for the loop. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&worker->thread, NULL, work, worker) != 0)
        mf_out_of_memory();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_setname_np(worker->thread, name);
    return worker;
}

void mf_worker_free(struct mf_worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->is_ending = true;
    worker->wake = NULL;
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    mf_worker_collect(worker);
    release(worker);
}

void mf_worker_leave(struct mf_worker *worker)
{
    if (!worker)
        return;
    pthread_detach(worker->thread);
    pthread_mutex_lock(&worker->lock);
    worker->is_ending = worker->is_left = true;
    worker->wake = NULL;
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->lock);
}

void mf_worker_set_wake(struct mf_worker *worker, void (*wake)(void *arg), void *arg)
{
    pthread_mutex_lock(&worker->lock);
    worker->wake = wake;
    worker->wake_arg = arg;
    pthread_mutex_unlock(&worker->lock);
}

bool mf_worker_submit(struct mf_worker *worker, struct mf_worker_job *job)
{
    bool has_room;

    pthread_mutex_lock(&worker->lock);
    has_room = worker->count < MF_WORKER_JOBS && !worker->is_ending;
    if (has_room) {
        append(&worker->waiting, job);
        worker->count++;
        pthread_cond_signal(&worker->work);
    }
    pthread_mutex_unlock(&worker->lock);
    return has_room;
}

void mf_worker_collect(struct mf_worker *worker)
{
    struct mf_worker_job *job;

    for (;;) {
        pthread_mutex_lock(&worker->lock);
        job = take_first(&worker->ready);
        pthread_mutex_unlock(&worker->lock);
        if (!job)
            return;
        job->done(job);
    }
}

void mf_worker_wait(struct mf_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (worker->count)
        pthread_cond_wait(&worker->idle, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
    mf_worker_collect(worker);
}
