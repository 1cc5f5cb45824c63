/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a `lua` node costs beside a bare protected call of the same function: number in, number out.
 *
 *   bench_lua [MESSAGES [SCRIPT]]
 *
 * Both have ten functions in ten states. Bare is: put the number into a table, call the function
 * with it in protected mode, take the result, hand it to the next. The flow does the same through
 * its engine, with turns, edges, budgets and all. They take turns; the best round of each counts.
 */

#include <lauxlib.h>
#include <lualib.h>

#include "engine/base/num.h"
#include "tests/bench/bench_flow.h"

enum { NODES = 10, ROUNDS = 9 };

static const struct {
    const char *name, *body;
} scripts[] = {
    {"x * 2", "return input.x * 1.5"},
    {"a branch", "local x = input.x if x > 20 then return x - 20 else return x + 1.5 end"},
    {"math.max, state",
     "state.last = math.max(input.x, (state.last or 0) * 0.9) return state.last"},
};

struct bare {
    lua_State *L;
    int function, input, key; /* stack indices */
};

static void bare_open(struct bare *bare, const char *body)
{
    struct mf_buf text = {0};

    bare->L = luaL_newstate();
    luaL_openlibs(bare->L);
    mf_buf_printf(&text, "state = {} return function(input, now) %s end", body);
    if (luaL_dostring(bare->L, mf_buf_text(&text)))
        abort();
    mf_buf_done(&text);
    bare->function = lua_gettop(bare->L);
    lua_newtable(bare->L);
    bare->input = lua_gettop(bare->L);
    lua_pushliteral(bare->L, "x");
    bare->key = lua_gettop(bare->L);
}

static __attribute__((noinline)) double bare_call(const struct bare *bare, double number)
{
    lua_State *L = bare->L;

    lua_pushvalue(L, bare->key);
    lua_pushnumber(L, number);
    lua_rawset(L, bare->input);
    lua_pushvalue(L, bare->function);
    lua_pushvalue(L, bare->input);
    lua_pushnumber(L, 1e9);
    if (lua_pcall(L, 2, 1, 0))
        abort();
    number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number;
}

static struct mf_graph *read_chain(const char *body)
{
    struct mf_buf yaml = {0};
    struct mf_graph *graph;

    mf_buf_puts(&yaml, "moat-flow: 1\nnodes:\n  n0: {sim.wave: sine, every: 1s}\n");
    for (int i = 1; i <= NODES; i++)
        mf_buf_printf(&yaml,
                      "  n%d:\n    lua: |\n      function run(input, now) %s end\n"
                      "    from: {x: n%d}\n    type: number\n",
                      i, body, i - 1);
    graph = bench_read(yaml.data, yaml.len);
    mf_buf_done(&yaml);
    return graph;
}

static void compare(const char *name, const char *body, int64_t messages)
{
    struct bare bare[NODES];
    struct mf_engine engine;
    struct mf_error err;
    struct mf_node *source;
    double best_bare = 1e18, best_flow = 1e18;

    for (int i = 0; i < NODES; i++)
        bare_open(&bare[i], body);
    mf_engine_init(&engine, NULL, (struct mf_engine_options){0});
    mf_clock_init_virtual(&engine.sched.clock, 0);
    if (mf_engine_load(&engine, read_chain(body), NULL, &err) < 0)
        abort();
    source = mf_engine_node(&engine, "n0");
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = mf_clock_cpu(), middle, end;

        for (int64_t i = 0; i < messages; i++) {
            double number = (double)(i % 40);

            for (int k = 0; k < NODES; k++)
                number = bare_call(&bare[k], number);
        }
        middle = mf_clock_cpu();
        for (int64_t i = 0; i < messages; i++) {
            mf_engine_play(&engine, source, 0, mf_value_number((double)(i % 40)), i);
            mf_engine_run(&engine, 10);
        }
        end = mf_clock_cpu();
        if ((double)(middle - start) < best_bare)
            best_bare = (double)(middle - start);
        if ((double)(end - middle) < best_flow)
            best_flow = (double)(end - middle);
    }
    best_bare /= (double)(messages * NODES);
    best_flow /= (double)(messages * NODES);
    printf("%s: bare %.1f ns, node %.1f ns, ratio %.2f\n", name, best_bare, best_flow,
           best_flow / best_bare);
    for (int i = 0; i < NODES; i++)
        lua_close(bare[i].L);
    mf_engine_stop(&engine);
    mf_engine_done(&engine);
}

int main(int argc, char **argv)
{
    int64_t messages = 20000, only = -1;

    mf_registry_set(mf_kinds());
    if (argc > 1 && !mf_num_read_int(argv[1], strlen(argv[1]), &messages))
        return 2;
    if (argc > 2 && !mf_num_read_int(argv[2], strlen(argv[2]), &only))
        return 2;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
        if (only < 0 || only == (int64_t)i)
            compare(scripts[i].name, scripts[i].body, messages);
    return 0;
}
