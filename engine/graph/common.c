/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The options that every node understands, and the types that only they have.
 *
 * `to` and `then` are gone when a flow gets here. Where a kind has an option of the same
 * name (`throttle: 1s, keep: last`), the kind's meaning wins.
 */

#include <string.h>

#include "engine/base/num.h"
#include "engine/config/schema.h"
#include "engine/graph/compile_priv.h"

/* ---- stale ---- */

static bool stale_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    if (tree->kind == MF_TREE_SCALAR && mf_tree_is(tree, "never")) {
        *(int64_t *)ret = 0;
        return true;
    }
    return mf_type_duration.read(load, option, tree, ret);
}

static void stale_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"const\":\"never\"},");
    mf_type_duration.schema(option, buf);
    mf_buf_puts(buf, "]}");
}

static const struct mf_type type_stale = {
    .name = "duration or never",
    .syntax = "a time with a unit such as 30s, or `never`",
    .size = sizeof(int64_t),
    .read = stale_read,
    .schema = stale_schema,
};

/* ---- from ---- */

static bool wrong_from(struct mf_load *load, const struct mf_tree *tree)
{
    mf_diag_help(mf_diag(load->diags, MF_ERROR, 306, tree->at,
                         "`from` wants the name of a node here, %s came",
                         tree->kind == MF_TREE_SCALAR ? "nothing" : mf_tree_kind_name(tree)),
                 "write `from: power`, `from: [a, b]`, or `from: {pv: roof.power, load: house}`");
    return false;
}

static bool is_name(const struct mf_tree *tree)
{
    return tree->kind == MF_TREE_SCALAR && (tree->count || tree->is_unknown);
}

static bool names_read(struct mf_load *load, const struct mf_tree *tree)
{
    bool ok = true;

    if (tree->kind != MF_TREE_LIST)
        return is_name(tree) || wrong_from(load, tree);
    for (uint32_t i = 0; i < tree->count; i++)
        ok &= is_name(tree->items[i].value) || wrong_from(load, tree->items[i].value);
    return tree->count ? ok : wrong_from(load, tree);
}

/* Only its shape: what the names mean is for wire.c, which knows all nodes. */
static bool from_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    bool ok = true;

    if (tree->kind != MF_TREE_MAP)
        return names_read(load, tree);
    for (uint32_t i = 0; i < tree->count; i++)
        ok &= names_read(load, tree->pairs[i].value);
    return tree->count ? ok : wrong_from(load, tree);
}

static void from_schema(const struct mf_option *option, struct mf_buf *buf)
{
    struct mf_buf name = {0}, names = {0};

    mf_schema_text(option, &name);
    mf_buf_printf(&names, "%s,{\"type\":\"array\",\"items\":%s,\"minItems\":1}", mf_buf_text(&name),
                  mf_buf_text(&name));
    mf_buf_printf(buf,
                  "{\"anyOf\":[%s,{\"type\":\"object\",\"minProperties\":1,"
                  "\"additionalProperties\":{\"anyOf\":[%s]}}]}",
                  mf_buf_text(&names), mf_buf_text(&names));
    mf_buf_done(&name);
    mf_buf_done(&names);
}

static const struct mf_type type_from = {
    .name = "wiring",
    .syntax = "a node, a list of nodes, or a map of names to nodes",
    .read = from_read,
    .schema = from_schema,
};

/* ---- examples ---- */

static bool examples_read(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, void *ret)
{
    bool ok = true;

    if (tree->kind != MF_TREE_LIST)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct mf_tree *example = tree->items[i].value;

        if (example->kind != MF_TREE_MAP || !mf_tree_get(example, "gives", NULL))
            ok = mf_type_mismatch(load, option, example,
                                  "a map with the values of inputs and `gives`");
    }
    return ok;
}

static void examples_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":"
                     "[\"gives\"]}}");
}

static const struct mf_type type_examples = {
    .name = "examples",
    .syntax = "a list of maps: values of the inputs, and `gives`",
    .read = examples_read,
    .schema = examples_schema,
};

/* ---- the table ---- */

const struct mf_choice mf_value_choices[] = {
    {"number", MF_T(MF_NUMBER), "A floating point number."},
    {"int", MF_T(MF_INT), "A whole number of 64 bits, exact."},
    {"bool", MF_T(MF_BOOL), "True or false."},
    {"text", MF_T(MF_TEXT), "UTF-8 text."},
    {"bytes", MF_T(MF_BYTES), "Raw bytes."},
    {"list", MF_T(MF_LIST), "A list of values."},
    {"map", MF_T(MF_MAP), "Values by name."},
    {"path", MF_T(MF_PATH), "A MoaT path."},
    {"any", (int)MF_T_ANY, "Not known beforehand."},
    {0},
};

static const struct mf_choice on_errors[] = {
    {"bad", MF_ON_ERROR_BAD, "Emit the last value, marked bad with the reason."},
    {"drop", MF_ON_ERROR_DROP, "Count it and go on as if it had not come."},
    {0},
};

#define MF_CONFIG struct mf_common
const struct mf_option mf_common_options[] = {
    {"from", &type_from,
     .summary = "Where the input comes from: node, node.port, node.*, a list, or a map of names."},
    {"unit", &mf_type_unit, MF_MEMBER(struct mf_common, unit, struct mf_unit), MF_GIVEN(has_unit),
     .summary = "Unit of the output: a known one is converted to it, a missing one is set."},
    {"type", MF_CHOICE(type, mf_value_choices),
     .summary = "Type of the output's value, where the kind cannot know it; others are rejected."},
    {"stale", &type_stale, MF_MEMBER(struct mf_common, stale, int64_t), MF_GIVEN(has_stale),
     .min = 0.001, .max = 3.2e9,
     .summary = "Silence after which the value counts as stale; default three times the polling "
                "interval, `never` for event sources."},
    {"queue", &mf_type_queue, MF_MEMBER(struct mf_common, queue, struct mf_queue_def), "1000",
     MF_GIVEN(has_queue),
     .summary = "Messages a sink keeps while the other side is away: `latest`, how many, or `spool "
                "SIZE` on disk; the oldest are dropped and counted."},
    {"keep", MF_BOOL(keep), .fallback = "false",
     .summary = "Keep the node's state over a restart, too; over a reload it is kept anyway."},
    {"on_error", MF_CHOICE(on_error, on_errors), .fallback = "bad",
     .summary = "What to do with a message that cannot be used."},
    {"health", MF_BOOL(health), .fallback = "true",
     .summary = "Whether this node's failures and stale values make the engine unhealthy."},
    {"examples", &type_examples,
     .summary = "Samples of what comes out, `- {power: -800 W, gives: 800 W}`; `validate` and "
                "`test` run them."},
    {"doc", MF_STRING(doc), .summary = "A remark for readers, shown in pictures of the flow."},
    {"enabled", MF_BOOL(enabled), .fallback = "true",
     .summary = "`false` leaves the node out, as if it were a comment."},
    {0},
};

bool mf_is_common_option(const char *key)
{
    for (const char *const *name = mf_flow_common; *name; name++)
        if (strcmp(*name, key) == 0)
            return true;
    return false;
}
