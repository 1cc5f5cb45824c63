/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See line.h. */

#include "nodes/modbus/line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/link.h"

#define CHARACTER_BITS 11          /* start, 8 data, parity or second stop, stop */
#define PAUSE_LEAST (1750 * MF_US) /* Serial Line V1.02, 2.5.1.1: above 19200 baud */
#define LUMP (20 * MF_MS)          /* USB adapters keep bytes back for 16 ms */
#define ECHO_LATE (2 * LUMP)       /* on the way out and back */

int64_t mf_modbus_line_pause(int64_t baud)
{
    int64_t pause = (int64_t)(3.5 * CHARACTER_BITS * (double)MF_SEC / (double)baud);

    return pause > PAUSE_LEAST ? pause : PAUSE_LEAST;
}

static void forget(struct mf_modbus_line *line, size_t len)
{
    line->in_len -= len;
    memmove(line->in, line->in + len, line->in_len);
}

/* ---- replies ---- */

static void answer(struct mf_modbus_line *line, const struct mf_modbus_frame *request)
{
    uint8_t reply[MF_MODBUS_PDU];
    size_t len = line->setup.take(line->node, request, reply);

    if (!len)
        return;
    line->out_len = mf_modbus_frame_rtu(request->unit, reply, len, line->out);
    mf_node_arm(line->node, line->setup.reply_timer, mf_modbus_line_pause(line->baud));
}

/* What does not fit into the kernel's buffer at once is lost: the master asks again. */
static void send_reply(struct mf_modbus_line *line)
{
    ssize_t got = line->fd ? write(line->fd - 1, line->out, line->out_len) : 0;
    int64_t takes = (int64_t)line->out_len * CHARACTER_BITS * MF_SEC / line->baud;

    line->sent_len = got > 0 ? (size_t)got : 0;
    line->echo_until = mf_node_mono(line->node) + takes + ECHO_LATE;
    line->out_len = 0;
}

/* Some adapters for two wires hear what they send, and the reply to a write looks like the request:
 * the server would answer itself for ever. A master that asks the same again looks like an echo,
 * too, but never comes that early, unless it is quick; then it repeats the request, and the first
 * other one shows that the line has no echo. */
static void drop_echo(struct mf_modbus_line *line)
{
    size_t len = line->in_len < line->sent_len ? line->in_len : line->sent_len;

    if (line->has_no_echo || !len || memcmp(line->in, line->out, len) != 0)
        return;
    if (mf_node_mono(line->node) > line->echo_until) {
        line->sent_len = 0;
    } else if (len == line->sent_len) {
        forget(line, len);
        line->sent_len = 0;
    }
}

/* ---- requests ---- */

static void take_all(struct mf_modbus_line *line)
{
    struct mf_modbus_heard heard;
    int len;

    while ((len = mf_modbus_take_heard(line->in, line->in_len, &heard)) > 0) {
        line->has_no_echo |= line->sent_len > 0; /* it would have come first */
        line->sent_len = 0;
        /* A master that does not wait for its answer does not want it. */
        line->out_len = 0;
        mf_node_disarm(line->node, line->setup.reply_timer);
        if (heard.is_request)
            answer(line, &heard.frame);
        forget(line, (size_t)len);
    }
}

static void fell_silent(struct mf_modbus_line *line)
{
    struct mf_modbus_heard heard;

    line->sent_len = 0;
    if (mf_modbus_take_silence(line->in, line->in_len, &heard))
        answer(line, &heard.frame);
    else
        line->garbage += line->in_len;
    line->in_len = 0;
}

static void lost(struct mf_modbus_line *line, int sys)
{
    struct mf_error err = {0};

    if (sys)
        mf_fail_sys(&err, MF_ELINK, sys, "the serial line is gone");
    else
        mf_fail(&err, MF_ELINK, "the serial line is gone");
    mf_node_fail(line->node, &err);
}

static void line_ready(void *arg, unsigned events)
{
    struct mf_modbus_line *line = arg;
    ssize_t got = read(line->fd - 1, line->in + line->in_len, sizeof(line->in) - line->in_len);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        lost(line, got < 0 ? errno : 0);
        return;
    }
    line->in_len += (size_t)got;
    drop_echo(line);
    take_all(line);
    if (line->in_len == sizeof(line->in)) { /* a frame is never that long */
        line->garbage += line->in_len;
        line->in_len = 0;
    }
    if (line->in_len)
        mf_node_arm(line->node, line->setup.silence_timer, mf_modbus_line_pause(line->baud) + LUMP);
    else
        mf_node_disarm(line->node, line->setup.silence_timer);
}

/* ---- life ---- */

int mf_modbus_line_open(struct mf_modbus_line *line, struct mf_node *node,
                        const struct mf_modbus_line_setup *setup, struct mf_error *err)
{
    int fd = mf_serial_open(&setup->serial, err);

    if (fd < 0)
        return fd;
    line->node = node;
    line->setup = *setup;
    line->setup.serial.device = NULL; /* of a flow that may be replaced */
    line->baud = setup->serial.baud;
    line->fd = fd + 1;
    line->in_len = line->out_len = line->sent_len = 0;
    line->has_no_echo = false;
    line->watch = mf_node_watch(node, line_ready, line);
    mf_watch_set(line->watch, fd, MF_WATCH_READ);
    mf_node_log(node, MF_LOG_NOTICE, "serves on %s", setup->serial.device);
    return 0;
}

void mf_modbus_line_timeout(struct mf_modbus_line *line, unsigned timer)
{
    if (timer == line->setup.reply_timer)
        send_reply(line);
    else
        fell_silent(line);
}

void mf_modbus_line_close(struct mf_modbus_line *line)
{
    if (!line->fd)
        return;
    mf_watch_free(line->watch);
    close(line->fd - 1);
    line->watch = NULL;
    line->fd = 0;
}
