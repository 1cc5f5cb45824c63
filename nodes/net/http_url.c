/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Addresses, and what is said about them. */

#include <string.h>
#include <strings.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "nodes/net/http_curl.h"

enum { SHOWN = 100 };

static int check_parts(CURLU *parts, const char *url, struct mf_error *err)
{
    CURLUcode rc = curl_url_set(parts, CURLUPART_URL, url, 0);
    char *part;

    if (rc == CURLUE_UNSUPPORTED_SCHEME)
        return mf_fail(err, MF_EINVAL, "only `http://` and `https://` are spoken here");
    if (rc != CURLUE_OK)
        return mf_fail(err, MF_EINVAL, "this is no address of the web: %s", curl_url_strerror(rc));
    if (curl_url_get(parts, CURLUPART_USER, &part, 0) != CURLUE_OK)
        return 0;
    curl_free(part);
    return mf_fail(err, MF_EINVAL,
                   "addresses are shown in logs, so a login does not belong there; use `login` and "
                   "`password` of a link");
}

int mf_http_check_url(const char *url, struct mf_error *err)
{
    CURLU *parts;
    int rc;

    if (!mf_text_starts(url, "http://") && !mf_text_starts(url, "https://"))
        return mf_fail(err, MF_EINVAL, "an address begins with `http://` or `https://`");
    if (strlen(url) > MF_HTTP_URL)
        return mf_fail(err, MF_EINVAL, "an address has at most %d bytes", MF_HTTP_URL);
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return mf_fail(err, MF_EINVAL, "an address has no blanks; write `%%20` for one");
    parts = curl_url();
    rc = check_parts(parts, url, err);
    curl_url_cleanup(parts);
    return rc;
}

bool mf_http_is_tls(const char *url)
{
    return strncasecmp(url, "https:", strlen("https:")) == 0;
}

char *mf_http_strip_login(const char *url)
{
    CURLU *parts = curl_url();
    char *whole = NULL, *copy;

    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        curl_url_set(parts, CURLUPART_USER, NULL, 0);
        curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
        curl_url_get(parts, CURLUPART_URL, &whole, 0);
    }
    copy = mf_strdup(whole ? whole : url);
    curl_free(whole);
    curl_url_cleanup(parts);
    return copy;
}

static bool has_same(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    bool is_same;

    curl_url_get(a, part, &x, CURLU_DEFAULT_PORT);
    curl_url_get(b, part, &y, CURLU_DEFAULT_PORT);
    is_same = x && y && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return is_same;
}

bool mf_http_is_same_origin(const char *url, const char *other)
{
    CURLU *a = curl_url(), *b = curl_url();
    bool is_same = curl_url_set(a, CURLUPART_URL, url, 0) == CURLUE_OK &&
                   curl_url_set(b, CURLUPART_URL, other, 0) == CURLUE_OK &&
                   has_same(a, b, CURLUPART_SCHEME) && has_same(a, b, CURLUPART_HOST) &&
                   has_same(a, b, CURLUPART_PORT);

    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return is_same;
}

/* ---- what is said ---- */

size_t mf_http_shown(const char *url, bool is_secret)
{
    const char *host = strstr(url, "://");
    size_t len = strcspn(url, "?#"), before = host ? (size_t)(host - url) + 3 : 0;
    size_t place = host ? strcspn(url + before, "/?#") : 0;

    if (host && memchr(url + before, '@', place))
        len = before; /* a login, which check_url() refuses, so nobody should see this */
    else if (is_secret && host)
        len = before + place;
    return len < SHOWN ? len : SHOWN;
}

int mf_http_fail_at(struct mf_error *err, const char *url, bool is_secret,
                    const struct mf_error *why)
{
    return mf_fail(err, why->code, "%.*s: %s", (int)mf_http_shown(url, is_secret), url, why->text);
}

static int code_of(CURLcode result)
{
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return MF_ETIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_LOGIN_DENIED:
        return MF_EDENIED;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_BAD_CONTENT_ENCODING:
        return MF_EINVAL;
    default:
        return MF_ELINK;
    }
}

void mf_http_explain(CURLcode result, const char *said, bool was_connected, struct mf_error *err)
{
    int code = code_of(result);

    if (!*said)
        said = curl_easy_strerror(result);
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        mf_fail(err, code, "%s",
                was_connected ? "the answer was not complete in time" : "no connection in time");
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        mf_fail(err, code, "the certificate is not trusted: %.100s (a CA of your own: `ca`)", said);
        break;
    case CURLE_SSL_CACERT_BADFILE:
        mf_fail(err, code, "`ca` cannot be used: %.120s", said);
        break;
    case CURLE_SSL_CERTPROBLEM:
        mf_fail(err, code, "`cert` and `key` cannot be used: %.100s", said);
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        mf_fail(err, code, "the answer cannot be unpacked");
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        mf_fail(err, code, "the connection was cut before the answer was complete");
        break;
    default:
        mf_fail(err, code, "%.130s", said);
        break;
    }
}
