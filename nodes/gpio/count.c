/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Count: see count.h. */

#include "nodes/gpio/count.h"

#include "engine/base/clock.h"

void mf_gpio_count_begin(struct mf_gpio_count *count)
{
    count->due = MF_NEVER;
}

bool mf_gpio_count_add(struct mf_gpio_count *count, int64_t time, int64_t now)
{
    count->last = time;
    if (count->total < INT64_MAX) {
        count->total++;
        count->untold++;
    }
    if (count->due != MF_NEVER)
        return false;
    count->due = now + count->interval;
    count->untold = 0;
    return true;
}

bool mf_gpio_count_tell(struct mf_gpio_count *count, int64_t now)
{
    if (!count->untold) {
        count->due = MF_NEVER;
        return false;
    }
    count->due = now + count->interval;
    count->untold = 0;
    return true;
}

void mf_gpio_count_set(struct mf_gpio_count *count, int64_t total)
{
    if (total > INT64_MAX - count->untold)
        total = INT64_MAX - count->untold;
    count->total = total + count->untold;
    count->untold = 0;
}
