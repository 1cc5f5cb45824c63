/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The program: finds the command, reads its arguments, runs it. */

#include <stdio.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/cli/commands.h"
#include "engine/cli/help.h"
#include "engine/run/loop_uv.h"
#include "nodes/kinds.h"

/* -q: errors, nothing: notices, -v: info, -vv: debug. */
static void set_up_log(const struct mf_args *args)
{
    int level = MF_LOG_NOTICE + args->talk;

    if (args->talk < 0)
        level = MF_LOG_ERROR;
    if (level > MF_LOG_DEBUG)
        level = MF_LOG_DEBUG;
    mf_log_setup((enum mf_log_level)level, MF_LOG_AUTO, mf_args_color(args, 2));
}

static int run_command(const struct mf_command *command, int argc, char **argv)
{
    struct mf_args args;
    int rc = mf_args_read(&args, command, argc, argv);

    if (rc == 0) {
        set_up_log(&args);
        rc = command->run(&args);
        if (fflush(stdout) != 0 && rc == 0)
            rc = MF_EXIT_WRONG;
    } else if (rc < 0) {
        mf_help_command(stdout, command);
        rc = MF_EXIT_OK;
    }
    mf_args_done(&args);
    return rc;
}

int main(int argc, char **argv)
{
    const struct mf_command *command;
    const char *word = argc > 1 ? argv[1] : NULL;

    /* Somebody may ask to end or reload while things are half set up: that waits until the loop
     * listens. */
    if (word && strcmp(word, "run") == 0)
        mf_loop_block_signals();
    mf_registry_set(mf_kinds());
    if (!word) {
        mf_help_overview(stdout, false);
        return MF_EXIT_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    else if (word[0] == '-')
        return mf_usage_error(NULL, "a command is wanted first, `%s` came", word);
    command = mf_command_find(word);
    if (!command)
        return mf_unknown_command(word);
    return run_command(command, argc - 1, argv + 1);
}
