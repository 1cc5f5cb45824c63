/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * gpio.in: a line that is read: a switch, a counter of pulses, a button.
 *
 * The kernel stamps each edge; what the edges mean is the business of input.c, which never sees
 * more than levels and times. Debouncing is done there and not by the kernel: that one stamps an
 * edge when it has settled, which makes a press as much shorter as its contact bounces longer, and
 * it cannot report a change at once (`skip: false`). Where the line has no interrupt it is looked
 * at, often.
 */

#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/graph.h"
#include "engine/graph/node.h"
#include "engine/value/build.h"
#include "nodes/gpio/input.h"
#include "nodes/gpio/link.h"
#include "nodes/gpio/options.h"

enum { OUT };
enum { TIMER_DUE, TIMER_POLL, TIMER_AGAIN, TIMERS };

struct config {
    struct mf_gpio_where where; /* first, for MF_OPT_LINK */
    int active, pull, edges, policy;
    int64_t debounce, poll, interval, base, idle, idle_on, clear;
    struct mf_expr *reset;
    bool skip, count, sequence, flow;
    bool has_skip, has_interval, has_base, has_idle, has_idle_on, has_clear, has_flow;
};

struct state {
    struct mf_gpio_user user;
    char consumer[MF_GPIO_NAME];
    struct mf_gpio_plan plan;
    struct mf_gpio_input input;
    bool is_polled; /* it has no interrupt */
    bool has_told, is_back;
    int64_t told; /* level or count */
    uint64_t edges, lost;
};

/* ---- saying ---- */

/* Edges carry mono time, messages wall time. */
static int64_t wall_of(const struct mf_node *node, int64_t mono)
{
    return mf_node_now(node) - (mf_node_mono(node) - mono);
}

static struct mf_value presses_value(const struct mf_gpio_presses *presses, int64_t unit)
{
    struct mf_builder list, map;

    mf_build_start(&list);
    for (unsigned i = 0; i < presses->count; i++)
        mf_build_take_item(&list, mf_value_int(presses->phases[i]));
    mf_build_start(&map);
    mf_build_take_field(&map, "start", mf_value_bool(presses->start));
    mf_build_take_field(&map, "seq", mf_build_end_list(&list));
    mf_build_take_field(&map, "end", mf_value_bool(presses->end));
    mf_build_take_field(&map, "t", mf_value_number((double)unit / MF_SEC));
    if (presses->is_flow)
        mf_build_take_field(&map, "flow", mf_value_bool(true));
    return mf_build_end_map(&map);
}

/* What is as it was before the line was away, or the node another one, is good again, and no news:
 * nobody has pressed. */
static void tell(struct mf_node *node, struct mf_value value, int64_t as_number, int64_t time)
{
    struct state *s = mf_node_state(node);
    struct mf_msg msg = {
        .value = value,
        .time = wall_of(node, time),
        .is_again = s->is_back && s->has_told && s->told == as_number,
    };

    s->has_told = true;
    s->told = as_number;
    mf_node_emit_msg(node, OUT, &msg);
}

static void say(void *of, const struct mf_gpio_said *said)
{
    struct mf_node *node = of;
    const struct state *s = mf_node_state(node);
    struct mf_value value;

    if (said->what == MF_GPIO_SAYS_LEVEL) {
        tell(node, mf_value_bool(said->level), said->level, said->time);
        return;
    }
    if (said->what == MF_GPIO_SAYS_COUNT) {
        tell(node, mf_value_int(said->count), said->count, said->time);
        return;
    }
    if (said->what == MF_GPIO_SAYS_PRESSES)
        value = presses_value(said->presses, s->plan.bounce);
    else
        value = mf_value_bool(false);
    mf_node_emit_take_at(node, OUT, value, wall_of(node, said->time));
}

/* ---- edges and times ---- */

