/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The node reference: what descriptors of kinds say, for a terminal and as Markdown. */

#include "engine/base/buf.h"
#include "engine/graph/registry.h"

/* All kinds with their summaries, grouped by the part of the name before the dot. */
void mf_reference_list(struct mf_buf *buf);
/* One kind of node or link. False if there is none of that name in this build. */
bool mf_reference_kind(const char *name, struct mf_buf *buf);
/* Everything, as a Markdown page. */
void mf_reference_markdown(struct mf_buf *buf);
/* One kind (or all: NULL) as JSON. False if there is none of that name. */
bool mf_reference_json(const char *name_or_null, struct mf_buf *buf);
/* The example of a kind as a whole flow file. */
void mf_reference_example(const char *example, struct mf_buf *buf);
