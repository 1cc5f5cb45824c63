/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Links: loading them, and finding the one that a node hangs on.
 *
 * A link that failed is known by its name and its kind, so that the nodes on it fail
 * without a word.
 */

#include <string.h>

#include "engine/graph/compile_priv.h"

/* The links that serve the same nodes, for nodes that do not say which. */
struct mf_kind_links {
    struct mf_link_def *first; /* NULL: it failed */
    size_t count;              /* failed ones too */
};

/* ---- loading ---- */

/* Where a link leads, if that can be known; else it stands for itself. */
static const char *place_of(struct mf_compile *compile, const struct mf_link_def *link)
{
    const char *place = NULL;

    if (link->kind->leads_to)
        place = link->kind->leads_to(link->config, compile->arena);
    return place ? mf_arena_printf(compile->arena, "%s %s", link->kind->name, place) : link->name;
}

static void check_alone(struct mf_compile *compile, const struct mf_link_def *link,
                        const struct mf_flow_item *item)
{
    const struct mf_graph *graph = compile->graph;
    struct mf_diag *diag;

    for (size_t i = 0; i < graph->link_count; i++) {
        const struct mf_link_def *other = graph->links[i];
        const struct mf_flow_item *there = mf_map_get(&compile->flow->links, other->name);

        if (strcmp(other->leads_to, link->leads_to) != 0)
            continue;
        diag = mf_diag(compile->diags, MF_ERROR, 587, item->at,
                       "`%s` and `%s` are on the same line, on which there is room for one",
                       other->name, link->name);
        mf_diag_related(diag, there->at, "`%s` is here", other->name);
        mf_diag_help(diag, "let all its nodes share one link");
        return;
    }
}

static struct mf_link_def *load_link(struct mf_compile *compile, const struct mf_flow_item *item,
                                     const struct mf_link_kind *kind)
{
    struct mf_link_def *link = mf_arena_alloc(compile->arena, sizeof(*link));
    struct mf_loaded into = {0};
    struct mf_load load = {compile->arena, compile->diags, &into};
    struct mf_check check = {compile->diags, compile->arena, item};
    size_t errors = compile->diags->errors;
    void *config = mf_arena_alloc(compile->arena, kind->config_size);

    link->name = mf_arena_strdup(compile->arena, item->name);
    link->kind = kind;
    link->config = config;
    mf_compile_place(compile, item->at, &link->file, &link->line, &link->column);
    link->leads_to = link->name;
    if (mf_load_options(&load, kind->options, kind->name, item->kind_at, item->main, item->options,
                        item->option_count, NULL, config) &&
        !into.is_unknown) {
        if (kind->check)
            kind->check(config, &check);
        link->leads_to = place_of(compile, link);
        if (kind->is_exclusive && kind->is_exclusive(config))
            check_alone(compile, link, item);
    }
    return into.failed || compile->diags->errors != errors ? NULL : link;
}

static void unknown_link_kind(struct mf_compile *compile, const struct mf_flow_item *item)
{
    const char *needs = mf_registry_absent(item->kind);
    struct mf_nearest nearest;
    struct mf_diag *diag;

    if (needs) {
        diag = mf_diag(compile->diags, MF_ERROR, 309, item->kind_at,
                       "links of kind `%s` are not built in: this needs %s", item->kind, needs);
        mf_diag_help(diag, "build moat-flow with %s installed", needs);
        return;
    }
    diag = mf_diag(compile->diags, MF_ERROR, 309, item->kind_at, "there is no kind of link `%s`",
                   item->kind);
    mf_nearest_init(&nearest, item->kind);
    for (const struct mf_link_kind *const *kind = mf_registry()->links; *kind; kind++)
        mf_nearest_add(&nearest, (*kind)->name);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else if (mf_registry_node(item->kind))
        mf_diag_help(diag, "`%s` is a kind of node; put it under `nodes:`", item->kind);
}

/* The table has room for a power of two. */
static void make_room(struct mf_compile *compile)
{
    struct mf_graph *graph = compile->graph;
    struct mf_link_def **links = graph->links;
    size_t count = graph->link_count;

    if (count & (count - 1))
        return;
    graph->links = mf_arena_alloc(compile->arena, (count ? 2 * count : 1) * sizeof(*links));
    if (count)
        memcpy(graph->links, links, count * sizeof(*links));
}

