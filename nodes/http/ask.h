/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Asking, for a node: on its link, or alone with a client of its own. From start() to stop(). */

#include "nodes/http/link.h"
#include "nodes/net/http_rules.h"

enum { MF_HTTP_ASK_MORE = 3 }; /* lines that mf_http_ask_lines() has room for */

struct mf_http_ask {
    struct mf_http_request request; /* method, body and events are the node's */
    struct mf_http_patience patience;
    struct mf_http_client *own; /* NULL: the link's */
    /* Copies: options move when the flow is reloaded. */
    char *url, *login, *password;
    const char **lines; /* the first `line_count` are owned */
    size_t line_count;
};

int mf_http_ask_begin(struct mf_http_ask *ask, struct mf_node *node,
                      const struct mf_http_target *target, const struct mf_http_headers *headers,
                      struct mf_error *err);
void mf_http_ask_end(struct mf_http_ask *ask);
/* A line for all requests, unless the user has one of that name. */
void mf_http_ask_add(struct mf_http_ask *ask, const char *line);
/* Where MF_HTTP_ASK_MORE lines for the next request may be put, NULL behind them. */
const char **mf_http_ask_lines(struct mf_http_ask *ask);
/* done() follows. MF_ELINK: the link is down; MF_ELIMIT: too many requests wait. */
int mf_http_ask_send(struct mf_http_ask *ask, struct mf_node *node, struct mf_error *err);
/* Of a client of its own; the link says those of its. */
void mf_http_ask_stats(const struct mf_http_ask *ask, const struct mf_node *node, mf_stat_fn put,
                       void *arg);
/* True when the failure was that of the link, which has been told. */
bool mf_http_ask_blame_link(struct mf_node *node, const struct mf_http_request *request,
                            const struct mf_http_answer *answer);
