/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "lua/outputs.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/config/schema.h"

#define MF_CONFIG struct mf_lua_output
static const struct mf_option output_options[] = {
    {
        "type",
        MF_CHOICE(types, mf_value_choices),
        MF_GIVEN(has_type),
        .flags = MF_OPT_PRIMARY,
        .summary = "Type of the values; `number` where a unit is given.",
    },
    {
        "unit",
        .type = &mf_type_unit,
        .offset = MF_MEMBER(struct mf_lua_output, unit, struct mf_unit),
        MF_GIVEN(has_unit),
        .summary = "Unit of the values.",
    },
    {0},
};
static const struct mf_table output_table = {output_options, sizeof(struct mf_lua_output)};

static bool read_name(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, const char **ret)
{
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    if (!mf_text_is_name(text, tree->count)) {
        mf_diag_help(
            mf_diag(load->diags, MF_ERROR, 135, tree->at, "`%s` is not a name for an output", text),
            "small letters, digits and `_` make a name, a letter first");
        return false;
    }
    *ret = mf_arena_strndup(load->arena, text, tree->count);
    return true;
}

static bool read_facts(struct mf_load *load, const struct mf_tree *tree, struct mf_lua_output *ret)
{
    static const struct mf_option facts = {"outputs", .type = &mf_type_table, .of = &output_table};

    if (!mf_type_table.read(load, &facts, tree, ret))
        return false;
    if (!ret->has_type)
        ret->types = ret->has_unit ? (int)MF_T(MF_NUMBER) : (int)MF_T_ANY;
    return true;
}

static bool outputs_read(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret)
{
    size_t count = tree->kind == MF_TREE_SCALAR ? 1 : tree->count;
    const char **names = mf_arena_alloc(load->arena, (count + 1) * sizeof(*names));
    struct mf_lua_output *list = mf_arena_alloc(load->arena, (count + 1) * sizeof(*list));
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        const struct mf_tree *name = tree->kind == MF_TREE_SCALAR ? tree
                                     : tree->kind == MF_TREE_LIST ? tree->items[i].value
                                                                  : tree->pairs[i].key;

        ok &= read_name(load, option, name, &names[i]);
        if (tree->kind == MF_TREE_MAP)
            ok &= read_facts(load, tree->pairs[i].value, &list[i]);
        else
            list[i].types = (int)MF_T_ANY;
    }
    *(struct mf_lua_outputs *)ret = (struct mf_lua_outputs){names, list, count};
    return ok;
}

static void outputs_schema(const struct mf_option *option, struct mf_buf *buf)
{
    static const struct mf_option facts = {"outputs", .type = &mf_type_table, .of = &output_table};

    mf_buf_puts(buf, "{\"anyOf\":[");
    mf_type_texts.schema(option, buf);
    mf_buf_puts(buf, ",{\"type\":\"object\",\"additionalProperties\":");
    mf_type_table.schema(&facts, buf);
    mf_buf_puts(buf, "}]}");
}

const struct mf_type mf_type_outputs = {
    .name = "outputs",
    .syntax = "a name, a list of names, or a map of names to types or units",
    .size = sizeof(struct mf_lua_outputs),
    .read = outputs_read,
    .schema = outputs_schema,
};

void mf_lua_add_outputs(struct mf_ports *ports, const struct mf_lua_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const struct mf_lua_output *output = &outputs->list[i];

        if (!mf_ports_add(ports, MF_OUT, outputs->names[i], (uint32_t)output->types,
                          output->has_unit ? &output->unit : NULL,
                          "What the script gives under this name."))
            return;
    }
}
