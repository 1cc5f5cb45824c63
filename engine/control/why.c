/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* why: the causal chain of what a node says, or of what a sink wrote. */

#include "engine/control/names.h"
#include "engine/control/requests.h"
#include "engine/run/trace.h"
#include "engine/value/build.h"

static void begin(struct mf_request *request)
{
    unsigned output;
    const struct mf_node *node = mf_request_node(request, "node", &output);
    struct mf_builder result;

    if (!node)
        return;
    mf_build_start(&result);
    mf_build_take_field(&result, "chain", mf_node_why(node, output));
    mf_build_take_field(&result, "written", mf_node_trail(node));
    mf_request_done_take(request, mf_build_end_map(&result));
}

const struct mf_request_kind mf_request_why = {
    .name = "why",
    .summary = "Why a node says what it says.",
    .begin = begin,
};
