/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See record_file.h. */

#include "engine/cli/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/cli/flow_load.h"

enum { CHUNK = 64 * 1024, MODE = 0644 };

#define FLUSH_EVERY MF_SEC /* what a crash may cost */

struct mf_record_file {
    struct mf_recorder recorder;
    struct mf_record_out out;
};

static int64_t real_mono(void)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return mf_clock_mono(&clock);
}

/* ---- the file ---- */

int mf_record_out_open(struct mf_record_out *out, const char *path, int64_t limit,
                       struct mf_error *err)
{
    *out = (struct mf_record_out){.fd = 1, .limit = limit, .flushed = real_mono()};
    if (strcmp(path, "-") != 0)
        out->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (out->fd < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot write the record `%s`", path);
    out->path = mf_strdup(path);
    return 0;
}

static void flush(struct mf_record_out *out)
{
    if (out->text.len && !out->has_failed && !mf_cli_write(out->fd, &out->text)) {
        out->has_failed = true;
        mf_log(MF_LOG_ERROR, "record", "`%s` cannot be written: the record ends here", out->path);
    }
    mf_buf_clear(&out->text);
    out->flushed = real_mono();
}

static bool has_room(struct mf_record_out *out, size_t len)
{
    if (out->written + (int64_t)len <= out->limit)
        return true;
    if (!out->is_full)
        mf_log(MF_LOG_ERROR, "record", "`%s` has reached %lld bytes, the limit: it ends here",
               out->path, (long long)out->limit);
    out->is_full = true;
    return false;
}

bool mf_record_out_line(struct mf_record_out *out, const char *text, size_t len)
{
    if (out->has_failed || out->is_full || !has_room(out, len + 1))
        return false;
    mf_buf_put(&out->text, text, len);
    mf_buf_putc(&out->text, '\n');
    out->written += (int64_t)len + 1;
    if (out->is_eager || out->text.len >= CHUNK || real_mono() - out->flushed >= FLUSH_EVERY)
        flush(out);
    return !out->has_failed;
}

bool mf_record_out_close(struct mf_record_out *out)
{
    flush(out);
    if (out->fd > 2 && close(out->fd) < 0 && !out->has_failed) {
        out->has_failed = true;
        mf_log(MF_LOG_ERROR, "record", "`%s` cannot be written: %s", out->path, strerror(errno));
    }
    mf_buf_done(&out->text);
    mf_free(out->path);
    return !out->has_failed && !out->is_full;
}

/* ---- with the recorder ---- */

static bool take_line(void *arg, const char *text, size_t len)
{
    struct mf_record_file *file = arg;

    return mf_record_out_line(&file->out, text, len);
}

struct mf_record_file *mf_record_file_open(struct mf_engine *engine, const char *path,
                                           struct mf_error *err)
{
    struct mf_record_file *file = mf_zalloc(sizeof *file);

    if (mf_record_out_open(&file->out, path, MF_RECORD_SIZE, err) < 0) {
        mf_free(file);
        return NULL;
    }
    mf_recorder_start(&file->recorder, engine, NULL, take_line, file);
    return file;
}

bool mf_record_file_close(struct mf_record_file *file)
{
    bool ok;

    if (!file)
        return true;
    mf_recorder_stop(&file->recorder);
    ok = mf_record_out_close(&file->out);
    mf_free(file);
    return ok;
}
