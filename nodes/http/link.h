/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the nodes on an http link ask of it. */

#include "engine/base/list.h"
#include "nodes/http/options.h"
#include "nodes/net/http.h"

extern const struct mf_link_kind mf_link_kind_http;

enum { MF_HTTP_BASIC, MF_HTTP_DIGEST };

struct mf_http_link_options {
    const char *base;
    struct mf_http_headers headers;
    int64_t timeout;
    const char *login, *password, *ca, *cert, *key;
    int auth; /* MF_HTTP_BASIC … */
};

/* NULL: the link does not run. */
struct mf_http_client *mf_http_link_client(const struct mf_link *link);
/* The host cannot be reached: all that hangs on the link is stale until it can. */
void mf_http_link_lost(struct mf_link *link, const struct mf_error *err);
/* Nodes to be told when it can be reached (again). */
struct mf_list *mf_http_link_pollers(const struct mf_link *link);
