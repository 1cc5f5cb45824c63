/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Addresses of brokers. Strict: what is not understood is refused with what to
 * write instead, rather than connecting to somewhere else.
 */

#include "nodes/mqtt/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

enum { HOST_BYTES = 253, PORT_MAX = 65535 };

/* A stretch of the address, for the message's position. */
struct part {
    const char *text;
    size_t len;
};

struct reading {
    const char *text;
    size_t from, to; /* what is wrong */
    struct mf_error *err;
};

static int wrong(struct reading *r, const char *start, size_t len)
{
    r->from = (size_t)(start - r->text);
    r->to = r->from + len;
    return MF_EINVAL;
}

/* Splits off `mqtt://`; the rest is in *ret_rest. */
static int read_scheme(struct reading *r, bool *ret_tls, const char **ret_rest)
{
    const char *end = strstr(r->text, "://");
    size_t len = end ? (size_t)(end - r->text) : 0;

    if (!end) {
        mf_fail(r->err, MF_EINVAL, "an address begins with `mqtt://` or, with TLS, `mqtts://`");
        return wrong(r, r->text, strlen(r->text));
    }
    *ret_rest = end + 3;
    *ret_tls = mf_text_eq(r->text, len, "mqtts");
    if (*ret_tls || mf_text_eq(r->text, len, "mqtt"))
        return 0;
    if (mf_text_eq(r->text, len, "ws") || mf_text_eq(r->text, len, "wss"))
        mf_fail(r->err, MF_EINVAL,
                "MQTT over web sockets is not spoken here; use `mqtt://` or `mqtts://`");
    else
        mf_fail(r->err, MF_EINVAL, "`%.*s` is not a way to reach a broker; use `mqtt` or `mqtts`",
                (int)(len > 20 ? 20 : len), r->text);
    return wrong(r, r->text, len);
}

static int read_port(struct reading *r, const char *text, size_t len, int *ret_port)
{
    int64_t port;

    if (!mf_num_read_int(text, len, &port) || port < 1 || port > PORT_MAX) {
        mf_fail(r->err, MF_EINVAL, "a port is a number from 1 to 65535");
        return wrong(r, text, len);
    }
    *ret_port = (int)port;
    return 0;
}

/* `host`, `host:port`, `[address]`, `[address]:port`. */
static int split_host(struct reading *r, const char *text, size_t len, struct part *ret_host,
                      struct part *ret_port)
{
    const char *end = text + len, *colon;

    *ret_port = (struct part){0};
    if (*text == '[') {
        const char *close = memchr(text, ']', len);

        if (!close) {
            mf_fail(r->err, MF_EINVAL, "the `]` behind the address is missing");
            return wrong(r, text, len);
        }
        *ret_host = (struct part){text + 1, (size_t)(close - text) - 1};
        if (close + 1 == end)
            return 0;
        if (close[1] != ':') {
            mf_fail(r->err, MF_EINVAL, "behind the `]` there is `:PORT` or nothing");
            return wrong(r, close + 1, (size_t)(end - close) - 1);
        }
        *ret_port = (struct part){close + 2, (size_t)(end - close) - 2};
        return 0;
    }
    colon = memchr(text, ':', len);
    if (colon && memchr(colon + 1, ':', (size_t)(end - colon) - 1)) {
        mf_fail(r->err, MF_EINVAL, "an IPv6 address stands in brackets: `mqtt://[fe80::1]:1883`");
        return wrong(r, text, len);
    }
    *ret_host = (struct part){text, colon ? (size_t)(colon - text) : len};
    if (colon)
        *ret_port = (struct part){colon + 1, (size_t)(end - colon) - 1};
    return 0;
}

/* Letters, digits, `-`, `.` and `_`; other bytes are typing mistakes, or a name for somebody who
 * can turn it into this form. */
