/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Parts: `use:` puts the nodes of another file under a name.
 *
 * A part is composed and its head read once. Each use is a scope (`kitchen.`), an
 * environment of variables and one more link in the chain that diagnostics show;
 * the trees stay shared as far as nothing is substituted in them.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/config/flow_priv.h"

/* ---- the head of a part ---- */

static void add_name(struct mf_reading *reading, struct mf_part *part, const struct mf_tree *key,
                     const char *what, size_t index)
{
    uintptr_t old;

    mf_flow_check_name(reading, key, what, false);
    if (strcmp(key->text, "part") == 0)
        mf_diag(reading->diags, MF_ERROR, MF_CODE_NAME, key->at,
                "a parameter cannot be called `part`: in `use:` this key names the file");
    old = (uintptr_t)mf_map_add(&part->names, key->text, (void *)(uintptr_t)(index + 1));
    if (old)
        mf_flow_twice(reading, key->at, key->text,
                      old <= part->param_count ? part->params[old - 1].at
                                               : part->vars[old - 1 - part->param_count].key->at);
}

static bool has_room(struct mf_reading *reading, const struct mf_part *part,
                     const struct mf_tree *map)
{
    if (part->param_count + part->var_count + map->count <= MF_FLOW_VARS)
        return true;
    mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, map->at,
            "a part has at most %d parameters and variables", MF_FLOW_VARS);
    return false;
}

static void read_params(struct mf_reading *reading, struct mf_part *part,
                        const struct mf_tree *params)
{
    if (!params || !has_room(reading, part, params))
        return;
    part->params = mf_arena_alloc(reading->arena, params->count * sizeof *part->params);
    part->param_count = params->count;
    for (uint32_t i = 0; i < params->count; i++) {
        mf_param_read(reading, &part->params[i], &params->pairs[i]);
        add_name(reading, part, params->pairs[i].key, "parameter", i);
    }
}

static void read_vars(struct mf_reading *reading, struct mf_part *part, const struct mf_tree *vars)
{
    if (!vars || !has_room(reading, part, vars))
        return;
    part->vars = vars->pairs;
    part->var_count = vars->count;
    for (uint32_t i = 0; i < vars->count; i++) {
        add_name(reading, part, vars->pairs[i].key, "variable", part->param_count + i);
        if (vars->pairs[i].value->kind == MF_TREE_SCALAR)
            continue;
        mf_diag(reading->diags, MF_ERROR, MF_CODE_SHAPE, vars->pairs[i].value->at,
                "the variable `%s` is a text, this is %s", vars->pairs[i].key->text,
                mf_tree_kind_name(vars->pairs[i].value));
        part->failed = true;
    }
}

static void read_outputs(struct mf_reading *reading, struct mf_part *part,
                         const struct mf_tree *outputs)
{
    part->has_outputs = outputs;
    for (uint32_t i = 0; outputs && i < outputs->count; i++) {
        const struct mf_tree_pair *pair = &outputs->pairs[i];

        mf_flow_check_name(reading, pair->key, "output", false);
        if (pair->value->kind == MF_TREE_SCALAR) {
            mf_map_add(&part->outputs, pair->key->text, (void *)(uintptr_t)pair->value->text);
            continue;
        }
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_OUTPUT, pair->value->at,
                             "an output is the name of one of the part's nodes, this is %s",
                             mf_tree_kind_name(pair->value)),
                     "write it like `outputs: {temp: temp}`");
    }
}

static const struct mf_tree *section(struct mf_reading *reading, const struct mf_part *part,
                                     const char *key)
{
    const struct mf_tree_pair *pair = NULL;

    return mf_tree_get(part->doc->tree, key, &pair) ? mf_flow_section(reading, pair) : NULL;
}

static void free_outputs(void *arg)
{
    mf_map_done(arg);
}

/* Reads the head on first use. */
static struct mf_part *part_of(struct mf_reading *reading, struct mf_doc *doc)
{
    size_t errors = reading->diags->errors;
    const struct mf_origin *outer;
    struct mf_part *part = doc->part;

