/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Scripts that wish us ill: whatever they try, a call ends within its budget, and nobody but the
 * script notices. Each row was an escape from some sandbox. A script that gets away hangs here
 * until the test's time limit.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "lua/api.h"
#include "lua/state.h"

static const struct mf_lua_limits limits = {
    .memory = 1024 * 1024, .instructions = 200000, .time = 0, .emits = 64};

static int run(struct mf_lua *lua, const char *script, struct mf_error *err)
{
    const struct mf_lua_source source = {script, strlen(script), "test.lua", 1};
    int rc = mf_lua_load(lua->L, &source, err);

    if (rc < 0)
        return rc;
    mf_lua_begin(lua);
    rc = mf_lua_call(lua, 0, 0, err);
    mf_lua_end(lua);
    return rc;
}

struct attack {
    const char *script;
    const char *part; /* of the message */
};

#define LOOP "while true do end "

static const struct attack attacks[] = {
    {LOOP, "test.lua:1: more than 200000 instructions in one call"},
    {"\n\nlocal function f() return f() end f()", "test.lua:3: more than 200000 instructions"},
    {"goto a ::a:: goto b ::b:: goto a", "200000 instructions"},
    /* pcall() that swallows the error, once and again */
    {"while true do pcall(function() while true do end end) end", "200000 instructions"},
    {"local function f() pcall(f) pcall(f) end while true do f() end", "200000 instructions"},
    {"while true do xpcall(function() " LOOP "end, function() " LOOP " end) end", "budget|more"},
    {"xpcall(function() " LOOP "end, function(e) while true do pcall(error, e) end end)", "|more"},
    {"while true do pcall(pcall, pcall, error) end", "200000 instructions"},
    /* coroutines, each with a hook of its own */
    {"while true do pcall(coroutine.wrap(function() while true do end end)) end", "instructions"},
    {"while true do coroutine.wrap(function() local x = 0 for i = 1, 20 do x = x + i end end)() "
     "end",
     "200000 instructions"},
    {"local function f() while true do coroutine.yield() end end\n"
     "while true do local c = coroutine.create(f) for i = 1, 3 do coroutine.resume(c) end end",
     "200000 instructions"},
    {"local function f() coroutine.wrap(f)() end f()", "|more than|overflow"},
    {"local c = coroutine.wrap(function() " LOOP "end) pcall(c) " LOOP, "200000 instructions"},
    /* finalizers run with hooks switched off */
    {"setmetatable({}, {__gc = function() while true do end end})", "`__gc` is not allowed"},
    {"local m = {} setmetatable({}, m) m.__gc = function() while true do end end\n"
     "for i = 1, 1e9 do local t = {} end",
     "200000 instructions"},
    {"local m = {__gc = 1} pcall(setmetatable, {}, m) m.__gc = nil\n"
     "local t = setmetatable({}, m) m.__gc = error setmetatable(t, m)",
     "`__gc` is not allowed"},
    /* `<close>` */
    {"local x <close> = setmetatable({}, {__close = function() while true do end end})",
     "200000 instructions"},
    {"local m = {__close = function() while true do end end}\n"
     "local function f() local x <close> = setmetatable({}, m) f() end f()",
     "|more"},
    {"local c = coroutine.create(function()\n"
     "  local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
     "  while true do end\n"
     "end)\n"
     "coroutine.resume(c) coroutine.close(c)",
     "200000 instructions"},
    {"local w = coroutine.wrap(function()\n"
     "  local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
     "  while true do end\n"
     "end)\n"
     "pcall(w) w()",
     "200000 instructions"},
    {"local all = {}\n"
     "for i = 1, 400 do\n"
     "  all[i] = coroutine.create(function()\n"
     "    local x <close> = setmetatable({}, {__close = function() coroutine.close(all[i + 1]) "
     "end})\n"
     "    coroutine.yield()\n"
     "  end)\n"
     "  coroutine.resume(all[i])\n"
     "end\n"
     "assert(coroutine.close(all[1]))",
     "|close each other|overflow"},
    /* patterns */
    {"string.find(('a'):rep(30), ('a*'):rep(30) .. 'b')", "200000 instructions"},
    {"(('a'):rep(100000)):gsub('.-b', 'c')", "200000 instructions"},
    {"for m in (('x'):rep(500000)):gmatch('') do end", "200000 instructions"},
    /* texts and tables that grow */
    {"local s = ('x'):rep(1 << 40)", "string too large"},
    {"local s = ('x'):rep(1 << 19, ('y'):rep(1 << 19))", "bytes of memory"},
    {"local s = (''):rep(1 << 62)", NULL},
    {"local s = (''):rep(1 << 62, '')", NULL},
    {"local s = 'x' while true do s = s .. s end", "test.lua:1: more than 1048576 bytes of memory"},
    {"local t = {} for i = 1, 1e9 do t[i] = i end", "more than 1048576 bytes of memory"},
    {"local t = {} while true do t[#t + 1] = ('x'):rep(1000) end", "bytes of memory"},
    {"local t = {} while true do pcall(string.rep, 'x', 1 << 19)\n"
     "t[#t + 1] = pcall(string.rep, 'x', 900000) and 'y' or {} end",
     "more than"},
    {"local t = {} pcall(function() while true do t[#t + 1] = {} end end)\n"
     "while true do pcall(string.rep, 'x', 500000) end",
     "200000 instructions"},
    {"string.format('%99999d', 1)", "invalid conversion"},
    {"string.format('%.99999f', 1)", "invalid conversion"},
    {"local s = ('x'):rep(300000) string.format(('%s'):rep(200), table.unpack({s, s, s, s, s}))",
     "|more than"},
    {"local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(100) end table.concat(t)", "|more than"},
    {"local t = setmetatable({}, {__index = table.concat}) table.concat(t, '', 1, 1 << 62)",
     "200000 instructions"},
    {"table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1 << 62)",
     "200000 instructions"},
    /* tables that claim to be endless, C functions as metamethods */
    {"table.insert(setmetatable({}, {__len = function() return 1 << 62 end}), 1, 0)",
     "200000 instructions"},
    {"table.remove(setmetatable({}, {__len = function() return 1 << 62 end}), 1)",
     "200000 instructions"},
    {"table.sort(setmetatable({}, {__len = function() return 1 << 30 end}))", "|nil|instructions"},
    {"table.move({}, 1, (1 << 62), 2)", "200000 instructions"},
    {"table.unpack({}, 1, 1 << 30)", "|too many results|memory"},
    {"table.unpack(setmetatable({}, {__len = function() return 1 << 62 end}))", "too many results"},
    {"local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]",
     "overflow|more than"},
    {"local t = {} setmetatable(t, {__index = t}) return t.x", "loop"},
    {"local t = setmetatable({}, {__newindex = function(t, k, v) t[k] = v end}) t[1] = 1",
     "overflow|more than"},
    {"local t = setmetatable({}, {__eq = function() while true do end end})\n"
     "return t == setmetatable({}, getmetatable(t))",
     "200000 instructions"},
    {"return #setmetatable({}, {__len = function() while true do end end})", "instructions"},
    {"return setmetatable({}, {__concat = function() while true do end end}) .. ''",
     "instructions"},
    /* sorting with a comparison that contradicts itself */
    {"local t = {} for i = 1, 1000 do t[i] = i % 7 end\n"
     "table.sort(t, function() return true end)",
     NULL},
    {"local t = {} for i = 1, 5000 do t[i] = i end\n"
     "while true do table.sort(t, function(a, b) return a > b end) end",
     "200000 instructions"},
    {"table.sort({3, 2, 1}, function() while true do end end)", "200000 instructions"},
    {"table.sort({3, 2, 1}, coroutine.yield)", "attempt to yield"},
    /* depth */
    {"local function f() return 1 + f() end f()", "bytes of memory|overflow"},
    {"local function f(s) return (s:gsub('.', f)) end f('x')", "overflow"},
    {"local function f() return select(2, pcall(f)) end return f()", "|overflow|more"},
    {"local t = {} for i = 1, 100000 do t = setmetatable({}, {__index = t}) end return t.x",
     "|more"},
    {"error(setmetatable({}, {__tostring = function() while true do end end}))",
     "an error was raised that is a table"},
    {"error(nil)", "an error was raised that is a nil"},
    {"tostring(setmetatable({}, {__tostring = function() while true do end end}))",
     "200000 instructions"},
    {"local m = {__tostring = function() return {} end} tostring(setmetatable({}, m))",
     "must return a string"},
    {"print(setmetatable({}, {__tostring = function() while true do end end}))", "instructions"},
    {"for k in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end",
     "200000 instructions"},
    /* what is not there */
    {"load('x = 1')", "attempt to call a nil value (global 'load')"},
    {"string.dump(function() end)", "attempt to call a nil value (field 'dump')"},
    {"io.open('/etc/passwd')", "attempt to index a nil value (global 'io')"},
    {"os.execute('true')", "attempt to call a nil value (field 'execute')"},
    {"os.exit()", "attempt to call a nil value (field 'exit')"},
    {"debug.sethook()", "attempt to index a nil value (global 'debug')"},
    {"collectgarbage('stop')", "attempt to call a nil value (global 'collectgarbage')"},
    {"package.loadlib('x', 'y')", "attempt to index a nil value (global 'package')"},
    {"dofile('/etc/passwd')", "attempt to call a nil value (global 'dofile')"},
    {"_G.x = 1", "attempt to index a nil value (global '_G')"},
    {"require('os')", "there is no module `os`"},
    {"getmetatable('').__index = {}", "attempt to index a boolean value"},
    {"emit('x', 1)", "emit() works while the node runs"},
    {"\033Lua", "compiled Lua"},
};

