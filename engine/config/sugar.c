/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Sugar: `to:` hangs nodes under the one whose value they take, `then:` makes a
 * chain. Both become plain nodes with a `from`.
 *
 * Names: `to` gives OWNER.to.KIND, or OWNER.to.NAME; `then` gives OWNER.then.KIND, and a
 * step with a name is a node like any other. A step that keeps state must have
 * one: its state is kept under its name, and inserting a step must not move it.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/config/flow_priv.h"

/* One list of `to` or `then`. */
struct steps {
    struct mf_reading *reading;
    const struct mf_place *place;
    const struct mf_flow_item *owner;
    const char *word;                  /* "to", "then" */
    const struct mf_flow_item *before; /* whose value the next one takes */
    uint32_t count;
};

/* The name as nodes of the same scope write it. */
static const char *inner_name(const struct mf_flow_item *item)
{
    return item->name + strlen(item->scope->prefix);
}

/* `kv.set` → `kv_set` */
static char *plain_kind(struct mf_reading *reading, const char *kind)
{
    char *text = mf_arena_strdup(reading->arena, kind);

    for (char *p = text; *p; p++)
        if (*p == '.' || *p == '-')
            *p = '_';
    return text;
}

/* ---- names ---- */

/* A name that could be given to the step: nobody has it yet. */
static const char *offer_name(const struct steps *steps, const char *kind)
{
    bool is_to = strcmp(steps->word, "to") == 0;
    const char *prefix = steps->owner->scope->prefix;
    const char *owner = inner_name(steps->owner), *dot = strrchr(owner, '.');
    struct mf_arena *arena = steps->reading->arena;
    const char *base, *name;

    base = is_to ? kind : mf_arena_printf(arena, "%s_%s", dot ? dot + 1 : owner, kind);
    for (unsigned i = is_to ? 2 : 1; i < 100; i++) {
        const char *full;

        name = i == 1 ? base : mf_arena_printf(arena, "%s_%u", base, i);
        full = is_to ? mf_arena_printf(arena, "%s.to.%s", steps->owner->name, name)
                     : mf_arena_printf(arena, "%s%s", prefix, name);
        if (!mf_map_get(&steps->reading->flow->names, full) &&
            !mf_map_get(&steps->reading->flow->instances, full))
            return name;
    }
    return base;
}

static void say_name_needed(const struct steps *steps, const struct mf_flow_item *item,
                            const struct mf_flow_item *other, const char *plain)
{
    struct mf_diag *diag;

    if (other) {
        diag = mf_diag(steps->reading->diags, MF_ERROR, MF_CODE_STEP_NAME, item->kind_at,
                       "there is a `%s` in this `%s` already, so this one needs a name", item->kind,
                       steps->word);
        mf_diag_related(diag, other->at, "the first one");
    } else {
        diag = mf_diag(steps->reading->diags, MF_ERROR, MF_CODE_STEP_NAME, item->kind_at,
                       "`%s` keeps state, so this step needs a name to keep it under", item->kind);
    }
    mf_diag_help(diag, "add `name: %s`", offer_name(steps, plain));
}

/* False when the name given cannot be used. */
static bool take_given_name(const struct steps *steps, struct mf_flow_item *item,
                            const struct mf_tree_pair *pair)
{
    struct mf_arena *arena = steps->reading->arena;
    const struct mf_tree *name = pair->value;

    if (name->kind == MF_TREE_SCALAR && name->is_unknown)
        return false;
    if (name->kind != MF_TREE_SCALAR) {
        mf_diag(steps->reading->diags, MF_ERROR, MF_CODE_NAME, name->at,
                "the name of a step is a word, this is %s", mf_tree_kind_name(name));
        return false;
    }
    if (name->piece_count) {
        mf_diag_help(mf_diag(steps->reading->diags, MF_ERROR, MF_CODE_NAME, name->at,
                             "names are not made with `${…}`"),
                     "write the name itself; nodes of a part get the name of the use in front");
        return false;
    }
    if (!mf_flow_check_name(steps->reading, name, "step", false))
        return false;
    item->is_named = true;
    item->at = name->at;
    item->name = strcmp(steps->word, "to") == 0
                     ? mf_arena_printf(arena, "%s.to.%s", steps->owner->name, name->text)
                     : mf_arena_printf(arena, "%s%s", item->scope->prefix, name->text);
    return true;
}

