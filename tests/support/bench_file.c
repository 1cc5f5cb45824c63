/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The directory of a real bench, and what tests do with the files in it.
 */

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "tests/support/bench_priv.h"

void bench_make_dir(struct bench *bench)
{
    const char *base = getenv("TMPDIR");

    bench->dir = mf_asprintf("%s/moat-flow-bench-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(bench->dir))
        fail_msg("no directory for the bench: %s", bench->dir);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    return remove(path);
}

void bench_remove_dir(struct bench *bench)
{
    if (bench->dir)
        nftw(bench->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    mf_free(bench->dir);
    bench->dir = NULL;
}

const char *bench_dir(struct bench *bench)
{
    return bench->dir;
}

static int open_file(struct bench *bench, const char *name, int flags)
{
    char *path = mf_asprintf("%s/%s", bench->dir, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);

    mf_free(path);
    if (fd < 0)
        fail_msg("cannot open `%s` in the directory of the bench", name);
    return fd;
}

void bench_write_file(struct bench *bench, const char *name, const char *text)
{
    int fd = open_file(bench, name, O_WRONLY | O_CREAT | O_TRUNC);
    ssize_t len = (ssize_t)strlen(text);

    assert_int_equal(write(fd, text, (size_t)len), len);
    close(fd);
}

void bench_expect_file(struct bench *bench, const char *name, const char *text)
{
    int fd = open_file(bench, name, O_RDONLY);
    struct mf_buf content = {0};
    char piece[4096];
    ssize_t got;

    while ((got = read(fd, piece, sizeof(piece))) > 0)
        mf_buf_put(&content, piece, (size_t)got);
    close(fd);
    assert_string_equal(mf_buf_text(&content), text);
    mf_buf_done(&content);
}