static void add_link(struct mf_compile *compile, const struct mf_flow_item *item)
{
    const struct mf_link_kind *kind = mf_registry_link(item->kind);
    struct mf_link_def *link = kind ? load_link(compile, item, kind) : NULL;
    struct mf_graph *graph = compile->graph;
    struct mf_kind_links *of_kind;

    if (!kind) {
        unknown_link_kind(compile, item);
        compile->has_broken_links = true;
        return;
    }
    of_kind = mf_map_get(&compile->links_of_kind, mf_link_kind_main(kind)->name);
    if (!of_kind) {
        of_kind = mf_arena_alloc(compile->flow->arena, sizeof(*of_kind));
        of_kind->first = link;
        mf_map_set(&compile->links_of_kind, mf_link_kind_main(kind)->name, of_kind);
    }
    of_kind->count++;
    if (!link)
        return;
    make_room(compile);
    link->index = (uint32_t)graph->link_count;
    graph->links[graph->link_count++] = link;
    mf_map_set(&graph->link_by_name, link->name, link);
}

void mf_compile_links(struct mf_compile *compile)
{
    const struct mf_map *links = &compile->flow->links;

    for (size_t i = 0; i < links->count; i++) {
        const struct mf_flow_item *item = links->entries[i].value;
        const struct mf_origin *outer;

        if (!*item->kind) {
            compile->has_broken_links = true; /* said already */
            continue;
        }
        outer = mf_diags_set_origin(compile->diags, item->origin);
        add_link(compile, item);
        mf_diags_set_origin(compile->diags, outer);
    }
}

/* ---- finding ---- */

static const struct mf_option *link_option(const struct mf_kind *kind)
{
    for (const struct mf_option *option = kind->options; option && option->name; option++)
        if (option->flags & MF_OPT_LINK)
            return option;
    return NULL;
}

/* "`owserver` or `w1`": the kinds of links that serve the node. */
static const char *fitting(const struct mf_compile *compile, const struct mf_kind *kind)
{
    struct mf_buf names = {0};
    const char *text;

    mf_buf_printf(&names, "`%s`", kind->link->name);
    for (const struct mf_link_kind *const *at = mf_registry()->links; *at; at++)
        if ((*at)->like == kind->link)
            mf_buf_printf(&names, " or `%s`", (*at)->name);
    text = mf_arena_strdup(compile->arena, mf_buf_text(&names));
    mf_buf_done(&names);
    return text;
}

static void unknown_link(struct mf_compile *compile, const struct mf_kind *kind, const char *name,
                         struct mf_span at)
{
    const struct mf_graph *graph = compile->graph;
    const char *only = NULL;
    struct mf_nearest nearest;
    struct mf_diag *diag;

    diag = mf_diag(compile->diags, MF_ERROR, 308, at, "there is no link `%s`", name);
    if (compile->diags->count >= MF_DIAGS_MAX)
        return; /* nobody sees it, and the search costs */
    mf_nearest_init(&nearest, name);
    for (size_t i = 0; i < graph->link_count; i++)
        if (mf_link_kind_main(graph->links[i]->kind) == kind->link) {
            only = only ? "" : graph->links[i]->name;
            mf_nearest_add(&nearest, graph->links[i]->name);
        }
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else if (only && *only)
        mf_diag_help(diag, "the only link of kind %s is `%s`", fitting(compile, kind), only);
    else
        mf_diag_help(diag, "define it under `links:`, such as `%s: {%s: …}`", name,
                     kind->link->name);
}

/* ---- links that go without saying ---- */

/* One that is declared for the same thing, under another name. */
static const struct mf_flow_item *declared_for(const struct mf_compile *compile,
                                               const struct mf_link_kind *kind, const char *name)
{
    const struct mf_map *links = &compile->flow->links;

    for (size_t i = 0; i < links->count; i++) {
        const struct mf_flow_item *item = links->entries[i].value;

        if (strcmp(item->kind, kind->name) == 0 && item->main &&
            item->main->kind == MF_TREE_SCALAR && mf_tree_is(item->main, name))
            return item;
    }
    return NULL;
}

