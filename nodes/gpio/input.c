/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Input: see input.h.
 *
 * Before an edge is looked at, what was due before its time is done, with the level that the last
 * edge left behind: the loop may have been busy, and what the line is now says nothing about then.
 */

#include "nodes/gpio/input.h"

#include "engine/base/clock.h"
#include "nodes/gpio/line.h"

void mf_gpio_input_init(struct mf_gpio_input *input, const struct mf_gpio_plan *plan,
                        void (*say)(void *of, const struct mf_gpio_said *said), void *of)
{
    *input = (struct mf_gpio_input){.plan = plan, .clear = MF_NEVER, .say = say, .of = of};
    input->debounce.time = plan->bounce;
    input->debounce.policy = plan->policy;
    if (!plan->policy)
        input->debounce.policy = plan->mode == MF_GPIO_LEVEL ? MF_GPIO_WINDOW : MF_GPIO_QUIET;
    input->count.interval = plan->interval;
    mf_gpio_count_begin(&input->count);
    input->press.unit = plan->bounce;
    input->press.edges = plan->edges;
    input->press.counts_noise = !plan->skip;
    input->press.idle = plan->idle;
    input->press.idle_on = plan->idle_on;
}

/* ---- saying ---- */

static bool is_wanted(const struct mf_gpio_input *input, bool level)
{
    return input->plan->edges & (level ? MF_GPIO_RISING : MF_GPIO_FALLING);
}

static void say_level(struct mf_gpio_input *input, bool level, int64_t time)
{
    struct mf_gpio_said said = {MF_GPIO_SAYS_LEVEL, time, {.level = level}};

    if (is_wanted(input, level))
        input->say(input->of, &said);
}

static void say_count(struct mf_gpio_input *input, int64_t time)
{
    struct mf_gpio_said said = {MF_GPIO_SAYS_COUNT, time, {.count = input->count.total}};

    input->say(input->of, &said);
}

static void say_presses(struct mf_gpio_input *input, int64_t time)
{
    struct mf_gpio_said said = {MF_GPIO_SAYS_PRESSES, time, {.presses = &input->press.presses}};

    input->say(input->of, &said);
}

/* ---- what has settled ---- */

static void settle_level(struct mf_gpio_input *input, const struct mf_gpio_settled *settled)
{
    bool is_change = settled->level != settled->was;

    if (input->plan->skip && is_change)
        say_level(input, settled->level, settled->first);
    else if (!input->plan->skip && !is_change)
        say_level(input, settled->level, settled->last); /* the first edge was said, and undone */
}

static void settle_count(struct mf_gpio_input *input, const struct mf_gpio_settled *settled)
{
    if (settled->level == settled->was || !is_wanted(input, settled->level))
        return;
    if (mf_gpio_count_add(&input->count, settled->first, settled->at))
        say_count(input, input->count.last);
}

static void close_sequence(struct mf_gpio_input *input, int64_t now)
{
    if (mf_gpio_press_close(&input->press, input->debounce.level))
        say_presses(input, input->press.last);
    input->clear = input->plan->clear ? now + input->plan->clear : MF_NEVER;
}

static void settle_presses(struct mf_gpio_input *input, const struct mf_gpio_settled *settled)
{
    if (mf_gpio_press_settled(&input->press, settled) && input->plan->flow)
        say_presses(input, settled->first);
    if (mf_gpio_press_is_full(&input->press))
        close_sequence(input, settled->at);
}

static void settle(struct mf_gpio_input *input, bool level, int64_t at)
{
    struct mf_gpio_settled settled = mf_gpio_debounce_settle(&input->debounce, level, at);

    input->glitches += settled.level == settled.was;
    if (input->plan->mode == MF_GPIO_LEVEL)
        settle_level(input, &settled);
    else if (input->plan->mode == MF_GPIO_COUNT)
        settle_count(input, &settled);
    else
        settle_presses(input, &settled);
}

/* ---- times ---- */

/* Of what is not about bouncing. A sequence waits for a disturbance to end: it may go on. */
static int64_t later_deadline(const struct mf_gpio_input *input)
{
    if (input->plan->mode == MF_GPIO_COUNT)
        return input->count.due;
    if (input->plan->mode == MF_GPIO_LEVEL || input->debounce.is_busy)
        return MF_NEVER;
    if (input->press.is_open)
        return mf_gpio_press_deadline(&input->press, input->debounce.level);
    return input->clear;
}

int64_t mf_gpio_input_deadline(const struct mf_gpio_input *input)
{
    int64_t bounce = mf_gpio_debounce_deadline(&input->debounce), later = later_deadline(input);

    return bounce <= later ? bounce : later;
}

static void do_later(struct mf_gpio_input *input, int64_t now)
{
    if (input->plan->mode == MF_GPIO_COUNT) {
        if (mf_gpio_count_tell(&input->count, now))
            say_count(input, input->count.last);
    } else if (input->press.is_open) {
        close_sequence(input, now);
    } else {
        struct mf_gpio_said said = {MF_GPIO_CLEARS, now, {0}};

        input->clear = MF_NEVER;
        input->say(input->of, &said);
    }
}

/* All that was due until then, each thing at its time. */
static void catch_up(struct mf_gpio_input *input, bool level, int64_t until)
{
    int64_t at;

    while ((at = mf_gpio_input_deadline(input)) <= until) {
        if (mf_gpio_debounce_deadline(&input->debounce) == at)
            settle(input, level, at);
        else
            do_later(input, at);
    }
}

void mf_gpio_input_edge(struct mf_gpio_input *input, bool level, int64_t time)
{
    bool was_busy;

    catch_up(input, input->debounce.latest, time);
    was_busy = input->debounce.is_busy;
    if (!mf_gpio_debounce_edge(&input->debounce, level, time))
        return;
    if (input->plan->mode == MF_GPIO_LEVEL && !input->plan->skip && !was_busy)
        say_level(input, level, time);
    if (!input->debounce.time)
        settle(input, level, time);
}

void mf_gpio_input_timer(struct mf_gpio_input *input, bool level, int64_t now)
{
    catch_up(input, level, now);
}

void mf_gpio_input_begin(struct mf_gpio_input *input, bool level, int64_t now)
{
    struct mf_gpio_settled gap = {input->debounce.level, level, now, now, now};

    mf_gpio_debounce_begin(&input->debounce, level);
    mf_gpio_press_begin(&input->press);
    input->clear = MF_NEVER;
    if (input->plan->mode == MF_GPIO_LEVEL)
        say_level(input, level, now);
    /* One edge has come at least while nobody could look. */
    if (input->plan->mode == MF_GPIO_COUNT && input->has_begun)
        settle_count(input, &gap);
    input->has_begun = true;
}

void mf_gpio_input_restore(struct mf_gpio_input *input, bool level, int64_t count)
{
    mf_gpio_debounce_begin(&input->debounce, level);
    input->count.total = count;
    input->has_begun = true;
}

void mf_gpio_input_set_count(struct mf_gpio_input *input, int64_t count, int64_t now)
{
    mf_gpio_count_set(&input->count, count);
    say_count(input, now);
}