static void name_step(const struct steps *steps, struct mf_flow_item *item,
                      const struct mf_tree_pair *given)
{
    struct mf_reading *reading = steps->reading;
    const char *plain = plain_kind(reading, item->kind);
    const struct mf_flow_item *other;
    bool is_stateful = strcmp(steps->word, "then") == 0 && mf_flow_facts &&
                       mf_flow_facts->is_stateful && mf_flow_facts->is_stateful(item->kind);

    if (given && take_given_name(steps, item, given))
        return;
    item->name =
        mf_arena_printf(reading->arena, "%s.%s.%s", steps->owner->name, steps->word, plain);
    other = mf_map_get(&reading->flow->names, item->name);
    if (!given && *item->kind && (other || is_stateful))
        say_name_needed(steps, item, other, plain);
    /* A name nobody can write, so that the rest can still be checked. */
    if (given || !*item->kind || other || is_stateful)
        item->name = mf_arena_printf(reading->arena, "%s.%s.%s#%u", steps->owner->name, steps->word,
                                     plain, steps->count);
}

/* ---- steps ---- */

static void refuse_from(const struct steps *steps, const struct mf_tree_pair *from)
{
    struct mf_diag *diag =
        mf_diag(steps->reading->diags, MF_ERROR, MF_CODE_SUGAR_FROM, from->key->at,
                "a node in `%s` takes the value of `%s`, so it has no `from` of its own",
                steps->word, inner_name(steps->before));

    mf_diag_help(diag, "leave `from` out, or write the node on its own under `nodes:`");
}

static void read_step(struct steps *steps, struct mf_tree *value, struct mf_span via)
{
    struct mf_reading *reading = steps->reading;
    const struct mf_origin *origin = steps->owner->origin, *outer;
    struct mf_item_text text = {0};
    struct mf_flow_item *item;
    struct mf_tree *map;

    if (via.file)
        origin = mf_flow_origin(reading, origin, via, "repeated here");
    outer = mf_diags_set_origin(reading->diags, origin);
    /* Substituted already, with the owner. */
    map = value->kind == MF_TREE_MAP
              ? value
              : mf_item_map(reading, steps->place, value, MF_CODE_SUGAR,
                            strcmp(steps->word, "to") == 0 ? "what stands in `to`"
                                                           : "a step of `then`");
    if (map) {
        item = mf_arena_alloc(reading->arena, sizeof *item);
        item->item_type = MF_ITEM_NODE;
        item->scope = steps->place->scope;
        item->origin = origin;
        item->sugar = steps->word;
        mf_item_read(reading, item, map, inner_name(steps->before), &text);
        item->at = item->kind_at;
        steps->count++;
        if (text.from)
            refuse_from(steps, text.from);
        name_step(steps, item, text.name);
        if (mf_item_add(reading, item)) {
            if (text.to || text.then)
                mf_sugar_expand(reading, steps->place, item, &text);
            if (strcmp(steps->word, "then") == 0)
                steps->before = item;
        }
    }
    mf_diags_set_origin(reading->diags, outer);
}

static void read_steps(struct mf_reading *reading, const struct mf_place *place,
                       const struct mf_flow_item *owner, const struct mf_tree_pair *pair)
{
    struct steps steps = {reading, place, owner, pair->key->text, owner};
    struct mf_tree *value = pair->value;

    if (value->kind == MF_TREE_SCALAR) {
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_SUGAR, value->at,
                             "`%s` takes a list of nodes, this is %s", steps.word,
                             value->count ? "a text" : "empty"),
                     strcmp(steps.word, "to") == 0 ? "write `to: [{kv.set: home.grid.power}]`"
                                                   : "write `then: [{debounce: 50ms}]`");
        return;
    }
    if (value->kind == MF_TREE_MAP) {
        read_step(&steps, value, pair->via);
        return;
    }
    for (uint32_t i = 0; i < value->count && !reading->is_full; i++)
        read_step(&steps, value->items[i].value, pair->via.file ? pair->via : value->items[i].via);
}

void mf_sugar_expand(struct mf_reading *reading, const struct mf_place *place,
                     const struct mf_flow_item *owner, const struct mf_item_text *text)
{
    if (text->to)
        read_steps(reading, place, owner, text->to);
    if (text->then)
        read_steps(reading, place, owner, text->then);
}
