/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Markdown: the flows in a document.
 *
 * A flow is a fenced block (three or more backticks or tildes, marked `yaml` or `yml`) whose first
 * line that is neither empty nor a comment begins with `moat-flow:`. Other blocks are prose, also
 * those with a `moat-flow-test:`. A block in a list may be indented as its fence is.
 */

#include "engine/base/arena.h"
#include "engine/config/source.h"

/* How many flows there are; their bytes, fences excluded, in `ret` (in `arena`), in order. */
size_t mf_markdown_blocks(const struct mf_source *source, struct mf_arena *arena,
                          struct mf_span **ret);
