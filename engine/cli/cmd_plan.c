/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* plan: what a reload would change. */

#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/reader.h"
#include "engine/control/history.h"
#include "engine/graph/plan.h"
#include "engine/value/codec.h"

#define PATIENCE (60 * MF_SEC) /* reading a large flow takes a while */

/* The generation that was accepted last, of which there is a copy. */
static int plan_from_disk(const struct mf_args *args, struct mf_value *ret)
{
    struct mf_history history = {0};
    struct mf_buf origin = {0}, faults = {0};
    struct mf_cli_reader reader;
    struct mf_error err = {0};
    int code = MF_EXIT_PEER;

    mf_cli_reader_init(&reader, args);
    if (reader.state_dir)
        mf_history_list(reader.state_dir, &history);
    if (!history.count) {
        fprintf(stderr,
                "moat-flow: no generation was kept in `%s` that the files could be "
                "compared with\n",
                reader.state_dir ? reader.state_dir : "--state");
    } else if (mf_history_load(reader.state_dir, history.items[0].number, &origin, &err) < 0) {
        fprintf(stderr, "moat-flow: %s\n", err.text);
    } else {
        fprintf(stderr, "compared with generation %llu, which was accepted last\n",
                (unsigned long long)history.items[0].number);
        *ret = mf_cli_reader_plan(&reader, mf_buf_text(&origin), &faults);
        code = ret->type == MF_NULL ? MF_EXIT_WRONG : MF_EXIT_OK;
        fputs(mf_buf_text(&faults), stderr);
    }
    mf_history_done(&history);
    mf_buf_done(&origin);
    mf_buf_done(&faults);
    mf_cli_reader_close(&reader);
    return code;
}

static int run(const struct mf_args *args)
{
    struct mf_buf text = {0};
    struct mf_value plan;
    struct mf_ask ask;
    int code;

    if (args->operand_count) {
        code = plan_from_disk(args, &plan);
    } else {
        mf_ask_begin(&ask, "plan");
        code = mf_ask(args, &ask, PATIENCE, &plan);
    }
    if (code != MF_EXIT_OK)
        return code;
    if (mf_args_has(args, "json")) {
        mf_json_write_pretty(&plan, &text);
        mf_buf_putc(&text, '\n');
    } else {
        mf_plan_print(&plan, &text);
    }
    if (!mf_cli_write(1, &text))
        code = MF_EXIT_WRONG;
    mf_buf_done(&text);
    mf_value_drop(plan);
    return code;
}

static const struct mf_flag flags[] = {
    {"json", 0, NULL, NULL, "Show it as one JSON object.", NULL},
    {0},
};

const struct mf_command mf_command_plan = {
    .name = "plan",
    .operands = "[PATH…]",
    .summary = "Show what a reload would change, and change nothing.",
    .examples = "moat-flow plan                          # the files of the running engine\n"
                "moat-flow plan /etc/moat-flow           # against what was accepted last\n"
                "moat-flow plan --json | jq .changed\n",
    .doc =
        "Without PATH the running engine reads its files anew and compares them with what runs.\n"
        "With PATH these files are compared with the generation that was accepted last, as it\n"
        "is kept in the state directory; no engine is asked.\n"
        "`~` changed, `+` new, `-` removed, `!` another kind under the same name. \"in place\" is\n"
        "the same node with other settings; one that is made anew keeps its state when its kind\n"
        "has any.\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW | MF_CMD_HAS_STATE | MF_CMD_ASKS_ENGINE,
    .run = run,
};
