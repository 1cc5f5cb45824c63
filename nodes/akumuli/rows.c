/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See rows.h. */

#include "nodes/akumuli/rows.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"

enum { REASON = 200 };

static void forget_series(struct mf_akumuli_rows *rows)
{
    for (size_t i = 0; i < rows->series.count; i++) {
        mf_free(rows->series.entries[i].value);
        mf_free((void *)(uintptr_t)rows->series.entries[i].key);
    }
    mf_map_done(&rows->series);
    memset(&rows->series, 0, sizeof(rows->series));
}

void mf_akumuli_rows_done(struct mf_akumuli_rows *rows)
{
    forget_series(rows);
}

struct mf_akumuli_series *mf_akumuli_series_of(struct mf_akumuli_rows *rows, const char *name)
{
    struct mf_akumuli_series *series = mf_map_get(&rows->series, name);

    if (series)
        return series;
    if (rows->series.count >= MF_AKUMULI_KNOWN && rows->count == 0)
        forget_series(rows);
    series = mf_zalloc(sizeof(*series));
    series->name = mf_strdup(name);
    series->last = INT64_MIN;
    mf_map_set(&rows->series, series->name, series);
    return series;
}

bool mf_akumuli_rows_have_room(const struct mf_akumuli_rows *rows)
{
    return rows->count < (rows->careful ? 1 : MF_AKUMULI_ROWS);
}

void mf_akumuli_rows_add(struct mf_akumuli_rows *rows, struct mf_akumuli_row row)
{
    rows->list[(rows->first + rows->count++) % MF_AKUMULI_ROWS] = row;
}

static struct mf_akumuli_row take_first(struct mf_akumuli_rows *rows)
{
    struct mf_akumuli_row row = rows->list[rows->first];

    rows->first = (rows->first + 1) % MF_AKUMULI_ROWS;
    rows->count--;
    return row;
}

static void end(const struct mf_akumuli_row *row, int code, const char *reason)
{
    if (row->node)
        mf_node_settle(row->node, row->letter, code, reason);
}

void mf_akumuli_rows_settle(struct mf_akumuli_rows *rows, int64_t before)
{
    while (rows->count && rows->list[rows->first].sent <= before) {
        struct mf_akumuli_row row = take_first(rows);

        if (rows->careful)
            rows->careful--;
        end(&row, MF_OK, NULL);
    }
}

/* The place of the row that `line` is about, or `count` when that cannot be told. */
static size_t find_culprit(const struct mf_akumuli_rows *rows, const char *line)
{
    if (rows->count == 1)
        return 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct mf_akumuli_row *row = &rows->list[(rows->first + i) % MF_AKUMULI_ROWS];

        if (strstr(line, row->series))
            return i;
    }
    return rows->count;
}

static void refuse(const struct mf_akumuli_row *row, const char *line)
{
    char reason[REASON];

    /* Sent before, and newer ones of its series have been stored since: so was it. */
    if (row->is_retry && strstr(line, "late write")) {
        end(row, MF_OK, NULL);
        return;
    }
    snprintf(reason, sizeof(reason), "%.90s: %.100s", row->series, line);
    end(row, MF_EINVAL, reason);
}

void mf_akumuli_rows_fail(struct mf_akumuli_rows *rows, const char *line)
{
    size_t culprit = *line ? find_culprit(rows, line) : rows->count, count = rows->count;

    for (size_t i = 0; i < rows->series.count; i++) {
        struct mf_akumuli_series *series = rows->series.entries[i].value;

        series->id = 0;
        series->last = INT64_MIN; /* what comes again is not late */
    }
    if (*line && culprit == count)
        rows->careful = count;
    for (size_t i = 0; i < count; i++) {
        struct mf_akumuli_row row = take_first(rows);

        if (culprit < count && i < culprit)
            end(&row, MF_OK, NULL);
        else if (i == culprit)
            refuse(&row, line);
        else
            end(&row, MF_ELINK, NULL);
    }
    if (culprit < count && rows->careful)
        rows->careful--;
}

void mf_akumuli_rows_forget(struct mf_akumuli_rows *rows, const struct mf_node *node)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct mf_akumuli_row *row = &rows->list[(rows->first + i) % MF_AKUMULI_ROWS];

        if (row->node == node)
            row->node = NULL;
    }
}
