/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Input: what the edges of one line mean. A state machine with three modes.
 *
 *   mf_gpio_input_init(&input, &plan, say, of)
 *   mf_gpio_input_begin(&input, level, now)      the line is there
 *   mf_gpio_input_edge(&input, level, time)      in order of their times, however late
 *   mf_gpio_input_timer(&input, level, now)      at its deadline, after the edges that have come
 *
 * Pure: times are mono nanoseconds; what comes out depends on what goes in, and edges that come
 * late or all at once give the same as edges that come in time.
 */

#include "nodes/gpio/count.h"
#include "nodes/gpio/debounce.h"
#include "nodes/gpio/press.h"

enum mf_gpio_mode { MF_GPIO_LEVEL, MF_GPIO_COUNT, MF_GPIO_SEQUENCE };

struct mf_gpio_plan {
    int mode;         /* enum mf_gpio_mode */
    int64_t bounce;   /* debounce time */
    int policy;       /* enum mf_gpio_policy, 0: the usual one of the mode */
    unsigned edges;   /* set of enum mf_gpio_edges: levels told, edges counted, phases listed */
    bool skip;        /* noise that ends where it began is nothing */
    int64_t interval; /* count: between two messages */
    int64_t idle, idle_on; /* sequence: pause that ends it, by level */
    int64_t clear;         /* sequence: time after which it is over and done with; 0: never */
    bool flow;             /* sequence: told while it goes on, too */
};

enum mf_gpio_saying {
    MF_GPIO_SAYS_LEVEL,
    MF_GPIO_SAYS_COUNT,
    MF_GPIO_SAYS_PRESSES,
    MF_GPIO_CLEARS
};

struct mf_gpio_said {
    int what;     /* enum mf_gpio_saying */
    int64_t time; /* of the edge it is about */
    union {
        bool level;
        int64_t count;
        const struct mf_gpio_presses *presses;
    };
};

struct mf_gpio_input {
    const struct mf_gpio_plan *plan; /* borrowed */
    struct mf_gpio_debounce debounce;
    struct mf_gpio_count count;
    struct mf_gpio_press press;
    int64_t clear; /* mono; MF_NEVER */
    bool has_begun;
    uint64_t glitches; /* disturbances that ended where they began */
    void (*say)(void *of, const struct mf_gpio_said *said);
    void *of;
};

void mf_gpio_input_init(struct mf_gpio_input *input, const struct mf_gpio_plan *plan,
                        void (*say)(void *of, const struct mf_gpio_said *said), void *of);
/* At first, and again after a time in which nobody could look; says the level, if that is what it
 * says at all. An edge that must have come meanwhile, as the level shows, is counted. */
void mf_gpio_input_begin(struct mf_gpio_input *input, bool level, int64_t now);
/* Before it begins: what it knew in a former life. */
void mf_gpio_input_restore(struct mf_gpio_input *input, bool level, int64_t count);
void mf_gpio_input_edge(struct mf_gpio_input *input, bool level, int64_t time);
/* MF_NEVER: none. */
int64_t mf_gpio_input_deadline(const struct mf_gpio_input *input);
/* Does what is due. `level` is what the line has now. */
void mf_gpio_input_timer(struct mf_gpio_input *input, bool level, int64_t now);
/* The count is this one now, and said at once. */
void mf_gpio_input_set_count(struct mf_gpio_input *input, int64_t count, int64_t now);
