/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * join: the values of several nodes become one map.
 */

#include "engine/graph/node.h"
#include "engine/value/build.h"

enum { OUT };
enum { WAIT_ALL, WAIT_ANY };

struct config {
    int wait;
};

static void join_run(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct mf_builder builder;

    for (unsigned i = 0; i < mf_node_inputs(node) && c->wait == WAIT_ALL; i++)
        if (!mf_node_input_has(node, i))
            return;
    mf_build_start(&builder);
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        if (mf_node_input_has(node, i))
            mf_build_take_field(&builder, mf_node_input_label(node, i),
                                mf_value_copy(mf_node_input(node, i)->value));
    mf_node_emit_take(node, OUT, mf_build_end_map(&builder));
}

static void join_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_check *check = mf_infer_check(infer);

    if (mf_infer_inputs(infer) == 0)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 305, check->item->kind_at,
                             "`%s` has nothing to join", check->item->name),
                     "write `from: [a, b]`, or `from: {name: a, other: b}`");
    mf_infer_set(infer, OUT, MF_T(MF_MAP), NULL);
}

static const struct mf_port ports[] = {
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED | MF_PORT_OPTIONAL, .summary = "The values."},
    {"out", MF_OUT, MF_T(MF_MAP), .summary = "All of them by name."},
    {0},
};

static const struct mf_choice waits[] = {
    {"all", WAIT_ALL, "Nothing is emitted before each input has had a value."},
    {"any", WAIT_ANY, "Inputs without a value so far are left out of the map."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "wait",
        MF_CHOICE(wait, waits),
        .fallback = "all",
        .flags = MF_OPT_LIVE,
        .summary = "Whether to wait at the start until all inputs have had a value.",
    },
    {0},
};

const struct mf_kind mf_kind_join = {
    .name = "join",
    .summary = "Makes one map out of the values of several nodes.",
    .doc = "The map has one entry per input, in the order of `from`, under the name that a `from` "
           "map gives it, else under that of the node (`from: [a, b]`) or the port (`from: "
           "meter.*`). It is emitted when an input has a new value, once per turn, with the "
           "latest values of the others. Units are not part of a map: see that readers know "
           "them.\n"
           "\n"
           "While one of the inputs is stale or bad the map is so too.",
    .example = "house: {sim.home: , every: 1s}\n"
               "report: {join: , from: {solar: house.pv, use: house.load}}\n"
               "text: {encode: json, from: report}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .infer = join_infer,
    .run = join_run,
};
