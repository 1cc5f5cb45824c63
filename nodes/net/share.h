/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What outputs are told that are on or off: a bool, 0 or 1, or with pulse width a share of the
 * time, from 0 to 1 or in %. `thing` is what the output is called: "line".
 */

#include "engine/graph/node.h"

void mf_share_check(struct mf_check *check, const char *thing, bool has_pulse, bool is_pwm);
void mf_share_infer(struct mf_infer *infer, const char *thing, bool is_pwm);
int mf_share_read(const struct mf_node *node, const char *thing, bool is_pwm,
                  const struct mf_value *value, double *ret, struct mf_error *err);
