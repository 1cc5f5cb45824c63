/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The model of a house: see house.h.
 *
 * Right enough to be believed, small enough to be read: the sun is where it
 * should be to half a degree, a clear day yields what a roof yields, clouds come
 * and go, people cook at noon and in the evening.
 */

#include "nodes/sim/house.h"

#include <math.h>

#include "engine/base/clock.h"

#define DEGREE (M_PI / 180)
#define YEAR_DAYS 365.2425

/* Roof: to the south, 35 degrees steep. */
#define TILT (35 * DEGREE)
#define DIFFUSE 0.12          /* share of direct light that comes from the whole sky */
#define PERFORMANCE 0.88      /* of the modules and the inverter, against the peak power */
#define SOLAR_CONSTANT 1361.0 /* W/m² */
#define STANDARD_LIGHT 1000.0 /* W/m² at which a module gives its peak power */

/* Clouds: how long the two parts remember. */
#define WEATHER_TAU (18 * 3600.0) /* s */
#define PASSING_TAU (8 * 60.0)    /* s */

/* ---- sun ---- */

/* Angle of the earth on its way since the (northern) winter solstice. */
static double season(int64_t time)
{
    return 2 * M_PI * fmod((double)time / MF_DAY + 10, YEAR_DAYS) / YEAR_DAYS;
}

void mf_house_sun(int64_t time, double lat, double lon, double *ret_elevation, double *ret_azimuth)
{
    double days = (double)time / MF_DAY, angle = season(time);
    double declination = -asin(sin(23.44 * DEGREE) * cos(angle + 2 * 0.0167 * sin(angle - 0.2)));
    /* Equation of time, minutes: the tilt of the axis and the ellipse. */
    double late =
        9.87 * sin(2 * (angle - 1.567)) - 7.53 * cos(angle - 1.567) - 1.5 * sin(angle - 1.567);
    double hour = (days - floor(days)) * 24 + lon / 15 + late / 60;
    double turn = (hour - 12) * 15 * DEGREE;
    double up =
        sin(lat * DEGREE) * sin(declination) + cos(lat * DEGREE) * cos(declination) * cos(turn);

    *ret_elevation = asin(fmax(-1, fmin(1, up)));
    *ret_azimuth =
        atan2(sin(turn), cos(turn) * sin(lat * DEGREE) - tan(declination) * cos(lat * DEGREE));
}

/* Share of the peak power under a clear sky. */
static double clear_sky(double elevation, double azimuth, double lat)
{
    double south = lat >= 0 ? cos(azimuth) : -cos(azimuth); /* roofs look to the equator */
    double height, air_mass, direct, onto_roof;

    if (elevation <= 0)
        return 0;
    height = elevation / DEGREE;
    air_mass = 1 / (sin(elevation) + 0.50572 * pow(height + 6.07995, -1.6364)); /* Kasten, Young */
    direct = SOLAR_CONSTANT * pow(0.7, pow(air_mass, 0.678));                   /* Meinel */
    onto_roof = sin(elevation) * cos(TILT) + cos(elevation) * sin(TILT) * south;
    return PERFORMANCE / STANDARD_LIGHT * direct * (fmax(onto_roof, 0) + DIFFUSE);
}

/* ---- clouds ---- */

/* A value that wanders about 0 with deviation 1 and forgets with time constant `tau`. */
static double wander(struct mf_rng *rng, double x, double seconds, double tau)
{
    double keep = exp(-seconds / tau);

    return keep * x + sqrt(1 - keep * keep) * mf_rng_normal(rng);
}

/* Share of the light that comes through. Winters are gray. */
static double through_clouds(const struct mf_house *house, double lat)
{
    double winter = cos(season(house->time)) * (lat >= 0 ? 1 : -1);
    double cover = 1 / (1 + exp(-2 * house->weather - 1.5 * house->passing - 1.5 * winter - 0.5));

    return 1 - 0.85 * cover;
}

/* ---- load ---- */

/* What runs now and then. Numbers are for a house of 450 W in the mean; in others there is as much
 * more or less of it. */
static const struct {
    double watts, seconds;
    double per_day;
    double hours[2][2]; /* when it is switched on */
} devices[MF_HOUSE_DEVICES] = {
    {2000, 180, 7, {{6, 10}, {14, 21}}},     /* kettle */
    {2200, 1800, 0.8, {{11, 13}, {17, 20}}}, /* oven */
    {1900, 2400, 0.6, {{9, 12}, {13, 20}}},  /* washing: heating the water */
    {90, 900, 40, {{0, 24}, {24, 24}}},      /* fridge */
};

#define USUAL_LOAD 450.0

