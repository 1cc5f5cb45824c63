/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See notify.h. One datagram per event: RELOADING and MONOTONIC_USEC must come in the same one. */

#include "engine/control/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/num.h"

_Static_assert(MF_NOTIFY_ADDRESS == sizeof(((struct sockaddr_un *)0)->sun_path),
               "an address is what fits into sockaddr_un");

static int64_t read_watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t number;

    if (pid && (!mf_num_read_int(pid, strlen(pid), &number) || number != getpid()))
        return 0; /* meant for somebody else, a shell around us */
    if (!usec || !mf_num_read_int(usec, strlen(usec), &number) || number <= 0 ||
        number > INT64_MAX / MF_US)
        return 0;
    return number * MF_US;
}

void mf_notify_open(struct mf_notify *notify)
{
    const char *address = getenv("NOTIFY_SOCKET");
    size_t len = address ? strlen(address) : 0;

    *notify = (struct mf_notify){.fd = -1};
    if (!len)
        return;
    if ((*address != '/' && *address != '@') || len >= sizeof(notify->address)) {
        mf_log(MF_LOG_WARNING, "notify", "cannot use the socket `%s` in NOTIFY_SOCKET", address);
        return;
    }
    memcpy(notify->address, address, len);
    if (*address == '@')
        notify->address[0] = 0;
    /* Names in the abstract space end where the length says, paths with a NUL. */
    notify->address_len =
        (uint32_t)(offsetof(struct sockaddr_un, sun_path) + len + (*address == '/'));
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0)
        mf_log(MF_LOG_WARNING, "notify", "no socket for NOTIFY_SOCKET: %s", strerror(errno));
    else
        notify->watchdog = read_watchdog();
}

void mf_notify_close(struct mf_notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

int64_t mf_notify_interval(const struct mf_notify *notify)
{
    return notify->watchdog / 2;
}

static void send_text(struct mf_notify *notify, const struct mf_buf *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    memcpy(to.sun_path, notify->address, sizeof(notify->address));
    if (sendto(notify->fd, text->data, text->len, MSG_NOSIGNAL, (struct sockaddr *)&to,
               (socklen_t)notify->address_len) >= 0) {
        notify->has_failed = false;
    } else if (!notify->has_failed) {
        notify->has_failed = true;
        mf_log(MF_LOG_WARNING, "notify", "the service manager cannot be told: %s", strerror(errno));
    }
}

void mf_notify_event(void *arg, enum mf_loop_event event, const char *status)
{
    struct mf_notify *notify = arg;
    struct mf_buf text = {0};
    struct mf_clock clock;

    if (notify->fd < 0)
        return;
    mf_clock_init_real(&clock);
    switch (event) {
    case MF_LOOP_READY:
        mf_buf_puts(&text, "READY=1\n");
        break;
    case MF_LOOP_RELOADING:
        mf_buf_printf(&text, "RELOADING=1\nMONOTONIC_USEC=%lld\n",
                      (long long)(mf_clock_mono(&clock) / MF_US));
        break;
    case MF_LOOP_STOPPING:
        mf_buf_puts(&text, "STOPPING=1\n");
        break;
    case MF_LOOP_ALIVE:
        mf_buf_puts(&text, "WATCHDOG=1\n");
        break;
    }
    mf_buf_puts(&text, "STATUS=");
    for (; *status; status++)
        mf_buf_putc(&text, *status == '\n' ? ' ' : *status);
    mf_buf_putc(&text, '\n');
    send_text(notify, &text);
    mf_buf_done(&text);
}
