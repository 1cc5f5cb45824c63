/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Listener: a TCP port that a node keeps open, and the clients who come to it.
 *
 * What clients send is gathered per client and handed to take(), which says how much of it makes
 * whole messages. A client who does not read what is sent to it is not read from either; who says
 * nothing whole for `idle` is hung up on; who comes when there are `max_clients` is turned away.
 *
 *   start()     mf_listener_open()
 *   timeout()   mf_listener_timeout(), for the timer that the listener was given
 *   stop()      mf_listener_close()
 */

#include "engine/base/list.h"
#include "engine/graph/node.h"
#include "nodes/net/address.h"

struct mf_client;

struct mf_listener_setup {
    struct mf_net_address address; /* numeric, `localhost`, or `*` for all */
    unsigned max_clients;
    int64_t idle;    /* ns; 0: for ever */
    size_t in_limit; /* bytes of the longest message */
    unsigned timer;  /* of the node */
    /* Bytes of which the first message takes so many; 0: more are needed; negative: hang up. May
     * call mf_client_send(). */
    int (*take)(struct mf_node *node, struct mf_client *client, const uint8_t *data, size_t len);
};

struct mf_listener_counts {
    uint64_t accepted, refused, idle, broken; /* refused: too many; broken: take() hung up */
};

struct mf_listener {
    struct mf_node *node;
    struct mf_listener_setup setup;
    struct mf_watch *watch;
    struct mf_list clients; /* the one that has been silent longest first */
    unsigned client_count;
    int fd, spare;       /* + 1; 0: closed. The spare one is given up to turn somebody away when the
                            process has no more */
    int64_t rests_until; /* mono; 0: it takes clients. Else not even who comes can be turned away */
    struct mf_listener_counts counts;
};

/* Does the text of a place mean this machine? Names that must be looked up do not: that would
 * block. */
bool mf_listener_knows(const struct mf_net_address *address);
int mf_listener_open(struct mf_listener *listener, struct mf_node *node,
                     const struct mf_listener_setup *setup, struct mf_error *err);
void mf_listener_timeout(struct mf_listener *listener);
/* Hangs up on everybody. A listener that is zeroed is closed. */
void mf_listener_close(struct mf_listener *listener);

/* What the client does not take at once is kept; take() is not called for it before that is gone.
 */
void mf_client_send(struct mf_client *client, const void *data, size_t len);