static bool read_level(struct mf_node *node, bool *ret)
{
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};
    int rc;

    if (!mf_gpio_user_has_line(&s->user))
        return false;
    rc = mf_gpio_user_get(mf_node_link(node), &s->user, ret, &err);
    if (rc < 0 && rc != MF_ELINK)
        mf_node_fail(node, &err);
    return rc == 0;
}

static void arm_due(struct mf_node *node)
{
    const struct state *s = mf_node_state(node);
    int64_t due = mf_gpio_input_deadline(&s->input);

    if (due == MF_NEVER)
        mf_node_disarm(node, TIMER_DUE);
    else
        mf_node_arm_at(node, TIMER_DUE, due);
}

/* The line says what no edge did. */
static void look(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    bool level;

    if (read_level(node, &level) && level != s->input.debounce.latest)
        mf_gpio_input_edge(&s->input, level, mf_node_mono(node));
}

static void edges(struct mf_gpio_user *user, const struct mf_gpio_event *events, unsigned count)
{
    struct mf_node *node = user->owner;
    struct state *s = mf_node_state(node);
    uint64_t lost = s->lost;

    s->edges += count;
    for (unsigned i = 0; i < count; i++) {
        s->lost += events[i].lost;
        mf_gpio_input_edge(&s->input, events[i].is_rising, events[i].time);
    }
    if (s->lost != lost) {
        mf_node_log(node, MF_LOG_WARNING,
                    "%llu edges came too fast and are lost; the line was read instead",
                    (unsigned long long)(s->lost - lost));
        look(node);
    }
    arm_due(node);
}

static void due(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_mono(node);
    bool level;

    /* Edges that have come and were not read yet are from before. */
    if (!s->is_polled)
        mf_gpio_user_fetch(mf_node_link(node), &s->user);
    if (mf_gpio_input_deadline(&s->input) <= now && read_level(node, &level))
        mf_gpio_input_timer(&s->input, level, now);
    if (mf_gpio_user_has_line(&s->user))
        arm_due(node);
}

/* ---- having the line ---- */

static void begun(struct mf_gpio_user *user)
{
    struct mf_node *node = user->owner;
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_mono(node);
    bool level;

    if (!read_level(node, &level))
        return;
    s->is_back = true;
    if (c->count)
        mf_gpio_input_set_count(&s->input, s->input.count.total - s->input.count.untold, now);
    mf_gpio_input_begin(&s->input, level, now);
    s->is_back = false;
    if (c->sequence)
        mf_node_emit_take_at(node, OUT, mf_value_bool(false), mf_node_now(node));
    if (s->is_polled)
        mf_node_arm(node, TIMER_POLL, c->poll);
    arm_due(node);
}

static void ended(struct mf_gpio_user *user)
{
    struct mf_node *node = user->owner;

    mf_node_disarm(node, TIMER_DUE);
    mf_node_disarm(node, TIMER_POLL);
}

/* A line without an interrupt can be had, but not its edges. If it is something else that is wrong,
 * asking without them says so. */
static bool try_polling(struct mf_node *node, const struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (err->code != MF_EINVAL || s->is_polled || !c->poll)
        return false;
    s->is_polled = true;
    s->user.wish.edges = 0;
    return true;
}

static int join(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    int rc = mf_gpio_join(mf_node_link(node), &s->user, err);

    if (rc < 0 && try_polling(node, err)) {
        rc = mf_gpio_join(mf_node_link(node), &s->user, err);
        s->is_polled = rc == 0;
    }
    return rc == MF_ELINK ? 0 : rc;
}

static void failed(struct mf_gpio_user *user, const struct mf_error *err)
{
    struct mf_node *node = user->owner;

    if (try_polling(node, err))
        mf_node_arm(node, TIMER_AGAIN, 0); /* the link is busy with its users now */
    else
        mf_node_fail(node, err);
}

static void again(struct mf_node *node)
{
    struct mf_error err = {0};

    if (join(node, &err) < 0)
        mf_node_fail(node, &err);
}

