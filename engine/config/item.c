/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * One node or link: which key is the kind, what stands behind it, and the options.
 *
 * Several words are kinds and options both (`every`, `scale`), so the place
 * decides: the first key is the kind. Only when it is not one do the others tell
 * what was meant. An item that has no kind is kept with an empty one: its name is
 * known, and nobody complains about what is wired to it.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/config/flow_priv.h"

const struct mf_kind_facts *mf_flow_facts;

const char *const mf_flow_common[] = {"from",    "unit",     "type",   "stale",    "queue",
                                      "keep",    "on_error", "health", "examples", "doc",
                                      "enabled", "to",       "then",   NULL};

void mf_flow_set_kind_facts(const struct mf_kind_facts *facts)
{
    mf_flow_facts = facts;
}

static bool is_common(const char *key)
{
    for (const char *const *name = mf_flow_common; *name; name++)
        if (strcmp(*name, key) == 0)
            return true;
    return false;
}

static bool is_kind(const struct mf_flow_item *item, const char *key)
{
    /* Kinds of links are the compiler's business. */
    if (item->item_type == MF_ITEM_LINK)
        return true;
    return mf_flow_facts && mf_flow_facts->is_kind ? mf_flow_facts->is_kind(key) : !is_common(key);
}

/* ---- which key is the kind ---- */

static void say_kind_first(struct mf_reading *reading, const struct mf_tree_pair *first,
                           const struct mf_tree_pair *kind)
{
    struct mf_diag *diag =
        mf_diag(reading->diags, MF_ERROR, MF_CODE_KIND_FIRST, kind->key->at,
                "`%s` is the kind of this node, so it must be the first key; `%s` is before it",
                kind->key->text, first->key->text);

    mf_diag_related(diag, first->key->at, "the first key");
    if (kind->via.file)
        mf_diag_help(diag, "write the kind into the node itself; `<<` may bring options");
    else
        mf_diag_help(diag, "put it first: `{%s: …, %s: …}`", kind->key->text, first->key->text);
}

static void say_no_kind(struct mf_reading *reading, const struct mf_flow_item *item,
                        struct mf_span at)
{
    mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_KIND, at,
                         item->item_type == MF_ITEM_LINK
                             ? "this link has no kind: its first key must say what it is"
                             : "this node has no kind: its first key must say what it does"),
                 item->item_type == MF_ITEM_LINK
                     ? "write it like `{mqtt: mqtt://broker.lan, …}`"
                     : "write it like `{deadband: 20 W, from: power}`; `moat-flow nodes` lists "
                       "the kinds");
}

static void say_unknown_kind(struct mf_reading *reading, const struct mf_tree *key,
                             const char *nearest)
{
    struct mf_diag *diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_UNKNOWN_KIND, key->at,
                                   "there is no kind of node `%s`", key->text);

    if (nearest)
        mf_diag_help(diag, "did you mean `%s`?", nearest);
    else
        mf_diag_help(diag, "`moat-flow nodes` lists the kinds");
}

/* Index of the kind's pair, or the count when there is none. */
static uint32_t find_kind(struct mf_reading *reading, const struct mf_flow_item *item,
                          const struct mf_tree *map)
{
    const struct mf_tree_pair *first = map->pairs;
    struct mf_nearest nearest = {0};

    if (map->count == 0) {
        say_no_kind(reading, item, map->at);
        return 0;
    }
    if (is_kind(item, first->key->text))
        return 0;
    mf_nearest_init(&nearest, first->key->text);
    if (!is_common(first->key->text) && mf_flow_facts && mf_flow_facts->nearest)
        mf_flow_facts->nearest(&nearest);
    for (uint32_t i = 1; i < map->count && !nearest.best && mf_flow_facts; i++)
        if (is_kind(item, map->pairs[i].key->text)) {
            say_kind_first(reading, first, &map->pairs[i]);
            return i;
        }
    if (is_common(first->key->text)) {
        say_no_kind(reading, item, first->key->at);
        return map->count;
    }
    say_unknown_kind(reading, first->key, nearest.best);
    return 0;
}

/* ---- options ---- */

static bool is_nothing(const struct mf_tree *value)
{
    return value->kind == MF_TREE_SCALAR && value->is_plain && value->count == 0 &&
           value->piece_count == 0;
}

