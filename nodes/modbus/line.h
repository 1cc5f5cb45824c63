/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Line: a serial line on which a node is asked, by a master who may ask others, too.
 *
 * A request is known by its length and its sum. Silence only ends what makes no sense: the kernel
 * and adapters hand bytes over in lumps, so that pauses of 3.5 characters cannot be measured from
 * here. The reply waits for such a pause, which the standard demands.
 */

#include "engine/graph/node.h"
#include "nodes/modbus/request.h"
#include "nodes/net/serial.h"

struct mf_modbus_line_setup {
    struct mf_serial serial;
    unsigned silence_timer, reply_timer; /* of the node */
    /* A request, also one to others and to all (unit 0). Returns the length of the reply's PDU; 0:
     * there is none. */
    size_t (*take)(struct mf_node *node, const struct mf_modbus_frame *request, uint8_t *reply);
};

struct mf_modbus_line {
    struct mf_node *node;
    struct mf_modbus_line_setup setup;
    struct mf_watch *watch;
    int fd; /* + 1; 0: closed */
    int64_t baud;
    uint8_t in[MF_MODBUS_FRAME], out[MF_MODBUS_FRAME];
    size_t in_len, out_len;
    size_t sent_len;    /* of `out`, which may come back as an echo */
    int64_t echo_until; /* mono */
    bool has_no_echo;   /* as other bytes have shown, which came first */
    uint64_t garbage;   /* bytes that were no frame */
};

int mf_modbus_line_open(struct mf_modbus_line *line, struct mf_node *node,
                        const struct mf_modbus_line_setup *setup, struct mf_error *err);
void mf_modbus_line_timeout(struct mf_modbus_line *line, unsigned timer);
/* A line that is zeroed is closed. */
void mf_modbus_line_close(struct mf_modbus_line *line);

/* Least silence between two frames, ns. */
int64_t mf_modbus_line_pause(int64_t baud);
