/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The http link: a web server that nodes share.
 *
 * HTTP knows no lasting connection. The link is up when a connection could be made, which start()
 * tries, and down when a request finds that none can be; so one server that is away is one thing to
 * log and to try again, whatever number of nodes ask it.
 */

#include "nodes/http/link.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "nodes/net/poller.h"

enum { CODE_TOGETHER = 220 };

struct state {
    struct mf_http_client *client;
    struct mf_http_request probe;
    struct mf_list pollers;
    char *base; /* a copy: options move when the flow is reloaded */
};

struct mf_http_client *mf_http_link_client(const struct mf_link *link)
{
    const struct state *s = mf_link_state(link);

    return s->client;
}

struct mf_list *mf_http_link_pollers(const struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return &s->pollers;
}

void mf_http_link_lost(struct mf_link *link, const struct mf_error *err)
{
    mf_link_down(link, err);
}

/* ---- life ---- */

static void probed(struct mf_http_request *request, const struct mf_http_answer *answer)
{
    struct mf_link *link = request->owner;
    struct state *s = mf_link_state(link);

    if (answer->code < 0) {
        mf_link_down(link, &answer->err);
        return;
    }
    mf_link_up(link);
    mf_pollers_poll(&s->pollers);
}

static int http_create(struct mf_link *link, struct mf_error *err)
{
    const struct mf_http_link_options *o = mf_link_config(link);
    struct state *s = mf_link_state(link);

    s->base = mf_strdup(o->base);
    mf_list_init(&s->pollers);
    s->probe.owner = link;
    s->probe.done = probed;
    s->probe.only_connects = true;
    return 0;
}

static void http_start(struct mf_link *link)
{
    const struct mf_http_link_options *o = mf_link_config(link);
    struct mf_http_setup setup = {o->ca, o->cert, o->key};
    struct state *s = mf_link_state(link);
    struct mf_error err = {0};

    if (!s->client)
        s->client = mf_http_client_new(link, NULL, &setup, &err);
    if (!s->client) {
        mf_link_down(link, &err);
        return;
    }
    mf_http_cancel(&s->probe);
    s->probe.url = s->base;
    s->probe.timeout = o->timeout;
    if (mf_http_send(s->client, &s->probe, &err) < 0)
        mf_link_down(link, &err);
}

static void close_client(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_http_client_free(s->client);
    s->client = NULL;
}

static void http_stop(struct mf_link *link)
{
    close_client(link);
    mf_link_stopped(link);
}

static void http_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    close_client(link);
    mf_free(s->base);
}

static void http_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_link_state(link);

    mf_http_client_stats(s->client, put, arg);
}

/* ---- options ---- */

static void http_check(const void *config, struct mf_check *check)
{
    const struct mf_http_link_options *o = config;
    const char *values[] = {o->ca, o->cert, o->key};
    static const char *const names[] = {"ca", "cert", "key"};

    for (unsigned i = 0; i < 3; i++)
        if (values[i] && o->base && strncmp(o->base, "https:", strlen("https:")) != 0)
            mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOGETHER,
                                 mf_check_at(check, names[i]),
                                 "`%s` is for TLS, and the address says `http://`", names[i]),
                         "say `https://` to use TLS, or leave `%s` out", names[i]);
    if (!o->cert != !o->key)
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, o->cert ? "cert" : "key"),
                "`cert` and `key` belong together, and `%s` is missing", o->cert ? "key" : "cert");
    if (o->password && !o->login)
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, "password"),
                "`password` needs a `login`");
    if (o->login && mf_http_headers_have(&o->headers, "Authorization"))
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, "headers"),
                "`login` makes the line `Authorization`, so it cannot stand in `headers`, too");
}

static const struct mf_choice auth_choices[] = {
    {"basic", MF_HTTP_BASIC, "Send them with each request; for servers with TLS."},
    {"digest", MF_HTTP_DIGEST,
     "Prove that we know the password; the server says first what to prove."},
    {0},
};

#define MF_CONFIG struct mf_http_link_options
static const struct mf_option options[] = {
    {"url", &mf_type_http_base, MF_MEMBER(MF_CONFIG, base, const char *),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Where the server is, `https://HOST` or `http://HOST:PORT/PATH`; paths of the "
                "nodes follow it."},
    {"headers", &mf_type_http_headers, MF_MEMBER(MF_CONFIG, headers, struct mf_http_headers),
     .flags = MF_OPT_SECRET,
     .summary = "Header lines to send with each request, by name: `{Authorization: \"Bearer "
                "${secret:token}\"}`."},
    {"timeout", MF_DURATION(timeout), .fallback = "30s", MF_LIMITS(0.1, 3600),
     .summary = "How long an answer may take, all of it; a connection has 10s of that."},
    {"login", MF_STRING(login), .summary = "User name for the server."},
    {"password", MF_STRING(password), .flags = MF_OPT_SECRET,
     .summary = "Password that belongs to `login`."},
    {"auth", MF_CHOICE(auth, auth_choices), .fallback = "basic",
     .summary = "How login and password are sent."},
    {"ca", MF_STRING(ca),
     .summary = "File or directory with the CA certificates that the server's is checked "
                "against; default: those the system trusts."},
    {"cert", MF_STRING(cert),
     .summary = "File with a certificate of our own, for servers that want to see one."},
    {"key", MF_STRING(key), .summary = "File with the key of `cert`, without a password."},
    {0},
};

const struct mf_link_kind mf_link_kind_http = {
    .name = "http",
    .summary = "A web server.",
    .doc = "Nodes on the link ask for paths below its address. They share at most 8 connections,\n"
           "which are kept open and used again; at most 1000 requests wait for one. The link is\n"
           "down while no connection can be made: then all its nodes are stale, sinks keep their\n"
           "messages (`queue`), and one connection is tried with growing pauses. What goes wrong\n"
           "with an answer is the matter of the node that asked.\n"
           "\n"
           "**TLS.** With `https://` the server's certificate must be signed by a CA that the\n"
           "system trusts, or by one in `ca`, and be made for the host's name; TLS is 1.2 or\n"
           "later. There is no way to switch this off.\n"
           "\n"
           "**Redirects.** At most 5 in a row, to `http` and `https` only, and never from\n"
           "`https` to `http`. Login and headers go to the host of the link, not to another one\n"
           "it points to.\n"
           "\n"
           "**Proxies** are those of the environment: `https_proxy`, `http_proxy` (in small\n"
           "letters) and `no_proxy`. Cookies are not kept. The protocol is HTTP/1.1; answers may\n"
           "be packed with gzip or deflate.\n",
    .example =
        "moat-flow: 1\n"
        "links:\n"
        "  weather:\n"
        "    http: https://api.weather.example/v1\n"
        "    headers: {X-Api-Key: \"${secret:weather}\"}\n"
        "nodes:\n"
        "  outside: {http.get: /now?place=home, every: 10min, pick: temperature, type: number, "
        "unit: °C}\n"
        "  frost: {when: outside < 3 °C}\n"
        "  show: {log: info, from: frost}\n",
    .options = options,
    .config_size = sizeof(struct mf_http_link_options),
    .state_size = sizeof(struct state),
    .check = http_check,
    .create = http_create,
    .start = http_start,
    .stats = http_stats,
    .stop = http_stop,
    .destroy = http_destroy,
};