static void in_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);

    if (timer == TIMER_AGAIN) {
        again(node);
    } else if (timer == TIMER_DUE) {
        due(node);
    } else {
        look(node);
        mf_node_arm(node, TIMER_POLL, c->poll);
        arm_due(node);
    }
}

/* Somebody named in `reset` has spoken. */
static void in_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_value value;
    const char *reason;

    if (!mf_expr_run(c->reset, mf_node_messages(node), &value, &reason)) {
        mf_node_log(node, MF_LOG_WARNING, "`reset` has no result: %s", reason);
        return;
    }
    if (mf_value_is_true(&value) && mf_gpio_user_has_line(&s->user))
        mf_gpio_input_set_count(&s->input, 0, mf_node_mono(node));
    else if (mf_value_is_true(&value))
        mf_gpio_count_set(&s->input.count, 0); /* told when the line is back */
    mf_value_drop(value);
}

/* ---- life ---- */

static int in_create(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->plan = (struct mf_gpio_plan){
        .mode = c->count      ? MF_GPIO_COUNT
                : c->sequence ? MF_GPIO_SEQUENCE
                              : MF_GPIO_LEVEL,
        .bounce = c->debounce,
        .policy = c->policy,
        .edges = (unsigned)c->edges,
        .skip = c->skip,
        .interval = c->interval,
        .idle = c->idle,
        .idle_on = c->has_idle_on ? c->idle_on : c->idle,
        .clear = c->clear,
        .flow = c->flow,
    };
    if (!c->edges)
        s->plan.edges = c->count || c->sequence ? MF_GPIO_RISING : MF_GPIO_BOTH;
    mf_gpio_input_init(&s->input, &s->plan, say, node);
    s->input.count.total = c->base;
    mf_node_judge(node); /* who resets the count has no say in what it is worth */
    return 0;
}

static int in_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->is_polled = false;
    snprintf(s->consumer, sizeof(s->consumer), "moat-flow %s", mf_node_name(node));
    s->user = (struct mf_gpio_user){
        .wish = {.bias = c->pull,
                 .is_active_low = c->active,
                 .edges = MF_GPIO_BOTH,
                 .consumer = s->consumer},
        .line = c->where.line,
        .begun = begun,
        .ended = ended,
        .failed = failed,
        .events = edges,
        .owner = node,
    };
    return join(node, err);
}

static void in_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_gpio_leave(mf_node_link(node), &s->user);
}

static void in_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    if (s->plan.mode == MF_GPIO_LEVEL && s->has_told)
        mf_state_put_bool(out, "told", s->told);
    if (!c->count || !s->input.has_begun)
        return;
    mf_state_put_bool(out, "wire", s->input.debounce.level != c->active);
    mf_state_put_int(out, "count", s->input.count.total);
}

static int in_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t count;
    bool wire, told;

    if (s->plan.mode == MF_GPIO_LEVEL && mf_state_get_bool(in, "told", &told)) {
        s->has_told = true;
        s->told = told;
    }
    if (mf_state_get_bool(in, "wire", &wire) && mf_state_get_int(in, "count", &count))
        mf_gpio_input_restore(&s->input, wire != c->active, count);
    return 0;
}

static void in_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);

    put(arg, "edges", (double)s->edges, true);
    put(arg, "lost_edges", (double)s->lost, true);
    put(arg, "glitches", (double)s->input.glitches, true);
    put(arg, "polled", s->is_polled, false);
}

/* ---- checks ---- */

static void refuse(struct mf_check *check, const char *option, const char *needs)
{
    mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, option),
                         "`%s` says nothing without `%s: true`", option, needs),
                 "leave `%s` out", option);
}

