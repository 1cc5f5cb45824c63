/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Errors while running: filling the caller's record. */

#include "engine/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"

/* A text that was cut does not end in the middle of a character. */
static void end_whole(char *text, size_t len)
{
    size_t start = len;

    if (len < sizeof(((struct mf_error *)0)->text) - 1)
        return;
    while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0 &&
        mf_utf8_valid(text + start - 1, len - start + 1) != len - start + 1)
        text[start - 1] = 0;
}

static int __attribute__((format(printf, 4, 0)))
fill(struct mf_error *err, int code, int sys, const char *fmt, va_list args)
{
    size_t used;

    if (!err)
        return code;
    err->code = code;
    err->sys = sys;
    vsnprintf(err->text, sizeof(err->text), fmt, args);
    if (sys) {
        char text[128];

        used = strlen(err->text);
        snprintf(err->text + used, sizeof(err->text) - used, ": %s",
                 strerror_r(sys, text, sizeof(text)));
    }
    end_whole(err->text, strlen(err->text));
    return code;
}

int mf_fail(struct mf_error *err, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, code, 0, fmt, args);
    va_end(args);
    return code;
}

int mf_fail_sys(struct mf_error *err, int code, int sys, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, code, sys, fmt, args);
    va_end(args);
    return code;
}
