/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Last step of compiling: a fingerprint of each node and link, by which a reload
 * knows what stayed the same.
 *
 * It covers what the node does: kind, options, edges, types and units. It leaves out what
 * changes nothing: where the node stands, the order of its options, and options that
 * are for readers. A second one leaves out options that a running node takes over as well.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/hash.h"
#include "engine/graph/compile_priv.h"

/* For readers and tests; and `from`, which the edges say better. */
static bool is_left_out(const char *option)
{
    return strcmp(option, "doc") == 0 || strcmp(option, "examples") == 0 ||
           strcmp(option, "enabled") == 0 || strcmp(option, "from") == 0;
}

/* With its end, so that no two rows of texts look alike. */
static void put_text(const char *text, struct mf_buf *buf)
{
    mf_buf_put(buf, text, strlen(text) + 1);
}

static void put_tree(const struct mf_tree *tree, struct mf_buf *buf)
{
    mf_buf_putc(buf, (char)(tree->kind << 1 | tree->is_plain));
    mf_buf_be(buf, tree->count, 4);
    if (tree->kind == MF_TREE_SCALAR) {
        mf_buf_put(buf, tree->text, tree->count);
        return;
    }
    for (uint32_t i = 0; i < tree->count; i++) {
        if (tree->kind == MF_TREE_MAP) {
            put_tree(tree->pairs[i].key, buf);
            put_tree(tree->pairs[i].value, buf);
        } else {
            put_tree(tree->items[i].value, buf);
        }
    }
}

/* The first option behind `after` in the order of the alphabet; NULL is the first of all. There
 * are few, so looking for each is cheaper than sorting a copy. */
static const struct mf_tree_pair *next_option(const struct mf_flow_item *item, const char *after)
{
    const struct mf_tree_pair *best = NULL;

    for (size_t i = 0; i < item->option_count; i++) {
        const struct mf_tree_pair *pair = &item->options[i];
        const char *key = pair->key->text;

        if ((!after || strcmp(key, after) > 0) && (!best || strcmp(key, best->key->text) < 0))
            best = pair;
    }
    return best;
}

/* Options that a running node takes over, see kind->reconfigure(). */
static bool is_live(const struct mf_kind *kind, const char *key, uint32_t flags)
{
    for (const struct mf_option *option = kind->options; option && option->name; option++)
        if ((flags & option->flags & MF_OPT_PRIMARY) || (key && strcmp(option->name, key) == 0))
            return option->flags & MF_OPT_LIVE;
    return false;
}

/* The options that are live, or those that are not. `kind` is NULL for links, where none is. */
static void put_options(const struct mf_flow_item *item, const struct mf_kind *kind, bool live,
                        struct mf_buf *buf)
{
    const struct mf_tree_pair *pair = NULL;

    if (item->main && (kind && is_live(kind, NULL, MF_OPT_PRIMARY)) == live)
        put_tree(item->main, buf);
    while ((pair = next_option(item, pair ? pair->key->text : NULL)) != NULL) {
        if ((kind && is_left_out(pair->key->text)) ||
            (kind && is_live(kind, pair->key->text, 0)) != live)
            continue;
        put_tree(pair->key, buf);
        put_tree(pair->value, buf);
    }
}

/* Units and conversions count: the same text means something else when the source changes from W
 * to kW. */
static void put_edges(const struct mf_def *def, struct mf_buf *buf)
{
    mf_buf_be(buf, def->in_count, 4);
    for (unsigned i = 0; i < def->in_count; i++) {
        const struct mf_in_def *in = &def->ins[i];

        mf_buf_be(buf, in->port, 2);
        mf_buf_be(buf, in->types, 4);
        mf_buf_putc(buf, (char)(in->is_converted | in->to_number << 1 | in->is_checked << 2 |
                                in->is_late << 3 | in->is_quiet << 4));
        mf_buf_put(buf, &in->convert, sizeof(in->convert));
        put_text(in->label, buf);
        put_text(in->from->name, buf);
        put_text(in->from->outs[in->from_port].name, buf);
        put_text(in->unit ? in->unit->name : "", buf);
    }
    mf_buf_be(buf, def->out_count, 4);
    for (unsigned i = 0; i < def->out_count; i++) {
        const struct mf_out_def *out = &def->outs[i];

        mf_buf_be(buf, out->types, 4);
        mf_buf_putc(buf, out->is_converted);
        mf_buf_put(buf, &out->convert, sizeof(out->convert));
        put_text(out->name, buf);
        put_text(out->unit ? out->unit->name : "", buf);
    }
    put_text(def->link ? def->link->name : "", buf);
    if (def->kind->fingerprint)
        def->kind->fingerprint(def->config, buf);
}

static void seal(struct mf_buf *buf, uint64_t ret_hash[2])
{
    ret_hash[0] = mf_hash_fixed(buf->data, buf->len);
    mf_buf_putc(buf, '#');
    ret_hash[1] = mf_hash_fixed(buf->data, buf->len);
}

static void hash_node(const struct mf_draft *draft, struct mf_buf *buf)
{
    struct mf_def *def = draft->def;

    mf_buf_clear(buf);
    put_text(draft->item->kind, buf);
    put_options(draft->item, def->kind, false, buf);
    put_edges(def, buf);
    mf_buf_be(buf, (uint64_t)def->stale, 8); /* may come from an option that is live */
    seal(buf, def->fixed);
    put_options(draft->item, def->kind, true, buf);
    seal(buf, def->hash);
}

/* The order of nodes in the files means nothing, so neither does it here. */
static void add_to_whole(struct mf_graph *graph, const char *name, const uint64_t hash[2],
                         struct mf_buf *buf)
{
    uint64_t own[2];

    mf_buf_clear(buf);
    put_text(name, buf);
    mf_buf_be(buf, hash[0], 8);
    mf_buf_be(buf, hash[1], 8);
    seal(buf, own);
    graph->hash[0] += own[0];
    graph->hash[1] += own[1];
}

void mf_compile_hash(struct mf_compile *compile)
{
    struct mf_graph *graph = compile->graph;
    struct mf_buf buf = {0};

    for (size_t i = 0; i < compile->count; i++) {
        struct mf_def *def = compile->drafts[i]->def;

        hash_node(compile->drafts[i], &buf);
        add_to_whole(graph, def->name, def->hash, &buf);
    }
    for (size_t i = 0; i < graph->link_count; i++) {
        const struct mf_flow_item *item = mf_map_get(&compile->flow->links, graph->links[i]->name);

        mf_buf_clear(&buf);
        put_text(item->kind, &buf);
        put_options(item, NULL, false, &buf);
        seal(&buf, graph->links[i]->hash);
        add_to_whole(graph, graph->links[i]->name, graph->links[i]->hash, &buf);
    }
    mf_buf_done(&buf);
}
