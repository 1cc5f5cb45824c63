/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* state: what nodes with `keep` and `spool` have on disk. */

#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/stored.h"
#include "engine/value/field.h"

enum { TEXT_COLUMNS = 200 };

static void put_text(const struct mf_value *map, const char *key, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    mf_text_printable(buf, text, (size_t)len, TEXT_COLUMNS);
}

static void print_state(const struct mf_value *state, struct mf_buf *buf)
{
    put_text(state, "node", buf);
    mf_buf_puts(buf, " (");
    put_text(state, "kind", buf);
    mf_buf_printf(buf, " %lld): %lld bytes, ", (long long)mf_field_int(state, "version", 0),
                  (long long)mf_field_int(state, "bytes", 0));
    put_text(state, "time", buf);
    mf_buf_putc(buf, '\n');
}

static void print_spool(const struct mf_value *spool, struct mf_buf *buf)
{
    put_text(spool, "node", buf);
    mf_buf_puts(buf, " (");
    put_text(spool, "kind", buf);
    mf_buf_printf(buf, "): %lld messages in its spool, %lld bytes%s\n",
                  (long long)mf_field_int(spool, "letters", 0),
                  (long long)mf_field_int(spool, "bytes", 0),
                  mf_field_bool(spool, "has_node", false) ? "" : ", no sink is there");
}

static int print_list(struct mf_value take_result)
{
    struct mf_buf text = {0};
    bool ok;

    for (size_t i = 0; i < mf_field_count(&take_result, "state"); i++)
        print_state(mf_field_at(&take_result, "state", i), &text);
    for (size_t i = 0; i < mf_field_count(&take_result, "spools"); i++)
        print_spool(mf_field_at(&take_result, "spools", i), &text);
    ok = mf_cli_write(1, &text);
    mf_buf_done(&text);
    mf_value_drop(take_result);
    return ok ? MF_EXIT_OK : MF_EXIT_WRONG;
}

static int run(const struct mf_args *args)
{
    const char *action = args->operand_count ? args->operands[0] : "ls";
    const char *node = args->operand_count > 1 ? args->operands[1] : NULL;
    bool is_list = strcmp(action, "ls") == 0, is_export = strcmp(action, "export") == 0;
    bool is_clear = strcmp(action, "clear") == 0;
    struct mf_builder request;
    struct mf_value result;
    int rc;

    if (!is_list && !is_export && !is_clear && strcmp(action, "get") != 0)
        return mf_usage_error(args->command,
                              "say what to do: `state ls`, `get`, `clear` or `export`");
    if (is_list || is_export ? node != NULL : !node)
        return mf_usage_error(args->command,
                              node ? "`state %s` takes no node" : "say which: `state %s NODE`",
                              action);
    mf_build_start(&request);
    mf_build_take_field(&request, "action", mf_value_new_text(action));
    if (node)
        mf_build_take_field(&request, "node", mf_value_new_text(node));
    rc = mf_cli_stored(args, "state", &request, &result);
    if (rc != MF_EXIT_OK)
        return rc;
    if (!is_list || mf_args_has(args, "json"))
        return mf_cli_stored_json_take(result);
    return print_list(result);
}

static const char *const words[] = {"ls", "get", "clear", "export", NULL};

static const struct mf_flag flags[] = {
    {"json", 0, NULL, NULL, "Answer as JSON; only `ls` has another form.", NULL},
    {0},
};

const struct mf_command mf_command_state = {
    .name = "state",
    .operands = "ls|get|clear|export [NODE]",
    .summary = "Look at what is kept on disk, or forget it.",
    .examples = "moat-flow state ls                  # which nodes keep something, since when\n"
                "moat-flow state get energy          # what it remembers, as JSON\n"
                "moat-flow state clear old           # forget it, and a spool that has no sink\n"
                "moat-flow state export > state.json # all of it\n",
    .doc =
        "Asks the running engine. Without one it looks into the state directory. A running node\n"
        "goes on with what it has; it is kept again when it changes.\n",
    .flags = flags,
    .words = words,
    .max_operands = 2,
    .traits = MF_CMD_ASKS_ENGINE | MF_CMD_HAS_STATE,
    .run = run,
};
