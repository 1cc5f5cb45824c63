/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files that make pictures of a graph share. */

#include "engine/graph/graph.h"

/* The graph as a tree for a terminal. */
void mf_picture_text(const struct mf_graph *graph, struct mf_buf *buf);
