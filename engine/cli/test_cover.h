/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Coverage: what no test has made happen. Nodes and outputs that never said anything good, sinks
 * that were never given anything, and conditions of `when` that were never true or never false,
 * over all tests of a run; a node is known by its place in the files.
 */

#include "engine/run/engine.h"

struct mf_test_cover;

struct mf_test_cover *mf_test_cover_new(void);
void mf_test_cover_free(struct mf_test_cover *cover); /* NULL is fine */

/* A node has said something. */
void mf_test_cover_note(struct mf_test_cover *cover, struct mf_node *node);
/* Conditions of all nodes, now. */
void mf_test_cover_look(struct mf_test_cover *cover, struct mf_engine *engine);
/* A line of a script that there is, or that has run. */
void mf_test_cover_line(void *cover, const char *file, uint32_t line, bool has_run);
/* The end of a test: what its nodes have done is added. */
void mf_test_cover_add(struct mf_test_cover *cover, struct mf_engine *engine);

/* For people: a line with the sums, and one for each gap. */
void mf_test_cover_print(const struct mf_test_cover *cover, struct mf_buf *out);
/* {"outputs": n, "outputs_seen": n, "branches": n, "branches_seen": n, "lines": n, "lines_seen": n,
 * "gaps": [{"file", "line", "column", "name", "gap"}]} */
void mf_test_cover_print_json(const struct mf_test_cover *cover, struct mf_buf *out);