static int check_host(struct reading *r, const struct part *host, bool is_v6)
{
    if (host->len == 0) {
        mf_fail(r->err, MF_EINVAL, "the name of the host is missing");
        return wrong(r, host->text, 0);
    }
    if (host->len > HOST_BYTES) {
        mf_fail(r->err, MF_EINVAL, "the name of the host is longer than %d bytes", HOST_BYTES);
        return wrong(r, host->text, host->len);
    }
    for (size_t i = 0; i < host->len && !is_v6; i++) {
        char c = host->text[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_')
            continue;
        mf_fail(r->err, MF_EINVAL, "the name of a host has letters, digits, `-`, `_` and `.`");
        return wrong(r, host->text + i, 1);
    }
    return 0;
}

/* `[fe80::1%eth0]` has a zone, which inet_pton() does not know. */
static int check_v6(struct reading *r, const struct part *host)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    size_t len = 0;

    while (len < host->len && host->text[len] != '%')
        len++;
    if (len < sizeof(text))
        memcpy(text, host->text, len);
    if (inet_pton(AF_INET6, text, &address) == 1)
        return 0;
    mf_fail(r->err, MF_EINVAL, "in brackets an IPv6 address is wanted, such as `[fe80::1]`");
    return wrong(r, host->text, host->len);
}

static int read_all(struct reading *r, struct mf_arena *arena, struct mf_mqtt_address *ret)
{
    struct mf_mqtt_address address = {0};
    struct part host, port;
    const char *rest, *at;
    size_t len;
    int rc = read_scheme(r, &address.is_tls, &rest);

    if (rc < 0)
        return rc;
    len = strcspn(rest, "/?#");
    at = memchr(rest, '@', len);
    if (at) {
        mf_fail(r->err, MF_EINVAL,
                "addresses are shown in logs, so a login does not belong there; use the options "
                "`login` and `password`");
        return wrong(r, rest, (size_t)(at - rest) + 1);
    }
    if (rest[len] && strcmp(rest + len, "/") != 0) {
        mf_fail(r->err, MF_EINVAL, "nothing may follow host and port; topics belong to nodes");
        return wrong(r, rest + len, strlen(rest + len));
    }
    rc = split_host(r, rest, len, &host, &port);
    if (rc == 0)
        rc = check_host(r, &host, *rest == '[');
    if (rc == 0 && *rest == '[')
        rc = check_v6(r, &host);
    address.port = address.is_tls ? MF_MQTT_PORT_TLS : MF_MQTT_PORT;
    if (rc == 0 && port.text)
        rc = read_port(r, port.text, port.len, &address.port);
    if (rc < 0)
        return rc;
    address.host = mf_arena_strndup(arena, host.text, host.len);
    *ret = address;
    return 0;
}

int mf_mqtt_read_address(const char *text, struct mf_arena *arena, struct mf_mqtt_address *ret,
                         size_t *ret_from, size_t *ret_to, struct mf_error *err)
{
    struct reading r = {.text = text, .err = err};
    int rc = read_all(&r, arena, ret);

    *ret_from = r.from;
    *ret_to = r.to;
    return rc;
}

/* ---- option type ---- */

static bool address_read(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;
    struct mf_span at;
    size_t from, to;

    if (!text)
        return false;
    if (mf_mqtt_read_address(text, load->arena, ret, &from, &to, &err) == 0)
        return true;
    at = to > from ? mf_tree_span(tree, load->diags->sources, (uint32_t)from, (uint32_t)to)
                   : tree->at;
    mf_diag(load->diags, MF_ERROR, 512, at, "%s", err.text);
    return false;
}

static void address_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf,
                "{\"type\":\"string\",\"pattern\":\"^mqtts?://([A-Za-z0-9._-]+|\\\\[[0-9A-Fa-f:.]+"
                "(%[^\\\\]]+)?\\\\])(:[0-9]{1,5})?/?$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_mqtt_address = {
    .name = "broker address",
    .syntax = "`mqtt://HOST` or `mqtts://HOST`, with `:PORT` where it is not 1883 or 8883",
    .size = sizeof(struct mf_mqtt_address),
    .read = address_read,
    .schema = address_schema,
};
