/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The globals of a state: base functions, and the tables of the others.
 *
 * Not there, on purpose: load, loadfile, dofile, string.dump, collectgarbage, debug, io, package,
 * and _G. Finalizers are refused by setmetatable(): Lua switches hooks off in them, so that a loop
 * there would never end.
 */

#include "lua/open.h"

#include <lualib.h>
#include <string.h>

#include "lua/find.h"
#include "lua/state.h"

/* ---- borrowing ---- */

/* Functions of Lua's libraries take their arguments from the stack: they can be called as they
 * are. */
static int metered(lua_State *L)
{
    lua_CFunction function = lua_tocfunction(L, lua_upvalueindex(1));
    uint64_t bytes = 0;

    for (int i = lua_gettop(L); i > 0; i--)
        if (lua_type(L, i) == LUA_TSTRING)
            bytes += lua_rawlen(L, i);
    mf_lua_pay(L, bytes / MF_FIND_BYTES);
    return function(L);
}

static void borrow(lua_State *L, lua_CFunction open, const char *const *names, bool is_metered)
{
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    for (; *names; names++) {
        lua_getfield(L, -1, *names);
        if (is_metered)
            lua_pushcclosure(L, metered, 1);
        lua_setfield(L, -3, *names);
    }
    lua_pop(L, 1);
}

void mf_lua_borrow(lua_State *L, lua_CFunction open, const char *const *names)
{
    borrow(L, open, names, false);
}

void mf_lua_borrow_metered(lua_State *L, lua_CFunction open, const char *const *names)
{
    borrow(L, open, names, true);
}

/* ---- protected calls ---- */

/* Both come here when what they called has ended, with or without an error, and also when a
 * coroutine goes on in the middle of it. An error about the budget goes on. */
static int finish_pcall(lua_State *L, int status, lua_KContext below)
{
    mf_lua_raise(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_pushboolean(L, false);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)below;
}

static int base_pcall(lua_State *L)
{
    int status;

    luaL_checkany(L, 1);
    lua_pushboolean(L, true);
    lua_insert(L, 1);
    status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

/* The error of a budget comes out of the hook, and what is called for it runs without hooks:
 * nothing of the script's may. */
static int handle(lua_State *L)
{
    if (mf_lua_of(L)->over)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int base_xpcall(lua_State *L)
{
    int args = lua_gettop(L), status;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, true);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2); /* function, handler, true, function, arguments */
    status = lua_pcallk(L, args - 2, LUA_MULTRET, 2, 2, finish_pcall);
    return finish_pcall(L, status, 2);
}

/* ---- metatables ---- */

static int base_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "`__gc` is not allowed in a flow's scripts");
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    mf_lua_of(L)->has_metatables = true;
    return 1;
}

/* ---- the list ---- */

static void open_base(lua_State *L)
{
    static const char *const names[] = {
        "assert", "error",  "getmetatable", "ipairs",   "next", "rawequal", "rawget",
        "rawlen", "rawset", "select",       "tostring", "type", NULL};
    static const char *const metered_names[] = {"tonumber", NULL};
    static const luaL_Reg functions[] = {
        {"pairs", mf_lua_pairs}, {"pcall", base_pcall}, {"setmetatable", base_setmetatable},
        {"xpcall", base_xpcall}, {NULL, NULL},
    };

    mf_lua_borrow(L, luaopen_base, names);
    mf_lua_borrow_metered(L, luaopen_base, metered_names);
    luaL_setfuncs(L, functions, 0);
    lua_pushliteral(L, LUA_VERSION);
    lua_setfield(L, -2, "_VERSION");
}

static void open_utf8(lua_State *L)
{
    static const char *const names[] = {"char", "charpattern", NULL};
    static const char *const metered_names[] = {"codepoint", "codes", "len", "offset", NULL};

    lua_newtable(L);
    mf_lua_borrow(L, luaopen_utf8, names);
    mf_lua_borrow_metered(L, luaopen_utf8, metered_names);
}

void mf_lua_open(lua_State *L)
{
    static const struct {
        const char *name;
        void (*open)(lua_State *L);
    } libraries[] = {
        {"coroutine", mf_lua_open_coroutine}, {"math", mf_lua_open_math},   {"os", mf_lua_open_os},
        {"string", mf_lua_open_string},       {"table", mf_lua_open_table}, {"utf8", open_utf8},
    };

    lua_newtable(L);
    open_base(L);
    for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
        libraries[i].open(L);
        lua_setfield(L, -2, libraries[i].name);
    }
    /* What Lua's base library has put into the old globals goes with them. */
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
