/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * HTTP client: requests of a link or of a node, on the loop.
 *
 * Nothing blocks: names are looked up on threads of the library. A client has some connections,
 * which it uses again; requests beyond that wait in order. Certificates are always checked, proxies
 * are those of the environment, cookies and passwords in files are not looked at.
 *
 * Redirects are followed here: to http and https only, never from https to http, and to another
 * host without login, certificate and headers, but for the type of the body. After a 303 the answer
 * is fetched with GET; a 301 or 302 to anything but GET is an answer like others.
 */

#include "engine/base/error.h"
#include "engine/base/list.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"

enum {
    MF_HTTP_PARALLEL = 8,       /* connections of a client */
    MF_HTTP_WAITING = 1000,     /* requests that wait for one */
    MF_HTTP_BODY = 1024 * 1024, /* default limit of an answer, unpacked */
    MF_HTTP_HEAD = 64 * 1024,   /* limit of the header lines of an answer */
    MF_HTTP_REDIRECTS = 5,
    MF_HTTP_URL = 8000,
};
#define MF_HTTP_CONNECT (10 * MF_SEC) /* until a connection is made, TLS included */
#define MF_HTTP_TIMEOUT (30 * MF_SEC) /* default for a whole answer */

/* ---- addresses ---- */

/* Is it an address that can be asked? 0, or negative with a sentence that says what to write. */
int mf_http_check_url(const char *url, struct mf_error *err);
/* Do both lead to the same scheme, host and port? */
bool mf_http_is_same_origin(const char *url, const char *other);
/* How many bytes of it may be shown: not its query, which may hold a key, not a login, and of one
 * that is a secret not its path. */
size_t mf_http_shown(const char *url, bool is_secret);
/* `why` with that in front. */
int mf_http_fail_at(struct mf_error *err, const char *url, bool is_secret,
                    const struct mf_error *why);

/* ---- the client ---- */

struct mf_http_client;

/* Texts are copied; NULL: none. */
struct mf_http_setup {
    const char *ca;         /* file or directory with the CAs to trust; NULL: those of the system */
    const char *cert, *key; /* of our own */
};

/* Exactly one of `link` and `node`, which it belongs to; from a node's start() to its stop(). NULL
 * with `err` on failure. */
struct mf_http_client *mf_http_client_new(struct mf_link *link, struct mf_node *node,
                                          const struct mf_http_setup *setup, struct mf_error *err);
/* Requests that are not done end without a word. */
void mf_http_client_free(struct mf_http_client *client); /* NULL is fine */
void mf_http_client_stats(const struct mf_http_client *client, mf_stat_fn put, void *arg);

/* ---- requests ---- */

struct mf_http_request;

/* Good until done() returns. */
struct mf_http_answer {
    int code;         /* MF_OK: there is an answer, `status` says which; else `err` says why not */
    int status;       /* 200 … */
    const char *body; /* NUL behind it; of a status from 300 on its beginning */
    size_t len;
    const char *etag, *modified; /* of the head; NULL: none */
    const char *location;        /* where it says it is, and we did not follow; NULL */
    int64_t retry_after;         /* asked for by the server, ns; 0: not */
    bool is_unreachable;         /* no connection could be made */
    struct mf_error err;
};

/* The caller's memory, zeroed before the first use; what it points to must stay until done(). */
struct mf_http_request {
    const char *url;
    const char *method;         /* NULL: GET, or POST with a body */
    const char *const *headers; /* "Name: value", ended by NULL; may be NULL */
    const char *login, *password;
    bool has_digest; /* the login is not sent as it is */
    bool is_secret;  /* the address is */
    const void *body;
    size_t len;
    int64_t timeout;    /* for all of it, but the wait for a connection; 0: MF_HTTP_TIMEOUT */
    size_t limit;       /* of the answer's body; 0: MF_HTTP_BODY */
    bool only_connects; /* makes a connection and closes it */
    /* Called once, never from within mf_http_send(). May do anything, send it again included. */
    void (*done)(struct mf_http_request *request, const struct mf_http_answer *answer);
    void *owner;
    /* The client's. */
    struct mf_list in;
    struct mf_http_client *client;
    struct mf_http_transfer *transfer;
};

/* 0: done() follows. MF_ELIMIT: too many are waiting. */
int mf_http_send(struct mf_http_client *client, struct mf_http_request *request,
                 struct mf_error *err);
bool mf_http_is_busy(const struct mf_http_request *request);
/* done() will not be called. Harmless for one that is not under way. */
void mf_http_cancel(struct mf_http_request *request);
