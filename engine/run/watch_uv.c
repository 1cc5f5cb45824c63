/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What links and nodes need of libuv: descriptors of other libraries, and jobs on the pool.
 *
 * libuv (1.44 and later) aborts the process when it is asked to poll a descriptor that was closed
 * behind its back. So a handle never outlives its descriptor: a change of number drops the handle
 * and makes another, and before each re-arming the kernel is asked whether the descriptor is still
 * open. The handle is a block of its own, because libuv closes it later than the link forgets it.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/run/loop_priv_uv.h"

struct mf_watch {
    struct mf_loop *loop;
    struct mf_watcher watcher;
    uv_poll_t *poll; /* NULL: nothing is watched */
    int fd;
    unsigned events;
};

struct mf_watch *mf_loop_watch(void *self, const struct mf_watcher *watcher)
{
    struct mf_watch *watch = mf_zalloc(sizeof(*watch));

    watch->loop = self;
    watch->watcher = *watcher;
    watch->fd = -1;
    return watch;
}

static void poll_closed(uv_handle_t *handle)
{
    mf_free(handle);
}

static void forget(struct mf_watch *watch)
{
    if (watch->poll) {
        watch->poll->data = NULL;
        uv_poll_stop(watch->poll);
        uv_close((uv_handle_t *)watch->poll, poll_closed);
    }
    watch->poll = NULL;
    watch->fd = -1;
    watch->events = 0;
}

/* An error is for the library to find: both events, so that it reads and writes. */
static void poll_ready(uv_poll_t *poll, int status, int events)
{
    struct mf_watch *watch = poll->data;
    unsigned ready = 0;

    if (!watch)
        return;
    if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)))
        ready |= MF_WATCH_READ;
    if (status < 0 || (events & UV_WRITABLE))
        ready |= MF_WATCH_WRITE;
    if (status < 0)
        forget(watch);
    mf_watcher_tell(&watch->watcher, ready);
}

static void cannot_watch(struct mf_watch *watch, int status)
{
    mf_log(MF_LOG_ERROR, watch->watcher.link ? mf_link_name(watch->watcher.link) : "loop",
           "cannot watch descriptor %d: %s", watch->fd, uv_strerror(status));
    forget(watch);
}

static bool make_poll(struct mf_watch *watch, int fd)
{
    int status;

    watch->fd = fd;
    watch->poll = mf_zalloc(sizeof(*watch->poll));
    status = uv_poll_init(&watch->loop->uv, watch->poll, fd);
    if (status == 0) {
        watch->poll->data = watch;
        return true;
    }
    mf_free(watch->poll); /* never became a handle */
    watch->poll = NULL;
    cannot_watch(watch, status);
    return false;
}

void mf_watch_set(struct mf_watch *watch, int fd, unsigned events)
{
    int wanted = 0, status;

    if (fd == watch->fd && events == watch->events)
        return;
    if (fd != watch->fd)
        forget(watch);
    if (fd < 0 || fcntl(fd, F_GETFD) < 0) {
        forget(watch); /* closed: the library finds out when it is called next */
        return;
    }
    if (!watch->poll && !make_poll(watch, fd))
        return;
    if (events & MF_WATCH_READ)
        wanted |= UV_READABLE;
    if (events & MF_WATCH_WRITE)
        wanted |= UV_WRITABLE;
    status = wanted ? uv_poll_start(watch->poll, wanted, poll_ready) : uv_poll_stop(watch->poll);
    if (status < 0)
        cannot_watch(watch, status);
    else
        watch->events = events;
}

void mf_watch_free(struct mf_watch *watch)
{
    if (!watch)
        return;
    forget(watch);
    mf_free(watch);
}

/* ---- jobs ---- */

struct work {
    uv_work_t work;
    struct mf_loop *loop;
    struct mf_job *job;
};

static void work_run(uv_work_t *request)
{
    struct mf_job *job = ((struct work *)request->data)->job;

    job->run(job);
}

static void work_done(uv_work_t *request, int status)
{
    struct work *work = request->data;
    struct mf_job *job = work->job;
    struct mf_loop *loop = work->loop;

    mf_free(work);
    job->impl = NULL;
    loop->jobs--;
    job->done(job);
    mf_loop_look_for_end(loop);
}

void mf_loop_job(void *self, struct mf_job *job)
{
    struct mf_loop *loop = self;
    struct work *work = mf_zalloc(sizeof(*work));

    work->loop = loop;
    work->job = job;
    work->work.data = work;
    job->impl = work;
    loop->jobs++;
    uv_queue_work(&loop->uv, &work->work, work_run, work_done);
}
