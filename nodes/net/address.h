/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Where a peer is: `host`, `host:port`, `[fe80::1]:port`. */

#include "engine/base/arena.h"
#include "engine/base/error.h"

enum { MF_NET_HOST_BYTES = 253 }; /* the longest name in DNS: RFC 1035, 2.3.4 */

struct mf_net_address {
    const char *host; /* without brackets */
    int port;
};

/* `port`: used where the text has none; 0: it must have one. Negative with a sentence that says
 * what to write. */
int mf_net_address_read(const char *text, int port, struct mf_arena *arena,
                        struct mf_net_address *ret, struct mf_error *err);
