/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* sun: the formula against published values and libnova, and what the kind makes of it. */

#include "engine/base/clock.h"
#include "rules/sky.h"
#include "tests/support/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_NOVA
#include <libnova/libnova.h>
#endif

static int64_t wall_of(const char *text)
{
    int64_t wall;

    if (!mf_time_read(text, &wall))
        fail_msg("not a time: %s", text);
    return wall;
}

/* ---- the formula ---- */

/* The example of the Solar Position Algorithm's report (I. Reda, A. Andreas, NREL/TP-560-34302):
 * elevation without refraction, azimuth, and sunrise. */
static void as_published(void **state)
{
    struct mf_place place = {39.742476, -105.1786};
    int64_t midnight = wall_of("2003-10-17T00:00:00-07:00");
    double elevation, azimuth;

    mf_sun_position(&place, wall_of("2003-10-17T12:30:30-07:00"), &elevation, &azimuth);
    assert_true(fabs(elevation - 39.872046) < 0.01);
    assert_true(fabs(azimuth - 194.34024) < 0.01);
    assert_true(llabs(mf_sun_passes(&place, MF_SUN_HORIZON, true, midnight) -
                      wall_of("2003-10-17T06:12:43-07:00")) < 10 * MF_SEC);
}

/* Whatever the place, events follow each other, and at each the sun passes the elevation in the
 * right direction; between the polar circles there is one of each per day. */
static void events_are_where_the_sun_passes(void **state)
{
    static const double lats[] = {-90, -78,  -66.6, -33, 0,    23.4, 49.5,
                                  65,  66.5, 69.6,  80,  89.9, 90};
    static const double lons[] = {-180, -77.3, 0, 11, 151.2, 180};

    for (size_t i = 0; i < sizeof(lats) / sizeof(lats[0]); i++) {
        struct mf_place place = {lats[i], lons[i % 6]};
        int64_t start = wall_of("2026-01-01"), time = start;
        bool upwards = i % 2;
        int count = 0;

        for (; time < start + 365 * MF_DAY; count++) {
            int64_t next = mf_sun_passes(&place, MF_SUN_HORIZON, upwards, time);
            double before, after, azimuth;

            assert_true(next > time && next < time + 400 * MF_DAY);
            mf_sun_position(&place, next - 2 * MF_SEC, &before, &azimuth);
            mf_sun_position(&place, next + 2 * MF_SEC, &after, &azimuth);
            assert_int_equal(before < MF_SUN_HORIZON, upwards);
            assert_int_equal(after < MF_SUN_HORIZON, !upwards);
            time = next;
        }
        if (fabs(lats[i]) < 65.1)
            assert_true(count >= 365 && count <= 367);
        if (fabs(lats[i]) > 89.95)
            assert_true(count >= 1 && count <= 2);
    }
}

#ifdef HAVE_NOVA

/* Its coordinates of the sun are those of the year 2000, so they are brought to today's. Azimuth
 * counts from south there. */
static struct ln_hrz_posn by_libnova(const struct mf_place *place, int64_t wall)
{
    double julian = (double)wall / (double)MF_DAY + 2440587.5;
    struct ln_lnlat_posn at = {.lat = place->lat, .lng = place->lon};
    struct ln_equ_posn of_2000, of_date;
    struct ln_hrz_posn horizontal;

    ln_get_solar_equ_coords(julian + 69.0 / 86400, &of_2000);
    ln_get_equ_prec(&of_2000, julian, &of_date);
    ln_get_hrz_from_equ(&of_date, &at, julian, &horizontal);
    return horizontal;
}

/* All events of a year at several latitudes: by libnova the sun passes the elevation not more than
 * half a minute earlier or later. */
static void events_agree_with_libnova(void **state)
{
    static const double lats[] = {-64.9, -33.9, 0, 35, 49.5, 59.3, 64.9};

    for (size_t i = 0; i < sizeof(lats) / sizeof(lats[0]); i++)
        for (int what = 0; what < 4; what++) {
            struct mf_place place = {lats[i], 11.0 + 20 * (double)i};
            double elevation = what & 1 ? MF_SUN_TWILIGHT : MF_SUN_HORIZON;
            bool upwards = what & 2;
            int64_t time = wall_of("2026-01-01");

            if ((what & 1) && fabs(place.lat) > 60) /* twilight there lasts all night in summer */
                continue;
            while (time < wall_of("2027-01-01")) {
                double before, after;

                time = mf_sun_passes(&place, elevation, upwards, time);
                before = by_libnova(&place, time - 30 * MF_SEC).alt;
                after = by_libnova(&place, time + 30 * MF_SEC).alt;
                assert_int_equal(before < elevation, upwards);
                assert_int_equal(after < elevation, !upwards);
            }
        }
}

/* Each seventh hour of a year: the position to a hundredth of a degree, also in the far north. Some
 * of the difference is libnova's: it leaves out the aberration of 0.006 degrees. */
static void positions_agree_with_libnova(void **state)
{
    static const double lats[] = {-77.8, -33.9, 0.1, 49.5, 69.6, 85};

    for (size_t i = 0; i < sizeof(lats) / sizeof(lats[0]); i++)
        for (int hour = 0; hour < 365 * 24; hour += 7) {
            struct mf_place place = {lats[i], -150 + 60 * (double)i};
            int64_t wall = wall_of("2026-01-01") + hour * MF_HOUR;
            struct ln_hrz_posn theirs = by_libnova(&place, wall);
            double elevation, azimuth, turn;

            mf_sun_position(&place, wall, &elevation, &azimuth);
            turn = fmod(azimuth - theirs.az + 360, 360) - 180;
            assert_true(fabs(elevation - theirs.alt) < 0.015);
            assert_true(fabs(turn) * cos(theirs.alt * 3.14159265358979 / 180) < 0.015);
        }
}

