/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The directory in which a flow keeps what must outlive the process: state, queues, generations. */

#include "engine/base/error.h"
#include "engine/cli/args.h"

/* From --state, else $STATE_DIRECTORY, else $XDG_STATE_HOME/moat-flow, else
 * ~/.local/state/moat-flow. NULL when nothing of that is set. mf_free() it. The command has
 * MF_CMD_HAS_STATE. */
char *mf_cli_state_dir(const struct mf_args *args);
/* Makes a directory and those above it, for its owner only. 0, or negative with `err` filled. */
int mf_cli_make_dir(const char *path, struct mf_error *err);
