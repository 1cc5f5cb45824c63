/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The control socket: see socket.h.
 *
 * What is said during a round of the loop is collected and sent once, before the loop waits again:
 * a tap on a busy node costs a copy of the line there, and a system call per round.
 */

#include "engine/control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/control/address.h"
#include "engine/control/socket_priv.h"
#include "engine/run/loop_priv_uv.h"

enum { BACKLOG = 64, KEPT_MEMORY = 64 * 1024 };

/* ---- the end of a caller ---- */

static void handle_closed(struct mf_control *control)
{
    if (--control->open_handles == 0) {
        mf_free(control->path);
        mf_free(control);
    }
}

static void caller_closed(uv_handle_t *handle)
{
    struct mf_caller *caller = handle->data;
    struct mf_control *control = caller->control;

    mf_buf_done(&caller->in);
    mf_buf_done(&caller->out);
    mf_buf_done(&caller->sending);
    mf_free(caller);
    handle_closed(control);
}

static void close_caller(struct mf_caller *caller)
{
    if (caller->is_closed)
        return;
    caller->is_closed = true;
    mf_request_drop(caller);
    mf_list_remove(&caller->link);
    caller->control->stats.callers--;
    uv_close((uv_handle_t *)&caller->pipe, caller_closed);
}

/* It asks no more; what it has coming is still sent. */
static void leave(struct mf_caller *caller)
{
    mf_request_drop(caller);
    caller->is_leaving = true;
    mf_control_must_flush(caller->control);
}

/* ---- out ---- */

static void written(uv_write_t *write, int status)
{
    struct mf_caller *caller = mf_list_entry(write, struct mf_caller, write);

    caller->is_sending = false;
    if (caller->sending.cap > KEPT_MEMORY)
        mf_buf_done(&caller->sending);
    mf_buf_clear(&caller->sending);
    if (caller->is_closed)
        return;
    if (status < 0)
        close_caller(caller);
    else
        mf_control_must_flush(caller->control);
}

static void send_out(struct mf_caller *caller)
{
    struct mf_buf swap = caller->sending;
    uv_buf_t bytes;

    caller->sending = caller->out;
    caller->out = swap;
    bytes = uv_buf_init(caller->sending.data, (unsigned)caller->sending.len);
    if (uv_write(&caller->write, (uv_stream_t *)&caller->pipe, &bytes, 1, written) < 0)
        close_caller(caller);
    else
        caller->is_sending = true;
}

static void read_requests(struct mf_caller *caller);

static void flush_caller(struct mf_caller *caller)
{
    read_requests(caller);
    if (caller->is_closed || caller->is_sending)
        return;
    if (caller->out.len)
        send_out(caller);
    else if (caller->is_leaving)
        close_caller(caller);
}

static void flush_all(uv_prepare_t *prepare)
{
    struct mf_control *control = prepare->data;
    struct mf_list *link = control->callers.next;

    uv_prepare_stop(prepare);
    while (link != &control->callers) {
        struct mf_caller *caller = mf_list_entry(link, struct mf_caller, link);

        link = link->next;
        flush_caller(caller);
    }
}

void mf_control_must_flush(struct mf_control *control)
{
    if (!uv_is_closing((uv_handle_t *)&control->flush))
        uv_prepare_start(&control->flush, flush_all);
}

/* ---- in ---- */

/* One at a time: the next line waits until the answer to the last one is out of our hands. */
static bool is_free(const struct mf_caller *caller)
{
    return !caller->request.kind && !caller->out.len && !caller->is_sending && !caller->is_leaving;
}

static void read_requests(struct mf_caller *caller)
{
    size_t from = 0;
    const char *end;

    while (is_free(caller) && from < caller->in.len &&
           (end = memchr(caller->in.data + from, '\n', caller->in.len - from))) {
        const char *line = caller->in.data + from;

        from = (size_t)(end + 1 - caller->in.data);
        if (end > line)
            mf_request_begin(caller, line, (size_t)(end - line));
    }
    if (from) {
        memmove(caller->in.data, caller->in.data + from, caller->in.len - from);
        caller->in.len -= from;
    }
}

static void alloc_bytes(uv_handle_t *handle, size_t wanted, uv_buf_t *ret)
{
    struct mf_caller *caller = handle->data;

    *ret = uv_buf_init(caller->control->bytes, sizeof(caller->control->bytes));
}

static void came(uv_stream_t *stream, ssize_t len, const uv_buf_t *bytes)
{
    struct mf_caller *caller = stream->data;

    if (len == UV_EOF)
        leave(caller);
    else if (len < 0)
        close_caller(caller);
    if (len <= 0 || caller->is_leaving)
        return;
    mf_buf_put(&caller->in, bytes->base, (size_t)len);
    read_requests(caller);
    if (caller->in.len <= MF_CONTROL_REQUEST || caller->is_leaving)
        return;
    caller->control->stats.faults++;
    mf_caller_refuse(caller, 2, "a request, and what is asked ahead, is at most 64 KiB");
    leave(caller);
}

/* ---- callers ---- */

