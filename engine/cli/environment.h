/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* `validate --env`: is what the flow needs there? */

#include "engine/cli/flow_load.h"

/* Connects every link of the compiled flow, logs in, and lets go again; no node runs, nothing is
 * written. What fails becomes a diagnostic (MF0704) at the link's place. False if something did.
 * Uses up cli->graph. */
bool mf_environment_check(struct mf_cli_flow *cli);
