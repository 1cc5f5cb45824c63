/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sim.home: the model of a house (house.h) as a source.
 *
 * Its time may pass faster than ours. Values carry the time of the house, so that
 * what is calculated from them (energy from power, means per hour) is right at any speed.
 */

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "nodes/sim/house.h"
#include "nodes/sim/sim.h"

enum { PORT_SETPOINT };
enum { OUT_PV, OUT_LOAD, OUT_GRID, OUT_BATTERY, OUT_SOC };
enum { TIMER_TICK };

#define STEP_MAX MF_DAY     /* of the house's time in one step: a longer one would hold the loop */
#define OFF_CLOCK MF_MINUTE /* at normal speed: how far the house may be off the wall clock */

struct config {
    struct mf_house_config house;
    double soc; /* %, at the start */
    double speed;
    int64_t seed;
    int64_t every;
    int64_t start; /* wall ns */
    bool has_start;
};

struct state {
    struct mf_house house;
    int64_t next; /* mono ns */
    double setpoint;
    bool has_setpoint;
    bool is_going; /* state was restored */
};

static int64_t step_length(const struct config *c)
{
    return (int64_t)((double)c->every * c->speed);
}

static int home_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (!s->is_going)
        mf_house_init(&s->house, &c->house, c->has_start ? c->start : mf_node_now(node),
                      (uint64_t)c->seed, c->soc);
    if (!mf_node_is_armed(node, TIMER_TICK)) {
        s->next = mf_node_mono(node);
        mf_node_arm_at(node, TIMER_TICK, s->next);
    }
    return 0;
}

/* A setpoint that is not good is none: the battery goes back to what it does by itself. */
static void home_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    struct state *s = mf_node_state(node);

    s->has_setpoint = msg->quality == MF_GOOD;
    if (s->has_setpoint)
        s->setpoint = mf_msg_number(msg);
}

/* In a house that lives in our time, time is the wall clock's even after the machine has slept. */
static void follow_clock(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t off = mf_node_now(node) - (s->house.time + step_length(c));

    if (c->speed == 1 && !c->has_start && (off > OFF_CLOCK || off < -OFF_CLOCK - c->every))
        s->house.time += off;
}

static void home_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_house_step step;
    double values[5];

    follow_clock(node);
    step = mf_house_step(&s->house, &c->house, (double)step_length(c) / MF_SEC,
                         s->has_setpoint ? &s->setpoint : NULL);
    values[OUT_PV] = step.pv;
    values[OUT_LOAD] = step.load;
    values[OUT_GRID] = step.grid;
    values[OUT_BATTERY] = step.battery;
    values[OUT_SOC] = round(step.soc * 10) / 10;
    for (unsigned i = 0; i <= (c->house.capacity > 0 ? OUT_SOC : OUT_BATTERY); i++)
        mf_node_emit_take_at(node, i, mf_value_number(values[i]), s->house.time);
    mf_sim_next_tick(node, TIMER_TICK, &s->next, c->every);
}

static void home_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    struct mf_diag *diag;

    if ((double)c->every * c->speed > (double)STEP_MAX) {
        diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "speed"),
                       "more than a day would pass in one step");
        mf_diag_help(diag, "choose a smaller `speed` or a shorter `every`");
    }
    if (c->soc < c->house.reserve) {
        diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "soc"),
                       "the battery cannot begin below its reserve");
        mf_diag_help(diag, "choose `soc` at least as large as `reserve`");
    }
}

static int64_t home_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

/* ---- state ---- */

static const char *const device_names[MF_HOUSE_DEVICES] = {"kettle", "oven", "washing", "fridge"};

static void home_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_sim_rng_save(&s->house.rng, out);
    mf_state_put_int(out, "time", s->house.time);
    mf_state_put_number(out, "weather", s->house.weather);
    mf_state_put_number(out, "passing", s->house.passing);
    mf_state_put_number(out, "stored", s->house.stored);
    for (unsigned i = 0; i < MF_HOUSE_DEVICES; i++)
        mf_state_put_number(out, device_names[i], s->house.device_left[i]);
    if (s->has_setpoint)
        mf_state_put_number(out, "setpoint", s->setpoint);
    mf_state_put_timer(out, "tick", node, TIMER_TICK);
}

static int home_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_house *house = &s->house;

    s->is_going = mf_sim_rng_restore(&house->rng, in) &&
                  mf_state_get_int(in, "time", &house->time) &&
                  mf_state_get_number(in, "weather", &house->weather) &&
                  mf_state_get_number(in, "passing", &house->passing) &&
                  mf_state_get_number(in, "stored", &house->stored);
    if (!s->is_going)
        return mf_fail(err, MF_EINVAL, "the state of the house is not complete");
    house->stored = fmin(house->stored, c->house.capacity);
    for (unsigned i = 0; i < MF_HOUSE_DEVICES; i++)
        mf_state_get_number(in, device_names[i], &house->device_left[i]);
    s->has_setpoint = mf_state_get_number(in, "setpoint", &s->setpoint);
    if (mf_state_get_timer(in, "tick", node, TIMER_TICK))
        s->next = mf_node_deadline(node, TIMER_TICK);
    return 0;
}

/* ---- points in time as an option ---- */

static bool time_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    if (tree->is_unknown || mf_time_read(text, ret))
        return true;
    return mf_type_mismatch(load, option, tree, "a time such as 2026-06-21T05:00:00Z");
}

static void time_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]|"
                     "\\\\$\\\\{\"}");
}

static const struct mf_type type_time = {
    .name = "time",
    .syntax = "a point in time such as 2026-06-21T05:00:00Z",
    .size = sizeof(int64_t),
    .read = time_read,
    .schema = time_schema,
};

