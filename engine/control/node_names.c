/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* nodes: the names of all nodes, for completion. */

#include "engine/control/requests.h"
#include "engine/run/engine.h"
#include "engine/value/build.h"

static void begin(struct mf_request *request)
{
    const struct mf_engine *engine = mf_request_engine(request);
    struct mf_builder names;

    mf_build_start(&names);
    for (uint32_t i = 0; i < engine->count; i++)
        mf_build_take_item(&names, mf_value_new_text(engine->nodes[i]->def->name));
    mf_request_done_take(request, mf_build_end_list(&names));
}

const struct mf_request_kind mf_request_nodes = {
    .name = "nodes",
    .summary = "The names of all nodes.",
    .begin = begin,
};
