/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See frame.h. */

#include "nodes/onewire/frame.h"

#include <string.h>

enum {
    FLAG_PERSISTENT = 0x04, /* keep the connection */
    FLAG_UNCACHED = 0x20,   /* ask the device, not the server's memory */
    FLAG_TRIM = 0x40,       /* numbers without blanks in front */
    FLAG_CLIENT = 0x100,    /* a client of today */
    FLAGS = FLAG_PERSISTENT | FLAG_UNCACHED | FLAG_TRIM | FLAG_CLIENT,
    OFFER = 8192, /* bytes of an answer that a read has room for */
};

void mf_ow_ask(enum mf_ow_type type, const char *path, const char *data, struct mf_buf *buf)
{
    size_t path_len = type == MF_OW_NOP ? 0 : strlen(path) + 1, data_len = data ? strlen(data) : 0;

    mf_buf_be(buf, 0, 4);
    mf_buf_be(buf, path_len + data_len, 4);
    mf_buf_be(buf, type, 4);
    mf_buf_be(buf, FLAGS, 4);
    mf_buf_be(buf, type == MF_OW_READ ? OFFER : data_len, 4);
    mf_buf_be(buf, 0, 4);
    if (path_len)
        mf_buf_put(buf, path, path_len);
    if (data_len)
        mf_buf_put(buf, data, data_len);
}

static int32_t word(const char *data, unsigned i)
{
    const uint8_t *at = (const uint8_t *)data + 4 * i;

    return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
}

int mf_ow_take(const char *data, size_t len, struct mf_ow_answer *ret)
{
    int32_t payload, size;

    if (len < MF_OW_HEAD)
        return 0;
    payload = word(data, 1);
    size = word(data, 4);
    *ret = (struct mf_ow_answer){
        .code = word(data, 2), .is_ping = payload < 0, .is_kept = word(data, 3) & FLAG_PERSISTENT};
    if (payload < -1 || payload > MF_OW_DATA || word(data, 0) != 0)
        return MF_EINVAL;
    if (payload <= 0)
        return MF_OW_HEAD;
    if (len < MF_OW_HEAD + (size_t)payload)
        return 0;
    ret->data = data + MF_OW_HEAD;
    /* A NUL behind the data does not count. */
    ret->len = (size_t)(size >= 0 && size < payload ? size : payload);
    return MF_OW_HEAD + payload;
}

/* owserver's own numbers among those of errno; the kernel's link uses both. */
static const struct {
    int32_t code;
    bool is_absent;
    const char *reason;
} codes[] = {
    {-1, true, "no such device or attribute"},
    {-2, true, "no such device or attribute"},
    {-5, true, "the bus does not answer"},
    {-6, true, "no such device or attribute"},
    {-11, true, "busy"},
    {-13, false, "not allowed"},
    {-14, false, "there is nothing to write"},
    {-16, true, "busy"},
    {-19, true, "no such device or attribute"},
    {-20, false, "not a directory"},
    {-21, false, "a directory, not an attribute"},
    {-22, false, "the value does not fit the attribute"},
    {-26, false, "the path is too long"},
    {-27, false, "no such path"},
    {-28, false, "wrong checksum in the name"},
    {-29, true, "no such device or attribute"},
    {-30, false, "read-only"},
    {-31, false, "the alias is too long"},
    {-32, false, "no such attribute"},
    {-33, false, "the attribute is not an array"},
    {-34, false, "out of range"},
    {-35, false, "the attribute is an array: which of it?"},
    {-37, false, "the attribute has no bits"},
    {-38, false, "the array has no such element"},
    {-41, true, "no such device or attribute"},
    {-42, false, "the server does not know this request"},
    {-43, true, "error of the device"},
    {-44, true, "the bus is shorted"},
    {-45, true, "no such bus"},
    {-47, true, "the bus does not answer"},
    {-48, true, "the bus is being reset"},
    {-49, true, "the bus is closed"},
    {-50, true, "the bus cannot be opened"},
    {-51, true, "error on the bus"},
    {-52, true, "the bus does not answer"},
    {-57, false, "more than can be read"},
    {-58, true, "reading failed"},
    {-59, false, "no such attribute"},
    {-60, false, "not readable"},
    {-61, false, "the value is too long"},
    {-62, false, "the value is too short"},
    {-63, false, "the value does not fit the attribute"},
    {-64, false, "no such attribute"},
    {-65, false, "not writable"},
    {-66, false, "the server does not write"},
    {-67, true, "writing failed"},
    {-70, true, "no such device or attribute"},
    {-73, true, "the bus does not answer"},
    {-74, false, "the server got no path"},
    {-90, false, "no room for an answer"},
    {-95, false, "not writable"},
    {MF_OW_CHECKSUM, false, "wrong checksum"},
    {MF_OW_EMPTY, false, "nothing could be read"},
    {MF_OW_STRANGE, false, "what the kernel says is not understood"},
    {MF_OW_NO_DRIVER, false, "the kernel does not offer this attribute"},
};

const char *mf_ow_reason(int32_t code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (codes[i].code == code)
            return codes[i].reason;
    return "owserver error";
}

bool mf_ow_is_absent(int32_t code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (codes[i].code == code)
            return codes[i].is_absent;
    return false;
}
