/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Memory that does not fail.
 *
 * Small allocations abort with a message when the system has nothing left, so
 * that no caller carries an error path nobody can test. A size that comes from
 * outside (a file, a device, the network) goes through mf_alloc_limited(),
 * which checks it against a named limit and can fail.
 */

#include <stddef.h>

#include "engine/base/error.h"

/* Says so on stderr and aborts. */
void mf_out_of_memory(void) __attribute__((noreturn));

void *mf_alloc(size_t size);                      /* uninitialised */
void *mf_zalloc(size_t size);                     /* zeroed */
void *mf_realloc(void *block, size_t size);       /* as realloc() */
void *mf_calloc_array(size_t count, size_t size); /* zeroed; aborts on overflow */
char *mf_strdup(const char *text);                /* NULL stays NULL */
char *mf_strndup(const char *text, size_t len);
char *mf_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mf_free(void *block); /* NULL is fine */

/* NULL with `err` filled when `size` is over `limit` or memory is short. `what`
 * names the thing in the message: "a message of 5 MB is over the limit of 1 MB". */
void *mf_alloc_limited(size_t size, size_t limit, const char *what, struct mf_error *err);

/* Makes room for one more element in a growing array: `mf_grow(&list, &cap, count, sizeof *list)`.
 */
void *mf_grow(void *array, size_t *cap, size_t count, size_t size);

/* Frees the local it is attached to at the end of the scope. */
#define MF_OWNED(drop) __attribute__((cleanup(drop)))
void mf_free_ptr(void *ptr_to_ptr);
