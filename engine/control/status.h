/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The status of a running engine: its overview (engine/run/overview.h), and those who ask it. */

#include "engine/control/http.h"
#include "engine/control/socket.h"
#include "engine/value/value.h"

struct mf_loop;

/* The overview with the parts `control` (callers accepted refused requests faults dropped) and
 * `http` (requests denied); those are left out where the argument is NULL. */
struct mf_value mf_status_of(struct mf_loop *loop, const struct mf_control *control,
                             const struct mf_http *http);
