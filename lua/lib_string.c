/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The functions of texts: Lua's own where they end by themselves, patterns of lua/find.h, rep(). */

#include <lualib.h>
#include <string.h>

#include "lua/find.h"
#include "lua/open.h"
#include "lua/state.h"

/* Lua's own goes round for ever with an empty text and a large count. */
static int string_rep(lua_State *L)
{
    size_t len, separator_len, total;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *separator = luaL_optlstring(L, 3, "", &separator_len);
    luaL_Buffer buffer;
    char *at;

    if (count <= 0 || len + separator_len == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((lua_Unsigned)count > (size_t)mf_lua_of(L)->limits.memory / (len + separator_len))
        return luaL_error(L, "resulting string too large");
    total = (size_t)count * (len + separator_len) - separator_len;
    mf_lua_pay(L, ((uint64_t)count + total) / MF_FIND_BYTES);
    at = luaL_buffinitsize(L, &buffer, total);
    for (lua_Integer i = 0; i < count; i++) {
        memcpy(at, text, len);
        at += len;
        if (i + 1 < count)
            memcpy(at, separator, separator_len);
        at += separator_len;
    }
    luaL_pushresultsize(&buffer, total);
    return 1;
}

/* The metatable that all texts share: its functions are ours, and nobody may look at it. */
static void set_methods(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void mf_lua_open_string(lua_State *L)
{
    static const char *const names[] = {"byte", "char", "len", "packsize", NULL};
    static const char *const metered_names[] = {"format", "lower",  "pack",  "reverse",
                                                "sub",    "unpack", "upper", NULL};

    lua_newtable(L);
    mf_lua_borrow(L, luaopen_string, names);
    mf_lua_borrow_metered(L, luaopen_string, metered_names);
    mf_find_open(L, mf_lua_pay);
    lua_pushcfunction(L, string_rep);
    lua_setfield(L, -2, "rep");
    set_methods(L);
}
