/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Archive: all that was asked of the file system while a flow was read, and the answers.
 *
 * Texts of files, names in directories, files that fit a pattern. With it the same flow can be read
 * again when the files are not there any more, or say something else. Variables and secrets are not
 * in it: they are looked up anew. It is kept as JSON:
 *
 *   {"entries": [{"file": "flow.yaml", "path": "/etc/moat-flow/flow.yaml", "text": "…"},
 *                {"file": "./flow.yaml", "same": "flow.yaml"},
 *                {"directory": "rooms", "names": ["bath.yaml"]},
 *                {"pattern": "rooms/b*.yaml", "names": ["rooms/bath.yaml"]}]}
 */

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/config/source.h"

enum { MF_ARCHIVE_ENTRIES = 100000 };

enum mf_archive_type { MF_ARCHIVE_FILE, MF_ARCHIVE_DIRECTORY, MF_ARCHIVE_PATTERN };

struct mf_archive_entry {
    uint8_t type;     /* enum mf_archive_type */
    const char *name; /* as it was asked for */
    const char *path; /* file: resolved */
    const char *text; /* file */
    size_t len;
    const struct mf_archive_entry *same; /* file: it is this one */
    const char *const *names;            /* directory, pattern */
    size_t count;
};

struct mf_archive {
    bool is_kept; /* answers; else it listens */
    struct mf_arena *arena;
    struct mf_archive_entry **entries;
    size_t count, cap;
    struct mf_map by_name[3]; /* by type → entry */
};

struct mf_archive *mf_archive_new(void);
void mf_archive_free(struct mf_archive *archive); /* NULL is fine */

/* What was found. Texts and names are copied; a NULL archive and one that answers take nothing. */
void mf_archive_note_file(struct mf_archive *archive, const char *name,
                          const struct mf_source *source);
void mf_archive_note_names(struct mf_archive *archive, enum mf_archive_type type, const char *name,
                           char *const *names, size_t count);
/* NULL: nobody asked for that; also for an archive that listens, or none. */
const struct mf_archive_entry *mf_archive_find(const struct mf_archive *archive,
                                               enum mf_archive_type type, const char *name);

void mf_archive_write(const struct mf_archive *archive, struct mf_buf *json);
/* One that answers. NULL with `err` filled: the text is damaged. */
struct mf_archive *mf_archive_read(const char *json, size_t len, struct mf_error *err);
