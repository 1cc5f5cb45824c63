/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Presses: what somebody does with a button, as one sequence of phases.
 *
 * A change opens a sequence, a pause closes it. Phases last from the first edge of one change to
 * the first edge of the next, so what a contact bounces belongs to the phase that it begins.
 */

#include "nodes/gpio/debounce.h"

enum { MF_GPIO_PHASES = 64 }; /* of one sequence; then it is closed and the next one begins */

struct mf_gpio_presses {
    bool start, end; /* settled levels before and after */
    bool is_flow;    /* it goes on */
    unsigned count;
    int64_t phases[MF_GPIO_PHASES]; /* in units of the debounce time; 0: it has not ended */
};

struct mf_gpio_press {
    int64_t unit;          /* debounce time */
    unsigned edges;        /* set of enum mf_gpio_edges: phases that rising edges begin, or … */
    bool counts_noise;     /* noise that lasts is a phase, too */
    int64_t idle, idle_on; /* pause that closes a sequence, by level */
    bool is_open;
    int64_t since; /* when the phase began */
    int64_t last;  /* edge */
    struct mf_gpio_presses presses;
};

void mf_gpio_press_begin(struct mf_gpio_press *press);
/* True: it went on, and there is something to say of it. */
bool mf_gpio_press_settled(struct mf_gpio_press *press, const struct mf_gpio_settled *settled);
/* True: there are as many phases as there may be; to be closed. */
bool mf_gpio_press_is_full(const struct mf_gpio_press *press);
/* When to close it; MF_NEVER if none is open. `level` is the settled one. */
int64_t mf_gpio_press_deadline(const struct mf_gpio_press *press, bool level);
/* True: there is something to say of it. */
bool mf_gpio_press_close(struct mf_gpio_press *press, bool level);
