/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* status: what a running engine knows of itself. */

#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"

static int run(const struct mf_args *args)
{
    const struct mf_value *text;
    struct mf_value result;
    struct mf_ask ask;
    int rc;

    mf_ask_begin(&ask, "status");
    rc = mf_ask(args, &ask, MF_ASK_TIMEOUT, &result);
    if (rc != MF_EXIT_OK)
        return rc;
    text = result.type == MF_MAP ? mf_value_get(&result, "text", 4) : NULL;
    if (text && text->type == MF_TEXT) {
        size_t len;
        const char *bytes = mf_value_text(text, &len);

        fwrite(bytes, 1, len, stdout);
    }
    mf_value_drop(result);
    return MF_EXIT_OK;
}

const struct mf_command mf_command_status = {
    .name = "status",
    .operands = "",
    .summary = "Show what a running engine knows of itself.",
    .examples = "moat-flow status\n"
                "moat-flow status --socket /run/moat-flow/control\n",
    .traits = MF_CMD_ASKS_ENGINE,
    .run = run,
};
