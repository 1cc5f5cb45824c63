/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * coroutine: Lua's own where it is harmless; what makes, resumes and closes is ours.
 *
 * A coroutine that is over budget is not closed: the hook that stopped it has left hooks switched
 * off in it, so that its `<close>` variables could run for ever.
 */

#include <lualib.h>

#include "lua/open.h"
#include "lua/state.h"

static lua_State *coroutine_at(lua_State *L, int arg)
{
    lua_State *co = lua_tothread(L, arg);

    luaL_argexpected(L, co, arg, "coroutine");
    return co;
}

/* What it runs before its own hook fires for the first time is paid here. */
static int coroutine_create(lua_State *L)
{
    lua_State *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    mf_lua_pay(L, MF_LUA_STEP);
    co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

/* Number of results on top of L, or -1 with an error value there. */
static int resume(lua_State *L, lua_State *co, int args)
{
    int status, results;

    if (!lua_checkstack(co, args)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, args);
    status = mf_lua_resume(co, L, args, &results);
    mf_lua_raise(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(co, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, results);
    return results;
}

static int coroutine_resume(lua_State *L)
{
    lua_State *co = coroutine_at(L, 1);
    int results = resume(L, co, lua_gettop(L) - 1);

    lua_pushboolean(L, results >= 0);
    lua_insert(L, results >= 0 ? -results - 1 : -2);
    return results >= 0 ? results + 1 : 2;
}

/* An error in a wrapped coroutine closes it and goes on. It says where it began, so the places it
 * comes through are not put in front, as Lua does. */
static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, co, lua_gettop(L)), status = lua_status(co);

    if (results >= 0)
        return results;
    if (status != LUA_OK && status != LUA_YIELD) {
        status = mf_lua_close(co, L);
        if (status != LUA_OK)
            lua_xmove(co, L, 1);
    }
    return lua_error(L);
}

static int coroutine_wrap(lua_State *L)
{
    coroutine_create(L);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static bool is_over(lua_State *co)
{
    lua_Debug at;

    return lua_status(co) != LUA_YIELD && !lua_getstack(co, 0, &at);
}

static int coroutine_close(lua_State *L)
{
    lua_State *co = coroutine_at(L, 1);

    if (co == L || (lua_status(co) == LUA_OK && !is_over(co)))
        return luaL_error(L, "cannot close a running coroutine");
    if (mf_lua_close(co, L) == LUA_OK) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushboolean(L, false);
    lua_xmove(co, L, 1);
    return 2;
}

void mf_lua_open_coroutine(lua_State *L)
{
    static const char *const names[] = {"isyieldable", "running", "status", "yield", NULL};
    static const luaL_Reg functions[] = {
        {"close", coroutine_close},
        {"create", coroutine_create},
        {"resume", coroutine_resume},
        {"wrap", coroutine_wrap},
        {NULL, NULL},
    };

    lua_newtable(L);
    mf_lua_borrow(L, luaopen_coroutine, names);
    luaL_setfuncs(L, functions, 0);
}
