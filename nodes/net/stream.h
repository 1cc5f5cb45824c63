/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Stream: the bytes between a link and its peer, over TCP or a serial line.
 *
 * The first member of the link's state is a struct mf_stream. Looking up the host
 * runs on the pool; everything else is on the loop and never blocks. What is
 * sent while the peer does not read is kept, up to `out_limit`.
 *
 *   start()    mf_stream_connect() → opened() or closed()
 *   running    received() as bytes come, mf_stream_send()
 *   stop()     mf_stream_stop() → stopped(), at once or when the pool is through
 */

#include "engine/base/buf.h"
#include "engine/graph/link.h"
#include "nodes/net/address.h"
#include "nodes/net/serial.h"

struct addrinfo;

struct mf_stream_events {
    void (*opened)(struct mf_link *link);
    /* Could not be opened, or was lost: the stream is closed. Not called for mf_stream_close(). */
    void (*closed)(struct mf_link *link, const struct mf_error *err);
    void (*received)(struct mf_link *link, const uint8_t *data, size_t len);
    void (*stopped)(struct mf_link *link);
};

struct mf_stream {
    const struct mf_stream_events *events;
    struct mf_watch *watch;
    struct mf_buf out; /* what the kernel did not take yet */
    size_t sent;       /* of it */
    int fd;            /* + 1; 0: closed */
    bool is_connecting, is_looking_up, is_stopping;
    struct {
        struct mf_job job;
        struct mf_link *link;
        char host[MF_NET_HOST_BYTES + 1]; /* the flow it comes from may be replaced meanwhile */
        struct mf_net_address address;
        struct addrinfo *list, *next; /* of the host; the next to try */
        struct mf_error err;
    } connect;
};

enum { MF_STREAM_OUT = 1024 * 1024 }; /* default limit of what waits to be sent, bytes */

/* Once per link, before anything else. `out_limit` 0: MF_STREAM_OUT. */
void mf_stream_init(struct mf_link *link, const struct mf_stream_events *events, size_t out_limit);
/* The address is copied. */
void mf_stream_connect(struct mf_link *link, const struct mf_net_address *address);
/* Opens at once; opened() or closed() is called before it returns. */
void mf_stream_open_serial(struct mf_link *link, const struct mf_serial *serial);

bool mf_stream_is_open(const struct mf_link *link);
/* False, after closed(), when the connection broke or too much waits. */
bool mf_stream_send(struct mf_link *link, const void *data, size_t len);
/* Forgets what a serial line has received and nobody has read. */
void mf_stream_flush(struct mf_link *link);
void mf_stream_close(struct mf_link *link);
void mf_stream_stop(struct mf_link *link);
void mf_stream_done(struct mf_link *link); /* in destroy() */
