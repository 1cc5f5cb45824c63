/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * First step of compiling: kinds and options of links and nodes.
 *
 * The options of a node belong either to every node (mf_common_options) or to
 * its kind; where both know a name, the kind's meaning wins.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/graph/guard_priv.h"

enum { PAIRS_MAX = 128 };         /* options of one node */
#define STALE_MAX (INT64_MAX / 4) /* ns; so that it can be added to a point in time */

const struct mf_origin *mf_compile_enter(struct mf_compile *compile, const struct mf_def *def)
{
    return mf_diags_set_origin(compile->diags, def->draft->item->origin);
}

void mf_compile_place(struct mf_compile *compile, struct mf_span at, const char **ret_file,
                      uint32_t *ret_line, uint32_t *ret_column)
{
    const struct mf_source *source = mf_sources_get(compile->flow->sources, at.file);
    struct mf_position position = {0};

    if (source)
        position = mf_source_position(source, at.start);
    /* The graph outlives the sources; nodes of one file follow each other and share one copy. */
    if (!compile->place_name || compile->place_file != at.file) {
        compile->place_file = at.file;
        compile->place_name = source ? mf_arena_strdup(compile->arena, source->name) : "";
    }
    *ret_file = compile->place_name;
    *ret_line = position.line;
    *ret_column = position.column;
}

/* ---- nodes ---- */

static void unknown_kind(struct mf_compile *compile, const struct mf_flow_item *item)
{
    const char *needs = mf_registry_absent(item->kind);
    struct mf_diag *diag;

    if (!needs)
        return; /* the flow reader has said that there is no such kind */
    diag = mf_diag(compile->diags, MF_ERROR, 138, item->kind_at,
                   "`%s` is not built in: this needs %s", item->kind, needs);
    mf_diag_help(diag, "build moat-flow with %s installed", needs);
}

static bool table_has(const struct mf_option *table, const char *key)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, key) == 0)
            return true;
    return false;
}

/* The options of a node, by whose they are. */
struct split {
    struct pairs {
        struct mf_tree_pair list[PAIRS_MAX];
        size_t count;
    } own, common, guard;
};

static void split_options(const struct mf_flow_item *item, const struct mf_kind *kind,
                          struct split *ret)
{
    ret->own.count = ret->common.count = ret->guard.count = 0;
    for (size_t i = 0; i < item->option_count; i++) {
        const struct mf_tree_pair *pair = &item->options[i];
        const char *key = pair->key->text;
        struct pairs *to = table_has(kind->options, key) ? &ret->own
                           : mf_is_common_option(key)    ? &ret->common
                           : mf_is_guard_option(key)     ? &ret->guard
                                                         : &ret->own;

        to->list[to->count++] = *pair;
    }
}

static bool load_options(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_flow_item *item = draft->item;
    const struct mf_kind *kind = draft->def->kind;
    struct mf_load load = {compile->arena, compile->diags,         &draft->loaded,
                           mf_flow_common, .made = &compile->made, .scratch = compile->flow->arena};
    struct mf_check check = {compile->diags, compile->arena, item};
    size_t errors = compile->diags->errors;
    struct split split;
    void *config = mf_arena_alloc(compile->arena, kind->config_size);

    if (item->option_count > PAIRS_MAX) {
        mf_diag(compile->diags, MF_ERROR, 160, item->whole,
                "this node has %zu options; the limit is %d", item->option_count, PAIRS_MAX);
        return false;
    }
    split_options(item, kind, &split);
    draft->def->config = config;
    draft->loaded.config = config;
    mf_load_options(&load, kind->options, kind->name, item->kind_at, item->main, split.own.list,
                    split.own.count, NULL, config);
    mf_load_options(&load, mf_common_options, item->name, item->at, NULL, split.common.list,
                    split.common.count, NULL, &draft->common);
    mf_guard_load(compile, draft, &load, split.guard.list, split.guard.count);
    /* Of a text that is not whole nothing can be said. */
    if (!draft->loaded.failed && !draft->loaded.is_unknown && kind->check)
        kind->check(config, &check);
    return !draft->loaded.failed && compile->diags->errors == errors;
}

static void no_effect(struct mf_compile *compile, const struct mf_draft *draft, const char *option,
                      const char *why)
{
    const struct mf_tree_pair *pair = mf_flow_option(draft->item, option);

    if (pair)
        mf_diag_help(mf_diag(compile->diags, MF_WARNING, 603, pair->key->at,
                             "`%s` has no effect here: `%s` %s", option, draft->def->kind->name,
                             why),
                     "leave it out");
}

