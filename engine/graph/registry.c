/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The registry: looking kinds up by name, and the facts about them that the
 * flow reader needs before anything is compiled.
 */

#include "engine/graph/registry.h"

#include <string.h>

#include "engine/base/map.h"

static const struct mf_kind_set *registered;
/* Filled once, read for every node of a large flow: a map, not a scan. */
static struct mf_map node_kinds;

static bool is_kind(const char *name)
{
    return mf_registry_node(name) || mf_registry_absent(name);
}

static bool is_stateful(const char *name)
{
    const struct mf_kind *kind = mf_registry_node(name);

    return kind && (kind->flags & MF_KIND_STATEFUL);
}

static bool has_option(const char *name, const char *key)
{
    const struct mf_kind *kind = mf_registry_node(name);

    for (const struct mf_option *option = kind ? kind->options : NULL; option && option->name;
         option++)
        if (strcmp(option->name, key) == 0)
            return true;
    return false;
}

void mf_registry_set(const struct mf_kind_set *set)
{
    static const struct mf_kind_facts facts = {
        .is_kind = is_kind,
        .is_stateful = is_stateful,
        .has_option = has_option,
        .nearest = mf_registry_nearest,
    };

    registered = set;
    mf_map_done(&node_kinds);
    for (const struct mf_kind *const *kind = set->nodes; *kind; kind++)
        mf_map_set(&node_kinds, (*kind)->name, (void *)(uintptr_t)*kind);
    mf_flow_set_kind_facts(&facts);
}

const struct mf_kind_set *mf_registry(void)
{
    return registered;
}

const struct mf_kind *mf_registry_node(const char *name)
{
    return mf_map_get(&node_kinds, name);
}

const struct mf_link_kind *mf_registry_link(const char *name)
{
    for (const struct mf_link_kind *const *kind = registered->links; *kind; kind++)
        if (strcmp((*kind)->name, name) == 0)
            return *kind;
    return NULL;
}

const char *mf_registry_absent(const char *name)
{
    for (const struct mf_absent_kind *absent = registered->absent; absent->name; absent++)
        if (strcmp(absent->name, name) == 0)
            return absent->needs;
    return NULL;
}

void mf_registry_nearest(struct mf_nearest *nearest)
{
    for (const struct mf_kind *const *kind = registered->nodes; *kind; kind++)
        mf_nearest_add(nearest, (*kind)->name);
}
