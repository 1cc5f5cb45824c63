/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Help, made from the table of commands. */

#include <stdio.h>

#include "engine/cli/args.h"

void mf_help_overview(FILE *out, bool all); /* all: also commands people rarely need */
void mf_help_command(FILE *out, const struct mf_command *command);
/* Says on stderr that there is no such command, with the nearest name. Returns MF_EXIT_USAGE. */
int mf_unknown_command(const char *name);
