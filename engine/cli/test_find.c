/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See test_find.h. */

#include "engine/cli/test_find.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/config/source.h"

#define TEST_ENDING ".test.yaml"
#define FLOW_ENDING ".yaml"

static int add(struct mf_test_found *found, struct mf_map *list, const char *path,
               struct mf_error *err)
{
    static char mark;

    if (found->tests.count + found->flows.count >= MF_TEST_FILES)
        return mf_fail(err, MF_ELIMIT, "there are more than %d files of tests, the limit",
                       MF_TEST_FILES);
    mf_map_add(list, mf_arena_strdup(found->arena, path), &mark);
    return 0;
}

/* A look at the text: whether it is worth to read it as a flow for its examples. */
static bool has_examples(const char *path)
{
    struct mf_sources *sources = mf_sources_new();
    bool is_known, ret;
    const struct mf_source *source = mf_sources_read(sources, path, &is_known, NULL);

    ret = source && strstr(source->text, "examples:") && strstr(source->text, "moat-flow:");
    mf_sources_free(sources);
    return ret;
}

/* ---- directories ---- */

struct names {
    char **list;
    size_t count, cap;
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int read_names(const char *path, struct names *names, struct mf_error *err)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read the directory `%s`", path);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        mf_grow(&names->list, &names->cap, names->count, sizeof *names->list);
        names->list[names->count++] = mf_strdup(entry->d_name);
    }
    closedir(dir);
    if (names->count)
        qsort(names->list, names->count, sizeof *names->list, compare_names);
    return 0;
}

static void drop_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mf_free(names->list[i]);
    mf_free(names->list);
}

static int search(struct mf_test_found *found, const char *path, unsigned depth,
                  struct mf_error *err);

static int look_at(struct mf_test_found *found, const char *path, unsigned depth,
                   bool *ret_examples, struct mf_error *err)
{
    struct stat info;

    if (lstat(path, &info) < 0)
        return 0; /* gone meanwhile */
    if (S_ISDIR(info.st_mode))
        return depth < MF_TEST_DEPTH ? search(found, path, depth + 1, err) : 0;
    if (mf_text_ends(path, TEST_ENDING))
        return add(found, &found->tests, path, err);
    if (mf_text_ends(path, FLOW_ENDING))
        *ret_examples |= has_examples(path);
    return 0;
}

static int search(struct mf_test_found *found, const char *path, unsigned depth,
                  struct mf_error *err)
{
    bool is_here = strcmp(path, ".") == 0, ends = mf_text_ends(path, "/");
    bool with_examples = false;
    struct names names = {0};
    int rc = read_names(path, &names, err);

    for (size_t i = 0; i < names.count && rc == 0; i++) {
        char *full = is_here ? mf_strdup(names.list[i])
                             : mf_asprintf("%s%s%s", path, ends ? "" : "/", names.list[i]);

        rc = look_at(found, full, depth, &with_examples, err);
        mf_free(full);
    }
    drop_names(&names);
    if (rc == 0 && with_examples)
        rc = add(found, &found->flows, path, err);
    return rc;
}

/* ---- files that are named ---- */

static int take_file(struct mf_test_found *found, const char *path, struct mf_error *err)
{
    char *beside;
    struct stat info;
    int rc = 0;

    if (mf_text_ends(path, TEST_ENDING) || !mf_text_ends(path, FLOW_ENDING))
        return add(found, &found->tests, path, err);
    beside = mf_asprintf("%.*s%s", (int)(strlen(path) - strlen(FLOW_ENDING)), path, TEST_ENDING);
    if (has_examples(path))
        rc = add(found, &found->flows, path, err);
    if (rc == 0 && stat(beside, &info) == 0)
        rc = add(found, &found->tests, beside, err);
    mf_free(beside);
    return rc;
}

static int take_path(struct mf_test_found *found, const char *path, struct mf_error *err)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot open `%s`", path);
    return S_ISDIR(info.st_mode) ? search(found, path, 0, err) : take_file(found, path, err);
}

int mf_test_find(struct mf_test_found *found, const char *const *paths, size_t count,
                 struct mf_error *err)
{
    static const char *const here = ".";
    int rc = 0;

    *found = (struct mf_test_found){.arena = mf_arena_new()};
    if (count == 0) {
        paths = &here;
        count = 1;
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = take_path(found, paths[i], err);
    return rc;
}

void mf_test_found_done(struct mf_test_found *found)
{
    mf_map_done(&found->tests);
    mf_map_done(&found->flows);
    mf_arena_free(found->arena);
}
