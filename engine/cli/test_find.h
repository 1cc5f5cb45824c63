/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Finding tests: which files a command line means.
 *
 * A directory is searched with all below it, hidden ones and links to directories aside: for
 * NAME.test.yaml, and for flows with `examples:`, where all flow files of one directory are one
 * flow. A flow file that is named stands for its examples and for NAME.test.yaml beside it.
 */

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/map.h"

enum { MF_TEST_FILES = 10000, MF_TEST_DEPTH = 32 }; /* found in all; directories in directories */

struct mf_test_found {
    struct mf_arena *arena;
    struct mf_map tests; /* paths of files of tests, in order */
    struct mf_map flows; /* paths of files and directories that hold examples, in order */
};

/* 0, or negative: a path cannot be read, or there are too many files. No path is the current
 * directory. */
int mf_test_find(struct mf_test_found *found, const char *const *paths, size_t count,
                 struct mf_error *err);
void mf_test_found_done(struct mf_test_found *found);
