/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the benches share: a flow text becomes an engine on a virtual clock. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/config/render.h"
#include "engine/run/engine.h"
#include "nodes/kinds.h"

static inline struct mf_graph *bench_read(const char *yaml, size_t len)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_sources *sources = mf_sources_new();
    struct mf_diags diags;
    struct mf_flow flow;
    struct mf_flow_setup setup = {0};
    struct mf_graph *graph;

    mf_diags_init(&diags, sources);
    mf_flow_init(&flow, arena, sources, &diags);
    mf_flow_read_text(&flow, "bench.yaml", yaml, len, &setup);
    graph = mf_compile(&flow);
    if (!graph) {
        struct mf_buf text = {0};

        mf_diags_sort(&diags);
        mf_diags_render(&diags, MF_DIAG_SHORT, (struct mf_diag_counts){0}, false, &text);
        fprintf(stderr, "%s", mf_buf_text(&text));
        mf_buf_done(&text);
    }
    mf_flow_done(&flow);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return graph;
}
