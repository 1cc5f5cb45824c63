/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The renderers behind mf_diags_render(), one for each family of formats. */

#include "engine/config/render.h"

void mf_render_text(const struct mf_diags *diags, bool color, struct mf_buf *out);
void mf_render_json(const struct mf_diags *diags, struct mf_diag_counts counts, struct mf_buf *out);
void mf_render_sarif(const struct mf_diags *diags, struct mf_buf *out);

/* Name and positions of a span. `name` is NULL for a span that is nowhere. */
struct mf_render_place {
    const struct mf_source *source;
    const char *name;
    struct mf_position start, end; /* `end` is behind the last character */
};
struct mf_render_place mf_render_place(const struct mf_diags *diags, struct mf_span at);
