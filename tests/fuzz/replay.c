/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Replay: gives every file of the directories named on the command line to a fuzz target. Where
 * there is no fuzzer, a corpus is still a test. Each file is also tried cut off at its half.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_BYTES = 1024 * 1024 };

/* Blocks of exactly the size of the input, so that reading beyond is found. */
static void feed(const char *data, size_t len)
{
    uint8_t *copy = mf_alloc(len);

    if (len)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    mf_free(copy);
}

static int replay_file(const char *path)
{
    char *data = mf_alloc(FILE_BYTES);
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file) {
        perror(path);
        mf_free(data);
        return 1;
    }
    len = fread(data, 1, FILE_BYTES, file);
    fclose(file);
    feed(data, len);
    feed(data, len / 2);
    mf_free(data);
    return 0;
}

static int replay_dir(const char *path, int *files)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int failed = 0;

    if (!dir) {
        perror(path);
        return 1;
    }
    while ((entry = readdir(dir))) {
        char *name;

        if (entry->d_name[0] == '.')
            continue;
        name = mf_asprintf("%s/%s", path, entry->d_name);
        failed += replay_file(name);
        ++*files;
        mf_free(name);
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0, files = 0;

    for (int i = 1; i < argc; i++)
        failed += replay_dir(argv[i], &files);
    fprintf(stderr, "%d inputs replayed\n", files);
    return failed || files == 0;
}
