/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lines: see lines.h. */

#include "nodes/file/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"

enum { CHUNK = 64 * 1024 };

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* ---- life ---- */

static int fail_open(const char *path, int sys, struct mf_error *err)
{
    return mf_fail_sys(err, sys == EACCES || sys == EPERM ? MF_EDENIED : MF_EIO, sys,
                       "cannot read `%s`", path);
}

int mf_lines_open(struct mf_lines *lines, const char *path, char separator, struct mf_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct stat st;
    int fd;

    /* Without O_NONBLOCK opening a FIFO waits for its writer. */
    fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                  : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_open(path, errno, err);
    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        int sys = S_ISDIR(st.st_mode) ? EISDIR : errno;

        close(fd);
        return fail_open(path, sys, err);
    }
    *lines = (struct mf_lines){
        .fd = fd,
        .is_open = true,
        .is_csv = separator != 0,
        .separator = separator,
        .is_regular = S_ISREG(st.st_mode),
        .is_fifo = S_ISFIFO(st.st_mode) && !is_stdin,
    };
    return 0;
}

void mf_lines_close(struct mf_lines *lines)
{
    if (lines->is_open)
        close(lines->fd);
    mf_free(lines->data);
    *lines = (struct mf_lines){0};
}

bool mf_lines_seek(struct mf_lines *lines, uint64_t offset, uint64_t line)
{
    struct stat st;

    if (!lines->is_regular || fstat(lines->fd, &st) < 0 || (uint64_t)st.st_size < offset ||
        lseek(lines->fd, (off_t)offset, SEEK_SET) < 0)
        return false;
    lines->from = lines->to = lines->scanned = 0;
    lines->place = MF_CSV_CELL;
    lines->offset = offset;
    lines->lines = line;
    lines->has_ended = false;
    return true;
}

/* ---- reading ---- */

static void make_room(struct mf_lines *lines)
{
    if (lines->from) {
        memmove(lines->data, lines->data + lines->from, lines->to - lines->from);
        lines->to -= lines->from;
        lines->from = 0;
    }
    if (lines->cap - lines->to < CHUNK) {
        lines->cap = lines->cap ? 2 * lines->cap : 2 * CHUNK;
        lines->data = mf_realloc(lines->data, lines->cap);
    }
}

static bool is_ready(const struct mf_lines *lines)
{
    struct pollfd poller = {.fd = lines->fd, .events = POLLIN};

    return lines->is_regular || poll(&poller, 1, 0) > 0;
}

static void drop_mark(struct mf_lines *lines)
{
    size_t len = sizeof(byte_order_mark) - 1;

    if (lines->offset == 0 && lines->from == 0 && lines->to >= len &&
        memcmp(lines->data, byte_order_mark, len) == 0) {
        lines->from += len;
        lines->offset += len;
    }
}

/* MF_LINES_GOT when more bytes are there. */
static int fill(struct mf_lines *lines, struct mf_error *err)
{
    bool is_first = !lines->has_spoken;
    ssize_t n;

    make_room(lines);
    if (!is_ready(lines))
        return MF_LINES_WAIT;
    do
        n = read(lines->fd, lines->data + lines->to, lines->cap - lines->to);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return MF_LINES_WAIT;
    if (n < 0)
        return mf_fail_sys(err, MF_EIO, errno, "reading failed after line %llu",
                           (unsigned long long)lines->lines);
    if (n == 0 && lines->is_fifo && !lines->has_spoken)
        return MF_LINES_WAIT; /* nobody has opened the other end yet */
    if (n == 0)
        return MF_LINES_END;
    lines->to += (size_t)n;
    lines->has_spoken = true;
    if (is_first)
        drop_mark(lines);
    return MF_LINES_GOT;
}

/* Length of the next record with its line end; 0 when it is not all there. */
static size_t find_end(struct mf_lines *lines)
{
    const char *text = lines->data + lines->from;
    size_t len = lines->to - lines->from;

    while (lines->scanned < len) {
        const char *at = text + lines->scanned, *end = memchr(at, '\n', len - lines->scanned);
        size_t run = end ? (size_t)(end - at) : len - lines->scanned;

        if (lines->is_csv)
            lines->place = mf_csv_advance(lines->place, at, run, lines->separator);
        lines->scanned += run;
        if (!end)
            return 0;
        if (lines->place != MF_CSV_QUOTED)
            return lines->scanned + 1;
        lines->scanned++; /* a line end in quotes belongs to the cell */
    }
    return 0;
}

static void consume(struct mf_lines *lines, size_t len)
{
    for (const char *p = lines->data + lines->from, *end = p + len;
         p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines->lines++;
    lines->from += len;
    lines->offset += len;
    lines->scanned = 0;
    lines->place = MF_CSV_CELL;
}

/* A record without an end, or (`len`) too long. A quote that is never closed would take all that
 * follows: only its line is left out. */
static int leave_out(struct mf_lines *lines, size_t len, struct mf_error *err)
{
    size_t rest = lines->to - lines->from;
    const char *end = memchr(lines->data + lines->from, '\n', rest);

    lines->line = lines->lines + 1;
    if (lines->place == MF_CSV_QUOTED && end) {
        consume(lines, (size_t)(end - lines->data) - lines->from + 1);
        return mf_fail(err, MF_EINVAL, "a quote is not closed");
    }
    lines->is_skipping = !len;
    consume(lines, len ? len : rest);
    return mf_fail(err, MF_ELIMIT, "the record is longer than %d bytes", MF_LINES_RECORD);
}

/* Drops what is there of a line that is too long; true when its end was found. */
static bool skip_line(struct mf_lines *lines)
{
    size_t len = lines->to - lines->from;
    const char *end = len ? memchr(lines->data + lines->from, '\n', len) : NULL;

    consume(lines, end ? (size_t)(end - lines->data) - lines->from + 1 : len);
    lines->is_skipping = !end;
    return end != NULL;
}

static int give(struct mf_lines *lines, size_t len, char **ret_text, size_t *ret_len)
{
    char *text = lines->data + lines->from;

    lines->line = lines->lines + 1;
    consume(lines, len);
    if (len && text[len - 1] == '\n')
        len--;
    if (len && text[len - 1] == '\r')
        len--;
    *ret_text = text;
    *ret_len = len;
    return MF_LINES_GOT;
}

/* The last line may come without a line end. */
static int end(struct mf_lines *lines, char **ret_text, size_t *ret_len, struct mf_error *err)
{
    size_t rest = lines->to - lines->from;

    lines->has_ended = true;
    if (!rest || lines->is_skipping)
        return MF_LINES_END;
    if (lines->place == MF_CSV_QUOTED && memchr(lines->data + lines->from, '\n', rest))
        return leave_out(lines, 0, err);
    give(lines, rest, ret_text, ret_len);
    lines->lines++;
    return MF_LINES_GOT;
}

int mf_lines_next(struct mf_lines *lines, char **ret_text, size_t *ret_len, struct mf_error *err)
{
    for (;;) {
        size_t len = lines->is_skipping && !skip_line(lines) ? 0 : find_end(lines);
        int rc;

        if (len > MF_LINES_RECORD || (!len && lines->to - lines->from > MF_LINES_RECORD))
            return leave_out(lines, len, err);
        if (len)
            return give(lines, len, ret_text, ret_len);
        rc = fill(lines, err);
        if (rc == MF_LINES_END)
            return end(lines, ret_text, ret_len, err);
        if (rc != MF_LINES_GOT)
            return rc;
    }
}
