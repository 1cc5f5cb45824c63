/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* All commands; the list in the order of help is mf_commands[] in commands.c. */

#include "engine/cli/args.h"

/* Values of mf_command.words that stand for lists made at run time. */
extern const char *const mf_words_kinds[];
extern const char *const mf_words_codes[];
extern const char *const mf_words_commands[];
extern const char *const mf_words_nodes[];    /* of the running engine */
extern const char *const mf_words_starters[]; /* has words of its own, too */

extern const struct mf_command mf_command_validate;
extern const struct mf_command mf_command_run;
extern const struct mf_command mf_command_test;
extern const struct mf_command mf_command_simulate;
extern const struct mf_command mf_command_record;
extern const struct mf_command mf_command_graph;
extern const struct mf_command mf_command_plan;
extern const struct mf_command mf_command_reload;
extern const struct mf_command mf_command_confirm;
extern const struct mf_command mf_command_rollback;
extern const struct mf_command mf_command_expand;
extern const struct mf_command mf_command_nodes;
extern const struct mf_command mf_command_explain;
extern const struct mf_command mf_command_new;
extern const struct mf_command mf_command_schema;
extern const struct mf_command mf_command_status;
extern const struct mf_command mf_command_set;
extern const struct mf_command mf_command_release;
extern const struct mf_command mf_command_tap;
extern const struct mf_command mf_command_top;
extern const struct mf_command mf_command_why;
extern const struct mf_command mf_command_state;
extern const struct mf_command mf_command_dlq;
extern const struct mf_command mf_command_time;
extern const struct mf_command mf_command_modbus;
extern const struct mf_command mf_command_mqtt;
extern const struct mf_command mf_command_completion;
extern const struct mf_command mf_command_help;
extern const struct mf_command mf_command_version;
