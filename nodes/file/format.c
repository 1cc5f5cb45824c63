/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Formats of files: see format.h. */

#include "nodes/file/format.h"

#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/text.h"

const struct mf_choice mf_file_formats[] = {
    {"auto", MF_FILE_AUTO, "The extension of the path says it: `.csv`, or `.jsonl` and `.ndjson`."},
    {"csv", MF_FILE_CSV, "A header, then a record per line, as in RFC 4180."},
    {"jsonl", MF_FILE_JSONL, "A JSON object per line."},
    {0},
};

const struct mf_choice mf_file_separators[] = {
    {",", ',', "A comma."},
    {";", ';', "A semicolon."},
    {"tab", '\t', "A tab."},
    {"|", '|', "A vertical bar."},
    {0},
};

enum mf_file_format mf_file_format(int format, const char *path)
{
    if (format != MF_FILE_AUTO)
        return (enum mf_file_format)format;
    if (mf_text_ends(path, ".csv"))
        return MF_FILE_CSV;
    if (mf_text_ends(path, ".jsonl") || mf_text_ends(path, ".ndjson"))
        return MF_FILE_JSONL;
    return MF_FILE_AUTO;
}

bool mf_file_check_format(int format, const char *path, struct mf_check *check)
{
    if (mf_file_format(format, path) != MF_FILE_AUTO)
        return true;
    mf_diag_help(mf_diag(check->diags, MF_ERROR, 520, mf_check_at(check, "path"),
                         "the name `%s` does not say what format the file has", path),
                 "add `format: csv` or `format: jsonl`");
    return false;
}

char *mf_file_port_name(const char *column, size_t len)
{
    struct mf_buf name = {0};
    bool is_gap = false;

    for (size_t i = 0; i < len; i++) {
        char c = column[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
            is_gap = true;
            continue;
        }
        if (!name.len && c <= '9')
            mf_buf_putc(&name, 'c'); /* names begin with a letter */
        else if (is_gap && name.len)
            mf_buf_putc(&name, '_');
        is_gap = false;
        mf_buf_putc(&name, c);
    }
    if (!name.len)
        mf_buf_puts(&name, "column");
    return mf_buf_take(&name);
}
