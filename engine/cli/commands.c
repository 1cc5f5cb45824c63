/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The list of commands, in the order in which help shows them. */

#include "engine/cli/commands.h"

#include <string.h>

const struct mf_command *const mf_commands[] = {
    /* One a line, so that two who add one do not meet. */
    // clang-format off
    &mf_command_run,
    &mf_command_validate,
    &mf_command_test,
    &mf_command_simulate,
    &mf_command_status,
    &mf_command_tap,
    &mf_command_top,
    &mf_command_record,
    &mf_command_why,
    &mf_command_set,
    &mf_command_release,
    &mf_command_plan,
    &mf_command_reload,
    &mf_command_confirm,
    &mf_command_rollback,
    &mf_command_state,
    &mf_command_dlq,
    &mf_command_graph,
    &mf_command_nodes,
    &mf_command_explain,
    &mf_command_new,
    &mf_command_expand,
    &mf_command_schema,
    &mf_command_time,
#ifdef MF_WITH_MQTT
    &mf_command_mqtt,
#endif
    &mf_command_modbus,
    &mf_command_completion,
    &mf_command_help,
    &mf_command_version,
    // clang-format on
    NULL,
};

const struct mf_command *mf_command_find(const char *name)
{
    for (const struct mf_command *const *command = mf_commands; *command; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}
