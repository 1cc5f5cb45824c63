/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See names.h. Names of nodes may hold dots themselves (parts): the longest that is one counts. */

#include "engine/control/names.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/run/engine.h"

static void refuse(struct mf_request *request, const char *text)
{
    struct mf_engine *engine = mf_request_engine(request);
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, text);
    for (uint32_t i = 0; i < engine->count; i++)
        mf_nearest_add(&nearest, engine->nodes[i]->def->name);
    if (nearest.best)
        mf_request_refuse(request, 1, "there is no node `%s`; did you mean `%s`?", text,
                          nearest.best);
    else
        mf_request_refuse(request, 1, "there is no node `%s`", text);
}

struct mf_node *mf_request_node(struct mf_request *request, const char *name, unsigned *ret_output)
{
    const char *text = mf_request_need_text(request, name);

    return text ? mf_request_find_node(request, text, ret_output) : NULL;
}

struct mf_node *mf_request_find_node(struct mf_request *request, const char *text,
                                     unsigned *ret_output)
{
    struct mf_engine *engine = mf_request_engine(request);
    struct mf_node *node = mf_engine_node(engine, text);
    const char *dot = strrchr(text, '.');
    const struct mf_def *def;
    int output;

    *ret_output = 0;
    if (node)
        return node;
    def = dot ? mf_map_get_n(&engine->graph->by_name, text, (size_t)(dot - text)) : NULL;
    if (!def) {
        refuse(request, text);
        return NULL;
    }
    output = mf_def_output(def, dot + 1);
    if (output < 0) {
        mf_request_refuse(request, 1, "`%s` has no output `%s`", def->name, dot + 1);
        return NULL;
    }
    *ret_output = (unsigned)output;
    return engine->nodes[def->order];
}