    if (part)
        return part;
    part = doc->part = mf_arena_alloc(reading->arena, sizeof *part);
    part->doc = doc;
    mf_grow(&reading->parts, &reading->part_cap, reading->part_count, sizeof(struct mf_part *));
    reading->parts[reading->part_count++] = part;
    reading->flow->files++;
    /* Every scope of a use has a copy of this map's head. */
    mf_arena_defer(reading->arena, free_outputs, &part->outputs);
    /* Faults of the head are the same for all uses. */
    outer = mf_diags_set_origin(reading->diags, NULL);
    part->nodes = section(reading, part, "nodes");
    part->uses = section(reading, part, "use");
    read_params(reading, part, section(reading, part, "params"));
    read_vars(reading, part, section(reading, part, "vars"));
    read_outputs(reading, part, section(reading, part, "outputs"));
    part->used = mf_arena_alloc(reading->arena, (part->names.count + 1) * sizeof *part->used);
    mf_diags_set_origin(reading->diags, outer);
    part->failed |= reading->diags->errors != errors;
    return part;
}

/* ---- values of parameters ---- */

/* Sorts what a use gives by parameter; `given` has room for all of them. */
static bool sort_given(struct mf_reading *reading, const struct mf_part *part,
                       const struct mf_tree *use, const struct mf_tree_pair **given)
{
    bool ok = true;

    for (uint32_t i = 0; i < use->count; i++) {
        const struct mf_tree *key = use->pairs[i].key, *value = use->pairs[i].value;
        uintptr_t index = (uintptr_t)mf_map_get(&part->names, key->text);
        struct mf_nearest nearest;
        struct mf_diag *diag;

        if (strcmp(key->text, "part") == 0)
            continue;
        if (index && index <= part->param_count) {
            given[index - 1] = &use->pairs[i];
            if (value->kind == MF_TREE_SCALAR)
                continue;
            diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_PARAM_VALUE, value->at,
                           "parameter `%s` is a text, this is %s", key->text,
                           mf_tree_kind_name(value));
            mf_diag_related(diag, part->params[index - 1].at, "`%s` is declared here", key->text);
            ok = false;
            continue;
        }
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_UNKNOWN_PARAM, key->at,
                       "the part `%s` has no parameter `%s`", part->doc->source->name, key->text);
        mf_nearest_init(&nearest, key->text);
        for (size_t k = 0; k < part->param_count; k++)
            mf_nearest_add(&nearest, part->params[k].name);
        if (nearest.best)
            mf_diag_help(diag, "did you mean `%s`?", nearest.best);
        ok = false;
    }
    return ok;
}

/* One parameter of one use: what the use gives, else the default. */
static bool bind_param(struct mf_reading *reading, const struct mf_part *part, struct mf_env *env,
                       size_t index, bool is_use, struct mf_span use_at)
{
    const struct mf_param *param = &part->params[index];
    struct mf_var *var = &env->vars[index];
    struct mf_diag *diag;

    if (var->value) {
        mf_subst_resolve(reading, var, var->value->at);
        return var->is_unknown || mf_param_check(reading, part, param, var, var->value->at);
    }
    var->is_unknown = true;
    var->state = MF_VAR_DONE;
    var->text = "";
    if (!is_use)
        return true; /* the part is checked alone */
    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_MISSING_PARAM, use_at,
                   "this use of `%s` does not give the parameter `%s`", part->doc->source->name,
                   param->name);
    mf_diag_related(diag, param->at, "`%s` is declared here, without a default", param->name);
    mf_diag_help(diag, "add `%s: …`, or a `default` where it is declared", param->name);
    return false;
}

