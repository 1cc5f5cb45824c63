/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The modules of lua/lib: each has its own tests beside it, in Lua; here they are run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>

#include "lua/embedded.h"

static int find_module(lua_State *L)
{
    const struct mf_lua_file *file = mf_lua_module(luaL_checkstring(L, 1));

    if (!file)
        return 0;
    if (luaL_loadbufferx(L, file->text, file->len, file->name, "t"))
        return lua_error(L);
    return 1;
}

static lua_State *open_state(void)
{
    lua_State *L = luaL_newstate();

    luaL_openlibs(L);
    lua_getglobal(L, "package");
    lua_newtable(L);
    lua_pushcfunction(L, find_module);
    lua_rawseti(L, -2, 1);
    lua_setfield(L, -2, "searchers");
    lua_pop(L, 1);
    return L;
}

static unsigned run_functions(lua_State *L, const char *file)
{
    unsigned count = 0;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        count++;
        if (lua_pcall(L, 0, 0, 0))
            fail_msg("%s: %s: %s", file, lua_tostring(L, -2), lua_tostring(L, -1));
    }
    return count;
}

static void run_file(const char *name)
{
    lua_State *L = open_state();
    char path[512];

    snprintf(path, sizeof(path), LIB_DIR "/%s_test.lua", name);
    if (luaL_dofile(L, path))
        fail_msg("%s", lua_tostring(L, -1));
    assert_true(run_functions(L, path) >= 4);
    lua_close(L);
}

/* Every module does what the tests beside it say. */
static void modules(void **state)
{
    unsigned count = 0;

    for (const struct mf_lua_file *file = mf_lua_files; file->name; file++)
        if (file->is_module) {
            run_file(file->name);
            count++;
        }
    assert_int_equal(count, 7);
}

/* A module is a table, and loading it leaves no global behind. */
static void no_globals(void **state)
{
    for (const struct mf_lua_file *file = mf_lua_files; file->name; file++) {
        lua_State *L;

        if (!file->is_module)
            continue;
        L = open_state();
        if (luaL_dostring(L, "local known = {} for name in pairs(_G) do known[name] = true end\n"
                             "return function(module)\n"
                             "  assert(type(require(module)) == 'table')\n"
                             "  for name in pairs(_G) do assert(known[name], name) end\n"
                             "end"))
            fail_msg("%s", lua_tostring(L, -1));
        lua_pushstring(L, file->name);
        if (lua_pcall(L, 1, 0, 0))
            fail_msg("%s: %s", file->name, lua_tostring(L, -1));
        lua_close(L);
    }
}

/* A name that nobody has, and one that is not for scripts. */
static void unknown(void **state)
{
    assert_null(mf_lua_file("nothing"));
    assert_null(mf_lua_module("task"));
    assert_non_null(mf_lua_module("hysteresis"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules),
        cmocka_unit_test(no_globals),
        cmocka_unit_test(unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