/* `then: true` belongs to `when`, `then: [{…}]` is a chain. */
static bool is_sugar(const struct mf_flow_item *item, const struct mf_tree_pair *pair)
{
    const char *key = pair->key->text;

    if (strcmp(key, "to") != 0 && strcmp(key, "then") != 0)
        return false;
    if (mf_flow_facts && mf_flow_facts->has_option)
        return !mf_flow_facts->has_option(item->kind, key);
    return pair->value->kind != MF_TREE_SCALAR;
}

/* Where a pair is put aside, or NULL when it is an option. */
static const struct mf_tree_pair **aside(const struct mf_flow_item *item,
                                         const struct mf_tree_pair *pair, bool is_step,
                                         struct mf_item_text *text)
{
    const char *key = pair->key->text;

    if (is_sugar(item, pair))
        return strcmp(key, "to") == 0 ? &text->to : &text->then;
    if (is_step && strcmp(key, "name") == 0)
        return &text->name;
    if (is_step && strcmp(key, "from") == 0)
        return &text->from;
    return NULL;
}

static struct mf_tree *new_scalar(struct mf_reading *reading, const char *text, struct mf_span at)
{
    struct mf_tree *tree = mf_arena_alloc(reading->arena, sizeof *tree);

    tree->kind = MF_TREE_SCALAR;
    tree->is_plain = true;
    tree->text = text;
    tree->count = (uint32_t)strlen(text);
    tree->at = at;
    tree->nodes = 1;
    return tree;
}

void mf_item_read(struct mf_reading *reading, struct mf_flow_item *item, struct mf_tree *map,
                  const char *from, struct mf_item_text *ret)
{
    bool is_node = item->item_type == MF_ITEM_NODE;
    uint32_t kind = find_kind(reading, item, map);
    struct mf_tree_pair *options;
    size_t count = 0, kept = 0;

    *ret = (struct mf_item_text){.map = map};
    item->whole = map->at;
    item->kind = "";
    item->kind_at = map->count ? map->pairs[0].key->at : map->at;
    if (kind < map->count) {
        item->kind = map->pairs[kind].key->text;
        item->kind_at = map->pairs[kind].key->at;
        item->main = is_nothing(map->pairs[kind].value) ? NULL : map->pairs[kind].value;
    }
    for (uint32_t i = 0; i < map->count && is_node; i++)
        kept += i != kind && !aside(item, &map->pairs[i], from, ret);
    /* Nearly always: the options are those that were written. */
    if (kind == 0 && !from && (!is_node || kept + 1 == map->count)) {
        item->options = map->count ? map->pairs + 1 : NULL;
        item->option_count = map->count ? map->count - 1 : 0;
        return;
    }
    options = mf_arena_alloc(reading->arena, (map->count + 1) * sizeof *options);
    if (from)
        options[count++] = (struct mf_tree_pair){new_scalar(reading, "from", item->kind_at),
                                                 new_scalar(reading, from, item->kind_at)};
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_tree_pair **place =
            is_node && i != kind ? aside(item, &map->pairs[i], from, ret) : NULL;

        if (place)
            *place = &map->pairs[i];
        else if (i != kind)
            options[count++] = map->pairs[i];
    }
    item->options = options;
    item->option_count = count;
}

const struct mf_tree_pair *mf_flow_option(const struct mf_flow_item *item, const char *key)
{
    for (size_t i = 0; i < item->option_count; i++)
        if (strcmp(item->options[i].key->text, key) == 0)
            return &item->options[i];
    return NULL;
}

/* ---- items ---- */

struct mf_tree *mf_item_map(struct mf_reading *reading, const struct mf_place *place,
                            struct mf_tree *value, unsigned code, const char *what)
{
    struct mf_diag *diag;

    if (value->kind == MF_TREE_MAP)
        return mf_subst(reading, place, value);
    if (is_nothing(value))
        diag = mf_diag(reading->diags, MF_ERROR, code, value->at,
                       "%s is a map whose first key is the kind; nothing stands here", what);
    else
        diag = mf_diag(reading->diags, MF_ERROR, code, value->at,
                       "%s is a map whose first key is the kind; this is %s", what,
                       mf_tree_kind_name(value));
    if (value->kind == MF_TREE_SCALAR && mf_flow_facts && mf_flow_facts->is_kind &&
        mf_flow_facts->is_kind(value->text))
        mf_diag_help(diag, "write `{%s: …}`", value->text);
    else
        mf_diag_help(diag, strcmp(what, "a link") == 0
                               ? "write it like `{mqtt: mqtt://broker.lan}`"
                               : "write it like `{deadband: 20 W, from: power}`");
    return NULL;
}