static bool has_params_left(struct mf_reading *reading, const struct mf_part *part,
                            struct mf_span use_at)
{
    reading->params += part->param_count + part->var_count;
    if (reading->params <= MF_FLOW_PARAMS)
        return true;
    if (!reading->is_full)
        mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, use_at,
                "the uses of parts have more than %u parameters and variables in all, the limit",
                MF_FLOW_PARAMS);
    reading->is_full = true;
    mf_flow_incomplete(reading);
    return false;
}

/* All variables are there before any is read: defaults may name each other. */
static bool bind_params(struct mf_reading *reading, struct mf_part *part,
                        const struct mf_env *outer, const struct mf_tree *use,
                        struct mf_span use_at, struct mf_env *env)
{
    size_t count = part->param_count + part->var_count;
    const struct mf_tree_pair **given;
    bool ok;

    if (!has_params_left(reading, part, use_at))
        return false;
    given = mf_calloc_array(part->param_count + 1, sizeof *given);
    ok = !use || sort_given(reading, part, use, given);
    *env = (struct mf_env){&part->names, NULL, part->used, outer};
    env->vars = mf_arena_alloc(reading->arena, (count + 1) * sizeof *env->vars);
    for (size_t i = 0; i < part->var_count; i++)
        env->vars[part->param_count + i] = (struct mf_var){
            part->vars[i].key->text, part->vars[i].key->at, part->vars[i].value, env};
    for (size_t i = 0; i < part->param_count; i++) {
        const struct mf_param *param = &part->params[i];

        env->vars[i] = given[i]
                           ? (struct mf_var){param->name, given[i]->key->at, given[i]->value, outer}
                           : (struct mf_var){param->name, param->at, param->fallback, env};
    }
    mf_free(given);
    for (size_t i = 0; i < part->param_count; i++)
        ok &= bind_param(reading, part, env, i, use, use_at);
    return ok;
}

/* ---- one use ---- */

static void check_outputs(struct mf_reading *reading, struct mf_part *part,
                          const struct mf_scope *scope)
{
    const struct mf_tree *outputs = section(reading, part, "outputs");
    const struct mf_scope inside = {.prefix = scope->prefix};

    part->outputs_checked = true;
    for (uint32_t i = 0; outputs && i < outputs->count; i++) {
        const struct mf_tree *value = outputs->pairs[i].value;
        struct mf_name found = {0};
        struct mf_diag *diag;
        const char *nearest;

        if (value->kind == MF_TREE_SCALAR)
            found = mf_flow_lookup(reading->flow, &inside, value->text, value->count);
        /* A node or a port of one, not what is inside of its value. */
        if (value->kind != MF_TREE_SCALAR || (found.node && !strchr(found.rest, '.')))
            continue;
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_OUTPUT, value->at,
                       "the output `%s` is `%s`, but the part has no such node or port",
                       outputs->pairs[i].key->text, value->text);
        nearest = mf_flow_nearest(reading->flow, &inside, value->text);
        if (nearest)
            mf_diag_help(diag, "did you mean `%s`?", nearest);
        else
            mf_diag_help(diag, "write it like `outputs: {NAME: NODE}` or `{NAME: NODE.PORT}`");
    }
}

static void expand_part(struct mf_reading *reading, struct mf_part *part,
                        const struct mf_place *place)
{
    size_t errors = reading->diags->errors;

    part->use_count++;
    mf_item_nodes(reading, place, part->nodes);
    mf_part_uses(reading, place, part->uses);
    if (!part->outputs_checked && reading->diags->errors == errors && !reading->is_full)
        check_outputs(reading, part, place->scope);
}

/* "a.yaml → b.yaml → a.yaml" */
static void report_cycle(struct mf_reading *reading, const struct mf_place *place,
                         const struct mf_part *part, struct mf_span at)
{
    struct mf_buf path = {.limit = 2000};

    mf_buf_puts(&path, part->doc->source->name);
    for (const struct mf_place *p = place; p && p->part; p = p->outer) {
        struct mf_buf longer = {.limit = 2000};

        mf_buf_printf(&longer, "%s → %s", p->part->doc->source->name, mf_buf_text(&path));
        mf_buf_done(&path);
        path = longer;
        if (p->part == part)
            break;
    }
    mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_PART_CYCLE, at,
                         "a part cannot use itself: %s", mf_buf_text(&path)),
                 "take what both need into a part of its own");
    mf_buf_done(&path);
}

