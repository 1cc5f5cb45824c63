/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Expand: see expand.h. The items of a flow are plain already; what is left to do is to make their
 * names full where they name each other, in `from` and in expressions.
 */

#include "engine/graph/expand.h"

#include <string.h>

#include "engine/graph/registry.h"
#include "engine/graph/resolve.h"

struct expanding {
    const struct mf_flow *flow;
    const struct mf_flow_item *item;
    const struct mf_kind *kind;
    const struct mf_tree *from; /* of the item, or NULL */
    struct mf_diags quiet;      /* everything was said when the flow was compiled */
};

/* ---- new trees ---- */

static struct mf_tree *new_scalar(const struct expanding *e, const char *text, bool is_plain)
{
    struct mf_tree *tree = mf_arena_alloc(e->flow->arena, sizeof(*tree));

    tree->kind = MF_TREE_SCALAR;
    tree->is_plain = is_plain;
    tree->text = text;
    tree->count = (uint32_t)strlen(text);
    return tree;
}

static struct mf_tree *new_map(const struct expanding *e, size_t capacity)
{
    struct mf_tree *tree = mf_arena_alloc(e->flow->arena, sizeof(*tree));

    tree->kind = MF_TREE_MAP;
    tree->pairs = mf_arena_alloc(e->flow->arena, (capacity + 1) * sizeof(*tree->pairs));
    return tree;
}

static void add_pair(struct mf_tree *map, struct mf_tree *key, struct mf_tree *value)
{
    map->pairs[map->count++] = (struct mf_tree_pair){key, value};
}

/* A tree that is not changed; the struct has no const because others build it. */
static struct mf_tree *same(const struct mf_tree *tree)
{
    return (struct mf_tree *)(uintptr_t)tree;
}

/* ---- names ---- */

/* The name as the whole flow has it; the same text when it does not change. */
static const char *full_name(const struct expanding *e, const char *name, size_t len)
{
    struct mf_arena *arena = e->flow->arena;
    struct mf_name found = mf_flow_lookup(e->flow, e->item->scope, name, len);

    if (!found.node || !*found.node->name)
        return mf_arena_strndup(arena, name, len);
    if (!*found.rest)
        return found.node->name;
    return mf_arena_printf(arena, "%s.%s", found.node->name, found.rest);
}

/* ---- from ---- */

static struct mf_tree *expand_name(const struct expanding *e, const struct mf_tree *scalar)
{
    struct mf_from_name name;
    const char *full;

    if (scalar->kind != MF_TREE_SCALAR || scalar->is_unknown || !scalar->count)
        return same(scalar);
    name = mf_from_name(scalar);
    full = full_name(e, name.text, name.len);
    if (mf_text_eq(name.text, name.len, full))
        return same(scalar);
    if (name.is_previous)
        full = mf_arena_printf(e->flow->arena, "previous(%s)", full);
    return new_scalar(e, full, true);
}

static struct mf_tree *expand_names(const struct expanding *e, const struct mf_tree *tree)
{
    struct mf_tree *list;

    if (tree->kind != MF_TREE_LIST)
        return expand_name(e, tree);
    list = mf_arena_alloc(e->flow->arena, sizeof(*list));
    *list = *tree;
    list->items = mf_arena_alloc(e->flow->arena, (tree->count + 1) * sizeof(*list->items));
    for (uint32_t i = 0; i < tree->count; i++)
        list->items[i].value = expand_name(e, tree->items[i].value);
    return list;
}

/* Whether inputs without a name in `from` are called as their nodes were written. */
static bool takes_names(const struct expanding *e)
{
    int first = e->kind ? mf_kind_first_input(e->kind) : -1;

    return first >= 0 && (e->kind->ports[first].flags & MF_PORT_NAMED);
}

/* Full names would change what inputs are called, so they get the name they had. */
static struct mf_tree *keep_labels(const struct expanding *e, const struct mf_tree *tree)
{
    uint32_t count = tree->kind == MF_TREE_LIST ? tree->count : 1;
    struct mf_tree *map = new_map(e, count);

    for (uint32_t i = 0; i < count; i++) {
        const struct mf_tree *scalar = tree->kind == MF_TREE_LIST ? tree->items[i].value : tree;
        struct mf_from_name name = mf_from_name(scalar);
        const char *label = mf_arena_strndup(e->flow->arena, name.text, name.len);

        /* All outputs of a node are called by their own names; the key only must be one. */
        if (mf_text_ends(label, ".*"))
            label = mf_arena_printf(e->flow->arena, "all_%u", i + 1);
        add_pair(map, new_scalar(e, label, true), expand_name(e, scalar));
    }
    return map;
}

