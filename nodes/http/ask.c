/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See ask.h. */

#include "nodes/http/ask.h"

#include "engine/base/alloc.h"
#include "engine/base/clock.h"

static void add_lines(struct mf_http_ask *ask, const struct mf_http_headers *headers,
                      const struct mf_http_headers *but)
{
    for (size_t i = 0; i < headers->count; i++)
        if (!but || !mf_http_headers_have(but, headers->lines[i]))
            ask->lines[ask->line_count++] = mf_strdup(headers->lines[i]);
}

static void take_login(struct mf_http_ask *ask, const struct mf_http_link_options *options)
{
    ask->login = options->login ? mf_strdup(options->login) : NULL;
    ask->password = options->password ? mf_strdup(options->password) : NULL;
    ask->request.login = ask->login;
    ask->request.password = ask->password;
    ask->request.has_digest = options->auth == MF_HTTP_DIGEST;
}

int mf_http_ask_begin(struct mf_http_ask *ask, struct mf_node *node,
                      const struct mf_http_target *target, const struct mf_http_headers *headers,
                      struct mf_error *err)
{
    static const struct mf_http_setup plain;
    struct mf_link *link = mf_node_link(node);
    const struct mf_http_link_options *o = link ? mf_link_config(link) : NULL;
    struct mf_buf url = {0};

    if (!link) {
        ask->own = mf_http_client_new(NULL, node, &plain, err);
        if (!ask->own)
            return err->code;
    }
    mf_http_join(o ? o->base : "", target, &url);
    ask->url = mf_buf_take(&url);
    ask->lines = mf_calloc_array((o ? o->headers.count : 0) + headers->count + 2 + MF_HTTP_ASK_MORE,
                                 sizeof(*ask->lines));
    ask->line_count = 0;
    if (o)
        add_lines(ask, &o->headers, headers);
    add_lines(ask, headers, NULL);
    ask->request.owner = node;
    ask->request.url = ask->url;
    ask->request.headers = ask->lines;
    ask->request.is_secret = target->is_secret;
    if (o)
        take_login(ask, o);
    if (!ask->request.timeout && o)
        ask->request.timeout = o->timeout;
    mf_http_patience_init(&ask->patience);
    return 0;
}

void mf_http_ask_end(struct mf_http_ask *ask)
{
    mf_http_cancel(&ask->request);
    mf_http_client_free(ask->own);
    ask->own = NULL;
    for (size_t i = 0; i < ask->line_count; i++)
        mf_free((void *)(uintptr_t)ask->lines[i]);
    mf_free(ask->lines);
    mf_free(ask->url);
    mf_free(ask->login);
    mf_free(ask->password);
    ask->lines = NULL;
    ask->line_count = 0;
    ask->url = ask->login = ask->password = NULL;
}

void mf_http_ask_add(struct mf_http_ask *ask, const char *line)
{
    struct mf_http_headers so_far = {ask->lines, ask->line_count};

    if (!mf_http_headers_have(&so_far, line))
        ask->lines[ask->line_count++] = mf_strdup(line);
}

const char **mf_http_ask_lines(struct mf_http_ask *ask)
{
    return ask->lines + ask->line_count;
}

int mf_http_ask_send(struct mf_http_ask *ask, struct mf_node *node, struct mf_error *err)
{
    struct mf_link *link = mf_node_link(node);
    struct mf_http_client *client = ask->own;

    if (link && mf_link_is_up(link))
        client = mf_http_link_client(link);
    return client ? mf_http_send(client, &ask->request, err)
                  : mf_fail(err, MF_ELINK, "the link is down");
}

/* Having waited for less time than the link itself would says nothing about the host. */
static bool was_hasty(const struct mf_link *link, const struct mf_http_request *request,
                      const struct mf_http_answer *answer)
{
    const struct mf_http_link_options *o = mf_link_config(link);
    int64_t enough = o->timeout < MF_HTTP_CONNECT ? o->timeout : MF_HTTP_CONNECT;

    return answer->code == MF_ETIMEOUT && request->timeout < enough;
}

bool mf_http_ask_blame_link(struct mf_node *node, const struct mf_http_request *request,
                            const struct mf_http_answer *answer)
{
    struct mf_link *link = mf_node_link(node);

    if (!link || answer->code >= 0 || !answer->is_unreachable || was_hasty(link, request, answer))
        return false;
    mf_http_link_lost(link, &answer->err);
    return true;
}

void mf_http_ask_stats(const struct mf_http_ask *ask, const struct mf_node *node, mf_stat_fn put,
                       void *arg)
{
    if (!mf_node_link(node))
        mf_http_client_stats(ask->own, put, arg);
}
