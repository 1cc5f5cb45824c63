/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * toggle: a push button becomes a switch.
 */

#include "engine/graph/node.h"

enum { OUT };

struct config {
    bool initial;
};

struct state {
    bool is_on, is_restored;
};

static int toggle_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (!s->is_restored)
        s->is_on = c->initial;
    s->is_restored = true;
    mf_node_emit_bool(node, OUT, s->is_on);
    return 0;
}

static void toggle_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    struct state *s = mf_node_state(node);

    if ((msg->quality | msg->is_again) || !mf_value_is_true(&msg->value))
        return;
    s->is_on = !s->is_on;
    mf_node_emit_bool(node, OUT, s->is_on);
}

static void toggle_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_state_put_bool(out, "on", s->is_on);
}

static int toggle_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    s->is_restored = mf_state_get_bool(in, "on", &s->is_on);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_BOOL), MF_PORT_MANY | MF_PORT_ANY_AGE,
     .summary = "Each true flips the output."},
    {"out", MF_OUT, MF_T(MF_BOOL), .summary = "On or off."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "initial",
        MF_BOOL(initial),
        .fallback = "off",
        .flags = MF_OPT_PRIMARY | MF_OPT_LIVE,
        .summary = "State at the start.",
    },
    {0},
};

const struct mf_kind mf_kind_toggle = {
    .name = "toggle",
    .summary = "Flips between on and off with each true.",
    .doc = "Each message that is true flips the state, false does nothing: a push button "
           "switches a light on and off. A bouncing contact wants a `debounce` in front, which "
           "also makes one true out of a source that repeats itself.\n"
           "\n"
           "The initial state is emitted at the start. A reload keeps the state the toggle is in; "
           "a changed initial state counts from the next start. Messages that are stale or bad "
           "are ignored, and the state stays good.",
    .example = "contact: {sim.wave: square, period: 4s, every: 100ms}\n"
               "button: {when: contact > 0.5}\n"
               "light: {toggle: off, from: button}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .start = toggle_start,
    .receive = toggle_receive,
    .save = toggle_save,
    .restore = toggle_restore,
};
