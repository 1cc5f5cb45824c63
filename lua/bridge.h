/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Values of a flow ↔ values of Lua. Both ways make a copy.
 *
 *   null            nil; within a list the constant `null`; within a map it is left out
 *   bool            boolean
 *   int             integer
 *   number          float
 *   text, bytes     string; on the way back what is UTF-8 is a text, other strings are bytes
 *   list            table with the keys 1 to n
 *   map             table; names come back in order of the alphabet
 *   path            its dotted text; on the way back a text for an output that only takes paths
 */

#include <lua.h>

#include "engine/base/error.h"
#include "engine/value/value.h"

enum { MF_LUA_ITEMS = 100000 };          /* of one value, those of its lists and maps included */
#define MF_LUA_BYTES (16u * 1024 * 1024) /* of the texts in one value */

/* Pushes one value. With the memory limit lifted it cannot fail. */
void mf_lua_push_value(lua_State *L, const struct mf_value *value);
/* Reads the Lua value at `index`. It runs no code of the script's and raises nothing. `types` is
 * what is wanted, a set of MF_T(). Negative: functions, tables within themselves, over a limit;
 * then *ret is untouched. The caller owns *ret. */
int mf_lua_read_value(lua_State *L, int index, uint32_t types, struct mf_value *ret,
                      struct mf_error *err);

/* `null` in a list. */
static inline void mf_lua_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}