#endif

/* ---- the kind ---- */

/* One message per event, with its time as value; offset moves it in either direction. */
static void events(void **state)
{
    struct bench *b =
        bench_new_at("rise: {sun: rise, lat: 39.742476, lon: -105.1786}\n"
                     "set: {sun: set, lat: 39.742476, lon: -105.1786}\n"
                     "dawn: {sun: dawn, lat: 39.742476, lon: -105.1786}\n"
                     "dusk: {sun: dusk, lat: 39.742476, lon: -105.1786, offset: 1h}\n"
                     "early: {sun: rise, lat: 39.742476, lon: -105.1786, offset: -30min}\n"
                     "a: {scale: 1, from: rise, offset: -1066396363}\n" /* 06:12:43 */
                     "b: {scale: 1, from: set, offset: -1066436332}\n"  /* 17:18:52 */
                     "near: {when: a > -20 and a < 20 and b > -20 and b < 20}\n"
                     "gap: {expr: rise - early}\n"
                     "before: {when: dawn < rise - 24 * 60 and dawn > rise - 30 * 60}\n"
                     "behind: {when: dusk > set + 84 * 60 and dusk < set + 90 * 60}\n",
                     "2003-10-17T07:00:00Z");

    bench_advance(b, "20h");
    bench_expect(b, "near", "true");
    bench_expect(b, "gap", "1800");
    bench_expect(b, "before", "true");
    bench_expect(b, "behind", "true");
    bench_free(b);
}

/* The position comes at the start and then regularly, in degrees. */
static void position(void **state)
{
    struct bench *b = bench_new_at("sky: {sun: position, lat: 39.742476, lon: -105.1786}\n"
                                   "e: {round: 0.1, from: sky.elevation}\n"
                                   "a: {round: 0.1, from: sky.azimuth}\n",
                                   "2003-10-17T19:30:30Z");

    bench_expect_unit(b, "sky.elevation", "deg");
    bench_expect(b, "e", "39.9");
    bench_expect(b, "a", "194.3");
    bench_advance(b, "59s");
    bench_expect(b, "e", "");
    bench_advance(b, "1s");
    bench_expect(b, "a", "194.6");
    bench_free(b);
}

/* In polar night nothing is made up; the log says when the sun comes back. */
static void polar_night(void **state)
{
    struct bench *b = bench_new_at("x: {sun: rise, lat: 69.65, lon: 18.96}\n"
                                   "n: {count: 60d, from: x}\n",
                                   "2026-12-01T00:00:00Z");

    bench_expect_log(b, "the sun does not rise here for some time; next at 2027-01-1");
    bench_advance(b, "40d");
    bench_expect(b, "x", "");
    bench_free(b);
    b = bench_new_at("x: {sun: set, lat: 69.65, lon: 18.96}\n", "2026-05-19T00:00:00Z");
    bench_expect_log(b, "the sun does not set here for some time; next at 2026-07-2");
    bench_free(b);
}

/* A clock that is set over a sunrise leaves it out; the next one comes. */
static void clocks_that_are_set(void **state)
{
    struct bench *b =
        bench_new_at("x: {sun: rise, lat: 0, lon: 0, value: true}\n", "2026-03-21T05:00:00Z");

    bench_set_clock(b, "2026-03-21T08:00:00Z");
    bench_advance(b, "21h");
    bench_expect(b, "x", "");
    bench_advance(b, "3h");
    bench_expect(b, "x", "true");
    bench_free(b);
}

/* run --once says where the sun stands, and does not wait for it to rise. */
static void once(void **state)
{
    struct bench *b = bench_new_with("x: {sun: rise, lat: 0, lon: 0}\n"
                                     "sky: {sun: position, lat: 0, lon: 0}\n"
                                     "known: {when: sky.elevation < 90 deg}\n",
                                     (struct bench_options){.once = true});

    bench_expect(b, "known", "true");
    bench_advance(b, "1d");
    bench_expect(b, "x", "");
    bench_free(b);
}

/* Options that do not go together, and places that are none. */
static void faults(void **state)
{
    bench_expect_fault("x: {sun: rise}\n", "MF0202", "lat");
    bench_expect_fault("x: {sun: rise, lat: 91, lon: 0}\n", "MF0206", "90");
    bench_expect_fault("x: {sun: noon, lat: 0, lon: 0}\n", "MF0207", "noon");
    bench_expect_fault("x: {sun: rise, lat: 0, lon: 0, every: 1h}\n", "MF0220", "no meaning");
    bench_expect_fault("x: {sun: position, lat: 0, lon: 0, offset: 1h}\n", "MF0220", "`offset`");
    bench_expect_fault("x: {sun: position, lat: 0, lon: 0, value: 1}\n", "MF0220", "`value`");
    bench_expect_fault("x: {sun: rise, lat: 0, lon: 0, offset: 13h}\n", "MF0206", "12h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_published),
        cmocka_unit_test(events_are_where_the_sun_passes),
#ifdef HAVE_NOVA
        cmocka_unit_test(events_agree_with_libnova),
        cmocka_unit_test(positions_agree_with_libnova),
#endif
        cmocka_unit_test(events),
        cmocka_unit_test(position),
        cmocka_unit_test(polar_night),
        cmocka_unit_test(clocks_that_are_set),
        cmocka_unit_test(once),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
