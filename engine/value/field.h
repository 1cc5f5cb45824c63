/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Looking into maps whose shape is known: what an engine answered, what a request asks. What is
 * absent, or of another type, is the fallback. */

#include "engine/value/value.h"

/* NULL if absent, or if `map` is no map. */
const struct mf_value *mf_field(const struct mf_value *map, const char *key);
int64_t mf_field_int(const struct mf_value *map, const char *key, int64_t fallback);
double mf_field_number(const struct mf_value *map, const char *key, double fallback);
bool mf_field_bool(const struct mf_value *map, const char *key, bool fallback);
/* For "%.*s"; "" if absent. Lives as long as the map. */
const char *mf_field_text(const struct mf_value *map, const char *key, int *ret_len);
/* Items of a list, 0 if absent. */
size_t mf_field_count(const struct mf_value *map, const char *key);
const struct mf_value *mf_field_at(const struct mf_value *map, const char *key, size_t i);
