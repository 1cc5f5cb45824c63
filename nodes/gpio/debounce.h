/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Debounce: makes one change of the many edges of a contact.
 *
 * The edges that belong together are a *disturbance*. It begins with an edge and ends a while
 * later: with `window` that long after its first edge, with `quiet` that long after its last one.
 * Then it has *settled*, on the level the line has at that time.
 *
 * Pure: times are mono nanoseconds that come with the edges, nothing here reads a clock.
 */

#include <stdbool.h>
#include <stdint.h>

enum mf_gpio_policy { MF_GPIO_WINDOW = 1, MF_GPIO_QUIET };

struct mf_gpio_debounce {
    int64_t time;        /* how long a disturbance lasts, 0: each edge settles at once */
    int policy;          /* enum mf_gpio_policy */
    bool level;          /* settled */
    bool latest;         /* of the last edge */
    bool is_busy;        /* a disturbance is under way */
    int64_t first, last; /* its edges */
};

/* How a disturbance ended. A change if `level` differs from `was`, else it was only noise. */
struct mf_gpio_settled {
    bool was, level;
    int64_t first, last; /* its edges */
    int64_t at;
};

/* The line has this level. */
void mf_gpio_debounce_begin(struct mf_gpio_debounce *debounce, bool level);
/* False: it tells nothing new. */
bool mf_gpio_debounce_edge(struct mf_gpio_debounce *debounce, bool level, int64_t time);
/* When to call the next one; MF_NEVER if nothing is under way. */
int64_t mf_gpio_debounce_deadline(const struct mf_gpio_debounce *debounce);
/* `level` is that of the line at the deadline. It may be newer than the last edge that has come,
 * so it decides how this ends. */
struct mf_gpio_settled mf_gpio_debounce_settle(struct mf_gpio_debounce *debounce, bool level,
                                               int64_t at);
