/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * MoaT paths: lists of text, integer, float, bool, null and bytes, written with
 * dots (`home.grid:1.power`) or, for MQTT topics, with slashes.
 *
 * Dotted: text elements are joined by `.`; anything else starts with `:` and
 * needs no dot in front. `:` alone is the empty path. Escapes inside text:
 * `::` colon, `:.` dot, `:_` space, `:=` plus, `:!` pipe, `:%` backslash.
 * Element starters: `:t :f :n` true false null, `:e` empty text, `:123 :-1
 * :1:.5` numbers, `:xFF :b101` integers, `:vTEXT` printable bytes, `:yHEX`,
 * `:sBASE64` bytes. Expressions are refused.
 */

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum { MF_PATH_ELEMENTS = 64, MF_PATH_BYTES = 1024 };

int mf_path_read(const char *text, size_t len, struct mf_value *ret, struct mf_error *err);
void mf_path_print(const struct mf_value *path, struct mf_buf *buf);

/* Follows `path` into maps (by key) and lists (by integer, negative from the end). NULL if absent.
 */
const struct mf_value *mf_path_follow(const struct mf_value *path, const struct mf_value *root);
