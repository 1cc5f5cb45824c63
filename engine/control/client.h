/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A client of the control socket, for commands: it blocks, and knows no engine.
 *
 *   struct mf_client client;
 *   if (mf_client_open(&client, path, &err) == 0 && mf_client_ask(&client, &request, &err) == 0)
 *       while ((rc = mf_client_next(&client, until, &value, &err)) == MF_ANSWER_LINE)
 *           …; mf_value_drop(value);
 *   mf_client_close(&client);
 */

#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

#define MF_CLIENT_ANSWER (256u * 1024 * 1024) /* bytes of a line of the answer */

struct mf_client {
    int fd;
    struct mf_buf in;
    size_t from;  /* in `in`: what was not looked at yet */
    size_t ahead; /* … and holds no newline up to here */
};

enum mf_answer {
    MF_ANSWER_DONE,    /* the last: its value */
    MF_ANSWER_LINE,    /* one of several */
    MF_ANSWER_DROPPED, /* an int: so many lines were dropped, because we were too slow */
    MF_ANSWER_REFUSED, /* `err` has the message, the value is the exit code as an int */
};

/* Negative with `err`: MF_ELINK when nobody listens, MF_EDENIED when we may not talk to it,
 * MF_ETIMEOUT when it does not take callers. */
int mf_client_open(struct mf_client *client, const char *path, struct mf_error *err);
int mf_client_ask(struct mf_client *client, const struct mf_value *request, struct mf_error *err);
/* The next part of the answer, an enum mf_answer; the value is the caller's. Negative with `err`:
 * MF_ETIMEOUT when none came until `until` (mono ns of the real clock, MF_NEVER: no limit),
 * MF_ELINK when the engine went away. */
int mf_client_next(struct mf_client *client, int64_t until, struct mf_value *ret,
                   struct mf_error *err);
/* After mf_client_open(), whether that succeeded or not. */
void mf_client_close(struct mf_client *client);
