/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what an Akumuli database says of rows, in one piece and byte by byte: both are the
 * same line, fit for a log. And as lines of an answer: a point within its line, or a sentence.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "nodes/akumuli/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct mf_akumuli_reply *reply, struct mf_buf *buf)
{
    mf_akumuli_reply_print(reply, buf);
    if (mf_utf8_valid(mf_buf_text(buf), buf->len) != buf->len)
        abort();
    for (size_t i = 0; i < buf->len; i++)
        if ((unsigned char)buf->data[i] < ' ')
            abort();
}

static void read_reply(const uint8_t *data, size_t size)
{
    struct mf_akumuli_reply whole = {0}, parts = {0};
    struct mf_buf a = {0}, b = {0};
    bool is_whole = mf_akumuli_reply_put(&whole, data, size), is_over = false;

    for (size_t i = 0; i < size && !is_over; i++)
        is_over = mf_akumuli_reply_put(&parts, data + i, 1);
    print(&whole, &a);
    print(&parts, &b);
    if (is_whole != is_over || strcmp(mf_buf_text(&a), mf_buf_text(&b)) != 0)
        abort();
    mf_buf_done(&a);
    mf_buf_done(&b);
    mf_akumuli_reply_done(&whole);
    mf_akumuli_reply_done(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_reply(data, size);
    return 0;
}
