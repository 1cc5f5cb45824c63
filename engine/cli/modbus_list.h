/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* A list of registers that is read, once or again and again, and printed: `modbus read` and
 * `modbus poll`. */

#include "engine/cli/modbus_session.h"
#include "engine/cli/modbus_spec.h"
#include "engine/value/unit.h"

struct mf_modbus_row {
    const char *name;
    const struct mf_unit *unit; /* NULL: none */
    uint16_t count;             /* registers to be read at `address` */
    uint16_t address;
    enum mf_modbus_area area;
    /* What the words say. The caller owns the value; negative with a sentence: nothing. */
    int (*decode)(const struct mf_modbus_row *row, const uint16_t *words, struct mf_value *ret,
                  struct mf_error *err);
    const void *what; /* decode()'s */

    /* the list's */
    struct mf_modbus_wish wish;
    struct mf_value value;
    const char *reason; /* why there is no value; NULL: there is one */
    char text[96];      /* of a reason that is not constant */
};

struct mf_modbus_list {
    struct mf_modbus_row *rows;
    size_t count;
    const char *place;
    int64_t unit, every, rounds; /* every 0: once; rounds 0: without end */
    unsigned max_registers;      /* in one request; 0: what the standard allows */
};

/* Options of commands with a list: --unit, --every, --count, --json. */
#define MF_MODBUS_LIST_FLAGS                                                                       \
    {"unit", 'u', "N", NULL, "Number of the device.", "1"},                                        \
        {"every", 'e', "TIME", NULL, "Read again and again.", NULL},                               \
        {"count", 'n', "N", NULL, "End after so many rounds.", "1; with --every without end"},     \
    {                                                                                              \
        "json", 'j', NULL, NULL, "A JSON object for each value.", NULL                             \
    }

/* Reads unit, every and rounds; false after saying what is wrong. */
bool mf_modbus_list_options(const struct mf_args *args, struct mf_modbus_list *list);
/* Reads and prints. Returns the exit code: that of the last round. */
int mf_modbus_list_run(const struct mf_args *args, struct mf_modbus_list *list);

/* A number of an option from `min` to `max`; false after saying what is wrong. */
bool mf_modbus_number_option(const struct mf_args *args, const char *name, int64_t min, int64_t max,
                             int64_t *ret);
