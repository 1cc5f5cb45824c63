/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Amount: a number in an option whose unit is settled by the kind itself.
 *
 * Most quantities are settled by the compiler: an option says `"@in"` and gets a double. This is
 * for those that are part of something larger (the points of a curve), or whose unit decides
 * what they mean (`5 %`).
 */

#include "engine/graph/kind.h"

struct mf_amount {
    double number;
    struct mf_unit unit; /* as written */
    bool has_unit;
    bool is_known; /* false: made of a variable that is not known here */
    struct mf_span at;
};

/* For the read() of an option type. False after reporting. */
bool mf_amount_read(struct mf_load *load, const struct mf_option *option,
                    const struct mf_tree *tree, struct mf_amount *ret);

/* For infer(): converts to `unit` (NULL: none is known). A number without unit is in it already.
 * `what` names it in messages: "the deadband". `delta`: it is a difference. */
bool mf_amount_settle(struct mf_infer *infer, struct mf_amount *amount, const struct mf_unit *unit,
                      bool delta, const char *what);
