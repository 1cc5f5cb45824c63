/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Num: text to number and back. Whole string, exact, no locale anywhere.
 *
 * Readers take (text, len), need not be NUL-terminated, accept the whole run or
 * nothing, and leave the result untouched on failure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MF_NUM_TEXT = 32 }; /* bytes that every print below fits in, with the NUL */

/* Decimal, optional sign, or 0x/0b after the sign. False on overflow or rubbish. */
bool mf_num_read_int(const char *text, size_t len, int64_t *ret);
/* Decimal with optional sign, fraction and exponent; digits are needed on at least one side of
 * the point. No hex, no inf, no nan; a value that overflows to infinity is refused. Correctly
 * rounded. */
bool mf_num_read_double(const char *text, size_t len, double *ret);
/* As above for the longest number at the start; returns its length, 0 if there is none.
 * Exponent is taken only when digits follow it. */
size_t mf_num_scan_double(const char *text, size_t len, double *ret);

/* Shortest text that reads back as the same double: 0.1, 20, 1e+300, -0. Infinity and NaN print
 * as inf, -inf, nan. Returns the length. */
int mf_num_print_double(double value, char *out);
int mf_num_print_int(int64_t value, char *out);
