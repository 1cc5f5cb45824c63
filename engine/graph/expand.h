/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Expand: a flow as YAML again, without sugar, includes, variables and parts.
 *
 * What is printed is one file that validates and means the same: nodes have their full names and
 * name each other by them, the order is that of the files, texts keep their quotes so that their
 * types stay. Secrets are written as `${secret:NAME}`, never as what they are.
 */

#include "engine/config/flow.h"

/* The flow must have been compiled without errors. */
void mf_expand_print(const struct mf_flow *flow, struct mf_buf *buf);

/* ---- the YAML: engine/graph/expand_yaml.c ---- */

/* A text as a scalar, quoted where it must be; `$` is doubled. */
void mf_expand_text(const char *text, size_t len, struct mf_buf *buf);
/* `  name: {…}` where it fits into a line, else the pairs of the map in lines of their own. */
void mf_expand_entry(const char *name, const struct mf_tree *map, struct mf_buf *buf);
