/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See address.h. */

#include "nodes/net/address.h"

#include <ctype.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/diag.h"

enum { PORT_MAX = 65535, CODE_PLACE = 530 };

static int read_port(const char *text, size_t len, int *ret, struct mf_error *err)
{
    int64_t port;

    if (!mf_num_read_int(text, len, &port) || port < 1 || port > PORT_MAX)
        return mf_fail(err, MF_EINVAL, "a port is a number from 1 to %d, not `%s`", PORT_MAX, text);
    *ret = (int)port;
    return 0;
}

/* Splits the host off; *ret_rest is the end, or the colon before the port. */
static int split(const char *text, const char **ret_host, size_t *ret_len, const char **ret_rest,
                 struct mf_error *err)
{
    const char *close;

    if (*text != '[') {
        *ret_host = text;
        *ret_len = strcspn(text, ":");
        *ret_rest = text + *ret_len;
        if (**ret_rest && strchr(*ret_rest + 1, ':'))
            return mf_fail(err, MF_EINVAL, "an IPv6 address stands in brackets: `[%.60s]`", text);
        return 0;
    }
    close = strchr(text, ']');
    if (!close || (close[1] && close[1] != ':'))
        return mf_fail(err, MF_EINVAL, "behind `[` there is an address, `]`, and perhaps `:PORT`");
    *ret_host = text + 1;
    *ret_len = (size_t)(close - text) - 1;
    *ret_rest = close + 1;
    return 0;
}

int mf_net_address_read(const char *text, int port, struct mf_arena *arena,
                        struct mf_net_address *ret, struct mf_error *err)
{
    const char *host = NULL, *rest = NULL;
    size_t len = 0;
    int rc = split(text, &host, &len, &rest, err);

    if (rc < 0)
        return rc;
    if (len == 0 || len > MF_NET_HOST_BYTES)
        return mf_fail(err, MF_EINVAL, "the name of the host is missing or over %d bytes",
                       MF_NET_HOST_BYTES);
    if (memchr(host, '/', len) || memchr(host, '@', len) || memchr(host, ' ', len))
        return mf_fail(err, MF_EINVAL, "`%.60s` is not a host; write `host:port`", host);
    ret->port = port;
    if (*rest)
        rc = read_port(rest + 1, strlen(rest + 1), &ret->port, err);
    else if (port == 0)
        rc = mf_fail(err, MF_EINVAL, "the port is missing; write `%.60s:PORT`", text);
    ret->host = mf_arena_strndup(arena, host, len);
    return rc;
}

/* ---- options ---- */

const char *mf_net_address_print(const struct mf_net_address *address, struct mf_arena *arena)
{
    char *text = mf_arena_printf(arena, strchr(address->host, ':') ? "[%s]:%d" : "%s:%d",
                                 address->host, address->port);

    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

bool mf_net_address_option(struct mf_load *load, const struct mf_tree *tree, const char *text,
                           int port, struct mf_net_address *ret)
{
    struct mf_error err = {0};

    if (mf_net_address_read(text, port, load->arena, ret, &err) == 0)
        return true;
    mf_diag(load->diags, MF_ERROR, CODE_PLACE, tree->at, "%s", err.text);
    return false;
}

static bool tcp_read(struct mf_load *load, const struct mf_option *option,
                     const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    const int *port = option->of;

    if (!text)
        return false;
    if (!mf_text_starts(text, "tcp:"))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    return mf_net_address_option(load, tree, text + strlen("tcp:"), *port, ret);
}

static void tcp_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^tcp:.+|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_net_tcp = {
    .name = "TCP address",
    .syntax = "`tcp:host:port`",
    .size = sizeof(struct mf_net_address),
    .read = tcp_read,
    .schema = tcp_schema,
};

static bool host_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    const int *port = option->of;

    return text && mf_net_address_option(load, tree, text, *port, ret);
}

static void host_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"minLength\":1}");
}

const struct mf_type mf_type_net_host = {
    .name = "host",
    .syntax = "`host:port`",
    .size = sizeof(struct mf_net_address),
    .read = host_read,
    .schema = host_schema,
};
