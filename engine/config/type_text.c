/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Option types: truth, texts, choices, units and paths. */

#include "engine/config/type.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/config/type_priv.h"
#include "engine/value/path.h"

static void add_help(struct mf_diag *diag, const struct mf_nearest *nearest)
{
    if (nearest->best && *nearest->wanted)
        mf_diag_help(diag, "did you mean `%s`?", nearest->best);
}

/* ---- bool ---- */

/* The spellings that YAML's own rules know, too. */
const struct mf_bool_word mf_bool_words[] = {
    {"true", true},
    {"false", false},
    {"True", true},
    {"False", false},
    {"TRUE", true},
    {"FALSE", false},
    {"yes", true},
    {"no", false},
    {"Yes", true},
    {"No", false},
    {"YES", true},
    {"NO", false},
    {"on", true},
    {"off", false},
    {"On", true},
    {"Off", false},
    {"ON", true},
    {"OFF", false},
    {0},
};

static bool bool_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    for (const struct mf_bool_word *word = mf_bool_words; word->text; word++)
        if (strcmp(word->text, text) == 0) {
            *(bool *)ret = word->value;
            return true;
        }
    return mf_type_mismatch(load, option, tree, option->type->syntax);
}

const struct mf_type mf_type_bool = {
    .name = "bool",
    .syntax = "`true` or `false`",
    .size = sizeof(bool),
    .read = bool_read,
    .schema = mf_schema_bool,
};

/* ---- text ---- */

static bool text_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    *(const char **)ret = mf_arena_strndup(load->arena, text, tree->count);
    return true;
}

const struct mf_type mf_type_text = {
    .name = "text",
    .syntax = "a text",
    .size = sizeof(const char *),
    .read = text_read,
    .schema = mf_schema_text,
};

static bool texts_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_texts *texts = ret;
    const char **list;

    if (tree->kind == MF_TREE_MAP)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    if (tree->kind == MF_TREE_SCALAR) {
        list = mf_arena_alloc(load->arena, sizeof(*list));
        *texts = (struct mf_texts){list, 1};
        return text_read(load, option, tree, list);
    }
    list = mf_arena_alloc(load->arena, (tree->count + 1) * sizeof(*list));
    for (uint32_t i = 0; i < tree->count; i++)
        if (!text_read(load, option, tree->items[i].value, &list[i]))
            return false;
    *texts = (struct mf_texts){list, tree->count};
    return true;
}

const struct mf_type mf_type_texts = {
    .name = "texts",
    .syntax = "a text or a list of texts",
    .size = sizeof(struct mf_texts),
    .read = texts_read,
    .schema = mf_schema_texts,
};

/* ---- choice ---- */

static void list_choices(const struct mf_choice *choices, struct mf_buf *buf)
{
    for (const struct mf_choice *choice = choices; choice->name; choice++)
        mf_buf_printf(buf, "%s`%s`",
                      choice == choices ? ""
                      : choice[1].name  ? ", "
                                        : " or ",
                      choice->name);
}

static bool choice_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    const struct mf_choice *choices = option->of;
    struct mf_buf wanted = {0};
    struct mf_nearest nearest;
    const char *text = "";

    if (tree->kind == MF_TREE_SCALAR && (text = mf_type_scalar(load, option, tree)) == NULL)
        return false;
    mf_nearest_init(&nearest, text);
    for (const struct mf_choice *choice = choices; choice->name; choice++) {
        if (strcmp(choice->name, text) == 0) {
            *(int *)ret = choice->value;
            return true;
        }
        mf_nearest_add(&nearest, choice->name);
    }
    list_choices(choices, &wanted);
    add_help(mf_diag(load->diags, MF_ERROR, MF_CODE_CHOICE, tree->at, "`%s` is one of %s, got %s",
                     mf_type_key(load, option), mf_buf_text(&wanted),
                     mf_type_shown(load, option, tree)),
             &nearest);
    mf_buf_done(&wanted);
    return false;
}

const struct mf_type mf_type_choice = {
    .name = "choice",
    .syntax = "one of a few words",
    .size = sizeof(int),
    .read = choice_read,
    .schema = mf_schema_choice,
};

/* ---- unit ---- */

static bool unit_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;

    if (!text)
        return false;
    if (mf_unit_read(text, tree->count, ret, &err) == 0)
        return true;
    if (mf_type_is_secret(option, tree))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    mf_diag(load->diags, MF_ERROR, MF_CODE_UNIT, tree->at, "%s", err.text);
    return false;
}

const struct mf_type mf_type_unit = {
    .name = "unit",
    .syntax = "a unit such as W, °C or l/min",
    .size = sizeof(struct mf_unit),
    .read = unit_read,
    .schema = mf_schema_unit,
};

/* ---- path ---- */

static bool path_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_value path;
    struct mf_error err;

    if (!text)
        return false;
    if (mf_path_read(text, tree->count, &path, &err) < 0) {
        if (mf_type_is_secret(option, tree))
            return mf_type_mismatch(load, option, tree, option->type->syntax);
        mf_diag(load->diags, MF_ERROR, MF_CODE_PATH, tree->at, "`%s` is not a path: %s",
                mf_type_key(load, option), err.text);
        return false;
    }
    mf_type_keep_value(load->arena, path);
    *(struct mf_value *)ret = path;
    return true;
}

const struct mf_type mf_type_path = {
    .name = "path",
    .syntax = "a path such as home.grid.power",
    .size = sizeof(struct mf_value),
    .read = path_read,
    .schema = mf_schema_path,
};
