/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A condition on the messages of one output, asked from outside of the flow: `value > 3 kW`.
 *
 * An expression as in flow files, in which `value` is the message; types and units are those of the
 * output, and checked before the first message comes.
 */

#include "engine/graph/graph.h"

struct mf_condition;

/* NULL with `err`: the first fault, in words. */
struct mf_condition *mf_condition_new(const char *text, const struct mf_out_def *output,
                                      struct mf_error *err);
void mf_condition_free(struct mf_condition *condition); /* NULL is fine */
/* No result, and a message that is not good, are false. */
bool mf_condition_holds(const struct mf_condition *condition, const struct mf_msg *msg);
