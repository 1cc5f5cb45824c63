/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Presses: see press.h. */

#include "nodes/gpio/press.h"

#include "engine/base/clock.h"
#include "nodes/gpio/line.h"

void mf_gpio_press_begin(struct mf_gpio_press *press)
{
    press->is_open = false;
}

static bool is_selected(const struct mf_gpio_press *press, bool level)
{
    return press->edges & (level ? MF_GPIO_RISING : MF_GPIO_FALLING);
}

static void add(struct mf_gpio_press *press, bool level, int64_t length)
{
    if (is_selected(press, level) && press->presses.count < MF_GPIO_PHASES)
        press->presses.phases[press->presses.count++] = length / press->unit;
}

static void open_sequence(struct mf_gpio_press *press, bool level)
{
    press->is_open = true;
    press->presses.start = level;
    press->presses.count = 0;
}

bool mf_gpio_press_settled(struct mf_gpio_press *press, const struct mf_gpio_settled *settled)
{
    bool is_noise = settled->level == settled->was, was_open = press->is_open;

    if (is_noise && (!press->counts_noise || settled->last - settled->first < press->unit))
        return false;
    if (was_open)
        add(press, settled->was, settled->first - press->since);
    else
        open_sequence(press, settled->was);
    press->since = settled->first;
    if (is_noise) {
        add(press, !settled->was, settled->last - settled->first);
        press->since = settled->last;
    }
    press->last = settled->last;
    press->presses.end = settled->level;
    press->presses.is_flow = true;
    return was_open && press->presses.count > 0;
}

bool mf_gpio_press_is_full(const struct mf_gpio_press *press)
{
    /* A change may add two phases, and the end one. */
    return press->is_open && press->presses.count + 3 > MF_GPIO_PHASES;
}

int64_t mf_gpio_press_deadline(const struct mf_gpio_press *press, bool level)
{
    if (!press->is_open)
        return MF_NEVER;
    return press->last + (level ? press->idle_on : press->idle);
}

bool mf_gpio_press_close(struct mf_gpio_press *press, bool level)
{
    press->is_open = false;
    press->presses.end = level;
    press->presses.is_flow = false;
    /* The phase that lasts on. Between presses it is not worth a word when only the pauses count;
     * where a button is held, or was held before, it is the message. */
    if (level || press->presses.start || press->edges != MF_GPIO_FALLING)
        press->presses.phases[press->presses.count++] = 0;
    return press->presses.count > 0;
}
