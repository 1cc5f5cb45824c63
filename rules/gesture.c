/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gesture: clicks, double clicks and long presses of a button.
 *
 * How long a press took is measured by the source's time, which is exact where
 * the source is (an interrupt's time stamp). Timers only notice what no message
 * will tell: that a press has become long, that no second click came.
 */

#include <math.h>

#include "engine/base/clock.h"
#include "engine/graph/node.h"

enum { OUT_CLICK, OUT_LONG, OUT_DOUBLE };
enum { TIMER_LONG, TIMER_SECOND };

struct config {
    struct mf_range click; /* s; the upper end is not part of it */
    struct mf_range hold;  /* s */
    int64_t pause;         /* longest between two clicks of a double one; 0: there are none */
};

struct state {
    int64_t since;    /* wall ns: when the press began */
    int64_t released; /* wall ns: end of the click that waits for a second */
    bool is_pressed;
    bool is_told;    /* this press has been reported as long */
    bool is_waiting; /* a click waits for a second */
};

static void report(struct mf_node *node, unsigned out)
{
    mf_node_emit_bool(node, out, true);
}

/* No second click came, or it became something else. */
static void settle_click(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_node_disarm(node, TIMER_SECOND);
    if (s->is_waiting)
        report(node, OUT_CLICK);
    s->is_waiting = false;
}

static void press(struct mf_node *node, int64_t time)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (s->is_waiting && time - s->released > c->pause)
        settle_click(node);
    mf_node_disarm(node, TIMER_SECOND);
    s->is_pressed = true;
    s->is_told = false;
    s->since = time;
    if (c->hold.high == INFINITY)
        mf_node_arm(node, TIMER_LONG, (int64_t)(c->hold.low * MF_SEC));
}

static void clicked(struct mf_node *node, int64_t time)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (s->is_waiting) {
        s->is_waiting = false;
        report(node, OUT_DOUBLE);
    } else if (c->pause) {
        s->is_waiting = true;
        s->released = time;
        mf_node_arm(node, TIMER_SECOND, c->pause);
    } else {
        report(node, OUT_CLICK);
    }
}

static void release(struct mf_node *node, int64_t time)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    double length = (double)(time - s->since) / MF_SEC;

    mf_node_disarm(node, TIMER_LONG);
    s->is_pressed = false;
    if (s->is_told)
        return;
    if (length >= c->click.low && length < c->click.high) {
        clicked(node, time);
        return;
    }
    settle_click(node);
    if (length >= c->hold.low && length <= c->hold.high)
        report(node, OUT_LONG);
}

static void forget(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_node_disarm(node, TIMER_LONG);
    mf_node_disarm(node, TIMER_SECOND);
    *s = (struct state){0};
}

static void gesture_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct state *s = mf_node_state(node);

    if (msg->quality != MF_GOOD)
        forget(node);
    else if (msg->is_again)
        return; /* a state of before the gap */
    else if (msg->value.boolean && !s->is_pressed)
        press(node, msg->time);
    else if (!msg->value.boolean && s->is_pressed)
        release(node, msg->time);
}

static void gesture_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);

    settle_click(node);
    if (timer != TIMER_LONG)
        return;
    s->is_told = true;
    report(node, OUT_LONG);
}

static void gesture_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    struct mf_diag *diag;

    if (c->hold.low >= c->click.high || c->hold.high < c->click.low)
        return;
    diag = mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "long"),
                   "a press of %g s would be a click and a long one at once",
                   c->hold.low > c->click.low ? c->hold.low : c->click.low);
    mf_diag_help(diag, "let `long` begin where `click` ends, as in `click: 0ms..400ms` and "
                       "`long: 400ms..`");
}

static void gesture_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    mf_state_put_bool(out, "pressed", s->is_pressed);
    mf_state_put_bool(out, "told", s->is_told);
    mf_state_put_bool(out, "waiting", s->is_waiting);
    mf_state_put_int(out, "since", s->since);
    mf_state_put_int(out, "released", s->released);
    mf_state_put_timer(out, "long", node, TIMER_LONG);
    mf_state_put_timer(out, "second", node, TIMER_SECOND);
}

static int gesture_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_state_get_bool(in, "pressed", &s->is_pressed);
    mf_state_get_bool(in, "told", &s->is_told);
    mf_state_get_bool(in, "waiting", &s->is_waiting);
    mf_state_get_int(in, "since", &s->since);
    mf_state_get_int(in, "released", &s->released);
    mf_state_get_timer(in, "long", node, TIMER_LONG);
    mf_state_get_timer(in, "second", node, TIMER_SECOND);
    return 0;
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_BOOL), MF_PORT_ANY_AGE, .summary = "The button: true while pressed."},
    {"click", MF_OUT, MF_T(MF_BOOL), .summary = "True at each single click."},
    {"long", MF_OUT, MF_T(MF_BOOL), .summary = "True at each long press."},
    {"double", MF_OUT, MF_T(MF_BOOL), .summary = "True at each double click."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "click",
        MF_SPAN_OF(click),
        .fallback = "0ms..400ms",
        .unit = "s",
        .summary = "How long a click takes; the upper end is not part of it.",
    },
    {
        "long",
        MF_SPAN_OF(hold),
        .fallback = "400ms..",
        .unit = "s",
        .summary = "How long a long press takes; with an open end it is reported while the button "
                   "is still pressed, else at its release.",
    },
    {
        "double",
        MF_DURATION(pause),
        .fallback = "300ms",
        MF_LIMITS(0, 60),
        .summary = "Longest pause between the two clicks of a double one; with 0s there are no "
                   "double clicks, and single ones need not wait.",
    },
    {0},
};

const struct mf_kind mf_kind_gesture = {
    .name = "gesture",
    .summary = "Tells clicks, double clicks and long presses of a button apart.",
    .doc = "Each gesture is one message, `true`, on the port of its name.\n"
           "\n"
           "A click is reported when it can no longer become a double one, that is `double` after "
           "its end; `double: 0s` reports it at once. A long press is reported as soon as it is "
           "long enough. Two clicks make a double one and no single one; a click followed by a "
           "long press is both, one after the other. A press that is neither within `click` nor "
           "within `long` is nothing.\n"
           "\n"
           "The length of a press is the difference of the source's times. The input must not "
           "bounce: put `debounce` in front where the source does not do it. When it turns stale "
           "or bad, a press under way is forgotten; the outputs stay as they are, since no "
           "gesture is not a wrong one. If `click` and `long` overlap, this is an error (MF0220).",
    .example = "wave: {sim.wave: square, period: 2s, every: 100ms}\n"
               "button: {when: wave > 0.5}\n"
               "tap: {gesture: , from: button, click: 0ms..500ms, long: 500ms..}\n"
               "light: {toggle: off, from: tap.click}\n"
               "all_off: {log: info, from: tap.long, message: all off}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 2,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .check = gesture_check,
    .receive = gesture_receive,
    .timeout = gesture_timeout,
    .save = gesture_save,
    .restore = gesture_restore,
};
