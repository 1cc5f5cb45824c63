/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See http_address.h. */

#include "engine/control/http_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/control/http.h"

static bool is_loopback(const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;

    if (address->sa_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* Splits at the last colon; an IPv6 address stands in brackets. False: it is no HOST:PORT. */
static bool split(const char *text, char host[256], const char **ret_port)
{
    const char *colon = strrchr(text, ':'), *from = text, *to = colon;
    int64_t port;

    if (!colon || !mf_num_read_int(colon + 1, strlen(colon + 1), &port) || port < 0 || port > 65535)
        return false;
    if (*text == '[') {
        from++;
        to--;
        if (to <= from || *to != ']')
            return false;
    } else if (memchr(text, ':', (size_t)(colon - text))) {
        return false;
    }
    if (to <= from || to - from > 255)
        return false;
    memcpy(host, from, (size_t)(to - from));
    host[to - from] = 0;
    *ret_port = colon + 1;
    return true;
}

int mf_http_address_read(const char *text, struct mf_http_address *ret, struct mf_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    const char *port;
    char host[256];
    int rc;

    if (!split(text, host, &port))
        return mf_fail(err, MF_EINVAL,
                       "`%s` is no address to listen on; write HOST:PORT, such as 127.0.0.1:9273 "
                       "or [::1]:9273",
                       text);
    rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0)
        return mf_fail(err, MF_EINVAL, "there is no address `%s`: %s", host, gai_strerror(rc));
    *ret = (struct mf_http_address){.len = found->ai_addrlen};
    memcpy(&ret->address, found->ai_addr, found->ai_addrlen);
    ret->is_loopback = is_loopback(found->ai_addr);
    freeaddrinfo(found);
    return 0;
}

bool mf_http_is_own_name(const char *host)
{
    char name[64];
    size_t len = host ? strcspn(host, *host == '[' ? "]" : ":") : 0;
    struct in_addr v4;

    if (!host || len >= sizeof(name))
        return false;
    if (*host == '[')
        return mf_text_eq(host, len, "[::1");
    memcpy(name, host, len);
    name[len] = 0;
    if (strcasecmp(name, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

bool mf_http_is_token(const char *given, const char *token)
{
    size_t given_len = strlen(given), len = strlen(token);
    unsigned differs = given_len != len;

    for (size_t i = 0; i < given_len; i++)
        differs |= (unsigned char)given[i] ^ (unsigned char)token[i % len];
    return differs == 0;
}

char *mf_http_read_token(const char *path, struct mf_error *err)
{
    char text[MF_HTTP_TOKEN_MAX + 2];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
    int sys = errno;
    size_t from = 0, to;

    if (fd >= 0)
        close(fd);
    if (len < 0) {
        mf_fail_sys(err, MF_EINVAL, sys, "cannot read the token in `%s`", path);
        return NULL;
    }
    for (to = 0; to < (size_t)len && text[to] != '\n'; to++)
        continue;
    while (from < to && (text[from] == ' ' || text[from] == '\t'))
        from++;
    while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t' || text[to - 1] == '\r'))
        to--;
    if (to - from < MF_HTTP_TOKEN_MIN || to - from > MF_HTTP_TOKEN_MAX ||
        memchr(text + from, 0, to - from)) {
        mf_fail(err, MF_EINVAL, "the token in `%s` is a first line of %d to %d characters", path,
                MF_HTTP_TOKEN_MIN, MF_HTTP_TOKEN_MAX);
        return NULL;
    }
    return mf_strndup(text + from, to - from);
}
