/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What a script may call beside Lua's own functions: emit, log, print, now, quality, age, require,
 * and the table `state`. What each does for the author of a rule is in docs/lua.md.
 */

#include "lua/state.h"

struct mf_value;

/* Puts them into the globals of a new state. `state` is an empty table. */
void mf_lua_open_api(struct mf_lua *lua);

/* Index of the input that a script calls so, or -1. */
int mf_lua_find_input(const struct mf_lua *lua, const char *name);
/* Raises an error that names the nearest input. */
int mf_lua_no_input(lua_State *L, const char *name);
/* Seconds since the value of an input was true. */
double mf_lua_input_age(const struct mf_lua *lua, unsigned input);

/* Reads the Lua value at `index` and emits it. Negative: it is no value, or not one for this
 * output; nothing was emitted. */
int mf_lua_emit(lua_State *L, unsigned out, int index, struct mf_error *err);

/* ---- the table `state` ---- */

/* Its content as a value the caller owns. What cannot be kept (functions) is left out and named in
 * `err`; returns negative then. */
int mf_lua_get_state(struct mf_lua *lua, struct mf_value *ret, struct mf_error *err);
/* Takes the place of what it holds. */
void mf_lua_set_state(struct mf_lua *lua, const struct mf_value *value);
