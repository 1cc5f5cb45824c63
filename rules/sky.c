/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The sun, after J. Meeus, Astronomical Algorithms, chapters 12, 22 and 25, "low accuracy".
 *
 * Events are looked for between noon and midnight (true ones, not those of the clock), where the
 * elevation runs one way only. This needs no special case for high latitudes: where it does not
 * pass the horizon, there is nothing between the two, and at the poles, where hours mean nothing,
 * it still passes once in spring and once in autumn.
 */

#include "rules/sky.h"

#include <math.h>

#include "engine/base/clock.h"

#define DEGREE (3.14159265358979323846 / 180)
#define EPOCH_2000 (INT64_C(946728000) * MF_SEC) /* 2000-01-01 12:00 UTC */
#define EARTH_LATE 69.0                          /* s: dynamical time minus UTC, in our decades */

enum { HALF_DAYS = 800, ROUNDS = 3, BISECTIONS = 27 };

/* Where the sun is among the stars, and how far the sky has turned. */
struct sun {
    double ascension, declination; /* rad */
    double sidereal;               /* degrees, at Greenwich */
};

static double wrap(double degrees)
{
    degrees = fmod(degrees, 360);
    return degrees < 0 ? degrees + 360 : degrees;
}

static struct sun sun_at(int64_t wall)
{
    double days = (double)(wall - EPOCH_2000) / (double)MF_DAY;
    double t = (days + EARTH_LATE / 86400) / 36525;
    double mean = 280.46646 + t * (36000.76983 + t * 0.0003032);
    double anomaly = (357.52911 + t * (35999.05029 - t * 0.0001537)) * DEGREE;
    double centre = (1.914602 - t * (0.004817 + t * 0.000014)) * sin(anomaly) +
                    (0.019993 - t * 0.000101) * sin(2 * anomaly) + 0.000289 * sin(3 * anomaly);
    double node = (125.04 - 1934.136 * t) * DEGREE;
    double nutation = -0.00478 * sin(node);
    double longitude = (mean + centre - 0.00569 + nutation) * DEGREE;
    double tilt = (23.439291 - 0.0130042 * t + 0.00256 * cos(node)) * DEGREE;

    return (struct sun){
        .ascension = atan2(cos(tilt) * sin(longitude), cos(longitude)),
        .declination = asin(sin(tilt) * sin(longitude)),
        .sidereal = 280.46061837 + 360.98564736629 * days + nutation * cos(tilt),
    };
}

/* Degrees since the sun stood highest, 0 to 360. */
static double hour_angle(const struct mf_place *place, int64_t wall, struct sun *ret_sun)
{
    *ret_sun = sun_at(wall);
    return wrap(ret_sun->sidereal + place->lon - ret_sun->ascension / DEGREE);
}

static double elevation_at(const struct mf_place *place, int64_t wall)
{
    double lat = place->lat * DEGREE;
    struct sun sun;
    double hour = hour_angle(place, wall, &sun) * DEGREE;

    return asin(sin(lat) * sin(sun.declination) + cos(lat) * cos(sun.declination) * cos(hour)) /
           DEGREE;
}

void mf_sun_position(const struct mf_place *place, int64_t wall, double *ret_elevation,
                     double *ret_azimuth)
{
    double lat = place->lat * DEGREE;
    struct sun sun;
    double hour = hour_angle(place, wall, &sun) * DEGREE;

    *ret_elevation = elevation_at(place, wall);
    *ret_azimuth = wrap(
        180 + atan2(sin(hour), cos(hour) * sin(lat) - tan(sun.declination) * cos(lat)) / DEGREE);
}

/* ---- events ---- */

static int64_t ns_of(double degrees)
{
    return (int64_t)(degrees / 360 * (double)MF_DAY);
}

/* The moment near `wall` at which the hour angle is 0 (noon) or 180 (midnight). */
static int64_t culmination(const struct mf_place *place, int64_t wall, double wanted)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct sun sun;
        double late = wrap(hour_angle(place, wall, &sun) - wanted + 180) - 180;

        wall -= ns_of(late);
    }
    return wall;
}

/* Between `low` and `high`, where it is below and above (or the other way round); to the second. */
static int64_t bisect(const struct mf_place *place, double elevation, bool upwards, int64_t low,
                      int64_t high)
{
    for (int i = 0; i < BISECTIONS; i++) {
        int64_t middle = low + (high - low) / 2;

        if ((elevation_at(place, middle) >= elevation) == upwards)
            high = middle;
        else
            low = middle;
    }
    return (high + MF_SEC / 2) / MF_SEC * MF_SEC;
}

int64_t mf_sun_passes(const struct mf_place *place, double elevation, bool upwards, int64_t wall)
{
    struct sun sun;
    double hour = hour_angle(place, wall, &sun);
    bool is_noon = hour < 180;
    int64_t from = culmination(place, wall - ns_of(is_noon ? hour : hour - 180), is_noon ? 0 : 180);
    bool was_above = elevation_at(place, from) >= elevation;

    for (int i = 0; i < HALF_DAYS; i++) {
        int64_t until = culmination(place, from + MF_DAY / 2, is_noon ? 180 : 0);
        bool is_above = elevation_at(place, until) >= elevation;

        if (was_above != is_above && is_above == upwards) {
            int64_t time = bisect(place, elevation, upwards, from, until);

            if (time > wall)
                return time;
        }
        from = until;
        was_above = is_above;
        is_noon = !is_noon;
    }
    return MF_NEVER;
}
