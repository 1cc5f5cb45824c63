/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Renderings of diagnostics: the same records for people, editors and code hosts. */

#include "engine/base/buf.h"
#include "engine/config/diag.h"

enum mf_diag_format {
    MF_DIAG_TEXT,   /* excerpts with carets, related places, help */
    MF_DIAG_SHORT,  /* path:line:col: error[MF0203]: message */
    MF_DIAG_JSON,   /* one object: counts and records */
    MF_DIAG_SARIF,  /* SARIF 2.1.0 */
    MF_DIAG_GITHUB, /* ::error file=…,line=…:: workflow commands */
};
extern const char *const mf_diag_format_names[]; /* ended by NULL */

struct mf_diag_counts {
    size_t files, nodes;
};

/* Sort first. `color` is for MF_DIAG_TEXT only. */
void mf_diags_render(const struct mf_diags *diags, enum mf_diag_format format,
                     struct mf_diag_counts counts, bool color, struct mf_buf *out);
