/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Formats of files, and names of columns as ports. */

#include "engine/graph/kind.h"

enum mf_file_format { MF_FILE_AUTO, MF_FILE_CSV, MF_FILE_JSONL };

extern const struct mf_choice mf_file_formats[];
extern const struct mf_choice mf_file_separators[];

/* Options that the kinds of files share, as entries of their tables. */
#define MF_FILE_OPTION_FORMAT                                                                      \
    {                                                                                              \
        "format", MF_CHOICE(format, mf_file_formats), .fallback = "auto",                          \
                                                      .summary = "Format of the file.",            \
    }
#define MF_FILE_OPTION_SEPARATOR                                                                   \
    {                                                                                              \
        "separator", MF_CHOICE(separator, mf_file_separators),                                     \
            .fallback = "\",\"", .summary = "What stands between two cells of CSV.",               \
    }

/* By extension where `format` is MF_FILE_AUTO; MF_FILE_AUTO when that says nothing. */
enum mf_file_format mf_file_format(int format, const char *path);
/* Reports MF0520 when the format is not known. False then. */
bool mf_file_check_format(int format, const char *path, struct mf_check *check);

/* A column's name as the name of a port: small letters, digits, `_`. Freed by mf_free(). */
char *mf_file_port_name(const char *column, size_t len);
