/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What an output line does in time: it follows, gives one pulse, pulses, or is on for a part of
 * each period. Pure: commands and the time go in, the level and the next moment to look come out.
 *
 * Levels are logical, times mono. A timer that is late does not move those that follow, unless a
 * whole step was missed.
 */

#include <stdbool.h>
#include <stdint.h>

enum mf_pulse_mode {
    MF_PULSE_LEVEL,   /* the level is the command */
    MF_PULSE_ONESHOT, /* on for `on` after each command to be on */
    MF_PULSE_REPEAT,  /* on for `on`, off for `off`, again and again */
    MF_PULSE_PWM,     /* on for a share of `period`, never on or off for less than `least` */
};

struct mf_pulse_plan {
    int mode; /* enum mf_pulse_mode */
    int64_t on, off;
    int64_t period, least;
};

struct mf_pulse {
    bool level;
    double share;   /* of the time that it is on: 0, 1, or between; "is running" when not 0 */
    int64_t due;    /* mono; MF_NEVER: nothing will happen by itself */
    int64_t began;  /* PWM: of this period */
    int64_t since;  /* PWM: when the level last changed */
    int64_t was_on; /* PWM: in this period so far, while it is off; -1: it has not been off yet */
    double owed;    /* PWM: ns of being on that earlier periods lack */
};

/* What there is to do: a set. */
enum mf_pulse_act {
    MF_PULSE_WRITE = 1 << 0, /* pulse->level to the line, even if it is the same */
    MF_PULSE_SAY = 1 << 1,   /* pulse->share to the flow */
};

void mf_pulse_init(struct mf_pulse *pulse);
/* 0 is off, 1 is on; PWM: the share from 0 to 1. */
unsigned mf_pulse_command(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, double share,
                          int64_t now);
/* To be called at `due`, or later. */
unsigned mf_pulse_timer(struct mf_pulse *pulse, const struct mf_pulse_plan *plan, int64_t now);
/* Whatever runs comes to its end: the line is off. A level stays. */
unsigned mf_pulse_rest(struct mf_pulse *pulse, const struct mf_pulse_plan *plan);
