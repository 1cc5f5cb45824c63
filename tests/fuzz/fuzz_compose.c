/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a flow file: the composer ends with a tree or with an error,
 * never with both missing; every span lies in the file; the place of each byte of
 * a text lies in that text; all renderings can be made.
 */

#include <stdint.h>
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/config/render.h"
#include "engine/config/tree.h"

enum { BYTES_LOOKED_AT = 40, NODES_LOOKED_AT = 2000 };

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_span(const struct mf_source *source, struct mf_span at)
{
    demand(at.file == source->number && at.start <= at.end && at.end <= source->len);
}

static void check_scalar(const struct mf_sources *sources, const struct mf_source *source,
                         const struct mf_tree *tree)
{
    uint32_t last = tree->at.start;

    demand(tree->text[tree->count] == '\0');
    for (uint32_t i = 0; i < tree->count && i < BYTES_LOOKED_AT; i++) {
        struct mf_span at = mf_tree_span(tree, sources, i, i + 1);

        check_span(source, at);
        demand(at.start >= tree->at.start && at.end <= tree->at.end);
        if (at.start == tree->at.start && at.end == tree->at.end)
            continue; /* "somewhere in it" */
        demand(at.start >= last);
        last = at.start;
    }
}

static void check_tree(const struct mf_sources *sources, const struct mf_source *source,
                       const struct mf_tree *tree, unsigned depth, unsigned *budget)
{
    demand(depth <= MF_TREE_DEPTH && tree->nodes > 0);
    if (*budget == 0)
        return;
    --*budget;
    check_span(source, tree->at);
    if (tree->kind == MF_TREE_SCALAR)
        check_scalar(sources, source, tree);
    for (uint32_t i = 0; tree->kind == MF_TREE_LIST && i < tree->count; i++)
        check_tree(sources, source, tree->items[i].value, depth + 1, budget);
    for (uint32_t i = 0; tree->kind == MF_TREE_MAP && i < tree->count; i++) {
        demand(tree->pairs[i].key->kind == MF_TREE_SCALAR);
        check_tree(sources, source, tree->pairs[i].key, depth + 1, budget);
        check_tree(sources, source, tree->pairs[i].value, depth + 1, budget);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_sources *sources = mf_sources_new();
    struct mf_arena *arena = mf_arena_new();
    const struct mf_source *source = mf_sources_add(sources, "fuzz", (const char *)data, size);
    unsigned budget = NODES_LOOKED_AT;
    struct mf_diags diags;
    const struct mf_tree *tree;

    mf_diags_init(&diags, sources);
    tree = mf_compose(source, 0, source->len, arena, &diags);
    demand(tree || diags.errors > 0);
    if (tree)
        check_tree(sources, source, tree, 0, &budget);
    mf_diags_sort(&diags);
    for (size_t i = 0; i < diags.count; i++)
        check_span(source, diags.list[i]->at);
    for (int format = MF_DIAG_TEXT; format <= MF_DIAG_GITHUB; format++) {
        struct mf_buf out = {0};

        mf_diags_render(&diags, (enum mf_diag_format)format, (struct mf_diag_counts){1, 0}, false,
                        &out);
        mf_buf_done(&out);
    }
    mf_diags_done(&diags);
    mf_arena_free(arena);
    mf_sources_free(sources);
    return 0;
}
