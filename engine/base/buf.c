/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Buf: a growing run of bytes, with a limit. */

#include "engine/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"

enum { FIRST_CAP = 64 };

void mf_buf_done(struct mf_buf *buf)
{
    mf_free(buf->data);
    memset(buf, 0, sizeof(*buf));
}

void mf_buf_clear(struct mf_buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->data)
        buf->data[0] = 0;
}

/* Bytes of `len` that fit under the limit; there is room for them and a NUL afterwards. */
static size_t make_room(struct mf_buf *buf, size_t len)
{
    size_t cap = buf->cap ? buf->cap : FIRST_CAP;

    if (buf->limit && len > buf->limit - buf->len) {
        buf->overflow = true;
        len = buf->limit - buf->len;
    }
    if (buf->len + len < buf->cap)
        return len;
    while (cap <= buf->len + len)
        cap *= 2;
    buf->data = mf_realloc(buf->data, cap);
    buf->cap = cap;
    return len;
}

void mf_buf_put(struct mf_buf *buf, const void *data, size_t len)
{
    len = make_room(buf, len);
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = 0;
}

void mf_buf_puts(struct mf_buf *buf, const char *text)
{
    mf_buf_put(buf, text, strlen(text));
}

void mf_buf_putc(struct mf_buf *buf, char c)
{
    if (buf->len + 1 >= buf->cap || buf->len == buf->limit) {
        mf_buf_put(buf, &c, 1);
        return;
    }
    buf->data[buf->len++] = c;
    buf->data[buf->len] = 0;
}

void mf_buf_be(struct mf_buf *buf, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        mf_buf_putc(buf, (char)(value >> (8 * bytes)));
}

void mf_buf_vprintf(struct mf_buf *buf, const char *fmt, va_list args)
{
    bool overflow = buf->overflow;
    va_list again;
    size_t room;
    int len;

    va_copy(again, args);
    make_room(buf, FIRST_CAP / 2);
    buf->overflow = overflow; /* that was a guess */
    room = buf->cap - buf->len;
    len = vsnprintf(buf->data + buf->len, room, fmt, args);
    if (len >= 0 && (size_t)len >= room) {
        char *text = mf_alloc((size_t)len + 1);

        vsnprintf(text, (size_t)len + 1, fmt, again);
        buf->data[buf->len] = 0;
        mf_buf_put(buf, text, (size_t)len);
        mf_free(text);
    } else if (len >= 0) {
        size_t fits = make_room(buf, (size_t)len);

        buf->len += fits;
        buf->data[buf->len] = 0;
    }
    va_end(again);
}

void mf_buf_printf(struct mf_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    mf_buf_vprintf(buf, fmt, args);
    va_end(args);
}

const char *mf_buf_text(const struct mf_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *mf_buf_take(struct mf_buf *buf)
{
    char *data = buf->data ? buf->data : mf_strdup("");

    memset(buf, 0, sizeof(*buf));
    return data;
}
