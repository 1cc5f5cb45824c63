/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * pick: one field of a map, or a smaller map.
 */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/graph/node.h"
#include "engine/value/build.h"
#include "engine/value/path.h"

enum { OUT };

struct config {
    struct mf_value path;
    bool has_path;
    struct mf_texts fields;
};

static void refuse(struct mf_node *node, const struct mf_value *path)
{
    struct mf_buf text = {0};

    mf_path_print(path, &text);
    mf_node_reject(node, mf_reason_missing, "there is no field `%s`", mf_buf_text(&text));
    mf_buf_done(&text);
}

static void pick_fields(struct mf_node *node, const struct mf_value *map)
{
    const struct config *c = mf_node_config(node);
    struct mf_builder builder;

    if (map->type != MF_MAP) {
        mf_node_reject(node, mf_reason_type, "map is wanted, %s came",
                       mf_value_type_names[map->type]);
        return;
    }
    mf_build_start(&builder);
    for (size_t i = 0; i < c->fields.count; i++) {
        const char *name = c->fields.list[i];
        const struct mf_value *field = mf_value_get(map, name, strlen(name));

        if (field)
            mf_build_take_field(&builder, name, mf_value_copy(*field));
    }
    mf_node_emit_take(node, OUT, mf_build_end_map(&builder));
}

static void pick_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    const struct mf_value *value = &msg->value;

    if (c->has_path)
        value = mf_path_follow(&c->path, value);
    if (!value || value->type == MF_NULL)
        refuse(node, &c->path);
    else if (c->fields.count)
        pick_fields(node, value);
    else
        mf_node_emit_take(node, OUT, mf_value_copy(*value));
}

static void pick_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (!c->has_path && !c->fields.count && !mf_flow_option(check->item, "fields") &&
        !check->item->main)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, check->item->kind_at,
                             "`pick` wants the path of a field, or `fields`"),
                     "write `pick: wind.speed`, or `fields: [temp, humidity]`");
}

static void pick_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, c->fields.count ? MF_T(MF_MAP) : MF_T_ANY, NULL);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_MAP) | MF_T(MF_LIST), MF_PORT_MANY, .summary = "A map or a list."},
    {"out", MF_OUT, MF_T_ANY, .summary = "The field, or a map of the fields."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "path",
        MF_PATH_OF(path),
        MF_GIVEN(has_path),
        .flags = MF_OPT_PRIMARY,
        .summary = "The way to the field.",
    },
    {
        "fields",
        MF_STRINGS(fields),
        .summary = "Names of fields to keep in a smaller map.",
    },
    {0},
};

const struct mf_kind mf_kind_pick = {
    .name = "pick",
    .summary = "Takes one field out of a map, or makes a smaller map.",
    .doc = "The path leads through maps by name and through lists by number: `wind.speed`, "
           "`values:0` (the first), `values:-1` (the last). What the field holds is not known "
           "beforehand: say `type:` (and `unit:`) so that it is checked.\n"
           "\n"
           "With `fields` the result is a map with these fields only, those that are there; "
           "together with a path, of the map that the path leads to. For an output per field see "
           "`split`.\n"
           "\n"
           "A path that leads nowhere, or to null, is a message that cannot be used: the output "
           "is marked bad (field missing), see `on_error`.",
    .example = "house: {sim.home: , every: 1s}\n"
               "report: {join: , from: {solar: house.pv, use: house.load, grid: house.grid}}\n"
               "solar: {pick: solar, from: report, type: number, unit: W}\n"
               "short: {pick: , fields: [solar, use], from: report}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .check = pick_check,
    .infer = pick_infer,
    .receive = pick_receive,
};
