/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * throttle: at most one value per interval.
 */

#include <math.h>

#include "engine/graph/node.h"

enum { OUT };
enum { TIMER_FREE };
enum { KEEP_FIRST, KEEP_LAST };

struct config {
    int64_t interval;
    int keep;
};

struct state {
    struct mf_msg waiting; /* newest that came while the way was closed */
    bool is_waiting;
};

static void close_way(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);

    mf_node_arm(node, TIMER_FREE, c->interval);
}

/* What ends a time without good values must not be left out: the last one is out of date. */
static bool is_recovery(const struct mf_node *node)
{
    const struct mf_msg *last = mf_node_last(node, OUT);

    return last && last->quality != MF_GOOD;
}

static void throttle_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (!mf_node_is_armed(node, TIMER_FREE) || is_recovery(node)) {
        mf_node_emit_msg(node, OUT, msg);
        close_way(node);
        return;
    }
    mf_node_held(node, "throttle", NAN);
    if (c->keep == KEEP_LAST) {
        mf_msg_drop(&s->waiting);
        s->waiting = mf_msg_copy(msg);
        s->is_waiting = true;
    }
}

static void throttle_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);

    if (!s->is_waiting)
        return;
    mf_node_emit_msg(node, OUT, &s->waiting);
    mf_msg_drop(&s->waiting);
    s->is_waiting = false;
    close_way(node);
}

static void throttle_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_state_put_timer(out, "free", node, TIMER_FREE);
    if (!s->is_waiting)
        return;
    mf_state_put(out, "value", &s->waiting.value);
    mf_state_put_int(out, "time", s->waiting.time);
}

static int throttle_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_value *value = mf_state_get(in, "value");
    struct state *s = mf_node_state(node);

    if (!mf_state_get_timer(in, "free", node, TIMER_FREE) || !value)
        return 0;
    s->waiting.value = mf_value_copy(*value);
    s->is_waiting = mf_state_get_int(in, "time", &s->waiting.time);
    return 0;
}

static void throttle_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_msg_drop(&s->waiting);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, .summary = "Any value."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The same, less often."},
    {0},
};

static const struct mf_choice keeps[] = {
    {"first", KEEP_FIRST, "What comes too early is left out."},
    {"last", KEEP_LAST, "The newest of what comes too early follows at the end of the interval."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "interval",
        MF_DURATION(interval),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "Shortest time between two values.",
    },
    {
        "keep",
        MF_CHOICE(keep, keeps),
        .fallback = "first",
        .flags = MF_OPT_LIVE,
        .summary = "Which of several values in one interval is passed on.",
    },
    {0},
};

const struct mf_kind mf_kind_throttle = {
    .name = "throttle",
    .summary = "Passes at most one value per interval.",
    .doc =
        "A value passes at once when the last one to pass is at least the interval old. With "
        "`keep: first` those in between are left out, so the final state of a burst may never "
        "arrive; with `keep: last` the newest of them follows when the interval is over, which "
        "is what states (a switch, a setpoint) need.\n"
        "\n"
        "That the input turned stale or bad is passed on at once, and so is the first good value "
        "after that. Note that `keep` means this "
        "here, not the option of the same name that other kinds have.",
    .example = "power: {sim.wave: noise, min: 0, max: 3000, unit: W, every: 100ms}\n"
               "calm: {throttle: 2s, from: power, keep: last}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .receive = throttle_receive,
    .timeout = throttle_timeout,
    .save = throttle_save,
    .restore = throttle_restore,
    .destroy = throttle_destroy,
};
