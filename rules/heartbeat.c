/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * heartbeat: repeat the last value when nothing came for a while.
 *
 * A repetition says that the value still holds, so it carries the time of the repetition.
 */

#include "engine/graph/node.h"

enum { OUT };
enum { TIMER_REPEAT };

struct config {
    int64_t interval;
};

struct state {
    struct mf_value last;
    bool has_last;
};

static void heartbeat_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    mf_value_drop(s->last);
    s->last = mf_value_copy(msg->value);
    s->has_last = true;
    mf_node_emit_msg(node, OUT, msg);
    mf_node_arm(node, TIMER_REPEAT, c->interval);
}

static void heartbeat_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    mf_node_emit_take(node, OUT, mf_value_copy(s->last));
    mf_node_arm(node, TIMER_REPEAT, c->interval);
}

static void heartbeat_reconfigure(struct mf_node *node, const void *old)
{
    const struct config *c = mf_node_config(node), *before = old;

    if (mf_node_is_armed(node, TIMER_REPEAT)) /* the silence began when it began */
        mf_node_arm_at(node, TIMER_REPEAT,
                       mf_node_deadline(node, TIMER_REPEAT) - before->interval + c->interval);
}

static void heartbeat_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);
    const struct mf_msg *last = mf_node_last(node, OUT);

    /* What is not good must not come out as good from a node that knows nothing of its input yet.
     */
    if (!s->has_last || (last && last->quality != MF_GOOD))
        return;
    mf_state_put(out, "last", &s->last);
    mf_state_put_timer(out, "repeat", node, TIMER_REPEAT);
}

static int heartbeat_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_value *last = mf_state_get(in, "last");
    struct state *s = mf_node_state(node);

    if (!last)
        return 0;
    s->last = mf_value_copy(*last);
    s->has_last = true;
    mf_state_get_timer(in, "repeat", node, TIMER_REPEAT);
    return 0;
}

static void heartbeat_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_value_drop(s->last);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, .summary = "Any value."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The same, and again after silence."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "interval",
        MF_DURATION(interval),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Silence after which the last value is repeated, and again after each such "
                   "time.",
    },
    {0},
};

const struct mf_kind mf_kind_heartbeat = {
    .name = "heartbeat",
    .summary = "Repeats the last value when nothing came for a while.",
    .doc = "Every message passes at once. When none came for the interval, the last one is sent "
           "again, with the time of the repetition, until something new arrives.\n"
           "\n"
           "While the input is stale or bad the repetition is so too: a heartbeat does not make a "
           "dead device look alive. Before the first message there is nothing to repeat.",
    .example = "temp: {sim.wave: sine, min: 19, max: 23, unit: °C, every: 1s}\n"
               "slow: {deadband: 1 K, from: temp}\n"
               "alive: {heartbeat: 5min, from: slow}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .receive = heartbeat_receive,
    .timeout = heartbeat_timeout,
    .reconfigure = heartbeat_reconfigure,
    .save = heartbeat_save,
    .restore = heartbeat_restore,
    .destroy = heartbeat_destroy,
};
