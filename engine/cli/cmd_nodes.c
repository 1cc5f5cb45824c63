/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* nodes: the reference of all kinds, or of one. */

#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/flow_load.h"
#include "engine/cli/reference.h"

enum { FORMAT_TEXT, FORMAT_MD, FORMAT_JSON };
static const char *const formats[] = {"text", "md", "json", NULL};

static int unknown(const char *name)
{
    const char *needs = mf_registry_absent(name);
    struct mf_nearest nearest;

    if (needs)
        return mf_usage_error(&mf_command_nodes, "`%s` is not built in: it needs %s", name, needs);
    mf_nearest_init(&nearest, name);
    mf_registry_nearest(&nearest);
    for (const struct mf_link_kind *const *link = mf_registry()->links; *link; link++)
        mf_nearest_add(&nearest, (*link)->name);
    if (nearest.best)
        return mf_usage_error(&mf_command_nodes, "there is no kind `%s`; did you mean `%s`?", name,
                              nearest.best);
    return mf_usage_error(&mf_command_nodes, "there is no kind `%s`", name);
}

static int run(const struct mf_args *args)
{
    const char *name = args->operand_count ? args->operands[0] : NULL;
    struct mf_buf buf = {0};
    bool is_found = true, ok;

    switch (mf_args_choice(args, "format", FORMAT_TEXT)) {
    case FORMAT_JSON:
        is_found = mf_reference_json(name, &buf);
        break;
    case FORMAT_MD:
        if (name) {
            mf_buf_done(&buf);
            return mf_usage_error(args->command,
                                  "`--format md` makes the whole page; leave `%s` out", name);
        }
        mf_reference_markdown(&buf);
        break;
    default:
        if (name)
            is_found = mf_reference_kind(name, &buf);
        else
            mf_reference_list(&buf);
    }
    ok = !is_found || mf_cli_write(1, &buf);
    mf_buf_done(&buf);
    return is_found ? ok ? MF_EXIT_OK : MF_EXIT_WRONG : unknown(name);
}

static const struct mf_flag flags[] = {
    {"format", 'f', "FORMAT", formats, "For a terminal, as a Markdown page, or for programs.",
     "text"},
    {0},
};

const struct mf_command mf_command_nodes = {
    .name = "nodes",
    .operands = "[KIND]",
    .summary = "List the kinds of nodes, or explain one.",
    .examples = "moat-flow nodes                # all kinds\n"
                "moat-flow nodes deadband       # what it does, its options, an example\n"
                "moat-flow nodes mqtt           # a kind of link\n"
                "moat-flow nodes common         # options that every node understands\n"
                "moat-flow nodes actuator       # options that guard what is physical\n"
                "moat-flow nodes --format md    # the reference as one page\n",
    .flags = flags,
    .words = mf_words_kinds,
    .max_operands = 1,
    .run = run,
};
