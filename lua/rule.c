/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/rule.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "lua/api.h"
#include "lua/bridge.h"
#include "lua/uses.h"

/* ---- the table `input` ---- */

/* What is not in the table: an age, or no input at all. */
static int missing_input(lua_State *L)
{
    const struct mf_lua *lua = mf_lua_of(L);
    size_t len;
    const char *name = luaL_checklstring(L, 2, &len);
    int input;

    if (mf_lua_find_input(lua, name) >= 0) {
        lua_pushnil(L); /* it has had no value */
        return 1;
    }
    if (len > 4 && mf_text_ends(name, "_age")) {
        lua_pushlstring(L, name, len - 4);
        input = mf_lua_find_input(lua, lua_tostring(L, -1));
        if (input >= 0) {
            lua_pushnumber(L, mf_lua_input_age(lua, (unsigned)input));
            return 1;
        }
    }
    return mf_lua_no_input(L, name);
}

/* Pushes it with a metatable that knows ages, and makes it a global. */
static void push_input(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, missing_input);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "input");
    lua_pop(L, 1);
}

/* Handles are compared as they are: a number is one, a block that has not changed is the same. */
static int update_inputs(struct mf_node *node, struct mf_error *err)
{
    struct mf_lua_rule *s = mf_node_state(node);
    lua_State *L = s->lua->L;

    for (unsigned i = 0; i < s->inputs; i++) {
        const struct mf_value *value = &mf_node_input(node, i)->value;

        if (memcmp(value, &s->pushed[i], sizeof(*value)) == 0)
            continue;
        if (value->type == MF_NUMBER && s->pushed[i].length != MF_VALUE_BLOCK) {
            s->pushed[i] = *value;
            lua_pushvalue(L, MF_LUA_SLOT_KEYS + (int)i);
            lua_pushnumber(L, value->number);
            lua_rawset(L, MF_LUA_SLOT_INPUT);
            continue;
        }
        if (value->length == MF_VALUE_BLOCK &&
            mf_value_size(value) > (size_t)s->lua->limits.memory / 2)
            return mf_fail(err, MF_ELIMIT,
                           "the value of input `%s` takes more than half the memory",
                           mf_node_input_label(node, i));
        mf_value_drop(s->pushed[i]);
        s->pushed[i] = mf_value_copy(*value);
        lua_pushvalue(L, MF_LUA_SLOT_KEYS + (int)i);
        mf_lua_push_value(L, value);
        lua_rawset(L, MF_LUA_SLOT_INPUT);
    }
    return 0;
}

void mf_lua_rule_forget(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);

    for (unsigned i = 0; s->pushed && i < mf_node_inputs(node); i++) {
        mf_value_drop(s->pushed[i]);
        s->pushed[i] = mf_value_null();
    }
}

/* ---- making a state ---- */

static void push_global(lua_State *L, const char *name)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_replace(L, -2);
}

/* ---- coverage ---- */

static void saw_line(struct mf_lua *lua, const char *file, uint32_t line)
{
    mf_node_saw_line(lua->owner, file, line, true);
}

static void has_line(void *arg, uint32_t line)
{
    const struct mf_lua *lua = arg;
    const struct mf_lua_rule_config *c = mf_node_config(lua->owner);

    mf_node_saw_line(lua->owner, c->script.source.name, line, false);
}

/* Loads the script and runs its main part. */
int mf_lua_rule_load(struct mf_node *node, struct mf_error *err)
{
    const struct mf_lua_rule_config *c = mf_node_config(node);
    struct mf_lua_rule *s = mf_node_state(node);
    const struct mf_lua_limits limits = {
        .memory = c->limits.memory,
        .instructions = c->limits.instructions,
        .time = mf_node_is_timeless(node) ? 0 : c->limits.time,
        .emits = c->limits.emit,
    };
    static const char *const functions[] = {"run", "tick", "init", "stop"};
    int rc;

    s->lua = mf_lua_new(&limits, node);
    s->lua->modules = c->script.modules;
    if (mf_node_is_covered(node))
        s->lua->saw_line = saw_line;
    mf_lua_open_api(s->lua);
    mf_lua_lift(s->lua);
    push_input(s->lua->L);
    mf_lua_lower(s->lua);
    mf_lua_begin(s->lua);
    rc = mf_lua_load(s->lua->L, &c->script.source, err);
    if (rc == 0 && s->lua->saw_line)
        mf_lua_lines(s->lua->L, has_line, s->lua);
    if (rc == 0)
        rc = mf_lua_call(s->lua, 0, 0, err);
    mf_lua_end(s->lua);
    if (rc < 0)
        return rc;
    mf_lua_lift(s->lua);
    lua_checkstack(s->lua->L, (int)(mf_node_inputs(node) + mf_node_outputs(node)) + 20);
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
        push_global(s->lua->L, functions[i]);
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        lua_pushstring(s->lua->L, mf_node_input_label(node, i));
    mf_lua_lower(s->lua);
    s->inputs = mf_node_inputs(node);
    s->outputs = mf_node_outputs(node);
    s->has_numbers = s->outputs && (mf_node_types(node, 0) & MF_T(MF_NUMBER));
    lua_pushvalue(s->lua->L, MF_LUA_SLOT_RUN);
    s->is_short = lua_isfunction(s->lua->L, -1) && mf_lua_is_short(s->lua->L);
    lua_pop(s->lua->L, 1);
    return 0;
}

