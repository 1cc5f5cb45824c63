/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The allocator, the budgets and the protected calls of a sandboxed state.
 *
 * The instruction hook of each coroutine fires every MF_LUA_STEP instructions and takes them off
 * one account. A hook per coroutine alone is escaped by a loop that makes coroutines which live
 * shorter than a step; therefore making one costs a step.
 */

#include "lua/state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/graph/node.h"
#include "lua/open.h"

/* A refusal makes Lua collect all garbage and ask again; whoever provokes that in a loop pays for
 * it: bytes in use per step. */
enum { BYTES_PER_STEP = 64 };

enum { MESSAGE_SLACK = 4096 }; /* bytes */

/* ---- memory ---- */

/* The innermost place in the script, for a message that Lua makes without one. */
static void note_place(struct mf_lua *lua)
{
    lua_Debug at;

    lua->refused[0] = '\0';
    for (int level = 0; lua->running && lua_getstack(lua->running, level, &at); level++)
        if (lua_getinfo(lua->running, "Sl", &at) && at.currentline > 0) {
            snprintf(lua->refused, sizeof(lua->refused), "%s:%d: ", at.short_src, at.currentline);
            return;
        }
}

static void *allocate(void *arg, void *block, size_t old, size_t size)
{
    struct mf_lua *lua = arg;
    size_t limit = (size_t)lua->limits.memory + lua->slack;

    if (!block)
        old = 0; /* Lua says here what it is for */
    if (size == 0) {
        lua->memory -= old;
        mf_free(block);
        return NULL;
    }
    if (size > old && (size - old > limit || lua->memory > limit - (size - old))) {
        lua->left -= (int64_t)(lua->memory / BYTES_PER_STEP);
        note_place(lua);
        return NULL;
    }
    lua->memory += size - old;
    if (lua->memory > lua->peak)
        lua->peak = lua->memory;
    return mf_realloc(block, size);
}

/* ---- budgets ---- */

/* What is late by the clock must be so by the processor, too: on a busy machine others may have had
 * it meanwhile, which is no fault of the script's. */
static bool is_late(struct mf_lua *lua)
{
    int64_t limit = lua->limits.time, now, used;

    if (!limit)
        return false;
    now = mf_clock_mono(&lua->clock);
    if (!lua->until) {
        lua->until = now + limit;
        lua->cpu_at = mf_clock_cpu();
    }
    if (now <= lua->until)
        return false;
    used = mf_clock_cpu() - lua->cpu_at;
    lua->until = now + limit - used;
    return used >= limit;
}

static void spend(struct mf_lua *lua, int64_t steps)
{
    lua->left -= steps;
    if (lua->over)
        return;
    if (lua->left < 0)
        lua->over = MF_LUA_INSTRUCTIONS;
    else if (is_late(lua))
        lua->over = MF_LUA_TIME;
}

static void on_event(lua_State *L, lua_Debug *at);

static int mask_of(const struct mf_lua *lua)
{
    return LUA_MASKCOUNT | (lua->saw_line ? LUA_MASKLINE : 0);
}

/* Raises with a sentence and a place. `level` counts from the function that runs. */
static void raise_at(lua_State *L, int level)
{
    struct mf_lua *lua = mf_lua_of(L);

    lua_sethook(L, on_event, mask_of(lua), 1);
    lua->slack = MESSAGE_SLACK; /* the message may need what is not there any more */
    luaL_where(L, level);
    if (lua->over == MF_LUA_TIME)
        lua_pushfstring(L, "more than %I us in one call", (LUAI_UACINT)(lua->limits.time / MF_US));
    else if (lua->over == MF_LUA_EMITS)
        lua_pushfstring(L, "more than %I values emitted in one call",
                        (LUAI_UACINT)lua->limits.emits);
    else if (lua->over == MF_LUA_MEMORY)
        lua_pushfstring(L, "more than %I bytes of memory", (LUAI_UACINT)lua->limits.memory);
    else
        lua_pushfstring(L, "more than %I instructions in one call",
                        (LUAI_UACINT)lua->limits.instructions);
    lua_concat(L, 2);
    mf_lua_lower(lua);
    lua_error(L);
}

