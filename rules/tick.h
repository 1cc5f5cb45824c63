/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Tick: a timer that neither drifts nor catches up.
 *
 * Each tick is armed from the one before, not from now. When the machine was busy or asleep, what
 * was missed is left out: one tick at once would be as good, ten are a burst nobody wants.
 */

#include "engine/graph/node.h"

/* The first of `last` + n · `interval` (n > 0) that is after `now`. */
static inline int64_t mf_tick_after(int64_t last, int64_t interval, int64_t now)
{
    if (last + interval > now)
        return last + interval;
    return last + ((now - last) / interval + 1) * interval;
}
