/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * First step of compiling: kinds and options of links and nodes.
 *
 * The options of a node belong either to every node (mf_common_options) or to
 * its kind; where both know a name, the kind's meaning wins.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/graph/compile_priv.h"

enum { PAIRS_MAX = 128 }; /* options of one node */

/* ---- types that only the common options have ---- */

static bool stale_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    if (tree->kind == MF_TREE_SCALAR && mf_tree_is(tree, "never")) {
        *(int64_t *)ret = 0;
        return true;
    }
    return mf_type_duration.read(load, option, tree, ret);
}

static void stale_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"const\":\"never\"},");
    mf_type_duration.schema(option, buf);
    mf_buf_puts(buf, "]}");
}

static const struct mf_type type_stale = {
    .name = "duration or never",
    .syntax = "a time with a unit such as 30s, or `never`",
    .size = sizeof(int64_t),
    .read = stale_read,
    .schema = stale_schema,
};

#define QUEUE_MAX 1000000 /* messages */

static bool queue_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_queue_def queue = {MF_QUEUE_FIFO, 1};
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    if (tree->is_unknown)
        return true;
    if (strcmp(text, "latest") == 0) {
        queue.mode = MF_QUEUE_LATEST;
    } else if (mf_text_starts(text, "spool")) {
        struct mf_diag *diag = mf_diag(load->diags, MF_ERROR, 602, tree->at,
                                       "this version keeps queues in memory only, so `queue: %s` "
                                       "cannot be promised",
                                       text);
        mf_diag_help(diag, "give the number of messages to keep, such as `queue: 10000`");
        return false;
    } else if (!mf_num_read_int(text, tree->count, &queue.capacity) || queue.capacity < 1 ||
               queue.capacity > QUEUE_MAX) {
        return mf_type_mismatch(load, option, tree, "`latest` or a number of messages, 1..1000000");
    }
    *(struct mf_queue_def *)ret = queue;
    return true;
}

static void queue_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000},"
                     "{\"type\":\"string\",\"pattern\":\"^(latest|[0-9]+)$|\\\\$\\\\{\"}]}");
}

static const struct mf_type type_queue = {
    .name = "queue",
    .syntax = "`latest` or a number of messages",
    .size = sizeof(struct mf_queue_def),
    .read = queue_read,
    .schema = queue_schema,
};

/* Read elsewhere: wiring needs the names of all nodes, examples the whole graph. */
static bool later_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    return true;
}

static void from_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":"
                     "\"string\"},\"minItems\":1},{\"type\":\"object\",\"minProperties\":1,"
                     "\"additionalProperties\":{\"type\":\"string\"}}]}");
}

static const struct mf_type type_from = {
    .name = "wiring",
    .syntax = "a node, a list of nodes, or a map of names to nodes",
    .read = later_read,
    .schema = from_schema,
};

static void examples_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}");
}

static const struct mf_type type_examples = {
    .name = "examples",
    .syntax = "a list of maps: values of the inputs, and `gives`",
    .read = later_read,
    .schema = examples_schema,
};

static const struct mf_choice value_types[] = {
    {"number", MF_T(MF_NUMBER), "A floating point number."},
    {"int", MF_T(MF_INT), "A whole number of 64 bits, exact."},
    {"bool", MF_T(MF_BOOL), "True or false."},
    {"text", MF_T(MF_TEXT), "UTF-8 text."},
    {"bytes", MF_T(MF_BYTES), "Raw bytes."},
    {"list", MF_T(MF_LIST), "A list of values."},
    {"map", MF_T(MF_MAP), "Values by name."},
    {"path", MF_T(MF_PATH), "A MoaT path."},
    {"any", (int)MF_T_ANY, "Not known beforehand."},
    {0},
};

static const struct mf_choice on_errors[] = {
    {"bad", MF_ON_ERROR_BAD, "Emit the last value, marked bad with the reason."},
    {"drop", MF_ON_ERROR_DROP, "Count it and go on as if it had not come."},
    {0},
};

