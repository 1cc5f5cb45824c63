/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * For kinds to which a gap in their input matters (a derivative must not span it).
 *
 * Their port is MF_PORT_ANY_AGE, so they see messages that are not good, and have to do what
 * the engine does for all others: tell their readers.
 */

#include "engine/graph/node.h"

/* Marks the output as `msg` is, unless its readers know. */
static inline void mf_rule_mark(struct mf_node *node, unsigned out, const struct mf_msg *msg)
{
    const struct mf_msg *last = mf_node_last(node, out);

    if (last && last->quality == msg->quality && last->reason == msg->reason)
        return;
    mf_node_emit_bad(node, out, (enum mf_quality)msg->quality, msg->reason);
}
