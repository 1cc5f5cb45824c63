/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * timer: back to rest after a while.
 *
 * `off after 30min` is the timer of a staircase light: true switches on and
 * starts the clock, and when that has run out the output goes off by itself.
 * `on after` is the same thing upside down.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/graph/node.h"

enum { OUT };
enum { TIMER_REST };

struct plan {
    bool rest;     /* state that the output goes back to */
    int64_t after; /* ns */
};

struct config {
    struct plan plan;
    bool retrigger;
};

struct state {
    bool output;
    bool has_output;
};

static void set_output(struct mf_node *node, bool value)
{
    struct state *s = mf_node_state(node);

    if (s->has_output && s->output == value)
        return;
    s->output = value;
    s->has_output = true;
    mf_node_emit_bool(node, OUT, value);
}

static void timer_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    bool value = msg->value.boolean;

    mf_node_note_branch(node, "as its input");
    set_output(node, value);
    if (value == c->plan.rest)
        mf_node_disarm(node, TIMER_REST);
    else if (c->retrigger || !mf_node_is_armed(node, TIMER_REST))
        mf_node_arm(node, TIMER_REST, c->plan.after);
}

static void timer_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);

    mf_node_note_branch(node, "its time is over");
    set_output(node, c->plan.rest);
}

static void timer_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    if (s->has_output)
        mf_state_put_bool(out, "output", s->output);
    mf_state_put_timer(out, "rest", node, TIMER_REST);
}

static int timer_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->has_output = mf_state_get_bool(in, "output", &s->output);
    /* `off after` may have become `on after`: then the former clock is about something else. */
    if (s->has_output && s->output != c->plan.rest &&
        !mf_state_get_timer(in, "rest", node, TIMER_REST))
        mf_node_arm(node, TIMER_REST, c->plan.after);
    return 0;
}

/* ---- the plan: `off after 30min` ---- */

static bool plan_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    static const char *const words[] = {"off after ", "on after "};
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_error err;
    struct mf_span at;

    if (!text)
        return false;
    if (tree->is_unknown)
        return true;
    for (unsigned i = 0; i < 2; i++) {
        size_t skip = strlen(words[i]);
        struct plan plan = {.rest = i == 1};

        if (strncmp(text, words[i], skip) != 0)
            continue;
        at = mf_tree_span(tree, load->diags->sources, (uint32_t)skip, tree->count);
        if (mf_duration_read(text + skip, tree->count - skip, false, &plan.after, &err) < 0) {
            mf_diag(load->diags, MF_ERROR, 205, at, "%s", err.text);
            return false;
        }
        if (plan.after < MF_MS) {
            mf_diag(load->diags, MF_ERROR, 206, at, "the time of a timer is at least 1ms");
            return false;
        }
        *(struct plan *)ret = plan;
        return true;
    }
    return mf_type_mismatch(load, option, tree, "`off after TIME` or `on after TIME`");
}

static void plan_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^(off|on) after .|\\\\$\\\\{\"}");
}

static const struct mf_type type_plan = {
    .name = "timer",
    .syntax = "`off after` or `on after` and a time, such as `off after 30min`",
    .size = sizeof(struct plan),
    .read = plan_read,
    .schema = plan_schema,
};

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_BOOL), .summary = "What switches."},
    {"out", MF_OUT, MF_T(MF_BOOL), .summary = "The input's state, for a limited time."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "plan",
        .type = &type_plan,
        .offset = MF_MEMBER(struct config, plan, struct plan),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "Where the output goes by itself, and after what time.",
    },
    {
        "retrigger",
        MF_BOOL(retrigger),
        .fallback = "true",
        .flags = MF_OPT_LIVE,
        .summary = "Whether a message that comes while the clock runs starts it again.",
    },
    {0},
};

const struct mf_kind mf_kind_timer = {
    .name = "timer",
    .summary = "Switches back by itself after a while.",
    .doc = "With `off after 30min`, true switches the output on and starts the clock; when it has "
           "run out the output goes off. False switches off at once. `on after 10min` is the "
           "reverse: false switches off for that long.\n"
           "\n"
           "Each true counts, whether it is a change or a repetition: with `retrigger: true` it "
           "starts the clock again, with `retrigger: false` it does so only when the clock is not "
           "running. An input that repeats true all the time therefore keeps the light on, or, "
           "without `retrigger`, switches it on again after each end; give the node changes if "
           "that is not wanted.\n"
           "\n"
           "The output speaks only when it changes. The clock runs on while the input is stale "
           "or bad, and over a reload. To let a state pass only after it has lasted (a PLC's TON "
           "and TOF) use `debounce` with `edge`.",
    .example = "wave: {sim.wave: square, period: 10min, every: 1s}\n"
               "motion: {when: wave > 0.5}\n"
               "light: {timer: off after 3min, from: motion}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL | MF_KIND_DECIDES,
    .state_version = 1,
    .receive = timer_receive,
    .timeout = timer_timeout,
    .save = timer_save,
    .restore = timer_restore,
};