#define MF_CONFIG struct mf_common
const struct mf_option mf_common_options[] = {
    {"from", &type_from,
     .summary = "Where the input comes from: node, node.port, node.*, a list, or a map of names."},
    {"unit", &mf_type_unit, MF_MEMBER(struct mf_common, unit, struct mf_unit), MF_GIVEN(has_unit),
     .summary = "Unit of the output: a known one is converted to it, a missing one is set."},
    {"type", MF_CHOICE(type, value_types),
     .summary = "Type of the output's value, where the kind cannot know it; others are rejected."},
    {"stale", &type_stale, MF_MEMBER(struct mf_common, stale, int64_t), MF_GIVEN(has_stale),
     .min = 0.001, .max = 3.2e9,
     .summary = "Silence after which the value counts as stale; default three times the polling "
                "interval, `never` for event sources."},
    {"queue", &type_queue, MF_MEMBER(struct mf_common, queue, struct mf_queue_def), "1000",
     MF_GIVEN(has_queue),
     .summary = "Messages a sink keeps while the other side is away: `latest`, or how many; the "
                "oldest are dropped and counted."},
    {"keep", MF_BOOL(keep), .fallback = "false",
     .summary = "Keep the node's state over a restart as well as over a reload."},
    {"on_error", MF_CHOICE(on_error, on_errors), .fallback = "bad",
     .summary = "What to do with a message that cannot be used."},
    {"health", MF_BOOL(health), .fallback = "true",
     .summary = "Whether this node's failures and stale values make the engine unhealthy."},
    {"examples", &type_examples,
     .summary = "Samples that `validate` runs: `- {power: -800 W, gives: 800 W}`."},
    {"doc", MF_STRING(doc), .summary = "A remark for readers, shown in pictures and by `why`."},
    {"enabled", MF_BOOL(enabled), .fallback = "true",
     .summary = "`false` leaves the node out, as if it were a comment."},
    {0},
};

bool mf_is_common_option(const char *key)
{
    for (const char *const *name = mf_flow_common; *name; name++)
        if (strcmp(*name, key) == 0)
            return true;
    return false;
}

static bool table_has(const struct mf_option *table, const char *key)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, key) == 0)
            return true;
    return false;
}

const struct mf_origin *mf_compile_enter(struct mf_compile *compile, const struct mf_def *def)
{
    return mf_diags_set_origin(compile->diags, def->draft->item->origin);
}

