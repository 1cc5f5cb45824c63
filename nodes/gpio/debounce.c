/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Debounce: see debounce.h. */

#include "nodes/gpio/debounce.h"

#include "engine/base/clock.h"

void mf_gpio_debounce_begin(struct mf_gpio_debounce *debounce, bool level)
{
    debounce->level = debounce->latest = level;
    debounce->is_busy = false;
}

bool mf_gpio_debounce_edge(struct mf_gpio_debounce *debounce, bool level, int64_t time)
{
    /* The line was read when this edge was still on its way. */
    if (!debounce->is_busy && level == debounce->level)
        return false;
    if (!debounce->is_busy)
        debounce->first = time;
    debounce->last = time;
    debounce->latest = level;
    debounce->is_busy = true;
    return true;
}

int64_t mf_gpio_debounce_deadline(const struct mf_gpio_debounce *debounce)
{
    if (!debounce->is_busy)
        return MF_NEVER;
    if (debounce->policy == MF_GPIO_QUIET)
        return debounce->last + debounce->time;
    return debounce->first + debounce->time;
}

struct mf_gpio_settled mf_gpio_debounce_settle(struct mf_gpio_debounce *debounce, bool level,
                                               int64_t at)
{
    struct mf_gpio_settled settled = {debounce->level, level, debounce->first, debounce->last, at};

    /* An edge of which nothing is known but that it was: it is now. What came before it was noise
     * if the line had gone back. */
    if (level != debounce->latest) {
        settled.last = at;
        if (level != debounce->level)
            settled.first = at;
    }
    mf_gpio_debounce_begin(debounce, level);
    return settled;
}
