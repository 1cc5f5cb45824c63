/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* help and version; also what `moat-flow` alone and `COMMAND --help` print. */

#include "engine/cli/help.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/cli/commands.h"

enum { FLAG_COLUMN = 26 };

void mf_help_overview(FILE *out, bool all)
{
    fputs("moat-flow runs the physical things of a house, a workshop or a solar plant:\n"
          "a graph of nodes, written in YAML.\n\n"
          "  moat-flow new flow > flow.yaml     start with a small flow\n"
          "  moat-flow validate flow.yaml       is it right?\n"
          "  moat-flow run flow.yaml            run it\n\n"
          "Commands:\n",
          out);
    for (const struct mf_command *const *command = mf_commands; *command; command++)
        if (all || !((*command)->traits & MF_CMD_RARE))
            fprintf(out, "  %-12s %s\n", (*command)->name, (*command)->summary);
    fputs("\n`moat-flow help COMMAND` begins with examples; `moat-flow nodes` lists the kinds of "
          "nodes.\n",
          out);
}

static void put_flags(FILE *out, const struct mf_flag *flags)
{
    for (; flags->name; flags++) {
        char left[80];
        int width = snprintf(left, sizeof left, "%s%c%s--%s%s%s", flags->letter ? "-" : " ",
                             flags->letter ? flags->letter : ' ', flags->letter ? ", " : "  ",
                             flags->name, flags->arg ? " " : "", flags->arg ? flags->arg : "");

        fprintf(out, "  %s", left);
        if (width >= FLAG_COLUMN)
            fprintf(out, "\n%*s", FLAG_COLUMN + 2, "");
        else
            fprintf(out, "%*s", FLAG_COLUMN - width, "");
        fputs(flags->summary, out);
        if (flags->choices) {
            fputs(" One of", out);
            for (const char *const *choice = flags->choices; *choice; choice++)
                fprintf(out, " %s%s", *choice, choice[1] ? "," : "");
            fputc('.', out);
        }
        if (flags->fallback)
            fprintf(out, " Default %s.", flags->fallback);
        fputc('\n', out);
    }
}

void mf_help_command(FILE *out, const struct mf_command *command)
{
    const struct mf_flag *tables[MF_FLAG_TABLES];
    const char *line = command->examples;

    fprintf(out, "%s\n\n", command->summary);
    while (line && *line) {
        size_t len = strcspn(line, "\n");

        fprintf(out, "  %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    fprintf(out, "%sUsage: moat-flow %s [OPTION…]%s%s\n", command->examples ? "\n" : "",
            command->name, *command->operands ? " " : "", command->operands);
    if (command->doc)
        fprintf(out, "\n%s", command->doc);
    fputs("\nOptions:\n", out);
    mf_flag_tables(command, tables);
    for (size_t i = 0; tables[i]; i++)
        put_flags(out, tables[i]);
}

int mf_unknown_command(const char *name)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (const struct mf_command *const *command = mf_commands; *command; command++)
        mf_nearest_add(&nearest, (*command)->name);
    if (nearest.best)
        return mf_usage_error(NULL, "there is no command `%s`; did you mean `%s`?", name,
                              nearest.best);
    return mf_usage_error(NULL, "there is no command `%s`", name);
}

static int run_help(const struct mf_args *args)
{
    const struct mf_command *command;

    if (args->operand_count == 0) {
        mf_help_overview(stdout, true);
        fputs("\nExit codes: 0 done, 1 what was checked is wrong, 2 wrong command line, 3 warnings "
              "with\n--deny-warnings, 4 the surroundings are not right (--env), 5 nobody to talk "
              "to, 6 time\nlimit, 70 a bug in moat-flow, 78 `run` refuses to start because of the "
              "flow.\n",
              stdout);
        return MF_EXIT_OK;
    }
    command = mf_command_find(args->operands[0]);
    if (!command)
        return mf_unknown_command(args->operands[0]);
    mf_help_command(stdout, command);
    return MF_EXIT_OK;
}

const struct mf_command mf_command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "Show help for a command.",
    .examples = "moat-flow help run    # examples first, then all options\n",
    .words = mf_words_commands,
    .max_operands = 1,
    .run = run_help,
};

static int run_version(const struct mf_args *args)
{
    (void)args;
    puts("moat-flow " MF_VERSION);
    return MF_EXIT_OK;
}

const struct mf_command mf_command_version = {
    .name = "version",
    .operands = "",
    .summary = "Print the version.",
    .traits = MF_CMD_RARE,
    .run = run_version,
};