static void set_place(struct mf_compile *compile, struct mf_span at, const char **ret_file,
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

/* ---- links ---- */

static bool check_failed(struct mf_compile *compile, size_t errors_before)
{
    return compile->diags->errors != errors_before;
}

static struct mf_link_def *load_link(struct mf_compile *compile, const struct mf_flow_item *item)
{
    const struct mf_link_kind *kind = mf_registry_link(item->kind);
    struct mf_link_def *link = mf_arena_alloc(compile->arena, sizeof(*link));
    struct mf_loaded into = {0};
    struct mf_load load = {compile->arena, compile->diags, &into};
    struct mf_check check = {compile->diags, compile->arena, item};
    size_t errors = compile->diags->errors;
    void *config;

    link->name = mf_arena_strdup(compile->arena, item->name);
    link->kind = kind;
    set_place(compile, item->at, &link->file, &link->line, &link->column);
    config = mf_arena_alloc(compile->arena, kind->config_size);
    link->config = config;
    if (mf_load_options(&load, kind->options, kind->name, item->kind_at, item->main, item->options,
                        item->option_count, NULL, config) &&
        kind->check)
        kind->check(config, &check);
    return check_failed(compile, errors) ? NULL : link;
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
}

void mf_compile_links(struct mf_compile *compile)
{
    const struct mf_flow *flow = compile->flow;
    struct mf_graph *graph = compile->graph;

    graph->links = mf_arena_alloc(compile->arena, (flow->links.count + 1) * sizeof(*graph->links));
    for (size_t i = 0; i < flow->count; i++) {
        const struct mf_flow_item *item = flow->items[i];
        const struct mf_origin *outer;
        struct mf_link_def *link = NULL;

        if (item->item_type != MF_ITEM_LINK)
            continue;
        outer = mf_diags_set_origin(compile->diags, item->origin);
        if (mf_registry_link(item->kind))
            link = load_link(compile, item);
        else
            unknown_link_kind(compile, item);
        mf_diags_set_origin(compile->diags, outer);
        if (!link)
            continue;
        link->index = (uint32_t)graph->link_count;
        graph->links[graph->link_count++] = link;
        mf_map_set(&graph->link_by_name, link->name, link);
    }
}

/* ---- which link a node hangs on ---- */

static const struct mf_option *link_option(const struct mf_kind *kind)
{
    for (const struct mf_option *option = kind->options; option && option->name; option++)
        if (option->flags & MF_OPT_LINK)
            return option;
    return NULL;
}

static void name_links(struct mf_compile *compile, const struct mf_kind *kind, struct mf_diag *diag)
{
    const struct mf_graph *graph = compile->graph;

    for (size_t i = 0; i < graph->link_count; i++)
        if (graph->links[i]->kind == kind->link)
            mf_diag_help(diag, "there is `%s`", graph->links[i]->name);
}

/* The only link of the kind, when the flow has just one and the node does not say. */
static void default_link(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_graph *graph = compile->graph;
    const struct mf_kind *kind = draft->def->kind;
    struct mf_diag *diag;
    size_t found = 0, items = 0;

    for (size_t i = 0; i < graph->link_count; i++)
        if (graph->links[i]->kind == kind->link) {
            draft->def->link = graph->links[i];
            found++;
        }
    for (size_t i = 0; i < compile->flow->count; i++)
        items += compile->flow->items[i]->item_type == MF_ITEM_LINK &&
                 strcmp(compile->flow->items[i]->kind, kind->link->name) == 0;
    if (found == 1 && items == 1)
        return;
    draft->def->link = NULL;
    draft->failed = true;
    if (items > found)
        return; /* a link that failed: said already */
    diag = mf_diag(compile->diags, MF_ERROR, 308, draft->item->kind_at,
                   found ? "there are several links of kind `%s`; `link:` must say which"
                         : "`%s` needs a link of kind `%s`, and the flow has none",
                   found ? kind->link->name : kind->name, kind->link->name);
    if (!found)
        mf_diag_help(diag, "add one under `links:`; see `moat-flow nodes %s`", kind->link->name);
}

static void find_link(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;
    const struct mf_flow_item *item = draft->item, *target;
    const struct mf_option *option = link_option(kind);
    const struct mf_tree_pair *pair;
    const char *name;
    struct mf_span at;
    struct mf_diag *diag;

    if (!option) {
        default_link(compile, draft);
        return;
    }
    memcpy(&name, (const char *)draft->def->config + option->offset, sizeof(name));
    if (!name) {
        default_link(compile, draft);
        return;
    }
    pair = mf_flow_option(item, option->name);
    at = pair ? pair->value->at : item->main ? item->main->at : item->kind_at;
    target = mf_flow_lookup_link(compile->flow, item->scope, name);
    if (target) {
        draft->def->link = mf_map_get(&compile->graph->link_by_name, target->name);
        draft->failed = !draft->def->link;
        if (draft->def->link && draft->def->link->kind != kind->link) {
            diag = mf_diag(compile->diags, MF_ERROR, 308, at,
                           "`%s` needs a link of kind `%s`, but `%s` is of kind `%s`", kind->name,
                           kind->link->name, name, draft->def->link->kind->name);
            mf_diag_related(diag, target->at, "`%s` is defined here", name);
            draft->failed = true;
        }
        return;
    }
    draft->failed = true;
    diag = mf_diag(compile->diags, MF_ERROR, 308, at, "there is no link `%s`", name);
    name_links(compile, kind, diag);
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

/* Splits the options into the kind's own and the common ones. */
static void split_options(const struct mf_flow_item *item, const struct mf_kind *kind,
                          struct mf_tree_pair *ret_own, size_t *ret_own_count,
                          struct mf_tree_pair *ret_common, size_t *ret_common_count)
{
    *ret_own_count = *ret_common_count = 0;
    for (size_t i = 0; i < item->option_count; i++) {
        const struct mf_tree_pair *pair = &item->options[i];
        const char *key = pair->key->text;

        if (mf_is_common_option(key) && !table_has(kind->options, key))
            ret_common[(*ret_common_count)++] = *pair;
        else
            ret_own[(*ret_own_count)++] = *pair;
    }
}

static bool load_node_options(struct mf_compile *compile, struct mf_draft *draft)
{
    struct mf_tree_pair own[PAIRS_MAX], common[PAIRS_MAX];
    const struct mf_flow_item *item = draft->item;
    const struct mf_kind *kind = draft->def->kind;
    struct mf_load load = {compile->arena, compile->diags, &draft->loaded};
    struct mf_check check = {compile->diags, compile->arena, item};
    size_t own_count, common_count, errors = compile->diags->errors;
    void *config = mf_arena_alloc(compile->arena, kind->config_size + 1);
    bool ok;

    if (item->option_count > PAIRS_MAX) {
        mf_diag(compile->diags, MF_ERROR, 160, item->whole,
                "this node has %zu options; the limit is %d", item->option_count, PAIRS_MAX);
        return false;
    }
    split_options(item, kind, own, &own_count, common, &common_count);
    draft->def->config = config;
    draft->loaded.config = config;
    ok = mf_load_options(&load, kind->options, kind->name, item->kind_at, item->main, own,
                         own_count, NULL, config);
    if (!mf_load_options(&load, mf_common_options, item->name, item->at, NULL, common, common_count,
                         NULL, &draft->common))
        ok = false;
    if (ok && kind->check)
        kind->check(config, &check);
    return ok && !check_failed(compile, errors);
}

static void settle_common(struct mf_compile *compile, struct mf_draft *draft)
{
    const struct mf_kind *kind = draft->def->kind;
    const struct mf_common *common = &draft->common;
    const struct mf_tree_pair *pair;

    draft->def->queue = common->queue;
    draft->def->on_error = common->on_error;
    draft->def->keep = common->keep;
    draft->def->health = common->health;
    draft->def->doc = common->doc;
    if (common->has_stale)
        draft->def->stale = common->stale;
    else if (kind->period)
        draft->def->stale = 3 * kind->period(draft->def->config);
    pair = mf_flow_option(draft->item, "queue");
    if (common->has_queue && !kind->deliver && pair)
        mf_diag(compile->diags, MF_WARNING, 603, pair->key->at,
                "`queue` has no effect here: `%s` does not wait for anybody", kind->name);
    pair = mf_flow_option(draft->item, "keep");
    if (common->keep && pair)
        mf_diag_help(mf_diag(compile->diags, MF_WARNING, 601, pair->key->at,
                             "this version keeps state over a reload, not yet over a restart"),
                     "leave `keep` out if a restart may forget the state");
}

static struct mf_draft *load_node(struct mf_compile *compile, const struct mf_flow_item *item)
{
    struct mf_draft *draft = mf_arena_alloc(compile->flow->arena, sizeof(*draft));
    const struct mf_kind *kind = mf_registry_node(item->kind);

    draft->item = item;
    draft->def = mf_arena_alloc(compile->arena, sizeof(*draft->def));
    draft->def->draft = draft;
    draft->def->name = mf_arena_strdup(compile->arena, item->name);
    if (!kind) {
        unknown_kind(compile, item);
        draft->failed = true;
        return draft;
    }
    draft->def->kind = kind;
    set_place(compile, item->at, &draft->def->file, &draft->def->line, &draft->def->column);
    draft->failed = !load_node_options(compile, draft);
    if (draft->failed)
        return draft;
    settle_common(compile, draft);
    if (kind->link)
        find_link(compile, draft);
    mf_compile_ports(compile, draft->def);
    return draft;
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
        draft = load_node(compile, item);
        mf_diags_set_origin(compile->diags, outer);
        if (!draft->failed && !draft->common.enabled) {
            mf_map_set(&compile->disabled, item->name, (void *)(uintptr_t)item);
            continue;
        }
        compile->drafts[compile->count++] = draft;
        mf_map_set(&compile->by_name, draft->def->name, draft->def);
    }
}
