/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The parts of `moat-flow modbus`. Each gets the operands behind its name and returns the exit
 * code. */

#include "engine/cli/args.h"

int mf_modbus_write_command(const struct mf_args *args, const char *place,
                            const char *const *operands, size_t count);
int mf_modbus_scan_command(const struct mf_args *args, const char *place,
                           const char *const *operands, size_t count);
int mf_modbus_serve_command(const struct mf_args *args, const char *place,
                            const char *const *operands, size_t count);
