/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Diagnostics: what is wrong in flow files, said as a good compiler says it.
 *
 * While compiling, a fault is added to a `struct mf_diags` and work goes on, so
 * that one run shows every fault. A thing that failed is marked by its owner and silences
 * complaints about whatever depends on it. One record, many renderings:
 * engine/config/render.h.
 *
 * Codes are `MF` and four digits, never reused; title and long explanation of
 * each stand in engine/config/codes.def.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/config/source.h"

enum { MF_DIAGS_MAX = 1000, MF_DIAG_RELATED = 8 }; /* records kept; places per record */

enum mf_severity { MF_ERROR, MF_WARNING, MF_NOTE };
extern const char *const mf_severity_names[]; /* error warning note */

struct mf_diag_place {
    struct mf_span at;
    char *text;
};

struct mf_diag {
    enum mf_severity severity;
    unsigned code; /* 203 for MF0203 */
    struct mf_span at;
    char *message;
    char *label; /* short text under the caret, or NULL */
    char *help;  /* one suggestion, or NULL */
    struct mf_diag_place related[MF_DIAG_RELATED];
    unsigned related_count;
    uint32_t seq; /* order of discovery, breaks ties when sorting */
};

/* Why a place is being read: the `use` line of a part, the place of an alias. A chain, kept by
 * the reader; every diagnostic made meanwhile lists it as related places. */
struct mf_origin {
    struct mf_span at;
    const char *text; /* "in this use of the part" */
    const struct mf_origin *outer;
};

struct mf_diags {
    struct mf_sources *sources; /* borrowed */
    struct mf_diag **list;
    size_t count, cap;
    size_t errors, warnings, notes;
    size_t dropped; /* over MF_DIAGS_MAX */
    const struct mf_origin *origin;
    struct mf_diag *scratch; /* private: takes what is dropped */
};

void mf_diags_init(struct mf_diags *diags, struct mf_sources *sources);
void mf_diags_done(struct mf_diags *diags);

/* Sets the origin chain and returns the former one, to be set back. */
const struct mf_origin *mf_diags_set_origin(struct mf_diags *diags, const struct mf_origin *origin);

/* Adds a record. Never NULL: over the limit a scratch record is returned and counted as dropped. A
 * second record of the same code at the same place is dropped too. */
struct mf_diag *mf_diag(struct mf_diags *diags, enum mf_severity severity, unsigned code,
                        struct mf_span at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void mf_diag_related(struct mf_diag *diag, struct mf_span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void mf_diag_help(struct mf_diag *diag, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mf_diag_label(struct mf_diag *diag, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* By file, position, then order of discovery. */
void mf_diags_sort(struct mf_diags *diags);

/* ---- codes ---- */

struct mf_code {
    unsigned number;
    enum mf_severity severity; /* usual one */
    const char *title;         /* "unknown option" */
    const char *text;          /* the long explanation, Markdown, with wrong and right examples */
};
const struct mf_code *mf_code_list(size_t *ret_count);
const struct mf_code *mf_code_get(unsigned number); /* NULL if there is none */
