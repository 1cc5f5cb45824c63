/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See listener.h. */

#include "nodes/net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/link.h"

enum {
    BACKLOG = 64,
    ACCEPTS = 16, /* per event; others want their turn, too */
};
#define REST (1 * MF_SEC) /* from the port, while the system has nothing left for clients */

struct mf_client {
    struct mf_list in; /* of the listener's */
    struct mf_listener *listener;
    struct mf_watch *watch;
    int fd;
    int64_t heard;     /* mono, when it last said something whole */
    struct mf_buf out; /* what the kernel did not take yet */
    size_t sent;       /* of it */
    size_t in_len;
    uint8_t data[]; /* setup.in_limit */
};

/* ---- addresses ---- */

struct place {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t len;
    bool is_all;
};

static bool read_place(const struct mf_net_address *address, struct place *ret)
{
    const char *host = address->host;

    memset(ret, 0, sizeof(*ret));
    ret->is_all = strcmp(host, "*") == 0;
    if (ret->is_all)
        host = "::";
    else if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &ret->at.v4.sin_addr) == 1) {
        ret->at.v4.sin_family = AF_INET;
        ret->at.v4.sin_port = htons((uint16_t)address->port);
        ret->len = sizeof(ret->at.v4);
        return true;
    }
    ret->at.v6.sin6_family = AF_INET6;
    ret->at.v6.sin6_port = htons((uint16_t)address->port);
    ret->len = sizeof(ret->at.v6);
    return inet_pton(AF_INET6, host, &ret->at.v6.sin6_addr) == 1;
}

bool mf_listener_knows(const struct mf_net_address *address)
{
    struct place place;

    return read_place(address, &place);
}

/* ---- clients ---- */

static void arm(struct mf_listener *l)
{
    int64_t at = l->rests_until ? l->rests_until : INT64_MAX;

    if (l->setup.idle && !mf_list_is_empty(&l->clients)) {
        int64_t heard = mf_list_entry(l->clients.next, struct mf_client, in)->heard;

        if (heard + l->setup.idle < at)
            at = heard + l->setup.idle;
    }
    if (at != INT64_MAX)
        mf_node_arm_at(l->node, l->setup.timer, at);
}

static void keep_spare(struct mf_listener *l)
{
    if (!l->spare)
        l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC) + 1;
}

/* Who waits would wake us again and again. */
static void rest(struct mf_listener *l)
{
    mf_watch_set(l->watch, -1, 0);
    l->rests_until = mf_node_mono(l->node) + REST;
    arm(l);
}

static void end_rest(struct mf_listener *l)
{
    if (!l->rests_until)
        return;
    l->rests_until = 0;
    keep_spare(l);
    mf_watch_set(l->watch, l->fd - 1, MF_WATCH_READ);
}

static void hang_up(struct mf_client *client)
{
    struct mf_listener *l = client->listener;

    mf_list_remove(&client->in);
    l->client_count--;
    mf_watch_free(client->watch);
    close(client->fd);
    mf_buf_done(&client->out);
    mf_free(client);
    end_rest(l); /* there is room again */
}

static void watch_again(struct mf_client *client)
{
    mf_watch_set(client->watch, client->fd,
                 client->sent < client->out.len ? MF_WATCH_WRITE : MF_WATCH_READ);
}

/* False: the client is gone. */
static bool write_out(struct mf_client *client)
{
    while (client->sent < client->out.len) {
        ssize_t got = send(client->fd, client->out.data + client->sent,
                           client->out.len - client->sent, MSG_NOSIGNAL);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN;
        client->sent += (size_t)got;
    }
    mf_buf_clear(&client->out);
    client->sent = 0;
    return true;
}

void mf_client_send(struct mf_client *client, const void *data, size_t len)
{
    mf_buf_put(&client->out, data, len);
}

/* What has come, message by message. False: hang up. */
static bool take_all(struct mf_client *client)
{
    struct mf_listener *l = client->listener;
    size_t at = 0;

    while (at < client->in_len && client->sent == client->out.len) {
        int took = l->setup.take(l->node, client, client->data + at, client->in_len - at);

        if (took < 0)
            l->counts.broken++;
        if (took < 0 || !write_out(client))
            return false;
        if (took == 0)
            break;
        at += (size_t)took;
        client->heard = mf_node_mono(l->node);
        mf_list_remove(&client->in);
        mf_list_append(&l->clients, &client->in);
    }
    client->in_len -= at;
    memmove(client->data, client->data + at, client->in_len);
    return true;
}

/* False: the client is gone. */
static bool read_in(struct mf_client *client)
{
    size_t room = client->listener->setup.in_limit - client->in_len;
    ssize_t got = read(client->fd, client->data + client->in_len, room);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    client->in_len += (size_t)got;
    return got > 0;
}

