/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory that does not fail: the only file that calls malloc(). */

#include "engine/base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CAP = 8 };

void mf_out_of_memory(void)
{
    static const char text[] = "moat-flow: out of memory\n";

    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        abort();
    abort();
}

void *mf_alloc(size_t size)
{
    void *block = malloc(size ? size : 1);

    if (!block)
        mf_out_of_memory();
    return block;
}

void *mf_zalloc(size_t size)
{
    void *block = calloc(1, size ? size : 1);

    if (!block)
        mf_out_of_memory();
    return block;
}

void *mf_realloc(void *block, size_t size)
{
    block = realloc(block, size ? size : 1);
    if (!block)
        mf_out_of_memory();
    return block;
}

void *mf_calloc_array(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size ? size : 1);

    if (!block)
        mf_out_of_memory();
    return block;
}

char *mf_strndup(const char *text, size_t len)
{
    char *copy = mf_alloc(len + 1);

    if (len)
        memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

char *mf_strdup(const char *text)
{
    return text ? mf_strndup(text, strlen(text)) : NULL;
}

char *mf_asprintf(const char *fmt, ...)
{
    char *text;
    va_list args;
    int len;

    va_start(args, fmt);
    len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        mf_out_of_memory();
    return text;
}

void mf_free(void *block)
{
    free(block);
}

void mf_free_ptr(void *ptr_to_ptr)
{
    void *block;

    memcpy(&block, ptr_to_ptr, sizeof(block));
    free(block);
}

void *mf_alloc_limited(size_t size, size_t limit, const char *what, struct mf_error *err)
{
    void *block;

    if (size > limit) {
        mf_fail(err, MF_ELIMIT, "%s of %zu bytes is over the limit of %zu bytes", what, size,
                limit);
        return NULL;
    }
    block = malloc(size ? size : 1);
    if (!block)
        mf_fail(err, MF_ELIMIT, "there is no memory for %s of %zu bytes", what, size);
    return block;
}

void *mf_grow(void *array, size_t *cap, size_t count, size_t size)
{
    void *block;

    memcpy(&block, array, sizeof(block));
    if (count < *cap)
        return block;
    *cap = *cap ? 2 * *cap : FIRST_CAP;
    if (*cap > SIZE_MAX / size)
        mf_out_of_memory();
    block = mf_realloc(block, *cap * size);
    memcpy(array, &block, sizeof(block));
    return block;
}
