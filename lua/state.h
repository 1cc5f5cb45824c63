/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A sandboxed Lua state: what a script of a flow runs in.
 *
 * Each node has a state of its own, with a list of functions built up from nothing (lua/open.h)
 * and four budgets that a script cannot get around:
 *
 *   memory        by our allocator, over the life of the state
 *   instructions  per call, shared by all coroutines; C functions that can take long pay for
 *                 their steps with mf_lua_pay()
 *   time          per call, on the real clock, without the time that others had the processor;
 *                 first looked at after some instructions, so that a short call never asks the
 *                 clock. Off where the flow's clock is virtual: there a run must not depend on
 *                 the machine
 *   emits         per call, counted by whoever emits
 *
 * Once a budget is used up every further instruction raises, so that no pcall() holds a script
 * alive; our own pcall() and resume() do not stop such an error either. What is left in such a
 * state is not to be trusted (a coroutine that died in the hook runs its `<close>` variables
 * without any): throw it away and make a new one.
 *
 *   struct mf_lua *lua = mf_lua_new(&limits, node);
 *   mf_lua_load(lua->L, &source, &err);       // pushes the chunk
 *   mf_lua_begin(lua);                         // a full budget
 *   mf_lua_call(lua, 0, 0, &err);              // MF_ELIMIT: over budget; MF_EINVAL: its own fault
 *
 * What we put into a state ourselves (messages, names) is put there with the limit lifted, between
 * mf_lua_lift() and mf_lua_lower(): such calls cannot fail, so they need no protection.
 */

#include <lua.h>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"

enum {
    MF_LUA_STEP = 100,    /* instructions between two calls of the hook */
    MF_LUA_NESTING = 150, /* coroutines that resume or close each other */
};
#define MF_LUA_CHUNK (1024u * 1024) /* bytes of one script or module */

struct mf_lua_module;

struct mf_lua_limits {
    int64_t memory;       /* bytes */
    int64_t instructions; /* per call */
    int64_t time;         /* ns per call; 0: not looked at */
    int64_t emits;        /* per call */
};

enum mf_lua_budget {
    MF_LUA_FINE,
    MF_LUA_INSTRUCTIONS,
    MF_LUA_TIME,
    MF_LUA_EMITS,
    MF_LUA_MEMORY,
};

struct mf_lua {
    lua_State *L;
    void *owner; /* the node; NULL while a script is only looked at */
    struct mf_lua_limits limits;
    size_t memory, peak; /* bytes: now, at most */
    size_t slack;        /* bytes over the limit that may be used now */
    uint8_t over;        /* enum mf_lua_budget: what is used up in this call */
    uint16_t nesting;    /* coroutines within coroutines */
    int64_t left;        /* instructions in this call */
    int64_t until;       /* mono ns; 0: the clock was not asked yet */
    int64_t cpu_at;      /* ns of the processor when it was first asked */
    int64_t emits_left;
    uint64_t instructions; /* metric: of all calls, to the nearest MF_LUA_STEP upwards */
    uint64_t calls;        /* metric */
    lua_State *running;    /* the coroutine that runs: whose position is told */
    char refused[160];     /* "rules/a.lua:3: ": where memory was refused last */
    struct mf_clock clock; /* the real one, for `time` */
    struct mf_rng rng;     /* of math.random() */
    /* Each line before it runs, while a test measures coverage; NULL: nobody asks. */
    void (*saw_line)(struct mf_lua *lua, const char *file, uint32_t line);
    const struct mf_lua_module *modules; /* that require() finds, ended by {0}; NULL: none */
    bool has_metatables;                 /* the script has made some */
    bool is_watched;                     /* the hook is set in the main thread */
    bool is_live;                        /* the node runs: emit() and the inputs can be used */
};

/* A script's text. `name` is what messages call it, `line` the line of that file on which the text
 * begins, so that positions in a script within a YAML file are those of the file. */
struct mf_lua_source {
    const char *text;
    size_t len;
    const char *name;
    uint32_t line;
    uint32_t file; /* number of its source while the flow is compiled; 0: part of a flow file */
};

struct mf_lua_module {
    const char *name; /* as in require("name") */
    struct mf_lua_source source;
};

/* With the list of functions of lua/open.h. `owner` is the node, or NULL. */
struct mf_lua *mf_lua_new(const struct mf_lua_limits *limits, void *owner);
void mf_lua_free(struct mf_lua *lua); /* NULL is fine */

/* The state that a coroutine belongs to. */
static inline struct mf_lua *mf_lua_of(lua_State *L)
{
    return *(struct mf_lua **)lua_getextraspace(L);
}

/* Compiles and pushes a function. Text only: bytecode could do anything. Nothing is pushed on an
 * error. */
int mf_lua_load(lua_State *L, const struct mf_lua_source *source, struct mf_error *err);

/* Fills the budgets of the call that follows. */
void mf_lua_begin(struct mf_lua *lua);
/* The same for a function that mf_lua_is_short(): it is not watched, for it ends by itself. As soon
 * as the script has metatables, whose functions any instruction may call, it is watched all the
 * same. */
void mf_lua_begin_short(struct mf_lua *lua);
/* As lua_pcall() on the main thread, without a handler. On an error nothing is left on the stack of
 * what was there for the call. */
int mf_lua_call(struct mf_lua *lua, int args, int results, struct mf_error *err);
/* Counts the instructions of a call that has ended: for the metric. */
void mf_lua_end(struct mf_lua *lua);

/* Resumes a coroutine on behalf of `from`; as lua_resume(), which see. When the budget is used up
 * the caller raises on with mf_lua_raise(). */
int mf_lua_resume(lua_State *co, lua_State *from, int args, int *ret_results);
/* Closes a suspended coroutine, or one that failed: its `<close>` variables run. LUA_OK, or an
 * error whose value is on top of its stack. A state over budget closes nothing. */
int mf_lua_close(lua_State *co, lua_State *from);

/* Pays for steps that no hook sees: each about as dear as an instruction. Raises when the budget is
 * used up. */
void mf_lua_pay(lua_State *L, uint64_t steps);
/* Raises when a budget is used up. */
void mf_lua_raise(lua_State *L);
/* Says that this budget is used up, and raises. */
void mf_lua_exceed(lua_State *L, enum mf_lua_budget budget);

static inline void mf_lua_lift(struct mf_lua *lua)
{
    lua->slack = SIZE_MAX / 4;
}
static inline void mf_lua_lower(struct mf_lua *lua)
{
    lua->slack = 0;
}
