/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* set and release: a person takes an actuator over, and gives it back. */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"

/* Asks, and prints what the engine says about it. */
static int ask_and_say(const struct mf_args *args, struct mf_ask *ask)
{
    const struct mf_value *text;
    struct mf_buf out = {0};
    struct mf_value result;
    int rc = mf_ask(args, ask, MF_ASK_TIMEOUT, &result);
    const char *bytes;
    size_t len;

    if (rc != MF_EXIT_OK)
        return rc;
    text = result.type == MF_MAP ? mf_value_get(&result, "text", 4) : NULL;
    if (text && text->type == MF_TEXT) {
        bytes = mf_value_text(text, &len);
        mf_buf_put(&out, bytes, len);
    }
    mf_value_drop(result);
    rc = mf_cli_write(1, &out) ? MF_EXIT_OK : MF_EXIT_WRONG;
    mf_buf_done(&out);
    return rc;
}

/* ---- set ---- */

static int set_run(const struct mf_args *args)
{
    struct mf_buf value = {0};
    struct mf_ask ask;
    int64_t time;
    int rc;

    if (args->operand_count < 2)
        return mf_usage_error(args->command, "`set` wants the name of a node and a value");
    if (!mf_args_duration(args, "for", 0, &time))
        return MF_EXIT_USAGE;
    /* `2 kW` need not be quoted. */
    for (size_t i = 1; i < args->operand_count; i++)
        mf_buf_printf(&value, "%s%s", i > 1 ? " " : "", args->operands[i]);
    mf_ask_begin(&ask, "set");
    mf_ask_text(&ask, "node", args->operands[0]);
    mf_ask_text(&ask, "value", mf_buf_text(&value));
    mf_ask_text(&ask, "for", mf_args_get(args, "for"));
    rc = ask_and_say(args, &ask);
    mf_buf_done(&value);
    return rc;
}

static const struct mf_flag set_flags[] = {
    {"for", 0, "TIME", NULL, "How long; then the flow has it again. Without it, until `release`.",
     NULL},
    {0},
};

const struct mf_command mf_command_set = {
    .name = "set",
    .operands = "NODE VALUE",
    .summary = "Hold an actuator of a running engine at a value.",
    .examples = "moat-flow set heater 2 kW --for 2h      # then the flow has it again\n"
                "moat-flow set pump on                  # until `moat-flow release pump`\n"
                "moat-flow set valve --for 10min -- -5  # a value that begins with a minus\n",
    .doc = "The value is read as the output takes it: in its unit, or another of the dimension.\n"
           "Limit and ramp of the node hold for it too, and what its `priority` puts before\n"
           "`manual` counts before it. It outlives a reload, and ends with the engine; `status`\n"
           "shows it. Only actuators can be set; so what other nodes say is always what they\n"
           "found out.\n",
    .flags = set_flags,
    .words = mf_words_nodes,
    .max_operands = 20,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = set_run,
};

/* ---- release ---- */

static int release_run(const struct mf_args *args)
{
    struct mf_ask ask;

    if (args->operand_count < 1)
        return mf_usage_error(args->command, "`release` wants the name of a node");
    mf_ask_begin(&ask, "release");
    mf_ask_text(&ask, "node", args->operands[0]);
    return ask_and_say(args, &ask);
}

const struct mf_command mf_command_release = {
    .name = "release",
    .operands = "NODE",
    .summary = "Give an actuator that was set back to the flow.",
    .examples = "moat-flow release heater\n",
    .doc = "The way back has no bump: the ramp of the node begins where the output is.\n",
    .words = mf_words_nodes,
    .max_operands = 1,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = release_run,
};
