/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/bridge.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/value/build.h"
#include "engine/value/path.h"

/* ---- to Lua ---- */

static void push_path(lua_State *L, const struct mf_value *path)
{
    struct mf_buf text = {0};

    mf_path_print(path, &text);
    lua_pushlstring(L, mf_buf_text(&text), text.len);
    mf_buf_done(&text);
}

static void push_list(lua_State *L, const struct mf_value *list)
{
    size_t count = mf_value_count(list);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        const struct mf_value *item = mf_value_at(list, i);

        if (item->type == MF_NULL)
            mf_lua_push_null(L);
        else
            mf_lua_push_value(L, item);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_map(lua_State *L, const struct mf_value *map)
{
    size_t count = mf_value_count(map);

    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        const struct mf_value *key = mf_value_key(map, i);

        if (key->type == MF_NULL || (key->type == MF_NUMBER && key->number != key->number))
            continue; /* no key in Lua */
        mf_lua_push_value(L, key);
        mf_lua_push_value(L, mf_value_at(map, i));
        lua_rawset(L, -3);
    }
}

void mf_lua_push_value(lua_State *L, const struct mf_value *value)
{
    const char *text;
    size_t len;

    lua_checkstack(L, 8);
    switch ((enum mf_value_type)value->type) {
    case MF_BOOL:
        lua_pushboolean(L, value->boolean);
        break;
    case MF_INT:
        lua_pushinteger(L, value->integer);
        break;
    case MF_NUMBER:
        lua_pushnumber(L, value->number);
        break;
    case MF_TEXT:
    case MF_BYTES:
        text = mf_value_text(value, &len);
        lua_pushlstring(L, text, len);
        break;
    case MF_LIST:
        push_list(L, value);
        break;
    case MF_MAP:
        push_map(L, value);
        break;
    case MF_PATH:
        push_path(L, value);
        break;
    default:
        lua_pushnil(L);
    }
}

/* ---- from Lua ---- */

struct reading {
    lua_State *L;
    struct mf_error *err;
    unsigned depth;
    size_t items;
    size_t bytes;
};

static int read_any(struct reading *r, int index, uint32_t types, struct mf_value *ret);

static int read_text(struct reading *r, int index, uint32_t types, struct mf_value *ret)
{
    size_t len;
    const char *text = lua_tolstring(r->L, index, &len);
    bool is_text = mf_utf8_valid(text, len) == len;

    r->bytes += len;
    if (r->bytes > MF_LUA_BYTES)
        return mf_fail(r->err, MF_ELIMIT, "a value holds more than %u bytes of text", MF_LUA_BYTES);
    if (types == MF_T(MF_PATH))
        return mf_path_read(text, len, ret, r->err);
    if (is_text && (types & (MF_T(MF_TEXT) | MF_T(MF_BYTES))) != MF_T(MF_BYTES))
        *ret = mf_value_new_text_n(text, len);
    else
        *ret = mf_value_new_bytes(text, len);
    return 0;
}

static int read_list(struct reading *r, int index, size_t count, struct mf_value *ret)
{
    struct mf_builder builder;

    mf_build_start(&builder);
    for (size_t i = 1; i <= count; i++) {
        struct mf_value item;
        int rc;

        lua_rawgeti(r->L, index, (lua_Integer)i);
        rc = read_any(r, lua_gettop(r->L), MF_T_ANY, &item);
        lua_pop(r->L, 1);
        if (rc < 0) {
            mf_build_drop(&builder);
            return rc;
        }
        mf_build_take_item(&builder, item);
    }
    *ret = mf_build_end_list(&builder);
    return 0;
}

struct pair {
    struct mf_value key, value;
};

static int compare_pairs(const void *a, const void *b)
{
    return mf_value_compare(&((const struct pair *)a)->key, &((const struct pair *)b)->key);
}

static void drop_pairs(struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mf_value_drop(pairs[i].key);
        mf_value_drop(pairs[i].value);
    }
    mf_free(pairs);
}

