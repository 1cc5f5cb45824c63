/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Lists of column names, from a flow file, a header, or the first object of a file. */

#include "engine/base/error.h"
#include "nodes/file/csv.h"
#include "nodes/file/format.h"

enum { MF_COLUMNS = 1000 }; /* cells of one record */

struct mf_columns {
    char **names;
    size_t count, cap;
};

void mf_columns_add(struct mf_columns *columns, const char *name, size_t len);
void mf_columns_drop(struct mf_columns *columns);
/* -1 if absent. */
int mf_columns_find(const struct mf_columns *columns, const char *name);
/* "`a`, `b`, `c`" for messages. */
void mf_columns_print(const struct mf_columns *columns, struct mf_buf *buf);

/* Names in a header; `text` is changed. */
int mf_columns_of_header(char *text, size_t len, char separator, struct mf_columns *ret,
                         struct mf_error *err);
/* What the first record of a file says. Standard input, FIFOs and devices cannot be asked: what is
 * read from them is gone. */
int mf_columns_of_file(const char *path, enum mf_file_format format, char separator,
                       struct mf_columns *ret, struct mf_error *err);
