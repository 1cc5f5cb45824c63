/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * From a plain flow to a graph: the steps of compile_priv.h in order.
 */

#include "engine/base/alloc.h"
#include "engine/graph/compile_priv.h"

const char *mf_compile_source(struct mf_compile *compile, const struct mf_in_def *in)
{
    if (in->from->out_count == 1)
        return in->from->name;
    return mf_arena_printf(compile->flow->arena, "%s.%s", in->from->name,
                           in->from->outs[in->from_port].name);
}

static void finish(struct mf_compile *compile)
{
    struct mf_graph *graph = compile->graph;

    mf_compile_hash(compile);
    for (size_t i = 0; i < graph->count; i++)
        mf_map_set(&graph->by_name, graph->nodes[i]->name, graph->nodes[i]);
    for (size_t i = 0; i < compile->count; i++)
        compile->drafts[i]->def->draft = NULL;
}

struct mf_graph *mf_compile(struct mf_flow *flow)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_graph *graph = mf_arena_alloc(arena, sizeof(*graph));
    struct mf_compile compile = {flow, flow->diags, graph, arena};

    graph->arena = arena;
    graph->title = mf_arena_strdup(arena, flow->title);
    mf_compile_links(&compile);
    mf_compile_load(&compile);
    mf_compile_wire(&compile);
    mf_compile_rank(&compile);
    mf_compile_infer(&compile);
    mf_compile_check(&compile);
    if (flow->diags->errors == 0)
        finish(&compile);
    mf_map_done(&compile.by_name);
    mf_map_done(&compile.links_of_kind);
    mf_map_done(&compile.units);
    mf_map_done(&compile.made);
    if (flow->diags->errors == 0)
        return graph;
    mf_graph_free(graph);
    return NULL;
}

void mf_graph_free(struct mf_graph *graph)
{
    if (!graph)
        return;
    mf_map_done(&graph->by_name);
    mf_map_done(&graph->link_by_name);
    mf_free(graph->origin);
    mf_arena_free(graph->arena);
}
