/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Formats of files, and names of columns as ports. */

#include "engine/graph/kind.h"

enum mf_file_format { MF_FILE_AUTO, MF_FILE_CSV, MF_FILE_JSONL };

extern const struct mf_choice mf_file_formats[];
extern const struct mf_choice mf_file_separators[];

/* By extension where `format` is MF_FILE_AUTO; MF_FILE_AUTO when that says nothing. */
enum mf_file_format mf_file_format(int format, const char *path);
/* Reports MF0520 when the format is not known. False then. */
bool mf_file_check_format(int format, const char *path, struct mf_check *check);

/* A column's name as the name of a port: small letters, digits, `_`. Freed by mf_free(). */
char *mf_file_port_name(const char *column, size_t len);
