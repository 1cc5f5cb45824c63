/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * sample: the latest value, at each interval.
 */

#include "engine/graph/node.h"
#include "rules/mark.h"
#include "rules/tick.h"

enum { OUT };
enum { TIMER_TICK };

struct config {
    int64_t interval;
};

struct state {
    struct mf_msg latest; /* good or not */
    int64_t next;         /* mono ns of the next tick */
    bool has_latest;
};

static void arm_at(struct mf_node *node, int64_t mono)
{
    struct state *s = mf_node_state(node);

    s->next = mono;
    mf_node_arm_at(node, TIMER_TICK, mono);
}

static int sample_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);

    if (!mf_node_is_armed(node, TIMER_TICK))
        arm_at(node, mf_node_mono(node) + c->interval);
    return 0;
}

static void sample_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    struct state *s = mf_node_state(node);

    mf_msg_drop(&s->latest);
    s->latest = mf_msg_copy(msg);
    s->has_latest = true;
    if (msg->quality != MF_GOOD)
        mf_rule_mark(node, OUT, msg);
}

static void sample_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (s->has_latest) {
        s->latest.time = mf_node_now(node);
        s->latest.is_again = false;
        mf_node_emit_msg(node, OUT, &s->latest);
    }
    arm_at(node, mf_tick_after(s->next, c->interval, mf_node_mono(node)));
}

static void sample_reconfigure(struct mf_node *node, const void *old)
{
    const struct config *c = mf_node_config(node), *before = old;
    const struct state *s = mf_node_state(node);

    arm_at(node, s->next - before->interval + c->interval);
}

static void sample_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    if (s->has_latest && s->latest.quality == MF_GOOD)
        mf_state_put(out, "latest", &s->latest.value);
    mf_state_put_timer(out, "tick", node, TIMER_TICK);
}

static int sample_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_value *latest = mf_state_get(in, "latest");
    struct state *s = mf_node_state(node);

    if (latest) {
        s->latest.value = mf_value_copy(*latest);
        s->has_latest = true;
    }
    if (mf_state_get_timer(in, "tick", node, TIMER_TICK))
        s->next = mf_node_deadline(node, TIMER_TICK);
    return 0;
}

static void sample_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_msg_drop(&s->latest);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_ANY_AGE, .summary = "Any value."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The latest value, at each interval."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "interval",
        MF_DURATION(interval),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Time between two values.",
    },
    {0},
};

const struct mf_kind mf_kind_sample = {
    .name = "sample",
    .summary = "Gives the latest value at a fixed interval.",
    .doc = "The first value comes one interval after the start, and then at each interval without "
           "drift, whether something new arrived or not. It carries the time at which it was "
           "sampled. Before the first message nothing is sent. That the input turned stale or bad "
           "is passed on at once, and so are the samples until a good one is due.\n"
           "\n"
           "For the mean or the extremes of what arrived in between use `mean`, `min` or `max`.",
    .example = "power: {sim.wave: walk, min: 0, max: 5000, unit: W, every: 200ms}\n"
               "slow: {sample: 10s, from: power}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .start = sample_start,
    .receive = sample_receive,
    .timeout = sample_timeout,
    .reconfigure = sample_reconfigure,
    .save = sample_save,
    .restore = sample_restore,
    .destroy = sample_destroy,
};
