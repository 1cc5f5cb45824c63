/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * latch: remember that something happened until it is reset.
 *
 * A PLC's RS block: both inputs are levels, and reset wins.
 */

#include "engine/graph/node.h"

enum { PORT_SET, PORT_RESET };
enum { OUT };

struct state {
    bool is_set;
};

/* Several nodes on one input count as one that is true while any of them is. */
static bool is_true(const struct mf_node *node, unsigned port)
{
    for (unsigned i = 0; i < mf_node_inputs(node); i++) {
        const struct mf_msg *msg = mf_node_input(node, i);

        if (mf_node_input_port(node, i) == port && mf_node_input_has(node, i) &&
            msg->quality == MF_GOOD && mf_value_is_true(&msg->value))
            return true;
    }
    return false;
}

static int latch_start(struct mf_node *node, struct mf_error *err)
{
    const struct state *s = mf_node_state(node);

    mf_node_emit_bool(node, OUT, s->is_set);
    return 0;
}

static void latch_run(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    bool was_set = s->is_set;

    if (is_true(node, PORT_RESET))
        s->is_set = false;
    else if (is_true(node, PORT_SET))
        s->is_set = true;
    mf_node_note_branch(node, s->is_set ? "set" : "reset");
    if (s->is_set != was_set)
        mf_node_emit_bool(node, OUT, s->is_set);
}

static void latch_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_state_put_bool(out, "set", s->is_set);
}

static int latch_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_state_get_bool(in, "set", &s->is_set);
    return 0;
}

/* Optional so that one need not wait for the other, but without both there is no latch. */
static void latch_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_check *check = mf_infer_check(infer);

    for (unsigned port = PORT_SET; port <= PORT_RESET; port++)
        if (mf_infer_by_port(infer, port) < 0)
            mf_diag_help(mf_diag(check->diags, MF_ERROR, 305, check->item->kind_at,
                                 "`%s` has nothing that would %s it", check->item->name,
                                 port == PORT_SET ? "set" : "reset"),
                         "write `from: {set: …, reset: …}`");
}

static const struct mf_port ports[] = {
    {"set", MF_IN, MF_T(MF_BOOL), MF_PORT_OPTIONAL | MF_PORT_MANY | MF_PORT_ANY_AGE,
     .summary = "While it is true the output turns true."},
    {"reset", MF_IN, MF_T(MF_BOOL), MF_PORT_OPTIONAL | MF_PORT_MANY | MF_PORT_ANY_AGE,
     .summary = "While it is true the output is false, whatever `set` says."},
    {"out", MF_OUT, MF_T(MF_BOOL), .summary = "Whether it was set and not reset since."},
    {0},
};

const struct mf_kind mf_kind_latch = {
    .name = "latch",
    .summary = "Stays true after it was set, until it is reset.",
    .doc = "Both inputs are levels, as in a PLC's RS block: when both are true reset wins, and "
           "when reset ends while `set` is still true it is set again. One of them need not wait "
           "for the first value of the other. Several nodes on one input count as one that is "
           "true while any of them is.\n"
           "\n"
           "It starts with false and says so at once; after that only changes are emitted. An "
           "input that is stale or bad counts as false: it neither sets nor resets, and what is "
           "remembered stays good.",
    .example = "level: {sim.wave: sine, min: 0, max: 100, unit: \"%\", every: 1s}\n"
               "over: {when: level > 95 %}\n"
               "button: {sim.wave: square, every: 10s}\n"
               "acknowledged: {when: button > 0.5}\n"
               "alarm: {latch: , from: {set: over, reset: acknowledged}}\n",
    .ports = ports,
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = latch_infer,
    .start = latch_start,
    .run = latch_run,
    .save = latch_save,
    .restore = latch_restore,
};
