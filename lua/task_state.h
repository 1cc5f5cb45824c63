/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A sandboxed state in which a script runs as a task: lua/state.h with the scheduler of
 * lua/task.lua in it.
 *
 * Each of the calls below is one call in the sense of the budgets: all tasks that go on in it share
 * them. A call ends when every task waits; then the node's timer is armed for the next one that is
 * due. Negative: the script has failed or come to its end, `err` says how; the state is of no more
 * use then but for its table `state`, and is to be closed.
 */

#include "engine/value/msg.h"
#include "lua/state.h"

enum { MF_TASK_CHANNEL = 1000 }; /* values that a channel may hold */

struct mf_task_limits {
    int64_t tasks;   /* at once, the script itself included */
    int64_t backlog; /* messages that wait, per input */
};

struct mf_task {
    struct mf_lua *lua;             /* NULL: closed */
    int start, deliver, fire, stop; /* references to functions of task.lua */
    unsigned timer;                 /* of the node, for the next one that is due */
    uint64_t dropped;               /* metric: messages over the backlog */
    bool has_failed;
};

/* `lua` has its API and a table `state`; it is taken. The node is its owner. */
int mf_task_open(struct mf_task *task, struct mf_lua *lua, const struct mf_task_limits *limits,
                 struct mf_error *err);
/* Runs the function on top of the stack as the first task. */
int mf_task_start(struct mf_task *task, struct mf_error *err);
int mf_task_deliver(struct mf_task *task, unsigned input, const struct mf_msg *msg,
                    struct mf_error *err);
int mf_task_fire(struct mf_task *task, struct mf_error *err);
/* Cancels all tasks: their `<close>` variables run, unless it has failed before. */
int mf_task_stop(struct mf_task *task, struct mf_error *err);
void mf_task_close(struct mf_task *task);
