/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See pulse.h. */

#include "nodes/gpio/pulse.h"

#include <math.h>

#include "engine/base/clock.h"

void mf_pulse_init(struct mf_pulse *pulse)
{
    *pulse = (struct mf_pulse){.due = MF_NEVER};
}

static unsigned turn(struct mf_pulse *pulse, bool level)
{
    unsigned acts = pulse->level == level ? 0 : MF_PULSE_WRITE;

    pulse->level = level;
    return acts;
}

/* The next moment, counted from the one that was due; from now when that is long past. */
static int64_t after(int64_t due, int64_t step, int64_t now)
{
    return due + step > now ? due + step : now + step;
}

/* ---- a share of each period ---- */

/* How long this period wants to be on. What is too short for the thing is saved up. */
static int64_t wanted(const struct mf_pulse *pulse, const struct mf_pulse_plan *plan)
{
    double on = pulse->owed + pulse->share * (double)plan->period;
    int64_t whole = on <= 0 ? 0 : on >= (double)plan->period ? plan->period : llround(on);

    if (whole < plan->least)
        return 0;
    return plan->period - whole < plan->least ? plan->period : whole;
}

/* Once it is off it stays off for the rest of the period: a share that changes all the time must
 * not make the relay clatter. */
static unsigned pursue(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, int64_t now)
{
    int64_t on = wanted(pulse, plan), so_far = now - pulse->began;
    bool level = pulse->was_on < 0 && so_far < on;

    if (pulse->level && !level && now - pulse->since < plan->least) {
        level = true;
        on = pulse->since + plan->least - pulse->began;
    }
    if (!level && pulse->was_on < 0)
        pulse->was_on = pulse->level ? so_far : 0;
    if (level != pulse->level)
        pulse->since = now;
    pulse->due = pulse->began + (level && on < plan->period ? on : plan->period);
    return turn(pulse, level);
}

static unsigned begin_period(struct mf_pulse *pulse, const struct mf_pulse_plan *plan,
                             int64_t began, int64_t now)
{
    pulse->began = began;
    pulse->was_on = -1;
    return pursue(pulse, plan, now);
}

static unsigned set_share(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, double share,
                          int64_t now)
{
    bool was_running = pulse->share > 0;

    pulse->share = share;
    if (share > 0)
        return was_running ? pursue(pulse, plan, now) : begin_period(pulse, plan, now, now);
    pulse->owed = 0;
    pulse->since = now;
    pulse->due = MF_NEVER;
    return turn(pulse, false);
}

static unsigned end_period(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, int64_t now)
{
    int64_t next = pulse->began + plan->period;
    int64_t was_on = pulse->was_on < 0 ? plan->period : pulse->was_on;

    if (now < next)
        return pursue(pulse, plan, now);
    pulse->owed += pulse->share * (double)plan->period - (double)was_on;
    /* What `least` has kept from the line is made up for; what comes of changes is not. */
    pulse->owed = fmin(fmax(pulse->owed, -(double)plan->least), (double)plan->least);
    return begin_period(pulse, plan, now - next < plan->period ? next : now, now);
}

/* ---- commands and time ---- */

static unsigned start(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, int64_t now)
{
    pulse->share = 1;
    if (plan->mode == MF_PULSE_REPEAT)
        pulse->share = (double)plan->on / (double)(plan->on + plan->off);
    pulse->due = plan->mode == MF_PULSE_LEVEL ? MF_NEVER : now + plan->on;
    pulse->level = true;
    return MF_PULSE_WRITE | MF_PULSE_SAY;
}

static unsigned end(struct mf_pulse *pulse)
{
    pulse->share = 0;
    pulse->due = MF_NEVER;
    pulse->level = false;
    return MF_PULSE_WRITE | MF_PULSE_SAY;
}

unsigned mf_pulse_command(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, double share,
                          int64_t now)
{
    if (plan->mode == MF_PULSE_PWM)
        return set_share(pulse, plan, share, now) | MF_PULSE_SAY;
    if (share != 0)
        return start(pulse, plan, now);
    if (plan->mode != MF_PULSE_LEVEL && pulse->share == 0)
        return 0;
    return end(pulse);
}

unsigned mf_pulse_timer(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, int64_t now)
{
    if (pulse->due == MF_NEVER || now < pulse->due)
        return 0;
    switch (plan->mode) {
    case MF_PULSE_PWM:
        return end_period(pulse, plan, now);
    case MF_PULSE_REPEAT:
        pulse->due = after(pulse->due, pulse->level ? plan->off : plan->on, now);
        return turn(pulse, !pulse->level);
    default:
        return end(pulse);
    }
}

unsigned mf_pulse_rest(struct mf_pulse *pulse, const struct mf_pulse_plan *plan)
{
    bool was_on = pulse->level;

    if (plan->mode == MF_PULSE_LEVEL)
        return 0;
    mf_pulse_init(pulse);
    return was_on ? MF_PULSE_WRITE : 0;
}
