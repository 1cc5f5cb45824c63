/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Last step of compiling: what only shows in the graph as a whole.
 */

#include <string.h>

#include "engine/graph/guard_priv.h"

/* Without the link in front, which the reader knows by another name, or the `file:`. */
static const char *name_of(const char *thing)
{
    const char *end = strchr(thing, MF_GUARD_ON);

    if (!end)
        end = strchr(thing, ':');
    return end ? end + 1 : thing;
}

static void two_writers(struct mf_compile *compile, const struct mf_def *other,
                        const struct mf_def *def, const char *thing)
{
    struct mf_diag *diag;

    diag = mf_diag(compile->diags, MF_ERROR, 304, def->draft->item->at,
                   "`%s` and `%s` both write `%s`", other->name, def->name, name_of(thing));
    mf_diag_related(diag, other->draft->item->at, "`%s` writes it here", other->name);
    if (def->guard || other->guard)
        mf_diag_help(diag, "let one node write it, with `from: [a, b]` and `priority: [a, b]`");
    else
        mf_diag_help(diag, "let one node write it, fed by `from: [a, b]`, `select` or `merge`");
}

struct mf_writers {
    struct mf_map all, guarded; /* by thing */
};

/* Says so once per pair: values of several registers overlap in several. */
static void add_writer(struct mf_compile *compile, struct mf_writers *writers, struct mf_def *def,
                       const char *target)
{
    const struct mf_def *said = NULL;
    const char *thing;

    while ((thing = mf_guard_next_thing(&target, compile->arena))) {
        const struct mf_def *other = mf_map_add(&writers->all, thing, def);

        if (other == def)
            continue;
        if (other && other != said)
            two_writers(compile, other, def, thing);
        else if (!other && def->guard)
            mf_map_set(&writers->guarded, thing, def);
        if (other)
            said = other;
    }
}

/* Past the guard of another node nothing may be written, whatever the kind allows otherwise. */
static void check_past_guards(struct mf_compile *compile, const struct mf_writers *writers,
                              const struct mf_draft *draft)
{
    const char *target = mf_guard_target(compile, draft), *thing;

    while ((thing = mf_guard_next_thing(&target, compile->arena))) {
        const struct mf_def *other = mf_map_get(&writers->guarded, thing);

        if (other && mf_map_get(&writers->all, thing) == other)
            two_writers(compile, other, draft->def, thing);
    }
}

/* Two nodes that write one thing outside fight each other. */
static void check_writers(struct mf_compile *compile)
{
    struct mf_writers writers = {0};

    for (size_t i = 0; i < compile->count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        struct mf_def *def = draft->def;

        if (!draft->failed && !draft->loaded.is_unknown && def->kind->writes)
            add_writer(compile, &writers, def,
                       def->guard ? def->guard->target
                                  : def->kind->writes(def->config, compile->arena));
    }
    for (size_t i = 0; i < compile->count && writers.guarded.count; i++) {
        const struct mf_draft *draft = compile->drafts[i];

        if (!draft->failed && !draft->loaded.is_unknown && !draft->def->guard)
            check_past_guards(compile, &writers, draft);
    }
    mf_map_done(&writers.all);
    mf_map_done(&writers.guarded);
}

/* That two nodes write one thing has been said in better words. */
static bool both_write(const struct mf_def *a, const struct mf_def *b)
{
    return a->guard && b->guard && a->guard->target && b->guard->target &&
           strcmp(a->guard->target, b->guard->target) == 0;
}

/* What only one node can have at a time: the system would refuse it to the second. */
static void check_claims(struct mf_compile *compile)
{
    struct mf_map claims = {0};

    for (size_t i = 0; i < compile->count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        struct mf_def *def = draft->def;
        const struct mf_def *other;
        const char *claim;

        if (draft->failed || draft->loaded.is_unknown || !def->kind->claims || !def->link)
            continue;
        claim = def->kind->claims(def->config, def->link->config, compile->arena);
        other =
            claim ? mf_map_add(&claims,
                               mf_arena_printf(compile->arena, "%s/%s", def->link->leads_to, claim),
                               def)
                  : NULL;
        if (!other || both_write(other, def))
            continue;
        mf_diag_related(mf_diag(compile->diags, MF_ERROR, 560, draft->item->at,
                                "`%s` and `%s` both want `%s` of `%s`, which only one can have",
                                other->name, def->name, claim, def->link->name),
                        other->draft->item->at, "`%s` has it here", other->name);
    }
    mf_map_done(&claims);
}

