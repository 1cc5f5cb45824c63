/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* tap: prints what nodes of a running engine say. */

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"

enum { VALUE_COLUMNS = 400 };

struct printer {
    bool as_json;
    bool has_failed; /* nobody reads any more */
    struct mf_buf line;
};

static void put_field(const struct mf_value *map, const char *key, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    mf_text_printable(buf, text, (size_t)len, VALUE_COLUMNS);
}

static bool is_text(const struct mf_value *map, const char *key, const char *wanted)
{
    int len;
    const char *text = mf_field_text(map, key, &len);

    return mf_text_eq(text, (size_t)len, wanted);
}

/* 2026-11-25T08:00:00.25Z  meter.power = 3.2 kW */
static void put_text(const struct mf_value *line, struct mf_buf *buf)
{
    const struct mf_value *value = mf_field(line, "value");
    struct mf_buf text = {.limit = 16 * 1024};

    put_field(line, "time", buf);
    mf_buf_puts(buf, "  ");
    put_field(line, "node", buf);
    if (!is_text(line, "output", "out")) {
        mf_buf_putc(buf, '.');
        put_field(line, "output", buf);
    }
    mf_buf_puts(buf, " = ");
    if (value)
        mf_value_print(value, &text);
    mf_text_printable(buf, mf_buf_text(&text), text.len, VALUE_COLUMNS);
    mf_buf_done(&text);
    mf_buf_puts(buf, is_text(line, "unit", "") ? "" : " ");
    put_field(line, "unit", buf);
    if (!is_text(line, "quality", "good")) {
        mf_buf_puts(buf, " (");
        put_field(line, "quality", buf);
        mf_buf_puts(buf, is_text(line, "reason", "") ? "" : ", ");
        put_field(line, "reason", buf);
        mf_buf_putc(buf, ')');
    }
}

static bool print_line(void *arg, const struct mf_value *line)
{
    struct printer *printer = arg;

    mf_buf_clear(&printer->line);
    if (printer->as_json)
        mf_json_write(line, &printer->line);
    else
        put_text(line, &printer->line);
    mf_buf_putc(&printer->line, '\n');
    printer->has_failed = !mf_cli_write(1, &printer->line);
    return !printer->has_failed;
}

/* False after saying what is wrong. */
static bool read_count(const struct mf_args *args, struct mf_ask *ask)
{
    const char *text = mf_args_get(args, "count");
    int64_t count;

    if (!text)
        return true;
    if (!mf_num_read_int(text, strlen(text), &count) || count < 1) {
        mf_usage_error(args->command, "`--count` wants a number of lines, at least 1");
        return false;
    }
    mf_ask_take(ask, "count", mf_value_int(count));
    return true;
}

static void fill(const struct mf_args *args, struct mf_ask *ask)
{
    struct mf_builder names;

    mf_build_start(&names);
    for (size_t i = 0; i < args->operand_count; i++)
        mf_build_take_item(&names, mf_value_new_text(args->operands[i]));
    mf_ask_take(ask, "nodes", mf_build_end_list(&names));
    mf_ask_take(ask, "now", mf_value_bool(mf_args_has(args, "now")));
    mf_ask_take(ask, "changes", mf_value_bool(mf_args_has(args, "changes")));
    mf_ask_text(ask, "where", mf_args_get(args, "where"));
    mf_ask_text(ask, "expect", mf_args_get(args, "expect"));
}

static int run(const struct mf_args *args)
{
    struct printer printer = {.as_json = mf_args_has(args, "json")};
    struct mf_value result = mf_value_null();
    struct mf_ask ask;
    int rc = MF_EXIT_USAGE;

    if (args->operand_count == 0)
        return mf_usage_error(args->command, "say which nodes: `tap NODE…`, or `tap '*'` for all");
    mf_ask_begin(&ask, "tap");
    ask.line = print_line;
    ask.arg = &printer;
    fill(args, &ask);
    if (read_count(args, &ask) && mf_args_duration(args, "for", MF_NEVER, &ask.lasts))
        rc = mf_ask(args, &ask, MF_NEVER, &result);
    else
        mf_build_drop(&ask.request);
    mf_value_drop(result);
    mf_buf_done(&printer.line);
    return rc == MF_EXIT_OK && printer.has_failed ? MF_EXIT_WRONG : rc;
}

static const struct mf_flag flags[] = {
    {"now", 0, NULL, NULL, "Begin with the last value of each.", NULL},
    {"changes", 0, NULL, NULL, "Only what differs from the message before.", NULL},
    {"where", 0, "EXPR", NULL, "Only messages for which this is true; `value` is the message.",
     NULL},
    {"expect", 0, "EXPR", NULL,
     "End with 0 as soon as this is true; with --timeout, with 6 if that takes too long.", NULL},
    {"count", 'n', "N", NULL, "End after N lines.", NULL},
    {"for", 0, "TIME", NULL, "End after this time, with 0.", NULL},
    {"json", 0, NULL, NULL, "A JSON object per line.", NULL},
    {0},
};

const struct mf_command mf_command_tap = {
    .name = "tap",
    .operands = "NODE…",
    .summary = "Show what nodes of a running engine say, while they say it.",
    .examples = "moat-flow tap power                                   # until Ctrl-C\n"
                "moat-flow tap 'meter.*' --now --changes               # several outputs\n"
                "moat-flow tap power --where 'value > 3 kW' --json -n 10\n"
                "moat-flow tap door --expect 'value == true' --timeout 30s\n",
    .doc = "NODE is the name of a node or of one of its outputs; `*` stands for any run of\n"
           "characters, `?` for one. In conditions `value` is the message, with the unit of its\n"
           "output; --expect also looks at the last values.\n"
           "\n"
           "A tap never slows the flow: what it cannot print in time is dropped, and it says how\n"
           "much that was.\n",
    .flags = flags,
    .words = mf_words_nodes,
    .max_operands = 64,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = run,
};
