/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Out: see out.h. */

#include "nodes/file/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"

enum { NEW_FILE_MODE = 0644 };

static int fail(struct mf_error *err, int sys, const char *what, const char *path)
{
    return mf_fail_sys(err, sys == EACCES || sys == EPERM || sys == EROFS ? MF_EDENIED : MF_EIO,
                       sys, "cannot %s `%s`", what, path);
}

/* ---- opening ---- */

/* The last line, if no line end closes it; NULL if all is well. */
static char *read_tail(int fd, int64_t size)
{
    size_t len = size < MF_OUT_TAIL ? (size_t)size : MF_OUT_TAIL;
    char *text = mf_alloc(len + 1);
    size_t from = len;
    ssize_t n = pread(fd, text, len, (off_t)(size - (int64_t)len));

    if (n != (ssize_t)len || !len || text[len - 1] == '\n') {
        mf_free(text);
        return NULL;
    }
    text[len] = 0;
    while (from && text[from - 1] != '\n')
        from--;
    memmove(text, text + from, len - from + 1);
    return text;
}

/* O_NONBLOCK: a FIFO that nobody reads, or that is full, holds nobody up. */
static int open_file(struct mf_out *out, const char *path, struct mf_error *err)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
                  NEW_FILE_MODE);

    if (fd < 0 && errno == ENXIO)
        return mf_fail(err, MF_EIO, "nobody reads the FIFO `%s`", path);
    if (fd < 0)
        return fail(err, errno, "write", path);
    if (fstat(fd, &st) < 0) {
        int sys = errno;

        close(fd);
        return fail(err, sys, "write", path);
    }
    out->fd = fd;
    out->is_open = true;
    out->is_regular = S_ISREG(st.st_mode);
    out->dev = st.st_dev;
    out->ino = st.st_ino;
    out->size = out->is_regular ? st.st_size : 0;
    out->has_header = out->size > 0;
    return 0;
}

int mf_out_open(struct mf_out *out, const char *path, char **ret_tail, struct mf_error *err)
{
    int rc = open_file(out, path, err), fd;

    *ret_tail = NULL;
    if (rc < 0 || !out->is_regular || !out->size)
        return rc;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        rc = fail(err, errno, "read the end of", path);
        mf_out_close(out);
        return rc;
    }
    *ret_tail = read_tail(fd, out->size);
    close(fd);
    if (*ret_tail && strlen(*ret_tail) == MF_OUT_TAIL) {
        mf_free(*ret_tail);
        *ret_tail = NULL;
        mf_out_close(out);
        return mf_fail(err, MF_EINVAL,
                       "the last line of `%s` is longer than %d bytes: is it a "
                       "file of records?",
                       path, MF_OUT_TAIL);
    }
    return 0;
}

int mf_out_repair(struct mf_out *out, size_t tail, bool is_whole, struct mf_error *err)
{
    if (is_whole) {
        if (write(out->fd, "\n", 1) != 1)
            return mf_fail_sys(err, MF_EIO, errno, "cannot end the last line");
        out->size++;
        return 0;
    }
    if (ftruncate(out->fd, (off_t)(out->size - (int64_t)tail)) < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot take away the half line at the end");
    out->size -= (int64_t)tail;
    out->has_header = out->size > 0;
    return 0;
}

static void close_file(struct mf_out *out)
{
    if (out->is_open)
        close(out->fd);
    out->is_open = false;
}

void mf_out_close(struct mf_out *out)
{
    close_file(out);
    mf_buf_done(&out->buf);
    mf_buf_done(&out->header);
    *out = (struct mf_out){0};
}

/* ---- a new file in the place of the old one ---- */

static void rename_older(const char *path, int64_t files)
{
    for (int64_t i = files - 1; i >= 1; i--) {
        char *from = mf_asprintf("%s.%lld", path, (long long)i);
        char *to = mf_asprintf("%s.%lld", path, (long long)i + 1);

        rename(from, to); /* there may be fewer so far */
        mf_free(from);
        mf_free(to);
    }
}

static int rotate_file(struct mf_out *out, const char *path, int64_t files, struct mf_error *err)
{
    char *first = mf_asprintf("%s.1", path);
    int rc;

    rename_older(path, files);
    rc = rename(path, first) < 0 ? fail(err, errno, "rename", path) : 0;
    mf_free(first);
    if (rc < 0)
        return rc;
    close_file(out);
    return open_file(out, path, err);
}

/* logrotate and people move files away; what is written then belongs into a new one. */
static bool has_moved(const struct mf_out *out, const char *path)
{
    struct stat st;

    return stat(path, &st) < 0 || st.st_dev != out->dev || st.st_ino != out->ino;
}

/* The right file is open. */
static int prepare(struct mf_out *out, const char *path, int64_t rotate, int64_t files,
                   struct mf_error *err)
{
    if (out->is_open && out->is_regular && has_moved(out, path))
        close_file(out);
    if (!out->is_open)
        return open_file(out, path, err);
    if (rotate && out->is_regular && out->size && out->size + (int64_t)out->buf.len > rotate)
        return rotate_file(out, path, files, err);
    return 0;
}

/* ---- writing ---- */

static void put_header(struct mf_out *out)
{
    struct mf_buf all = {0};

    out->has_header = true;
    if (!out->header.len)
        return;
    mf_buf_put(&all, out->header.data, out->header.len);
    mf_buf_put(&all, out->buf.data, out->buf.len);
    mf_buf_done(&out->buf);
    out->buf = all;
}

/* Writes as much as goes; returns errno or 0. */
static int write_some(struct mf_out *out, size_t *ret_done)
{
    size_t done = 0;
    int sys = 0;

    while (done < out->buf.len && !sys) {
        ssize_t n = write(out->fd, out->buf.data + done, out->buf.len - done);

        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno != EINTR)
            sys = errno;
    }
    *ret_done = done;
    return sys;
}

static void drop_written(struct mf_out *out, size_t done)
{
    memmove(out->buf.data, out->buf.data + done, out->buf.len - done);
    out->buf.len -= done;
}

int mf_out_flush(struct mf_out *out, const char *path, int64_t rotate, int64_t files,
                 struct mf_error *err)
{
    size_t done;
    int rc, sys;

    if (!out->buf.len)
        return 0;
    rc = prepare(out, path, rotate, files, err);
    if (rc < 0)
        return rc;
    if (!out->has_header)
        put_header(out);
    sys = write_some(out, &done);
    if (!sys) {
        out->size += (int64_t)out->buf.len;
        mf_buf_clear(&out->buf);
        return 0;
    }
    /* What cannot be taken back stays written, and the rest of the record follows it. */
    if (done && (!out->is_regular || ftruncate(out->fd, (off_t)out->size) < 0)) {
        drop_written(out, done);
        out->size += (int64_t)done;
    }
    if (sys == EAGAIN)
        return mf_fail(err, MF_ELINK, "`%s` takes no more at the moment", path);
    return fail(err, sys, "write", path);
}
