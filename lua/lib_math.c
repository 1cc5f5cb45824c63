/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* math: Lua's own, and random numbers that are the same in each run: seeded by the node's name. */

#include <lualib.h>

#include "lua/open.h"
#include "lua/state.h"

static uint64_t random_below(struct mf_rng *rng, uint64_t bound)
{
    return bound ? mf_rng_below(rng, bound) : mf_rng_next(rng); /* 0: all there are */
}

static int math_random(lua_State *L)
{
    struct mf_rng *rng = &mf_lua_of(L)->rng;
    lua_Integer low = 1, high;

    if (lua_gettop(L) == 0) {
        lua_pushnumber(L, mf_rng_double(rng));
        return 1;
    }
    if (lua_gettop(L) == 1) {
        high = luaL_checkinteger(L, 1);
        if (high == 0) {
            lua_pushinteger(L, (lua_Integer)mf_rng_next(rng));
            return 1;
        }
    } else {
        low = luaL_checkinteger(L, 1);
        high = luaL_checkinteger(L, 2);
    }
    luaL_argcheck(L, low <= high, lua_gettop(L) == 1 ? 1 : 2, "interval is empty");
    lua_pushinteger(L,
                    (lua_Integer)((lua_Unsigned)low +
                                  random_below(rng, (lua_Unsigned)high - (lua_Unsigned)low + 1)));
    return 1;
}

static int math_randomseed(lua_State *L)
{
    lua_Number seed = luaL_checknumber(L, 1);
    lua_Integer whole;

    if (!lua_numbertointeger(seed, &whole))
        whole = 0;
    mf_rng_seed(&mf_lua_of(L)->rng, (uint64_t)whole);
    return 0;
}

void mf_lua_open_math(lua_State *L)
{
    static const char *const names[] = {
        "abs",  "acos", "asin", "atan", "ceil",       "cos",  "deg",        "exp",  "floor",
        "fmod", "huge", "log",  "max",  "maxinteger", "min",  "mininteger", "modf", "pi",
        "rad",  "sin",  "sqrt", "tan",  "tointeger",  "type", "ult",        NULL};
    static const luaL_Reg functions[] = {
        {"random", math_random},
        {"randomseed", math_randomseed},
        {NULL, NULL},
    };

    lua_newtable(L);
    mf_lua_borrow(L, luaopen_math, names);
    luaL_setfuncs(L, functions, 0);
}
