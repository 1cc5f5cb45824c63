/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/api.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/graph/node.h"
#include "engine/value/build.h"
#include "lua/bridge.h"
#include "lua/embedded.h"

/* ---- inputs ---- */

int mf_lua_find_input(const struct mf_lua *lua, const char *name)
{
    unsigned count = lua->owner ? mf_node_inputs(lua->owner) : 0;

    for (unsigned i = 0; i < count; i++)
        if (strcmp(mf_node_input_label(lua->owner, i), name) == 0)
            return (int)i;
    return -1;
}

int mf_lua_no_input(lua_State *L, const char *name)
{
    const struct mf_lua *lua = mf_lua_of(L);
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (unsigned i = 0; lua->owner && i < mf_node_inputs(lua->owner); i++)
        mf_nearest_add(&nearest, mf_node_input_label(lua->owner, i));
    if (nearest.best)
        return luaL_error(L, "there is no input `%s`; did you mean `%s`?", name, nearest.best);
    return luaL_error(L, "there is no input `%s`; `from` names them", name);
}

double mf_lua_input_age(const struct mf_lua *lua, unsigned input)
{
    int64_t age = mf_node_now(lua->owner) - mf_node_input(lua->owner, input)->time;

    return mf_node_input_has(lua->owner, input) ? (double)age / MF_SEC : HUGE_VAL;
}

static unsigned check_input(lua_State *L, int arg)
{
    const char *name = luaL_checkstring(L, arg);
    int input = mf_lua_find_input(mf_lua_of(L), name);

    if (input < 0)
        mf_lua_no_input(L, name);
    return (unsigned)input;
}

static int api_age(lua_State *L)
{
    unsigned input = check_input(L, 1);

    lua_pushnumber(L, mf_lua_input_age(mf_lua_of(L), input));
    return 1;
}

/* "good", "stale" or "bad", and why; "none" before the first message. */
static int api_quality(lua_State *L)
{
    unsigned input = check_input(L, 1);
    const struct mf_node *node = mf_lua_of(L)->owner;
    const struct mf_msg *msg = mf_node_input(node, input);

    lua_pushstring(L, mf_node_input_has(node, input) ? mf_quality_names[msg->quality] : "none");
    lua_pushstring(L, msg->reason);
    return 2;
}

static int api_now(lua_State *L)
{
    const struct mf_lua *lua = mf_lua_of(L);

    lua_pushnumber(L, lua->owner ? (double)mf_node_now(lua->owner) / MF_SEC : 0);
    return 1;
}

/* ---- outputs ---- */

int mf_lua_emit(lua_State *L, unsigned out, int index, struct mf_error *err)
{
    const struct mf_lua *lua = mf_lua_of(L);
    uint32_t types = mf_node_types(lua->owner, out);
    struct mf_value value;
    char wanted[96];
    unsigned type;
    int rc = mf_lua_read_value(L, index, types, &value, err);

    if (rc < 0)
        return rc;
    if (value.type == MF_NUMBER && !(types & MF_T(MF_NUMBER)) && (types & MF_T(MF_INT)) &&
        value.number == floor(value.number) && fabs(value.number) < 9007199254740992.0)
        value = mf_value_int((int64_t)value.number);
    type = value.type == MF_INT && !(types & MF_T(MF_INT)) ? MF_NUMBER : value.type;
    if (type == MF_NULL || !(types & MF_T(type))) {
        mf_value_drop(value);
        return mf_fail(err, MF_EINVAL, "output `%s` takes %s, and %s came",
                       mf_node_output_name(lua->owner, out), mf_types_print(types, wanted),
                       type == MF_NULL ? "nil" : mf_value_type_names[type]);
    }
    mf_node_emit_take(lua->owner, out, value);
    return 0;
}

static int find_output(lua_State *L, const struct mf_node *node, const char *name)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (unsigned i = 0; i < mf_node_outputs(node); i++) {
        if (strcmp(mf_node_output_name(node, i), name) == 0)
            return (int)i;
        mf_nearest_add(&nearest, mf_node_output_name(node, i));
    }
    if (nearest.best)
        return luaL_error(L, "there is no output `%s`; did you mean `%s`?", name, nearest.best);
    return luaL_error(L, "there is no output `%s`; `outputs` names them", name);
}

static int api_emit(lua_State *L)
{
    struct mf_lua *lua = mf_lua_of(L);
    const char *name = luaL_checkstring(L, 1);
    struct mf_error err;
    unsigned out;

    luaL_checkany(L, 2);
    if (!lua->is_live)
        return luaL_error(L, "emit() works while the node runs: in run(), init() and tick()");
    out = (unsigned)find_output(L, lua->owner, name);
    if (--lua->emits_left < 0)
        mf_lua_exceed(L, MF_LUA_EMITS);
    mf_lua_pay(L, 10);
    if (mf_lua_emit(L, out, 2, &err) < 0)
        return luaL_error(L, "%s", err.text);
    return 0;
}

/* ---- log ---- */

