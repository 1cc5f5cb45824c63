/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What a script finds in its state: a list built up from nothing.
 *
 * Functions of Lua's own libraries are taken one by one, and only those that end by themselves:
 * what loops inside C as long as a script likes (a table that claims to be endless, a text repeated
 * for ever, patterns) is our own and pays for its steps.
 */

#include <lauxlib.h>
#include <lua.h>

/* Sets up a new state: its globals are these functions and nothing else. */
void mf_lua_open(lua_State *L);

/* Each pushes a table of functions. */
void mf_lua_open_coroutine(lua_State *L);
void mf_lua_open_math(lua_State *L);
void mf_lua_open_os(lua_State *L);
void mf_lua_open_string(lua_State *L); /* and makes the methods of texts of it */
void mf_lua_open_table(lua_State *L);

/* pairs(): in an order that does not depend on the process. */
int mf_lua_pairs(lua_State *L);

/* Calls `open`, one of Lua's own libraries, and copies the functions of these names, ended by NULL,
 * into the table on top of the stack. */
void mf_lua_borrow(lua_State *L, lua_CFunction open, const char *const *names);
/* The same, but each call pays for the bytes of its texts. */
void mf_lua_borrow_metered(lua_State *L, lua_CFunction open, const char *const *names);