static struct mf_tree *expand_from(const struct expanding *e, const struct mf_tree *tree)
{
    bool is_changed = false;
    struct mf_tree *map;

    if (tree->kind == MF_TREE_MAP) {
        map = new_map(e, tree->count);
        for (uint32_t i = 0; i < tree->count; i++)
            add_pair(map, tree->pairs[i].key, expand_names(e, tree->pairs[i].value));
        return map;
    }
    if (!takes_names(e))
        return expand_names(e, tree);
    if (tree->kind == MF_TREE_SCALAR)
        is_changed = expand_name(e, tree) != tree;
    for (uint32_t i = 0; tree->kind == MF_TREE_LIST && i < tree->count; i++)
        is_changed |= expand_name(e, tree->items[i].value) != tree->items[i].value;
    return is_changed ? keep_labels(e, tree) : same(tree);
}

/* ---- expressions ---- */

/* A name that `from` gives: it means the same in the new file. */
static bool is_local(const struct expanding *e, const char *name, size_t len)
{
    if (!e->from)
        return false;
    if (mf_text_eq(name, len, "value"))
        return true;
    for (uint32_t i = 0; e->from->kind == MF_TREE_MAP && i < e->from->count; i++)
        if (mf_text_eq(name, len, e->from->pairs[i].key->text))
            return true;
    return false;
}

static const char *rename_ref(void *arg, const struct mf_expr_ref *ref)
{
    const struct expanding *e = arg;

    if (!ref->is_previous && is_local(e, ref->name, strcspn(ref->name, ".")))
        return ref->name;
    return full_name(e, ref->name, strlen(ref->name));
}

static struct mf_tree *expand_option(struct expanding *e, const struct mf_option *table,
                                     const char *key, const struct mf_tree *value);

static struct mf_tree *expand_table(struct expanding *e, const struct mf_option *option,
                                    const struct mf_tree *tree)
{
    const struct mf_table *table = option->of;
    struct mf_tree *map = new_map(e, tree->count);

    for (uint32_t i = 0; i < tree->count; i++) {
        struct mf_tree *key = tree->pairs[i].key;

        add_pair(map, key, expand_option(e, table->options, key->text, tree->pairs[i].value));
    }
    return map;
}

/* What the option's type reads tells whether there is an expression in it. */
static struct mf_tree *expand_expression(struct expanding *e, const struct mf_option *option,
                                         const struct mf_tree *scalar)
{
    struct mf_arena *arena = e->flow->arena;
    struct mf_loaded loaded = {0};
    struct mf_load load = {arena, &e->quiet, &loaded, .key = option->name};
    struct mf_buf text = {0};
    struct mf_tree *tree = same(scalar);

    if (scalar->is_unknown || scalar->is_secret || !option->type->size)
        return tree;
    option->type->read(&load, option, scalar, mf_arena_alloc(arena, option->type->size));
    if (loaded.inputs)
        return expand_name(e, scalar);
    if (!loaded.exprs)
        return tree;
    mf_expr_print(loaded.exprs->expr, rename_ref, e, &text);
    if (!mf_text_eq(scalar->text, scalar->count, mf_buf_text(&text)))
        tree = new_scalar(e, mf_arena_strdup(arena, mf_buf_text(&text)), scalar->is_plain);
    mf_buf_done(&text);
    return tree;
}

/* A copy in which the names of nodes are full. */
static struct mf_tree *expand_inputs(struct expanding *e, const struct mf_late_input *inputs,
                                     const struct mf_tree *tree)
{
    struct mf_tree *map;

    if (tree->kind == MF_TREE_SCALAR) {
        while (inputs && inputs->name != tree)
            inputs = inputs->next;
        return inputs ? expand_name(e, tree) : same(tree);
    }
    if (tree->kind != MF_TREE_MAP)
        return same(tree);
    map = new_map(e, tree->count);
    for (uint32_t i = 0; i < tree->count; i++)
        add_pair(map, tree->pairs[i].key, expand_inputs(e, inputs, tree->pairs[i].value));
    return map;
}

