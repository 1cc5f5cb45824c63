/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Where a peer is: `host`, `host:port`, `[fe80::1]:port`. */

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/config/type.h"

enum { MF_NET_HOST_BYTES = 253 }; /* the longest name in DNS: RFC 1035, 2.3.4 */

struct mf_net_address {
    const char *host; /* without brackets */
    int port;
};

/* `port`: used where the text has none; 0: it must have one. Negative with a sentence that says
 * what to write. */
int mf_net_address_read(const char *text, int port, struct mf_arena *arena,
                        struct mf_net_address *ret, struct mf_error *err);

/* The same host and port have the same text. */
const char *mf_net_address_print(const struct mf_net_address *address, struct mf_arena *arena);

/* The same for an option, after reporting MF0530: false. */
bool mf_net_address_option(struct mf_load *load, const struct mf_tree *tree, const char *text,
                           int port, struct mf_net_address *ret);
/* Option types; the member is a struct mf_net_address, and `of` points to the int that is the port
 * where none is given. */
extern const struct mf_type mf_type_net_tcp;  /* `tcp:host:port` */
extern const struct mf_type mf_type_net_host; /* `host:port` */
