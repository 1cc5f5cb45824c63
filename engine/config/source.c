/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Source texts and positions in them.
 *
 * Files are read whole, once: a file is known by device and inode, so that a
 * file reached over two paths or two includes is one source. Line tables are
 * made when the first position is asked for, which is never in a run without
 * faults. With them goes a count of characters every few kilobytes, so that a
 * thousand faults in a hostile line of 16 MB do not walk it a thousand times.
 */

#include "engine/config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/config/archive.h"

enum {
    READ_CHUNK = 64 * 1024,
    STRIDE = 4096, /* bytes between two counts of characters */
};

/* Sources never move: the tree and the diagnostics keep pointers to them. */
struct file {
    struct mf_source pub;
    const struct mf_archive_entry *entry; /* it came from an archive */
    bool has_inode;
    dev_t dev;
    ino_t ino;
    uint32_t *chars; /* characters that begin before each STRIDE bytes */
};

struct mf_sources {
    struct file **list;
    size_t count, cap;
    struct mf_archive *archive;
};

/* Positions are computed on demand behind a const face; every source is a heap object of ours. */
static struct file *file_of(const struct mf_source *source)
{
    return (struct file *)(uintptr_t)source;
}

struct mf_sources *mf_sources_new(void)
{
    return mf_zalloc(sizeof(struct mf_sources));
}

void mf_sources_free(struct mf_sources *sources)
{
    if (!sources)
        return;
    for (size_t i = 0; i < sources->count; i++) {
        struct file *file = sources->list[i];

        mf_free((char *)(uintptr_t)file->pub.name);
        mf_free((char *)(uintptr_t)file->pub.path);
        mf_free((char *)(uintptr_t)(file->pub.text - file->pub.skipped));
        mf_free(file->pub.lines);
        mf_free(file->chars);
        mf_free(file);
    }
    mf_free(sources->list);
    mf_free(sources);
}

/* Eats `text`, which is NUL-terminated behind `len`. */
static struct file *take_text(struct mf_sources *sources, const char *name, const char *path,
                              char *text, size_t len)
{
    struct file *file = mf_zalloc(sizeof *file);

    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        file->pub.skipped = 3;
    file->pub.name = mf_strdup(name);
    file->pub.path = mf_strdup(path);
    file->pub.text = text + file->pub.skipped;
    file->pub.len = len - file->pub.skipped;
    mf_grow(&sources->list, &sources->cap, sources->count, sizeof(struct file *));
    sources->list[sources->count++] = file;
    file->pub.number = (uint32_t)sources->count;
    return file;
}

/* Regular files and pipes (`<(…)` of a shell); a device may never end or have side effects. */
static int open_text(const char *path, struct stat *st, struct mf_error *err)
{
    int fd;

    if (stat(path, st) < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read `%s`", path);
    if (S_ISDIR(st->st_mode))
        return mf_fail(err, MF_EINVAL, "`%s` is a directory, a file is wanted", path);
    if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode))
        return mf_fail(err, MF_EINVAL, "`%s` is neither a file nor a pipe", path);
    if (S_ISREG(st->st_mode) && st->st_size > (off_t)MF_SOURCE_SIZE + 3)
        return mf_fail(err, MF_ELIMIT, "`%s` is over %u MB, the limit of a flow file", path,
                       MF_SOURCE_SIZE / (1024 * 1024));
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read `%s`", path);
    return fd;
}

/* The size of a file is a hint: pipes have none, and a file may grow meanwhile. */
static char *read_text(int fd, const char *path, off_t hint, size_t *ret_len, struct mf_error *err)
{
    size_t cap = (size_t)hint + READ_CHUNK, len = 0;
    char *text = mf_alloc(cap + 1);

    for (;;) {
        ssize_t got = read(fd, text + len, cap - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            mf_fail_sys(err, MF_EIO, errno, "cannot read `%s`", path);
            mf_free(text);
            return NULL;
        }
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > MF_SOURCE_SIZE + 3) {
            mf_fail(err, MF_ELIMIT, "`%s` is over %u MB, the limit of a flow file", path,
                    MF_SOURCE_SIZE / (1024 * 1024));
            mf_free(text);
            return NULL;
        }
        if (len == cap) {
            cap *= 2;
            text = mf_realloc(text, cap + 1);
        }
    }
    text[len] = '\0';
    *ret_len = len;
    return text;
}

void mf_sources_use(struct mf_sources *sources, struct mf_archive *archive)
{
    sources->archive = archive;
}

struct mf_archive *mf_sources_archive(const struct mf_sources *sources)
{
    return sources->archive;
}

static bool has_room(const struct mf_sources *sources, const char *path, struct mf_error *err)
{
    if (sources->count < MF_SOURCE_FILES)
        return true;
    mf_fail(err, MF_ELIMIT, "`%s` would be file %zu of the flow; the limit is %d", path,
            sources->count + 1, MF_SOURCE_FILES);
    return false;
}

static const struct mf_source *read_kept(struct mf_sources *sources, const char *path,
                                         bool *ret_known, struct mf_error *err)
{
    const struct mf_archive_entry *entry = mf_archive_find(sources->archive, MF_ARCHIVE_FILE, path);
    struct file *file;

    if (!entry) {
        mf_fail_sys(err, MF_EIO, ENOENT, "`%s` is not among the files that were kept", path);
        return NULL;
    }
    if (entry->same)
        entry = entry->same;
    for (size_t i = 0; i < sources->count; i++)
        if (sources->list[i]->entry == entry) {
            *ret_known = true;
            return &sources->list[i]->pub;
        }
    if (!has_room(sources, path, err))
        return NULL;
    file = take_text(sources, path, entry->path, mf_strndup(entry->text, entry->len), entry->len);
    file->entry = entry;
    return &file->pub;
}

