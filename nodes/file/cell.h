/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Cells as values and as times. */

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"
#include "engine/value/value.h"

/* What a cell means to a port of these types: a number where it reads as one, then true and false,
 * then text. An empty cell is null whatever the types. */
int mf_cell_value(const char *text, size_t len, uint32_t types, struct mf_value *ret,
                  struct mf_error *err);
/* ISO 8601 (UTC where no offset is given), or seconds since the epoch, exact to the nanosecond. */
bool mf_cell_time(const char *text, size_t len, int64_t *ret_wall);
/* The same for a member of a JSON object: a text, or a number of seconds. */
bool mf_cell_time_of_value(const struct mf_value *value, int64_t *ret_wall);