static int64_t stale_time(const struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;
    int64_t period;

    if (draft->common.has_stale)
        return draft->common.stale;
    period = kind->period ? kind->period(draft->def->config) : 0;
    return period < STALE_MAX / 3 ? 3 * period : STALE_MAX;
}

static void check_keep(struct mf_compile *compile, const struct mf_draft *draft, struct mf_span at)
{
    if (!draft->def->kind->save)
        mf_diag_help(mf_diag(compile->diags, MF_WARNING, 601, at,
                             "`%s` has no state that could be kept", draft->def->kind->name),
                     "leave `keep` out");
    else if (mf_compile_no_store)
        mf_diag_help(mf_diag(compile->diags, MF_ERROR, 602, at,
                             "state that survives a restart needs %s, which this program was built "
                             "without",
                             mf_compile_no_store),
                     "leave `keep` out if a restart may forget the state");
}

static void settle_common(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;
    const struct mf_common *common = &draft->common;
    struct mf_def *def = draft->def;
    const struct mf_tree_pair *keep = mf_flow_option(draft->item, "keep");

    def->queue = common->queue;
    /* What a thing was to do a minute ago it must not do now. */
    if (draft->guard && !common->has_queue)
        def->queue = (struct mf_queue_def){MF_QUEUE_LATEST, 1};
    if (draft->guard && !mf_guard_check_queue(compile, draft))
        draft->failed = true;
    def->on_error = common->on_error;
    def->keep = common->keep;
    def->health = common->health;
    def->doc = common->doc;
    def->stale = stale_time(draft);
    if (common->has_queue && !kind->deliver)
        no_effect(compile, draft, "queue", "does not wait for anybody");
    if (common->has_stale && !kind->add_ports && !def->out_count)
        no_effect(compile, draft, "stale", "has no output");
    if (common->keep && keep)
        check_keep(compile, draft, keep->key->at);
}

static void check_link(struct mf_compile *compile, struct mf_draft *draft)
{
    struct mf_check check = {compile->diags, compile->arena, draft->item};
    size_t errors = compile->diags->errors;

    if (!draft->loaded.is_unknown)
        draft->def->kind->check_link(draft->def->config, draft->def->link->kind, &check);
    if (compile->diags->errors != errors)
        draft->failed = true;
}

static struct mf_draft *new_draft(struct mf_compile *compile, const struct mf_flow_item *item)
{
    struct mf_draft *draft = mf_arena_alloc(compile->flow->arena, sizeof(*draft));
    struct mf_def *def = mf_arena_alloc(compile->arena, sizeof(*def));

    draft->item = item;
    draft->def = def;
    def->draft = draft;
    def->name = mf_arena_strdup(compile->arena, item->name);
    def->kind = mf_registry_node(item->kind);
    mf_compile_place(compile, item->at, &def->file, &def->line, &def->column);
    return draft;
}

static void load_node(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;

    if (!kind) {
        unknown_kind(compile, draft->item);
        draft->failed = true;
        return;
    }
    draft->failed = !load_options(compile, draft);
    /* A node that is left out needs no link. */
    draft->is_off = !draft->failed && !draft->common.enabled;
    if (draft->is_off)
        return;
    if (!mf_compile_ports(compile, draft))
        draft->failed = true;
    if (draft->failed)
        return;
    settle_common(compile, draft);
    if (kind->link && !mf_compile_find_link(compile, draft))
        draft->failed = true;
    else if (draft->def->link && kind->check_link)
        check_link(compile, draft);
}

void mf_compile_load(struct mf_compile *compile)
{
    const struct mf_flow *flow = compile->flow;

    compile->drafts = mf_arena_alloc(flow->arena, (flow->count + 1) * sizeof(*compile->drafts));
    for (size_t i = 0; i < flow->count; i++) {
        const struct mf_flow_item *item = flow->items[i];
        const struct mf_origin *outer;
        struct mf_draft *draft;

        if (item->item_type != MF_ITEM_NODE)
            continue;
        outer = mf_diags_set_origin(compile->diags, item->origin);
        draft = new_draft(compile, item);
        load_node(compile, draft);
        mf_diags_set_origin(compile->diags, outer);
        mf_map_set(&compile->by_name, item->name, draft);
        if (!draft->is_off)
            compile->drafts[compile->count++] = draft;
    }
}