static int read_pair(struct reading *r, struct pair *ret)
{
    int top = lua_gettop(r->L), type = lua_type(r->L, top - 1), rc;

    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
        return mf_fail(r->err, MF_EINVAL, "a table with a %s as a key is no value",
                       lua_typename(r->L, type));
    rc = read_any(r, top - 1, MF_T_ANY, &ret->key);
    if (rc == 0) {
        rc = read_any(r, top, MF_T_ANY, &ret->value);
        if (rc < 0)
            mf_value_drop(ret->key);
    }
    return rc;
}

/* The order in which Lua has the pairs is another one in each process. */
static int read_map(struct reading *r, int index, size_t count, struct mf_value *ret)
{
    struct pair *pairs = mf_calloc_array(count ? count : 1, sizeof(*pairs));
    struct mf_builder builder;
    size_t i = 0;

    lua_pushnil(r->L);
    while (lua_next(r->L, index)) {
        int rc = read_pair(r, &pairs[i]);

        if (rc < 0) {
            lua_pop(r->L, 2);
            drop_pairs(pairs, i);
            return rc;
        }
        i++;
        lua_pop(r->L, 1);
    }
    qsort(pairs, count, sizeof(*pairs), compare_pairs);
    mf_build_start(&builder);
    for (i = 0; i < count; i++)
        mf_build_take_pair(&builder, pairs[i].key, pairs[i].value);
    mf_free(pairs);
    *ret = mf_build_end_map(&builder);
    return 0;
}

/* Number of pairs; *ret_is_list: their keys are 1 to n. */
static size_t count_pairs(lua_State *L, int index, bool *ret_is_list)
{
    size_t count = 0;
    lua_Integer most = 0;
    bool is_list = true;

    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        count++;
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1)
            is_list = false;
        else if (lua_tointeger(L, -1) > most)
            most = lua_tointeger(L, -1);
    }
    *ret_is_list = is_list && (size_t)most == count;
    return count;
}

static int read_table(struct reading *r, int index, uint32_t types, struct mf_value *ret)
{
    bool is_list;
    size_t count;
    int rc;

    if (r->depth == MF_VALUE_DEPTH || !lua_checkstack(r->L, 8))
        return mf_fail(r->err, MF_ELIMIT, "a table is within itself, or deeper than %d levels",
                       MF_VALUE_DEPTH);
    count = count_pairs(r->L, index, &is_list);
    r->items += count;
    if (r->items > MF_LUA_ITEMS)
        return mf_fail(r->err, MF_ELIMIT, "a table holds more than %d values", MF_LUA_ITEMS);
    if (!count)
        is_list = (types & (MF_T(MF_LIST) | MF_T(MF_MAP))) == MF_T(MF_LIST);
    r->depth++;
    rc = is_list ? read_list(r, index, count, ret) : read_map(r, index, count, ret);
    r->depth--;
    return rc;
}

static int read_any(struct reading *r, int index, uint32_t types, struct mf_value *ret)
{
    lua_State *L = r->L;

    switch (lua_type(L, index)) {
    case LUA_TNIL:
        *ret = mf_value_null();
        return 0;
    case LUA_TBOOLEAN:
        *ret = mf_value_bool(lua_toboolean(L, index));
        return 0;
    case LUA_TNUMBER:
        *ret = lua_isinteger(L, index) ? mf_value_int(lua_tointeger(L, index))
                                       : mf_value_number(lua_tonumber(L, index));
        return 0;
    case LUA_TSTRING:
        return read_text(r, index, types, ret);
    case LUA_TTABLE:
        return read_table(r, index, types, ret);
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, index)) {
            *ret = mf_value_null();
            return 0;
        }
        break;
    default:
        break;
    }
    return mf_fail(r->err, MF_EINVAL, "a %s is no value that can leave a script",
                   luaL_typename(L, index));
}

int mf_lua_read_value(lua_State *L, int index, uint32_t types, struct mf_value *ret,
                      struct mf_error *err)
{
    struct reading r = {.L = L, .err = err};

    return read_any(&r, lua_absindex(L, index), types, ret);
}
