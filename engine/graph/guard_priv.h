/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Guarded outputs while a flow is compiled: the options as written. */

#include "engine/graph/compile_priv.h"
#include "engine/graph/guard.h"
#include "engine/graph/infer.h"

struct mf_guard_ramp {
    double number;
    struct mf_unit unit;
    bool has_unit;
    struct mf_span at;
};

struct mf_guard_failsafe {
    int mode; /* enum mf_failsafe */
    const char *text;
    size_t len;
    int64_t after; /* ns; 0: not given */
    struct mf_span at;
};

struct mf_guard_asked {
    struct mf_guard_def *def; /* what becomes of it */
    bool is_marked;
    struct mf_range limit;
    struct mf_guard_ramp ramp;
    int64_t step, refresh;
    struct mf_guard_failsafe failsafe;
    struct mf_texts priority;
    bool has_limit, has_ramp, has_step, has_refresh, has_failsafe, has_priority;
};

/* Reads the guard options of a node, given as `pairs`, and says what is wrong with them being
 * there. Afterwards draft->guard is set when the node is guarded. False after reporting. */
bool mf_guard_load(struct mf_compile *compile, struct mf_draft *draft, struct mf_load *load,
                   const struct mf_tree_pair *pairs, size_t count);
/* What waits for a thing is only good as long as it holds. False after reporting. */
bool mf_guard_check_queue(struct mf_compile *compile, const struct mf_draft *draft);
/* The order of the inputs, when they are known. False after reporting. */
bool mf_guard_wire(struct mf_compile *compile, struct mf_draft *draft);
/* Settles everything, when types and units are known. */
void mf_guard_infer(struct mf_infer *infer);
/* What the node writes, guarded or not, if its kind can act; NULL: not known. */
const char *mf_guard_target(struct mf_compile *compile, const struct mf_draft *draft);