void mf_lua_rule_drop(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);

    if (!s->lua)
        return;
    s->calls += s->lua->calls;
    s->instructions += s->lua->instructions;
    s->peak = s->lua->peak > s->peak ? s->lua->peak : s->peak;
    mf_lua_free(s->lua);
    s->lua = NULL;
    mf_lua_rule_forget(node);
}

/* ---- calls ---- */

bool mf_lua_rule_has(const struct mf_lua_rule *s, int slot)
{
    return s->lua && lua_isfunction(s->lua->L, slot);
}

/* Leaves `results` values on the stack. */
int mf_lua_rule_enter(struct mf_node *node, int slot, int results, struct mf_error *err)
{
    struct mf_lua_rule *s = mf_node_state(node);
    struct mf_lua *lua = s->lua;
    lua_State *L = lua->L;
    int args = slot == MF_LUA_SLOT_RUN ? 2 : slot == MF_LUA_SLOT_TICK ? 1 : 0, rc;

    if (slot == MF_LUA_SLOT_RUN && s->is_short)
        mf_lua_begin_short(lua);
    else
        mf_lua_begin(lua);
    mf_lua_lift(lua);
    rc = update_inputs(node, err);
    mf_lua_lower(lua);
    if (rc < 0)
        return rc;
    lua_pushvalue(L, slot);
    if (slot == MF_LUA_SLOT_RUN)
        lua_pushvalue(L, MF_LUA_SLOT_INPUT);
    if (args)
        lua_pushnumber(L, (double)mf_node_now(node) / MF_SEC);
    rc = mf_lua_call(lua, args, results, err);
    mf_lua_end(lua);
    return rc;
}

/* The node goes on with the next message, unless this happens too often. */
static void overrun(struct mf_node *node, const char *why)
{
    struct mf_lua_rule *s = mf_node_state(node);
    struct mf_error err;

    mf_value_drop(s->kept);
    if (mf_lua_get_state(s->lua, &s->kept, &err) < 0)
        mf_node_log(node, MF_LOG_WARNING, "part of `state` is lost: %s", err.text);
    mf_lua_rule_drop(node);
    mf_node_held(node, "budget", NAN);
    if (mf_lua_overrun(&s->overruns, mf_node_mono(node))) {
        mf_node_disable(node, mf_reason_budget, why);
        return;
    }
    mf_node_log(node, MF_LOG_WARNING, "%s", why);
    for (unsigned i = 0; i < mf_node_outputs(node); i++)
        mf_node_emit_bad(node, i, MF_BAD, mf_reason_budget);
}

static void failed(struct mf_node *node, int rc, const struct mf_error *err)
{
    struct mf_lua_rule *s = mf_node_state(node);

    if (rc == MF_ELIMIT) {
        overrun(node, err->text);
        return;
    }
    s->errors++;
    mf_node_reject(node, mf_reason_script, "%s", err->text);
}

/* One value per output, in order; nil says nothing. */
static void emit_results(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);
    lua_State *L = s->lua->L;
    int base = MF_LUA_SLOT_KEYS - 1 + (int)s->inputs; /* what lies there always */
    struct mf_error err;

    if (s->outputs == 1 && s->has_numbers && lua_type(L, -1) == LUA_TNUMBER &&
        !lua_isinteger(L, -1)) {
        mf_node_emit_number(node, 0, lua_tonumber(L, -1));
        lua_settop(L, base);
        return;
    }
    for (unsigned i = 0; i < s->outputs; i++)
        if (!lua_isnil(L, base + 1 + (int)i) && mf_lua_emit(L, i, base + 1 + (int)i, &err) < 0)
            failed(node, MF_EINVAL, &err);
    lua_settop(L, base);
}

/* A new state after an overrun, with what `state` was. */
static bool revive(struct mf_node *node)
{
    struct mf_lua_rule *s = mf_node_state(node);
    struct mf_error err;
    int rc = mf_lua_rule_load(node, &err);

    if (rc == 0) {
        s->lua->is_live = true;
        if (s->kept.type != MF_NULL)
            mf_lua_set_state(s->lua, &s->kept);
        if (mf_lua_rule_has(s, MF_LUA_SLOT_INIT))
            rc = mf_lua_rule_enter(node, MF_LUA_SLOT_INIT, 0, &err);
    }
    if (rc < 0 && rc != MF_ELIMIT) /* what was not set up does not run */
        mf_lua_rule_drop(node);
    if (rc < 0)
        failed(node, rc, &err);
    return rc == 0;
}

void mf_lua_rule_call(struct mf_node *node, int slot)
{
    struct mf_lua_rule *s = mf_node_state(node);
    struct mf_error err;
    int rc;

    if ((!s->lua && !revive(node)) || !mf_lua_rule_has(s, slot))
        return;
    rc = mf_lua_rule_enter(node, slot, (int)s->outputs, &err);
    if (rc < 0)
        failed(node, rc, &err);
    else
        emit_results(node);
}
