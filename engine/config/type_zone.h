/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The option `tz`: a time zone by name. */

#include "engine/base/tz.h"
#include "engine/config/type.h"

/* const struct mf_zone *, NULL when absent: the zone of the machine. */
extern const struct mf_type mf_type_zone;
#define MF_ZONE(member)                                                                            \
    .type = &mf_type_zone, .offset = MF_MEMBER(MF_CONFIG, member, const struct mf_zone *)

/* What a time kind says about `tz`. */
#define MF_ZONE_SUMMARY "Time zone, such as Europe/Berlin; by default that of the machine."

/* The zone, or that of the machine for NULL; NULL with `err`. */
const struct mf_zone *mf_zone_or_local(const struct mf_zone *zone, struct mf_error *err);
