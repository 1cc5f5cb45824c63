/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The registry: all kinds by name. The list itself is nodes/kinds.c, made from
 * what Meson was told to build.
 */

#include "engine/base/text.h"
#include "engine/graph/kind.h"

/* A kind that could exist but was left out of this build. */
struct mf_absent_kind {
    const char *name;
    const char *needs; /* "libmosquitto" */
};

struct mf_kind_set {
    const struct mf_kind *const *nodes; /* ended by NULL, sorted by name */
    const struct mf_link_kind *const *links;
    const struct mf_absent_kind *absent; /* ended by {0} */
};

/* Called once at start; also tells the flow reader (mf_flow_set_kind_facts). */
void mf_registry_set(const struct mf_kind_set *set);
const struct mf_kind_set *mf_registry(void);
const struct mf_kind *mf_registry_node(const char *name);      /* NULL if unknown */
const struct mf_link_kind *mf_registry_link(const char *name); /* NULL if unknown */
const char *mf_registry_absent(const char *name);              /* what it needs, or NULL */
void mf_registry_nearest(struct mf_nearest *nearest);
