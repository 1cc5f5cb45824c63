/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * See modbus_session.h. The flow is made of two lines: the link, and a node of a kind that exists
 * only here, which stands for the command.
 */

#include "engine/cli/modbus_session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/graph/registry.h"
#include "engine/run/loop_uv.h"
#include "nodes/modbus/link.h"
#include "nodes/net/poller.h"

enum { TIMER_CONNECT, TIMER_LIMIT, TIMER_TASK, TIMERS };

#define LOOK (10 * MF_MS) /* whether connecting has failed */

struct mf_modbus_session {
    const struct mf_modbus_task *task;
    struct mf_loop *loop;
    struct mf_node *node;
    struct mf_poller poller;
    int64_t limit; /* ns; 0: none */
    bool has_begun, has_ended;
    int code;
};

/* Of this process; the node finds it here. */
static struct mf_modbus_session *current;

const char *const mf_modbus_parity_names[] = {"none", "even", "odd", NULL};

/* ---- what a task may call ---- */

void *mf_modbus_session_arg(const struct mf_modbus_session *session)
{
    return session->task->arg;
}

bool mf_modbus_session_ask(struct mf_modbus_session *session, struct mf_modbus_wish *wish)
{
    return mf_modbus_ask(mf_node_link(session->node), wish);
}

bool mf_modbus_session_is_up(const struct mf_modbus_session *session)
{
    return mf_link_is_up(mf_node_link(session->node));
}

int64_t mf_modbus_session_mono(const struct mf_modbus_session *session)
{
    return mf_node_mono(session->node);
}

int64_t mf_modbus_session_now(const struct mf_modbus_session *session)
{
    return mf_node_now(session->node);
}

void mf_modbus_session_arm(struct mf_modbus_session *session, int64_t after_ns)
{
    mf_node_arm(session->node, TIMER_TASK, after_ns);
}

void mf_modbus_session_end(struct mf_modbus_session *session, int code)
{
    if (session->has_ended)
        return;
    session->has_ended = true;
    session->code = code;
    mf_loop_end(session->loop);
}

/* ---- the node ---- */

static void link_is_up(struct mf_node *node)
{
    if (current->has_begun || current->has_ended)
        return;
    current->has_begun = true;
    mf_node_disarm(node, TIMER_CONNECT);
    current->task->begin(current);
}

static void look_at_link(struct mf_node *node)
{
    const struct mf_link *link = mf_node_link(node);

    if (link->phase != MF_LINK_WAITING) {
        mf_node_arm(node, TIMER_CONNECT, LOOK);
        return;
    }
    fprintf(stderr, "moat-flow: %s\n", link->last_error);
    mf_modbus_session_end(current, MF_EXIT_PEER);
}

static int command_start(struct mf_node *node, struct mf_error *err)
{
    current->node = node;
    mf_poller_begin(&current->poller, mf_modbus_pollers(mf_node_link(node)), node, link_is_up);
    mf_node_arm(node, TIMER_CONNECT, LOOK);
    if (current->limit)
        mf_node_arm(node, TIMER_LIMIT, current->limit);
    if (mf_link_is_up(mf_node_link(node))) /* a serial line is so at once */
        link_is_up(node);
    return 0;
}

static void command_timeout(struct mf_node *node, unsigned timer)
{
    if (current->has_ended)
        return;
    if (timer == TIMER_CONNECT) {
        look_at_link(node);
    } else if (timer == TIMER_LIMIT) {
        fprintf(stderr, "moat-flow: the time limit is reached\n");
        mf_modbus_session_end(current, MF_EXIT_TIME);
    } else {
        current->task->timeout(current);
    }
}

static void command_stop(struct mf_node *node)
{
    mf_poller_end(&current->poller);
}

static const struct mf_option command_options[] = {
    {"link", .type = &mf_type_text, .flags = MF_OPT_PRIMARY | MF_OPT_LINK, .summary = "The link."},
    {0},
};

