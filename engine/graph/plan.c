/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See plan.h. */

#include "engine/graph/plan.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/config/source.h"
#include "engine/value/build.h"
#include "engine/value/field.h"

/* ---- trees as text ---- */

static void put_tree(const struct mf_tree *tree, struct mf_buf *buf)
{
    if (tree->kind == MF_TREE_SCALAR) {
        if (tree->is_secret)
            mf_tree_bare(tree, buf);
        else
            mf_buf_puts(buf, tree->count ? tree->text : "\"\"");
        return;
    }
    mf_buf_putc(buf, tree->kind == MF_TREE_MAP ? '{' : '[');
    for (uint32_t i = 0; i < tree->count && !buf->overflow; i++) {
        if (i > 0)
            mf_buf_puts(buf, ", ");
        if (tree->kind == MF_TREE_MAP) {
            put_tree(tree->pairs[i].key, buf);
            mf_buf_puts(buf, ": ");
            put_tree(tree->pairs[i].value, buf);
        } else {
            put_tree(tree->items[i].value, buf);
        }
    }
    mf_buf_putc(buf, tree->kind == MF_TREE_MAP ? '}' : ']');
}

static bool same_tree(const struct mf_tree *a, const struct mf_tree *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == MF_TREE_SCALAR)
        return memcmp(a->text, b->text, a->count) == 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->kind == MF_TREE_MAP && !(same_tree(a->pairs[i].key, b->pairs[i].key) &&
                                        same_tree(a->pairs[i].value, b->pairs[i].value)))
            return false;
        if (a->kind != MF_TREE_MAP && !same_tree(a->items[i].value, b->items[i].value))
            return false;
    }
    return true;
}

/* ---- options ---- */

static const struct mf_tree *option_of(const struct mf_flow_item *item, const char *key)
{
    for (size_t i = 0; i < item->option_count; i++)
        if (strcmp(item->options[i].key->text, key) == 0)
            return item->options[i].value;
    return NULL;
}

static void put_change(const char *key, const struct mf_tree *from, const struct mf_tree *to,
                       struct mf_buf *buf)
{
    if (!from && !to)
        return;
    if (from && to && same_tree(from, to))
        return;
    if (buf->len)
        mf_buf_puts(buf, ", ");
    mf_buf_printf(buf, "%s%s ", !from ? "+" : !to ? "-" : "", key);
    if (from)
        put_tree(from, buf);
    if (from && to)
        mf_buf_puts(buf, " → ");
    if (to)
        put_tree(to, buf);
}

static bool is_for_readers(const char *key)
{
    return strcmp(key, "doc") == 0 || strcmp(key, "examples") == 0;
}

/* "deadband 20 W → 30 W, +heartbeat 5min" */
static void put_options(const struct mf_flow_item *from, const struct mf_flow_item *to,
                        struct mf_buf *buf)
{
    put_change(to->kind, from->main, to->main, buf);
    for (size_t i = 0; i < to->option_count; i++) {
        const char *key = to->options[i].key->text;

        if (!is_for_readers(key))
            put_change(key, option_of(from, key), to->options[i].value, buf);
    }
    for (size_t i = 0; i < from->option_count; i++) {
        const char *key = from->options[i].key->text;

        if (!is_for_readers(key) && !option_of(to, key))
            put_change(key, from->options[i].value, NULL, buf);
    }
}

/* ---- the list ---- */

struct item {
    char mark;
    const char *file, *name, *fate;
    char *what;
    size_t order; /* where it stands in its flow */
};

struct list {
    struct mf_plan_side from, to;
    struct item *items;
    size_t count, cap;
    size_t unchanged, links_unchanged;
};

static void add(struct list *list, char mark, const struct mf_flow *flow,
                const struct mf_flow_item *flow_item, struct mf_buf *what, const char *fate)
{
    const struct mf_source *source = mf_sources_get(flow->sources, flow_item->at.file);

    if (what->overflow) {
        what->limit = 0;
        while (what->len && ((unsigned char)what->data[what->len - 1] & 0xC0) == 0x80)
            what->len--;
        if (what->len && (unsigned char)what->data[what->len - 1] >= 0xC0)
            what->len--; /* perhaps half a character */
        mf_buf_puts(what, "…");
    }
    mf_grow(&list->items, &list->cap, list->count, sizeof(*list->items));
    list->items[list->count] = (struct item){
        .mark = mark,
        .file = source ? source->name : "",
        .name = flow_item->name,
        .fate = fate,
        .what = mf_strdup(mf_buf_text(what)),
        .order = list->count,
    };
    list->count++;
    mf_buf_done(what);
}

