/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See reply.h. */

#include "nodes/akumuli/reply.h"

#include <string.h>

#include "engine/base/text.h"

void mf_akumuli_reply_clear(struct mf_akumuli_reply *reply)
{
    mf_buf_clear(&reply->bytes);
}

void mf_akumuli_reply_done(struct mf_akumuli_reply *reply)
{
    mf_buf_done(&reply->bytes);
}

bool mf_akumuli_reply_put(struct mf_akumuli_reply *reply, const void *data, size_t len)
{
    struct mf_buf *bytes = &reply->bytes;
    size_t room = MF_AKUMULI_REPLY - bytes->len;

    mf_buf_put(bytes, data, len < room ? len : room);
    return bytes->len == MF_AKUMULI_REPLY || memchr(mf_buf_text(bytes), '\n', bytes->len);
}

void mf_akumuli_reply_print(const struct mf_akumuli_reply *reply, struct mf_buf *buf)
{
    const char *text = mf_buf_text(&reply->bytes), *end = text;

    while (end < text + reply->bytes.len && *end != '\r' && *end != '\n')
        end++;
    mf_text_printable(buf, text, (size_t)(end - text), MF_AKUMULI_REPLY);
}
