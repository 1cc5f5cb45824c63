/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The fake chip's socket: what happens to the lines is told to whoever has connected, one text line
 * each, and what they write moves the lines. `socat - UNIX-CONNECT:/PATH` is enough.
 *
 * Whoever connects is first told which lines are requested, then `ready`. A command that makes no
 * sense is answered with `error: …`. Who does not read what is told is cut off.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "nodes/gpio/fake_priv.h"

enum { ENDS = 8, COMMAND_BYTES = 128 };

struct end {
    int fd; /* + 1; 0: free */
    size_t len;
    char text[COMMAND_BYTES];
};

struct mf_gpio_fake_ends {
    int fd; /* that listens */
    struct end list[ENDS];
};

static void cut_off(struct end *end)
{
    close(end->fd - 1);
    end->fd = 0;
    end->len = 0;
}

static void say(struct end *end, const char *text)
{
    size_t len = strlen(text);

    if (end->fd && send(end->fd - 1, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
        cut_off(end);
}

void mf_gpio_fake_tell(struct mf_gpio_fake *fake, const char *line)
{
    for (unsigned i = 0; fake->ends && i < ENDS; i++)
        say(&fake->ends->list[i], line);
}

static void answer(struct mf_gpio_fake *fake, struct end *end, const char *text, size_t len)
{
    struct mf_error err = {0};
    struct mf_buf line = {0};

    if (len && text[len - 1] == '\r')
        len--;
    if (mf_gpio_fake_command(fake, text, len, &err) < 0) {
        mf_buf_printf(&line, "error: %s\n", err.text);
        say(end, mf_buf_text(&line));
        mf_buf_done(&line);
    }
}

static void take_lines(struct mf_gpio_fake *fake, struct end *end)
{
    char *stop;

    while (end->fd && (stop = memchr(end->text, '\n', end->len))) {
        size_t len = (size_t)(stop - end->text);
        char line[COMMAND_BYTES];

        memcpy(line, end->text, len);
        end->len -= len + 1;
        memmove(end->text, stop + 1, end->len);
        answer(fake, end, line, len);
    }
    if (end->len == COMMAND_BYTES)
        cut_off(end);
}

static void listen_to(struct mf_gpio_fake *fake, struct end *end)
{
    while (end->fd) {
        ssize_t got = recv(end->fd - 1, end->text + end->len, sizeof(end->text) - end->len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            cut_off(end);
            return;
        }
        end->len += (size_t)got;
        take_lines(fake, end);
    }
}

static void welcome(struct mf_gpio_fake *fake, struct end *end, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct mf_buf text = {0};

    end->fd = fd + 1;
    if (epoll_ctl(fake->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        cut_off(end);
        return;
    }
    for (unsigned i = 0; i < MF_GPIO_FAKE_LINES; i++)
        mf_gpio_fake_describe(fake, i, &text);
    mf_buf_puts(&text, "ready\n");
    say(end, mf_buf_text(&text));
    mf_buf_done(&text);
}

static void let_in(struct mf_gpio_fake *fake)
{
    int fd;

    while ((fd = accept4(fake->ends->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        unsigned i = 0;

        while (i < ENDS && fake->ends->list[i].fd)
            i++;
        if (i < ENDS)
            welcome(fake, &fake->ends->list[i], fd);
        else
            close(fd);
    }
}

void mf_gpio_fake_serve(struct mf_gpio_fake *fake)
{
    if (!fake->ends)
        return;
    let_in(fake);
    for (unsigned i = 0; i < ENDS; i++)
        listen_to(fake, &fake->ends->list[i]);
}

/* A socket that nobody listens on any more is what an engine that was killed left behind. */
static bool is_left_behind(const struct sockaddr_un *address)
{
    struct stat is;
    int fd, rc;

    if (lstat(address->sun_path, &is) < 0 || !S_ISSOCK(is.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    rc = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
    close(fd);
    return rc == ECONNREFUSED;
}

int mf_gpio_fake_listen(struct mf_gpio_fake *fake, struct mf_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN};
    int fd;

    if (strlen(fake->name) >= sizeof(address.sun_path))
        return mf_fail(err, MF_EINVAL, "the path of a socket has at most %zu bytes: `%s`",
                       sizeof(address.sun_path) - 1, fake->name);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", fake->name);
    if (is_left_behind(&address))
        unlink(address.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || fchmod(fd, 0600) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, ENDS) < 0 ||
        epoll_ctl(fake->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int sys = errno;

        if (fd >= 0)
            close(fd);
        return mf_fail_sys(err, MF_EIO, sys, "the fake chip cannot listen on `%s`", fake->name);
    }
    fake->ends = mf_zalloc(sizeof(*fake->ends));
    fake->ends->fd = fd;
    return 0;
}

void mf_gpio_fake_shut(struct mf_gpio_fake *fake)
{
    if (!fake->ends)
        return;
    for (unsigned i = 0; i < ENDS; i++)
        if (fake->ends->list[i].fd)
            cut_off(&fake->ends->list[i]);
    close(fake->ends->fd);
    unlink(fake->name);
    mf_free(fake->ends);
    fake->ends = NULL;
}