static int write_log(lua_State *L, int level, int first)
{
    struct mf_lua *lua = mf_lua_of(L);
    int count = lua_gettop(L);
    luaL_Buffer buffer;

    mf_lua_pay(L, 50);
    luaL_buffinit(L, &buffer);
    for (int i = first; i <= count; i++) {
        if (i > first)
            luaL_addchar(&buffer, ' ');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    if (lua->owner)
        mf_node_log(lua->owner, level, "%s", lua_tostring(L, -1));
    return 0;
}

static int api_print(lua_State *L)
{
    return write_log(L, MF_LOG_NOTICE, 1);
}

/* log("text"): the table itself is the first argument. */
static int log_call(lua_State *L)
{
    return write_log(L, MF_LOG_NOTICE, 2);
}

static int log_level(lua_State *L)
{
    return write_log(L, (int)lua_tointeger(L, lua_upvalueindex(1)), 1);
}

static void open_log(lua_State *L)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {
        {"debug", MF_LOG_DEBUG},     {"info", MF_LOG_INFO},   {"notice", MF_LOG_NOTICE},
        {"warning", MF_LOG_WARNING}, {"error", MF_LOG_ERROR},
    };

    lua_newtable(L);
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        lua_pushinteger(L, levels[i].level);
        lua_pushcclosure(L, log_level, 1);
        lua_setfield(L, -2, levels[i].name);
    }
    lua_newtable(L);
    lua_pushcfunction(L, log_call);
    lua_setfield(L, -2, "__call");
    lua_setmetatable(L, -2);
}

/* ---- require ---- */

/* Those of the program come first. */
static bool find_module(const struct mf_lua *lua, const char *name, struct mf_lua_source *ret)
{
    const struct mf_lua_file *file = mf_lua_module(name);

    if (file) {
        *ret = (struct mf_lua_source){file->text, file->len, file->name, 1};
        return true;
    }
    for (const struct mf_lua_module *module = lua->modules; module && module->name; module++)
        if (strcmp(module->name, name) == 0) {
            *ret = module->source;
            return true;
        }
    return false;
}

/* Upvalue 1: what has been loaded, by name; false while it is being loaded. */
static int api_require(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct mf_lua *lua = mf_lua_of(L);
    struct mf_lua_source source;
    struct mf_error err;

    lua_settop(L, 1);
    if (lua_getfield(L, lua_upvalueindex(1), name) != LUA_TNIL) {
        if (lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1))
            return luaL_error(L, "module `%s` requires itself", name);
        return 1;
    }
    if (!find_module(lua, name, &source))
        return luaL_error(L, "there is no module `%s`", name);
    lua_pushboolean(L, false);
    lua_setfield(L, lua_upvalueindex(1), name);
    mf_lua_pay(L, source.len);
    if (mf_lua_load(L, &source, &err) < 0)
        return luaL_error(L, "%s", err.text);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, true);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), name);
    return 1;
}

/* ---- state ---- */

/* The fields of the table on top of the stack that are values. */
static int read_fields(lua_State *L, struct mf_value *ret, struct mf_error *err)
{
    struct mf_builder builder;
    int rc = 0;

    mf_build_start(&builder);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        struct mf_value key, value;
        int failed = mf_lua_read_value(L, -2, MF_T_ANY, &key, err);

        if (failed == 0) {
            failed = mf_lua_read_value(L, -1, MF_T_ANY, &value, err);
            if (failed == 0)
                mf_build_take_pair(&builder, key, value);
            else
                mf_value_drop(key);
        }
        rc = failed ? failed : rc;
        lua_pop(L, 1);
    }
    *ret = mf_build_end_map(&builder);
    return rc;
}

int mf_lua_get_state(struct mf_lua *lua, struct mf_value *ret, struct mf_error *err)
{
    lua_State *L = lua->L;
    int rc;

    mf_lua_lift(lua);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushliteral(L, "state");
    lua_rawget(L, -2);
    mf_lua_lower(lua);
    rc = mf_lua_read_value(L, -1, MF_T(MF_MAP), ret, err);
    if (rc < 0 && lua_istable(L, -1))
        rc = read_fields(L, ret, err);
    else if (rc < 0)
        *ret = mf_value_null();
    lua_pop(L, 2);
    return rc;
}

void mf_lua_set_state(struct mf_lua *lua, const struct mf_value *value)
{
    lua_State *L = lua->L;

    mf_lua_lift(lua);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushliteral(L, "state");
    mf_lua_push_value(L, value);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    mf_lua_lower(lua);
}

void mf_lua_open_api(struct mf_lua *lua)
{
    static const luaL_Reg functions[] = {
        {"age", api_age},     {"emit", api_emit},       {"now", api_now},
        {"print", api_print}, {"quality", api_quality}, {NULL, NULL},
    };
    lua_State *L = lua->L;

    mf_lua_lift(lua);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    luaL_setfuncs(L, functions, 0);
    open_log(L);
    lua_setfield(L, -2, "log");
    lua_newtable(L);
    lua_pushcclosure(L, api_require, 1);
    lua_setfield(L, -2, "require");
    lua_newtable(L);
    lua_setfield(L, -2, "state");
    mf_lua_push_null(L);
    lua_setfield(L, -2, "null");
    lua_pop(L, 1);
    mf_lua_lower(lua);
}
