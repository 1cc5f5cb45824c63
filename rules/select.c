/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * select: pass one of several inputs.
 */

#include <math.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/text.h"
#include "engine/graph/node.h"

enum { PORT_WHICH, PORT_INPUTS };
enum { OUT };
enum { NONE = -1, SHOWN = 60 };

struct state {
    int chosen; /* input, + 1; 0: none so far */
};

/* ---- which ---- */

static int by_label(const struct mf_node *node, const char *label, size_t len)
{
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        if (mf_node_input_port(node, i) == PORT_INPUTS &&
            mf_text_eq(label, len, mf_node_input_label(node, i)))
            return (int)i;
    return NONE;
}

/* The n-th of the inputs beside `which`, from 0. */
static int by_index(const struct mf_node *node, int64_t index)
{
    for (unsigned i = 0; i < mf_node_inputs(node); i++)
        if (mf_node_input_port(node, i) == PORT_INPUTS && index-- == 0)
            return (int)i;
    return NONE;
}

static int choose(const struct mf_node *node, const struct mf_value *which)
{
    const char *label;
    size_t len;

    switch (which->type) {
    case MF_BOOL:
        return by_index(node, which->boolean);
    case MF_INT:
        return which->integer < 0 ? NONE : by_index(node, which->integer);
    case MF_NUMBER:
        if (which->number != floor(which->number) || which->number < 0 || which->number > INT32_MAX)
            return NONE;
        return by_index(node, (int64_t)which->number);
    case MF_TEXT:
        label = mf_value_text(which, &len);
        return by_label(node, label, len);
    default:
        return NONE;
    }
}

static void refuse(struct mf_node *node, const struct mf_value *which)
{
    struct mf_buf text = {0}, shown = {0};

    mf_value_print(which, &text);
    mf_text_printable(&shown, mf_buf_text(&text), text.len, SHOWN);
    mf_node_reject(node, mf_reason_range, "there is no input `%s` to select", mf_buf_text(&shown));
    mf_buf_done(&text);
    mf_buf_done(&shown);
}

/* ---- the node ---- */

static const struct mf_value *which_now(const struct mf_node *node)
{
    unsigned i = 0;

    while (mf_node_input_port(node, i) != PORT_WHICH)
        i++;
    return &mf_node_input(node, i)->value;
}

static void select_run(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    const struct mf_value *which = which_now(node);
    int input = choose(node, which), before = s->chosen - 1;

    s->chosen = input + 1;
    if (input == NONE)
        refuse(node, which);
    else if (mf_node_input_has(node, (unsigned)input)) {
        if (input != before || mf_node_input_is_new(node, (unsigned)input))
            mf_node_emit_msg(node, OUT, mf_node_input(node, (unsigned)input));
    } else if (input != before && mf_node_last(node, OUT)) {
        /* What the former one said is not what the chosen one says. */
        mf_node_emit_bad(node, OUT, MF_STALE, mf_reason_timeout);
    }
}

static void select_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_check *check = mf_infer_check(infer);
    int which = mf_infer_by_port(infer, PORT_WHICH);
    int first = mf_infer_by_port(infer, PORT_INPUTS);
    const struct mf_unit *unit = NULL;
    uint32_t types = 0;

    if (first < 0) {
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 305, check->item->kind_at,
                             "`%s` has nothing to select from", check->item->name),
                     "write `from: {which: …, a: …, b: …}`");
        return;
    }
    for (int i = 0; i < (int)mf_infer_inputs(infer); i++) {
        if (i == which)
            continue;
        types |= mf_infer_types(infer, (unsigned)i);
        if (!unit)
            unit = mf_infer_unit(infer, (unsigned)i);
        else if (mf_infer_unit(infer, (unsigned)i))
            mf_infer_want(infer, (unsigned)i, unit);
    }
    mf_infer_set(infer, OUT, types, unit);
}

static const struct mf_port ports[] = {
    {"which", MF_IN, MF_T(MF_BOOL) | MF_T_NUMERIC | MF_T(MF_TEXT),
     .summary = "Name or number of the input to pass; false is the first, true the second."},
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED | MF_PORT_OPTIONAL | MF_PORT_ANY_AGE,
     .summary = "What to select from."},
    {"out", MF_OUT, MF_T_ANY, .summary = "The selected input."},
    {0},
};

const struct mf_kind mf_kind_select = {
    .name = "select",
    .summary = "Passes one of several inputs, as another says which.",
    .doc = "`which` is a text (the name of an input in `from`), a whole number (0 is the first "
           "one after `which`, as a PLC's MUX counts), or true and false: false is the first, "
           "true the second.\n"
           "\n"
           "When `which` changes, the last value of the input it names is passed at once; from "
           "then on what that input says, with its quality: that another one is stale does not "
           "matter. One that has said nothing yet makes the output stale. A `which` that names no "
           "input is a message that cannot be used, see `on_error`. Units are converted to that "
           "of the first input that has one.",
    .example = "auto: {sim.wave: sine, min: 18, max: 22, unit: °C, every: 1s}\n"
               "hand: {sim.wave: square, min: 5, max: 25, unit: °C, every: 1min}\n"
               "key: {sim.wave: square, period: 1h, every: 10s}\n"
               "by_hand: {when: key > 0.5}\n"
               "target: {select: , from: {which: by_hand, no: auto, yes: hand}}\n",
    .ports = ports,
    .state_size = sizeof(struct state),
    .flags = MF_KIND_PURE,
    .infer = select_infer,
    .run = select_run,
};
