/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a file of tests about a small flow: read without a fault, or with faults that say
 * something; what is read is inside of its limits.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/cli/test_file.h"
#include "engine/graph/registry.h"
#include "nodes/kinds.h"

static const char flow_text[] =
    "moat-flow: 1\n"
    "nodes:\n"
    "  power: {sim.wave: sine, every: 1s, period: 1min, min: 0, max: 8, unit: kW}\n"
    "  house: {sim.home: , every: 1s}\n"
    "  alarm: {when: power > 5 kW, for: 2min}\n"
    "  word:  {expr: \"'off'\", from: power}\n"
    "  temp:  {sim.wave: sine, every: 1s, period: 1min, min: 0, max: 8, unit: °C}\n"
    "  show:  {log: notice, from: [alarm, word, house.grid]}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_case(const struct mf_test_case *test)
{
    int64_t last = 0;

    demand(test->name && test->step_count <= MF_TEST_STEPS);
    if (test->failed)
        return;
    for (size_t i = 0; i < test->step_count; i++) {
        demand(test->steps[i].at >= last);
        last = test->steps[i].at;
    }
    for (size_t i = 0; i < test->series_count; i++) {
        const struct mf_test_series *series = &test->series[i];

        demand(series->count > 0 && series->every > 0);
        demand(series->count <= MF_TEST_SERIES && series->every <= MF_NEVER / series->count);
    }
}

static void check_cases(struct mf_test_file *file, struct mf_arena *arena,
                        struct mf_sources *sources, struct mf_diags *diags)
{
    struct mf_graph *graph;
    struct mf_flow flow;

    mf_flow_init(&flow, arena, sources, diags);
    mf_flow_read_text(&flow, "flow.yaml", flow_text, sizeof flow_text - 1, NULL);
    graph = mf_compile(&flow);
    demand(graph != NULL);
    mf_test_file_cases(file, &flow, graph);
    for (size_t i = 0; i < file->case_count; i++)
        check_case(&file->cases[i]);
    mf_graph_free(graph);
    mf_flow_done(&flow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_test_file file;
    struct mf_diags diags;

    mf_registry_set(mf_kinds());
    mf_diags_init(&diags, sources);
    if (mf_test_file_head(&file, mf_sources_add(sources, "a.test.yaml", (const char *)data, size),
                          arena, sources, &diags))
        check_cases(&file, arena, sources, &diags);
    else
        demand(diags.errors > 0);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return 0;
}
