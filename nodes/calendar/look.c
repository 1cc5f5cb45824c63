/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See look.h. */

#include "nodes/calendar/look.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"

static void read_events(struct mf_calendar_look *look, const char *text, size_t len)
{
    struct mf_error why = {0};
    int rc = mf_events_read(text, len, look->zone, look->from, look->until, &look->events, &why);

    if (rc < 0)
        mf_fail(&look->err, rc, "the calendar `%s` is of no use: %s", look->path, why.text);
}

static int read_all(int fd, const char *path, size_t size, char **ret_text, struct mf_error *err)
{
    char *text = mf_alloc_limited(size + 1, MF_CALENDAR_MAX, "the calendar", err);
    size_t len = 0;
    ssize_t got = 1;

    if (!text)
        return err->code;
    while (len < size && (got = read(fd, text + len, size - len)) > 0)
        len += (size_t)got;
    text[len] = 0;
    if (got >= 0 && len == size) {
        *ret_text = text;
        return 0;
    }
    mf_free(text);
    if (got < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read the calendar `%s`", path);
    return mf_fail(err, MF_EIO, "the calendar `%s` is being written", path);
}

static int look_at_file(struct mf_calendar_look *look, int fd)
{
    struct stat st;
    char *text;
    int rc;

    if (fstat(fd, &st) < 0)
        return mf_fail_sys(&look->err, MF_EIO, errno, "cannot read the calendar `%s`", look->path);
    if (!S_ISREG(st.st_mode))
        return mf_fail(&look->err, MF_EINVAL, "the calendar `%s` is no file", look->path);
    look->stamp = (struct mf_calendar_stamp){
        (int64_t)st.st_mtim.tv_sec * MF_SEC + st.st_mtim.tv_nsec,
        st.st_size,
        st.st_ino,
    };
    look->is_unchanged = look->known.inode == look->stamp.inode &&
                         look->known.changed == look->stamp.changed &&
                         look->known.size == look->stamp.size;
    if (look->is_unchanged)
        return 0;
    rc = read_all(fd, look->path, (size_t)st.st_size, &text, &look->err);
    if (rc < 0)
        return rc;
    read_events(look, text, (size_t)st.st_size);
    mf_free(text);
    return look->err.code;
}

void mf_calendar_look_run(struct mf_job *job)
{
    struct mf_calendar_look *look = (struct mf_calendar_look *)job;
    int fd;

    if (look->text) {
        read_events(look, look->text, look->len);
        return;
    }
    fd = open(look->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        mf_fail_sys(&look->err, MF_EIO, errno, "cannot open the calendar `%s`", look->path);
        return;
    }
    look_at_file(look, fd);
    close(fd);
}

void mf_calendar_look_free(struct mf_calendar_look *look)
{
    mf_events_done(&look->events);
    mf_free(look->path);
    mf_free(look->text);
    mf_free(look);
}
