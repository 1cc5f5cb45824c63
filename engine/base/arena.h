/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Arena: many small things that die together.
 *
 * A compiled flow lives in one arena: names, spans, configs, edges. There is no
 * free for a single object. Chunks come from mmap, so that dropping an arena
 * gives its pages back to the system at once.
 */

#include <stddef.h>

struct mf_arena;

struct mf_arena *mf_arena_new(void);
void mf_arena_free(struct mf_arena *arena); /* NULL is fine */

void *mf_arena_alloc(struct mf_arena *arena, size_t size); /* zeroed, aligned to 16 */
char *mf_arena_strdup(struct mf_arena *arena, const char *text);
char *mf_arena_strndup(struct mf_arena *arena, const char *text, size_t len); /* NUL-terminated */
char *mf_arena_printf(struct mf_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes taken from the system so far: the metric behind the memory bounds. */
size_t mf_arena_size(const struct mf_arena *arena);

/* Calls fn(arg) when the arena is freed, last registered first: for the few objects in it that
 * hold counted values. */
void mf_arena_defer(struct mf_arena *arena, void (*fn)(void *arg), void *arg);
/* Calls them now, so that the arena can be freed on another thread. */
void mf_arena_settle(struct mf_arena *arena);
