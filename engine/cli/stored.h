/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Commands about what is kept on disk: a running engine is asked; without one the files in the
 * state directory are opened. They belong to one at a time, so with --state the files are tried
 * first, and the engine when they are in use.
 *
 * The command has MF_CMD_ASKS_ENGINE and MF_CMD_HAS_STATE.
 */

#include "engine/cli/args.h"
#include "engine/value/build.h"

/* `what` is a request of engine/control/stored.h; taken is the map of its arguments. Returns an
 * exit code after saying what went wrong; MF_EXIT_OK gives the result. */
int mf_cli_stored(const struct mf_args *args, const char *what, struct mf_builder *take_request,
                  struct mf_value *ret);
/* Prints a result as JSON, and drops it. Returns the exit code. */
int mf_cli_stored_json_take(struct mf_value result);
