/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Uses: which names a compiled script reads, writes and hands to our functions.
 *
 * Lua resolves names itself while it compiles, so what is asked is its own result (the dump of the
 * function), not the text: locals, closures and shadowed names are right by construction. The form
 * of a dump belongs to Lua 5.4; with another one nothing is found, and nothing is wrong.
 */

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

enum mf_lua_use_kind {
    MF_LUA_READS, /* a global is read */
    MF_LUA_SETS,  /* a global is set */
    MF_LUA_FIELD, /* a field of a global is read: `math.max`, `input.power` */
    MF_LUA_CALLS, /* a global is called with a text as its first argument: emit("x", …) */
};

struct mf_lua_use {
    enum mf_lua_use_kind kind;
    const char *name;  /* of the global */
    const char *field; /* FIELD: the field; CALLS: the argument; else NULL */
    uint32_t line;
    bool is_within; /* in a function of the script, not in its main part */
};

/* Reports the uses of the function on top of the stack in order of its code. The names live until
 * the end of the call. The first parameter of the global function `run` counts as the global
 * `input`. False when this is another Lua than the one whose code we know. */
bool mf_lua_uses(lua_State *L, void (*found)(void *arg, const struct mf_lua_use *use), void *arg);

/* Reports the lines on which the function on top of the stack, or one within it, has code; some
 * more than once. */
void mf_lua_lines(lua_State *L, void (*line)(void *arg, uint32_t line), void *arg);

/* Whether the function on top of the stack ends by itself after at most as many instructions as it
 * has: it has no loops and calls nothing, metatables aside. */
bool mf_lua_is_short(lua_State *L);
