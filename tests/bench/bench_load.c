/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a large flow costs: reading it, memory per node, and a reload with one change.
 *
 *   bench_load NODES
 *
 * A tenth of the nodes are sources, the others are transforms in chains of nine.
 */

#include <malloc.h>

#include "engine/base/num.h"
#include "engine/run/reload.h"
#include "tests/bench/bench_flow.h"

enum { CHAIN = 10 };

static void write_flow(struct mf_buf *yaml, int64_t nodes, int change)
{
    static const char *const kinds[] = {
        "{scale: 1.5, from: %s, unit: W}",
        "{clamp: 0..5000 W, from: %s}",
        "{deadband: 2 W, from: %s}",
        "{round: 0.1 W, from: %s}",
        "{ema: 10s, from: %s}",
        "{throttle: 1s, from: %s}",
        "{hysteresis: 10 W..20 W, from: %s}",
        "{debounce: 5s, from: %s}",
        "{toggle: off, from: %s}",
    };

    mf_buf_puts(yaml, "moat-flow: 1\nnodes:\n");
    for (int64_t i = 0; i < nodes; i++) {
        char before[32];

        snprintf(before, sizeof(before), "n%lld", (long long)i - 1);
        mf_buf_printf(yaml, "  n%lld: ", (long long)i);
        if (i % CHAIN == 0) {
            mf_buf_printf(yaml, "{sim.wave: sine, every: %ds, unit: W}\n",
                          i == 0 ? 10 + change : 10);
        } else {
            const char *hole = strstr(kinds[i % CHAIN - 1], "%s");

            mf_buf_put(yaml, kinds[i % CHAIN - 1], (size_t)(hole - kinds[i % CHAIN - 1]));
            mf_buf_printf(yaml, "%s%s\n", before, hole + 2);
        }
    }
}

static double ms_since(int64_t start)
{
    return (double)(mf_clock_cpu() - start) / MF_MS;
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* What the engine gives to another thread while it runs: done when nobody measures. */
static struct mf_job *jobs[64];
static size_t job_count;

static void take_job(void *self, struct mf_job *job)
{
    jobs[job_count++] = job;
}

static void wake(void *self)
{
}

static void do_jobs(void)
{
    for (size_t i = 0; i < job_count; i++) {
        jobs[i]->run(jobs[i]);
        jobs[i]->done(jobs[i]);
    }
    job_count = 0;
}

/* The loop is held by the switch alone; the worst of several is what counts. */
static void reload(struct mf_engine *engine, int64_t nodes)
{
    double prepare = 0, worst = 0;

    for (int i = 1; i <= 20; i++) {
        struct mf_reload_report report;
        struct mf_buf yaml = {0};
        struct mf_error err;
        struct mf_change *change;
        struct mf_graph *graph;
        int64_t start;

        write_flow(&yaml, nodes, i);
        start = mf_clock_cpu();
        graph = bench_read(yaml.data, yaml.len);
        change = mf_change_prepare(engine, graph);
        prepare = ms_since(start);
        start = mf_clock_cpu();
        mf_change_switch(change, &report, &err);
        if (ms_since(start) > worst)
            worst = ms_since(start);
        do_jobs();
        mf_buf_done(&yaml);
    }
    printf("reload with one change: prepare %.1f ms, loop held %.2f ms (worst of 20)\n", prepare,
           worst);
}

int main(int argc, char **argv)
{
    const struct mf_host host = {.wake = wake, .job = take_job};
    struct mf_buf yaml = {0};
    struct mf_engine engine;
    struct mf_graph *graph;
    struct mf_error err;
    int64_t nodes = 10000, start;
    size_t before;

    if (argc == 2 && (!mf_num_read_int(argv[1], strlen(argv[1]), &nodes) || nodes < 1)) {
        fprintf(stderr, "usage: bench_load [NODES]\n");
        return 2;
    }
    mf_registry_set(mf_kinds());
    write_flow(&yaml, nodes, 0);
    start = mf_clock_cpu();
    graph = bench_read(yaml.data, yaml.len);
    if (!graph)
        return 1;
    printf("%lld nodes, %.1f MB of YAML: read and compiled in %.1f ms CPU, %zu bytes per node\n",
           (long long)nodes, (double)yaml.len / 1e6, ms_since(start),
           mf_arena_size(graph->arena) / (size_t)nodes);
    mf_buf_done(&yaml);
    mf_engine_init(&engine, &host, (struct mf_engine_options){0});
    mf_clock_init_virtual(&engine.sched.clock, 0);
    before = in_use();
    start = mf_clock_cpu();
    if (mf_engine_load(&engine, graph, NULL, &err) < 0)
        return 1;
    do_jobs();
    printf("started in %.1f ms CPU, %zu bytes more per node\n", ms_since(start),
           (in_use() - before) / (size_t)nodes);
    reload(&engine, nodes);
    mf_engine_stop(&engine);
    mf_engine_done(&engine);
    do_jobs();
    return 0;
}
