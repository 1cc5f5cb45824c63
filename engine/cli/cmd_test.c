/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * test: runs what stands in *.test.yaml, on a virtual clock.
 *
 * Each file is read, compiled and run with memory of its own: a fault in one says nothing about
 * the next.
 */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/example.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/test_case.h"
#include "engine/cli/test_cover.h"
#include "engine/cli/test_find.h"
#include "engine/cli/test_report.h"

struct session {
    const struct mf_args *args;
    struct mf_test_report report;
    struct mf_test_cover *cover; /* NULL: not asked for */
    const char *only;            /* NULL: all */
    struct mf_arena *arena;
    struct mf_map examples;   /* that have been run, by their places */
    struct mf_cli_flow *flow; /* that is being run */
    bool could_write;
};

static bool is_wanted(const struct session *session, const char *name)
{
    return !session->only || mf_text_glob(session->only, name) ||
           mf_text_glob(session->only, session->report.file);
}

/* ---- one file ---- */

/* Variables of the file, then those of the command line, which win. */
static void merge_sets(struct mf_cli_flow *cli, const struct mf_test_file *file)
{
    size_t count = file->set_count + cli->setup.set_count;
    const char **sets = mf_calloc_array(count + 1, sizeof *sets);

    for (size_t i = 0; i < file->set_count; i++)
        sets[i] = file->sets[i];
    for (size_t i = 0; i < cli->setup.set_count; i++)
        sets[file->set_count + i] = cli->sets[i];
    mf_free(cli->sets);
    cli->sets = sets;
    cli->setup.sets = sets;
    cli->setup.set_count = count;
}

/* Warnings about the flow are the business of `validate`. */
static void forget_warnings(struct mf_cli_flow *cli)
{
    mf_diags_done(&cli->diags);
    mf_diags_init(&cli->diags, cli->sources);
}

static void run_case(struct session *session, struct mf_cli_flow *cli,
                     const struct mf_test_case *test)
{
    size_t first = cli->diags.count;
    int64_t began = mf_clock_cpu();
    bool ok = mf_test_case_run(test, &cli->graph, &cli->diags, session->cover);

    mf_test_report_case(&session->report, &cli->diags, first, test->name, test->at, ok,
                        mf_clock_cpu() - began);
}

/* ---- examples of nodes ---- */

/* Several files of tests may be about one flow, and a directory stands for the flows in it. */
static bool is_new_example(struct session *session, const char *name, struct mf_span at)
{
    const struct mf_source *source = mf_sources_get(session->flow->sources, at.file);
    char path[PATH_MAX] = "";
    const char *key;

    if (source && !realpath(source->path, path))
        path[0] = 0; /* not a file: standard input */
    key = mf_arena_printf(session->arena, "%s:%u %s", path, at.start, name);
    return !mf_map_add(&session->examples, key, session);
}

static bool wants_example(void *arg, const char *name, struct mf_span at)
{
    return is_wanted(arg, name) && is_new_example(arg, name, at);
}

static void example_done(void *arg, const char *name, struct mf_span at, size_t first, bool ok,
                         int64_t time)
{
    struct session *session = arg;

    mf_test_report_case(&session->report, &session->flow->diags, first, name, at, ok, time);
}

static void run_examples(struct session *session, struct mf_cli_flow *cli)
{
    struct mf_example_done done = {example_done, wants_example, session};

    session->flow = cli;
    mf_examples_run(&cli->flow, cli->graph, &cli->diags, &done);
}

/* ---- one file of tests ---- */

static void run_cases(struct session *session, struct mf_cli_flow *cli,
                      const struct mf_test_file *file)
{
    for (size_t i = 0; i < file->case_count && cli->graph; i++)
        if (!file->cases[i].failed && is_wanted(session, file->cases[i].name))
            run_case(session, cli, &file->cases[i]);
}

/* False after reporting. */
static bool read_file(struct mf_cli_flow *cli, struct mf_test_file *file, const char *path)
{
    struct mf_error err = {0};
    const struct mf_source *source;
    bool is_known;

    source = mf_sources_read(cli->sources, path, &is_known, &err);
    if (!source) {
        mf_diag(&cli->diags, MF_ERROR, 703, (struct mf_span){0}, "%s", err.text);
        return false;
    }
    if (!mf_test_file_head(file, source, cli->arena, cli->sources, &cli->diags))
        return false;
    merge_sets(cli, file);
    mf_flow_read(&cli->flow, file->paths, file->path_count, &cli->setup);
    cli->graph = mf_compile(&cli->flow);
    return cli->graph != NULL;
}

static void end_file(struct session *session, struct mf_cli_flow *cli)
{
    mf_test_report_end(&session->report);
    mf_cli_flow_done(cli);
    if (session->report.format == MF_TEST_TEXT) {
        session->could_write &= mf_cli_write(1, &session->report.out);
        mf_buf_clear(&session->report.out);
    }
}

static void report_faults(struct session *session, struct mf_cli_flow *cli)
{
    mf_diags_sort(&cli->diags);
    mf_test_report_faults(&session->report, &cli->diags, cli->diags.count);
}

static void run_file(struct session *session, const char *path)
{
    struct mf_test_file file;
    struct mf_cli_flow cli;

    mf_test_report_begin(&session->report, path);
    mf_cli_flow_init(&cli, session->args);
    if (read_file(&cli, &file, path)) {
        forget_warnings(&cli);
        mf_test_file_cases(&file, &cli.flow, cli.graph);
        report_faults(session, &cli);
        run_examples(session, &cli);
        run_cases(session, &cli, &file);
    } else {
        report_faults(session, &cli);
    }
    end_file(session, &cli);
}

