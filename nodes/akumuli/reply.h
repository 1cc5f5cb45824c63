/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the database says of rows: nothing, or one line of RESP about the first it does not like
 * (`-DB late write`), and then it closes.
 */

#include <stdbool.h>

#include "engine/base/buf.h"

enum { MF_AKUMULI_REPLY = 1000 }; /* bytes of the line that are looked at */

struct mf_akumuli_reply {
    struct mf_buf bytes;
};

void mf_akumuli_reply_clear(struct mf_akumuli_reply *reply);
void mf_akumuli_reply_done(struct mf_akumuli_reply *reply);
/* True: the line is whole, or as long as anybody wants to know. */
bool mf_akumuli_reply_put(struct mf_akumuli_reply *reply, const void *data, size_t len);
/* Appends the line so far, without its end and fit for a log; nothing where nothing came. */
void mf_akumuli_reply_print(const struct mf_akumuli_reply *reply, struct mf_buf *buf);
