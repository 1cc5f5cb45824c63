/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a script: it compiles or does not, the names it uses are read out of it, and running
 * it ends within its budgets. What it leaves in `state` goes back in and comes out the same.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/value/value.h"
#include "lua/api.h"
#include "lua/uses.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void found(void *arg, const struct mf_lua_use *use)
{
    demand(use->name && (use->field != NULL) == (use->kind >= MF_LUA_FIELD));
    ++*(size_t *)arg;
}

static void run(struct mf_lua *lua)
{
    struct mf_value value, once, twice;
    struct mf_error err;
    int rc;

    mf_lua_begin(lua);
    rc = mf_lua_call(lua, 0, 0, &err);
    mf_lua_end(lua);
    demand(rc == 0 || rc == MF_EINVAL || rc == MF_ELIMIT);
    demand(lua->left > -1000000);
    if (mf_lua_get_state(lua, &value, &err) == 0) {
        /* The first time nulls in maps are left out. */
        mf_lua_set_state(lua, &value);
        demand(mf_lua_get_state(lua, &once, &err) == 0);
        mf_lua_set_state(lua, &once);
        demand(mf_lua_get_state(lua, &twice, &err) == 0 && mf_value_equal(&once, &twice));
        mf_value_drop(once);
        mf_value_drop(twice);
    }
    mf_value_drop(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mf_lua_limits limits = {
        .memory = 256 * 1024, .instructions = 5000, .emits = 4};
    const struct mf_lua_source source = {(const char *)data, size, "fuzz", 1};
    struct mf_lua *lua = mf_lua_new(&limits, NULL);
    struct mf_error err;
    size_t uses = 0;

    mf_lua_open_api(lua);
    if (mf_lua_load(lua->L, &source, &err) == 0) {
        demand(mf_lua_uses(lua->L, found, &uses));
        mf_lua_is_short(lua->L);
        run(lua);
    }
    mf_lua_free(lua);
    return 0;
}