/* What is of one sort for all who are on it. */
static void check_sorts(struct mf_compile *compile)
{
    struct mf_map parts = {0};

    for (size_t i = 0; i < compile->count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        struct mf_def *def = draft->def;
        const struct mf_def *other;
        const char *part, *sort, *other_sort;

        if (draft->failed || draft->loaded.is_unknown || !def->kind->wants || !def->link)
            continue;
        part = def->kind->wants(def->config, &sort, compile->arena);
        other = part ? mf_map_add(
                           &parts,
                           mf_arena_printf(compile->arena, "%s/%s", def->link->leads_to, part), def)
                     : NULL;
        if (!other)
            continue;
        other->kind->wants(other->config, &other_sort, compile->arena);
        if (strcmp(sort, other_sort) == 0)
            continue;
        mf_diag_related(mf_diag(compile->diags, MF_ERROR, 572, draft->item->at,
                                "`%s` wants %s on %s of `%s`, and `%s` wants %s there", def->name,
                                sort, part, def->link->name, other->name, other_sort),
                        other->draft->item->at, "`%s` is here", other->name);
    }
    mf_map_done(&parts);
}

static bool is_read(const struct mf_def *def)
{
    for (unsigned i = 0; i < def->out_count; i++)
        for (unsigned k = 0; k < def->outs[i].reader_count; k++)
            if (def->outs[i].readers[k].to != def)
                return true;
    return false;
}

/* A transform whose value nobody reads is usually a name mistyped elsewhere. A note: people also
 * look at values with `tap`, and tests read any node. */
static void check_readers(struct mf_compile *compile)
{
    for (size_t i = 0; i < compile->count; i++) {
        const struct mf_draft *draft = compile->drafts[i];
        const struct mf_def *def = draft->def;

        if (draft->failed || !def->out_count || !(def->kind->flags & MF_KIND_PURE) ||
            is_read(def) || draft->item->scope->outer)
            continue;
        mf_diag(compile->diags, MF_NOTE, 310, draft->item->at, "nobody reads `%s`", def->name);
    }
}

struct mf_span mf_check_node(const struct mf_def *def)
{
    return def->draft->item->at;
}

/* The nodes of each link, link after link: `ends[i]` is where those of link i end. */
static const struct mf_def **nodes_by_link(struct mf_compile *compile, size_t *ends)
{
    const struct mf_graph *graph = compile->graph;
    struct mf_arena *arena = compile->flow->arena;
    const struct mf_def **nodes = mf_arena_alloc(arena, (compile->count + 1) * sizeof(*nodes));

    for (size_t i = 0; i < compile->count; i++)
        if (compile->drafts[i]->def->link)
            ends[compile->drafts[i]->def->link->index + 1]++;
    for (size_t i = 0; i < graph->link_count; i++)
        ends[i + 1] += ends[i];
    for (size_t i = 0; i < compile->count; i++)
        if (compile->drafts[i]->def->link)
            nodes[ends[compile->drafts[i]->def->link->index]++] = compile->drafts[i]->def;
    return nodes;
}

/* What the nodes of a link ask of it together. */
static void check_links(struct mf_compile *compile)
{
    const struct mf_graph *graph = compile->graph;
    size_t *ends = mf_arena_alloc(compile->flow->arena, (graph->link_count + 2) * sizeof(*ends));
    const struct mf_def **nodes = nodes_by_link(compile, ends);

    for (size_t i = 0, first = 0; i < graph->link_count; first = ends[i], i++) {
        const struct mf_link_def *link = graph->links[i];
        struct mf_check check = {compile->diags, compile->flow->arena,
                                 mf_map_get(&compile->flow->links, link->name)};

        if (link->kind->check_nodes && ends[i] > first && check.item)
            link->kind->check_nodes(link->config, nodes + first, ends[i] - first, &check);
    }
}

void mf_compile_check(struct mf_compile *compile)
{
    check_writers(compile);
    check_claims(compile);
    check_sorts(compile);
    if (!compile->diags->errors)
        check_links(compile);
    if (!compile->diags->errors)
        check_readers(compile);
}
