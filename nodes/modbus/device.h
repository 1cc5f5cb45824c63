/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What nodes want to read again and again: for themselves, and for the time that a serial line has.
 */

#include "nodes/modbus/link.h"
#include "nodes/modbus/options.h"

struct mf_modbus_device_config {
    const char *link;
    int64_t unit_id, every;
    const struct mf_profile *profile;
    struct mf_modbus_slots slots;
    struct mf_texts registers;
};

/* A register that is read again and again. */
struct mf_modbus_want {
    uint8_t unit;
    uint16_t most; /* registers in one request; 0: what the link allows */
    struct mf_modbus_cell cell;
    int64_t every; /* ns */
};

/* Calls `put` for each register that has an output, in order of the outputs. */
void mf_modbus_device_wants(const struct mf_modbus_device_config *config,
                            void (*put)(void *arg, unsigned out, const struct mf_modbus_want *want),
                            void *arg);
/* What a modbus.read wants. */
struct mf_modbus_want mf_modbus_read_want(const void *config);

/* Whether a serial line has the time for what its nodes want to read: budget.c. */
void mf_modbus_check_nodes(const void *config, const struct mf_def *const *nodes, size_t count,
                           struct mf_check *check);
