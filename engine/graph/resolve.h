/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What a dotted name in `from` or in an expression stands for. */

#include "engine/graph/compile_priv.h"

enum mf_resolve { MF_RESOLVE_FROM, MF_RESOLVE_EXPRESSION };

struct mf_target {
    struct mf_def *def;
    int out;          /* -1: all of them (node.*), only in `from` */
    size_t used;      /* bytes of the name that stand for node and port; fields may follow */
    bool is_previous; /* the caller's */
};

/* False when it stands for nothing that can be read: reported at `at`, or the node in question
 * failed. Then the draft is marked. In expressions fields may follow behind a node that gives a
 * map (`weather.temp`). */
bool mf_resolve(struct mf_compile *compile, struct mf_draft *draft, const char *name, size_t len,
                enum mf_resolve how, struct mf_span at, struct mf_target *ret);

/* A name as `from` has it. */
struct mf_from_name {
    const char *text; /* of the node, without previous() around it */
    size_t len;
    uint32_t start; /* where it begins in the scalar */
    bool is_previous;
};
struct mf_from_name mf_from_name(const struct mf_tree *scalar);
