/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading a map of options by table.
 *
 * Fallbacks are read by the same code as what the user writes. Their trees are
 * made once per text and kept: a flow of 100 000 nodes reads a million of them.
 */

#include "engine/config/type.h"

#include <assert.h>
#include <string.h>

#include "engine/base/map.h"
#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/config/type_priv.h"

enum { TABLE_MAX = 64, LISTED_MAX = 12 }; /* options of one table; those that a message lists */

/* One map of options while it is read. */
struct reading {
    struct mf_load *load;
    const struct mf_option *table;
    const char *who;
    struct mf_span who_at;
    char *config;
    uint64_t given; /* by index in `table` */
    const struct mf_tree *main;
};

/* ---- fallbacks ---- */

/* A text that YAML takes as it is: what nearly all fallbacks are. */
static bool is_plain(const char *text)
{
    return *text && !strchr("[]{}\"'|>&*!%@#`,?- ", *text) && !strpbrk(text, ":#\n\\");
}

static struct mf_tree *make_fallback(struct mf_load *load, struct mf_arena *arena, const char *text)
{
    struct mf_source source = {.name = "a default", .text = text, .len = strlen(text)};
    struct mf_tree *tree;

    if (!is_plain(text))
        return mf_compose(&source, 0, source.len, arena, load->diags);
    tree = mf_arena_alloc(arena, sizeof(*tree));
    *tree = (struct mf_tree){.kind = MF_TREE_SCALAR,
                             .is_plain = true,
                             .nodes = 1,
                             .count = (uint32_t)source.len,
                             .text = text};
    return tree;
}

static const struct mf_tree *fallback_tree(struct mf_load *load, const char *text)
{
    static struct mf_arena *arena;
    static struct mf_map trees; /* by text; lives as long as the program */
    struct mf_tree *tree = mf_map_get(&trees, text);

    if (tree)
        return tree;
    if (!arena)
        arena = mf_arena_new();
    tree = make_fallback(load, arena, text);
    assert(tree && "a fallback is YAML");
    mf_map_add(&trees, mf_arena_strdup(arena, text), tree);
    return tree;
}

/* Reads the fallback; without one the member stays as it is. */
static bool read_fallback(struct reading *reading, const struct mf_option *option)
{
    if (!option->fallback)
        return true;
    reading->load->key = option->name;
    return option->type->read(reading->load, option, fallback_tree(reading->load, option->fallback),
                              reading->config + option->offset);
}

/* ---- what is given ---- */

static void set_given(struct reading *reading, const struct mf_option *option)
{
    if (option->has)
        *(bool *)(reading->config + option->has - 1) = true;
}

/* A text that is not known here: texts keep what there is of it, for anything else the fallback
 * counts. Without one, a required option makes its owner silent. */
static bool read_unknown(struct reading *reading, const struct mf_option *option)
{
    reading->load->into->is_unknown = true;
    if (option->fallback)
        return read_fallback(reading, option);
    return !(option->flags & MF_OPT_REQUIRED);
}

static bool read_value(struct reading *reading, const struct mf_option *option,
                       const struct mf_tree *tree, const char *key)
{
    if (tree->kind == MF_TREE_SCALAR && tree->is_unknown) {
        if (option->type != &mf_type_text && option->type != &mf_type_texts)
            return read_unknown(reading, option);
        reading->load->into->is_unknown = true;
    }
    set_given(reading, option);
    reading->load->key = key;
    return option->type->read(reading->load, option, tree, reading->config + option->offset);
}

static const struct mf_option *find_primary(const struct mf_option *table)
{
    for (const struct mf_option *option = table; option && option->name; option++)
        if (option->flags & MF_OPT_PRIMARY)
            return option;
    return NULL;
}

static bool read_main(struct reading *reading)
{
    const struct mf_option *option = find_primary(reading->table);

    if (option) {
        reading->given |= UINT64_C(1) << (option - reading->table);
        return read_value(reading, option, reading->main, reading->who);
    }
    mf_diag_help(mf_diag(reading->load->diags, MF_ERROR, MF_CODE_NO_MAIN, reading->main->at,
                         "`%s` takes nothing after its colon", reading->who),
                 "leave the value out; `moat-flow nodes %s` shows its options", reading->who);
    return false;
}

/* ---- unknown, missing, twice ---- */

static void list_options(const struct mf_option *table, struct mf_buf *buf)
{
    unsigned listed = 0;

    for (const struct mf_option *option = table; option->name; option++) {
        if (option->deprecated)
            continue;
        if (listed++ == LISTED_MAX) {
            mf_buf_puts(buf, ", …");
            return;
        }
        mf_buf_printf(buf, "%s`%s`", listed > 1 ? ", " : "", option->name);
    }
}

