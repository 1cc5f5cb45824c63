/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* schema: the JSON Schema of flow files, for editors. */

#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/graph/schema.h"

static int run(const struct mf_args *args)
{
    struct mf_buf buf = {0};
    bool ok;

    (void)args;
    mf_schema_print(&buf);
    ok = mf_cli_write(1, &buf);
    mf_buf_done(&buf);
    return ok ? MF_EXIT_OK : MF_EXIT_WRONG;
}

const struct mf_command mf_command_schema = {
    .name = "schema",
    .operands = "",
    .summary = "Print the JSON Schema of flow files, for editors.",
    .examples = "moat-flow schema > moat-flow.schema.json\n",
    .doc = "Put `# yaml-language-server: $schema=moat-flow.schema.json` into the first line of a\n"
           "flow, and editors with a YAML language server complete and check it while you type.\n",
    .run = run,
};
