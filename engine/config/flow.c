/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * From documents to a plain flow: top-level keys, variables, and what stands below
 * `links:`, `nodes:` and `use:`, in the order of the files.
 *
 * All documents are read before anything is expanded: a variable may be defined in a
 * file that comes later.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/config/flow_priv.h"

void mf_flow_init(struct mf_flow *flow, struct mf_arena *arena, struct mf_sources *sources,
                  struct mf_diags *diags)
{
    *flow = (struct mf_flow){.arena = arena, .sources = sources, .diags = diags};
}

void mf_flow_done(struct mf_flow *flow)
{
    mf_free(flow->items);
    mf_map_done(&flow->names);
    mf_map_done(&flow->links);
    mf_map_done(&flow->instances);
    memset(flow, 0, sizeof *flow);
}

/* ---- for all files of the reader ---- */

const struct mf_tree *mf_flow_section(struct mf_reading *reading, const struct mf_tree_pair *pair)
{
    const struct mf_tree *value = pair->value;

    if (value->kind == MF_TREE_MAP)
        return value;
    /* `nodes:` with nothing behind it. */
    if (value->kind == MF_TREE_SCALAR && value->is_plain && value->count == 0)
        return NULL;
    mf_diag(reading->diags, MF_ERROR, MF_CODE_SHAPE, value->at,
            "`%s` is a map of names, this is %s", pair->key->text, mf_tree_kind_name(value));
    mf_flow_incomplete(reading);
    return NULL;
}

/* What the name could have been: lower case, `_` for what is not allowed. */
static char *mend_name(struct mf_reading *reading, const char *text)
{
    char *name = mf_arena_printf(reading->arena, "%.60s", text), *to = name;

    for (const char *p = name; *p; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        bool is_letter = c >= 'a' && c <= 'z';

        if (is_letter || (to > name && c >= '0' && c <= '9'))
            *to++ = c;
        else if (to > name && to[-1] != '_' && (unsigned char)c < 0x80)
            *to++ = '_';
    }
    while (to > name && to[-1] == '_')
        to--;
    *to = '\0';
    return name;
}

bool mf_flow_check_name(struct mf_reading *reading, const struct mf_tree *key, const char *what,
                        bool dotted)
{
    struct mf_diag *diag;
    size_t start = 0;
    char *better;

    if (mf_text_is_name(key->text, key->count))
        return true;
    while (dotted && start <= key->count) {
        size_t len = strcspn(key->text + start, ".");

        if (!mf_text_is_name(key->text + start, len))
            break;
        start += len + 1;
    }
    if (start == key->count + 1)
        return true;
    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NAME, key->at,
                   "`%.100s` cannot be the name of a %s: names are made of a-z, 0-9 and `_`, and "
                   "begin with a letter",
                   key->text, what);
    better = mend_name(reading, key->text);
    if (*better)
        mf_diag_help(diag, "call it `%s`", better);
    return false;
}

void mf_flow_twice(struct mf_reading *reading, struct mf_span at, const char *name,
                   struct mf_span first)
{
    struct mf_diag *diag =
        mf_diag(reading->diags, MF_ERROR, MF_CODE_TWICE, at, "`%s` is defined twice", name);

    mf_diag_related(diag, first, "`%s` is defined here, too", name);
    mf_diag_help(diag, "all files of a flow share their names: give one of the two another");
}

bool mf_flow_visit(struct mf_reading *reading, uint64_t values, struct mf_span at)
{
    reading->visits += values;
    if (reading->visits <= MF_FLOW_VISITS)
        return true;
    if (!reading->is_full)
        mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, at,
                "the parts of this flow hold more than %llu keys and values over all their uses, "
                "the limit",
                (unsigned long long)MF_FLOW_VISITS);
    reading->is_full = true;
    mf_flow_incomplete(reading);
    return false;
}

bool mf_flow_has_room(struct mf_reading *reading, struct mf_span at)
{
    if (reading->flow->count + reading->use_count < MF_FLOW_NODES)
        return true;
    if (!reading->is_full)
        mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, at,
                "the flow has more than %u nodes, links and uses, the limit", MF_FLOW_NODES);
    reading->is_full = true;
    mf_flow_incomplete(reading);
    return false;
}

const struct mf_origin *mf_flow_origin(struct mf_reading *reading, const struct mf_origin *outer,
                                       struct mf_span at, const char *text)
{
    struct mf_origin *origin = mf_arena_alloc(reading->arena, sizeof *origin);

    *origin = (struct mf_origin){at, text, outer};
    return origin;
}

const struct mf_flow_item *mf_flow_stand_in(struct mf_reading *reading)
{
    struct mf_flow_item *item = mf_arena_alloc(reading->arena, sizeof *item);

    item->item_type = MF_ITEM_NODE;
    item->name = "#"; /* no name that anybody could write */
    item->kind = "";
    return item;
}

void mf_flow_incomplete(struct mf_reading *reading)
{
    if (!reading->flow->missing)
        reading->flow->missing = mf_flow_stand_in(reading);
}

/* ---- variables of the flow ---- */