/* What the option's type reads tells whether there are inputs in it. */
static struct mf_tree *expand_map(struct expanding *e, const struct mf_option *option,
                                  const struct mf_tree *map)
{
    struct mf_arena *arena = e->flow->arena;
    struct mf_loaded loaded = {0};
    struct mf_load load = {arena, &e->quiet, &loaded, .key = option->name};

    if (!option->type->size)
        return same(map);
    option->type->read(&load, option, map, mf_arena_alloc(arena, option->type->size));
    return loaded.inputs ? expand_inputs(e, loaded.inputs, map) : same(map);
}

/* `key` NULL is the main option. */
static struct mf_tree *expand_option(struct expanding *e, const struct mf_option *table,
                                     const char *key, const struct mf_tree *value)
{
    for (const struct mf_option *option = table; option && option->name; option++) {
        if (key ? strcmp(option->name, key) != 0 : !(option->flags & MF_OPT_PRIMARY))
            continue;
        if (option->type == &mf_type_table && value->kind == MF_TREE_MAP)
            return expand_table(e, option, value);
        if (value->kind == MF_TREE_MAP)
            return expand_map(e, option, value);
        if (value->kind == MF_TREE_SCALAR)
            return expand_expression(e, option, value);
    }
    return same(value);
}

/* What is printed may stand anywhere: paths are made relative to where the user is. `key` NULL is
 * the main option. */
static struct mf_tree *move_path(struct expanding *e, const struct mf_option *table,
                                 const char *key, struct mf_tree *tree)
{
    struct mf_load load = {e->flow->arena, &e->quiet};
    const char *moved = NULL;

    for (const struct mf_option *option = table; option && option->name; option++)
        if ((key ? strcmp(option->name, key) == 0 : (option->flags & MF_OPT_PRIMARY) != 0) &&
            option->type->moved && tree->kind == MF_TREE_SCALAR)
            moved = option->type->moved(&load, tree);
    return moved ? new_scalar(e, moved, tree->is_plain) : tree;
}

/* ---- items ---- */

static struct mf_tree *expand_item(struct expanding *e)
{
    const struct mf_flow_item *item = e->item;
    const struct mf_option *table = e->kind ? e->kind->options : NULL;
    struct mf_tree *map = new_map(e, item->option_count + 1);
    /* Without parts every name is a full one. */
    bool has_names = e->flow->instances.count && item->item_type == MF_ITEM_NODE;
    struct mf_tree *main = item->main ? same(item->main) : new_scalar(e, "", true);

    if (has_names && item->main)
        main = expand_option(e, table, NULL, item->main);
    main = move_path(e, table, NULL, main);
    add_pair(map, new_scalar(e, item->kind, true), main);
    for (size_t i = 0; i < item->option_count; i++) {
        struct mf_tree *key = item->options[i].key, *value = item->options[i].value;

        if (has_names && strcmp(key->text, "from") == 0)
            value = expand_from(e, value);
        else if (has_names)
            value = expand_option(e, table, key->text, value);
        add_pair(map, key, move_path(e, table, key->text, value));
    }
    return map;
}

static void print_items(const struct mf_flow *flow, enum mf_item_type type, const char *heading,
                        struct mf_buf *buf)
{
    bool is_first = true;

    for (size_t i = 0; i < flow->count; i++) {
        const struct mf_flow_item *item = flow->items[i];
        const struct mf_tree_pair *from = mf_flow_option(item, "from");
        struct expanding e = {flow, item, NULL, from ? from->value : NULL};

        if (item->item_type != type)
            continue;
        if (is_first)
            mf_buf_printf(buf, "\n%s:\n", heading);
        is_first = false;
        if (type == MF_ITEM_NODE)
            e.kind = mf_registry_node(item->kind);
        mf_diags_init(&e.quiet, flow->sources);
        mf_expand_entry(item->name, expand_item(&e), buf);
        mf_diags_done(&e.quiet);
    }
}

void mf_expand_print(const struct mf_flow *flow, struct mf_buf *buf)
{
    mf_buf_puts(buf, "moat-flow: 1\n");
    if (flow->title) {
        mf_buf_puts(buf, "title: ");
        mf_expand_text(flow->title, strlen(flow->title), buf);
        mf_buf_putc(buf, '\n');
    }
    print_items(flow, MF_ITEM_LINK, "links", buf);
    print_items(flow, MF_ITEM_NODE, "nodes", buf);
}
