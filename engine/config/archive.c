/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See archive.h. */

#include "engine/config/archive.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/arena.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"

static const char *const type_names[] = {"file", "directory", "pattern"};

struct mf_archive *mf_archive_new(void)
{
    struct mf_archive *archive = mf_zalloc(sizeof(*archive));

    archive->arena = mf_arena_new();
    return archive;
}

void mf_archive_free(struct mf_archive *archive)
{
    if (!archive)
        return;
    for (unsigned i = 0; i < 3; i++)
        mf_map_done(&archive->by_name[i]);
    mf_free(archive->entries);
    mf_arena_free(archive->arena);
    mf_free(archive);
}

/* ---- listening ---- */

/* NULL: it is there already. */
static struct mf_archive_entry *add(struct mf_archive *archive, enum mf_archive_type type,
                                    const char *name, size_t len)
{
    struct mf_archive_entry *entry;

    if (mf_map_get_n(&archive->by_name[type], name, len) || archive->count == MF_ARCHIVE_ENTRIES)
        return NULL;
    entry = mf_arena_alloc(archive->arena, sizeof(*entry));
    entry->type = (uint8_t)type;
    entry->name = mf_arena_strndup(archive->arena, name, len);
    mf_map_add(&archive->by_name[type], entry->name, entry);
    mf_grow(&archive->entries, &archive->cap, archive->count, sizeof(*archive->entries));
    archive->entries[archive->count++] = entry;
    return entry;
}

void mf_archive_note_file(struct mf_archive *archive, const char *name,
                          const struct mf_source *source)
{
    struct mf_archive_entry *entry;

    if (!archive || archive->is_kept)
        return;
    entry = add(archive, MF_ARCHIVE_FILE, name, strlen(name));
    if (!entry)
        return;
    if (strcmp(name, source->name) != 0)
        entry->same = mf_map_get(&archive->by_name[MF_ARCHIVE_FILE], source->name);
    if (entry->same)
        return;
    entry->path = mf_arena_strdup(archive->arena, source->path);
    entry->text = mf_arena_strndup(archive->arena, source->text, source->len);
    entry->len = source->len;
}

void mf_archive_note_names(struct mf_archive *archive, enum mf_archive_type type, const char *name,
                           char *const *names, size_t count)
{
    struct mf_archive_entry *entry;
    const char **copy;

    if (!archive || archive->is_kept)
        return;
    entry = add(archive, type, name, strlen(name));
    if (!entry)
        return;
    copy = mf_arena_alloc(archive->arena, (count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = mf_arena_strdup(archive->arena, names[i]);
    entry->names = copy;
    entry->count = count;
}

/* ---- writing ---- */

static struct mf_value entry_value(const struct mf_archive_entry *entry)
{
    struct mf_builder map, list;

    mf_build_start(&map);
    mf_build_take_field(&map, type_names[entry->type], mf_value_new_text(entry->name));
    if (entry->type != MF_ARCHIVE_FILE) {
        mf_build_start(&list);
        for (size_t i = 0; i < entry->count; i++)
            mf_build_take_item(&list, mf_value_new_text(entry->names[i]));
        mf_build_take_field(&map, "names", mf_build_end_list(&list));
    } else if (entry->same) {
        mf_build_take_field(&map, "same", mf_value_new_text(entry->same->name));
    } else {
        mf_build_take_field(&map, "path", mf_value_new_text(entry->path));
        mf_build_take_field(&map, "text", mf_value_new_text_n(entry->text, entry->len));
    }
    return mf_build_end_map(&map);
}

void mf_archive_write(const struct mf_archive *archive, struct mf_buf *json)
{
    mf_buf_puts(json, "{\"entries\":[");
    for (size_t i = 0; i < archive->count; i++) {
        struct mf_value value = entry_value(archive->entries[i]);

        if (i > 0)
            mf_buf_putc(json, ',');
        mf_json_write(&value, json);
        mf_value_drop(value);
    }
    mf_buf_puts(json, "]}");
}

/* ---- reading ---- */

static bool has_text(const struct mf_value *map, const char *key)
{
    const struct mf_value *text = mf_field(map, key);

    return text && text->type == MF_TEXT;
}

static const char *copy_text(struct mf_archive *archive, const struct mf_value *map,
                             const char *key, size_t *ret_len)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    if (ret_len)
        *ret_len = (size_t)len;
    return mf_arena_strndup(archive->arena, text, (size_t)len);
}

static void read_names(struct mf_archive *archive, const struct mf_value *map,
                       struct mf_archive_entry *entry)
{
    const char **names;

    entry->count = mf_field_count(map, "names");
    names = mf_arena_alloc(archive->arena, (entry->count + 1) * sizeof(*names));
    for (size_t i = 0; i < entry->count; i++) {
        const struct mf_value *name = mf_field_at(map, "names", i);
        size_t len = 0;
        const char *text = name->type == MF_TEXT ? mf_value_text(name, &len) : "";

        names[i] = mf_arena_strndup(archive->arena, text, len);
    }
    entry->names = names;
}

static bool read_entry(struct mf_archive *archive, const struct mf_value *map)
{
    struct mf_archive_entry *entry;
    unsigned type = 0;
    const char *name;
    size_t len;

    while (type < 3 && !has_text(map, type_names[type]))
        type++;
    if (type == 3)
        return false;
    name = copy_text(archive, map, type_names[type], &len);
    entry = add(archive, (enum mf_archive_type)type, name, len);
    if (!entry)
        return false;
    if (type != MF_ARCHIVE_FILE) {
        read_names(archive, map, entry);
    } else if (has_text(map, "same")) {
        name = copy_text(archive, map, "same", NULL);
        entry->same = mf_map_get(&archive->by_name[MF_ARCHIVE_FILE], name);
        return entry->same && entry->same != entry && !entry->same->same;
    } else {
        entry->path = copy_text(archive, map, "path", NULL);
        entry->text = copy_text(archive, map, "text", &entry->len);
        return has_text(map, "path") && has_text(map, "text") && entry->len <= MF_SOURCE_SIZE;
    }
    return true;
}

struct mf_archive *mf_archive_read(const char *json, size_t len, struct mf_error *err)
{
    struct mf_archive *archive = mf_archive_new();
    struct mf_value value = mf_value_null();
    bool ok = mf_json_read(json, len, &value, err) == 0;

    for (size_t i = 0; ok && i < mf_field_count(&value, "entries"); i++) {
        ok = read_entry(archive, mf_field_at(&value, "entries", i));
        if (!ok)
            mf_fail(err, MF_EINVAL, "entry %zu of the archive is damaged", i + 1);
    }
    mf_value_drop(value);
    archive->is_kept = true;
    if (ok)
        return archive;
    mf_archive_free(archive);
    return NULL;
}

const struct mf_archive_entry *mf_archive_find(const struct mf_archive *archive,
                                               enum mf_archive_type type, const char *name)
{
    return archive && archive->is_kept ? mf_map_get(&archive->by_name[type], name) : NULL;
}