static void in_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    const struct {
        bool is_given, fits;
        const char *option, *needs;
    } rules[] = {
        {c->has_interval, c->count, "interval", "count"},
        {c->has_base, c->count, "base", "count"},
        {c->reset, c->count, "reset", "count"},
        {c->has_idle, c->sequence, "idle", "sequence"},
        {c->has_idle_on, c->sequence, "idle_on", "sequence"},
        {c->has_clear, c->sequence, "clear", "sequence"},
        {c->has_flow, c->sequence, "flow", "sequence"},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].is_given && !rules[i].fits)
            refuse(check, rules[i].option, rules[i].needs);
    if (c->count && c->sequence)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "sequence"),
                             "a line is counted or its presses are told, not both"),
                     "`count: true` with `edges` counts presses; only one node can have a line");
    if (c->has_skip && c->count)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "skip"),
                             "noise is never counted"),
                     "leave `skip` out");
    if (c->sequence && c->debounce < MF_MS)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "debounce"),
                             "lengths of phases are in units of `debounce`, which is nothing here"),
                     "write `debounce: 50ms`");
    if (c->sequence && (c->idle <= c->debounce || (c->has_idle_on && c->idle_on <= c->debounce)))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220,
                             mf_check_at(check, c->idle <= c->debounce ? "idle" : "idle_on"),
                             "a sequence would end before its edges have settled"),
                     "make the pause longer than `debounce`");
}

static const char *in_claims(const void *config, const void *link_config, struct mf_arena *arena)
{
    const struct config *c = config;

    return mf_gpio_where_key(&c->where, link_config, arena);
}

static void in_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    uint32_t types = MF_T(MF_BOOL);

    if (c->count)
        types = MF_T(MF_INT);
    else if (c->sequence)
        types = MF_T(MF_MAP) | MF_T(MF_BOOL);
    mf_infer_set(infer, OUT, types, NULL);
}

/* ---- options ---- */

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T(MF_BOOL) | MF_T(MF_INT) | MF_T(MF_MAP),
     .summary = "Whether the line is on; with `count` a whole number, with `sequence` a map."},
    {0},
};

static const struct mf_choice policies[] = {
    {"window", MF_GPIO_WINDOW, "That long after the first edge; later ones do not matter."},
    {"quiet", MF_GPIO_QUIET, "When there was no edge for that long."},
    {0},
};

static const struct mf_choice edge_choices[] = {
    {"rising", MF_GPIO_RISING, "From off to on."},
    {"falling", MF_GPIO_FALLING, "From on to off."},
    {"both", MF_GPIO_BOTH, "Both."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"line", MF_GPIO_WHERE(where), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LINK,
     .summary = "Link or chip, and number or name of the line: `board/17`, `gpiochip0/GPIO17`."},
    MF_GPIO_LINE_OPTIONS,
    {"debounce", MF_DURATION(debounce), .fallback = "50ms", MF_LIMITS(0, 60),
     .summary = "How long a contact may bounce; 0s: not at all."},
    {"policy", MF_CHOICE(policy, policies),
     .summary = "When bouncing is over; by default `window`, and `quiet` with `count` or "
                "`sequence`."},
    {"edges", MF_CHOICE(edges, edge_choices),
     .summary = "Which levels are told (both, if left out), which edges are counted (rising), "
                "phases of which level are listed (those that begin with a rising one)."},
    {"skip", MF_BOOL(skip), .fallback = "true", MF_GIVEN(has_skip),
     .summary =
         "Whether what ends where it began is nothing; if not, a change is told at its first "
         "edge, and taken back."},
    {"count", MF_BOOL(count), .fallback = "false",
     .summary = "Count edges instead of telling levels."},
    {"interval", MF_DURATION(interval), .fallback = "1s", MF_LIMITS(0, 3.2e9),
     MF_GIVEN(has_interval), .summary = "Shortest time between two counts that are told."},
    {"base", MF_INTEGER(base), .fallback = "0", MF_LIMITS(0, 9e18), MF_GIVEN(has_base),
     .summary = "Where the count begins: the reading of the meter."},
    {"reset", MF_EXPRESSION(reset),
     .summary = "Sets the count to 0 whenever one of the nodes named here speaks and the "
                "expression is true."},
    {"sequence", MF_BOOL(sequence), .fallback = "false",
     .summary = "Tell what was done with a button as one sequence of phases, as MoaT does."},
    {"idle", MF_DURATION(idle), .fallback = "1500ms", MF_LIMITS(0.001, 86400), MF_GIVEN(has_idle),
     .summary = "A pause that ends a sequence."},
    {"idle_on", MF_DURATION(idle_on), MF_LIMITS(0.001, 86400), MF_GIVEN(has_idle_on),
     .summary = "The same while the button is held; as `idle` if left out."},
    {"clear", MF_DURATION(clear), .fallback = "30s", MF_LIMITS(0, 3.2e9), MF_GIVEN(has_clear),
     .summary = "Time after a sequence until false says that it is over; 0s: never."},
    {"flow", MF_BOOL(flow), .fallback = "false", MF_GIVEN(has_flow),
     .summary = "Tell a sequence while it goes on, too."},
    {"poll", MF_DURATION(poll), .fallback = "10ms", MF_LIMITS(0, 3600),
     .summary = "How often a line without an interrupt is looked at; 0s: that is an error."},
    {0},
};

