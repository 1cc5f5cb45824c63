/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* simulate: a flow on the virtual clock, with its simulated sources. */

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/base/tz.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/playback.h"
#include "engine/cli/test_file.h"

enum { YEARS_MOST = 100 };

static bool is_simulated(const struct mf_kind *kind)
{
    return mf_text_starts(kind->name, "sim.");
}

static bool is_simulated_or_file(const struct mf_kind *kind)
{
    return is_simulated(kind) || mf_text_starts(kind->name, "file.");
}

/* `1y` is 365 days: a duration has no years, because they are not all as long. */
static bool read_span(const struct mf_args *args, int64_t *ret)
{
    const char *text = mf_args_get(args, "for");
    size_t len = text ? strlen(text) : 0;
    int64_t years;

    if (len > 1 && text[len - 1] == 'y' && mf_num_read_int(text, len - 1, &years) && years > 0 &&
        years <= YEARS_MOST) {
        *ret = years * 365 * MF_DAY;
        return true;
    }
    return mf_args_duration(args, "for", MF_DAY, ret);
}

static bool read_start(const struct mf_args *args, int64_t *ret)
{
    const char *text = mf_args_get(args, "start"), *help;
    const struct mf_zone *zone;
    struct mf_error err = {0};

    if (mf_start_read(text ? text : MF_TEST_START, ret, &zone, &help, &err) < 0) {
        mf_usage_error(args->command, "`--start %s`: %s; %s", text, err.text, help);
        return false;
    }
    mf_zone_set_local(zone);
    return true;
}

static int simulate(const struct mf_args *args, struct mf_graph *graph, int64_t start, int64_t span)
{
    bool with_files = mf_args_has(args, "files");
    struct mf_playback playback = {0};
    int rc = mf_playback_begin(&playback, args, graph, start,
                               with_files ? is_simulated_or_file : is_simulated);
    int end;

    if (rc == MF_EXIT_OK)
        mf_playback_until(&playback, span);
    end = mf_playback_end(&playback);
    return rc ? rc : end;
}

static int run(const struct mf_args *args)
{
    struct mf_cli_flow cli;
    struct mf_graph *graph;
    int64_t start, span;

    if (!read_span(args, &span) || !read_start(args, &start))
        return MF_EXIT_USAGE;
    mf_log_setup(args->talk > 0 ? MF_LOG_INFO : MF_LOG_WARNING, MF_LOG_TEXT,
                 mf_args_color(args, 2));
    mf_cli_flow_init(&cli, args);
    mf_cli_flow_compile(&cli, args);
    mf_cli_flow_report(&cli, args, 2);
    graph = mf_cli_flow_take(&cli);
    mf_cli_flow_done(&cli);
    return graph ? simulate(args, graph, start, span) : MF_EXIT_FLOW;
}

static const struct mf_flag flags[] = {
    {"for", 0, "TIME", NULL, "How long, in the time of the flow: 2h, 30d, 1y.", "1d"},
    {"start", 0, "TIME", NULL, "When it begins: `2026-03-29 01:55 Europe/Berlin`.",
     "2026-01-01 00:00 UTC"},
    MF_PLAYBACK_FLAGS,
    {"record", 0, "FILE", NULL, "Keep what the sources say, for `run --replay`.", NULL},
    {0},
};

const struct mf_command mf_command_simulate = {
    .name = "simulate",
    .operands = "[PATH…]",
    .summary = "Run a flow on a virtual clock, with its simulated sources.",
    .examples =
        "moat-flow simulate examples/home --for 1y --show bought | tail -n 1\n"
        "moat-flow simulate --for 1d --speed 3600x flow.yaml    # an hour a second\n"
        "moat-flow simulate --for 30d --files -q flow.yaml      # only the files it writes\n",
    .doc = "`run`, but time goes as fast as it can: `sim.*` sources and kinds of time work, all\n"
           "other sources are silent, links are not opened and nothing is written. What nodes\n"
           "without outputs are given is printed, a JSON line for each message; `--files` lets\n"
           "file.read and file.write do their work. Two runs print the same, to the byte.\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW,
    .run = run,
};
