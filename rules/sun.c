/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sun: sunrise, sunset, dawn and dusk at a place, or where the sun stands.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "rules/schedule.h"
#include "rules/sky.h"
#include "rules/tick.h"

enum { OUT, OUT_ELEVATION = 0, OUT_AZIMUTH };
enum { TIMER_NEXT };
enum { WHAT_RISE, WHAT_SET, WHAT_DAWN, WHAT_DUSK, WHAT_POSITION };

#define LONG_DAY (36 * MF_HOUR) /* without an event for longer: that is worth a word */
#define EVERY_FALLBACK MF_MINUTE

struct config {
    int what;
    struct mf_place place;
    int64_t offset;
    int64_t every;
    struct mf_value value;
    bool has_offset, has_every, has_value;
};

struct state {
    struct mf_alarm alarm;
    int64_t tick; /* mono, of the next position */
};

static const struct {
    double elevation;
    bool upwards;
    const char *verb;
} events[] = {
    [WHAT_RISE] = {MF_SUN_HORIZON, true, "rise"},
    [WHAT_SET] = {MF_SUN_HORIZON, false, "set"},
    [WHAT_DAWN] = {MF_SUN_TWILIGHT, true, "come up to 6 degrees below the horizon"},
    [WHAT_DUSK] = {MF_SUN_TWILIGHT, false, "go down to 6 degrees below the horizon"},
};

/* ---- events ---- */

static int64_t next_after(struct mf_node *node, int64_t after)
{
    const struct config *c = mf_node_config(node);
    int64_t time = mf_sun_passes(&c->place, events[c->what].elevation, events[c->what].upwards,
                                 after - c->offset);

    return time == MF_NEVER ? MF_NEVER : time + c->offset;
}

/* Polar day or night: silence has a reason. */
static void say_when_it_takes_long(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    char text[MF_TIME_TEXT];

    if (s->alarm.next == MF_NEVER || s->alarm.next - mf_node_now(node) < LONG_DAY)
        return;
    mf_time_print(s->alarm.next, text);
    mf_node_log(node, MF_LOG_INFO, "the sun does not %s here for some time; next at %s",
                events[c->what].verb, text);
}

/* ---- position ---- */

static int64_t interval(const struct config *c)
{
    return c->has_every ? c->every : EVERY_FALLBACK;
}

static void emit_position(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    double elevation, azimuth;

    mf_sun_position(&c->place, mf_node_now(node), &elevation, &azimuth);
    mf_node_emit_number(node, OUT_ELEVATION, elevation);
    mf_node_emit_number(node, OUT_AZIMUTH, azimuth);
}

/* ---- running ---- */

static int sun_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (c->what == WHAT_POSITION) {
        s->tick = mf_node_mono(node);
        mf_node_arm_at(node, TIMER_NEXT, s->tick);
    } else if (!mf_node_is_once(node)) {
        mf_alarm_start(&s->alarm, node, TIMER_NEXT, next_after);
        say_when_it_takes_long(node);
    }
    return 0;
}

static void sun_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t time;

    if (c->what == WHAT_POSITION) {
        emit_position(node);
        if (mf_node_is_once(node))
            return;
        s->tick = mf_tick_after(s->tick, interval(c), mf_node_mono(node));
        mf_node_arm_at(node, TIMER_NEXT, s->tick);
    } else if (mf_alarm_look(&s->alarm, node, TIMER_NEXT, next_after, &time) == MF_ALARM_DUE) {
        mf_alarm_emit(node, OUT, c->has_value ? &c->value : NULL, time);
        say_when_it_takes_long(node);
    }
}

static void sun_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->what == WHAT_POSITION && (c->has_offset || c->has_value))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220,
                             mf_check_at(check, c->has_offset ? "offset" : "value"),
                             "a position has no `%s`", c->has_offset ? "offset" : "value"),
                     "it belongs to `rise`, `set`, `dawn` and `dusk`");
    if (c->what != WHAT_POSITION && c->has_every)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "every"),
                             "the sun itself says when it is time, so `every` has no meaning"),
                     "it belongs to `position`");
}

