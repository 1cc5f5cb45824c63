/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Where the sun stands, by a formula of low precision: a hundredth of a degree between 1950 and
 * 2050, and rise and set to well within a minute below 65° of latitude.
 *
 * Angles are in degrees; latitudes are positive in the north, longitudes in the east. Wall time.
 */

#include <stdbool.h>
#include <stdint.h>

struct mf_place {
    double lat, lon;
};

/* Elevation of the sun's centre above the horizon, without refraction; azimuth from north over
 * east, 0 to 360. */
void mf_sun_position(const struct mf_place *place, int64_t wall, double *ret_elevation,
                     double *ret_azimuth);

/* Elevation at which the upper limb is seen at the horizon; at which civil twilight begins. */
#define MF_SUN_HORIZON (-0.8333)
#define MF_SUN_TWILIGHT (-6.0)

/* The first moment after `wall`, to the second, at which the sun passes the elevation, upwards or
 * downwards. MF_NEVER if it does not within a bit more than a year, which happens nowhere for the
 * two above. */
int64_t mf_sun_passes(const struct mf_place *place, double elevation, bool upwards, int64_t wall);
