/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Fields: see fields.h. */

#include "nodes/file/fields.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/value/codec.h"
#include "nodes/file/cell.h"

/* ---- life ---- */

void mf_fields_make(struct mf_fields *fields, const struct mf_node *node,
                    const struct mf_texts *columns, const char *time)
{
    size_t outputs = mf_node_outputs(node), count = outputs + (time != NULL);

    *fields = (struct mf_fields){
        .list = mf_calloc_array(count, sizeof(*fields->list)),
        .keys = mf_calloc_array(count, sizeof(*fields->keys)),
        .values = mf_calloc_array(count, sizeof(*fields->values)),
        .cells = mf_calloc_array(MF_COLUMNS, sizeof(*fields->cells)),
        .outputs = outputs,
        .count = count,
    };
    for (size_t i = 0; i < columns->count; i++)
        mf_columns_add(&fields->wanted, columns->list[i], strlen(columns->list[i]));
    if (time)
        mf_columns_add(&fields->wanted, time, strlen(time));
    for (size_t i = 0; i < count; i++) {
        struct mf_field *field = &fields->list[i];

        if (i < outputs)
            field->types = mf_node_types(node, (unsigned)i);
        if (i < outputs && columns->count)
            field->name = fields->wanted.names[i];
        else if (i == outputs)
            field->name = fields->wanted.names[fields->wanted.count - 1];
        fields->keys[i] = field->name;
    }
    fields->time_at = outputs;
    for (size_t i = 0; time && i < columns->count; i++)
        if (strcmp(columns->list[i], time) == 0)
            fields->time_at = i;
}

static void drop_record(struct mf_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        mf_value_drop(fields->list[i].value);
        fields->list[i].value = mf_value_null();
    }
}

void mf_fields_done(struct mf_fields *fields)
{
    drop_record(fields);
    mf_columns_drop(&fields->names);
    mf_columns_drop(&fields->wanted);
    mf_free(fields->list);
    mf_free(fields->keys);
    mf_free(fields->values);
    mf_free(fields->cells);
    *fields = (struct mf_fields){0};
}

/* ---- which column is which ---- */

static int no_column(const struct mf_fields *fields, const char *name, struct mf_error *err)
{
    struct mf_buf list = {.limit = 120};
    int rc;

    mf_columns_print(&fields->names, &list);
    rc = mf_fail(err, MF_EINVAL, "the file has no column `%s`, but %s%s", name, mf_buf_text(&list),
                 list.overflow ? "…" : "");
    mf_buf_done(&list);
    return rc;
}

/* The column that became this port; its name may have been made fit for a port. */
static int column_of_port(const struct mf_fields *fields, const char *port)
{
    for (size_t i = 0; i < fields->names.count; i++) {
        const char *column = fields->names.names[i];
        char *name = mf_file_port_name(column, strlen(column));
        bool is_same = strcmp(name, port) == 0;

        mf_free(name);
        if (is_same)
            return (int)i;
    }
    return -1;
}

static int place(struct mf_fields *fields, const struct mf_node *node, struct mf_error *err)
{
    for (size_t i = 0; i < fields->count; i++) {
        struct mf_field *field = &fields->list[i];
        const char *port = field->name ? field->name : mf_node_output_name(node, (unsigned)i);
        int at = field->name ? mf_columns_find(&fields->names, port) : column_of_port(fields, port);

        if (at < 0)
            return no_column(fields, port, err);
        field->cell = (size_t)at;
        fields->keys[i] = fields->names.names[at];
    }
    return 0;
}

int mf_fields_take_header(struct mf_fields *fields, const struct mf_node *node, char *text,
                          size_t len, char separator, struct mf_error *err)
{
    int rc = mf_columns_of_header(text, len, separator, &fields->names, err);

    return rc < 0 ? rc : place(fields, node, err);
}

int mf_fields_take_object(struct mf_fields *fields, const struct mf_node *node, const char *path,
                          struct mf_error *err)
{
    int rc = mf_columns_of_file(path, MF_FILE_JSONL, 0, &fields->names, err);

    return rc < 0 ? rc : place(fields, node, err);
}

int mf_fields_take_order(struct mf_fields *fields, const struct mf_node *node, struct mf_error *err)
{
    size_t columns = fields->wanted.count - mf_fields_has_time(fields);

    for (size_t i = 0; i < columns; i++)
        mf_columns_add(&fields->names, fields->wanted.names[i], strlen(fields->wanted.names[i]));
    return place(fields, node, err);
}

/* ---- records ---- */

static int read_cells(struct mf_fields *fields, const struct mf_node *node, struct mf_error *err)
{
    for (size_t i = 0; i < fields->outputs; i++) {
        struct mf_field *field = &fields->list[i];
        const struct mf_csv_cell *cell = &fields->cells[field->cell];

        if (mf_node_output_is_read(node, (unsigned)i) &&
            mf_cell_value(cell->text, cell->len, field->types, &field->value, err) < 0)
            return MF_EINVAL;
    }
    if (mf_fields_has_time(fields)) {
        const struct mf_csv_cell *cell = &fields->cells[fields->list[fields->outputs].cell];

        if (!mf_cell_time(cell->text, cell->len, &fields->time))
            return mf_fail(err, MF_EINVAL, "`%.*s` is no time",
                           cell->len > 40 ? 40 : (int)cell->len, cell->text);
    }
    return 0;
}

int mf_fields_read_csv(struct mf_fields *fields, const struct mf_node *node, char *text, size_t len,
                       char separator, struct mf_error *err)
{
    size_t wanted = fields->names.count, count;
    int rc = mf_csv_split(text, len, separator, fields->cells, MF_COLUMNS, &count, err);

    if (rc == 0 && count != wanted)
        rc = mf_fail(err, MF_EINVAL, "%zu cells are wanted, %zu came", wanted, count);
    if (rc == 0)
        rc = read_cells(fields, node, err);
    if (rc < 0)
        drop_record(fields);
    return rc;
}

int mf_fields_read_json(struct mf_fields *fields, const char *text, size_t len,
                        struct mf_error *err)
{
    const char *const *keys = (const char *const *)fields->keys;
    /* A key that is both an output and the time is asked for once. */
    size_t count = fields->time_at < fields->outputs ? fields->outputs : fields->count;
    bool is_time = true;

    if (mf_json_read_fields(text, len, keys, count, fields->values, err) < 0)
        return MF_EINVAL;
    for (size_t i = 0; i < fields->outputs; i++)
        fields->list[i].value = fields->values[i];
    if (mf_fields_has_time(fields))
        is_time = mf_cell_time_of_value(&fields->values[fields->time_at], &fields->time);
    if (count > fields->outputs)
        mf_value_drop(fields->values[fields->outputs]);
    if (is_time)
        return 0;
    drop_record(fields);
    return mf_fail(err, MF_EINVAL, "`%s` is missing or no time", keys[fields->time_at]);
}

void mf_fields_emit(struct mf_fields *fields, struct mf_node *node)
{
    for (size_t i = 0; i < fields->outputs; i++) {
        struct mf_value value = fields->list[i].value;

        fields->list[i].value = mf_value_null();
        if (value.type == MF_NULL)
            continue; /* nothing is known about it */
        if (mf_fields_has_time(fields))
            mf_node_emit_take_at(node, (unsigned)i, value, fields->time);
        else
            mf_node_emit_take(node, (unsigned)i, value);
    }
}