static bool check_nesting(struct mf_reading *reading, const struct mf_place *place,
                          const struct mf_part *part, struct mf_span at)
{
    for (const struct mf_place *p = place; p; p = p->outer)
        if (p->part == part) {
            report_cycle(reading, place, part, at);
            return false;
        }
    if (place->depth < MF_FLOW_PART_DEPTH)
        return true;
    mf_diag(reading->diags, MF_ERROR, MF_CODE_PART_CYCLE, at,
            "parts use parts more than %d deep here, the limit", MF_FLOW_PART_DEPTH);
    return false;
}

/* The value of `part:`, the first key. NULL after reporting. */
static const struct mf_tree *part_path(struct mf_reading *reading, const struct mf_place *place,
                                       const struct mf_tree *use)
{
    const struct mf_tree_pair *first = use->pairs, *pair = NULL;
    struct mf_tree *value = mf_tree_get(use, "part", &pair);
    struct mf_diag *diag;

    if (!value) {
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_KIND,
                       use->count ? first->key->at : use->at,
                       "a use names its part first: `part` is missing");
        mf_diag_help(diag, "write it like `kitchen: {part: parts/room.yaml, …}`");
        return NULL;
    }
    if (pair != first) {
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_KIND_FIRST, pair->key->at,
                       "`part` says what is used, so it must be the first key; `%s` is before it",
                       first->key->text);
        mf_diag_related(diag, first->key->at, "the first key");
        mf_diag_help(diag, "put it first: `{part: …, %s: …}`", first->key->text);
    }
    value = mf_subst(reading, place, value);
    if (value->kind == MF_TREE_SCALAR && value->count && strlen(value->text) == value->count)
        return value;
    if (value->kind != MF_TREE_SCALAR || !value->is_unknown)
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_NOT_A_PART, value->at,
                             "`part` wants the path of a file, this is %s",
                             value->count ? mf_tree_kind_name(value) : "empty"),
                     "write it like `part: parts/room.yaml`");
    return NULL;
}

static struct mf_part *find_part(struct mf_reading *reading, const struct mf_place *place,
                                 const struct mf_tree *use)
{
    const struct mf_tree *path = part_path(reading, place, use);
    struct mf_diag *diag;
    struct mf_part *part;
    struct mf_doc *doc;

    if (!path || path->is_unknown)
        return NULL;
    doc = mf_files_find(reading, place->doc, path->text, path->at);
    if (!doc || doc->type == MF_DOC_BROKEN)
        return NULL;
    if (doc->type != MF_DOC_PART) {
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NOT_A_PART, path->at, "`%s` is not a part",
                       doc->source->name);
        if (doc->type == MF_DOC_FLOW)
            mf_diag_help(diag, "a part has the key `part:` with its title; flows are taken in "
                               "with `include:`");
        else
            mf_diag_help(diag, "a part begins with `moat-flow: 1` and `part: TITLE`");
        return NULL;
    }
    part = part_of(reading, doc);
    if (part->failed || !check_nesting(reading, place, part, path->at))
        return NULL;
    return part;
}

/* Makes the name known, so that nobody misses it whatever becomes of the part. */
static struct mf_scope *add_scope(struct mf_reading *reading, const struct mf_place *place,
                                  const struct mf_tree *key)
{
    struct mf_scope *scope = mf_arena_alloc(reading->arena, sizeof *scope);
    struct mf_flow *flow = reading->flow;
    const struct mf_flow_item *item;
    const struct mf_scope *old;
    char *name = mf_arena_printf(reading->arena, "%s%s", place->scope->prefix, key->text);

    mf_flow_check_name(reading, key, "use", false);
    scope->prefix = mf_arena_printf(reading->arena, "%s.", name);
    scope->outer = place->scope;
    scope->at = key->at;
    if (!mf_flow_has_room(reading, key->at))
        return NULL;
    item = mf_map_get(&flow->names, name);
    old = item ? NULL : mf_map_add(&flow->instances, name, scope);
    if (item || old) {
        mf_flow_twice(reading, key->at, name, item ? item->at : old->at);
        return NULL;
    }
    reading->use_count++;
    return scope;
}