bool mf_item_add(struct mf_reading *reading, struct mf_flow_item *item)
{
    struct mf_flow *flow = reading->flow;
    const struct mf_scope *use = NULL;
    struct mf_flow_item *old;

    if (!mf_flow_has_room(reading, item->at))
        return false;
    if (flow->instances.count)
        use = mf_map_get(&flow->instances, item->name);
    if (use) {
        mf_flow_twice(reading, item->at, item->name, use->at);
        return false;
    }
    old = mf_map_add(&flow->names, item->name, item);
    if (old) {
        mf_flow_twice(reading, item->at, item->name, old->at);
        return false;
    }
    mf_grow(&flow->items, &reading->item_cap, flow->count, sizeof(struct mf_flow_item *));
    flow->items[flow->count++] = item;
    return true;
}

static struct mf_flow_item *new_item(struct mf_reading *reading, const struct mf_place *place,
                                     enum mf_item_type type, const struct mf_tree_pair *pair)
{
    struct mf_flow_item *item = mf_arena_alloc(reading->arena, sizeof *item);

    item->item_type = type;
    item->at = pair->key->at;
    item->whole = pair->value->at;
    item->kind = "";
    item->kind_at = pair->value->at;
    item->scope = place->scope;
    item->origin = place->origin;
    item->name =
        *place->scope->prefix && type == MF_ITEM_NODE
            ? mf_arena_printf(reading->arena, "%s%s", place->scope->prefix, pair->key->text)
            : pair->key->text;
    if (pair->via.file)
        item->origin = mf_flow_origin(reading, place->origin, pair->via, "repeated here");
    return item;
}

static void read_node(struct mf_reading *reading, const struct mf_place *place,
                      const struct mf_tree_pair *pair)
{
    struct mf_flow_item *item = new_item(reading, place, MF_ITEM_NODE, pair);
    const struct mf_origin *outer = mf_diags_set_origin(reading->diags, item->origin);
    struct mf_item_text text = {0};
    struct mf_tree *map;

    mf_flow_check_name(reading, pair->key, "node", true);
    map = mf_item_map(reading, place, pair->value, MF_CODE_NOT_A_MAP, "a node");
    if (map)
        mf_item_read(reading, item, map, NULL, &text);
    if (mf_item_add(reading, item) && (text.to || text.then))
        mf_sugar_expand(reading, place, item, &text);
    mf_diags_set_origin(reading->diags, outer);
}

void mf_item_nodes(struct mf_reading *reading, const struct mf_place *place,
                   const struct mf_tree *nodes)
{
    for (uint32_t i = 0; nodes && i < nodes->count && !reading->is_full; i++)
        read_node(reading, place, &nodes->pairs[i]);
}

/* A link without a usable shape is known by its name, so that nobody misses it, but is no item. */
static void read_link(struct mf_reading *reading, const struct mf_place *place,
                      const struct mf_tree_pair *pair)
{
    struct mf_flow_item *item = new_item(reading, place, MF_ITEM_LINK, pair), *old;
    const struct mf_origin *outer = mf_diags_set_origin(reading->diags, item->origin);
    struct mf_flow *flow = reading->flow;
    struct mf_item_text text;
    struct mf_tree *map;

    mf_flow_check_name(reading, pair->key, "link", false);
    map = mf_item_map(reading, place, pair->value, MF_CODE_NOT_A_MAP, "a link");
    if (map)
        mf_item_read(reading, item, map, NULL, &text);
    old = mf_flow_has_room(reading, item->at) ? mf_map_add(&flow->links, item->name, item) : item;
    if (old && old != item)
        mf_flow_twice(reading, item->at, item->name, old->at);
    if (!old && *item->kind) {
        mf_grow(&flow->items, &reading->item_cap, flow->count, sizeof(struct mf_flow_item *));
        flow->items[flow->count++] = item;
    }
    mf_diags_set_origin(reading->diags, outer);
}

void mf_item_links(struct mf_reading *reading, const struct mf_place *place,
                   const struct mf_tree *links)
{
    for (uint32_t i = 0; links && i < links->count && !reading->is_full; i++)
        read_link(reading, place, &links->pairs[i]);
}
