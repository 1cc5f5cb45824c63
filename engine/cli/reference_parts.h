/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the renderings of the node reference share: facts in words, groups of kinds. */

#include "engine/base/buf.h"
#include "engine/graph/registry.h"

struct mf_kind_group {
    const char *title;           /* NULL ends the list */
    uint32_t flags;              /* a kind with one of these flags, or … */
    const char *const *prefixes; /* … with a name that begins so, belongs here; the first group that
                                    fits. Ended by NULL; may be NULL */
};
extern const struct mf_kind_group mf_kind_groups[];
const struct mf_kind_group *mf_kind_group(const struct mf_kind *kind);

/* "a time with a unit such as 5s; default 1s; 0..10; required". `quote` goes around literals. */
void mf_option_facts(const struct mf_option *option, const char *quote, struct mf_buf *buf);
/* "number, unit of `in`; optional" */
void mf_port_facts(const struct mf_port *port, struct mf_buf *buf);
