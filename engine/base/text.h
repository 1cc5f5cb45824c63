/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Text: UTF-8, edit distance, quoting, the nearest of several names. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mf_buf;

/* Length of the valid UTF-8 prefix: equals `len` when all of it is valid (no surrogates, no
 * overlong forms, at most U+10FFFF). */
size_t mf_utf8_valid(const char *text, size_t len);
/* Next code point, or -1 at an invalid byte; `*pos` moves on by at least one. */
int32_t mf_utf8_next(const char *text, size_t len, size_t *pos);
size_t mf_utf8_put(uint32_t code, char out[4]);
/* Terminal columns: wide East Asian characters count two, combining marks none. */
size_t mf_text_columns(const char *text, size_t len);

bool mf_text_starts(const char *text, const char *prefix);
bool mf_text_ends(const char *text, const char *suffix);
bool mf_text_eq(const char *a, size_t a_len, const char *b); /* a[0..a_len) equals b */
/* [a-z][a-z0-9_]* */
bool mf_text_is_name(const char *text, size_t len);
/* `*` any run, `?` one character. */
bool mf_text_glob(const char *pattern, const char *text);

/* Optimal string alignment distance (a swap of neighbours counts one), bounded: returns
 * `limit` + 1 when it is larger. */
unsigned mf_text_distance(const char *a, const char *b, unsigned limit);

/* Collects the nearest legal name: feed candidates, read `best`. NULL when none is near: the
 * distance may be a third of the length, 1 for two letters and more, nothing for a single one; a
 * name that begins with three letters or more of what was wanted is near, too. */
struct mf_nearest {
    const char *wanted;
    const char *best;
    unsigned distance;
};
void mf_nearest_init(struct mf_nearest *nearest, const char *wanted);
void mf_nearest_add(struct mf_nearest *nearest, const char *candidate);

/* Appends a JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void mf_text_quote_json(struct mf_buf *buf, const char *text, size_t len);
/* Makes bytes fit for a terminal or a log line: control characters and invalid UTF-8 as \xNN,
 * cut with an ellipsis after `max` columns. */
void mf_text_printable(struct mf_buf *buf, const char *text, size_t len, size_t max);
