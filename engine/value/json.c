/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Writing JSON, and values as a person reads them. */

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/base64.h"
#include "engine/value/codec.h"
#include "engine/value/path.h"

enum { COMPACT = -1 };

static void write_value(const struct mf_value *value, int indent, struct mf_buf *buf);

static void write_double(double number, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    if (isfinite(number))
        mf_buf_put(buf, text, (size_t)mf_num_print_double(number, text));
    else
        mf_buf_puts(buf, "null"); /* JSON has no word for it */
}

static void write_int(int64_t integer, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    mf_buf_put(buf, text, (size_t)mf_num_print_int(integer, text));
}

static void write_path(const struct mf_value *path, struct mf_buf *buf)
{
    struct mf_buf text = {0};

    mf_path_print(path, &text);
    mf_text_quote_json(buf, mf_buf_text(&text), text.len);
    mf_buf_done(&text);
}

static void write_bytes(const struct mf_value *bytes, struct mf_buf *buf)
{
    size_t len;
    const char *data = mf_value_text(bytes, &len);

    mf_buf_putc(buf, '"');
    mf_base64_write(data, len, buf);
    mf_buf_putc(buf, '"');
}

/* Keys of JSON are texts; others are written as they would be for a person. */
static void write_key(const struct mf_value *key, struct mf_buf *buf)
{
    struct mf_buf text = {0};
    const char *own;
    size_t len;

    if (key->type == MF_TEXT) {
        own = mf_value_text(key, &len);
        mf_text_quote_json(buf, own, len);
        return;
    }
    mf_value_print(key, &text);
    mf_text_quote_json(buf, mf_buf_text(&text), text.len);
    mf_buf_done(&text);
}

static void new_line(int indent, struct mf_buf *buf)
{
    if (indent == COMPACT)
        return;
    mf_buf_putc(buf, '\n');
    for (int i = 0; i < indent; i++)
        mf_buf_puts(buf, "  ");
}

static void write_list(const struct mf_value *list, int indent, struct mf_buf *buf)
{
    size_t count = mf_value_count(list);
    int inner = indent == COMPACT ? COMPACT : indent + 1;

    mf_buf_putc(buf, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            mf_buf_putc(buf, ',');
        new_line(inner, buf);
        write_value(mf_value_at(list, i), inner, buf);
    }
    if (count)
        new_line(indent, buf);
    mf_buf_putc(buf, ']');
}

static void write_map(const struct mf_value *map, int indent, struct mf_buf *buf)
{
    size_t count = mf_value_count(map);
    int inner = indent == COMPACT ? COMPACT : indent + 1;

    mf_buf_putc(buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            mf_buf_putc(buf, ',');
        new_line(inner, buf);
        write_key(mf_value_key(map, i), buf);
        mf_buf_putc(buf, ':');
        if (indent != COMPACT)
            mf_buf_putc(buf, ' ');
        write_value(mf_value_at(map, i), inner, buf);
    }
    if (count)
        new_line(indent, buf);
    mf_buf_putc(buf, '}');
}

static void write_value(const struct mf_value *value, int indent, struct mf_buf *buf)
{
    const char *text;
    size_t len;

    switch (value->type) {
    case MF_BOOL:
        mf_buf_puts(buf, value->boolean ? "true" : "false");
        break;
    case MF_INT:
        write_int(value->integer, buf);
        break;
    case MF_NUMBER:
        write_double(value->number, buf);
        break;
    case MF_TEXT:
        text = mf_value_text(value, &len);
        mf_text_quote_json(buf, text, len);
        break;
    case MF_BYTES:
        write_bytes(value, buf);
        break;
    case MF_LIST:
        write_list(value, indent, buf);
        break;
    case MF_MAP:
        write_map(value, indent, buf);
        break;
    case MF_PATH:
        write_path(value, buf);
        break;
    default:
        mf_buf_puts(buf, "null");
        break;
    }
}

void mf_json_write(const struct mf_value *value, struct mf_buf *buf)
{
    write_value(value, COMPACT, buf);
}

void mf_json_write_pretty(const struct mf_value *value, struct mf_buf *buf)
{
    write_value(value, 0, buf);
}

void mf_value_print(const struct mf_value *value, struct mf_buf *buf)
{
    char number[MF_NUM_TEXT];
    const char *text;
    size_t len;

    switch (value->type) {
    case MF_NUMBER: /* nan and inf are words for people */
        mf_buf_put(buf, number, (size_t)mf_num_print_double(value->number, number));
        break;
    case MF_TEXT:
        text = mf_value_text(value, &len);
        mf_buf_put(buf, text, len);
        break;
    case MF_BYTES:
        text = mf_value_text(value, &len);
        for (size_t i = 0; i < len; i++)
            mf_buf_printf(buf, "%02x", (unsigned char)text[i]);
        break;
    case MF_PATH:
        mf_path_print(value, buf);
        break;
    default:
        mf_json_write(value, buf);
        break;
    }
}
