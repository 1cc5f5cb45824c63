/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* string.find and its family against Lua's own, and against those who wish us ill. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "lua/find.h"
#include "lua/match.h"

enum { BUDGET = 100000 };

static struct mf_rng rng;
static uint64_t paid, allowed;

static void pay(lua_State *L, uint64_t steps)
{
    paid += steps;
    if (paid > allowed)
        luaL_error(L, "out of budget");
}

static int lua_random(lua_State *L)
{
    lua_pushinteger(L, 1 + (lua_Integer)mf_rng_below(&rng, (uint64_t)lua_tointeger(L, 1)));
    return 1;
}

/* refused(name, fn, …): the call has to end, and to have paid for what it took. */
static int lua_refused(lua_State *L)
{
    const char *name = lua_tostring(L, 1);
    int rc;

    paid = 0;
    allowed = BUDGET;
    rc = lua_pcall(L, lua_gettop(L) - 2, 0, 0);
    allowed = UINT64_MAX;
    if (rc == LUA_OK && paid < 100)
        return luaL_error(L, "%s took only %d steps", name, (int)paid);
    if (rc != LUA_OK && !strstr(lua_tostring(L, -1), "out of budget"))
        return lua_error(L);
    if (paid > BUDGET + 2 * MF_MATCH_CHARGE + 5000 / 2)
        return luaL_error(L, "%s took %d steps", name, (int)paid);
    return 0;
}

static int setup(void **state)
{
    lua_State *L = luaL_newstate();

    mf_rng_seed(&rng, 20260329);
    allowed = UINT64_MAX;
    luaL_openlibs(L);
    lua_newtable(L);
    mf_find_open(L, pay);
    lua_setglobal(L, "ours");
    lua_register(L, "random", lua_random);
    lua_register(L, "refused", lua_refused);
    if (luaL_dofile(L, MATCH_LUA))
        fail_msg("%s", lua_tostring(L, -1));
    *state = L;
    return 0;
}

static int teardown(void **state)
{
    lua_close(*state);
    return 0;
}

/* Runs a function of match.lua; returns how many calls have been compared so far. */
static long play(void **state, const char *name)
{
    lua_State *L = *state;
    long count;

    lua_getglobal(L, name);
    if (lua_pcall(L, 0, 1, 0))
        fail_msg("%s", lua_tostring(L, -1));
    count = (long)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return count;
}

/* Every pattern on every text has Lua's results and Lua's errors. */
static void same_as_lua(void **state)
{
    assert_true(play(state, "test_cases") > 40000);
}

/* Replacements of every type, good and bad. */
static void same_gsub(void **state)
{
    assert_true(play(state, "test_gsub") > 50000);
}

/* Arguments that are missing, of another type, far outside. */
static void same_arguments(void **state)
{
    assert_true(play(state, "test_arguments") > 40);
}

/* Patterns put together at random. */
static void same_at_random(void **state)
{
    assert_true(play(state, "test_random") > 40000);
}

/* A pattern that would search for ever ends when the budget does. */
static void hostile_patterns_end(void **state)
{
    play(state, "test_hostile");
}

static bool charge_up_to(void *arg, uint64_t steps)
{
    uint64_t *left = arg;

    if (steps > *left)
        return false;
    *left -= steps;
    return true;
}

/* Without Lua around it the matcher says that the limit was met, and has no other word for it. */
static void limit_without_lua(void **state)
{
    char text[2000];
    uint64_t left = 10000;
    const char *start, *end;
    struct mf_match m;

    memset(text, 'a', sizeof(text));
    mf_match_init(&m, text, sizeof(text), ".-.-.-b", 7);
    m.charge = charge_up_to;
    m.charge_arg = &left;
    assert_int_equal(mf_match_find(&m, text, false, &start, &end), MF_ELIMIT);
    assert_string_equal(m.error, "");
    assert_true(left < MF_MATCH_CHARGE);
}

/* A faulty pattern is MF_EINVAL with the words of Lua. */
static void fault_without_lua(void **state)
{
    const char *start, *end;
    struct mf_match m;

    mf_match_init(&m, "abc", 3, "a(b", 3);
    assert_int_equal(mf_match_find(&m, "abc", true, &start, &end), 1);
    mf_match_init(&m, "abc", 3, "[a", 2);
    assert_int_equal(mf_match_find(&m, m.text, false, &start, &end), MF_EINVAL);
    assert_string_equal(m.error, "malformed pattern (missing ']')");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_as_lua, setup, teardown),
        cmocka_unit_test_setup_teardown(same_gsub, setup, teardown),
        cmocka_unit_test_setup_teardown(same_arguments, setup, teardown),
        cmocka_unit_test_setup_teardown(same_at_random, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_patterns_end, setup, teardown),
        cmocka_unit_test(limit_without_lua),
        cmocka_unit_test(fault_without_lua),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