static const struct mf_kind command_kind = {
    .name = "modbus.command",
    .summary = "What was asked for on the command line.",
    .link = &mf_link_kind_modbus,
    .options = command_options,
    .config_size = sizeof(const char *),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .start = command_start,
    .timeout = command_timeout,
    .stop = command_stop,
};

/* ---- flows made of arguments ---- */

struct mf_graph *mf_modbus_compile(const struct mf_args *args, const struct mf_kind_set *kinds,
                                   const char *text)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_flow_setup setup = {0};
    struct mf_graph *graph;
    struct mf_diags diags;
    struct mf_flow flow;

    mf_registry_set(kinds);
    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read_text(&flow, "the command line", text, strlen(text), &setup);
    graph = mf_compile(&flow);
    if (!graph) {
        mf_diags_sort(&diags);
        mf_usage_error(args->command, "%s", diags.list[0]->message);
    }
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return graph;
}

int mf_modbus_run(struct mf_graph *graph, void (*started)(void *arg, struct mf_loop *loop),
                  void *arg)
{
    struct mf_error err = {0};
    struct mf_loop *loop;
    int rc;

    mf_loop_block_signals();
    loop = mf_loop_new((struct mf_loop_options){.drain = 0});
    started(arg, loop);
    rc = mf_loop_run(loop, graph, &err);
    if (rc < 0)
        fprintf(stderr, "moat-flow: %s\n", err.text);
    if (mf_loop_has_jobs(loop)) {
        fflush(stdout);
        return rc; /* a name is still looked up: nothing may be freed, and the process ends */
    }
    mf_loop_free(loop);
    return rc;
}

/* ---- the session ---- */

static void put_option(struct mf_buf *text, const char *key, const char *value)
{
    if (!value)
        return;
    mf_buf_printf(text, ", %s: ", key);
    mf_text_quote_json(text, value, strlen(value));
}

static void session_started(void *arg, struct mf_loop *loop)
{
    struct mf_modbus_session *session = arg;

    session->loop = loop;
}

int mf_modbus_session_run(const struct mf_args *args, const char *place,
                          const struct mf_modbus_task *task)
{
    static const struct mf_kind *const nodes[] = {&command_kind, NULL};
    static const struct mf_link_kind *const links[] = {&mf_link_kind_modbus, NULL};
    static const struct mf_absent_kind absent[] = {{0}};
    static const struct mf_kind_set kinds = {nodes, links, absent};
    struct mf_modbus_session session = {.task = task};
    const char *timeout = mf_args_get(args, "timeout");
    struct mf_graph *graph;
    struct mf_buf text = {0};

    if (!mf_args_duration(args, "limit", 0, &session.limit))
        return MF_EXIT_USAGE;
    mf_buf_puts(&text, "moat-flow: 1\nlinks: {bus: {modbus: ");
    mf_text_quote_json(&text, place, strlen(place));
    put_option(&text, "baud", mf_args_get(args, "baud"));
    put_option(&text, "parity", mf_args_get(args, "parity"));
    put_option(&text, "stop_bits", mf_args_get(args, "stop-bits"));
    put_option(&text, "timeout", timeout ? timeout : task->fallback_timeout);
    if (task->max_registers)
        mf_buf_printf(&text, ", max_registers: %u", task->max_registers);
    mf_buf_printf(&text, ", retries: %u}}\nnodes: {command: {modbus.command: bus}}\n",
                  task->retries);
    graph = mf_modbus_compile(args, &kinds, mf_buf_text(&text));
    mf_buf_done(&text);
    if (!graph)
        return MF_EXIT_USAGE;
    /* What went wrong the command says itself. */
    if (args->talk < 1)
        mf_log_setup(MF_LOG_ERROR, MF_LOG_AUTO, mf_args_color(args, 2));
    current = &session;
    session.code = MF_EXIT_OK;
    if (mf_modbus_run(graph, session_started, &session) < 0 && session.code == MF_EXIT_OK)
        session.code = MF_EXIT_PEER;
    return session.code;
}
