/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * table: the functions of Lua 5.4, each paying for the elements it touches.
 *
 * Lua's own loop inside C as long as a table says it is, and a table can say anything: `__len` and
 * `__index` may be functions of C that no instruction hook sees. The results are the same; sort()
 * is another algorithm, that looks at no element outside of the list whatever the comparison says.
 */

#include <limits.h>
#include <string.h>

#include "lua/open.h"
#include "lua/state.h"

static lua_Integer length_of(lua_State *L, int arg)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    return luaL_len(L, arg);
}

static int table_insert(lua_State *L)
{
    lua_Integer end = (lua_Integer)((lua_Unsigned)length_of(L, 1) + 1), at = end;

    if (lua_gettop(L) == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
        for (lua_Integer i = end; i > at; i--) {
            mf_lua_pay(L, 1);
            lua_geti(L, 1, i - 1);
            lua_seti(L, 1, i);
        }
    } else if (lua_gettop(L) != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer size = length_of(L, 1), at = luaL_optinteger(L, 2, size);

    if (lua_gettop(L) > 1)
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)size, 2, "position out of bounds");
    lua_geti(L, 1, at);
    for (; at < size; at++) {
        mf_lua_pay(L, 1);
        lua_geti(L, 1, at + 1);
        lua_seti(L, 1, at);
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

static void move_element(lua_State *L, lua_Integer from, int to_table, lua_Integer to)
{
    mf_lua_pay(L, 1);
    lua_geti(L, 1, from);
    lua_seti(L, to_table, to);
}

static int table_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4), count;
    int table = lua_isnoneornil(L, 5) ? 1 : 5;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, table, LUA_TTABLE);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3,
                      "too many elements to move");
        count = last - first + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        if (to > last || to <= first || (table != 1 && !lua_compare(L, 1, table, LUA_OPEQ)))
            for (lua_Integer i = 0; i < count; i++)
                move_element(L, first + i, table, to + i);
        else
            for (lua_Integer i = count - 1; i >= 0; i--)
                move_element(L, first + i, table, to + i);
    }
    lua_pushvalue(L, table);
    return 1;
}

static void add_element(lua_State *L, luaL_Buffer *buffer, lua_Integer i)
{
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUAI_UACINT)i);
    mf_lua_pay(L, 1 + lua_rawlen(L, -1) / 16);
    luaL_addvalue(buffer);
}

static int table_concat(lua_State *L)
{
    lua_Integer size = length_of(L, 1), first, last;
    size_t separator_len;
    const char *separator = luaL_optlstring(L, 2, "", &separator_len);
    luaL_Buffer buffer;

    first = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, size);
    luaL_buffinit(L, &buffer);
    for (; first < last; first++) {
        add_element(L, &buffer, first);
        luaL_addlstring(&buffer, separator, separator_len);
    }
    if (first == last)
        add_element(L, &buffer, first);
    luaL_pushresult(&buffer);
    return 1;
}

static int table_pack(lua_State *L)
{
    int count = lua_gettop(L);

    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--)
        lua_seti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static int table_unpack(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;

    if (first > last)
        return 0;
    if (count >= INT_MAX || !lua_checkstack(L, (int)++count))
        return luaL_error(L, "too many results to unpack");
    mf_lua_pay(L, count);
    for (; first < last; first++)
        lua_geti(L, 1, first);
    lua_geti(L, 1, last);
    return (int)count;
}

/* ---- sort: a heap, so that no order of the elements and no answer makes it slow or go astray ----
 */

/* Of the values at two stack indices. */
static bool is_less(lua_State *L, int a, int b)
{
    bool is_true;

    mf_lua_pay(L, 1);
    if (lua_isnil(L, 2))
        return lua_compare(L, a, b, LUA_OPLT);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a - 1);
    lua_pushvalue(L, b - 2);
    lua_call(L, 2, 1);
    is_true = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is_true;
}

/* The value on top sinks from `hole` to its place among the first `count` elements, and is
 * popped. */
static void sink(lua_State *L, lua_Integer hole, lua_Integer count)
{
    for (lua_Integer child = 2 * hole; child <= count; child = 2 * hole) {
        lua_geti(L, 1, child);
        if (child < count) {
            lua_geti(L, 1, child + 1);
            if (is_less(L, -2, -1)) {
                lua_remove(L, -2);
                child++;
            } else {
                lua_pop(L, 1);
            }
        }
        if (!is_less(L, -2, -1)) {
            lua_pop(L, 1);
            break;
        }
        lua_seti(L, 1, hole);
        hole = child;
    }
    lua_seti(L, 1, hole);
}

static int table_sort(lua_State *L)
{
    lua_Integer count = length_of(L, 1);

    luaL_argcheck(L, count < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    for (lua_Integer i = count / 2; i >= 1; i--) {
        lua_geti(L, 1, i);
        sink(L, i, count);
    }
    for (lua_Integer last = count; last > 1; last--) {
        lua_geti(L, 1, last);
        lua_geti(L, 1, 1);
        lua_seti(L, 1, last);
        sink(L, 1, last - 1);
    }
    return 0;
}

void mf_lua_open_table(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"concat", table_concat}, {"insert", table_insert},
        {"move", table_move},     {"pack", table_pack},
        {"remove", table_remove}, {"sort", table_sort},
        {"unpack", table_unpack}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
