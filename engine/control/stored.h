/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What commands ask about kept state and dead letters: answered by a running engine for its
 * requests, and by the command itself on the files of one that does not run.
 *
 *   dlq     action  ls | show | retry | drop
 *           number  of the letter; absent: all, or all of `node`
 *           node    the sink
 *   state   action  ls | get | clear | export
 *           node    whose
 *
 * What comes back is in docs/running.md, as the `--json` of the commands.
 */

#include "engine/base/error.h"
#include "engine/value/value.h"

struct mf_engine;

/* 0, or MF_EINVAL with `err`: there is no such thing. */
int mf_stored_dlq(struct mf_engine *engine, const struct mf_value *request, struct mf_value *ret,
                  struct mf_error *err);
int mf_stored_state(struct mf_engine *engine, const struct mf_value *request, struct mf_value *ret,
                    struct mf_error *err);
