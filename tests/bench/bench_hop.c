/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What one hop costs: a number goes through a chain of equal nodes.
 *
 *   bench_hop KIND NODES MESSAGES
 *
 * Prints allocations and CPU time while the messages run. Instructions are counted from outside,
 * as the difference of two lengths of the chain: tests/bench/hop.py.
 */

#include "engine/base/num.h"
#include "tests/bench/bench_flow.h"

static const struct {
    const char *name, *node; /* `%d` is the node before */
} chains[] = {
    {"scale", "{scale: 1.0001, from: n%d}"},
    {"clamp", "{clamp: -1000000..1000000, from: n%d}"},
    {"round", "{round: 0.001, from: n%d}"},
    {"deadband", "{deadband: 0, from: n%d}"},
    {"ema", "{ema: 10s, from: n%d}"},
    {"hop with a unit", "{scale: 1, from: n%d, unit: W}"},
    {"expr of one", "{expr: n%d * 1.0001 + 1}"},
    {"expr of two", "{expr: n%d + n0}"},
    {"when", "{when: n%d > 20, then: 10, else: 30}"},
    {"filter", "{filter: value > -1000000, from: n%d}"},
};

static size_t allocations;

/* The C library's own names, so that each call is seen. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    allocations++;
    return __libc_realloc(block, size);
}

static void write_chain(struct mf_buf *yaml, const char *node, int64_t nodes)
{
    mf_buf_puts(yaml, "moat-flow: 1\nnodes:\n  n0: {sim.wave: sine, every: 1s}\n");
    for (int64_t i = 1; i <= nodes; i++) {
        const char *hole = strstr(node, "%d");

        mf_buf_printf(yaml, "  n%lld: ", (long long)i);
        mf_buf_put(yaml, node, (size_t)(hole - node));
        mf_buf_printf(yaml, "%lld%s\n", (long long)i - 1, hole + 2);
    }
}

static int run(const char *name, const char *node, int64_t nodes, int64_t messages)
{
    struct mf_buf yaml = {0};
    struct mf_engine engine;
    struct mf_error err;
    struct mf_graph *graph;
    struct mf_node *source;
    int64_t start;
    size_t before;

    write_chain(&yaml, node, nodes);
    graph = bench_read(yaml.data, yaml.len);
    mf_buf_done(&yaml);
    if (!graph)
        return 1;
    mf_engine_init(&engine, NULL, (struct mf_engine_options){0});
    mf_clock_init_virtual(&engine.sched.clock, 0);
    if (mf_engine_load(&engine, graph, NULL, &err) < 0)
        return 1;
    source = mf_engine_node(&engine, "n0");
    mf_engine_play(&engine, source, 0, mf_value_number(1), 0); /* what grows has grown */
    mf_engine_advance(&engine, 0);
    before = allocations;
    start = mf_clock_cpu();
    for (int64_t i = 0; i < messages; i++) {
        mf_engine_play(&engine, source, 0, mf_value_number((double)(i % 40)), i);
        mf_engine_run(&engine, 10);
    }
    printf("%s: %lld nodes, %lld messages, %.3f allocations per message, %.1f ns per hop\n", name,
           (long long)nodes, (long long)messages, (double)(allocations - before) / (double)messages,
           (double)(mf_clock_cpu() - start) / (double)(messages * nodes));
    mf_engine_stop(&engine);
    mf_engine_done(&engine);
    return 0;
}

int main(int argc, char **argv)
{
    int64_t nodes = 100, messages = 1000;

    mf_registry_set(mf_kinds());
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
            printf("%s\n", chains[i].name);
        return 0;
    }
    if (argc == 4 && mf_num_read_int(argv[2], strlen(argv[2]), &nodes) &&
        mf_num_read_int(argv[3], strlen(argv[3]), &messages) && nodes > 0 && messages > 0)
        for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
            if (strcmp(argv[1], chains[i].name) == 0)
                return run(chains[i].name, chains[i].node, nodes, messages);
    fprintf(stderr, "usage: bench_hop KIND NODES MESSAGES, or bench_hop list\n");
    return 2;
}
