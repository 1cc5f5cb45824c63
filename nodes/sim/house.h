/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * House: a small physical model of a house with sun, load and battery.
 *
 * The model knows no nodes and no clock: it is told how much time passes, and
 * says what the meters would show for that step. Powers are mean values of the step in
 * whole watts, so that the balance
 *
 *     pv + grid = load + battery
 *
 * holds exactly. Positive is: pv production, grid import, load consumption,
 * battery charging.
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/rng.h"

enum { MF_HOUSE_DEVICES = 4 };

struct mf_house_config {
    double pv_peak;  /* W */
    double load;     /* W, mean over the year */
    double capacity; /* Wh; 0: no battery */
    double power;    /* W, the battery's limit in both directions */
    double losses;   /* %, of the energy, between charging and discharging */
    double reserve;  /* %, of the capacity, stays in */
    double lat, lon; /* degrees, north and east positive */
};

struct mf_house {
    struct mf_rng rng;
    int64_t time;   /* wall ns: end of the last step */
    double weather; /* slow and fast part of the clouds: about -2 (clear) to 2 */
    double passing;
    double device_left[MF_HOUSE_DEVICES]; /* s that each device still runs */
    double stored;                        /* Wh in the battery */
};

/* What the meters show for one step. */
struct mf_house_step {
    double pv, load, grid, battery; /* W */
    double soc;                     /* % */
};

#define MF_HOUSE_SUBSTEP 60.0 /* s: clouds and devices move in steps no longer than this */

void mf_house_init(struct mf_house *house, const struct mf_house_config *config, int64_t time,
                   uint64_t seed, double soc);
/* Lets `seconds` pass. With `setpoint` the battery does what it says as far as it can, else it
 * keeps the grid at zero. */
struct mf_house_step mf_house_step(struct mf_house *house, const struct mf_house_config *config,
                                   double seconds, const double *setpoint);

/* Height of the sun above the horizon and its direction from south, west positive: radians. */
void mf_house_sun(int64_t time, double lat, double lon, double *ret_elevation, double *ret_azimuth);