static const struct mf_port ports[] = {
    {"setpoint", MF_IN, MF_T(MF_NUMBER), MF_PORT_OPTIONAL | MF_PORT_DELAYED | MF_PORT_ANY_AGE,
     .unit = "W", .summary = "Power that the battery shall have; positive charges."},
    {"pv", MF_OUT, MF_T(MF_NUMBER), .unit = "W", .summary = "What the roof yields."},
    {"load", MF_OUT, MF_T(MF_NUMBER), .unit = "W", .summary = "What the house consumes."},
    {"grid", MF_OUT, MF_T(MF_NUMBER), .unit = "W",
     .summary = "What is taken from the grid; negative is fed in."},
    {"battery", MF_OUT, MF_T(MF_NUMBER), .unit = "W",
     .summary = "What goes into the battery; negative is discharging."},
    {"soc", MF_OUT, MF_T(MF_NUMBER), .unit = "%", .summary = "State of charge of the battery."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "pv_peak",
        MF_QUANTITY(house.pv_peak),
        .fallback = "8 kW",
        .unit = "W",
        MF_LIMITS(0, 1e7),
        .summary = "Peak power of the modules on the roof; 0 is none.",
    },
    {
        "load",
        MF_QUANTITY(house.load),
        .fallback = "450 W",
        .unit = "W",
        MF_LIMITS(0, 1e6),
        .summary = "What the house consumes in the mean; 450 W are 4000 kWh in a year.",
    },
    {
        "battery",
        MF_QUANTITY(house.capacity),
        .fallback = "10 kWh",
        .unit = "Wh",
        MF_LIMITS(0, 1e8),
        .summary = "Capacity of the battery; 0 is none.",
    },
    {
        "battery_power",
        MF_QUANTITY(house.power),
        .fallback = "5 kW",
        .unit = "W",
        MF_LIMITS(0, 1e7),
        .summary = "Most that the battery takes or gives.",
    },
    {
        "losses",
        MF_QUANTITY(house.losses),
        .fallback = "10 %",
        .unit = "%",
        MF_LIMITS(0, 90),
        .summary = "Share of the energy that is lost between charging and discharging.",
    },
    {
        "reserve",
        MF_QUANTITY(house.reserve),
        .fallback = "5 %",
        .unit = "%",
        MF_LIMITS(0, 100),
        .summary = "State of charge below which the battery gives nothing.",
    },
    {
        "soc",
        MF_QUANTITY(soc),
        .fallback = "50 %",
        .unit = "%",
        MF_LIMITS(0, 100),
        .summary = "State of charge at the start.",
    },
    {
        "lat",
        MF_REAL(house.lat),
        .fallback = "49.5",
        MF_LIMITS(-66, 66),
        .summary = "Latitude in degrees, north is positive.",
    },
    {
        "lon",
        MF_REAL(house.lon),
        .fallback = "11",
        MF_LIMITS(-180, 180),
        .summary = "Longitude in degrees, east is positive.",
    },
    {
        "start",
        .type = &type_time,
        .offset = MF_MEMBER(struct config, start, int64_t),
        MF_GIVEN(has_start),
        .summary = "Time of the house at the start; by default it is now.",
    },
    {
        "speed",
        MF_REAL(speed),
        .fallback = "1",
        MF_LIMITS(0.001, 86400),
        .summary = "How many times faster than ours the time of the house passes.",
    },
    {
        "every",
        MF_DURATION(every),
        .fallback = "1s",
        MF_LIMITS(0.01, 3600),
        .summary = "Time between two values, in our time.",
    },
    {
        "seed",
        MF_INTEGER(seed),
        .fallback = "1",
        .summary = "Where the random numbers begin: another seed gives other weather and habits.",
    },
    {0},
};

const struct mf_kind mf_kind_sim_home = {
    .name = "sim.home",
    .summary = "Simulates a house with sun, load and battery, for demos and tests.",
    .doc = "A small physical model. The sun stands where it does at that place and time; the roof "
           "looks to the equator at 35°, and clouds come and go. The load follows the day, with a "
           "kettle, an oven, a washing machine and a fridge on top of it. The battery has limits "
           "of power and energy, and losses.\n"
           "\n"
           "In each step pv + grid = load + battery holds exactly, in whole watts: `grid` is "
           "positive when energy is bought, `battery` when it is charged. Values are means of the "
           "step.\n"
           "\n"
           "Without an input the battery keeps the grid at zero as far as it can. A `setpoint` in "
           "W (`from: plan`) says what it shall do instead; positive charges. It is used from the "
           "next step on, so it may depend on what the house says without a `delay`. A setpoint "
           "that is stale or bad counts as none.\n"
           "\n"
           "`speed: 3600` lets an hour of the house pass in each second; values carry the time of "
           "the house, so that energies and means per hour come out right. `start` sets the day "
           "and the hour, for a demo that does not begin in the night. With the same options two "
           "runs give the same values, if `start` is given. A step may not be longer than a day "
           "of the house (MF0220).",
    .example = "home: {sim.home: , pv_peak: 8 kW, battery: 10 kWh, speed: 600,\n"
               "       start: \"2026-06-21T04:00:00Z\"}\n"
               "grid: {mean: 15min, from: home.grid, unit: kW}\n"
               "bought: {expr: \"math.max(0, home.grid)\", unit: W}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .check = home_check,
    .period = home_period,
    .start = home_start,
    .receive = home_receive,
    .timeout = home_timeout,
    .save = home_save,
    .restore = home_restore,
};