/* "a|b": either; an empty one: no error is fine, too. NULL: there must be none. */
static bool is_expected(int rc, const char *text, const char *part)
{
    if (!part)
        return rc == 0;
    for (;;) {
        size_t len = strcspn(part, "|");
        char *one = mf_strndup(part, len);
        bool is_it = len ? rc < 0 && strstr(text, one) : rc == 0;

        mf_free(one);
        if (is_it)
            return true;
        if (!part[len])
            return false;
        part += len + 1;
    }
}

/* Every attack ends, with the message its author deserves. */
static void attacks_end(void **state)
{
    unsigned failed = 0;

    for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
        struct mf_lua *lua = mf_lua_new(&limits, NULL);
        struct mf_error err = {0};
        int rc;

        mf_lua_open_api(lua);
        rc = run(lua, attacks[i].script, &err);
        if (!is_expected(rc, err.text, attacks[i].part)) {
            print_error("%s\n  gave `%s`, not `%s`\n", attacks[i].script,
                        rc < 0 ? err.text : "no error",
                        attacks[i].part ? attacks[i].part : "no error");
            failed++;
        }
        if (lua->peak > (size_t)limits.memory + 4096) {
            print_error("%s\n  took %zu bytes\n", attacks[i].script, lua->peak);
            failed++;
        }
        mf_lua_free(lua);
    }
    assert_int_equal(failed, 0);
}

/* What a script can do within its budget it may do again in the next call. */
static void budget_is_per_call(void **state)
{
    struct mf_lua *lua = mf_lua_new(&limits, NULL);
    struct mf_error err = {0};

    for (int i = 0; i < 10; i++)
        assert_int_equal(run(lua, "for i = 1, 50000 do end", &err), 0);
    assert_true(lua->instructions > 10 * 50000);
    assert_int_equal(lua->calls, 10);
    mf_lua_free(lua);
}

/* The real clock counts where the flow's does. */
static void time_counts(void **state)
{
    struct mf_lua_limits short_time = limits;
    struct mf_error err = {0};
    struct mf_lua *lua;

    short_time.instructions = INT64_C(1) << 50;
    short_time.time = 2 * MF_MS;
    lua = mf_lua_new(&short_time, NULL);
    assert_int_equal(run(lua, "while true do end", &err), MF_ELIMIT);
    assert_string_equal(err.text, "test.lua:1: more than 2000 us in one call");
    mf_lua_free(lua);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_end),
        cmocka_unit_test(budget_is_per_call),
        cmocka_unit_test(time_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