static bool same_hash(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static bool same_link(const struct list *list, const char *name)
{
    const struct mf_link_def *from = mf_map_get(&list->from.graph->link_by_name, name);
    const struct mf_link_def *to = mf_map_get(&list->to.graph->link_by_name, name);

    return from && to && from->kind == to->kind && same_hash(from->hash, to->hash);
}

static bool keeps_state(const struct mf_kind *kind)
{
    return kind->save && kind->restore;
}

static void compare_nodes(struct list *list, const struct mf_flow_item *old,
                          const struct mf_flow_item *item)
{
    const struct mf_def *from = mf_map_get(&list->from.graph->by_name, item->name);
    const struct mf_def *to = mf_map_get(&list->to.graph->by_name, item->name);
    bool keeps_link = !to->link || same_link(list, to->link->name);
    struct mf_buf what = {.limit = MF_PLAN_TEXT};

    if (keeps_link && from->kind == to->kind && same_hash(from->hash, to->hash)) {
        list->unchanged++;
        return;
    }
    if (from->kind != to->kind) {
        mf_buf_printf(&what, "%s → %s", from->kind->name, to->kind->name);
        add(list, '!', list->to.flow, item, &what,
            keeps_state(from->kind) ? "kind changed: state dropped" : "kind changed");
        return;
    }
    put_options(old, item, &what);
    if (!what.len)
        mf_buf_puts(&what, keeps_link ? "what it is fed with changed" : "its link changed");
    if (keeps_link && same_hash(from->fixed, to->fixed))
        add(list, '~', list->to.flow, item, &what, "in place");
    else
        add(list, '~', list->to.flow, item, &what,
            keeps_state(to->kind) ? "made anew, keeps its state" : "made anew");
}

static void compare_links(struct list *list, const struct mf_flow_item *old,
                          const struct mf_flow_item *item)
{
    struct mf_buf what = {.limit = MF_PLAN_TEXT};

    if (same_link(list, item->name)) {
        list->links_unchanged++;
        return;
    }
    put_options(old, item, &what);
    add(list, '~', list->to.flow, item, &what, "connects anew");
}

static const struct mf_flow_item *find(const struct mf_plan_side *side,
                                       const struct mf_flow_item *like)
{
    if (like->item_type == MF_ITEM_LINK)
        return mf_map_get(&side->graph->link_by_name, like->name)
                   ? mf_map_get(&side->flow->links, like->name)
                   : NULL;
    return mf_map_get(&side->graph->by_name, like->name)
               ? mf_map_get(&side->flow->names, like->name)
               : NULL;
}

static void one_sided(struct list *list, char mark, const struct mf_flow *flow,
                      const struct mf_flow_item *item)
{
    struct mf_buf what = {.limit = MF_PLAN_TEXT};

    mf_buf_puts(&what, item->kind);
    add(list, mark, flow, item, &what, mark == '+' ? "new" : "removed");
}

static void compare(struct list *list)
{
    for (size_t i = 0; i < list->to.flow->count; i++) {
        const struct mf_flow_item *item = list->to.flow->items[i];
        const struct mf_flow_item *old = find(&list->from, item);

        if (!find(&list->to, item))
            continue; /* disabled */
        if (!old)
            one_sided(list, '+', list->to.flow, item);
        else if (item->item_type == MF_ITEM_LINK)
            compare_links(list, old, item);
        else
            compare_nodes(list, old, item);
    }
    for (size_t i = 0; i < list->from.flow->count; i++) {
        const struct mf_flow_item *item = list->from.flow->items[i];

        if (find(&list->from, item) && !find(&list->to, item))
            one_sided(list, '-', list->from.flow, item);
    }
}

/* ---- the result ---- */

static int by_file(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = strcmp(a->file, b->file);

    return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

static struct mf_value item_value(const struct item *item)
{
    struct mf_builder map;

    mf_build_start(&map);
    mf_build_take_field(&map, "mark", mf_value_new_text_n(&item->mark, 1));
    mf_build_take_field(&map, "name", mf_value_new_text(item->name));
    mf_build_take_field(&map, "what", mf_value_new_text(item->what));
    mf_build_take_field(&map, "fate", mf_value_new_text(item->fate));
    return mf_build_end_map(&map);
}

static struct mf_value files_value(const struct list *list)
{
    struct mf_builder files, file, items;

    mf_build_start(&files);
    for (size_t i = 0; i < list->count;) {
        const char *name = list->items[i].file;

        mf_build_start(&items);
        for (; i < list->count && strcmp(list->items[i].file, name) == 0; i++)
            mf_build_take_item(&items, item_value(&list->items[i]));
        mf_build_start(&file);
        mf_build_take_field(&file, "file", mf_value_new_text(name));
        mf_build_take_field(&file, "items", mf_build_end_list(&items));
        mf_build_take_item(&files, mf_build_end_map(&file));
    }
    return mf_build_end_list(&files);
}

struct mf_value mf_plan_make(struct mf_plan_side from, struct mf_plan_side to)
{
    struct list list = {.from = from, .to = to};
    struct mf_builder map;

    compare(&list);
    if (list.count)
        qsort(list.items, list.count, sizeof(*list.items), by_file);
    mf_build_start(&map);
    mf_build_take_field(&map, "changed", mf_value_int((int64_t)list.count));
    mf_build_take_field(&map, "unchanged", mf_value_int((int64_t)list.unchanged));
    mf_build_take_field(&map, "links_unchanged", mf_value_int((int64_t)list.links_unchanged));
    mf_build_take_field(&map, "files", files_value(&list));
    for (size_t i = 0; i < list.count; i++)
        mf_free(list.items[i].what);
    mf_free(list.items);
    return mf_build_end_map(&map);
}

/* ---- for people ---- */

/* Characters of UTF-8. */
static int width_of(const struct mf_value *map, const char *key)
{
    int len, width = 0;
    const char *text = mf_field_text(map, key, &len);

    for (int i = 0; i < len; i++)
        width += ((unsigned char)text[i] & 0xC0) != 0x80;
    return width;
}

static void widen(const struct mf_value *items, const char *key, int limit, int *width)
{
    for (size_t i = 0; i < mf_value_count(items); i++) {
        int own = width_of(mf_value_at(items, i), key);

        if (own > *width && own <= limit)
            *width = own;
    }
}

static void put_cell(const struct mf_value *item, const char *key, int width, struct mf_buf *buf)
{
    int len;
    const char *text = mf_field_text(item, key, &len);

    mf_buf_put(buf, text, (size_t)len);
    for (int i = width_of(item, key); i < width; i++)
        mf_buf_putc(buf, ' ');
    mf_buf_puts(buf, "  ");
}

void mf_plan_print(const struct mf_value *plan, struct mf_buf *buf)
{
    enum { NAME_MAX_WIDTH = 24, WHAT_MAX_WIDTH = 44 };
    int name = 0, what = 0, len;

    for (size_t i = 0; i < mf_field_count(plan, "files"); i++) {
        const struct mf_value *items = mf_field(mf_field_at(plan, "files", i), "items");

        widen(items, "name", NAME_MAX_WIDTH, &name);
        widen(items, "what", WHAT_MAX_WIDTH, &what);
    }
    for (size_t i = 0; i < mf_field_count(plan, "files"); i++) {
        const struct mf_value *file = mf_field_at(plan, "files", i);
        const char *text = mf_field_text(file, "file", &len);

        mf_buf_printf(buf, "%.*s\n", len, text);
        for (size_t k = 0; k < mf_field_count(file, "items"); k++) {
            const struct mf_value *item = mf_field_at(file, "items", k);

            text = mf_field_text(item, "mark", &len);
            mf_buf_printf(buf, "  %.*s ", len, text);
            put_cell(item, "name", name, buf);
            put_cell(item, "what", what, buf);
            text = mf_field_text(item, "fate", &len);
            mf_buf_printf(buf, "%.*s\n", len, text);
        }
    }
    mf_buf_printf(buf, "= %lld nodes unchanged: timers, windows, queues and connections stay\n",
                  (long long)mf_field_int(plan, "unchanged", 0));
}
