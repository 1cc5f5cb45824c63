/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Base64 (RFC 4648, section 4). */

#include "engine/value/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void mf_base64_write(const void *data, size_t len, struct mf_buf *buf)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        char out[4];

        if (left > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            group |= bytes[i + 2];
        out[0] = digits[group >> 18];
        out[1] = digits[group >> 12 & 63];
        out[2] = left > 1 ? digits[group >> 6 & 63] : '=';
        out[3] = left > 2 ? digits[group & 63] : '=';
        mf_buf_put(buf, out, 4);
    }
}

/* 64 for what is no digit. */
static uint32_t value_of(char c)
{
    const char *digit = c ? strchr(digits, c) : NULL;

    return digit ? (uint32_t)(digit - digits) : 64;
}

bool mf_base64_read(const char *text, size_t len, struct mf_buf *buf)
{
    if (len % 4)
        return false;
    for (size_t i = 0; i < len; i += 4) {
        unsigned pad = 0;
        uint32_t group = 0;
        char out[3];

        if (i + 4 == len && text[i + 3] == '=')
            pad = text[i + 2] == '=' ? 2 : 1;
        for (unsigned k = 0; k < 4; k++) {
            uint32_t digit = k < 4 - pad ? value_of(text[i + k]) : 0;

            if (digit > 63)
                return false;
            group = group << 6 | digit;
        }
        /* Bits that no byte takes are zero, so that each run of bytes has one text. */
        if ((pad == 1 && group & 0xff) || (pad == 2 && group & 0xffff))
            return false;
        out[0] = (char)(group >> 16);
        out[1] = (char)(group >> 8);
        out[2] = (char)group;
        mf_buf_put(buf, out, 3 - pad);
    }
    return true;
}