static bool unknown_option(struct reading *reading, const struct mf_tree *key)
{
    struct mf_load *load = reading->load;
    struct mf_nearest nearest;
    struct mf_buf names = {0}, shown = {0};
    struct mf_diag *diag;

    mf_nearest_init(&nearest, key->text);
    for (const struct mf_option *option = reading->table; option && option->name; option++)
        if (!option->deprecated)
            mf_nearest_add(&nearest, option->name);
    for (const char *const *name = load->also; name && *name; name++)
        mf_nearest_add(&nearest, *name);
    mf_text_printable(&shown, key->text, key->count, LISTED_MAX * 4);
    diag = mf_diag(load->diags, MF_ERROR, MF_CODE_UNKNOWN_OPTION, key->at,
                   "`%s` has no option `%s`", reading->who, mf_buf_text(&shown));
    if (reading->table)
        list_options(reading->table, &names);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else if (names.len)
        mf_diag_help(diag, "its options are %s", mf_buf_text(&names));
    mf_buf_done(&names);
    mf_buf_done(&shown);
    return false;
}

static bool missing_option(struct reading *reading, const struct mf_option *option)
{
    struct mf_diag *diag;

    if (option->flags & MF_OPT_PRIMARY) {
        diag = mf_diag(reading->load->diags, MF_ERROR, MF_CODE_MISSING_OPTION, reading->who_at,
                       "`%s` needs a value: %s", reading->who, option->type->syntax);
        mf_diag_help(diag, "write it after the colon, `%s: …`; it is the %s", reading->who,
                     option->name);
        return false;
    }
    diag = mf_diag(reading->load->diags, MF_ERROR, MF_CODE_MISSING_OPTION, reading->who_at,
                   "`%s` needs `%s`", reading->who, option->name);
    mf_diag_help(diag, "add `%s: …`, %s", option->name, option->type->syntax);
    return false;
}

static bool given_twice(struct reading *reading, const struct mf_option *option,
                        const struct mf_tree *key)
{
    struct mf_diag *diag = mf_diag(reading->load->diags, MF_ERROR, MF_CODE_TWICE, key->at,
                                   "`%s` is given twice: it also is what stands after `%s:`",
                                   option->name, reading->who);

    if (reading->main)
        mf_diag_related(diag, reading->main->at, "here");
    mf_diag_help(diag, "leave one of the two out");
    return false;
}

static void check_deprecated(struct reading *reading, const struct mf_option *option,
                             const struct mf_tree *key)
{
    if (option->deprecated)
        mf_diag_help(mf_diag(reading->load->diags, MF_WARNING, MF_CODE_DEPRECATED, key->at,
                             "`%s` will go away", option->name),
                     "use `%s`", option->deprecated);
}

/* ---- all ---- */

static const struct mf_option *find_option(const struct mf_option *table, const char *key)
{
    for (const struct mf_option *option = table; option && option->name; option++)
        if (strcmp(option->name, key) == 0)
            return option;
    return NULL;
}

static bool read_pair(struct reading *reading, const struct mf_tree_pair *pair)
{
    const struct mf_option *option = find_option(reading->table, pair->key->text);
    uint64_t bit;

    if (!option)
        return unknown_option(reading, pair->key);
    bit = UINT64_C(1) << (option - reading->table);
    if (reading->given & bit)
        return given_twice(reading, option, pair->key);
    reading->given |= bit;
    check_deprecated(reading, option, pair->key);
    return read_value(reading, option, pair->value, option->name);
}

static bool read_absent(struct reading *reading)
{
    bool ok = true;

    for (const struct mf_option *option = reading->table; option && option->name; option++) {
        size_t index = (size_t)(option - reading->table);

        assert(index < TABLE_MAX);
        if (reading->given & (UINT64_C(1) << index))
            continue;
        ok &= option->flags & MF_OPT_REQUIRED ? missing_option(reading, option)
                                              : read_fallback(reading, option);
    }
    return ok;
}

bool mf_load_options(struct mf_load *load, const struct mf_option *table, const char *who,
                     struct mf_span who_at, const struct mf_tree *main,
                     const struct mf_tree_pair *pairs, size_t count, bool (*skip)(const char *key),
                     void *config)
{
    struct reading reading = {load, table, who, who_at, config, 0, main};
    const char *outer = load->key;
    bool ok = true;

    if (main)
        ok &= read_main(&reading);
    for (size_t i = 0; i < count; i++)
        if (!skip || !skip(pairs[i].key->text))
            ok &= read_pair(&reading, &pairs[i]);
    ok &= read_absent(&reading);
    load->key = outer;
    if (!ok)
        load->into->failed = true;
    return ok;
}

/* ---- tables in options ---- */

static bool table_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    const struct mf_table *table = option->of;
    const char *const *also = load->also;
    bool is_main = tree->kind != MF_TREE_MAP && find_primary(table->options);
    bool ok;

    if (tree->kind != MF_TREE_MAP && !is_main)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    load->also = NULL;
    ok = mf_load_options(load, table->options, mf_type_key(load, option), tree->at,
                         is_main ? tree : NULL, is_main ? NULL : tree->pairs,
                         is_main ? 0 : tree->count, NULL, ret);
    load->also = also;
    return ok;
}

const struct mf_type mf_type_table = {
    .name = "table",
    .syntax = "a map of options",
    .read = table_read,
    .schema = mf_schema_table,
};
