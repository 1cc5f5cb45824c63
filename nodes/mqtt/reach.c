/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Trying an address with a time limit. Runs on a pool thread, so it keeps its
 * own time from poll()'s: a slice is short enough for a stop to be felt at once.
 */

#include "nodes/mqtt/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/clock.h"

enum { SLICE_MS = 100, PORT_TEXT = 8 };

/* Waits for the connection; 0, an errno, or -1: out of time or abandoned. */
static int wait_connected(int fd, int64_t limit_ns, const atomic_bool *is_abandoned)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

    for (int64_t left = limit_ns; left > 0 && !atomic_load(is_abandoned);
         left -= SLICE_MS * MF_MS) {
        int ready = poll(&poll_fd, 1, SLICE_MS), code = 0;
        socklen_t size = sizeof(code);

        if (ready < 0 && errno != EINTR)
            return errno;
        if (ready <= 0)
            continue;
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? errno : code;
    }
    return -1;
}

int mf_mqtt_reach_address(const struct sockaddr *address, unsigned address_len, int64_t limit_ns,
                          const atomic_bool *is_abandoned, struct mf_error *err)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int code;

    if (fd < 0)
        return mf_fail_sys(err, MF_EIO, errno, "no socket");
    code = connect(fd, address, address_len) < 0 ? errno : 0;
    if (code == EINPROGRESS)
        code = wait_connected(fd, limit_ns, is_abandoned);
    close(fd);
    if (code == 0)
        return 0;
    if (code < 0)
        return mf_fail(err, MF_ETIMEOUT, "no answer within %lld s", (long long)(limit_ns / MF_SEC));
    return mf_fail(err, MF_ELINK, "%s", strerror(code));
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;

        return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    return false;
}

int mf_mqtt_reach(const char *host, int port, int64_t limit_ns, const atomic_bool *is_abandoned,
                  struct mf_error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    struct mf_error last = {0};
    char service[PORT_TEXT];
    int rc;

    snprintf(service, sizeof(service), "%d", port);
    rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0)
        return mf_fail(err, MF_ELINK, "the name `%s` leads nowhere: %s", host,
                       rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
    rc = MF_ELINK;
    for (const struct addrinfo *info = list; info && rc < 0; info = info->ai_next)
        rc = is_loopback(info->ai_addr) ? 0
                                        : mf_mqtt_reach_address(info->ai_addr, info->ai_addrlen,
                                                                limit_ns, is_abandoned, &last);
    freeaddrinfo(list);
    return rc < 0 ? mf_fail(err, rc, "%s, port %d: %s", host, port, last.text) : 0;
}
