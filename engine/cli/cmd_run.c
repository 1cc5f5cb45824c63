/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* run: runs a flow in the foreground, until it is told to end. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/playback.h"
#include "engine/cli/reader.h"
#include "engine/cli/replay.h"
#include "engine/config/archive.h"
#include "engine/control/address.h"
#include "engine/control/http.h"
#include "engine/control/notify.h"
#include "engine/control/socket.h"
#include "engine/run/loop_uv.h"

#define DRAIN (10 * MF_SEC)

struct times {
    int64_t drain, grace; /* ns */
};

static const char *const fallbacks[] = {"last-good", NULL};

static const char *const log_formats[] = {"auto", "text", "journal", "json", NULL};

static void set_up_log(const struct mf_args *args)
{
    int level = MF_LOG_NOTICE + args->talk;

    if (level > MF_LOG_DEBUG)
        level = MF_LOG_DEBUG;
    level = mf_args_choice(args, "log-level", level < MF_LOG_ERROR ? MF_LOG_ERROR : level);
    mf_log_setup((enum mf_log_level)level,
                 (enum mf_log_format)mf_args_choice(args, "log-format", MF_LOG_AUTO),
                 mf_args_color(args, 2));
}

/* Where nobody said where to listen, the flow runs also when the usual place cannot be had. */
static bool open_control(const struct mf_args *args, struct mf_loop *loop,
                         struct mf_control **ret_control)
{
    const char *asked = mf_args_get(args, "socket");
    char *path = asked ? mf_strdup(asked) : mf_args_has(args, "once") ? NULL : mf_control_place();
    struct mf_error err = {0};

    *ret_control = path ? mf_control_open(loop, path, &err) : NULL;
    if (path && !*ret_control)
        mf_log(asked ? MF_LOG_ERROR : MF_LOG_WARNING, "control", "%s%s", err.text,
               asked ? "" : "; commands cannot reach this engine");
    mf_free(path);
    return *ret_control || !asked;
}

/* False when a record is asked for and cannot be written. */
static bool open_record(const struct mf_args *args, struct mf_loop *loop,
                        struct mf_record_file **ret)
{
    const char *path = mf_args_get(args, "record");
    struct mf_error err = {0};

    *ret = path ? mf_record_file_open(mf_loop_engine(loop), path, &err) : NULL;
    if (path && !*ret)
        mf_log(MF_LOG_ERROR, "record", "%s", err.text);
    return *ret || !path;
}

/* Returns an exit code; MF_EXIT_OK also when there is to be none. */
static int open_http(const struct mf_args *args, struct mf_loop *loop,
                     const struct mf_control *control, struct mf_http **ret_http)
{
    const char *address = mf_args_get(args, "listen"), *file = mf_args_get(args, "token-file");
    struct mf_error err = {0};
    char *token = NULL;

    if (address && file)
        token = mf_http_read_token(file, &err);
    if (address && (token || !file))
        *ret_http = mf_http_open(loop, control, address, token, &err);
    mf_free(token);
    if (!address || *ret_http)
        return MF_EXIT_OK;
    mf_log(MF_LOG_ERROR, "http", "%s", err.text);
    return err.code == MF_EINVAL ? MF_EXIT_USAGE : MF_EXIT_ENV;
}

/* Runs the graph to its end. Returns the exit code. */
static int run_graph(struct mf_cli_reader *reader, struct mf_graph *graph, bool is_fallback,
                     const struct times *times)
{
    const struct mf_args *args = reader->args;
    struct mf_notify notify;
    struct mf_control *control;
    struct mf_record_file *record = NULL;
    struct mf_http *http = NULL;
    struct mf_error err = {0};
    struct mf_loop *loop;
    int rc, code = MF_EXIT_ENV;

    mf_notify_open(&notify);
    loop = mf_loop_new((struct mf_loop_options){
        .engine = {.read_only = mf_args_has(args, "read-only"),
                   .once = mf_args_has(args, "once"),
                   .state_directory = reader->state_dir},
        .drain = times->drain,
        .grace = times->grace,
        .alive = mf_notify_interval(&notify),
        .read = mf_cli_reader_read,
        .read_done = mf_cli_reader_done,
        .settled = mf_cli_reader_settled,
        .plan = mf_cli_reader_plan,
        .generation = mf_cli_reader_number(reader, graph),
        .event = mf_notify_event,
        .arg = reader,
        .event_arg = &notify,
    });
    mf_loop_engine(loop)->is_fallback = is_fallback;
    if (open_control(args, loop, &control) && open_record(args, loop, &record))
        code = open_http(args, loop, control, &http);
    if (code == MF_EXIT_OK) {
        rc = mf_loop_run(loop, graph, &err);
        if (rc < 0)
            mf_log(MF_LOG_ERROR, "moat-flow", "%s", err.text);
        code = rc == MF_ETIMEOUT ? MF_EXIT_TIME : rc < 0 ? MF_EXIT_FLOW : MF_EXIT_OK;
    } else {
        mf_graph_free(graph);
    }
    if (!mf_record_file_close(record) && code == MF_EXIT_OK)
        code = MF_EXIT_WRONG;
    mf_notify_close(&notify);
    mf_http_close(http);
    mf_control_close(control);
    if (mf_loop_has_jobs(loop))
        _exit(code);
    mf_loop_free(loop);
    return code;
}

