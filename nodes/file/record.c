/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Record: see record.h. */

#include "nodes/file/record.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/value/codec.h"

/* ---- columns ---- */

static void add_new(struct mf_columns *columns, const char *name, size_t len)
{
    char *copy;

    mf_columns_add(columns, name, len);
    copy = columns->names[columns->count - 1];
    if (mf_columns_find(columns, copy) == (int)columns->count - 1)
        return;
    mf_free(copy);
    columns->count--;
}

static void add_members(struct mf_columns *columns, const struct mf_value *map)
{
    for (size_t i = 0; i < mf_value_count(map); i++) {
        struct mf_buf key = {0};

        mf_value_print(mf_value_key(map, i), &key);
        add_new(columns, mf_buf_text(&key), key.len);
        mf_buf_done(&key);
    }
}

/* The map whose members are the columns; NULL: the inputs are. */
static const struct mf_value *map_of(const struct mf_record *record)
{
    const struct mf_cell *cell = record->cells;

    return record->count == 1 && cell->is_set && cell->value.type == MF_MAP ? &cell->value : NULL;
}

void mf_record_columns(const struct mf_record *record, struct mf_columns *ret)
{
    const struct mf_value *map = map_of(record);

    add_new(ret, MF_RECORD_TIME, strlen(MF_RECORD_TIME));
    if (map)
        add_members(ret, map);
    for (size_t i = 0; i < record->count && !map; i++)
        add_new(ret, record->cells[i].name, strlen(record->cells[i].name));
    if (record->has_quality)
        add_new(ret, MF_RECORD_QUALITY, strlen(MF_RECORD_QUALITY));
}

static const struct mf_value *find(const struct mf_record *record, const char *name)
{
    const struct mf_value *map = map_of(record);

    if (map)
        return mf_value_get(map, name, strlen(name));
    for (size_t i = 0; i < record->count; i++)
        if (record->cells[i].is_set && strcmp(record->cells[i].name, name) == 0)
            return &record->cells[i].value;
    return NULL;
}

static void put_quality(const struct mf_record *record, struct mf_buf *buf)
{
    mf_buf_puts(buf, mf_quality_names[record->quality]);
    if (record->reason)
        mf_buf_printf(buf, ": %s", record->reason);
}

/* ---- CSV ---- */

static void put_cell(const struct mf_value *value, char separator, struct mf_buf *buf)
{
    struct mf_buf text = {0};
    const char *own;
    size_t len;

    switch (value->type) {
    case MF_NULL:
        break;
    case MF_BOOL:
    case MF_INT:
    case MF_NUMBER:
        mf_json_write(value, buf);
        break;
    case MF_TEXT:
        own = mf_value_text(value, &len);
        mf_csv_put(buf, own, len, separator);
        break;
    default:
        mf_value_print(value, &text);
        mf_csv_put(buf, mf_buf_text(&text), text.len, separator);
        mf_buf_done(&text);
        break;
    }
}

static void put_column(const struct mf_record *record, const char *name, char separator,
                       struct mf_buf *buf)
{
    const struct mf_value *value = find(record, name);
    char time[MF_TIME_TEXT];
    struct mf_buf text = {0};

    if (value) {
        put_cell(value, separator, buf);
    } else if (strcmp(name, MF_RECORD_TIME) == 0) {
        mf_buf_put(buf, time, (size_t)mf_time_print(record->time, time));
    } else if (record->has_quality && strcmp(name, MF_RECORD_QUALITY) == 0) {
        put_quality(record, &text);
        mf_csv_put(buf, mf_buf_text(&text), text.len, separator);
        mf_buf_done(&text);
    }
}

static bool is_member_left_out(const struct mf_value *map, const struct mf_columns *columns)
{
    for (size_t i = 0; i < mf_value_count(map); i++) {
        struct mf_buf key = {0};
        bool is_known;

        mf_value_print(mf_value_key(map, i), &key);
        is_known = mf_columns_find(columns, mf_buf_text(&key)) >= 0;
        mf_buf_done(&key);
        if (!is_known)
            return true;
    }
    return false;
}

