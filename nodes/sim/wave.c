/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sim.wave: a number that moves, for demos and tests.
 *
 * Everything is a function of the tick's number and the seed: the same flow gives the same values.
 */

#include <math.h>

#include "engine/base/clock.h"
#include "nodes/sim/sim.h"

enum { OUT };
enum { TIMER_TICK };
enum { SHAPE_SINE, SHAPE_SQUARE, SHAPE_RAMP, SHAPE_NOISE, SHAPE_WALK };

struct config {
    int shape;
    int64_t every;
    int64_t period;
    int64_t seed;
    double min, max;
};

struct state {
    struct mf_rng rng;
    int64_t count; /* ticks so far */
    int64_t next;  /* mono ns */
    double walk;   /* 0..1 */
    bool is_going; /* state was restored */
};

/* One random step, turned back at the ends. In a period it gets about as far as the range is wide.
 */
static double next_walk(struct state *s, const struct config *c)
{
    double x = s->walk + mf_rng_normal(&s->rng) * sqrt((double)c->every / (double)c->period);

    x = fabs(fmod(x, 2));
    s->walk = x <= 1 ? x : 2 - x;
    return s->walk;
}

/* 0..1 */
static double next_height(struct state *s, const struct config *c)
{
    double phase = (double)((s->count * (c->every % c->period)) % c->period) / (double)c->period;

    switch (c->shape) {
    case SHAPE_SINE:
        return 0.5 + 0.5 * sin(2 * M_PI * phase);
    case SHAPE_SQUARE:
        return phase < 0.5 ? 1 : 0;
    case SHAPE_RAMP:
        return phase;
    case SHAPE_NOISE:
        return mf_rng_double(&s->rng);
    default:
        return s->count ? next_walk(s, c) : s->walk;
    }
}

static int wave_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (!s->is_going) {
        mf_rng_seed(&s->rng, (uint64_t)c->seed);
        s->walk = 0.5;
    }
    if (!mf_node_is_armed(node, TIMER_TICK)) {
        s->next = mf_node_mono(node);
        mf_node_arm_at(node, TIMER_TICK, s->next);
    }
    return 0;
}

static void wave_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    double height = next_height(s, c);

    s->count = (s->count + 1) % (INT64_MAX / c->period);
    mf_node_emit_number(node, OUT, c->min * (1 - height) + c->max * height);
    mf_sim_next_tick(node, TIMER_TICK, &s->next, c->every);
}

/* Quantities in `min` and `max` are about the unit that `unit:` gives the node. */
static void wave_infer(struct mf_infer *infer, const void *config)
{
    mf_infer_set(infer, OUT, MF_T(MF_NUMBER), mf_infer_asked_unit(infer));
}

static int64_t wave_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

static void wave_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_sim_rng_save(&s->rng, out);
    mf_state_put_int(out, "count", s->count);
    mf_state_put_number(out, "walk", s->walk);
    mf_state_put_timer(out, "tick", node, TIMER_TICK);
}

static int wave_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    s->is_going = mf_sim_rng_restore(&s->rng, in) && mf_state_get_int(in, "count", &s->count) &&
                  mf_state_get_number(in, "walk", &s->walk);
    if (mf_state_get_timer(in, "tick", node, TIMER_TICK))
        s->next = mf_node_deadline(node, TIMER_TICK);
    return 0;
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T(MF_NUMBER), .summary = "The value."},
    {0},
};

static const struct mf_choice shapes[] = {
    {"sine", SHAPE_SINE, "A sine wave that begins in the middle and rises."},
    {"square", SHAPE_SQUARE, "Half of the period at `max`, then half of it at `min`."},
    {"ramp", SHAPE_RAMP, "Rises from `min` to `max` and begins again."},
    {"noise", SHAPE_NOISE, "Each value anywhere between `min` and `max`."},
    {"walk", SHAPE_WALK,
     "Random steps from the middle; over a period it gets about as far as "
     "the range is wide."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "shape",
        MF_CHOICE(shape, shapes),
        .fallback = "sine",
        .flags = MF_OPT_PRIMARY,
        .summary = "How the value moves.",
    },
    {
        "every",
        MF_DURATION(every),
        .fallback = "1s",
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time between two values.",
    },
    {
        "period",
        MF_DURATION(period),
        .fallback = "1min",
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time after which the shape repeats; of a walk, how slowly it moves.",
    },
    {
        "min",
        MF_QUANTITY(min),
        .fallback = "0",
        .unit = "@out",
        .summary = "Smallest value; when it is above `max`, the shape is upside down.",
    },
    {
        "max",
        MF_QUANTITY(max),
        .fallback = "1",
        .unit = "@out",
        .summary = "Largest value.",
    },
    {
        "seed",
        MF_INTEGER(seed),
        .fallback = "1",
        .summary = "Where the random numbers begin; another seed gives other noise.",
    },
    {0},
};

const struct mf_kind mf_kind_sim_wave = {
    .name = "sim.wave",
    .summary = "Makes a number that moves, for demos and tests.",
    .doc = "The first value comes at the start. Values depend on nothing but the options, so two "
           "runs of a flow are alike, and two nodes with the same seed make the same noise. "
           "`unit` says what the numbers are; `min` and `max` may then be written with any unit "
           "of that dimension.",
    .example = "outside: {sim.wave: sine, period: 1d, min: 2, max: 14, unit: °C, every: 1min}\n"
               "load: {sim.wave: walk, min: 200 W, max: 3 kW, unit: W, seed: 7}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = wave_infer,
    .period = wave_period,
    .start = wave_start,
    .timeout = wave_timeout,
    .save = wave_save,
    .restore = wave_restore,
};