static void read_use(struct mf_reading *reading, const struct mf_place *place,
                     const struct mf_tree_pair *pair)
{
    struct mf_env *env = mf_arena_alloc(reading->arena, sizeof *env);
    struct mf_scope *scope = add_scope(reading, place, pair->key);
    struct mf_tree *use = pair->value;
    struct mf_part *part;
    struct mf_place inner;

    if (!scope)
        return;
    if (use->kind != MF_TREE_MAP) {
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_NOT_A_MAP, use->at,
                             "a use is a map whose first key is `part`, this is %s",
                             use->count || use->kind ? mf_tree_kind_name(use) : "empty"),
                     "write it like `%s: {part: parts/room.yaml, …}`", pair->key->text);
        scope->broken = mf_flow_stand_in(reading);
        return;
    }
    part = find_part(reading, place, use);
    if (!part || !bind_params(reading, part, place->env, use, pair->key->at, env)) {
        scope->broken = mf_flow_stand_in(reading);
        return;
    }
    scope->outputs = part->outputs;
    scope->has_outputs = part->has_outputs;
    inner = (struct mf_place){scope, env, NULL, part->doc, part, place, place->depth + 1};
    inner.origin = mf_flow_origin(reading, place->origin, pair->key->at, "in this use of the part");
    mf_diags_set_origin(reading->diags, inner.origin);
    expand_part(reading, part, &inner);
    mf_diags_set_origin(reading->diags, place->origin);
}

void mf_part_uses(struct mf_reading *reading, const struct mf_place *place,
                  const struct mf_tree *uses)
{
    for (uint32_t i = 0; uses && i < uses->count && !reading->is_full; i++)
        read_use(reading, place, &uses->pairs[i]);
}

/* ---- parts on their own ---- */

/* Checked with what is known: parameters without a default are unknown. Its nodes are not the
 * flow's, for the links and nodes they name may be those of any user. */
void mf_part_alone(struct mf_reading *reading, struct mf_doc *doc)
{
    static const struct mf_scope scope = {.prefix = ""};
    struct mf_part *part = part_of(reading, doc);
    struct mf_flow *flow = reading->flow, trial;
    size_t cap = reading->item_cap;
    struct mf_env env;
    struct mf_place place = {&scope, &env, NULL, doc, part, NULL, 1};

    if (part->use_count || part->failed)
        return;
    mf_flow_init(&trial, flow->arena, flow->sources, flow->diags);
    reading->flow = &trial;
    reading->item_cap = 0;
    reading->is_alone = true;
    if (bind_params(reading, part, &reading->env, NULL, (struct mf_span){0}, &env))
        expand_part(reading, part, &place);
    reading->flow = flow;
    reading->item_cap = cap;
    reading->is_alone = false;
    mf_flow_done(&trial);
    flow->files += trial.files;
}

void mf_part_finish(struct mf_reading *reading)
{
    for (size_t i = 0; i < reading->part_count; i++) {
        struct mf_part *part = reading->parts[i];

        for (size_t k = 0; k < part->param_count && reading->diags->errors == 0; k++)
            if (part->use_count && !part->used[k])
                mf_diag_help(mf_diag(reading->diags, MF_WARNING, MF_CODE_UNUSED_PARAM,
                                     part->params[k].at, "nothing uses the parameter `%s`",
                                     part->params[k].name),
                             "use it with `${%s}`, or remove it", part->params[k].name);
        mf_map_done(&part->names);
    }
}
