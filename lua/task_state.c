/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/task_state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "engine/value/unit.h"
#include "lua/bridge.h"
#include "lua/embedded.h"

/* ---- what task.lua has of the engine ---- */

static struct mf_node *node_of(lua_State *L)
{
    return mf_lua_of(L)->owner;
}

static struct mf_task *task_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int host_mono(lua_State *L)
{
    lua_pushinteger(L, mf_node_mono(node_of(L)));
    return 1;
}

/* arm(mono), arm(nil) */
static int host_arm(lua_State *L)
{
    const struct mf_task *task = task_of(L);

    if (lua_isinteger(L, 1))
        mf_node_arm_at(node_of(L), task->timer, lua_tointeger(L, 1));
    else
        mf_node_disarm(node_of(L), task->timer);
    return 0;
}

/* Nanoseconds, or nil for what is not a duration. */
static int host_duration(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct mf_error err;
    int64_t ns;

    if (mf_duration_read(text, len, false, &ns, &err) < 0)
        return 0;
    lua_pushinteger(L, ns);
    return 1;
}

/* Without the metamethods of whoever made the error. */
static const char *describe(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TSTRING)
        return lua_tostring(L, index);
    return lua_pushfstring(L, "an error was raised that is a %s, not a text",
                           luaL_typename(L, index));
}

/* warn(error): one that has nobody left to go to. */
static int host_warn(lua_State *L)
{
    mf_lua_pay(L, 50);
    mf_node_log(node_of(L), MF_LOG_WARNING, "a further error while tasks were cancelled: %s",
                describe(L, 1));
    return 0;
}

/* dropped(input, limit, count so far) */
static int host_dropped(lua_State *L)
{
    struct mf_node *node = node_of(L);
    unsigned input = (unsigned)lua_tointeger(L, 1) - 1;

    task_of(L)->dropped++;
    mf_node_log(node, MF_LOG_WARNING,
                "`%s`: %lld messages wait, which is the limit (`limits: {backlog: …}`): the oldest "
                "is dropped (%lld so far)",
                mf_node_input_label(node, input), (long long)lua_tointeger(L, 2),
                (long long)lua_tointeger(L, 3));
    return 0;
}

/* ---- messages ---- */

static void push_message(lua_State *L, const struct mf_msg *msg)
{
    lua_createtable(L, 0, 4);
    mf_lua_push_value(L, &msg->value);
    lua_setfield(L, -2, "value");
    lua_pushnumber(L, (double)msg->time / MF_SEC);
    lua_setfield(L, -2, "time");
    lua_pushstring(L, mf_quality_names[msg->quality]);
    lua_setfield(L, -2, "quality");
    lua_pushstring(L, msg->reason);
    lua_setfield(L, -2, "reason");
}

/* latest(input): what the input has now, also from before the task began. */
static int host_latest(lua_State *L)
{
    const struct mf_node *node = node_of(L);
    unsigned input = (unsigned)lua_tointeger(L, 1) - 1;

    if (!mf_node_input_has(node, input))
        return 0;
    push_message(L, mf_node_input(node, input));
    return 1;
}

/* ---- opening ---- */

static void push_host(lua_State *L, struct mf_task *task)
{
    static const luaL_Reg functions[] = {
        {"arm", host_arm},
        {"dropped", host_dropped},
        {"duration", host_duration},
        {"latest", host_latest},
        {"mono", host_mono},
        {"warn", host_warn},
        {NULL, NULL},
    };

    lua_newtable(L);
    lua_pushlightuserdata(L, task);
    luaL_setfuncs(L, functions, 1);
}

static void push_limits(lua_State *L, const struct mf_task_limits *limits)
{
    lua_newtable(L);
    lua_pushinteger(L, limits->tasks);
    lua_setfield(L, -2, "tasks");
    lua_pushinteger(L, limits->backlog);
    lua_setfield(L, -2, "backlog");
    lua_pushinteger(L, MF_TASK_CHANNEL);
    lua_setfield(L, -2, "channel");
}

static void push_inputs(lua_State *L, const struct mf_node *node)
{
    lua_newtable(L);
    for (unsigned i = 0; i < mf_node_inputs(node); i++) {
        lua_pushstring(L, mf_node_input_label(node, i));
        lua_rawseti(L, -2, (int)i + 1);
    }
}

