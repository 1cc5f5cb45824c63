/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Commands that ask a running engine: one request through its control socket, errors in whole
 * sentences, and the exit codes of the contract: 5 when no engine answers, 6 when `--timeout` has
 * passed, else what the engine says.
 *
 *   struct mf_ask ask;
 *   mf_ask_begin(&ask, "why");
 *   mf_ask_text(&ask, "node", name);
 *   rc = mf_ask(args, &ask, 10 * MF_SEC, &result);
 *   if (rc == MF_EXIT_OK)
 *       …; mf_value_drop(result);
 *
 * The command has the trait MF_CMD_ASKS_ENGINE, which gives it --socket and --timeout.
 */

#include "engine/cli/args.h"
#include "engine/value/build.h"

#define MF_ASK_TIMEOUT (10 * MF_SEC) /* what commands take that are answered at once */

struct mf_ask {
    struct mf_builder request;
    /* Called for each line of the answer; false: enough. NULL: there are none. */
    bool (*line)(void *arg, const struct mf_value *line);
    void *arg;
    int64_t lasts; /* ns after which it ends well; mf_ask_begin() sets MF_NEVER */
};

void mf_ask_begin(struct mf_ask *ask, const char *name);
/* Nothing is added for NULL. */
void mf_ask_text(struct mf_ask *ask, const char *name, const char *text_or_null);
void mf_ask_take(struct mf_ask *ask, const char *name, struct mf_value value);
/* Asks, and uses `ask` up. Returns an exit code after saying what went wrong; MF_EXIT_OK gives the
 * result, which is null when line() had enough or `lasts` was over. `timeout` holds where --timeout
 * was not given; MF_NEVER: none. */
int mf_ask(const struct mf_args *args, struct mf_ask *ask, int64_t timeout, struct mf_value *ret);
