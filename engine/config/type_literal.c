/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The literal: the one type that goes by the look of a scalar.
 *
 * Plain: `true`, `false`, `null`, a whole number, a number, a quantity; anything
 * else is a text, and so is all that is quoted. Lists and maps hold literals, but
 * no quantities: a list has no place to say what unit its items are in.
 */

#include "engine/config/type.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/config/schema.h"
#include "engine/config/type_priv.h"
#include "engine/value/build.h"

/* Words and numbers as YAML's core schema has them. */
static struct mf_value plain_value(const char *text, size_t len)
{
    static const struct {
        const char *text;
        struct mf_value value;
    } words[] = {
        {"true", {.type = MF_BOOL, .boolean = true}},
        {"True", {.type = MF_BOOL, .boolean = true}},
        {"TRUE", {.type = MF_BOOL, .boolean = true}},
        {"false", {.type = MF_BOOL}},
        {"False", {.type = MF_BOOL}},
        {"FALSE", {.type = MF_BOOL}},
        {"null", {.type = MF_NULL}},
        {"Null", {.type = MF_NULL}},
        {"NULL", {.type = MF_NULL}},
        {"~", {.type = MF_NULL}},
        {"", {.type = MF_NULL}},
    };
    double number;
    int64_t whole;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].text, text) == 0)
            return words[i].value;
    if (mf_num_read_int(text, len, &whole))
        return mf_value_int(whole);
    if (mf_num_read_double(text, len, &number))
        return mf_value_number(number);
    return mf_value_new_text_n(text, len);
}

static struct mf_value scalar_value(const struct mf_tree *tree)
{
    return tree->is_plain && strlen(tree->text) == tree->count
               ? plain_value(tree->text, tree->count)
               : mf_value_new_text_n(tree->text, tree->count);
}

static bool read_quantity(const struct mf_tree *tree, struct mf_value *ret,
                          struct mf_unit *ret_unit, bool *ret_has_unit)
{
    double number;
    bool has_unit = false;

    if (!tree->is_plain ||
        mf_quantity_read(tree->text, tree->count, &number, ret_unit, &has_unit, NULL) < 0 ||
        !has_unit)
        return false;
    *ret = mf_value_number(number);
    *ret_has_unit = true;
    return true;
}

static bool read_item(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret);

static bool read_list(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret)
{
    struct mf_builder builder;
    struct mf_value item;

    mf_build_start(&builder);
    for (uint32_t i = 0; i < tree->count; i++) {
        if (!read_item(load, tree->items[i].value, &item)) {
            mf_build_drop(&builder);
            return false;
        }
        mf_build_take_item(&builder, item);
    }
    *ret = mf_build_end_list(&builder);
    return true;
}

static bool read_map(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret)
{
    struct mf_builder builder;
    struct mf_value item;

    mf_build_start(&builder);
    for (uint32_t i = 0; i < tree->count; i++) {
        if (!read_item(load, tree->pairs[i].value, &item)) {
            mf_build_drop(&builder);
            return false;
        }
        mf_build_take_pair(&builder, scalar_value(tree->pairs[i].key), item);
    }
    *ret = mf_build_end_map(&builder);
    return true;
}

/* As deep as MF_TREE_DEPTH at most: the composer has seen to it. */
static bool read_item(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret)
{
    struct mf_unit unit;
    bool has_unit = false;

    if (tree->kind == MF_TREE_LIST)
        return read_list(load, tree, ret);
    if (tree->kind == MF_TREE_MAP)
        return read_map(load, tree, ret);
    if (!tree->is_secret && read_quantity(tree, ret, &unit, &has_unit)) {
        mf_diag_help(mf_diag(load->diags, MF_ERROR, MF_CODE_UNWANTED_UNIT, tree->at,
                             "in lists and maps, numbers have no unit; got `%s`", tree->text),
                     "leave `%s` out, or quote it if it is a text", unit.name);
        return false;
    }
    *ret = scalar_value(tree);
    return true;
}

bool mf_literal_read(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret,
                     struct mf_unit *ret_unit, bool *ret_has_unit)
{
    *ret_has_unit = false;
    if (tree->kind == MF_TREE_SCALAR && read_quantity(tree, ret, ret_unit, ret_has_unit))
        return true;
    return read_item(load, tree, ret);
}

static bool literal_read(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret)
{
    struct mf_value *value = ret, read;
    bool has_unit = false;
    struct mf_unit unit;

    if (!mf_literal_read(load, tree, &read, &unit, &has_unit))
        return false;
    if (has_unit && !option->unit) {
        mf_diag_help(mf_diag(load->diags, MF_ERROR, MF_CODE_UNWANTED_UNIT, tree->at,
                             "`%s` has no unit; got %s", mf_type_key(load, option),
                             mf_type_shown(load, option, tree)),
                     "leave `%s` out, or quote it if it is a text", unit.name);
        return false;
    }
    if (has_unit && !mf_type_is_late(option) &&
        !mf_type_to_unit(load, option, tree, &unit, &read.number))
        return false;
    mf_type_keep_value(load->arena, read);
    *value = read;
    /* A number without a unit is in the port's, whichever that is. */
    if (has_unit && mf_type_is_late(option))
        mf_type_late(load, option, tree->at, &value->number, &unit, true);
    return true;
}

const struct mf_type mf_type_literal = {
    .name = "literal",
    .syntax = "a number, `true`, `false`, a text, a list or a map",
    .size = sizeof(struct mf_value),
    .read = literal_read,
    .schema = mf_schema_literal,
};
