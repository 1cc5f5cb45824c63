/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Peer: a real mosquitto on a port of its own on loopback, in a directory of its
 * own that goes with it.
 */

#include "tests/support/child.h"

enum peer_trait {
    PEER_TLS = 1 << 0,        /* with a certificate for localhost, see peer_ca() */
    PEER_PASSWORD = 1 << 1,   /* login `flow`, password `right` */
    PEER_PERSISTENT = 1 << 2, /* remembers on disk, each message at once */
};

struct peer;

/* NULL when mosquitto is not installed. `more` are lines for its configuration, or NULL. */
struct peer *peer_new(unsigned traits, const char *more);
/* With an access list. */
struct peer *peer_new_with_acl(unsigned traits, const char *more, const char *acl);
void peer_free(struct peer *peer); /* NULL is fine */

int peer_port(const struct peer *peer);
const char *peer_dir(const struct peer *peer);
/* Path of a file in the peer's directory; good until the next call but seven. */
const char *peer_path(const struct peer *peer, const char *name);
void peer_write(const struct peer *peer, const char *name, const char *text);
/* The certificate to trust, and one of a CA that nobody has signed anything with. */
const char *peer_ca(const struct peer *peer);
const char *peer_other_ca(const struct peer *peer);

/* Its log so far. */
const char *peer_log(struct peer *peer);
void peer_wait_for(struct peer *peer, const char *text);
void peer_stop(struct peer *peer);  /* in good order */
void peer_kill(struct peer *peer);  /* -9 */
void peer_start(struct peer *peer); /* again, on the same port */
void peer_pause(struct peer *peer); /* frozen: takes bytes, does nothing with them */
void peer_resume(struct peer *peer);
