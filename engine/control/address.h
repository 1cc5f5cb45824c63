/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Where the control socket of an engine lies.
 *
 * `--socket PATH` says it. Without, it is `control` in the first directory of $RUNTIME_DIRECTORY
 * (a service of systemd), else `moat-flow.control` in $XDG_RUNTIME_DIR (somebody's session).
 * Whoever looks for an engine tries the service's usual place, too.
 */

#include <sys/un.h>

#include "engine/base/error.h"

#define MF_CONTROL_SERVICE "/run/moat-flow/control"

/* Path for `run`, to be freed; NULL: nobody said where, and there is no usual place. */
char *mf_control_place(void);
/* Path of the engine that a command means, to be freed; NULL with `err` when there is none. */
char *mf_control_find(const char *given_or_null, struct mf_error *err);
/* MF_EINVAL when the path is too long for a Unix socket. */
int mf_control_address(const char *path, struct sockaddr_un *ret, struct mf_error *err);
