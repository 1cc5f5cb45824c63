/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See stream.h. */

#include "nodes/net/stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/list.h"

enum {
    SYN_RETRIES = 2,    /* a host that is away is given up after 1 + 2 + 4 s */
    READ_BYTES = 16384, /* at a time */
    READS = 4,          /* per event; others want their turn, too */
    PORT_TEXT = 8,
};

static struct mf_stream *stream_of(const struct mf_link *link)
{
    return mf_link_state(link);
}

/* ---- reading and writing ---- */

static void watch_again(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);
    unsigned events = MF_WATCH_READ;

    if (s->sent < s->out.len)
        events |= MF_WATCH_WRITE;
    mf_watch_set(s->watch, s->fd - 1, s->fd ? events : 0);
}

void mf_stream_close(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);

    if (!s->fd)
        return;
    mf_watch_set(s->watch, -1, 0);
    close(s->fd - 1);
    s->fd = 0;
    s->sent = 0;
    mf_buf_clear(&s->out);
}

static void lose(struct mf_link *link, int code, int sys, const char *what)
{
    struct mf_stream *s = stream_of(link);
    struct mf_error err = {0};

    if (sys)
        mf_fail_sys(&err, code, sys, "%s", what);
    else
        mf_fail(&err, code, "%s", what);
    mf_stream_close(link);
    s->events->closed(link, &err);
}

/* False when the stream has been closed. */
static bool write_out(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);

    while (s->sent < s->out.len) {
        ssize_t got = write(s->fd - 1, s->out.data + s->sent, s->out.len - s->sent);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got < 0) {
            lose(link, MF_ELINK, errno, "the connection broke");
            return false;
        }
        s->sent += (size_t)got;
    }
    if (s->sent == s->out.len) {
        mf_buf_clear(&s->out);
        s->sent = 0;
    }
    return true;
}

bool mf_stream_send(struct mf_link *link, const void *data, size_t len)
{
    struct mf_stream *s = stream_of(link);

    if (!mf_stream_is_open(link))
        return false;
    mf_buf_put(&s->out, data, len);
    if (s->out.overflow) {
        s->out.overflow = false;
        lose(link, MF_ELIMIT, 0, "the other side does not read what we send");
        return false;
    }
    if (!write_out(link))
        return false;
    watch_again(link);
    return true;
}

static void read_in(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);
    uint8_t data[READ_BYTES];

    for (unsigned i = 0; i < READS && s->fd; i++) {
        ssize_t got = read(s->fd - 1, data, sizeof(data));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            lose(link, MF_ELINK, got < 0 ? errno : 0,
                 got < 0 ? "the connection broke" : "the other side closed the connection");
            return;
        }
        s->events->received(link, data, (size_t)got);
    }
}

static void connected(struct mf_link *link);

static void ready(struct mf_link *link, unsigned events)
{
    struct mf_stream *s = stream_of(link);

    if (s->is_connecting) {
        connected(link);
        return;
    }
    if ((events & MF_WATCH_WRITE) && s->fd && !write_out(link))
        return;
    if ((events & MF_WATCH_READ) && s->fd)
        read_in(link);
    if (s->fd)
        watch_again(link);
}

/* ---- TCP ---- */

static void try_next(struct mf_link *link, int sys);

