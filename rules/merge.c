/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * merge: several streams become one.
 */

#include "engine/graph/node.h"

enum { OUT };

static void merge_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    mf_node_emit_msg(node, OUT, msg);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_MANY, .summary = "The streams."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The messages of all."},
    {0},
};

const struct mf_kind mf_kind_merge = {
    .name = "merge",
    .summary = "Passes the messages of several nodes on as one stream.",
    .doc = "Messages pass in the order in which they come; those that come in one turn, in the "
           "order in which their nodes were calculated. Units are converted to the unit of the "
           "first input that has one.\n"
           "\n"
           "The output is as good as the node that spoke last. Every other kind takes `from: [a, "
           "b]` as well; a `merge` is for naming the stream, and for reading it in several "
           "places. For one map of all inputs see `join`, for choosing between them `select`.",
    .example = "door: {sim.wave: square, period: 40s, every: 1s}\n"
               "window: {sim.wave: square, period: 70s, every: 1s}\n"
               "contacts: {merge: , from: [door, window]}\n",
    .ports = ports,
    .flags = MF_KIND_PURE,
    .receive = merge_receive,
};
