/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* dlq: dead letters, of a running engine or of the files of one that does not run. */

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/stored.h"
#include "engine/value/field.h"

enum { VALUE_COLUMNS = 40, REASON_COLUMNS = 200 };

static void put_text(const struct mf_value *map, const char *key, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    mf_text_printable(buf, text, (size_t)len, REASON_COLUMNS);
}

static void print_letter(const struct mf_value *letter, struct mf_buf *buf)
{
    const struct mf_value *value = mf_field(letter, "value");
    struct mf_buf text = {.limit = 16 * 1024};

    mf_buf_printf(buf, "%lld  ", (long long)mf_field_int(letter, "number", 0));
    put_text(letter, "time", buf);
    mf_buf_puts(buf, "  ");
    put_text(letter, "node", buf);
    mf_buf_puts(buf, "  ");
    if (value)
        mf_value_print(value, &text);
    mf_text_printable(buf, mf_buf_text(&text), text.len, VALUE_COLUMNS);
    mf_buf_done(&text);
    mf_buf_puts(buf, "  ");
    put_text(letter, "reason", buf);
    mf_buf_putc(buf, '\n');
}

static int print_list(struct mf_value take_result)
{
    struct mf_buf text = {0};
    bool ok;

    for (size_t i = 0; i < mf_field_count(&take_result, "letters"); i++)
        print_letter(mf_field_at(&take_result, "letters", i), &text);
    if (mf_field_int(&take_result, "dropped", 0))
        mf_buf_printf(&text, "%lld older ones had to leave\n",
                      (long long)mf_field_int(&take_result, "dropped", 0));
    ok = mf_cli_write(1, &text);
    mf_buf_done(&text);
    mf_value_drop(take_result);
    return ok ? MF_EXIT_OK : MF_EXIT_WRONG;
}

static int print_count(struct mf_value take_result, const char *action)
{
    struct mf_buf text = {0};
    bool ok;

    mf_buf_printf(&text, "%lld %s, %lld left\n", (long long)mf_field_int(&take_result, "count", 0),
                  strcmp(action, "retry") == 0 ? "sent again" : "dropped",
                  (long long)mf_field_int(&take_result, "left", 0));
    ok = mf_cli_write(1, &text);
    mf_buf_done(&text);
    mf_value_drop(take_result);
    return ok ? MF_EXIT_OK : MF_EXIT_WRONG;
}

/* Which letters: a number, `all`, or those of a node. */
static bool read_which(const struct mf_args *args, struct mf_builder *request)
{
    const char *text = args->operand_count > 1 ? args->operands[1] : NULL;
    const char *node = mf_args_get(args, "node");
    int64_t number;

    if (node)
        mf_build_take_field(request, "node", mf_value_new_text(node));
    if (!text || strcmp(text, "all") == 0)
        return true;
    if (!mf_num_read_int(text, strlen(text), &number) || number < 0)
        return false;
    mf_build_take_field(request, "number", mf_value_int(number));
    return true;
}

static int run(const struct mf_args *args)
{
    const char *action = args->operand_count ? args->operands[0] : "ls";
    bool is_list = strcmp(action, "ls") == 0, is_show = strcmp(action, "show") == 0;
    bool is_change = strcmp(action, "retry") == 0 || strcmp(action, "drop") == 0;
    struct mf_builder request;
    struct mf_value result;
    int rc;

    if (!is_list && !is_show && !is_change)
        return mf_usage_error(args->command, "say what to do: `dlq ls`, `show`, `retry` or `drop`");
    if ((is_show || is_change) && args->operand_count < 2 && !mf_args_has(args, "node"))
        return mf_usage_error(args->command, "say which: `dlq %s %s`", action,
                              is_show ? "NUMBER" : "NUMBER`, `all` or `--node NODE");
    mf_build_start(&request);
    mf_build_take_field(&request, "action", mf_value_new_text(action));
    if (!read_which(args, &request)) {
        mf_build_drop(&request);
        return mf_usage_error(args->command, "`%s` is not the number of a letter",
                              args->operands[1]);
    }
    rc = mf_cli_stored(args, "dlq", &request, &result);
    if (rc != MF_EXIT_OK)
        return rc;
    if (is_show || mf_args_has(args, "json"))
        return mf_cli_stored_json_take(result);
    return is_list ? print_list(result) : print_count(result, action);
}

static const char *const words[] = {"ls", "show", "retry", "drop", NULL};

static const struct mf_flag flags[] = {
    {"node", 0, "NODE", NULL, "Only letters of this sink.", NULL},
    {"json", 0, NULL, NULL, "Answer as JSON.", NULL},
    {0},
};

const struct mf_command mf_command_dlq = {
    .name = "dlq",
    .operands = "ls|show|retry|drop [NUMBER|all]",
    .summary = "Look at what the other side refused; send it again, or drop it.",
    .examples = "moat-flow dlq ls                   # what was refused, when and why\n"
                "moat-flow dlq show 17              # one of them, whole, as JSON\n"
                "moat-flow dlq retry --node out     # all of a sink, once it is set right\n"
                "moat-flow dlq drop all             # nobody wants them\n",
    .doc = "Asks the running engine. Without one it looks into the state directory, where letters\n"
           "can be shown and dropped, but not sent.\n",
    .flags = flags,
    .words = words,
    .max_operands = 2,
    .traits = MF_CMD_ASKS_ENGINE | MF_CMD_HAS_STATE,
    .run = run,
};
