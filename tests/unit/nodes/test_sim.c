/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Simulated sources: waves, a counter, and the house with its balance. */

#include <math.h>

#include "engine/base/clock.h"
#include "engine/run/engine.h"
#include "nodes/sim/house.h"
#include "tests/support/bench.h"

static struct bench *new_real(const char *yaml)
{
    return bench_new_with(yaml, (struct bench_options){.is_real = true});
}

static const struct mf_msg *last(struct bench *b, const char *name, const char *port)
{
    const struct mf_node *node = mf_engine_node(bench_engine(b), name);

    return mf_node_last(node, (unsigned)mf_def_output(node->def, port));
}

/* ---- waves ---- */

/* Each shape over one period. */
static void shapes(void **state)
{
    static const struct {
        const char *flow, *values;
    } cases[] = {
        {"x: {sim.wave: ramp, min: 10, max: 20, period: 4s}\n", "10 12.5 15 17.5 10"},
        {"x: {sim.wave: ramp, min: 20, max: 10, period: 4s}\n", "20 17.5 15 12.5 20"},
        {"x: {sim.wave: square, min: 10, max: 20, period: 4s}\n", "20 20 10 10 20"},
        {"w: {sim.wave: sine, min: 10, max: 20, period: 4s}\nx: {round: 9, from: w}\n",
         "15 20 15 10 15"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = new_real(cases[i].flow);

        bench_advance(b, "4s");
        bench_expect(b, "x", cases[i].values);
        bench_free(b);
    }
}

/* Random shapes stay within their limits and are the same in each run. */
static void random_shapes(void **state)
{
    static const char *const flows[] = {
        "a: {sim.wave: noise, min: 5, max: 6, every: 10ms}\n"
        "b: {sim.wave: noise, min: 5, max: 6, every: 10ms}\n"
        "c: {sim.wave: noise, min: 5, max: 6, every: 10ms, seed: 2}\n"
        "low: {min: 10s, from: a}\nhigh: {max: 10s, from: a}\n",
        "a: {sim.wave: walk, min: 5, max: 6, every: 10ms}\n"
        "b: {sim.wave: walk, min: 5, max: 6, every: 10ms}\n"
        "c: {sim.wave: walk, min: 5, max: 6, every: 10ms, seed: 2}\n"
        "low: {min: 10s, from: a}\nhigh: {max: 10s, from: a}\n",
    };

    for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
        struct bench *b = new_real(flows[i]);
        double low, high;

        bench_advance(b, "10s");
        low = mf_msg_number(last(b, "low", "out"));
        high = mf_msg_number(last(b, "high", "out"));
        assert_true(low >= 5 && low < high && high <= 6);
        assert_true(mf_msg_number(last(b, "a", "out")) == mf_msg_number(last(b, "b", "out")));
        assert_true(mf_msg_number(last(b, "a", "out")) != mf_msg_number(last(b, "c", "out")));
        bench_free(b);
    }
}

/* Limits may be written in any unit of the dimension. */
static void units(void **state)
{
    struct bench *b = new_real("x: {sim.wave: square, min: 200 W, max: 3 kW, unit: W}\n");

    bench_expect(b, "x", "3000");
    bench_expect_unit(b, "x", "W");
    bench_free(b);
}

/* A wave goes on where it was after a reload. */
static void a_reload_goes_on(void **state)
{
    struct bench *b = new_real("x: {sim.wave: ramp, max: 10, period: 10s}\n"
                               "n: {sim.counter: 2}\n");

    bench_advance(b, "2500ms");
    bench_reload(b, "x: {sim.wave: ramp, max: 100, period: 10s}\n"
                    "n: {sim.counter: 3}\n");
    bench_advance(b, "1500ms");
    bench_expect(b, "x", "0 1 2 30 40");
    bench_expect(b, "n", "0 2 4 6 9");
    bench_free(b);
}

