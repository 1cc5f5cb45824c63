/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * `examples:` of nodes, run: each in an engine of its own that holds the node and nothing else,
 * with stand-ins for what it reads.
 *
 *   excess: {expr: "math.max(0, -power)", examples: [{power: -800 W, gives: 800 W}]}
 *
 * An input is named as in `from`, or by the node it comes from; a list of values comes one after
 * another, a second apart. `gives` is one of the forms of `expect` in tests.
 */

#include "engine/config/flow.h"
#include "engine/graph/graph.h"

/* One example has been run; what it failed on are the diagnostics from `first` on. */
struct mf_example_done {
    void (*done)(void *arg, const char *name, struct mf_span at, size_t first, bool ok,
                 int64_t time);
    /* Whether to run it; NULL: all. */
    bool (*is_wanted)(void *arg, const char *name, struct mf_span at);
    void *arg;
};

/* Runs the examples of all nodes of a flow and its graph; what is wrong is added to `diags`. `done`
 * may be NULL. Nodes that are not complete (--no-env) are left out. */
void mf_examples_run(const struct mf_flow *flow, const struct mf_graph *graph,
                     struct mf_diags *diags, const struct mf_example_done *done);
