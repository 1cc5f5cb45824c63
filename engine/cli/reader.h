/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The reader: what `run` hands to the loop, so that flows can be read again while it runs: from
 * their files, or from what was kept of a generation. It also keeps what was accepted.
 */

#include "engine/cli/args.h"
#include "engine/graph/graph.h"
#include "engine/run/loop_uv.h"
#include "engine/value/value.h"

struct mf_cli_reader {
    const struct mf_args *args; /* of `run`, or `plan` */
    char *state_dir;            /* NULL: nothing is kept */
    struct mf_buf faults;       /* of the last reading, a line each */
};

void mf_cli_reader_init(struct mf_cli_reader *reader, const struct mf_args *args);
void mf_cli_reader_close(struct mf_cli_reader *reader);

/* For mf_loop_options; `arg` is the reader. */
struct mf_graph *mf_cli_reader_read(void *arg, uint64_t generation);
void mf_cli_reader_done(void *arg, struct mf_buf *faults);
void mf_cli_reader_settled(void *arg, struct mf_loop *loop, bool is_accepted);
/* What a reload would change; `origin` is what the live graph was read from. Null when the files
 * have errors, which are in `faults` then. */
struct mf_value mf_cli_reader_plan(void *arg, const char *origin, struct mf_buf *faults);

/* The newest generation that was kept and has no errors now, or NULL. */
struct mf_graph *mf_cli_reader_last_good(struct mf_cli_reader *reader, uint64_t *ret_number);
/* The number for a graph at the start: the one it was kept under, or the next. */
uint64_t mf_cli_reader_number(const struct mf_cli_reader *reader, const struct mf_graph *graph);
