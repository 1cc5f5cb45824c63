/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Notify: what the service manager is told, by datagrams to $NOTIFY_SOCKET.
 *
 * systemd's protocol for Type=notify and Type=notify-reload, without its library. Where there is no
 * such socket nothing is sent and nothing fails.
 *
 *   struct mf_notify notify;
 *   mf_notify_open(&notify);
 *   options.event = mf_notify_event;
 *   options.event_arg = &notify;
 *   options.alive = mf_notify_interval(&notify);
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/run/loop_uv.h"

enum { MF_NOTIFY_ADDRESS = 108 };

struct mf_notify {
    int fd;                          /* -1: nobody wants to know */
    char address[MF_NOTIFY_ADDRESS]; /* of a Unix socket; begins with NUL in the abstract space */
    uint32_t address_len;
    int64_t watchdog; /* ns without a sign of life until we are killed; 0: never */
    bool has_failed;  /* said once */
};

/* Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. A socket that cannot be used is logged.
 */
void mf_notify_open(struct mf_notify *notify);
void mf_notify_close(struct mf_notify *notify);
/* How often to give a sign of life: half of what the watchdog grants; 0: no watchdog. */
int64_t mf_notify_interval(const struct mf_notify *notify);

/* For mf_loop_options: `arg` is the struct mf_notify. */
void mf_notify_event(void *arg, enum mf_loop_event event, const char *status);