/* In a test a simulated source is played, as all sources are. */
static void tests_play_them(void **state)
{
    struct bench *b = bench_new("x: {sim.wave: sine}\ny: {sim.counter: 1}\nz: {sim.home: }\n");

    bench_advance(b, "1s");
    bench_expect(b, "x", "");
    bench_expect(b, "y", "");
    bench_feed(b, "z.pv", "800");
    bench_expect(b, "z.pv", "800");
    bench_expect(b, "z.load", "");
    bench_free(b);
}

/* A source whose clock has stopped would be stale: it says how often it speaks. */
static void steady_is_not_stale(void **state)
{
    struct bench *b = new_real("x: {sim.counter: 1, every: 1h}\n");

    bench_advance(b, "4h");
    bench_expect(b, "x", "0 1 2 3 4");
    bench_free(b);
}

/* ---- the model ---- */

static const struct mf_house_config usual = {
    .pv_peak = 8000,
    .load = 450,
    .capacity = 10000,
    .power = 5000,
    .losses = 10,
    .reserve = 5,
    .lat = 49.5,
    .lon = 11,
};

static int64_t time_of(const char *text)
{
    int64_t time = 0;

    assert_true(mf_time_read(text, &time));
    return time;
}

struct year {
    double pv, load, bought, sold, charged, discharged; /* kWh */
};

static struct year run_year(const struct mf_house_config *config, uint64_t seed)
{
    struct mf_house house;
    struct year year = {0};

    mf_house_init(&house, config, time_of("2026-01-01T00:00:00Z"), seed, 50);
    for (int i = 0; i < 365 * 24 * 60; i++) {
        struct mf_house_step step = mf_house_step(&house, config, 60, NULL);

        year.pv += step.pv / 60e3;
        year.load += step.load / 60e3;
        year.bought += fmax(step.grid, 0) / 60e3;
        year.sold += fmax(-step.grid, 0) / 60e3;
        year.charged += fmax(step.battery, 0) / 60e3;
        year.discharged += fmax(-step.battery, 0) / 60e3;
    }
    return year;
}

/* The balance holds exactly in each of a year's minutes, and no limit of the battery is passed. */
static void balance(void **state)
{
    struct mf_house house;
    double before;

    mf_house_init(&house, &usual, time_of("2026-01-01T00:00:00Z"), 1, 50);
    for (int i = 0; i < 365 * 24 * 60; i++) {
        struct mf_house_step step;
        double stored;

        before = house.stored;
        step = mf_house_step(&house, &usual, 60, NULL);
        stored = house.stored - before;
        assert_true(step.pv + step.grid == step.load + step.battery);
        assert_true(step.pv >= 0 && step.pv <= usual.pv_peak && step.load >= 0);
        assert_true(fabs(step.battery) <= usual.power);
        assert_true(house.stored >= 500 - 1e-6 && house.stored <= 10000 + 1e-6);
        if (step.battery > 0)
            assert_true(fabs(stored - step.battery / 60 * sqrt(0.9)) < 1e-6);
        else
            assert_true(fabs(stored - step.battery / 60 / sqrt(0.9)) < 1e-6);
    }
}

/* A year looks like one: yields and habits are those of a house in the middle of Europe. */
static void a_year(void **state)
{
    struct year year = run_year(&usual, 1), other = run_year(&usual, 2);

    assert_true(year.pv > 8 * 850 && year.pv < 8 * 1250);
    assert_true(year.load > 0.9 * 3942 && year.load < 1.1 * 3942);
    assert_true(year.bought > 100 && year.sold > 3000);
    assert_true(year.discharged < 0.92 * year.charged && year.discharged > 0.88 * year.charged);
    assert_true(other.pv != year.pv && fabs(other.pv - year.pv) < 0.15 * year.pv);
}

