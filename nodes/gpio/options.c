/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See options.h. */

#include "nodes/gpio/options.h"

#include "nodes/gpio/line.h"

const struct mf_choice mf_gpio_actives[] = {
    {"high", false, "High is true."},
    {"low", true, "Low is true, as with a button to ground or a relay board with inverted inputs."},
    {0},
};

const struct mf_choice mf_gpio_biases[] = {
    {"keep", MF_GPIO_BIAS_KEEP, "As the board has set it up."},
    {"none", MF_GPIO_BIAS_OFF, "No resistor."},
    {"up", MF_GPIO_BIAS_UP, "To the supply."},
    {"down", MF_GPIO_BIAS_DOWN, "To ground."},
    {0},
};

const struct mf_choice mf_gpio_drives[] = {
    {"push-pull", MF_GPIO_PUSH_PULL, "Both levels are driven."},
    {"open-drain", MF_GPIO_OPEN_DRAIN, "Only low is driven."},
    {"open-source", MF_GPIO_OPEN_SOURCE, "Only high is driven."},
    {0},
};
