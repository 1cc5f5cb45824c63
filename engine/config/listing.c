/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See listing.h. */

#include "engine/config/listing.h"

#include <dirent.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/config/archive.h"

static void add(struct mf_listing *listing, const char *name)
{
    mf_grow(&listing->names, &listing->cap, listing->count, sizeof(*listing->names));
    listing->names[listing->count++] = mf_strdup(name);
}

void mf_listing_done(struct mf_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        mf_free(listing->names[i]);
    mf_free(listing->names);
    *listing = (struct mf_listing){0};
}

bool mf_sources_are_kept(const struct mf_sources *sources)
{
    const struct mf_archive *archive = mf_sources_archive(sources);

    return archive && archive->is_kept;
}

static bool find_kept(const struct mf_sources *sources, enum mf_archive_type type, const char *name,
                      struct mf_listing *listing)
{
    const struct mf_archive_entry *entry = mf_archive_find(mf_sources_archive(sources), type, name);

    for (size_t i = 0; entry && i < entry->count; i++)
        add(listing, entry->names[i]);
    return entry;
}

bool mf_list_is_directory(const struct mf_sources *sources, const char *path)
{
    struct stat st;

    if (mf_sources_are_kept(sources))
        return mf_archive_find(mf_sources_archive(sources), MF_ARCHIVE_DIRECTORY, path);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_flow_name(const char *name)
{
    return *name != '.' && mf_text_ends(name, ".yaml") && !mf_text_ends(name, ".test.yaml");
}

bool mf_list_directory(struct mf_sources *sources, const char *path, struct mf_listing *listing)
{
    struct dirent *entry;
    DIR *dir;

    if (find_kept(sources, MF_ARCHIVE_DIRECTORY, path, listing))
        return true;
    dir = opendir(path);
    if (!dir)
        return false;
    while ((entry = readdir(dir)))
        if (is_flow_name(entry->d_name))
            add(listing, entry->d_name);
    closedir(dir);
    if (listing->count)
        qsort(listing->names, listing->count, sizeof(*listing->names), compare_names);
    mf_archive_note_names(mf_sources_archive(sources), MF_ARCHIVE_DIRECTORY, path, listing->names,
                          listing->count);
    return true;
}

void mf_list_pattern(struct mf_sources *sources, const char *pattern, struct mf_listing *listing)
{
    glob_t found = {0};

    if (mf_sources_are_kept(sources)) {
        find_kept(sources, MF_ARCHIVE_PATTERN, pattern, listing);
        return;
    }
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *path = found.gl_pathv[i], *slash = strrchr(path, '/');
            struct stat st;

            if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode) &&
                !mf_text_ends(slash ? slash : path, ".test.yaml"))
                add(listing, path);
        }
    globfree(&found);
    mf_archive_note_names(mf_sources_archive(sources), MF_ARCHIVE_PATTERN, pattern, listing->names,
                          listing->count);
}