/* As if the flow had `NAME: {KIND: NAME}` under `links:`. */
static const struct mf_flow_item *implied_link(struct mf_compile *compile,
                                               const struct mf_link_kind *kind, const char *name,
                                               struct mf_span at)
{
    struct mf_arena *arena = compile->flow->arena;
    struct mf_tree *main = mf_arena_alloc(arena, sizeof(*main));
    struct mf_flow_item *item = mf_arena_alloc(arena, sizeof(*item));

    main->kind = MF_TREE_SCALAR;
    main->count = (uint32_t)strlen(name);
    main->text = mf_arena_strdup(arena, name);
    main->at = at;
    main->nodes = 1;
    item->item_type = MF_ITEM_LINK;
    item->name = main->text;
    item->kind = kind->name;
    item->main = main;
    item->at = item->kind_at = item->whole = at;
    mf_map_set(&compile->flow->links, item->name, item);
    add_link(compile, item);
    return item;
}

static const struct mf_flow_item *find_link(struct mf_compile *compile,
                                            const struct mf_draft *draft, const char *name,
                                            struct mf_span at)
{
    const struct mf_link_kind *kind = draft->def->kind->link;
    const struct mf_flow_item *item = mf_map_get(&compile->flow->links, name);

    if (!item && kind->is_implied && kind->is_implied(name))
        item = declared_for(compile, kind, name);
    else if (!item)
        return mf_flow_lookup_link(compile->flow, draft->item->scope, name);
    return item ? item : implied_link(compile, kind, name, at);
}

/* False after reporting, or when the link failed. */
static bool named_link(struct mf_compile *compile, struct mf_draft *draft, const char *name,
                       struct mf_span at)
{
    const struct mf_kind *kind = draft->def->kind;
    const struct mf_flow_item *item = find_link(compile, draft, name, at);
    struct mf_link_def *link = item ? mf_map_get(&compile->graph->link_by_name, item->name) : NULL;

    if (!item)
        unknown_link(compile, kind, name, at);
    if (!link)
        return false;
    if (mf_link_kind_main(link->kind) != kind->link) {
        struct mf_diag *diag = mf_diag(compile->diags, MF_ERROR, 308, at,
                                       "`%s` needs a link of kind %s, but `%s` is of kind `%s`",
                                       kind->name, fitting(compile, kind), name, link->kind->name);

        mf_diag_related(diag, item->at, "`%s` is defined here", name);
        return false;
    }
    draft->def->link = link;
    return true;
}

/* The only link of the kind, for a node that does not say which. */
static bool default_link(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;
    const struct mf_kind_links *of_kind = mf_map_get(&compile->links_of_kind, kind->link->name);
    const struct mf_option *option = link_option(kind);
    struct mf_diag *diag;

    if (of_kind && of_kind->count == 1) {
        draft->def->link = of_kind->first;
        return of_kind->first;
    }
    if (!of_kind && (compile->has_broken_links || compile->flow->missing))
        return false; /* it may be the one that could not be read */
    diag = mf_diag(compile->diags, MF_ERROR, 308, draft->item->kind_at,
                   of_kind ? "the flow has several links of kind %s, and this node does not say "
                             "which"
                           : "this node needs a link of kind %s, and the flow has none",
                   fitting(compile, kind));
    if (!of_kind)
        mf_diag_help(diag, "add one under `links:`, such as `%s: {%s: …}`", kind->link->name,
                     kind->link->name);
    else if (option)
        mf_diag_help(diag, "add `%s: …` with the name of one", option->name);
    return false;
}

bool mf_compile_find_link(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;
    const struct mf_option *option = link_option(kind);
    const struct mf_tree_pair *pair;
    const struct mf_tree *value;
    const char *name = NULL;

    if (kind->is_alone && kind->is_alone(draft->def->config))
        return true;
    if (option)
        memcpy(&name, (const char *)draft->def->config + option->offset, sizeof(name));
    if (!name)
        return default_link(compile, draft);
    pair = mf_flow_option(draft->item, option->name);
    value = pair ? pair->value : draft->item->main;
    if (value && value->is_unknown)
        return false; /* made of a variable that is missing here */
    return named_link(compile, draft, name, value ? value->at : draft->item->kind_at);
}
