/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Fields: what a record of a file means to the outputs of a node. Which cell or key is which
 * output is settled once the names in the file are known; each record is then read into the
 * fields and said from there.
 */

#include "engine/graph/node.h"
#include "nodes/file/columns.h"

struct mf_field {
    const char *name; /* of the column, as the flow has it; NULL: made from the name of the port */
    size_t cell;      /* its number in a record of CSV */
    uint32_t types;
    struct mf_value value;
};

struct mf_fields {
    struct mf_columns names;  /* as the file has them */
    struct mf_columns wanted; /* as the flow has them: names outlive a reload here */
    struct mf_field *list;    /* outputs in order, then the time if there is one */
    const char **keys;        /* their names in the file */
    struct mf_value *values;
    size_t outputs, count;
    size_t time_at; /* field with the time; may be an output, too */
    struct mf_csv_cell *cells;
    int64_t time; /* of the record that was read last */
};

/* `columns` may be empty; `time` may be NULL. */
void mf_fields_make(struct mf_fields *fields, const struct mf_node *node,
                    const struct mf_texts *columns, const char *time);
void mf_fields_done(struct mf_fields *fields); /* leaves zeroed fields */
static inline bool mf_fields_has_time(const struct mf_fields *fields)
{
    return fields->count > fields->outputs;
}

/* Finds the columns of the flow among those of the file. */
int mf_fields_take_header(struct mf_fields *fields, const struct mf_node *node, char *text,
                          size_t len, char separator, struct mf_error *err);
int mf_fields_take_object(struct mf_fields *fields, const struct mf_node *node, const char *path,
                          struct mf_error *err);
/* A file without a header has the columns of the flow, from left to right. */
int mf_fields_take_order(struct mf_fields *fields, const struct mf_node *node,
                         struct mf_error *err);

/* Reads a record, all of it or nothing. Only outputs that somebody reads are looked at. */
int mf_fields_read_csv(struct mf_fields *fields, const struct mf_node *node, char *text, size_t len,
                       char separator, struct mf_error *err);
int mf_fields_read_json(struct mf_fields *fields, const char *text, size_t len,
                        struct mf_error *err);
void mf_fields_emit(struct mf_fields *fields, struct mf_node *node);
