/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A session: the modbus link on a loop, without a flow of the user's.
 *
 * What a command wants to read and write are wishes, as those of nodes are; the link puts them
 * together, keeps to the line's pauses, and asks again. The command runs until it says that it has
 * ended, or until the other side is not there.
 */

#include "engine/cli/args.h"
#include "nodes/modbus/bus.h"

struct mf_modbus_session;

struct mf_modbus_task {
    /* The link is up for the first time. */
    void (*begin)(struct mf_modbus_session *session);
    /* The timer armed with mf_modbus_session_arm() has run out. May be NULL. */
    void (*timeout)(struct mf_modbus_session *session);
    void *arg;
    const char *fallback_timeout; /* of an answer; NULL: 1s */
    unsigned retries;
    unsigned max_registers; /* in one read; 0: what the standard allows */
};

/* Options that reach a device: --baud, --parity, --stop-bits, --timeout, --limit. */
#define MF_MODBUS_SESSION_FLAGS                                                                    \
    {"baud", 0, "N", NULL, "Speed of a serial line.", "9600"}, {"parity",                          \
                                                                0,                                 \
                                                                "none|even|odd",                   \
                                                                mf_modbus_parity_names,            \
                                                                "Parity of a serial line.",        \
                                                                "none"},                           \
        {"stop-bits", 0, "1|2", NULL, "Stop bits of a serial line.", "1"},                         \
        {"timeout", 0, "TIME", NULL, "How long an answer may take.", "1s; of a scan 200ms"},       \
    {                                                                                              \
        "limit", 0, "TIME", NULL, "How long all may take; exit code 6 when it does not suffice.",  \
            NULL                                                                                   \
    }
extern const char *const mf_modbus_parity_names[];

/* Talks to `place` until the task has ended. Returns the exit code. */
int mf_modbus_session_run(const struct mf_args *args, const char *place,
                          const struct mf_modbus_task *task);

void *mf_modbus_session_arg(const struct mf_modbus_session *session);
/* False: the link is away, or the unit did not answer a moment ago. Otherwise wish->done() follows;
 * its owner is the caller's. */
bool mf_modbus_session_ask(struct mf_modbus_session *session, struct mf_modbus_wish *wish);
bool mf_modbus_session_is_up(const struct mf_modbus_session *session);
int64_t mf_modbus_session_mono(const struct mf_modbus_session *session);
int64_t mf_modbus_session_now(const struct mf_modbus_session *session); /* wall */
void mf_modbus_session_arm(struct mf_modbus_session *session, int64_t after_ns);
void mf_modbus_session_end(struct mf_modbus_session *session, int code);

/* Compiles a flow that a command has made of its arguments, with these kinds only; NULL after
 * saying what is wrong with them. */
struct mf_kind_set;
struct mf_graph *mf_modbus_compile(const struct mf_args *args, const struct mf_kind_set *kinds,
                                   const char *text);
/* Runs it until mf_loop_end(), or a signal. Negative after saying why it cannot. */
struct mf_loop;
int mf_modbus_run(struct mf_graph *graph, void (*started)(void *arg, struct mf_loop *loop),
                  void *arg);