static void on_event(lua_State *L, lua_Debug *at)
{
    struct mf_lua *lua = mf_lua_of(L);

    if (at->event == LUA_HOOKLINE) {
        lua_getinfo(L, "S", at);
        if (at->source[0] == '@')
            lua->saw_line(lua, at->source + 1, (uint32_t)at->currentline);
        return;
    }
    spend(lua, lua->over ? 1 : MF_LUA_STEP);
    if (lua->over)
        raise_at(L, 0);
}

void mf_lua_raise(lua_State *L)
{
    if (mf_lua_of(L)->over)
        raise_at(L, 1);
}

void mf_lua_exceed(lua_State *L, enum mf_lua_budget budget)
{
    struct mf_lua *lua = mf_lua_of(L);

    if (!lua->over)
        lua->over = (uint8_t)budget;
    raise_at(L, 1);
}

void mf_lua_pay(lua_State *L, uint64_t steps)
{
    struct mf_lua *lua = mf_lua_of(L);

    spend(lua, steps > INT32_MAX ? INT32_MAX : (int64_t)steps);
    if (lua->over)
        raise_at(L, 1);
}

static inline void fill(struct mf_lua *lua)
{
    lua->over = MF_LUA_FINE;
    lua->left = lua->limits.instructions;
    lua->emits_left = lua->limits.emits;
    lua->until = 0;
}

/* Each instruction is dearer while there is a hook, even where it does not fire. */
void mf_lua_begin_short(struct mf_lua *lua)
{
    if (lua->has_metatables || lua->saw_line) {
        mf_lua_begin(lua);
        return;
    }
    fill(lua);
    if (lua->is_watched) {
        lua->is_watched = false;
        lua_sethook(lua->L, NULL, 0, 0);
    }
}

void mf_lua_begin(struct mf_lua *lua)
{
    fill(lua);
    lua->is_watched = true;
    lua_sethook(lua->L, on_event, mask_of(lua), MF_LUA_STEP);
}

void mf_lua_end(struct mf_lua *lua)
{
    int64_t used = lua->limits.instructions - lua->left + MF_LUA_STEP;

    lua->calls++;
    lua->instructions += (uint64_t)used;
}

/* ---- calls ---- */

/* The error value is on top; nothing that it could be runs any code of the script's. */
static int report(lua_State *L, int status, struct mf_error *err)
{
    struct mf_lua *lua = mf_lua_of(L);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;

    if (status == LUA_ERRMEM && !lua->over) {
        lua->over = MF_LUA_MEMORY;
        return mf_fail(err, MF_ELIMIT, "%smore than %lld bytes of memory", lua->refused,
                       (long long)lua->limits.memory);
    }
    if (!text && lua->over)
        return mf_fail(err, MF_ELIMIT, "over budget");
    if (!text)
        return mf_fail(err, MF_EINVAL, "an error was raised that is a %s, not a text",
                       luaL_typename(L, -1));
    return mf_fail(err, lua->over ? MF_ELIMIT : MF_EINVAL, "%s", text);
}

int mf_lua_call(struct mf_lua *lua, int args, int results, struct mf_error *err)
{
    lua_State *L = lua->L;
    int base = lua_gettop(L) - args - 1, rc;
    int status = lua_pcall(L, args, results, 0);

    if (status == LUA_OK && !lua->over)
        return 0;
    if (status == LUA_OK) { /* it went on to its end within the last step */
        lua_settop(L, base);
        return mf_fail(err, MF_ELIMIT, "over budget");
    }
    rc = report(L, status, err);
    lua_settop(L, base);
    return rc;
}

