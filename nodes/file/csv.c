/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CSV: see csv.h. */

#include "nodes/file/csv.h"

#include <string.h>

enum mf_csv_place mf_csv_advance(enum mf_csv_place place, const char *text, size_t len,
                                 char separator)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (place == MF_CSV_QUOTED)
            place = c == '"' ? MF_CSV_QUOTE : MF_CSV_QUOTED;
        else if (c == separator)
            place = MF_CSV_CELL;
        else if (c == '"' && place != MF_CSV_PLAIN)
            place = MF_CSV_QUOTED;
        else
            place = MF_CSV_PLAIN;
    }
    return place;
}

/* At the opening quote; moves the text over the quotes. */
static int split_quoted(char *text, size_t len, size_t *pos, struct mf_csv_cell *cell,
                        struct mf_error *err)
{
    size_t from = ++*pos, to = from;

    while (*pos < len) {
        if (text[*pos] == '"') {
            if (*pos + 1 == len || text[*pos + 1] != '"')
                break;
            ++*pos; /* two of them stand for one */
        }
        text[to++] = text[(*pos)++];
    }
    if (*pos == len)
        return mf_fail(err, MF_EINVAL, "a quote is not closed");
    ++*pos;
    *cell = (struct mf_csv_cell){text + from, to - from};
    return 0;
}

int mf_csv_split(char *text, size_t len, char separator, struct mf_csv_cell *cells, size_t room,
                 size_t *ret_count, struct mf_error *err)
{
    size_t count = 0, pos = 0;

    for (;; pos++) {
        struct mf_csv_cell cell;

        if (pos < len && text[pos] == '"') {
            if (split_quoted(text, len, &pos, &cell, err) < 0)
                return MF_EINVAL;
            if (pos < len && text[pos] != separator)
                return mf_fail(err, MF_EINVAL, "cell %zu goes on behind its closing quote",
                               count + 1);
        } else {
            const char *end = memchr(text + pos, separator, len - pos);
            size_t to = end ? (size_t)(end - text) : len;

            cell = (struct mf_csv_cell){text + pos, to - pos};
            pos = to;
        }
        if (count < room)
            cells[count] = cell;
        count++;
        if (pos == len)
            break;
    }
    *ret_count = count;
    return 0;
}

static bool needs_quotes(const char *text, size_t len, char separator)
{
    if (len && (text[0] == ' ' || text[len - 1] == ' '))
        return true; /* some readers trim */
    for (size_t i = 0; i < len; i++)
        if (text[i] == separator || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    return false;
}

void mf_csv_put(struct mf_buf *buf, const char *text, size_t len, char separator)
{
    if (!needs_quotes(text, len, separator)) {
        mf_buf_put(buf, text, len);
        return;
    }
    mf_buf_putc(buf, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            mf_buf_putc(buf, '"');
        mf_buf_putc(buf, text[i]);
    }
    mf_buf_putc(buf, '"');
}
