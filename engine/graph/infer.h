/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What infer.c and settle.c share: one node while its types and units are found out. */

#include "engine/graph/compile_priv.h"

enum { MF_INFER_EXPRS = 64 };

struct mf_infer {
    struct mf_compile *compile;
    struct mf_def *def;
    struct mf_check check;
    unsigned checked_count;
    const struct mf_expr *checked[MF_INFER_EXPRS]; /* by the kind's infer() */
};

/* The port that "@in" means: the one called `in`, else the first input, else -1. */
int mf_infer_in_port(const struct mf_kind *kind);
/* The unit of an input port: that of its first edge that has one. */
const struct mf_unit *mf_infer_port_unit(const struct mf_def *def, unsigned port);
/* Quantities of options that waited for the unit of a port. */
void mf_infer_settle(struct mf_infer *infer);
