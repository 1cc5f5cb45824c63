/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * validate: checks a flow without running it. What people put into CI.
 *
 * Each YAML block of a Markdown file is a flow of its own; all other paths together are one flow.
 */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/environment.h"
#include "engine/cli/example.h"
#include "engine/cli/flow_load.h"
#include "engine/config/markdown.h"

/* What a node logs when it is given what it cannot use is no news in an example. */
static void forget_line(void *arg, enum mf_log_level level, const char *line)
{
}

/* The examples of its nodes are run where the flow is right, each in an engine of its own. */
static void run_examples(const struct mf_flow *flow, const struct mf_graph *graph)
{
    if (!graph)
        return;
    mf_log_divert(forget_line, NULL);
    mf_examples_run(flow, graph, flow->diags, NULL);
    mf_log_divert(NULL, NULL);
}

/* Adds the counts of one flow to the command's. */
static void compile_block(struct mf_cli_flow *cli, const struct mf_source *source,
                          struct mf_span block)
{
    struct mf_graph *graph;
    struct mf_flow flow;

    mf_flow_init(&flow, cli->arena, cli->sources, &cli->diags);
    mf_flow_read_block(&flow, source, block.start, block.end, &cli->setup);
    for (size_t i = 0; i < flow.count; i++)
        cli->counts.nodes += flow.items[i]->item_type == MF_ITEM_NODE;
    graph = mf_compile(&flow);
    run_examples(&flow, graph);
    mf_graph_free(graph);
    mf_flow_done(&flow);
}

/* False when the file cannot be read, which the flow reader then says in its own words. */
static bool compile_markdown(struct mf_cli_flow *cli, const char *path)
{
    struct mf_error err = {0};
    struct mf_span *blocks;
    bool is_known;
    const struct mf_source *source = mf_sources_read(cli->sources, path, &is_known, &err);
    size_t count;

    if (!source)
        return false;
    cli->counts.files++;
    count = mf_markdown_blocks(source, cli->arena, &blocks);
    for (size_t i = 0; i < count; i++)
        compile_block(cli, source, blocks[i]);
    return true;
}

static void compile_files(struct mf_cli_flow *cli, const struct mf_args *args)
{
    mf_cli_flow_compile(cli, args);
    run_examples(&cli->flow, cli->graph);
}

static void compile_all(struct mf_cli_flow *cli, const struct mf_args *args)
{
    const char **paths = mf_calloc_array(args->operand_count + 1, sizeof *paths);
    struct mf_args rest = *args;

    rest.operands = paths;
    rest.operand_count = 0;
    for (size_t i = 0; i < args->operand_count; i++)
        if (!mf_text_ends(args->operands[i], ".md") || !compile_markdown(cli, args->operands[i]))
            paths[rest.operand_count++] = args->operands[i];
    if (rest.operand_count || args->operand_count == 0)
        compile_files(cli, &rest);
    mf_free(paths);
}

static bool report(struct mf_cli_flow *cli, const struct mf_args *args, int64_t started)
{
    enum mf_diag_format format = (enum mf_diag_format)mf_args_choice(args, "format", MF_DIAG_TEXT);
    struct mf_buf out = {0}, line = {0};
    bool ok = true;

    if (format == MF_DIAG_TEXT) {
        mf_cli_flow_report(cli, args, 1);
    } else {
        mf_diags_sort(&cli->diags);
        mf_diags_render(&cli->diags, format, cli->counts, false, &out);
        ok = mf_cli_write(1, &out);
    }
    if (format == MF_DIAG_TEXT && args->talk >= 0) {
        struct mf_clock clock;

        mf_clock_init_real(&clock);
        mf_cli_flow_summary(cli, &line);
        mf_buf_printf(&line, " (%.0f ms)\n", (double)(mf_clock_mono(&clock) - started) / MF_MS);
        mf_cli_write(2, &line);
    }
    mf_buf_done(&out);
    mf_buf_done(&line);
    return ok;
}

static int run(const struct mf_args *args)
{
    struct mf_cli_flow cli;
    struct mf_clock clock;
    int64_t started;
    bool env_ok = true, written;
    int rc = MF_EXIT_OK;

    mf_clock_init_real(&clock);
    started = mf_clock_mono(&clock);
    mf_cli_flow_init(&cli, args);
    compile_all(&cli, args);
    if (cli.graph && cli.diags.errors == 0 && mf_args_has(args, "env"))
        env_ok = mf_environment_check(&cli);
    written = report(&cli, args, started);
    if (!env_ok)
        rc = MF_EXIT_ENV;
    else if (cli.diags.errors || !written)
        rc = MF_EXIT_WRONG;
    else if (cli.diags.warnings && mf_args_has(args, "deny-warnings"))
        rc = MF_EXIT_WARNINGS;
    mf_cli_flow_done(&cli);
    return rc;
}

static const struct mf_flag flags[] = {
    {"format", 'f', "FORMAT", mf_diag_format_names,
     "How to print what is wrong: for people, one line each, for programs, for code hosts.",
     "text"},
    {"deny-warnings", 0, NULL, NULL, "Exit with 3 when there are warnings.", NULL},
    {"no-env", 0, NULL, NULL,
     "Secrets and environment variables may be missing here: a note instead of an error.", NULL},
    {"env", 0, NULL, NULL,
     "Also connect the links and log in, without writing anything; exit with 4 if that fails.",
     NULL},
    {"stdin-name", 0, "NAME", NULL, "Name of standard input (`-`) in messages.", NULL},
    {0},
};

const struct mf_command mf_command_validate = {
    .name = "validate",
    .operands = "[PATH…]",
    .summary = "Check a flow without running it.",
    .examples = "moat-flow validate                      # the *.yaml files of this directory\n"
                "moat-flow validate flow.yaml --env      # also try the brokers and buses\n"
                "moat-flow validate --format github .    # annotations in a pull request\n"
                "moat-flow validate README.md            # every flow in a document\n",
    .doc = "Reads the files (a directory: its *.yaml files, without parts and tests), their\n"
           "includes and parts, and checks syntax, options, types and units along edges, and the\n"
           "graph; then runs the `examples:` of nodes on a virtual clock. All faults of all files\n"
           "are shown in one run; `moat-flow explain CODE` says more about each.\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW,
    .run = run,
};
