/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * HTTP: what a running engine shows to monitors and browsers. It only shows; nothing can be changed
 * here. Off unless asked for.
 *
 *   /live      200 while the loop runs
 *   /ready     200 when the engine is healthy, else 503; JSON: ready, reasons[]
 *   /metrics   for Prometheus
 *   /graph     the picture of the flow: JSON, or ?format=text|dot|mermaid
 *
 * On a loopback address no token is needed, but the Host of a request must name one, too, so that
 * no web page can look in by a name of its own. Any other address wants a token, which comes as
 * `Authorization: Bearer TOKEN` and is compared in constant time. There is no TLS: a proxy's job.
 */

#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

enum {
    MF_HTTP_CONNECTIONS = 32,   /* at once */
    MF_HTTP_MEMORY = 16 * 1024, /* bytes of a request, headers included */
    MF_HTTP_IDLE_S = 30,        /* a connection that is silent is closed */
    MF_HTTP_TOKEN_MIN = 16,     /* bytes of a token */
    MF_HTTP_TOKEN_MAX = 1024,
};

struct mf_control;
struct mf_http;
struct mf_loop;

struct mf_http_stats {
    uint64_t requests;
    uint64_t denied; /* without the token, or by a strange name */
};

/* Listens on HOST:PORT; [HOST]:PORT for IPv6, port 0: any that is free, which is logged. `token`
 * may be NULL on loopback. `control` may be NULL. NULL with `err`: MF_EINVAL when the address or
 * the token is not right, MF_EIO when there is no listening there. */
struct mf_http *mf_http_open(struct mf_loop *loop, const struct mf_control *control,
                             const char *address, const char *token, struct mf_error *err);
/* Before mf_control_close() and mf_loop_free(); NULL is fine. */
void mf_http_close(struct mf_http *http);
struct mf_http_stats mf_http_stats(const struct mf_http *http);

/* The first line of a file, without blanks around it; to be freed. NULL with `err`. */
char *mf_http_read_token(const char *path, struct mf_error *err);
