/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * For kinds to which a gap in their input matters (a derivative must not span it).
 *
 * Their port is MF_PORT_ANY_AGE, so they see messages that are not good, and have to do what
 * the engine does for all others: tell their readers.
 */

#include <stdio.h>

#include "engine/graph/node.h"

/* Marks the output as `msg` is, unless its readers know. */
static inline void mf_rule_mark(struct mf_node *node, unsigned out, const struct mf_msg *msg)
{
    const struct mf_msg *last = mf_node_last(node, out);

    if (last && last->quality == msg->quality && last->reason == msg->reason)
        return;
    mf_node_emit_bad(node, out, (enum mf_quality)msg->quality, msg->reason);
}

/* The reason that a saved text names. Reasons are constants of the program; NULL if this one knows
 * it no more. */
static inline const char *mf_rule_reason(const struct mf_value *text)
{
    char name[32];
    const char *bytes;
    size_t len;

    if (!text || text->type != MF_TEXT)
        return NULL;
    bytes = mf_value_text(text, &len);
    snprintf(name, sizeof(name), "%.*s", (int)len, bytes);
    return mf_reason_by_name(name);
}
