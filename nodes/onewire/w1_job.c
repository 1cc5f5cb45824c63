/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See w1_job.h. Each call may block for as long as the bus takes. */

#include "nodes/onewire/w1_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int open_file(const struct mf_w1_job *job, const char *name, int flags)
{
    char path[PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", job->directory, name);
    return open(path, flags | O_CLOEXEC);
}

/* Length or a negative code: that of errno is the one that owserver uses, too. */
static int read_file(const struct mf_w1_job *job, char data[MF_W1_FILE])
{
    int fd = open_file(job, job->place.read, O_RDONLY), len = 0;
    ssize_t got = 1;

    if (fd < 0)
        return -errno;
    while (got > 0 && len < MF_W1_FILE) {
        got = read(fd, data + len, (size_t)(MF_W1_FILE - len));
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got < 0)
            len = -errno;
        else
            len += (int)got;
    }
    close(fd);
    return len;
}

static int write_file(const struct mf_w1_job *job, const char *data, size_t len)
{
    int fd = open_file(job, job->place.write, O_WRONLY), code = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, data, len) < 0)
        code = -errno;
    close(fd);
    return code;
}

static int run_read(struct mf_w1_job *job)
{
    char data[MF_W1_FILE];
    int len = 0;

    if (job->place.form == MF_W1_NAME) {
        snprintf(job->value, sizeof(job->value), "%s", job->place.known);
        return access(job->directory, F_OK) == 0 ? 0 : -errno;
    }
    for (int i = 0; i <= job->is_twice; i++)
        len = read_file(job, data);
    return len < 0 ? len : mf_w1_decode(&job->place, data, (size_t)len, job->value);
}

static int run_write(struct mf_w1_job *job)
{
    char data[MF_W1_TEXT], old[MF_W1_FILE];
    int len = 0;

    if (mf_w1_needs_old(&job->place)) {
        len = read_file(job, old);
        if (len < 0)
            return len;
    }
    len = mf_w1_encode(&job->place, job->value, old, (size_t)len, data);
    return len < 0 ? len : write_file(job, data, (size_t)len);
}

void mf_w1_job_run(struct mf_worker_job *worker_job)
{
    struct mf_w1_job *job = (struct mf_w1_job *)worker_job;

    job->code = job->is_write ? run_write(job) : run_read(job);
}
