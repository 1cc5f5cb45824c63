/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* run --replay: the sources say again what they said when the record was made. */

#include "engine/cli/args.h"
#include "engine/graph/graph.h"

/* Takes the graph. Returns the exit code. */
int mf_replay_run(const struct mf_args *args, struct mf_graph *graph);
