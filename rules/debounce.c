/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * debounce: pass a change on only when it has lasted.
 *
 * A rising edge that waits and a falling one that does not is a PLC's on-delay
 * (TON); the other way round it is the off-delay (TOF).
 */

#include <math.h>

#include "engine/graph/node.h"
#include "rules/mark.h"

enum { OUT };
enum { TIMER_SETTLED };
enum { EDGE_BOTH, EDGE_RISING, EDGE_FALLING };

struct config {
    int64_t time;
    int edge;
};

struct state {
    struct mf_value steady; /* what was passed on */
    struct mf_msg waiting;  /* what has to last */
    bool has_steady, is_waiting;
};

static void forget_waiting(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_msg_drop(&s->waiting);
    s->is_waiting = false;
    mf_node_disarm(node, TIMER_SETTLED);
}

static void pass_on(struct mf_node *node, const struct mf_msg *msg)
{
    struct state *s = mf_node_state(node);

    mf_value_drop(s->steady);
    s->steady = mf_value_copy(msg->value);
    s->has_steady = true;
    mf_node_emit_msg(node, OUT, msg);
}

static bool must_last(const struct config *c, const struct state *s, const struct mf_value *value)
{
    bool is_rising;

    if (c->edge == EDGE_BOTH)
        return true;
    if (value->type == MF_BOOL)
        is_rising = value->boolean;
    else
        is_rising = mf_value_compare(value, &s->steady) > 0;
    return is_rising == (c->edge == EDGE_RISING);
}

/* Good again without a change: what was passed on holds. */
static void confirm(struct mf_node *node, const struct mf_msg *msg)
{
    const struct mf_msg *last = mf_node_last(node, OUT);
    struct mf_msg again = *msg;

    again.is_again = true;
    if (last && last->quality != MF_GOOD)
        mf_node_emit_msg(node, OUT, &again);
}

static void debounce_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (msg->quality != MF_GOOD) {
        forget_waiting(node);
        mf_rule_mark(node, OUT, msg);
    } else if (s->has_steady && mf_value_equal(&msg->value, &s->steady)) {
        forget_waiting(node);
        confirm(node, msg);
    } else if (s->is_waiting && mf_value_equal(&msg->value, &s->waiting.value)) {
        return; /* still lasting; its time is when it began */
    } else {
        forget_waiting(node);
        if (must_last(c, s, &msg->value)) {
            s->waiting = mf_msg_copy(msg);
            s->is_waiting = true;
            mf_node_arm(node, TIMER_SETTLED, c->time);
            mf_node_held(node, "debounce", NAN);
        } else {
            pass_on(node, msg);
        }
    }
}

static void debounce_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);

    if (!s->is_waiting)
        return;
    pass_on(node, &s->waiting);
    forget_waiting(node);
}

static void debounce_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    if (s->has_steady)
        mf_state_put(out, "steady", &s->steady);
    if (!s->is_waiting)
        return;
    mf_state_put(out, "waiting", &s->waiting.value);
    mf_state_put_int(out, "since", s->waiting.time);
    mf_state_put_timer(out, "settled", node, TIMER_SETTLED);
}

static int debounce_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_value *steady = mf_state_get(in, "steady");
    const struct mf_value *waiting = mf_state_get(in, "waiting");
    struct state *s = mf_node_state(node);

    if (steady) {
        s->steady = mf_value_copy(*steady);
        s->has_steady = true;
    }
    if (waiting && mf_state_get_int(in, "since", &s->waiting.time) &&
        mf_state_get_timer(in, "settled", node, TIMER_SETTLED)) {
        s->waiting.value = mf_value_copy(*waiting);
        s->is_waiting = true;
    }
    return 0;
}

static void debounce_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_value_drop(s->steady);
    mf_msg_drop(&s->waiting);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_ANY_AGE, .summary = "What may bounce."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The value, once it has settled."},
    {0},
};

static const struct mf_choice edges[] = {
    {"both", EDGE_BOTH, "Every change has to last."},
    {"rising", EDGE_RISING, "A change to true, or upwards, has to last; others pass at once."},
    {"falling", EDGE_FALLING, "A change to false, or downwards, has to last; others pass at once."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "time",
        MF_DURATION(time),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        MF_LIMITS(0, 3.2e9),
        .summary = "How long a value must stay the same.",
    },
    {
        "edge",
        MF_CHOICE(edge, edges),
        .fallback = "both",
        .flags = MF_OPT_LIVE,
        .summary = "Which changes have to last; the others pass at once.",
    },
    {0},
};

const struct mf_kind mf_kind_debounce = {
    .name = "debounce",
    .summary = "Passes a change on only when it has lasted for a while.",
    .doc = "A value that differs from the one passed on last waits. If it is still the same when "
           "the time is over it passes, with the time at which it began; if the input goes back "
           "or changes again before, nothing is seen of it. The first value of all has to last "
           "as well. Only changes are passed on, not repetitions.\n"
           "\n"
           "`edge: rising` is an on-delay (a PLC's TON): true has to last, false passes at once. "
           "`edge: falling` is an off-delay (TOF): a motion sensor that says false keeps the "
           "light for that long.\n"
           "\n"
           "When the input turns stale or bad, so does the output, at once, and a change that "
           "was waiting is forgotten. Time is measured from the arrival of the message.",
    .example = "button: {sim.wave: square, period: 3s, every: 100ms}\n"
               "pressed: {when: button > 0.5}\n"
               "clean: {debounce: 50ms, from: pressed}\n"
               "light: {debounce: 30s, from: pressed, edge: falling}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE, /* what it remembers is over in a moment: a step needs no name */
    .state_version = 1,
    .receive = debounce_receive,
    .timeout = debounce_timeout,
    .save = debounce_save,
    .restore = debounce_restore,
    .destroy = debounce_destroy,
};
