/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See http_rules.h. The statuses are those of RFC 9110 and RFC 6585. */

#include "nodes/net/http_rules.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"

enum { LINE = 100, DOUBLINGS = 6, VERSION = 1000 };

enum { NOT_MODIFIED = 304, REQUEST_TIMEOUT = 408, TOO_EARLY = 425, TOO_MANY = 429 };

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {400, "HTTP 400: bad request"},   {401, "HTTP 401: login needed"},
    {403, "HTTP 403: forbidden"},     {404, "HTTP 404: not found"},
    {405, "HTTP 405: not like this"}, {408, "HTTP 408: timeout"},
    {409, "HTTP 409: conflict"},      {410, "HTTP 410: gone"},
    {413, "HTTP 413: too large"},     {422, "HTTP 422: not acceptable"},
    {429, "HTTP 429: too many"},      {500, "HTTP 500: server error"},
    {501, "HTTP 501: not supported"}, {502, "HTTP 502: bad gateway"},
    {503, "HTTP 503: unavailable"},   {504, "HTTP 504: gateway timeout"},
};

static const char other_status[] = "HTTP error";
static const char too_large[] = "answer too large";
static const char unusable[] = "no usable answer";

enum mf_http_verdict mf_http_judge(const struct mf_http_answer *answer)
{
    int status = answer->status;

    switch (answer->code) {
    case MF_OK:
        break;
    case MF_EINVAL:
    case MF_ELIMIT:
        return MF_HTTP_NEVER;
    default:
        return MF_HTTP_LATER; /* a certificate, too, can be made good at the other end */
    }
    if (status >= 200 && status < 300)
        return MF_HTTP_GOOD;
    if (status == NOT_MODIFIED)
        return MF_HTTP_SAME;
    if (status >= 500 || status == REQUEST_TIMEOUT || status == TOO_EARLY || status == TOO_MANY)
        return MF_HTTP_LATER;
    return MF_HTTP_NEVER;
}

const char *mf_http_reason(const struct mf_http_answer *answer)
{
    switch (answer->code) {
    case MF_OK:
        break;
    case MF_ETIMEOUT:
        return mf_reason_timeout;
    case MF_ELIMIT:
        return too_large;
    case MF_EINVAL:
        return unusable;
    default:
        return mf_reason_link;
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == answer->status)
            return reasons[i].reason;
    return other_status;
}

/* The first line with something in it; of a page its title. */
static void first_line(const char *body, struct mf_buf *buf)
{
    const char *title = strcasestr(body, "<title>"), *end, *line_end;

    if (title)
        body = title + strlen("<title>");
    end = title ? body + strcspn(body, "<") : body + strlen(body);
    while (body < end && strchr(" \t\r\n", *body))
        body++;
    line_end = body < end ? memchr(body, '\n', (size_t)(end - body)) : NULL;
    if (!line_end)
        line_end = end;
    while (line_end > body && strchr(" \t\r", line_end[-1]))
        line_end--;
    mf_text_printable(buf, body, (size_t)(line_end - body), LINE);
}

void mf_http_say(const struct mf_http_answer *answer, const struct mf_http_request *request,
                 struct mf_error *ret)
{
    struct mf_buf line = {0};
    struct mf_error why;

    if (answer->code < 0) {
        *ret = answer->err;
        return;
    }
    first_line(answer->body, &line);
    if (answer->location)
        mf_fail(&why, MF_EINVAL, "status %d: it is at %.*s now", answer->status,
                (int)mf_http_shown(answer->location, request->is_secret), answer->location);
    else if (line.len)
        mf_fail(&why, MF_EINVAL, "status %d: %s", answer->status, mf_buf_text(&line));
    else
        mf_fail(&why, MF_EINVAL, "status %d", answer->status);
    mf_http_fail_at(ret, request->url, request->is_secret, &why);
    mf_buf_done(&line);
}

/* ---- patience ---- */

void mf_http_patience_init(struct mf_http_patience *patience)
{
    mf_rng_seed_random(&patience->rng);
    patience->failures = 0;
}

int64_t mf_http_patience_wait(struct mf_http_patience *patience, int64_t asked_for)
{
    unsigned doublings = patience->failures < DOUBLINGS ? patience->failures : DOUBLINGS;
    int64_t wait = MF_HTTP_WAIT_FIRST << doublings;

    patience->failures++;
    if (wait > MF_HTTP_WAIT_MAX)
        wait = MF_HTTP_WAIT_MAX;
    wait = (int64_t)((double)wait * (0.8 + 0.4 * mf_rng_double(&patience->rng)));
    if (asked_for > MF_HTTP_ASKED_MAX)
        asked_for = MF_HTTP_ASKED_MAX;
    return wait > asked_for ? wait : asked_for;
}

/* ---- versions ---- */

static char *line_of(const char *name, const char *value)
{
    size_t size;
    char *line;

    if (!value || !*value || strlen(value) > VERSION)
        return NULL;
    size = strlen(name) + strlen(value) + sizeof(": ");
    line = mf_alloc(size);
    snprintf(line, size, "%s: %s", name, value);
    return line;
}

void mf_http_version_take(struct mf_http_version *version, const struct mf_http_answer *answer)
{
    mf_http_version_drop(version);
    version->etag = line_of("If-None-Match", answer->etag);
    version->modified = line_of("If-Modified-Since", answer->modified);
}

void mf_http_version_drop(struct mf_http_version *version)
{
    mf_free(version->etag);
    mf_free(version->modified);
    *version = (struct mf_http_version){0};
}

void mf_http_version_put(const struct mf_http_version *version, const char **lines)
{
    if (version->etag)
        *lines++ = version->etag;
    if (version->modified)
        *lines++ = version->modified;
    *lines = NULL;
}
