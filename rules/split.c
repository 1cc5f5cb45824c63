/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * split: the fields of a map become ports.
 */

#include "engine/base/text.h"
#include "engine/graph/node.h"
#include "engine/value/build.h"
#include "engine/value/path.h"

enum { FIELDS_MAX = 250 };

struct field {
    const char *port;
    struct mf_value path;
};

struct fields {
    const struct field *list;
    size_t count;
};

struct config {
    struct fields fields;
};

/* ---- the option: [temp, humidity], or {speed: wind.speed} ---- */

static bool check_name(struct mf_load *load, const struct mf_tree *tree)
{
    if (mf_text_is_name(tree->text, tree->count))
        return true;
    mf_diag_help(mf_diag(load->diags, MF_ERROR, 205, tree->at,
                         "`%s` cannot be the name of an output", tree->text),
                 "give it one: `fields: {temp: …}`, with small letters, digits and `_`");
    return false;
}

static bool read_path(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret)
{
    static const struct mf_option option = {"fields", &mf_type_path};

    if (tree->kind == MF_TREE_SCALAR && tree->is_unknown)
        return true;
    return mf_type_path.read(load, &option, tree, ret);
}

static bool read_item(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, struct field *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_builder builder;

    if (!text || !check_name(load, tree))
        return false;
    ret->port = mf_arena_strdup(load->arena, text);
    mf_build_start(&builder);
    mf_build_take_item(&builder, mf_value_new_text(text));
    ret->path = mf_build_end_path(&builder);
    mf_type_keep_value(load->arena, ret->path);
    return true;
}

static bool fields_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    struct fields *fields = ret;
    struct field *list;
    bool ok = true;

    if (tree->kind == MF_TREE_SCALAR || !tree->count || tree->count > FIELDS_MAX)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    list = mf_arena_alloc(load->arena, tree->count * sizeof(*list));
    for (uint32_t i = 0; i < tree->count; i++) {
        if (tree->kind == MF_TREE_LIST) {
            ok &= read_item(load, option, tree->items[i].value, &list[i]);
            continue;
        }
        list[i].port = mf_arena_strdup(load->arena, tree->pairs[i].key->text);
        ok &= check_name(load, tree->pairs[i].key) &&
              read_path(load, tree->pairs[i].value, &list[i].path);
    }
    *fields = (struct fields){list, tree->count};
    return ok;
}

static void fields_schema(const struct mf_option *option, struct mf_buf *buf)
{
    static const char name[] = "^[a-z][a-z0-9_]*$|\\\\$\\\\{";

    mf_buf_printf(buf,
                  "{\"anyOf\":[{\"type\":\"array\",\"minItems\":1,\"maxItems\":%d,\"items\":{"
                  "\"type\":\"string\",\"pattern\":\"%s\"}},{\"type\":\"object\","
                  "\"minProperties\":1,\"maxProperties\":%d,\"propertyNames\":{\"pattern\":\"%s\"},"
                  "\"additionalProperties\":",
                  FIELDS_MAX, name, FIELDS_MAX, name);
    mf_type_path.schema(option, buf);
    mf_buf_puts(buf, "}]}");
}

static const struct mf_type type_fields = {
    .name = "fields",
    .syntax = "a list of 1 to 250 names, or a map of names to paths",
    .size = sizeof(struct fields),
    .read = fields_read,
    .schema = fields_schema,
};

/* ---- the node ---- */

static void split_add_ports(struct mf_ports *ports, const void *config)
{
    const struct config *c = config;

    for (size_t i = 0; i < c->fields.count; i++)
        if (!mf_ports_add(ports, MF_OUT, c->fields.list[i].port, MF_T_ANY, NULL,
                          "A field of the map."))
            return;
}

static void split_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);

    for (unsigned i = 0; i < mf_node_outputs(node); i++) {
        const struct mf_value *field = mf_path_follow(&c->fields.list[i].path, &msg->value);

        if (!field)
            continue;
        if (field->type == MF_NULL)
            mf_node_emit_bad(node, i, MF_BAD, mf_reason_missing);
        else
            mf_node_emit_take(node, i, mf_value_copy(*field));
    }
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_MAP) | MF_T(MF_LIST), MF_PORT_MANY,
     .summary = "A map, or a list for paths with numbers."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "fields",
        .type = &type_fields,
        .offset = MF_MEMBER(MF_CONFIG, fields, struct fields),
        .flags = MF_OPT_REQUIRED,
        .summary = "Names of the fields, each an output of the same name; or a map of outputs to "
                   "paths.",
    },
    {0},
};

const struct mf_kind mf_kind_split = {
    .name = "split",
    .summary = "Gives each field of a map an output of its own.",
    .doc = "`fields: [temp, humidity]` makes the outputs `NAME.temp` and `NAME.humidity`. For "
           "fields that are nested, or whose names cannot be names of outputs, write a map: "
           "`fields: {speed: wind.speed, first: values:0}`.\n"
           "\n"
           "A field that is not in a message says nothing; one that is null turns its output bad "
           "(field missing). `type:` and `unit:` count for all outputs; `expr` can say more about "
           "one.",
    .example = "house: {sim.home: , every: 1s}\n"
               "report: {join: , from: {solar: house.pv, use: house.load}}\n"
               "parts: {split: , fields: [solar, use], from: report, type: number, unit: W}\n"
               "excess: {expr: parts.solar - parts.use}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .add_ports = split_add_ports,
    .receive = split_receive,
};
