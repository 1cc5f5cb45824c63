/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See history.h. */

#include "engine/control/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/hash.h"
#include "engine/run/generation.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"

enum { VERSION = 1, CHUNK = 64 * 1024 };

static char *path_of(const char *dir, uint64_t number, const char *end)
{
    return mf_asprintf("%s/generations/%llu.json%s", dir, (unsigned long long)number, end);
}

/* ---- reading ---- */

static int read_file(const char *path, struct mf_buf *buf, struct mf_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t got = 1;
    char *chunk;

    if (fd < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read `%s`", path);
    buf->limit = MF_HISTORY_SIZE;
    chunk = mf_alloc(CHUNK);
    while (got > 0 && !buf->overflow) {
        got = read(fd, chunk, CHUNK);
        if (got > 0)
            mf_buf_put(buf, chunk, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    mf_free(chunk);
    close(fd);
    if (got < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read `%s`", path);
    return buf->overflow ? mf_fail(err, MF_ELIMIT, "`%s` is too large", path) : 0;
}

static unsigned hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                  : 0;
}

/* The `part`th run of 16 digits. */
static uint64_t read_hex(const struct mf_value *map, const char *key, int part)
{
    int len;
    const char *text = mf_field_text(map, key, &len);
    uint64_t number = 0;

    for (int i = 16 * part; i < 16 * (part + 1) && i < len; i++)
        number = number << 4 | hex_digit(text[i]);
    return number;
}

static const char *by_name(const struct mf_value *map)
{
    int len;
    const char *text = mf_field_text(map, "by", &len);

    for (unsigned i = MF_BY_START; i <= MF_BY_SWAP; i++)
        if (strlen(mf_generation_by_names[i]) == (size_t)len &&
            memcmp(mf_generation_by_names[i], text, (size_t)len) == 0)
            return mf_generation_by_names[i];
    return mf_generation_by_names[MF_BY_START];
}

/* Splits and checks. *ret_archive is the second line, in `file`. */
static int read_kept(const char *path, const struct mf_buf *file, struct mf_history_item *item,
                     const char **ret_archive, struct mf_error *err)
{
    const char *end = file->len ? memchr(file->data, '\n', file->len) : NULL;
    const char *archive = end ? end + 1 : NULL;
    struct mf_value head;
    size_t len;
    bool ok;

    if (!end || file->data[file->len - 1] != '\n' || archive == file->data + file->len)
        return mf_fail(err, MF_EINVAL, "`%s` is damaged: it is not whole", path);
    if (mf_json_read(file->data, (size_t)(end - file->data), &head, err) < 0)
        return mf_fail(err, MF_EINVAL, "`%s` is damaged: its first line cannot be read", path);
    len = (size_t)(file->data + file->len - 1 - archive);
    item->number = (uint64_t)mf_field_int(&head, "number", 0);
    item->hash[0] = read_hex(&head, "hash", 0);
    item->hash[1] = read_hex(&head, "hash", 1);
    item->time = mf_field_int(&head, "time", 0);
    item->by = by_name(&head);
    ok = mf_field_int(&head, "moat-flow-generation", 0) == VERSION && item->number > 0 &&
         read_hex(&head, "sum", 0) == mf_hash_fixed(archive, len);
    mf_value_drop(head);
    if (!ok)
        return mf_fail(err, MF_EINVAL, "`%s` is damaged: what is in it is not what it says", path);
    *ret_archive = archive;
    return 0;
}

int mf_history_load(const char *dir, uint64_t number, struct mf_buf *archive, struct mf_error *err)
{
    char *path = path_of(dir, number, "");
    struct mf_history_item item;
    struct mf_buf file = {0};
    const char *text;
    int rc = read_file(path, &file, err);

    if (rc == 0)
        rc = read_kept(path, &file, &item, &text, err);
    if (rc == 0)
        mf_buf_put(archive, text, (size_t)(file.data + file.len - 1 - text));
    mf_buf_done(&file);
    mf_free(path);
    return rc;
}

static int newest_first(const void *left, const void *right)
{
    const struct mf_history_item *a = left, *b = right;

    if (a->time != b->time)
        return a->time > b->time ? -1 : 1;
    return a->number > b->number ? -1 : a->number < b->number;
}

void mf_history_list(const char *dir, struct mf_history *history)
{
    char *folder = mf_asprintf("%s/generations", dir);
    DIR *files = opendir(folder);
    struct dirent *entry;

    while (files && (entry = readdir(files))) {
        size_t len = strspn(entry->d_name, "0123456789");
        struct mf_history_item item;
        struct mf_buf file = {0};
        const char *archive;
        char *path;

        if (len == 0 || strcmp(entry->d_name + len, ".json") != 0)
            continue;
        path = mf_asprintf("%s/%s", folder, entry->d_name);
        if (read_file(path, &file, NULL) == 0 &&
            read_kept(path, &file, &item, &archive, NULL) == 0) {
            mf_grow(&history->items, &history->cap, history->count, sizeof(*history->items));
            history->items[history->count++] = item;
        }
        mf_buf_done(&file);
        mf_free(path);
    }
    if (files)
        closedir(files);
    if (history->count)
        qsort(history->items, history->count, sizeof(*history->items), newest_first);
    mf_free(folder);
}

void mf_history_done(struct mf_history *history)
{
    mf_free(history->items);
    *history = (struct mf_history){0};
}

/* ---- writing ---- */

static void put_file(const struct mf_history_item *item, const char *archive, struct mf_buf *buf)
{
    char hash[33], sum[17];
    struct mf_builder head;
    struct mf_value value;

    snprintf(hash, sizeof(hash), "%016llx%016llx", (unsigned long long)item->hash[0],
             (unsigned long long)item->hash[1]);
    snprintf(sum, sizeof(sum), "%016llx",
             (unsigned long long)mf_hash_fixed(archive, strlen(archive)));
    mf_build_start(&head);
    mf_build_take_field(&head, "moat-flow-generation", mf_value_int(VERSION));
    mf_build_take_field(&head, "number", mf_value_int((int64_t)item->number));
    mf_build_take_field(&head, "hash", mf_value_new_text(hash));
    mf_build_take_field(&head, "time", mf_value_int(item->time));
    mf_build_take_field(&head, "by", mf_value_new_text(item->by));
    mf_build_take_field(&head, "sum", mf_value_new_text(sum));
    value = mf_build_end_map(&head);
    mf_json_write(&value, buf);
    mf_value_drop(value);
    mf_buf_putc(buf, '\n');
    mf_buf_puts(buf, archive);
    mf_buf_putc(buf, '\n');
}

static int write_all(int fd, const struct mf_buf *buf)
{
    size_t done = 0;

    while (done < buf->len) {
        ssize_t got = write(fd, buf->data + done, buf->len - done);

        if (got < 0 && errno != EINTR)
            return -1;
        done += got > 0 ? (size_t)got : 0;
    }
    return fsync(fd);
}

/* The name is on disk only when its directory is. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static void remove_old(const char *dir)
{
    struct mf_history history = {0};

    mf_history_list(dir, &history);
    for (size_t i = MF_HISTORY_KEPT; i < history.count; i++) {
        char *path = path_of(dir, history.items[i].number, "");

        unlink(path);
        mf_free(path);
    }
    mf_history_done(&history);
}

int mf_history_save(const char *dir, const struct mf_history_item *item, const char *archive,
                    struct mf_error *err)
{
    char *folder = mf_asprintf("%s/generations", dir);
    char *path = path_of(dir, item->number, ""), *part = path_of(dir, item->number, ".part");
    struct mf_buf file = {0};
    int fd, rc = 0;

    put_file(item, archive, &file);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
        rc = mf_fail_sys(err, MF_EIO, errno, "cannot make the directory `%s`", folder);
    } else if (file.len > MF_HISTORY_SIZE) {
        rc = mf_fail(err, MF_ELIMIT, "a flow of %zu MB is too large to be kept",
                     file.len / (1024 * 1024));
    } else {
        fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || write_all(fd, &file) < 0)
            rc = mf_fail_sys(err, MF_EIO, errno, "cannot write `%s`", part);
        if (fd >= 0)
            close(fd);
        if (rc == 0 && rename(part, path) < 0)
            rc = mf_fail_sys(err, MF_EIO, errno, "cannot write `%s`", path);
        if (rc < 0)
            unlink(part);
        sync_folder(folder);
        remove_old(dir);
    }
    mf_buf_done(&file);
    mf_free(part);
    mf_free(path);
    mf_free(folder);
    return rc;
}