static void client_ready(void *arg, unsigned events)
{
    struct mf_client *client = arg;
    bool is_there = true;

    /* An error comes as both, and is found by reading where nothing is to be written. */
    if (client->sent < client->out.len)
        is_there = write_out(client);
    if (is_there && (events & MF_WATCH_READ) && client->sent == client->out.len)
        is_there = read_in(client);
    if (is_there && take_all(client))
        watch_again(client);
    else
        hang_up(client);
}

static void welcome(struct mf_listener *l, int fd)
{
    struct mf_client *client;
    int one = 1;

    if (l->client_count >= l->setup.max_clients) {
        close(fd);
        if (l->counts.refused++ == 0)
            mf_node_log(l->node, MF_LOG_WARNING,
                        "a client was turned away, as there are %u already; the metrics count them",
                        l->client_count);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    client = mf_zalloc(sizeof(*client) + l->setup.in_limit);
    client->listener = l;
    client->fd = fd;
    client->heard = mf_node_mono(l->node);
    mf_list_append(&l->clients, &client->in);
    l->client_count++;
    l->counts.accepted++;
    client->watch = mf_node_watch(l->node, client_ready, client);
    watch_again(client);
    if (l->client_count == 1)
        arm(l);
}

/* ---- the port ---- */

/* The process has no descriptor left: the spare one serves to turn somebody away. False: nobody
 * was. */
static bool turn_away(struct mf_listener *l)
{
    int fd, code;

    if (!l->spare)
        return false;
    close(l->spare - 1);
    l->spare = 0;
    fd = accept4(l->fd - 1, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    code = errno;
    if (fd >= 0)
        close(fd);
    keep_spare(l);
    if (fd >= 0) {
        l->counts.refused++;
        mf_node_log(l->node, MF_LOG_ERROR,
                    "a client was turned away, as the process has no descriptors left");
    }
    errno = code;
    return fd >= 0;
}

static void listener_ready(void *arg, unsigned events)
{
    struct mf_listener *l = arg;

    for (unsigned i = 0; i < ACCEPTS; i++) {
        int fd = accept4(l->fd - 1, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            welcome(l, fd);
            continue;
        }
        if ((errno == EMFILE || errno == ENFILE) && turn_away(l))
            continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            rest(l);
            return;
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static int listen_at(const struct place *place, const struct mf_net_address *address,
                     struct mf_error *err)
{
    int fd = socket(place->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, none = 0;

    if (fd >= 0 && place->is_all)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &none, sizeof(none));
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd >= 0 && bind(fd, &place->at.any, place->len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    mf_fail_sys(err, errno == EACCES ? MF_EDENIED : MF_ELINK, errno, "cannot listen on %s, port %d",
                address->host, address->port);
    if (fd >= 0)
        close(fd);
    return err->code;
}

int mf_listener_open(struct mf_listener *listener, struct mf_node *node,
                     const struct mf_listener_setup *setup, struct mf_error *err)
{
    struct mf_net_address v4 = {.host = "0.0.0.0", .port = setup->address.port};
    struct place place;
    int fd;

    if (!read_place(&setup->address, &place))
        return mf_fail(err, MF_EINVAL, "`%s` is no address of this machine", setup->address.host);
    fd = listen_at(&place, &setup->address, err);
    if (fd < 0 && place.is_all && (err->sys == EAFNOSUPPORT || err->sys == EADDRNOTAVAIL) &&
        read_place(&v4, &place))
        fd = listen_at(&place, &v4, err);
    if (fd < 0)
        return fd;
    listener->node = node;
    listener->setup = *setup;
    listener->setup.address.host = NULL; /* of a flow that may be replaced */
    listener->fd = fd + 1;
    listener->rests_until = 0;
    listener->client_count = 0;
    mf_list_init(&listener->clients);
    keep_spare(listener);
    listener->watch = mf_node_watch(node, listener_ready, listener);
    mf_watch_set(listener->watch, fd, MF_WATCH_READ);
    mf_node_log(node, MF_LOG_NOTICE, "listens on %s, port %d", setup->address.host,
                setup->address.port);
    return 0;
}

void mf_listener_timeout(struct mf_listener *listener)
{
    int64_t now = mf_node_mono(listener->node);

    while (listener->setup.idle && !mf_list_is_empty(&listener->clients)) {
        struct mf_client *oldest = mf_list_entry(listener->clients.next, struct mf_client, in);

        if (oldest->heard + listener->setup.idle > now)
            break;
        listener->counts.idle++;
        hang_up(oldest);
    }
    if (listener->rests_until <= now)
        end_rest(listener);
    arm(listener);
}

void mf_listener_close(struct mf_listener *listener)
{
    if (!listener->fd)
        return;
    while (!mf_list_is_empty(&listener->clients))
        hang_up(mf_list_entry(listener->clients.next, struct mf_client, in));
    mf_watch_free(listener->watch);
    close(listener->fd - 1);
    if (listener->spare)
        close(listener->spare - 1);
    listener->watch = NULL;
    listener->fd = listener->spare = 0;
}
