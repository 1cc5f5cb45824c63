/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Column names: see columns.h. */

#include "nodes/file/columns.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/value/codec.h"
#include "nodes/file/lines.h"

void mf_columns_add(struct mf_columns *columns, const char *name, size_t len)
{
    mf_grow(&columns->names, &columns->cap, columns->count, sizeof(*columns->names));
    columns->names[columns->count++] = mf_strndup(name, len);
}

void mf_columns_drop(struct mf_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        mf_free(columns->names[i]);
    mf_free(columns->names);
    *columns = (struct mf_columns){0};
}

int mf_columns_find(const struct mf_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->names[i], name) == 0)
            return (int)i;
    return -1;
}

void mf_columns_print(const struct mf_columns *columns, struct mf_buf *buf)
{
    for (size_t i = 0; i < columns->count; i++)
        mf_buf_printf(buf, "%s`%s`", i ? ", " : "", columns->names[i]);
}

static void trim(const char **text, size_t *len)
{
    while (*len && (**text == ' ' || **text == '\t')) {
        ++*text;
        --*len;
    }
    while (*len && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
        --*len;
}

int mf_columns_of_header(char *text, size_t len, char separator, struct mf_columns *ret,
                         struct mf_error *err)
{
    struct mf_csv_cell *cells = mf_calloc_array(MF_COLUMNS, sizeof(*cells));
    size_t count;
    int rc = mf_csv_split(text, len, separator, cells, MF_COLUMNS, &count, err);

    if (rc == 0 && count > MF_COLUMNS)
        rc = mf_fail(err, MF_ELIMIT, "%zu columns are over the limit of %d", count, MF_COLUMNS);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        trim(&cells[i].text, &cells[i].len);
        mf_columns_add(ret, cells[i].text, cells[i].len);
    }
    mf_free(cells);
    return rc;
}

static int columns_of_object(const char *text, size_t len, struct mf_columns *ret,
                             struct mf_error *err)
{
    struct mf_value object;
    int rc = mf_json_read(text, len, &object, err);

    if (rc < 0)
        return rc;
    if (object.type != MF_MAP)
        rc = mf_fail(err, MF_EINVAL, "its first line is no JSON object");
    for (size_t i = 0; rc == 0 && i < mf_value_count(&object); i++) {
        size_t key_len;
        const char *key = mf_value_text(mf_value_key(&object, i), &key_len);

        mf_columns_add(ret, key, key_len);
    }
    mf_value_drop(object);
    return rc;
}

static int first_record(struct mf_lines *lines, char **ret_text, size_t *ret_len,
                        struct mf_error *err)
{
    int rc;

    do
        rc = mf_lines_next(lines, ret_text, ret_len, err);
    while (rc == MF_LINES_GOT && *ret_len == 0);
    return rc == MF_LINES_GOT || rc < 0 ? rc : mf_fail(err, MF_EINVAL, "the file is empty");
}

int mf_columns_of_file(const char *path, enum mf_file_format format, char separator,
                       struct mf_columns *ret, struct mf_error *err)
{
    struct mf_lines lines;
    char *text;
    size_t len;
    int rc;

    if (strcmp(path, "-") == 0)
        return mf_fail(err, MF_EINVAL, "standard input cannot be read beforehand");
    rc = mf_lines_open(&lines, path, format == MF_FILE_CSV ? separator : 0, err);
    if (rc < 0)
        return rc;
    if (!lines.is_regular)
        rc = mf_fail(err, MF_EINVAL, "`%s` is no regular file and cannot be read beforehand", path);
    else
        rc = first_record(&lines, &text, &len, err);
    if (rc > 0 && format == MF_FILE_CSV)
        rc = mf_columns_of_header(text, len, separator, ret, err);
    else if (rc > 0)
        rc = columns_of_object(text, len, ret, err);
    mf_lines_close(&lines);
    return rc;
}