/* A flow without a file of tests, for its examples. */
static void run_flow(struct session *session, const char *path)
{
    struct mf_cli_flow cli;

    mf_test_report_begin(&session->report, path);
    mf_cli_flow_init(&cli, session->args);
    mf_flow_read(&cli.flow, &path, 1, &cli.setup);
    cli.graph = mf_compile(&cli.flow);
    if (cli.graph) {
        forget_warnings(&cli);
        run_examples(session, &cli);
    } else {
        report_faults(session, &cli);
    }
    end_file(session, &cli);
}

/* ---- all ---- */

static void run_all(struct session *session, const struct mf_test_found *found)
{
    for (size_t i = 0; i < found->tests.count; i++)
        run_file(session, found->tests.entries[i].key);
    for (size_t i = 0; i < found->flows.count; i++)
        run_flow(session, found->flows.entries[i].key);
    mf_test_report_finish(&session->report, session->cover);
    session->could_write &= mf_cli_write(1, &session->report.out);
}

static void put_sum(const struct mf_test_report *report, int64_t ns)
{
    size_t tests = report->passed + report->failed;

    fprintf(stderr, "%zu file%s, %zu test%s: %zu passed, %zu failed", report->files,
            report->files == 1 ? "" : "s", tests, tests == 1 ? "" : "s", report->passed,
            report->failed);
    if (report->faults)
        fprintf(stderr, ", %zu error%s in the files", report->faults,
                report->faults == 1 ? "" : "s");
    fprintf(stderr, " (%.0f ms)\n", (double)ns / MF_MS);
}

/* A run that looked at nothing must not look like one where all is well. */
static bool has_run(const struct session *session)
{
    const struct mf_test_report *report = &session->report;

    if (report->passed + report->failed + report->faults)
        return true;
    if (session->only)
        fprintf(stderr, "moat-flow: no test is called `%s`\n", session->only);
    else
        fputs("moat-flow: there are no tests: no *.test.yaml file and no `examples:`\n", stderr);
    return false;
}

static void set_up_log(const struct mf_args *args)
{
    int level = MF_LOG_ERROR + args->talk - 1;

    if (level > MF_LOG_DEBUG)
        level = MF_LOG_DEBUG;
    mf_log_setup(level < MF_LOG_ERROR ? MF_LOG_ERROR : (enum mf_log_level)level, MF_LOG_TEXT,
                 mf_args_color(args, 2));
}

static int run(const struct mf_args *args)
{
    struct session session = {.args = args, .could_write = true, .arena = mf_arena_new()};
    struct mf_test_found found;
    struct mf_error err = {0};
    int64_t began = mf_clock_cpu();
    int rc = MF_EXIT_OK;

    session.report.format = (enum mf_test_format)mf_args_choice(args, "format", MF_TEST_TEXT);
    session.report.is_colored = mf_args_color(args, 1);
    session.report.is_verbose = args->talk > 0;
    session.only = mf_args_get(args, "only");
    session.cover = mf_args_has(args, "coverage") ? mf_test_cover_new() : NULL;
    set_up_log(args);
    if (mf_test_find(&found, args->operands, args->operand_count, &err) < 0) {
        fprintf(stderr, "moat-flow: %s\n", err.text);
        rc = MF_EXIT_WRONG;
    } else {
        run_all(&session, &found);
        rc = has_run(&session) && session.could_write && !session.report.failed &&
                     !session.report.faults
                 ? MF_EXIT_OK
                 : MF_EXIT_WRONG;
        if (args->talk >= 0)
            put_sum(&session.report, mf_clock_cpu() - began);
    }
    mf_test_found_done(&found);
    mf_map_done(&session.examples);
    mf_arena_free(session.arena);
    mf_test_cover_free(session.cover);
    mf_test_report_done(&session.report);
    return rc;
}

static const struct mf_flag flags[] = {
    {"only", 0, "GLOB", NULL, "Run the tests whose name, or whose file's path, is like this.",
     NULL},
    {"format", 'f', "FORMAT", mf_test_format_names,
     "How to print the results: for people, for programs, for build servers.", "text"},
    {"coverage", 0, NULL, NULL,
     "Also say which nodes, outputs and branches no test has made speak.", NULL},
    {0},
};

const struct mf_command mf_command_test = {
    .name = "test",
    .operands = "[PATH…]",
    .summary = "Run the tests of a flow on a virtual clock.",
    .examples =
        "moat-flow test                          # all below this directory\n"
        "moat-flow test meter.yaml               # meter.test.yaml and the flow's examples\n"
        "moat-flow test --only '*alarm*' -v      # some, and their names\n"
        "moat-flow test --coverage               # what is not tested\n"
        "moat-flow test --format junit > report.xml\n",
    .doc =
        "Runs every test of the *.test.yaml files and all `examples:` of flows. Each test has an\n"
        "engine of its own with a virtual clock: hours pass in microseconds, nothing is opened,\n"
        "no network is used, no thread is started. A failure shows the line of the\n"
        "expectation, what came, and the last five events of that node. Exit 1 when a test\n"
        "failed, a file has faults, or nothing was found to run.\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW,
    .run = run,
};
