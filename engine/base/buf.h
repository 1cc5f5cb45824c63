/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Buf: a growing run of bytes, with a limit.
 *
 * Zeroed memory is an empty buffer without limit (`struct mf_buf b = {0}`).
 * Once the limit is passed, `overflow` is set and further bytes are dropped;
 * the writer need not check each step, only the end.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mf_buf {
    char *data; /* always NUL-terminated once something was put */
    size_t len;
    size_t cap;
    size_t limit; /* bytes; 0 is none */
    bool overflow;
};

void mf_buf_done(struct mf_buf *buf);  /* frees, leaves an empty buffer */
void mf_buf_clear(struct mf_buf *buf); /* length 0, memory kept */
void mf_buf_put(struct mf_buf *buf, const void *data, size_t len);
void mf_buf_puts(struct mf_buf *buf, const char *text);
void mf_buf_putc(struct mf_buf *buf, char c);
void mf_buf_be(struct mf_buf *buf, uint64_t value, unsigned bytes); /* big-endian integer */
void mf_buf_printf(struct mf_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mf_buf_vprintf(struct mf_buf *buf, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
/* The text so far, never NULL. */
const char *mf_buf_text(const struct mf_buf *buf);
/* Hands the bytes over (NUL-terminated, mf_free) and leaves an empty buffer. */
char *mf_buf_take(struct mf_buf *buf);