const struct mf_source *mf_sources_read(struct mf_sources *sources, const char *path,
                                        bool *ret_known, struct mf_error *err)
{
    char resolved[PATH_MAX];
    struct file *file;
    struct stat st;
    size_t len;
    char *text;
    int fd;

    *ret_known = false;
    if (sources->archive && sources->archive->is_kept)
        return read_kept(sources, path, ret_known, err);
    fd = open_text(path, &st, err);
    if (fd < 0)
        return NULL;
    for (size_t i = 0; i < sources->count; i++) {
        file = sources->list[i];
        if (file->has_inode && file->dev == st.st_dev && file->ino == st.st_ino) {
            close(fd);
            *ret_known = true;
            mf_archive_note_file(sources->archive, path, &file->pub);
            return &file->pub;
        }
    }
    if (!has_room(sources, path, err)) {
        close(fd);
        return NULL;
    }
    text = read_text(fd, path, S_ISREG(st.st_mode) ? st.st_size : 0, &len, err);
    close(fd);
    if (!text)
        return NULL;
    /* `/dev/fd/63` has no resolved name. */
    file = take_text(sources, path, realpath(path, resolved) ? resolved : path, text, len);
    file->has_inode = true;
    file->dev = st.st_dev;
    file->ino = st.st_ino;
    mf_archive_note_file(sources->archive, path, &file->pub);
    return &file->pub;
}

const struct mf_source *mf_sources_add(struct mf_sources *sources, const char *name,
                                       const char *text, size_t len)
{
    /* One byte too many is enough for the composer to refuse it as too large. */
    if (len > MF_SOURCE_SIZE + 4)
        len = MF_SOURCE_SIZE + 4;
    return &take_text(sources, name, name, mf_strndup(text, len), len)->pub;
}

const struct mf_source *mf_sources_get(const struct mf_sources *sources, uint32_t number)
{
    return number >= 1 && number <= sources->count ? &sources->list[number - 1]->pub : NULL;
}

size_t mf_sources_count(const struct mf_sources *sources)
{
    return sources->count;
}

/* ---- positions ---- */

/* Lines end with LF, CR LF or a lone CR. Returns the offset behind the first line end at or after
 * `pos`, or `len` + 1 when there is none. */
static size_t next_line(const char *text, size_t len, size_t pos)
{
    for (; pos < len; pos++) {
        if (text[pos] == '\n')
            return pos + 1;
        if (text[pos] == '\r')
            return pos + (pos + 1 < len && text[pos + 1] == '\n' ? 2 : 1);
    }
    return len + 1;
}

static uint32_t count_chars(const char *text, size_t len)
{
    uint32_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static void make_counts(struct file *file)
{
    size_t count = file->pub.len / STRIDE + 1;

    file->chars = mf_calloc_array(count, sizeof *file->chars);
    for (size_t i = 1; i < count; i++)
        file->chars[i] =
            file->chars[i - 1] + count_chars(file->pub.text + (i - 1) * STRIDE, STRIDE);
}

/* Characters that begin before `offset`. */
static uint32_t chars_before(const struct file *file, uint32_t offset)
{
    uint32_t from = offset / STRIDE;

    return file->chars[from] + count_chars(file->pub.text + from * STRIDE, offset % STRIDE);
}

static void make_lines(struct mf_source *source)
{
    size_t count = 1, pos = 0;

    while ((pos = next_line(source->text, source->len, pos)) <= source->len)
        count++;
    source->lines = mf_calloc_array(count, sizeof *source->lines);
    pos = 0;
    for (size_t i = 1; i < count; i++) {
        pos = next_line(source->text, source->len, pos);
        source->lines[i] = (uint32_t)pos;
    }
    source->line_count = (uint32_t)count;
}

/* Index of the line that holds `offset`. */
static uint32_t find_line(const struct mf_source *source, uint32_t offset)
{
    uint32_t low = 0, high = source->line_count;

    if (!source->lines) {
        make_lines(&file_of(source)->pub);
        make_counts(file_of(source));
    }
    high = source->line_count;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (source->lines[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    return low;
}

struct mf_position mf_source_position(const struct mf_source *source, uint32_t offset)
{
    const struct file *file = file_of(source);
    uint32_t line, start, column;

    if (offset > source->len)
        offset = (uint32_t)source->len;
    line = find_line(source, offset);
    start = source->lines[line];
    if (offset - start < STRIDE)
        column = count_chars(source->text + start, offset - start);
    else
        column = chars_before(file, offset) - chars_before(file, start);
    return (struct mf_position){line + 1, column + 1};
}

const char *mf_source_line(const struct mf_source *source, uint32_t line, size_t *ret_len,
                           uint32_t *ret_start)
{
    size_t start, end;

    find_line(source, 0);
    if (line < 1)
        line = 1;
    if (line > source->line_count)
        line = source->line_count;
    start = source->lines[line - 1];
    end = line < source->line_count ? source->lines[line] : source->len;
    if (line < source->line_count) {
        if (end > start && source->text[end - 1] == '\n')
            end--;
        if (end > start && source->text[end - 1] == '\r')
            end--;
    }
    *ret_len = end - start;
    *ret_start = (uint32_t)start;
    return source->text + start;
}
