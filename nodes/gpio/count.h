/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Count: how many edges, told at once after a pause and then at most once per interval.
 */

#include <stdbool.h>
#include <stdint.h>

struct mf_gpio_count {
    int64_t interval;
    int64_t total;
    int64_t untold; /* of them */
    int64_t last;   /* mono, when the last of them was */
    int64_t due;    /* mono, when to tell; MF_NEVER: nothing was counted lately */
};

void mf_gpio_count_begin(struct mf_gpio_count *count);
/* One more, of that time, known since `now`. True: tell it. */
bool mf_gpio_count_add(struct mf_gpio_count *count, int64_t time, int64_t now);
/* `due` has come. True: tell it. */
bool mf_gpio_count_tell(struct mf_gpio_count *count, int64_t now);
/* Somebody has set the count: it goes on from there, and what was not told yet is on top of it. */
void mf_gpio_count_set(struct mf_gpio_count *count, int64_t total);
