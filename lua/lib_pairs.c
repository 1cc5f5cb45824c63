/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * pairs(): names in order of the alphabet.
 *
 * Lua walks a table in the order of its hashes, which are other ones in each process: a rule that
 * emits while it walks could not be replayed. A table without names is walked as it lies, for there
 * the order is the same everywhere.
 */

#include <stdlib.h>
#include <string.h>

#include "lua/open.h"
#include "lua/state.h"

struct key {
    const char *text;
    size_t len;
    lua_Integer at; /* in the list of those found */
};

static int compare(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    size_t len = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->text, y->text, len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* How many names table 1 has. */
static size_t count_names(lua_State *L)
{
    size_t count = 0;

    lua_pushnil(L);
    while (lua_next(L, 1)) {
        mf_lua_pay(L, 1);
        lua_pop(L, 1);
        count += lua_type(L, -1) == LUA_TSTRING;
    }
    return count;
}

/* Pushes a list of the keys of table 1: what is no name, as it lies, then `count` names, sorted. */
static void push_keys(lua_State *L, size_t count)
{
    lua_Integer others = 0, names = 0;
    struct key *keys;

    lua_newtable(L); /* all of them, 2 */
    lua_newtable(L); /* names as they lie, 3 */
    keys = lua_newuserdatauv(L, count * sizeof(*keys), 0);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            lua_rawseti(L, 2, ++others);
            continue;
        }
        keys[names].text = lua_tolstring(L, -1, &keys[names].len);
        keys[names].at = names + 1;
        lua_rawseti(L, 3, ++names);
    }
    mf_lua_pay(L, 4 * count);
    qsort(keys, count, sizeof(*keys), compare);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 3, keys[i].at);
        lua_rawseti(L, 2, ++others);
    }
    lua_settop(L, 2);
}

enum { PAIRS_TABLE = 1, PAIRS_KEYS, PAIRS_AT };

/* Keys whose value is gone by now are passed over. */
static int next_pair(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(PAIRS_AT));

    lua_settop(L, 0);
    while (lua_rawgeti(L, lua_upvalueindex(PAIRS_KEYS), ++at) != LUA_TNIL) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(PAIRS_TABLE)) != LUA_TNIL) {
            lua_pushinteger(L, at);
            lua_replace(L, lua_upvalueindex(PAIRS_AT));
            return 2;
        }
        lua_settop(L, 0);
        mf_lua_pay(L, 1);
    }
    return 1;
}

static int plain_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (lua_next(L, 1))
        return 2;
    lua_pushnil(L);
    return 1;
}

int mf_lua_pairs(lua_State *L)
{
    size_t count;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    count = count_names(L);
    if (!count) {
        lua_pushcfunction(L, plain_next);
        lua_pushvalue(L, 1);
        return 2;
    }
    push_keys(L, count);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_pair, 3);
    return 1;
}
