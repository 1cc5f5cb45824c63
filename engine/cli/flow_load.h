/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Reading and compiling the flow that a command line names, with everything it needs kept together.
 */

#include "engine/cli/args.h"
#include "engine/config/render.h"
#include "engine/graph/graph.h"

struct mf_cli_flow {
    struct mf_arena *arena;
    struct mf_sources *sources;
    struct mf_diags diags;
    struct mf_flow flow;
    struct mf_graph *graph; /* NULL: there are errors, or it was not compiled */
    struct mf_diag_counts counts;
    const char **sets;
    struct mf_flow_setup setup;
};

/* Prepares for reading: `args` must outlive it. */
void mf_cli_flow_init(struct mf_cli_flow *cli, const struct mf_args *args);
void mf_cli_flow_done(struct mf_cli_flow *cli);

/* Reads the paths of the command line into cli->flow. */
void mf_cli_flow_read(struct mf_cli_flow *cli, const struct mf_args *args);
/* … and compiles them into cli->graph. */
void mf_cli_flow_compile(struct mf_cli_flow *cli, const struct mf_args *args);
/* Hands the graph over; the caller frees it. */
struct mf_graph *mf_cli_flow_take(struct mf_cli_flow *cli);

/* Sorts and prints the diagnostics as people read them to a stream, notes only with -v. */
void mf_cli_flow_report(struct mf_cli_flow *cli, const struct mf_args *args, int fd);
/* "7 files, 41 nodes: no errors, 1 warning" */
void mf_cli_flow_summary(const struct mf_cli_flow *cli, struct mf_buf *buf);
/* Writes all of buf to the descriptor; false when the reader has gone away or the disk is full,
 * after saying so. */
bool mf_cli_write(int fd, const struct mf_buf *buf);
