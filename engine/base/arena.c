/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Arena: chunks from mmap, each twice as large as the one before up to a bound,
 * so that small flows stay small and large ones need few system calls.
 */

#include "engine/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"

enum { FIRST_CHUNK = 16 * 1024, LAST_CHUNK = 1024 * 1024, ALIGN = 16, PAGE = 4096 };

struct chunk {
    struct chunk *older;
    size_t size;
};

struct deferred {
    struct deferred *older;
    void (*fn)(void *arg);
    void *arg;
};

struct mf_arena {
    struct chunk *chunk;
    char *next, *end;
    size_t next_size, total;
    struct deferred *deferred;
};

struct mf_arena *mf_arena_new(void)
{
    struct mf_arena *arena = mf_zalloc(sizeof(*arena));

    arena->next_size = FIRST_CHUNK;
    return arena;
}

void mf_arena_settle(struct mf_arena *arena)
{
    for (struct deferred *d = arena->deferred; d; d = d->older)
        d->fn(d->arg);
    arena->deferred = NULL;
}

void mf_arena_free(struct mf_arena *arena)
{
    if (!arena)
        return;
    mf_arena_settle(arena);
    while (arena->chunk) {
        struct chunk *older = arena->chunk->older;

        munmap(arena->chunk, arena->chunk->size);
        arena->chunk = older;
    }
    mf_free(arena);
}

/* A chunk of its own for what would waste most of a common one. */
static struct chunk *map_chunk(struct mf_arena *arena, size_t size)
{
    struct chunk *chunk =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (chunk == MAP_FAILED)
        mf_out_of_memory();
    chunk->size = size;
    chunk->older = arena->chunk;
    arena->chunk = chunk;
    arena->total += size;
    return chunk;
}

static size_t round_up(size_t size, size_t to)
{
    return (size + to - 1) & ~(to - 1);
}

void *mf_arena_alloc(struct mf_arena *arena, size_t size)
{
    size_t head = round_up(sizeof(struct chunk), ALIGN);
    char *result;

    size = round_up(size ? size : 1, ALIGN);
    if (size > (size_t)(arena->end - arena->next)) {
        struct chunk *chunk;

        if (size > arena->next_size / 4) {
            chunk = map_chunk(arena, round_up(size + head, PAGE));
            return (char *)chunk + head;
        }
        chunk = map_chunk(arena, arena->next_size);
        arena->next = (char *)chunk + head;
        arena->end = (char *)chunk + chunk->size;
        if (arena->next_size < LAST_CHUNK)
            arena->next_size *= 2;
    }
    result = arena->next; /* fresh pages are zero */
    arena->next += size;
    return result;
}

char *mf_arena_strndup(struct mf_arena *arena, const char *text, size_t len)
{
    char *copy = mf_arena_alloc(arena, len + 1);

    if (len)
        memcpy(copy, text, len);
    return copy;
}

char *mf_arena_strdup(struct mf_arena *arena, const char *text)
{
    return text ? mf_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *mf_arena_printf(struct mf_arena *arena, const char *fmt, ...)
{
    struct mf_buf text = {0};
    va_list args;
    char *copy;

    va_start(args, fmt);
    mf_buf_vprintf(&text, fmt, args);
    va_end(args);
    copy = mf_arena_strndup(arena, mf_buf_text(&text), text.len);
    mf_buf_done(&text);
    return copy;
}

size_t mf_arena_size(const struct mf_arena *arena)
{
    return arena->total;
}

void mf_arena_defer(struct mf_arena *arena, void (*fn)(void *arg), void *arg)
{
    struct deferred *d = mf_arena_alloc(arena, sizeof(*d));

    *d = (struct deferred){arena->deferred, fn, arg};
    arena->deferred = d;
}
