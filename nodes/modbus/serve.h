/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Serve: what a request gets as its answer, given a table of registers.
 *
 * All or nothing: a write is checked as a whole before the first value is taken, and what a
 * request reads is of one moment. Pure but for the two functions that know the values.
 */

#include "nodes/modbus/request.h"
#include "nodes/modbus/table.h"

struct mf_modbus_values {
    void *arg;
    /* The words of a register; false: there is no value that may be shown. */
    bool (*read)(void *arg, const struct mf_modbus_served *served, uint16_t *words);
    /* A value that a client has written, and that fits. The value is taken. */
    void (*write)(void *arg, const struct mf_modbus_served *served, struct mf_value take_value);
};

struct mf_modbus_serve_counts {
    uint64_t requests, exceptions, written; /* registers that were written */
};

struct mf_modbus_serve {
    const struct mf_modbus_table *table;
    bool fills_gaps; /* addresses without a register read as 0 */
    struct mf_modbus_values values;
    struct mf_modbus_serve_counts *counts;
};

/* Whether the value is within the register's `range`. */
bool mf_modbus_is_allowed(const struct mf_modbus_served *served, const struct mf_value *value);

/* The reply to a request to `unit`, which the table has; the length of the PDU. */
size_t mf_modbus_serve(const struct mf_modbus_serve *serve, uint8_t unit, const uint8_t *pdu,
                       size_t len, uint8_t *reply);