/* The sun stands where almanacs say. */
static void sun(void **state)
{
    static const struct {
        const char *time;
        double lat, lon, elevation, azimuth; /* degrees; azimuth from south, west positive */
    } cases[] = {
        {"2026-06-21T11:17:00Z", 49.5, 11, 63.9, 0},           /* noon of the longest day */
        {"2026-12-21T11:14:00Z", 49.5, 11, 17.1, 0},           /* … of the shortest one */
        {"2026-03-20T12:08:00Z", 0, 0, 90, 0},                 /* equinox at the equator */
        {"2026-03-20T06:07:00Z", 50, 0, 0, -90},               /* … sunrise in the east */
        {"2026-12-21T12:58:00Z", -34, 151.2 - 166, 79.4, 180}, /* south: the sun is in the north */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double elevation, azimuth, off;

        mf_house_sun(time_of(cases[i].time), cases[i].lat, cases[i].lon, &elevation, &azimuth);
        assert_true(fabs(elevation * 180 / M_PI - cases[i].elevation) < 0.7);
        off = fabs(azimuth * 180 / M_PI - cases[i].azimuth);
        if (cases[i].elevation < 85)
            assert_true(fmin(off, 360 - off) < 1.5);
    }
}

/* A setpoint is followed as far as power and energy allow. */
static void setpoints(void **state)
{
    static const struct {
        double soc, setpoint, battery, hours;
    } cases[] = {
        {50, 1000, 1000, 1},     {50, -1000, -1000, 1}, {50, 9000, 5000, 0.1},
        {50, -9000, -5000, 0.1}, {100, 1000, 0, 1},     {5, -1000, 0, 1},
        {50, 0, 0, 1},           {90, 5000, 1054, 1},   {15, -5000, -948, 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_house house;
        struct mf_house_step step;

        mf_house_init(&house, &usual, time_of("2026-06-21T22:00:00Z"), 1, cases[i].soc);
        step = mf_house_step(&house, &usual, cases[i].hours * 3600, &cases[i].setpoint);
        assert_true(step.battery == cases[i].battery);
        assert_true(step.pv + step.grid == step.load + step.battery);
    }
}

/* Without a battery the grid gives and takes everything; without modules there is no sun. */
static void parts_are_optional(void **state)
{
    struct mf_house_config config = usual;
    struct year year;

    config.capacity = 0;
    year = run_year(&config, 1);
    assert_true(year.charged == 0 && year.discharged == 0 && year.bought > 1500);
    config.pv_peak = 0;
    year = run_year(&config, 1);
    assert_true(year.pv == 0 && year.sold == 0 && year.bought == year.load);
}

/* Long steps give the means of short ones: the energy of a day is about the same. */
static void long_steps(void **state)
{
    struct mf_house house;
    double fine = 0, coarse = 0;

    mf_house_init(&house, &usual, time_of("2026-06-01T00:00:00Z"), 1, 50);
    for (int i = 0; i < 30 * 24 * 60; i++)
        fine += mf_house_step(&house, &usual, 60, NULL).pv / 60;
    mf_house_init(&house, &usual, time_of("2026-06-01T00:00:00Z"), 1, 50);
    for (int i = 0; i < 30 * 24; i++)
        coarse += mf_house_step(&house, &usual, 3600, NULL).pv;
    assert_true(fabs(fine - coarse) < 0.001 * fine);
    assert_int_equal(house.time, time_of("2026-07-01T00:00:00Z"));
}

/* ---- the node ---- */

#define HOME "home: {sim.home: , start: \"2026-06-21T04:00:00Z\", speed: 3600}\n"

/* Ports, units, and a day that passes in 24 seconds with sun in it. */
static void a_day_passes(void **state)
{
    struct bench *b = new_real(HOME "energy: {integrate: 1h, from: home.pv, unit: kWh}\n"
                                    "hours: {count: 1h, from: home.pv}\n"
                                    "top: {max: 1d, from: home.pv, sliding: true}\n");

    bench_expect_unit(b, "home.pv", "W");
    bench_expect_unit(b, "home.load", "W");
    bench_expect_unit(b, "home.grid", "W");
    bench_expect_unit(b, "home.battery", "W");
    bench_expect_unit(b, "home.soc", "%");
    bench_advance(b, "24s");
    assert_true(mf_msg_number(last(b, "energy", "out")) > 10);
    assert_true(mf_msg_number(last(b, "energy", "out")) < 70);
    assert_true(mf_msg_number(last(b, "top", "out")) > 2000);
    assert_int_equal(last(b, "home", "pv")->time, time_of("2026-06-22T05:00:00Z"));
    bench_free(b);
}

/* Two runs are alike. */
static void runs_are_alike(void **state)
{
    struct bench *a = new_real(HOME), *b;
    double first;

    bench_advance(a, "10s");
    first = mf_msg_number(last(a, "home", "grid"));
    bench_free(a);
    b = new_real(HOME);
    bench_advance(b, "10s");
    assert_true(mf_msg_number(last(b, "home", "grid")) == first);
    bench_free(b);
}

/* A plan that reads the house may steer it: no loop, from the next step on. When the plan is not
 * good any more the battery goes back to what it does by itself. */
static void a_plan_steers(void **state)
{
    struct bench *b = new_real("plan: {test.source: number, unit: kW}\n"
                               "home: {sim.home: , from: plan, start: \"2026-06-21T00:00:00Z\"}\n");

    bench_feed(b, "plan", "1");
    bench_advance(b, "1s");
    assert_true(mf_msg_number(last(b, "home", "battery")) == 1000);
    bench_fail(b, "plan", "timeout");
    bench_advance(b, "1s");
    assert_true(mf_msg_number(last(b, "home", "battery")) < 0);
    assert_int_equal(last(b, "home", "battery")->quality, MF_GOOD);
    bench_free(b);

    bench_expect_clean("home: {sim.home: , from: plan}\n"
                       "plan: {scale: -1, from: home.grid}\n");
}

/* A reload of a changed house goes on with its day, weather and battery. */
static void a_reload_keeps_the_house(void **state)
{
    struct bench *b = new_real(HOME);
    double soc;

    bench_advance(b, "8s");
    soc = mf_msg_number(last(b, "home", "soc"));
    bench_reload(b, "home: {sim.home: , start: \"2026-06-21T04:00:00Z\", speed: 60}\n");
    bench_advance(b, "1s");
    assert_int_equal(last(b, "home", "pv")->time, time_of("2026-06-21T13:01:00Z"));
    assert_true(fabs(mf_msg_number(last(b, "home", "soc")) - soc) < 2);
    bench_free(b);
}

/* Without a battery its state of charge is never told. */
static void no_battery(void **state)
{
    struct bench *b = new_real("home: {sim.home: , battery: 0}\n");

    bench_expect(b, "home.battery", "0");
    bench_expect(b, "home.soc", "");
    bench_free(b);
}

/* What is wrong is said in words. */
static void faults(void **state)
{
    static const struct {
        const char *flow, *code, *part;
    } cases[] = {
        {"x: {sim.wave: triangle}\n", "MF0207", "triangle"},
        {"x: {sim.wave: sine, min: 5 °C, max: 20, unit: W}\n", "MF0203", "°C"},
        {"x: {sim.home: , speed: 86400, every: 10s}\n", "MF0220", "more than a day would pass"},
        {"x: {sim.home: , soc: 1 %}\n", "MF0220", "cannot begin below its reserve"},
        {"x: {sim.home: , start: noon}\n", "MF0205", "a time such as"},
        {"x: {sim.home: , pv_peak: 8 kWh}\n", "MF0203", "kWh"},
        {"t: {test.source: number, unit: °C}\nx: {sim.home: , from: t}\n", "MF0203", "°C"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        bench_expect_fault(cases[i].flow, cases[i].code, cases[i].part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(random_shapes),
        cmocka_unit_test(units),
        cmocka_unit_test(a_reload_goes_on),
        cmocka_unit_test(tests_play_them),
        cmocka_unit_test(steady_is_not_stale),
        cmocka_unit_test(balance),
        cmocka_unit_test(a_year),
        cmocka_unit_test(sun),
        cmocka_unit_test(setpoints),
        cmocka_unit_test(parts_are_optional),
        cmocka_unit_test(long_steps),
        cmocka_unit_test(a_day_passes),
        cmocka_unit_test(runs_are_alike),
        cmocka_unit_test(a_plan_steers),
        cmocka_unit_test(a_reload_keeps_the_house),
        cmocka_unit_test(no_battery),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
