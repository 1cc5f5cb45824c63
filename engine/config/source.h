/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Source: the text of every file that a flow is made of, with positions.
 *
 * A position is a file number and byte offsets; line and column are computed
 * only when somebody looks, from a table of line starts made on first use.
 * Columns count characters (code points), 1-based, as cli.md's editors expect.
 * Sources live as long as the diagnostics and the tree made from them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

#define MF_SOURCE_SIZE (16u * 1024 * 1024) /* bytes of one file */
enum { MF_SOURCE_FILES = 1000 };           /* files of one flow */

/* A piece of a source file. Offsets are bytes. File 0 is "nowhere" (the command line, a default).
 */
struct mf_span {
    uint32_t file;
    uint32_t start, end;
};

struct mf_source {
    uint32_t number;  /* from 1 */
    const char *name; /* as people wrote it, for messages */
    const char *path; /* resolved, for relative includes and for "reached twice" */
    const char *text; /* NUL-terminated copy without a byte order mark */
    size_t len;
    uint32_t skipped; /* bytes of BOM that were cut off */
    /* private: line table */
    uint32_t *lines;
    uint32_t line_count;
};

struct mf_sources;

struct mf_sources *mf_sources_new(void);
void mf_sources_free(struct mf_sources *sources);
/* From now on what is read is noted there, or comes from there: engine/config/archive.h. Borrowed.
 */
struct mf_archive;
void mf_sources_use(struct mf_sources *sources, struct mf_archive *archive);
struct mf_archive *mf_sources_archive(const struct mf_sources *sources); /* NULL: none */

/* Reads a file. When the same file (device and inode) was read before, *ret_known is set and the
 * earlier source returned. NULL with `err` filled: no such file, a directory, over MF_SOURCE_SIZE,
 * … the position of a fault in the bytes (binary, invalid UTF-8) is found by the composer. */
const struct mf_source *mf_sources_read(struct mf_sources *sources, const char *path,
                                        bool *ret_known, struct mf_error *err);
/* Takes a copy of text from memory: standard input, tests. */
const struct mf_source *mf_sources_add(struct mf_sources *sources, const char *name,
                                       const char *text, size_t len);
const struct mf_source *mf_sources_get(const struct mf_sources *sources, uint32_t number);
size_t mf_sources_count(const struct mf_sources *sources);

struct mf_position {
    uint32_t line, column; /* 1-based; column in code points */
};
struct mf_position mf_source_position(const struct mf_source *source, uint32_t offset);
/* Text of line `line` (1-based) without its end; *ret_start is its byte offset. */
const char *mf_source_line(const struct mf_source *source, uint32_t line, size_t *ret_len,
                           uint32_t *ret_start);