/* Lights, screens, standby by the hour: shares of the mean. */
static const double profile[24] = {0.6, 0.5, 0.5,  0.5,  0.5,  0.6,  1.0, 1.3, 1.1, 0.9, 0.8, 0.9,
                                   1.1, 1.0, 0.85, 0.85, 0.95, 1.25, 1.6, 1.8, 1.7, 1.5, 1.1, 0.8};

static double hours_of(unsigned device)
{
    return devices[device].hours[0][1] - devices[device].hours[0][0] + devices[device].hours[1][1] -
           devices[device].hours[1][0];
}

static bool is_its_hour(unsigned device, double hour)
{
    for (unsigned i = 0; i < 2; i++)
        if (hour >= devices[device].hours[i][0] && hour < devices[device].hours[i][1])
            return true;
    return false;
}

static double base_share(void)
{
    double sum = 0;

    for (unsigned i = 0; i < 24; i++)
        sum += profile[i];
    return sum / 24;
}

/* Mean of all devices, W. */
static double devices_mean(void)
{
    double joules = 0;

    for (unsigned i = 0; i < MF_HOUSE_DEVICES; i++)
        joules += devices[i].watts * devices[i].seconds * devices[i].per_day;
    return joules / (24 * 3600);
}

static double load_of_substep(struct mf_house *house, const struct mf_house_config *config,
                              double seconds)
{
    double hour = fmod((double)(house->time % MF_DAY) / MF_HOUR + config->lon / 15 + 24, 24);
    double size = config->load / USUAL_LOAD, watts;

    watts = (config->load - size * devices_mean()) * profile[(unsigned)hour % 24] / base_share();
    watts *= 1 + 0.06 * mf_rng_normal(&house->rng);
    for (unsigned i = 0; i < MF_HOUSE_DEVICES; i++) {
        double chance = size * devices[i].per_day * seconds / (hours_of(i) * 3600), runs;

        if (house->device_left[i] <= 0 && is_its_hour(i, hour) &&
            mf_rng_double(&house->rng) < chance)
            house->device_left[i] = devices[i].seconds;
        runs = fmin(house->device_left[i], seconds);
        house->device_left[i] -= runs;
        watts += devices[i].watts * runs / seconds;
    }
    return fmax(watts, 0);
}

/* ---- battery ---- */

/* What it can do of what is wanted, in whole watts; the energy is moved. Losses are shared
 * evenly between the two directions. */
static double use_battery(struct mf_house *house, const struct mf_house_config *config,
                          double wanted, double hours)
{
    double one_way = sqrt(1 - config->losses / 100);
    double room = config->capacity - house->stored;
    double left = house->stored - config->capacity * config->reserve / 100;
    double watts = fmax(-config->power, fmin(config->power, wanted));

    watts = fmin(watts, fmax(room, 0) / (one_way * hours));
    watts = fmax(watts, -fmax(left, 0) * one_way / hours);
    watts = trunc(watts);
    house->stored += watts > 0 ? watts * hours * one_way : watts * hours / one_way;
    return watts;
}

/* ---- the house ---- */

void mf_house_init(struct mf_house *house, const struct mf_house_config *config, int64_t time,
                   uint64_t seed, double soc)
{
    *house = (struct mf_house){.time = time, .stored = soc / 100 * config->capacity};
    mf_rng_seed(&house->rng, seed);
    house->weather = mf_rng_normal(&house->rng);
    house->passing = mf_rng_normal(&house->rng);
}

struct mf_house_step mf_house_step(struct mf_house *house, const struct mf_house_config *config,
                                   double seconds, const double *setpoint)
{
    double substeps = fmax(1, ceil(seconds / MF_HOUSE_SUBSTEP)), substep = seconds / substeps;
    struct mf_house_step step = {0};
    double elevation, azimuth;

    for (double i = 0; i < substeps; i++) {
        house->time += (int64_t)(substep * MF_SEC);
        house->weather = wander(&house->rng, house->weather, substep, WEATHER_TAU);
        house->passing = wander(&house->rng, house->passing, substep, PASSING_TAU);
        mf_house_sun(house->time, config->lat, config->lon, &elevation, &azimuth);
        step.pv += clear_sky(elevation, azimuth, config->lat) * through_clouds(house, config->lat);
        step.load += load_of_substep(house, config, substep);
    }
    step.pv = round(config->pv_peak * fmin(step.pv / substeps, 1));
    step.load = round(step.load / substeps);
    if (config->capacity > 0)
        step.battery =
            use_battery(house, config, setpoint ? *setpoint : step.pv - step.load, seconds / 3600);
    step.grid = step.load + step.battery - step.pv;
    step.soc = config->capacity > 0 ? 100 * house->stored / config->capacity : 0;
    return step;
}
