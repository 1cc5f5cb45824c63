/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* graph: the picture of a flow. SVG is drawn by Graphviz' `dot`, a program, never linked. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"

extern char **environ;

/* As mf_picture_names, with svg. */
enum { GRAPH_TEXT, GRAPH_DOT, GRAPH_SVG, GRAPH_MERMAID, GRAPH_JSON };
static const char *const formats[] = {"text", "dot", "svg", "mermaid", "json", NULL};

static const enum mf_picture pictures[] = {
    [GRAPH_TEXT] = MF_PICTURE_TEXT, [GRAPH_DOT] = MF_PICTURE_DOT,
    [GRAPH_SVG] = MF_PICTURE_DOT,   [GRAPH_MERMAID] = MF_PICTURE_MERMAID,
    [GRAPH_JSON] = MF_PICTURE_JSON,
};

static int no_dot(const char *why)
{
    fprintf(stderr,
            "moat-flow: cannot draw SVG: %s\nInstall Graphviz (package graphviz), or take "
            "`--format mermaid`.\n",
            why);
    return MF_EXIT_ENV;
}

/* Feeds the text to `dot -Tsvg`, which writes to our standard output. */
static int draw_svg(const struct mf_buf *dot)
{
    char *argv[] = {(char[]){"dot"}, (char[]){"-Tsvg"}, NULL};
    posix_spawn_file_actions_t actions;
    int pipe_fds[2], status, rc;
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return no_dot(strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[0], 0);
    rc = posix_spawnp(&pid, "dot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[0]);
    if (rc != 0) {
        close(pipe_fds[1]);
        return no_dot(rc == ENOENT ? "there is no program `dot`" : strerror(rc));
    }
    mf_cli_write(pipe_fds[1], dot);
    close(pipe_fds[1]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return no_dot("`dot` failed");
    return MF_EXIT_OK;
}

static int run(const struct mf_args *args)
{
    int format = mf_args_choice(args, "format", GRAPH_TEXT);
    struct mf_cli_flow cli;
    struct mf_buf out = {0};
    int rc = MF_EXIT_WRONG;

    mf_cli_flow_init(&cli, args);
    mf_cli_flow_compile(&cli, args);
    mf_cli_flow_report(&cli, args, 2);
    if (cli.graph) {
        mf_graph_print(cli.graph, pictures[format], &out);
        if (format == GRAPH_SVG) {
            /* A `dot` that dies must not take us with it. */
            signal(SIGPIPE, SIG_IGN);
            rc = draw_svg(&out);
        } else {
            rc = mf_cli_write(1, &out) ? MF_EXIT_OK : MF_EXIT_WRONG;
        }
    }
    mf_buf_done(&out);
    mf_cli_flow_done(&cli);
    return rc;
}

static const struct mf_flag flags[] = {
    {"format", 'f', "FORMAT", formats, "What to print; svg needs the program `dot` of Graphviz.",
     "text"},
    {"no-env", 0, NULL, NULL, "Secrets and environment variables may be missing here.", NULL},
    {0},
};

const struct mf_command mf_command_graph = {
    .name = "graph",
    .operands = "[PATH…]",
    .summary = "Show the picture of a flow.",
    .examples = "moat-flow graph flow.yaml                            # in the terminal\n"
                "moat-flow graph flow.yaml --format svg > flow.svg\n"
                "moat-flow graph flow.yaml --format mermaid           # for a README\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW,
    .run = run,
};