const struct mf_kind mf_kind_gpio_in = {
    .name = "gpio.in",
    .summary = "Reads a GPIO line: a switch, pulses that are counted, a button.",
    .doc =
        "The level is told when the line is there, and then each change, with the time at which "
        "the kernel saw its first edge. All edges are from off to on (rising) or back, whichever "
        "level of the wire `active` calls on. A level that is as it was before the chip went away, "
        "or before a reload that changes the node, is good again and no event: a `toggle` does not "
        "flip. `keep: true` makes it so over a restart, too.\n"
        "\n"
        "`debounce` makes one change of many edges. With `policy: window` it ends that long after "
        "the first edge, with `quiet` that long after the last one; then the line is read, and "
        "that level counts. `edges: rising` tells only that it is on, again and again.\n"
        "\n"
        "With `count: true` edges are counted, and the total is told: at once after a pause, then "
        "once per `interval`. `keep: true` keeps it over a restart; `reset: midnight` sets it to 0 "
        "at each message of the node `midnight` that is true, and what was not told yet is on top. "
        "Where nobody could look (a restart, a chip that was away) one edge is counted if the "
        "level is another one than before.\n"
        "\n"
        "With `sequence: true` a button is told as `{start, seq, end, t}`: the level before, the "
        "lengths of its phases in units of `t` seconds (which is `debounce`), the level after. The "
        "last phase, which has no end, is 0. A button that is held longer than `idle_on` ends its "
        "sequence with `end: true`; its release is the next one. No sequence has "
        "more than 64 phases; what follows is another one. `flow: true` adds messages, with a "
        "field of that name, each time a phase has ended. The node says false when the line is "
        "there, and `clear` after each sequence. For "
        "clicks and long presses, leave `sequence` out and put the kind `gesture` behind.\n"
        "\n"
        "Up to 16 edges wait in the kernel. When more come before they are fetched, the line is "
        "read, and `lost_edges` counts them. A chip that has gone makes its lines stale; they are "
        "good again when it is back. A line that somebody else has, or that has no such name, "
        "makes only its own node fail, which tries again. A line without an interrupt is looked at "
        "every `poll`; what is shorter than that goes unseen.",
    .example = "moat-flow: 1\n"
               "links: {board: {gpio: gpiochip0}}\n"
               "nodes:\n"
               "  door: {gpio.in: board/17, pull: up, active: low}\n"
               "  water: {gpio.in: board/27, count: true, debounce: 5ms, interval: 10s}\n"
               "  show: {log: info, from: [door, water]}\n",
    .link = &mf_link_kind_gpio,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .state_version = 1,
    .check = in_check,
    .infer = in_infer,
    .claims = in_claims,
    .create = in_create,
    .start = in_start,
    .receive = in_receive,
    .timeout = in_timeout,
    .save = in_save,
    .restore = in_restore,
    .stats = in_stats,
    .stop = in_stop,
};
