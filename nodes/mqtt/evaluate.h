/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

#include "engine/base/error.h"
#include "engine/value/value.h"

/* The value of a text from the command line: JSON, or else an expression without names, as in
 * `expr:` (`3 * 4`, `'a' .. 'b'`, `20 kW`). The caller owns the value. */
int mf_mqtt_evaluate(const char *text, size_t len, struct mf_value *ret, struct mf_error *err);