static const char *left_out(const struct mf_record *record, const struct mf_columns *columns)
{
    const struct mf_value *map = map_of(record);

    if (map)
        return is_member_left_out(map, columns) ? record->cells->name : NULL;
    for (size_t i = 0; i < record->count; i++)
        if (record->cells[i].is_set && mf_columns_find(columns, record->cells[i].name) < 0)
            return record->cells[i].name;
    return NULL;
}

void mf_record_put_csv(const struct mf_record *record, const struct mf_columns *columns,
                       char separator, struct mf_buf *buf, const char **ret_left_out)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (i)
            mf_buf_putc(buf, separator);
        put_column(record, columns->names[i], separator, buf);
    }
    mf_buf_putc(buf, '\n');
    *ret_left_out = left_out(record, columns);
}

/* ---- JSON ---- */

static void put_key(const char *name, size_t len, struct mf_buf *buf)
{
    if (buf->data[buf->len - 1] != '{')
        mf_buf_putc(buf, ',');
    mf_text_quote_json(buf, name, len);
    mf_buf_putc(buf, ':');
}

static void put_time(const struct mf_record *record, struct mf_buf *buf)
{
    char time[MF_TIME_TEXT];
    int len = mf_time_print(record->time, time);

    put_key(MF_RECORD_TIME, strlen(MF_RECORD_TIME), buf);
    mf_buf_putc(buf, '"');
    mf_buf_put(buf, time, (size_t)len);
    mf_buf_putc(buf, '"');
}

static void put_json_quality(const struct mf_record *record, struct mf_buf *buf)
{
    struct mf_buf text = {0};

    put_quality(record, &text);
    put_key(MF_RECORD_QUALITY, strlen(MF_RECORD_QUALITY), buf);
    mf_text_quote_json(buf, mf_buf_text(&text), text.len);
    mf_buf_done(&text);
}

static void put_members(const struct mf_value *map, struct mf_buf *buf)
{
    for (size_t i = 0; i < mf_value_count(map); i++) {
        struct mf_buf key = {0};

        mf_value_print(mf_value_key(map, i), &key);
        put_key(mf_buf_text(&key), key.len, buf);
        mf_json_write(mf_value_at(map, i), buf);
        mf_buf_done(&key);
    }
}

/* A value that is called `time` is the time: one key stands once in an object. */
static void put_all(const struct mf_record *record, struct mf_buf *buf)
{
    const struct mf_value *map = map_of(record);

    if (!find(record, MF_RECORD_TIME))
        put_time(record, buf);
    if (map)
        put_members(map, buf);
    for (size_t i = 0; i < record->count && !map; i++) {
        const struct mf_cell *cell = &record->cells[i];

        if (!cell->is_set)
            continue;
        put_key(cell->name, strlen(cell->name), buf);
        mf_json_write(&cell->value, buf);
    }
    if (record->has_quality && !find(record, MF_RECORD_QUALITY))
        put_json_quality(record, buf);
}

static void put_some(const struct mf_record *record, const struct mf_columns *columns,
                     struct mf_buf *buf)
{
    for (size_t i = 0; i < columns->count; i++) {
        const char *name = columns->names[i];
        const struct mf_value *value = find(record, name);

        if (value) {
            put_key(name, strlen(name), buf);
            mf_json_write(value, buf);
        } else if (strcmp(name, MF_RECORD_TIME) == 0) {
            put_time(record, buf);
        } else if (record->has_quality && strcmp(name, MF_RECORD_QUALITY) == 0) {
            put_json_quality(record, buf);
        }
    }
}

void mf_record_put_json(const struct mf_record *record, const struct mf_columns *columns,
                        struct mf_buf *buf)
{
    mf_buf_putc(buf, '{');
    if (columns->count)
        put_some(record, columns, buf);
    else
        put_all(record, buf);
    mf_buf_puts(buf, "}\n");
}
