/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Errors while running: filling the caller's record. */

#include "engine/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
