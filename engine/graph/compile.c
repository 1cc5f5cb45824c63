/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * From a plain flow to a graph: the steps of compile_priv.h in order, and at the
 * end a fingerprint of each node and link, by which a reload knows what stayed the same.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/hash.h"
#include "engine/graph/compile_priv.h"

/* ---- fingerprints ---- */

static void print_tree(const struct mf_tree *tree, struct mf_buf *buf)
{
    mf_buf_printf(buf, "%d:%u%c", tree->kind, tree->count, tree->is_plain ? 'p' : 'q');
    if (tree->kind == MF_TREE_SCALAR) {
        mf_buf_put(buf, tree->text, tree->count);
        return;
    }
    for (uint32_t i = 0; i < tree->count; i++) {
        if (tree->kind == MF_TREE_MAP) {
            print_tree(tree->pairs[i].key, buf);
            print_tree(tree->pairs[i].value, buf);
        } else {
            print_tree(tree->items[i].value, buf);
        }
    }
}

static void print_item(const struct mf_flow_item *item, struct mf_buf *buf)
{
    mf_buf_printf(buf, "%s;", item->kind);
    if (item->main)
        print_tree(item->main, buf);
    for (size_t i = 0; i < item->option_count; i++) {
        print_tree(item->options[i].key, buf);
        print_tree(item->options[i].value, buf);
    }
}

/* Units and conversions count: the same text means something else when the source changes from W
 * to kW. */
static void print_edges(const struct mf_def *def, struct mf_buf *buf)
{
    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_in_def *in = &def->ins[i];

        mf_buf_printf(buf, ";%s<%s.%s:%u%d%d%d%d%d", in->label, in->from->name,
                      in->from->outs[in->from_port].name, in->types, in->is_converted,
                      in->to_number, in->is_checked, in->is_late, in->is_quiet);
        mf_buf_put(buf, &in->convert, sizeof(in->convert));
        mf_buf_puts(buf, in->unit ? in->unit->name : "-");
    }
    for (unsigned i = 0; i < def->out_count; i++)
        mf_buf_printf(buf, ";%s:%u:%s", def->outs[i].name, def->outs[i].types,
                      def->outs[i].unit ? def->outs[i].unit->name : "-");
    if (def->link)
        mf_buf_printf(buf, ";%s", def->link->name);
}

static void seal(struct mf_buf *buf, uint64_t ret_hash[2])
{
    ret_hash[0] = mf_hash_fixed(buf->data, buf->len);
    mf_buf_putc(buf, '#');
    ret_hash[1] = mf_hash_fixed(buf->data, buf->len);
    mf_buf_clear(buf);
}

static void fingerprint(struct mf_compile *compile)
{
    struct mf_buf buf = {0};

    for (size_t i = 0; i < compile->count; i++) {
        print_item(compile->drafts[i]->item, &buf);
        print_edges(compile->drafts[i]->def, &buf);
        seal(&buf, compile->drafts[i]->def->hash);
    }
    for (size_t i = 0; i < compile->graph->link_count; i++) {
        const struct mf_flow_item *item =
            mf_map_get(&compile->flow->links, compile->graph->links[i]->name);

        print_item(item, &buf);
        seal(&buf, compile->graph->links[i]->hash);
    }
    mf_buf_done(&buf);
}

/* ---- the whole ---- */

static void finish(struct mf_compile *compile)
{
    struct mf_graph *graph = compile->graph;

    fingerprint(compile);
    for (size_t i = 0; i < graph->count; i++)
        mf_map_set(&graph->by_name, graph->nodes[i]->name, graph->nodes[i]);
    for (size_t i = 0; i < compile->count; i++)
        compile->drafts[i]->def->draft = NULL;
}

struct mf_graph *mf_compile(struct mf_flow *flow)
{
    struct mf_arena *arena = mf_arena_new();
    struct mf_compile compile = {flow, flow->diags, NULL, arena};
    struct mf_graph *graph = mf_arena_alloc(arena, sizeof(*graph));

    graph->arena = arena;
    graph->title = mf_arena_strdup(arena, flow->title);
    compile.graph = graph;
    mf_compile_links(&compile);
    mf_compile_load(&compile);
    mf_compile_wire(&compile);
    mf_compile_rank(&compile);
    mf_compile_infer(&compile);
    mf_compile_check(&compile);
    if (flow->diags->errors == 0)
        finish(&compile);
    mf_map_done(&compile.by_name);
    mf_map_done(&compile.disabled);
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
    mf_arena_free(graph->arena);
}
