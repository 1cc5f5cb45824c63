/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * JSON Schema (draft 2020-12) of options, made from their tables.
 *
 * A schema looks at values after YAML was read, so a text such as `5` may reach it as a
 * number and `true` as a boolean; either is taken where the text would be.
 * A text with `${…}` in it is taken everywhere: what it stands for is not known.
 *
 * Fragments refer to definitions that mf_schema_defs() writes; whoever makes a whole
 * schema puts them under `$defs`.
 *
 * What a schema cannot say, so that a flow may pass it and still be refused:
 *   - limits of numbers in quotes, of times, and of numbers with a unit (`20 kW` where at most 5 kW
 *     are allowed), but for the sign; numbers too large for a double
 *   - whether a product of units (`V*A`) has the right dimension; the order of a range's ends
 *   - the inside of expressions and other small languages of a kind's own; numbers and bytes in
 *     paths
 *   - that numbers in literals must not have a unit: `20 W` and `"20 W"` are the same to it
 * and the other way round, what is refused though a flow may have it:
 *   - `null` and `~` without quotes where a text is wanted: they arrive as no value at all
 */

#include "engine/base/buf.h"
#include "engine/config/option.h"

/* Appends the members of `$defs` that the fragments below refer to, without braces. */
void mf_schema_defs(struct mf_buf *buf);
/* Appends the fragment of one option, described. */
void mf_schema_option(const struct mf_option *option, struct mf_buf *buf);
/* Appends names of required options as JSON strings with a comma in front of each; main options
 * only when `with_main`. */
void mf_schema_required(const struct mf_option *table, bool with_main, struct mf_buf *buf);

/* ---- `schema` of the types in engine/config/type.h ---- */

/* Ways to say yes and no, ended by {0}. */
struct mf_bool_word {
    const char *text;
    bool value;
};
extern const struct mf_bool_word mf_bool_words[];

void mf_schema_bool(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_int(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_number(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_quantity(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_range(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_duration(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_size(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_text(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_texts(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_choice(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_unit(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_path(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_literal(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_table(const struct mf_option *option, struct mf_buf *buf);
void mf_schema_expr(const struct mf_option *option, struct mf_buf *buf);
