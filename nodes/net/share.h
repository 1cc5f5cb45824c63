/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What outputs are told that are on or off: a bool, 0 or 1, or with pulse width a share of the
 * time, from 0 to 1 or in %. `thing` is what the output is called: "line".
 */

#include "engine/graph/node.h"

/* Their one input port. */
#define MF_SHARE_PORT                                                                              \
    {                                                                                              \
        "in", MF_IN, MF_T_NUMERIC | MF_T(MF_BOOL), MF_PORT_MANY,                                   \
            .summary = "On or off, true or 1 and false or 0; with `pwm` the share of the time to " \
                       "be on, from 0 to 1 or in %."                                               \
    }

void mf_share_check(struct mf_check *check, const char *thing, bool has_pulse, bool is_pwm);
void mf_share_infer(struct mf_infer *infer, const char *thing, bool is_pwm);
int mf_share_read(const struct mf_node *node, const char *thing, bool is_pwm,
                  const struct mf_value *value, double *ret, struct mf_error *err);
