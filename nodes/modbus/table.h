/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Table: the registers that a server has, by unit, area and address.
 *
 *   units:
 *     1:
 *       input:   {0: {from: power, type: float32, unit: W}}
 *       holding: {52: {type: int16, scale: 0.1, unit: A, name: limit}}
 *
 * A register takes its value from a node (`from`), from those who write it, from `value`, or from
 * several of these. No two overlap; the table is sorted, so that a run of addresses is a run of
 * registers.
 */

#include "engine/graph/kind.h"
#include "nodes/modbus/options.h"

enum {
    MF_MODBUS_TABLE = 2000,      /* registers of one server */
    MF_MODBUS_SERIAL_UNITS = 247 /* the highest number of a device on a serial line */
};

/* What is read where the value is not good. */
enum mf_modbus_stale { MF_MODBUS_STALE_EXCEPTION, MF_MODBUS_STALE_LAST, MF_MODBUS_STALE_VALUE };
struct mf_modbus_when_stale {
    enum mf_modbus_stale mode;
    struct mf_value value;
};
extern const struct mf_type mf_type_modbus_when_stale;

struct mf_modbus_served {
    struct mf_modbus_value_config value; /* `link` and `unit_id` are not used */
    struct mf_modbus_number number;
    uint8_t unit;
    struct mf_span at; /* of the address */
    struct mf_input_ref from;
    const char *name; /* of its port, and of its input */
    struct mf_unit physical;
    struct mf_value first; /* read before there is anything else */
    struct mf_modbus_when_stale when_stale;
    struct mf_range range;
    bool has_physical, has_first, has_when_stale, has_range;
    bool writable, has_writable;
    unsigned kept_at;      /* what clients wrote, among the table's kept_words */
    int out;               /* index of the output, -1: clients do not write it */
    uint16_t *first_words; /* of `first`, or NULL */
    uint16_t *stale_words; /* of `when_stale`, or NULL */
};

struct mf_modbus_table {
    struct mf_modbus_served **list; /* sorted */
    unsigned count;
    unsigned outs, kept_words;
    bool has_unit[UINT8_MAX + 1];
};
extern const struct mf_type mf_type_modbus_units; /* struct mf_modbus_table */

/* The first register that ends behind `address`; the others of the area follow. Index into the
 * list. */
unsigned mf_modbus_table_find(const struct mf_modbus_table *table, uint8_t unit,
                              enum mf_modbus_area area, unsigned address);
static inline bool mf_modbus_table_has(const struct mf_modbus_table *table, unsigned index,
                                       uint8_t unit, enum mf_modbus_area area)
{
    return index < table->count && table->list[index]->unit == unit &&
           table->list[index]->value.at.area == area;
}
