/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Names of series: `metric tag=value tag=value`, which may hold {port} and {node}.
 *
 * The database wants at least one tag, sorts the tags by name, and takes at most
 * 1023 bytes; a blank in a tag's value has a backslash in front.
 */

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/config/type.h"
#include "engine/graph/kind.h"

enum { MF_AKUMULI_SERIES = 1023, MF_AKUMULI_TAGS = 32 };

/* Checks a name; 0, or negative with a sentence. */
int mf_akumuli_check_series(const char *text, struct mf_error *err);
/* Fills the placeholders, sorts the tags. The result is checked again: a port's name could break
 * it. */
int mf_akumuli_fill(const char *pattern, const char *port, const char *node, struct mf_buf *buf,
                    struct mf_error *err);

/* Option type; the member is a const char *. */
extern const struct mf_type mf_type_akumuli_series;
