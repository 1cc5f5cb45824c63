/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What HTTP needs to know of addresses, names and secrets. No library, so that it can be tested. */

#include <stdbool.h>
#include <sys/socket.h>

#include "engine/base/error.h"

struct mf_http_address {
    struct sockaddr_storage address;
    socklen_t len;
    bool is_loopback;
};

/* Reads HOST:PORT; a name is looked up, which blocks. */
int mf_http_address_read(const char *text, struct mf_http_address *ret, struct mf_error *err);
/* Does the Host of a request name this machine itself? NULL is no. */
bool mf_http_is_own_name(const char *host_or_null);
/* In a time that does not depend on where they differ. */
bool mf_http_is_token(const char *given, const char *token);
