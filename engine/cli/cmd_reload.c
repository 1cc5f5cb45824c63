/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* reload, confirm, rollback: a running engine takes another flow, keeps it, or goes back. */

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/value/field.h"

#define PATIENCE (60 * MF_SEC) /* reading a large flow takes a while */

static void put_text(const struct mf_value *map, const char *key, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    mf_text_printable(buf, text, (size_t)len, 400);
}

static bool is_fate(const struct mf_value *node, const char *fate)
{
    int len;
    const char *text = mf_field_text(node, "fate", &len);

    return mf_text_eq(text, (size_t)len, fate);
}

/* "  n  deadband  in place" */
static void put_node(const struct mf_value *node, struct mf_buf *buf)
{
    int64_t values = mf_field_int(node, "values", 0), messages = mf_field_int(node, "messages", 0);

    mf_buf_puts(buf, is_fate(node, "new") ? "  + " : is_fate(node, "removed") ? "  - " : "  ~ ");
    put_text(node, "node", buf);
    mf_buf_puts(buf, "  ");
    if (mf_field(node, "former_kind")) {
        put_text(node, "former_kind", buf);
        mf_buf_puts(buf, " → ");
    }
    put_text(node, "kind", buf);
    mf_buf_puts(buf, "  ");
    put_text(node, "fate", buf);
    if (values)
        mf_buf_printf(buf, ", %lld value%s gone", (long long)values, values == 1 ? "" : "s");
    if (messages)
        mf_buf_printf(buf, ", %lld message%s waited", (long long)messages,
                      messages == 1 ? "" : "s");
    mf_buf_putc(buf, '\n');
}

static void put_live(const struct mf_value *answer, struct mf_buf *buf)
{
    int64_t until = mf_field_int(answer, "confirm_until", 0);
    char time[MF_TIME_TEXT];

    mf_buf_printf(buf, "generation %lld active", (long long)mf_field_int(answer, "generation", 0));
    if (mf_field(answer, "held"))
        mf_buf_printf(buf, " (prepared %.0f ms, switched %.1f ms)",
                      mf_field_number(answer, "prepared", 0), mf_field_number(answer, "held", 0));
    if (until) {
        mf_time_print(until / MF_SEC * MF_SEC, time);
        mf_buf_printf(buf, "; reverts at %s unless `moat-flow confirm`", time);
    }
    mf_buf_putc(buf, '\n');
}

/* Asks, and shows what the engine says. */
static int show(const struct mf_args *args, struct mf_ask *ask)
{
    struct mf_buf text = {0};
    struct mf_value answer;
    int code = mf_ask(args, ask, PATIENCE, &answer);

    if (code != MF_EXIT_OK)
        return code;
    for (size_t i = 0; i < mf_field_count(&answer, "nodes"); i++)
        put_node(mf_field_at(&answer, "nodes", i), &text);
    if (mf_field(&answer, "kept"))
        mf_buf_printf(&text, "  = %lld nodes unchanged\n",
                      (long long)mf_field_int(&answer, "kept", 0));
    put_live(&answer, &text);
    if (!mf_cli_write(1, &text))
        code = MF_EXIT_WRONG;
    mf_buf_done(&text);
    mf_value_drop(answer);
    return code;
}

/* ---- reload ---- */

static int reload_run(const struct mf_args *args)
{
    struct mf_ask ask;
    int64_t confirm;

    if (!mf_args_duration(args, "confirm", 0, &confirm))
        return MF_EXIT_USAGE;
    mf_ask_begin(&ask, "reload");
    mf_ask_take(&ask, "confirm", mf_value_int(confirm));
    return show(args, &ask);
}

static const struct mf_flag reload_flags[] = {
    {"confirm", 0, "TIME", NULL,
     "Go back by itself unless `moat-flow confirm` comes within this time.", NULL},
    {0},
};

const struct mf_command mf_command_reload = {
    .name = "reload",
    .operands = "",
    .summary = "Make the running engine read its files and switch to them.",
    .examples = "moat-flow plan && moat-flow reload\n"
                "moat-flow reload --confirm 5min         # safe when you may lock yourself out\n"
                "moat-flow confirm                       # keep it\n"
                "moat-flow rollback                      # or go back\n",
    .doc = "The new flow is read and prepared beside the running one and takes over between two\n"
           "turns. When it has errors, or one of its new nodes cannot start, the former one goes\n"
           "on, the reason is said, and the exit code is 1. A node that was changed and fails\n"
           "within the grace time (`run --grace`) brings the former flow back as well.\n",
    .flags = reload_flags,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = reload_run,
};

/* ---- confirm, rollback ---- */

static int confirm_run(const struct mf_args *args)
{
    struct mf_ask ask;

    mf_ask_begin(&ask, "confirm");
    return show(args, &ask);
}

const struct mf_command mf_command_confirm = {
    .name = "confirm",
    .operands = "",
    .summary = "Keep a flow that was reloaded with --confirm.",
    .examples = "moat-flow reload --confirm 5min && check-the-house && moat-flow confirm\n",
    .traits = MF_CMD_ASKS_ENGINE,
    .run = confirm_run,
};

static int rollback_run(const struct mf_args *args)
{
    struct mf_ask ask;
    int64_t number = 0;

    if (args->operand_count &&
        (!mf_num_read_int(args->operands[0], strlen(args->operands[0]), &number) || number < 1))
        return mf_usage_error(args->command, "`%s` is no number of a generation",
                              args->operands[0]);
    mf_ask_begin(&ask, "rollback");
    if (number)
        mf_ask_take(&ask, "generation", mf_value_int(number));
    return show(args, &ask);
}

const struct mf_command mf_command_rollback = {
    .name = "rollback",
    .operands = "[GENERATION]",
    .summary = "Go back to a flow that was accepted before.",
    .examples = "moat-flow rollback                      # to the one before\n"
                "moat-flow rollback 17                   # to generation 17\n",
    .doc = "The last ten accepted generations are kept in the state directory, complete but for\n"
           "variables and secrets, which are looked up anew. The files stay as they are: the next\n"
           "reload takes them.\n",
    .max_operands = 1,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = rollback_run,
};
