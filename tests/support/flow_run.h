/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A flow that runs: the program itself, with real time, signals and links, beside a peer.
 */

#include "tests/support/peer.h"

struct flow_run {
    struct child child;
    char path[256];
};

/* Starts `moat-flow run` (its path is in the environment variable MOAT_FLOW) with the text as flow;
 * `${port}` in it is the peer's port, `${dir}` its directory. `option` may be NULL. */
void flow_run_start(struct flow_run *run, const struct peer *peer, const char *text,
                    const char *option);
/* Replaces the flow and tells the program; returns when it has switched. */
void flow_run_reload(struct flow_run *run, const struct peer *peer, const char *text);
void flow_run_wait_for(struct flow_run *run, const char *log_text);
const char *flow_run_log(struct flow_run *run);
/* SIGTERM; the program must end with 0. */
void flow_run_end(struct flow_run *run);
void flow_run_kill(struct flow_run *run); /* -9 */