static void sun_add_ports(struct mf_ports *ports, const void *config)
{
    const struct config *c = config;
    struct mf_unit degree;

    if (c->what != WHAT_POSITION) {
        mf_ports_add(ports, MF_OUT, "out", c->has_value ? MF_T(c->value.type) : MF_T(MF_INT), NULL,
                     "A message at each event: its time in seconds since 1970, or `value`.");
        return;
    }
    mf_unit_read("deg", 3, &degree, NULL);
    mf_ports_add(ports, MF_OUT, "elevation", MF_T(MF_NUMBER), &degree,
                 "Of the sun's centre above the horizon.");
    mf_ports_add(ports, MF_OUT, "azimuth", MF_T(MF_NUMBER), &degree,
                 "From north over east: 90 is east, 180 south.");
}

static int64_t sun_period(const void *config)
{
    const struct config *c = config;

    return c->what == WHAT_POSITION ? interval(c) : 0;
}

static void sun_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_alarm_save(&s->alarm, out);
}

static int sun_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_alarm_restore(&s->alarm, in);
    return 0;
}

static const struct mf_port ports[] = {{0}};

static const struct mf_choice whats[] = {
    {"rise", WHAT_RISE, "The upper limb comes over the horizon."},
    {"set", WHAT_SET, "The upper limb goes below the horizon."},
    {"dawn", WHAT_DAWN, "Civil twilight begins: 6 degrees below the horizon."},
    {"dusk", WHAT_DUSK, "Civil twilight ends."},
    {"position", WHAT_POSITION, "Where the sun stands, again and again."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "what",
        MF_CHOICE(what, whats),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "The event that is told, or the position.",
    },
    {
        "lat",
        MF_REAL(place.lat),
        .flags = MF_OPT_REQUIRED,
        MF_LIMITS(-90, 90),
        .summary = "Latitude in degrees, north is positive.",
    },
    {
        "lon",
        MF_REAL(place.lon),
        .flags = MF_OPT_REQUIRED,
        MF_LIMITS(-180, 180),
        .summary = "Longitude in degrees, east is positive.",
    },
    {
        "offset",
        MF_DURATION(offset),
        MF_GIVEN(has_offset),
        MF_LIMITS(-43200, 43200),
        .summary = "How much later the event is told, or earlier: -30min.",
    },
    {
        "value",
        MF_LITERAL(value),
        MF_GIVEN(has_value),
        .summary = "What is sent at each event; by default its time.",
    },
    {
        "every",
        MF_DURATION(every),
        MF_GIVEN(has_every),
        MF_LIMITS(0.1, 86400),
        .summary = "Time between two positions; by default 1min.",
    },
    {0},
};

const struct mf_kind mf_kind_sun = {
    .name = "sun",
    .summary = "Tells sunrise, sunset, dawn and dusk, or where the sun stands.",
    .doc =
        "Events come at the sea's horizon, with the usual 34 minutes of arc of refraction; hills, "
        "houses and the weather are not known. They are right to well within a minute below 65° "
        "of latitude; further north and south the sun comes in so flat that refraction alone moves "
        "them by minutes. The position is that of the sun's centre without refraction, to about a "
        "hundredth of a degree.\n"
        "\n"
        "Where the sun does not rise or set for days (polar day and night), nothing is sent: no "
        "event is made up. The log says at the start, and after the last event, when the next one "
        "comes. For `when` and other rules take the `position`, which always has a value: it is "
        "day when `sky.elevation > -0.83 deg`.\n"
        "\n"
        "Events are moments, so time zones and their changes do not matter. When the machine's "
        "clock is set forward, or the machine slept, the events in between are left out; a clock "
        "that is set back by less than an hour does not repeat any. Either is noticed within a "
        "minute. Events before the start are never made up for. `run --once` tells the position "
        "once, and does not wait for events.",
    .example = "down: {sun: set, lat: 49.5, lon: 11.0, offset: 15min}\n"
               "sky: {sun: position, lat: 49.5, lon: 11.0, every: 5min}\n"
               "glare: {when: sky.elevation > 10 deg and sky.azimuth > 180 deg}\n"
               "print: {log: info, from: [down, glare]}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_TIME | MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .check = sun_check,
    .add_ports = sun_add_ports,
    .period = sun_period,
    .start = sun_start,
    .timeout = sun_timeout,
    .save = sun_save,
    .restore = sun_restore,
};
