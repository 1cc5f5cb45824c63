/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sim.counter: a whole number that grows, as a meter's register does.
 */

#include "engine/base/clock.h"
#include "nodes/sim/sim.h"

enum { OUT };
enum { TIMER_TICK };

struct config {
    int64_t step;
    int64_t every;
};

struct state {
    int64_t value;
    int64_t next; /* mono ns */
};

static int counter_start(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    if (!mf_node_is_armed(node, TIMER_TICK)) {
        s->next = mf_node_mono(node);
        mf_node_arm_at(node, TIMER_TICK, s->next);
    }
    return 0;
}

static void counter_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    mf_node_emit_int(node, OUT, s->value);
    if (__builtin_add_overflow(s->value, c->step, &s->value))
        s->value = 0;
    mf_sim_next_tick(node, TIMER_TICK, &s->next, c->every);
}

static int64_t counter_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

static void counter_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_state_put_int(out, "value", s->value);
    mf_state_put_timer(out, "tick", node, TIMER_TICK);
}

static int counter_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_state_get_int(in, "value", &s->value);
    if (mf_state_get_timer(in, "tick", node, TIMER_TICK))
        s->next = mf_node_deadline(node, TIMER_TICK);
    return 0;
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T(MF_INT), .summary = "The count."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "step",
        MF_INTEGER(step),
        .fallback = "1",
        .flags = MF_OPT_PRIMARY | MF_OPT_LIVE,
        .summary = "What is added each time; may be negative.",
    },
    {
        "every",
        MF_DURATION(every),
        .fallback = "1s",
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time between two values.",
    },
    {0},
};

const struct mf_kind mf_kind_sim_counter = {
    .name = "sim.counter",
    .summary = "Makes a whole number that grows, for demos and tests.",
    .doc = "Begins with 0 at the start. At the end of 64 bits it begins again with 0. `unit` says "
           "what is counted.",
    .example = "meter: {sim.counter: 5, every: 1s, unit: Wh}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_SOURCE | MF_KIND_STATEFUL,
    .state_version = 1,
    .period = counter_period,
    .start = counter_start,
    .timeout = counter_timeout,
    .save = counter_save,
    .restore = counter_restore,
};