/* What task.lua gave back is on top of the stack: its functions for scripts become globals. */
static void take_calls(struct mf_task *task)
{
    lua_State *L = task->lua->L;
    int *const refs[] = {&task->start, &task->deliver, &task->fire, &task->stop};
    static const char *const names[] = {"start", "deliver", "fire", "stop"};

    for (size_t i = 0; i < sizeof(refs) / sizeof(*refs); i++) {
        lua_getfield(L, -1, names[i]);
        *refs[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_getfield(L, -2, "api");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 3);
}

static int load_file(lua_State *L, const char *name, struct mf_error *err)
{
    const struct mf_lua_file *file = mf_lua_file(name);
    char shown[64];
    struct mf_lua_source source = {.text = file->text, .len = file->len, .name = shown, .line = 1};

    snprintf(shown, sizeof(shown), "%s.lua", name);
    return mf_lua_load(L, &source, err);
}

int mf_task_open(struct mf_task *task, struct mf_lua *lua, const struct mf_task_limits *limits,
                 struct mf_error *err)
{
    lua_State *L = lua->L;
    int rc;

    task->lua = lua;
    task->has_failed = false;
    mf_lua_lift(lua);
    rc = load_file(L, "task", err);
    if (rc == 0) {
        push_host(L, task);
        push_limits(L, limits);
        push_inputs(L, lua->owner);
        rc = load_file(L, "task_waits", err);
    }
    mf_lua_begin(lua);
    if (rc == 0)
        rc = mf_lua_call(lua, 4, 1, err);
    if (rc == 0)
        take_calls(task);
    mf_lua_lower(lua);
    return rc;
}

/* ---- calls ---- */

static int failed(struct mf_task *task, int code)
{
    task->has_failed = true;
    return code;
}

/* What has become of the tasks, and the error, are on top. In a task Lua's word for "no memory" is
 * a text like others. */
static int say_why(struct mf_lua *lua, struct mf_error *err)
{
    lua_State *L = lua->L;

    if (strcmp(lua_tostring(L, -2), "ended") == 0)
        return mf_fail(err, MF_EINVAL, "the task has come to its end");
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "not enough memory") == 0)
        return mf_fail(err, MF_ELIMIT, "%smore than %lld bytes of memory", lua->refused,
                       (long long)lua->limits.memory);
    return mf_fail(err, MF_EINVAL, "%s", describe(L, -1));
}

/* The function and its arguments are on top. It gives nothing back while the tasks go on, else
 * what has become of them, and the error. */
static int call(struct mf_task *task, int args, struct mf_error *err)
{
    struct mf_lua *lua = task->lua;
    lua_State *L = lua->L;
    int rc;

    mf_lua_begin(lua);
    lua->is_live = true;
    rc = mf_lua_call(lua, args, 2, err);
    lua->is_live = false;
    mf_lua_end(lua);
    if (rc < 0)
        return failed(task, rc);
    if (!lua_isnil(L, -2))
        rc = failed(task, say_why(lua, err));
    lua_settop(L, 0);
    return rc;
}

int mf_task_start(struct mf_task *task, struct mf_error *err)
{
    lua_State *L = task->lua->L;

    lua_rawgeti(L, LUA_REGISTRYINDEX, task->start);
    lua_insert(L, -2);
    return call(task, 1, err);
}

int mf_task_deliver(struct mf_task *task, unsigned input, const struct mf_msg *msg,
                    struct mf_error *err)
{
    lua_State *L = task->lua->L;

    mf_lua_lift(task->lua);
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->deliver);
    lua_pushinteger(L, (lua_Integer)input + 1);
    push_message(L, msg);
    mf_lua_lower(task->lua);
    return call(task, 2, err);
}

int mf_task_fire(struct mf_task *task, struct mf_error *err)
{
    lua_rawgeti(task->lua->L, LUA_REGISTRYINDEX, task->fire);
    return call(task, 0, err);
}

int mf_task_stop(struct mf_task *task, struct mf_error *err)
{
    if (!task->lua || task->has_failed)
        return 0;
    lua_rawgeti(task->lua->L, LUA_REGISTRYINDEX, task->stop);
    return call(task, 0, err);
}

void mf_task_close(struct mf_task *task)
{
    mf_lua_free(task->lua);
    task->lua = NULL;
}