static int start_connecting(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, retries = SYN_RETRIES;

    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    if (connect(fd, info->ai_addr, info->ai_addrlen) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static void forget_addresses(struct mf_stream *s)
{
    if (s->connect.list)
        freeaddrinfo(s->connect.list);
    s->connect.list = s->connect.next = NULL;
}

static void opened(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);

    s->is_connecting = false;
    forget_addresses(s);
    watch_again(link);
    s->events->opened(link);
}

static void give_up(struct mf_link *link, struct mf_error *err)
{
    struct mf_stream *s = stream_of(link);

    s->is_connecting = false;
    forget_addresses(s);
    s->events->closed(link, err);
}

/* The kernel has come to a result. */
static void connected(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);
    int code = 0;
    socklen_t size = sizeof(code);

    if (getsockopt(s->fd - 1, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        code = errno;
    if (code == 0) {
        opened(link);
        return;
    }
    mf_stream_close(link);
    try_next(link, code);
}

/* `sys`: why the address before did not do. */
static void try_next(struct mf_link *link, int sys)
{
    struct mf_stream *s = stream_of(link);
    struct mf_error err = {0};

    while (s->connect.next) {
        const struct addrinfo *info = s->connect.next;
        int fd = start_connecting(info);

        s->connect.next = info->ai_next;
        if (fd >= 0) {
            s->fd = fd + 1;
            mf_watch_set(s->watch, fd, MF_WATCH_WRITE);
            return;
        }
        sys = errno;
    }
    mf_fail_sys(&err, sys == ETIMEDOUT ? MF_ETIMEOUT : MF_ELINK, sys, "%s, port %d",
                s->connect.address.host, s->connect.address.port);
    give_up(link, &err);
}

static int look_up(struct mf_stream *s, int flags)
{
    const struct mf_net_address *to = &s->connect.address;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    char service[PORT_TEXT];

    snprintf(service, sizeof(service), "%d", to->port);
    return getaddrinfo(to->host, service, &hints, &s->connect.list);
}

/* On the pool. */
static void look_up_run(struct mf_job *job)
{
    struct mf_stream *s = mf_list_entry(job, struct mf_stream, connect.job);
    int rc = look_up(s, 0);

    if (rc != 0)
        mf_fail(&s->connect.err, MF_ELINK, "the name `%s` leads nowhere: %s",
                s->connect.address.host, rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
}

static void look_up_done(struct mf_job *job)
{
    struct mf_stream *s = mf_list_entry(job, struct mf_stream, connect.job);
    struct mf_link *link = s->connect.link;

    s->is_looking_up = false;
    if (s->is_stopping) {
        forget_addresses(s);
        s->events->stopped(link);
    } else if (!s->connect.list) {
        give_up(link, &s->connect.err);
    } else {
        s->connect.next = s->connect.list;
        try_next(link, 0);
    }
}

void mf_stream_connect(struct mf_link *link, const struct mf_net_address *address)
{
    struct mf_stream *s = stream_of(link);

    if (!s->watch)
        s->watch = mf_watch_new(link, ready);
    s->is_connecting = true;
    s->connect.link = link;
    snprintf(s->connect.host, sizeof(s->connect.host), "%s", address->host);
    s->connect.address = (struct mf_net_address){.host = s->connect.host, .port = address->port};
    if (look_up(s, AI_NUMERICHOST | AI_NUMERICSERV) == 0) {
        s->connect.next = s->connect.list;
        try_next(link, 0);
        return;
    }
    s->is_looking_up = true;
    s->connect.list = NULL;
    s->connect.job.run = look_up_run;
    s->connect.job.done = look_up_done;
    mf_link_job(link, &s->connect.job);
}

/* ---- serial lines ---- */

void mf_stream_open_serial(struct mf_link *link, const struct mf_serial *serial)
{
    struct mf_stream *s = stream_of(link);
    struct mf_error err = {0};
    int fd = mf_serial_open(serial, &err);

    if (fd < 0) {
        s->events->closed(link, &err);
        return;
    }
    s->fd = fd + 1;
    if (!s->watch)
        s->watch = mf_watch_new(link, ready);
    opened(link);
}

void mf_stream_flush(struct mf_link *link)
{
    const struct mf_stream *s = stream_of(link);

    if (s->fd)
        mf_serial_flush(s->fd - 1);
}

/* ---- life ---- */

void mf_stream_init(struct mf_link *link, const struct mf_stream_events *events, size_t out_limit)
{
    struct mf_stream *s = stream_of(link);

    s->events = events;
    s->out.limit = out_limit ? out_limit : MF_STREAM_OUT;
}

bool mf_stream_is_open(const struct mf_link *link)
{
    const struct mf_stream *s = stream_of(link);

    return s->fd != 0 && !s->is_connecting;
}

void mf_stream_stop(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);

    s->is_stopping = true;
    mf_stream_close(link);
    if (s->is_looking_up)
        return; /* look_up_done() says that we have stopped */
    forget_addresses(s);
    s->events->stopped(link);
}

void mf_stream_done(struct mf_link *link)
{
    struct mf_stream *s = stream_of(link);

    if (s->fd)
        close(s->fd - 1);
    forget_addresses(s);
    mf_watch_free(s->watch);
    mf_buf_done(&s->out);
}
