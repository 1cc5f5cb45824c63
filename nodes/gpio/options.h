/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What can be said of a line in both directions. */

#include "engine/config/option.h"

extern const struct mf_choice mf_gpio_actives[]; /* true: low */
extern const struct mf_choice mf_gpio_biases[];  /* enum mf_gpio_bias */
extern const struct mf_choice mf_gpio_drives[];  /* enum mf_gpio_drive */

/* With `active` and `pull`, ints, among the members of MF_CONFIG. */
#define MF_GPIO_LINE_OPTIONS                                                                       \
    {                                                                                              \
        "active",                                                                                  \
        MF_CHOICE(active, mf_gpio_actives),                                                        \
        .fallback = "high",                                                                        \
        .summary = "The level of the wire that is `true` here.",                                   \
    },                                                                                             \
    {                                                                                              \
        "pull", MF_CHOICE(pull, mf_gpio_biases),                                                   \
            .fallback = "keep", .summary = "The chip's own resistor on the line.",                 \
    }