/* False after saying that an option is for replays only. */
static bool check_replay(const struct mf_args *args)
{
    static const char *const only[] = {"show", "files", "speed"};

    for (size_t i = 0; i < sizeof only / sizeof *only; i++)
        if (mf_args_has(args, only[i]) && !mf_args_has(args, "replay")) {
            mf_usage_error(args->command, "`--%s` goes with `--replay FILE`", only[i]);
            return false;
        }
    return true;
}

/* The files first; with --fallback, when they have errors, what was accepted last. */
static struct mf_graph *first_graph(struct mf_cli_reader *reader, bool *ret_is_fallback)
{
    const struct mf_args *args = reader->args;
    struct mf_archive *archive = mf_archive_new();
    struct mf_graph *graph;
    struct mf_buf text = {0};
    struct mf_cli_flow cli;
    uint64_t number;

    mf_cli_flow_init(&cli, args);
    mf_sources_use(cli.sources, archive);
    mf_cli_flow_compile(&cli, args);
    mf_cli_flow_report(&cli, args, 2);
    graph = mf_cli_flow_take(&cli);
    if (graph) {
        mf_archive_write(archive, &text);
        graph->origin = mf_buf_take(&text);
    }
    /* The graph needs nothing of what it was made from. */
    mf_cli_flow_done(&cli);
    mf_archive_free(archive);
    *ret_is_fallback = !graph && mf_args_has(args, "fallback");
    if (!*ret_is_fallback)
        return graph;
    graph = mf_cli_reader_last_good(reader, &number);
    if (graph)
        mf_log(MF_LOG_WARNING, "moat-flow",
               "the files have errors: generation %llu runs, which was accepted before",
               (unsigned long long)number);
    else
        mf_log(MF_LOG_ERROR, "moat-flow", "the files have errors, and no generation was kept");
    return graph;
}

static int run(const struct mf_args *args)
{
    struct mf_cli_reader reader;
    struct mf_graph *graph;
    struct times times;
    bool is_fallback;
    int code;

    if (!mf_args_duration(args, "drain", DRAIN, &times.drain) ||
        !mf_args_duration(args, "grace", MF_TRIAL_GRACE, &times.grace) || !check_replay(args))
        return MF_EXIT_USAGE;
    set_up_log(args);
    mf_cli_reader_init(&reader, args);
    graph = first_graph(&reader, &is_fallback);
    if (graph && mf_args_has(args, "replay"))
        code = mf_replay_run(args, graph);
    else
        code = graph ? run_graph(&reader, graph, is_fallback, &times) : MF_EXIT_FLOW;
    mf_cli_reader_close(&reader);
    return code;
}

static const struct mf_flag flags[] = {
    {"once", 0, NULL, NULL,
     "Read files to their end and each polled source once, deliver all, and exit.", NULL},
    {"replay", 0, "FILE", NULL,
     "Let the sources say what they said when the record was made, on a virtual clock.", NULL},
    MF_PLAYBACK_FLAGS,
    {"record", 0, "FILE", NULL, "Keep what the sources say, for `--replay`.", NULL},
    {"read-only", 0, NULL, NULL, "Change nothing outside: sinks and actuators do not write.", NULL},
    {"socket", 0, "PATH", NULL, "Where commands such as `status` reach this engine.",
     "in $RUNTIME_DIRECTORY or $XDG_RUNTIME_DIR; with --once none"},
    {"listen", 0, "HOST:PORT", NULL,
     "Serve /live, /ready, /metrics and /graph by HTTP; off unless given.", NULL},
    {"token-file", 0, "FILE", NULL,
     "Token that HTTP requests must bring; wanted where others can reach the address.", NULL},
    {"drain", 0, "TIME", NULL, "How long sinks may take to empty their queues at the end.", "10s"},
    {"grace", 0, "TIME", NULL,
     "A node that a reload has touched and that fails within this time brings the former flow "
     "back; 0s: never.",
     "10s"},
    {"fallback", 0, "WHAT", fallbacks,
     "What to run when the files have errors: the flow that was accepted last.", NULL},
    {"log-level", 0, "LEVEL", mf_log_level_names, "The least important lines to log.", "notice"},
    {"log-format", 0, "FORMAT", log_formats,
     "For people, for the systemd journal, or a JSON object a line.", "auto"},
    {0},
};

const struct mf_command mf_command_run = {
    .name = "run",
    .operands = "[PATH…]",
    .summary = "Run a flow.",
    .examples = "moat-flow run flow.yaml                 # until Ctrl-C\n"
                "moat-flow run --once convert.yaml       # files to their end\n"
                "moat-flow run --read-only -v .          # look, do not touch\n"
                "moat-flow run --replay day.jsonl .      # again what a record holds\n"
                "kill -HUP PID                           # read the files again\n",
    .doc =
        "Runs in the foreground and logs to stderr. SIGHUP reloads: a flow with faults changes\n"
        "nothing, a good one takes over between two turns, and nodes and links that did not "
        "change\n"
        "go on undisturbed. SIGTERM and Ctrl-C let the sinks deliver what they hold, then end "
        "with\n"
        "0; a second one ends at once. SIGUSR1 writes the status to the log. With systemd, take\n"
        "`Type=notify-reload`.\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW | MF_CMD_HAS_STATE,
    .run = run,
};