static void add_var(struct mf_reading *reading, struct mf_var *var, const struct mf_tree_pair *pair)
{
    uintptr_t index = reading->vars.count + 1;
    uintptr_t old;

    mf_flow_check_name(reading, pair->key, "variable", false);
    old = (uintptr_t)mf_map_add(&reading->vars, pair->key->text, (void *)index);
    if (old) {
        mf_flow_twice(reading, pair->key->at, pair->key->text, reading->env.vars[old - 1].at);
        return;
    }
    *var = (struct mf_var){pair->key->text, pair->key->at, pair->value, &reading->env};
    if (pair->value->kind == MF_TREE_SCALAR)
        return;
    mf_diag(reading->diags, MF_ERROR, MF_CODE_SHAPE, pair->value->at,
            "the variable `%s` is a text, this is %s", pair->key->text,
            mf_tree_kind_name(pair->value));
    var->value = NULL;
    var->is_unknown = true;
}

static void add_vars(struct mf_reading *reading, const struct mf_tree *vars)
{
    for (uint32_t i = 0; i < vars->count; i++) {
        if (reading->vars.count >= MF_FLOW_VARS) {
            mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, vars->pairs[i].key->at,
                    "the flow has more than %d variables, the limit", MF_FLOW_VARS);
            return;
        }
        add_var(reading, &reading->env.vars[reading->vars.count], &vars->pairs[i]);
    }
}

static void read_vars(struct mf_reading *reading)
{
    const struct mf_tree_pair *pair = NULL;
    size_t count = 0;

    for (size_t i = 0; i < reading->doc_count; i++)
        if (mf_tree_get(reading->docs[i]->tree, "vars", &pair) && pair->value->kind == MF_TREE_MAP)
            count += pair->value->count;
    if (count > MF_FLOW_VARS)
        count = MF_FLOW_VARS;
    reading->env = (struct mf_env){.names = &reading->vars};
    reading->env.vars = mf_arena_alloc(reading->arena, (count + 1) * sizeof *reading->env.vars);
    for (size_t i = 0; i < reading->doc_count; i++) {
        const struct mf_tree *vars;

        if (!mf_tree_get(reading->docs[i]->tree, "vars", &pair))
            continue;
        vars = mf_flow_section(reading, pair);
        if (vars)
            add_vars(reading, vars);
    }
}

/* ---- the rest of a document ---- */

static void take_title(struct mf_reading *reading, const struct mf_place *place,
                       struct mf_tree *value)
{
    if (value->kind == MF_TREE_SCALAR) {
        value = mf_subst(reading, place, value);
        if (!reading->flow->title && value->count && !value->is_unknown && !value->is_secret)
            reading->flow->title = value->text;
        return;
    }
    mf_diag(reading->diags, MF_ERROR, MF_CODE_SHAPE, value->at, "`title` is a text, this is %s",
            mf_tree_kind_name(value));
}

static void expand_doc(struct mf_reading *reading, const struct mf_doc *doc,
                       const struct mf_scope *root)
{
    struct mf_place place = {.scope = root, .env = &reading->env, .doc = doc};

    for (uint32_t i = 0; i < doc->tree->count && !reading->is_full; i++) {
        const struct mf_tree_pair *pair = &doc->tree->pairs[i];

        if (strcmp(pair->key->text, "title") == 0)
            take_title(reading, &place, pair->value);
        else if (strcmp(pair->key->text, "links") == 0)
            mf_item_links(reading, &place, mf_flow_section(reading, pair));
        else if (strcmp(pair->key->text, "nodes") == 0)
            mf_item_nodes(reading, &place, mf_flow_section(reading, pair));
        else if (strcmp(pair->key->text, "use") == 0)
            mf_part_uses(reading, &place, mf_flow_section(reading, pair));
    }
}

/* ---- the whole ---- */

static void begin(struct mf_reading *reading, struct mf_flow *flow,
                  const struct mf_flow_setup *setup)
{
    static const struct mf_flow_setup nothing;

    *reading = (struct mf_reading){.flow = flow, .arena = flow->arena, .diags = flow->diags};
    reading->setup = setup ? setup : &nothing;
    mf_subst_sets(reading);
}

static void finish(struct mf_reading *reading)
{
    struct mf_scope *root = mf_arena_alloc(reading->arena, sizeof *root);

    root->prefix = "";
    read_vars(reading);
    for (size_t i = 0; i < reading->doc_count; i++)
        expand_doc(reading, reading->docs[i], root);
    for (size_t i = 0; i < reading->alone_count; i++)
        mf_part_alone(reading, reading->alone[i]);
    mf_part_finish(reading);
    mf_free(reading->known);
    mf_free(reading->docs);
    mf_free(reading->alone);
    mf_free(reading->parts);
    mf_map_done(&reading->sets);
    mf_map_done(&reading->vars);
    mf_map_done(&reading->secrets);
    mf_map_done(&reading->paths);
}

void mf_flow_read(struct mf_flow *flow, const char *const *paths, size_t path_count,
                  const struct mf_flow_setup *setup)
{
    struct mf_reading reading;

    begin(&reading, flow, setup);
    mf_files_read(&reading, paths, path_count);
    finish(&reading);
}

void mf_flow_read_text(struct mf_flow *flow, const char *name, const char *text, size_t len,
                       const struct mf_flow_setup *setup)
{
    mf_flow_read_block(flow, mf_sources_add(flow->sources, name, text, len), 0, SIZE_MAX, setup);
}

void mf_flow_read_block(struct mf_flow *flow, const struct mf_source *source, size_t start,
                        size_t end, const struct mf_flow_setup *setup)
{
    struct mf_reading reading;

    begin(&reading, flow, setup);
    if (end > source->len)
        end = source->len;
    mf_files_take(&reading, mf_files_compose(&reading, source, start, end));
    finish(&reading);
}