/* A library of Lua is older than 5.4.6 in Debian 12. */
static int close_thread(lua_State *co, lua_State *from)
{
#if LUA_VERSION_RELEASE_NUM >= 50406
    return lua_closethread(co, from);
#else
    (void)from;
    return lua_resetthread(co);
#endif
}

int mf_lua_resume(lua_State *co, lua_State *from, int args, int *ret_results)
{
    struct mf_lua *lua = mf_lua_of(co);
    lua_State *outer = lua->running;
    int status;

    if (lua->nesting >= MF_LUA_NESTING)
        return luaL_error(from, "more than %d coroutines resume each other", MF_LUA_NESTING);
    lua->nesting++;
    lua->running = co;
    status = lua_resume(co, from, args, ret_results);
    lua->running = outer;
    lua->nesting--;
    return status;
}

/* Lua counts nested calls on the C stack, but starts anew in each coroutine that is closed. */
int mf_lua_close(lua_State *co, lua_State *from)
{
    struct mf_lua *lua = mf_lua_of(co);
    lua_State *outer = lua->running;
    int status;

    mf_lua_raise(from);
    if (lua->nesting >= MF_LUA_NESTING)
        return luaL_error(from, "more than %d coroutines close each other", MF_LUA_NESTING);
    lua->nesting++;
    lua->running = co;
    status = close_thread(co, from);
    lua->running = outer;
    lua->nesting--;
    return status;
}

/* ---- loading ---- */

struct reader {
    const struct mf_lua_source *source;
    uint32_t line;
    bool is_done;
};

/* Empty lines in front bring the text to the line it has in its file. */
static const char *read_text(lua_State *L, void *arg, size_t *ret_len)
{
    static const char lines[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    struct reader *reader = arg;

    if (reader->line > 1) {
        *ret_len = reader->line - 1 < sizeof(lines) - 1 ? reader->line - 1 : sizeof(lines) - 1;
        reader->line -= (uint32_t)*ret_len;
        return lines;
    }
    if (reader->is_done)
        return NULL;
    reader->is_done = true;
    *ret_len = reader->source->len;
    return reader->source->text;
}

int mf_lua_load(lua_State *L, const struct mf_lua_source *source, struct mf_error *err)
{
    struct reader reader = {source, source->line};
    char name[256];
    int status, rc;

    if (source->len > MF_LUA_CHUNK)
        return mf_fail(err, MF_ELIMIT, "%s: the script has %zu bytes; the limit is %u",
                       source->name, source->len, MF_LUA_CHUNK);
    /* What begins so is bytecode, which can do anything. With lines in front Lua would not see. */
    if (source->len && source->text[0] == LUA_SIGNATURE[0])
        return mf_fail(err, MF_EINVAL, "%s: this is compiled Lua; scripts must be text",
                       source->name);
    snprintf(name, sizeof(name), "@%s", source->name);
    status = lua_load(L, read_text, &reader, name, "t");
    if (status == LUA_OK)
        return 0;
    rc = report(L, status, err);
    lua_pop(L, 1);
    return rc;
}

/* ---- life ---- */

static uint64_t seed_of(const void *owner)
{
    const char *name = owner ? mf_node_name(owner) : "";

    return mf_hash_fixed(name, strlen(name));
}

struct mf_lua *mf_lua_new(const struct mf_lua_limits *limits, void *owner)
{
    struct mf_lua *lua = mf_zalloc(sizeof(*lua));

    lua->limits = *limits;
    lua->owner = owner;
    mf_lua_lift(lua); /* what we put there does not fail */
    mf_clock_init_real(&lua->clock);
    mf_rng_seed(&lua->rng, seed_of(owner));
    lua->L = lua->running = lua_newstate(allocate, lua);
    *(struct mf_lua **)lua_getextraspace(lua->L) = lua;
    fill(lua);
    mf_lua_open(lua->L);
    mf_lua_lower(lua);
    return lua;
}

void mf_lua_free(struct mf_lua *lua)
{
    if (!lua)
        return;
    lua_close(lua->L);
    mf_free(lua);
}
