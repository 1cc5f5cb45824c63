/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Per: the unit of time in "per second" and "per hour", for kinds that divide by time or multiply
 * with it.
 */

#include "engine/graph/kind.h"

/* A duration as a unit: `h` for 1h, and `15min`, whose text is no unit elsewhere, for 15min. */
void mf_per_unit(int64_t ns, struct mf_unit *ret);
/* Reports that the input is in a unit with an offset (°C), of which `what` ("sum") makes no sense.
 * True if it did. */
bool mf_per_refuse_offset(struct mf_infer *infer, unsigned input, const char *what);
