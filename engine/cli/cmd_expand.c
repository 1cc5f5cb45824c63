/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* expand: the flow without sugar, includes, substitution and parts. */

#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/graph/expand.h"

static int run(const struct mf_args *args)
{
    struct mf_cli_flow cli;
    struct mf_buf out = {0};
    int rc = MF_EXIT_WRONG;

    mf_cli_flow_init(&cli, args);
    mf_cli_flow_compile(&cli, args);
    mf_cli_flow_report(&cli, args, 2);
    if (cli.graph) {
        mf_expand_print(&cli.flow, &out);
        rc = mf_cli_write(1, &out) ? MF_EXIT_OK : MF_EXIT_WRONG;
    }
    mf_buf_done(&out);
    mf_cli_flow_done(&cli);
    return rc;
}

static const struct mf_flag flags[] = {
    {"no-env", 0, NULL, NULL, "Secrets and environment variables may be missing here.", NULL},
    {0},
};

const struct mf_command mf_command_expand = {
    .name = "expand",
    .operands = "[PATH…]",
    .summary = "Print the flow without sugar, includes, variables and parts.",
    .examples = "moat-flow expand flow.yaml                    # what the engine really runs\n"
                "moat-flow expand flow.yaml --set site=barn    # with another value\n",
    .doc = "What is printed is a flow again, in one file, that means the same. Secrets stay\n"
           "`${secret:NAME}`.\n",
    .flags = flags,
    .max_operands = 1000,
    .traits = MF_CMD_READS_FLOW | MF_CMD_RARE,
    .run = run,
};
