/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Where a bit is: `2/4`, the number of the card and of the bit on it, both from 1. */

#include "engine/config/type.h"

struct mf_wago_place {
    unsigned card, bit;
};

/* Option type; the member is a struct mf_wago_place. */
extern const struct mf_type mf_type_wago_place;
#define MF_WAGO_PLACE(member)                                                                      \
    .type = &mf_type_wago_place, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_wago_place)

extern const struct mf_choice mf_wago_actives[]; /* "low" is 0 */
