/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* status: what a running engine knows of itself. */

#include "engine/base/clock.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/run/overview.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"

static int run(const struct mf_args *args)
{
    struct mf_buf text = {0};
    struct mf_value status;
    struct mf_ask ask;
    int rc;

    mf_ask_begin(&ask, "status");
    rc = mf_ask(args, &ask, MF_ASK_TIMEOUT, &status);
    if (rc != MF_EXIT_OK)
        return rc;
    if (mf_args_has(args, "json")) {
        mf_json_write_pretty(&status, &text);
        mf_buf_putc(&text, '\n');
    } else {
        mf_overview_print(&status, mf_args_has(args, "all"), &text);
    }
    if (mf_args_has(args, "check") && !mf_field_bool(mf_field(&status, "health"), "healthy", false))
        rc = MF_EXIT_WRONG;
    if (!mf_cli_write(1, &text))
        rc = MF_EXIT_WRONG;
    mf_buf_done(&text);
    mf_value_drop(status);
    return rc;
}

static const struct mf_flag flags[] = {
    {"all", 'a', NULL, NULL, "Show all nodes, not only those that want a look.", NULL},
    {"json", 0, NULL, NULL, "Show everything, as one JSON object.", NULL},
    {"check", 0, NULL, NULL, "Exit 1 when the engine is not healthy.", NULL},
    {0},
};

const struct mf_command mf_command_status = {
    .name = "status",
    .operands = "",
    .summary = "Show what a running engine knows of itself.",
    .examples = "moat-flow status                                # is all well, and what is not\n"
                "moat-flow status --all                          # a line for each node\n"
                "moat-flow status --check -q || page-somebody    # for scripts\n"
                "moat-flow status --socket /run/moat-flow/control\n",
    .doc =
        "Shows the health with reasons, the links, guarded outputs, and nodes that failed, whose\n"
        "value is not good, or whose queue holds or has lost something.\n",
    .flags = flags,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = run,
};