/* Makes room by sending those away that have been idle for longest. */
static bool has_room(struct mf_control *control)
{
    struct mf_list *link = control->callers.next;

    while (control->stats.callers > MF_CONTROL_CALLERS && link != &control->callers) {
        struct mf_caller *caller = mf_list_entry(link, struct mf_caller, link);

        link = link->next;
        if (!caller->request.kind)
            close_caller(caller);
    }
    return control->stats.callers <= MF_CONTROL_CALLERS;
}

static void connected(uv_stream_t *listener, int status)
{
    struct mf_control *control = listener->data;
    struct mf_caller *caller;

    if (status < 0)
        return;
    caller = mf_zalloc(sizeof(*caller));
    caller->control = control;
    caller->request.caller = caller;
    mf_list_init(&caller->link);
    uv_pipe_init(&control->loop->uv, &caller->pipe, 0);
    caller->pipe.data = caller;
    control->open_handles++;
    control->stats.callers++;
    if (uv_accept(listener, (uv_stream_t *)&caller->pipe) < 0) {
        close_caller(caller);
        return;
    }
    if (!has_room(control)) {
        control->stats.refused++;
        mf_caller_refuse(caller, 5, "too many callers ask this engine at once; try again later");
        caller->is_leaving = true;
    }
    control->stats.accepted++;
    mf_list_append(&control->callers, &caller->link);
    uv_read_start((uv_stream_t *)&caller->pipe, alloc_bytes, came);
}

/* ---- the place ---- */

/* The lock lives as long as the process, however that ends. */
static int lock_place(struct mf_control *control, struct mf_error *err)
{
    char *name = mf_asprintf("%s.lock", control->path);

    control->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (control->lock < 0)
        mf_fail_sys(err, MF_EIO, errno, "cannot make `%s`", name);
    else if (flock(control->lock, LOCK_EX | LOCK_NB) < 0)
        mf_fail(err, MF_EDENIED,
                "another engine listens on `%s`; give this one a place of its own with --socket",
                control->path);
    mf_free(name);
    return err->code;
}

static int clear_place(const struct mf_control *control, struct mf_error *err)
{
    struct stat info;

    if (lstat(control->path, &info) < 0)
        return 0;
    if (!S_ISSOCK(info.st_mode))
        return mf_fail(err, MF_EINVAL, "`%s` is there and is not a socket", control->path);
    if (unlink(control->path) < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot replace `%s`", control->path);
    return 0;
}

/* The mode that a socket has when it is bound is that of its file: nobody else gets in between. */
static int bind_place(struct mf_control *control, int fd, struct mf_error *err)
{
    struct sockaddr_un address;
    struct stat info;

    if (mf_control_address(control->path, &address, err) < 0)
        return err->code;
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        stat(control->path, &info) < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot listen on `%s`", control->path);
    control->device = info.st_dev;
    control->inode = info.st_ino;
    return 0;
}

static int listen_there(struct mf_control *control, struct mf_error *err)
{
    int fd, rc;

    if (lock_place(control, err) < 0 || clear_place(control, err) < 0)
        return err->code;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return mf_fail_sys(err, MF_EIO, errno, "no socket to listen on");
    rc = bind_place(control, fd, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    rc = uv_pipe_open(&control->listener, fd);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&control->listener, BACKLOG, connected);
    return rc < 0
               ? mf_fail(err, MF_EIO, "cannot listen on `%s`: %s", control->path, uv_strerror(rc))
               : 0;
}

/* Another engine may have taken the place by force. */
static void leave_place(struct mf_control *control)
{
    struct stat info;

    if (control->inode && lstat(control->path, &info) == 0 && info.st_ino == control->inode &&
        info.st_dev == control->device)
        unlink(control->path);
    if (control->lock >= 0)
        close(control->lock);
}

/* ---- life ---- */

static void part_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

struct mf_control *mf_control_open(struct mf_loop *loop, const char *path, struct mf_error *err)
{
    struct mf_control *control = mf_zalloc(sizeof(*control));
    struct mf_error why = {0};

    control->loop = loop;
    control->path = mf_strdup(path);
    control->lock = -1;
    control->open_handles = 2;
    mf_list_init(&control->callers);
    uv_pipe_init(&loop->uv, &control->listener, 0);
    uv_prepare_init(&loop->uv, &control->flush);
    control->listener.data = control->flush.data = control;
    if (listen_there(control, &why) == 0)
        return control;
    if (err)
        *err = why;
    mf_control_close(control);
    return NULL;
}

void mf_control_close(struct mf_control *control)
{
    if (!control)
        return;
    while (!mf_list_is_empty(&control->callers)) {
        struct mf_caller *caller = mf_list_entry(control->callers.next, struct mf_caller, link);
        uv_buf_t bytes;

        if (caller->request.kind)
            mf_caller_refuse(caller, 5, "the engine has ended");
        bytes = uv_buf_init(caller->out.data, (unsigned)caller->out.len);
        if (caller->out.len && !caller->is_sending)
            uv_try_write((uv_stream_t *)&caller->pipe, &bytes, 1);
        close_caller(caller);
    }
    leave_place(control);
    uv_close((uv_handle_t *)&control->listener, part_closed);
    uv_close((uv_handle_t *)&control->flush, part_closed);
}

struct mf_control_stats mf_control_stats(const struct mf_control *control)
{
    return control->stats;
}
