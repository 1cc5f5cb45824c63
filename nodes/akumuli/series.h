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

enum { MF_AKUMULI_SERIES = 1023, MF_AKUMULI_TAGS = 32, MF_AKUMULI_WORDS = MF_AKUMULI_TAGS + 2 };

struct mf_akumuli_word {
    const char *text;
    size_t len;
};

/* The metric, then the tags. Words end at blanks that have no backslash in front. Returns how many
 * there are; more than MF_AKUMULI_TAGS + 1 are not looked at. */
size_t mf_akumuli_split(const char *text, struct mf_akumuli_word words[MF_AKUMULI_WORDS]);

/* Checks a name; 0, or negative with a sentence. */
int mf_akumuli_check_series(const char *text, struct mf_error *err);
/* The same for names that are looked for: tags may be left out. */
int mf_akumuli_check_selection(const char *text, struct mf_error *err);
/* Fills the placeholders, sorts the tags. The result is checked again: a port's name could break
 * it. */
int mf_akumuli_fill(const char *pattern, const char *port, const char *node, struct mf_buf *buf,
                    struct mf_error *err);

/* Option type; the member is a const char *. */
extern const struct mf_type mf_type_akumuli_series;
