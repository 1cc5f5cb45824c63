/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The modules of lua/lib: each has its own tests beside it, in Lua; here they are run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "lua/api.h"
#include "lua/embedded.h"
#include "lua/state.h"

static const struct mf_lua_limits limits = {
    .memory = 1024 * 1024, .instructions = 200000, .time = 0, .emits = 64};

static struct mf_lua *open_state(void)
{
    struct mf_lua *lua = mf_lua_new(&limits, NULL);

    mf_lua_open_api(lua);
    return lua;
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = mf_zalloc(64 * 1024);

    if (!file || !fread(text, 1, 64 * 1024 - 1, file))
        fail_msg("cannot read %s", path);
    fclose(file);
    return text;
}

static void run_text(struct mf_lua *lua, const char *name, const char *text, int results)
{
    const struct mf_lua_source source = {text, strlen(text), name, 1};
    struct mf_error err;

    if (mf_lua_load(lua->L, &source, &err) < 0)
        fail_msg("%s", err.text);
    mf_lua_begin(lua);
    if (mf_lua_call(lua, 0, results, &err) < 0)
        fail_msg("%s", err.text);
}

/* The table of tests is on top of the stack. */
static unsigned run_functions(struct mf_lua *lua)
{
    struct mf_error err;
    unsigned count = 0;

    lua_pushnil(lua->L);
    while (lua_next(lua->L, -2)) {
        count++;
        mf_lua_begin(lua);
        if (mf_lua_call(lua, 0, 0, &err) < 0)
            fail_msg("%s: %s", lua_tostring(lua->L, -1), err.text);
    }
    return count;
}

static void run_file(const char *name)
{
    struct mf_lua *lua = open_state();
    char *path = mf_asprintf(LIB_DIR "/%s_test.lua", name), *text = read_text(path);

    run_text(lua, path, text, 1);
    assert_true(run_functions(lua) >= 4);
    mf_lua_free(lua);
    mf_free(text);
    mf_free(path);
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

/* A module is a table, and no global is made or changed by loading it. */
static void no_globals(void **state)
{
    for (const struct mf_lua_file *file = mf_lua_files; file->name; file++) {
        char *text;
        struct mf_lua *lua;

        if (!file->is_module)
            continue;
        text = mf_asprintf("local known = {}\n"
                           "local globals = _ENV\n"
                           "for name, value in pairs(globals) do known[name] = value end\n"
                           "assert(type(require('%s')) == 'table')\n"
                           "for name, value in pairs(globals) do\n"
                           "  assert(rawequal(known[name], value), name)\n"
                           "end\n",
                           file->name);
        lua = open_state();
        run_text(lua, "names", text, 0);
        mf_lua_free(lua);
        mf_free(text);
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
