/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* record: keeps what the sources of a running engine say, for replay. */

#include <stdio.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/cli/ask.h"
#include "engine/cli/commands.h"
#include "engine/cli/record_file.h"
#include "engine/value/field.h"

static bool take_line(void *arg, const struct mf_value *line)
{
    struct mf_record_out *out = arg;
    size_t len;
    const char *text;

    if (line->type != MF_TEXT)
        return true;
    text = mf_value_text(line, &len);
    return mf_record_out_line(out, text, len);
}

static bool read_size(const struct mf_args *args, int64_t *ret)
{
    const char *text = mf_args_get(args, "size");
    struct mf_error err = {0};

    *ret = MF_RECORD_SIZE;
    if (!text || mf_size_read(text, strlen(text), ret, &err) == 0)
        return true;
    mf_usage_error(args->command, "`--size`: %s", err.text);
    return false;
}

static int ask(const struct mf_args *args, struct mf_record_out *out, int64_t span)
{
    struct mf_ask question;
    struct mf_value result;
    int rc;

    mf_ask_begin(&question, "record");
    mf_ask_text(&question, "node", mf_args_get(args, "node"));
    if (span > 0)
        mf_ask_take(&question, "for", mf_value_int(span));
    question.line = take_line;
    question.arg = out;
    rc = mf_ask(args, &question, MF_NEVER, &result);
    if (rc == MF_EXIT_OK && args->talk >= 0 && result.type == MF_MAP)
        fprintf(stderr, "%lld messages\n", (long long)mf_field_int(&result, "lines", 0));
    if (rc == MF_EXIT_OK)
        mf_value_drop(result);
    return rc;
}

static int run(const struct mf_args *args)
{
    struct mf_record_out out;
    struct mf_error err = {0};
    int64_t span, size;
    int rc;

    if (args->operand_count != 1)
        return mf_usage_error(args->command, "`record` wants the file to write, or `-`");
    if (!mf_args_duration(args, "for", 0, &span) || !read_size(args, &size))
        return MF_EXIT_USAGE;
    mf_log_setup(MF_LOG_ERROR, MF_LOG_TEXT, mf_args_color(args, 2));
    if (mf_record_out_open(&out, args->operands[0], size, &err) < 0) {
        fprintf(stderr, "moat-flow: %s\n", err.text);
        return MF_EXIT_WRONG;
    }
    out.is_eager = true;
    rc = ask(args, &out, span);
    return mf_record_out_close(&out) ? rc : MF_EXIT_WRONG;
}

static const struct mf_flag flags[] = {
    {"for", 0, "TIME", NULL, "How long; else until Ctrl-C.", NULL},
    {"node", 0, "GLOB", NULL, "Only sources with such names.", NULL},
    {"size", 0, "SIZE", NULL, "Bytes after which the record ends.", "1 GiB"},
    {0},
};

const struct mf_command mf_command_record = {
    .name = "record",
    .operands = "FILE",
    .summary = "Record what the sources of a running engine say.",
    .examples =
        "moat-flow record day.jsonl --for 1d        # then: moat-flow run --replay day.jsonl\n"
        "moat-flow record - --node 'meter.*' | head  # look at it\n",
    .doc =
        "Writes JSON lines: what each source had said last, then each message with its time and\n"
        "quality, as docs/testing.md explains. Ctrl-C ends it; what has been written by then can\n"
        "be replayed. It never slows the flow: what this command cannot take in time is missing,\n"
        "and the next line says how much that was.\n",
    .flags = flags,
    .max_operands = 1,
    .traits = MF_CMD_ASKS_ENGINE,
    .run = run,
};
