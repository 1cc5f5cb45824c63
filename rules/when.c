/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * when: a condition, optionally one that has to last.
 *
 * The clock of `for` begins when the condition turns true. It is kept as the moment it began, so
 * that a reload with another `for` measures from there.
 */

#include <math.h>

#include "rules/formula.h"

enum { OUT };
enum { TIMER_LASTED };

struct config {
    struct mf_expr *condition;
    int64_t lasts;             /* ns */
    struct mf_expr *then;      /* NULL: true */
    struct mf_expr *otherwise; /* NULL: false, or nothing */
};

enum phase {
    UNKNOWN,
    OFF,
    WAITING, /* true, but not for long enough */
    ON,
};

struct state {
    struct mf_formula formula;
    enum phase phase;
    int64_t since;        /* mono; of WAITING */
    struct mf_value said; /* last result */
    bool has_said, is_ready;
};

/* ---- results ---- */

static void say(struct mf_node *node, struct mf_value result)
{
    struct state *s = mf_node_state(node);

    if (s->has_said && mf_value_equal(&s->said, &result)) {
        mf_value_drop(result);
        return;
    }
    mf_value_drop(s->said);
    s->said = mf_value_copy(result);
    s->has_said = true;
    mf_node_emit_take(node, OUT, result);
}

static void reject(struct mf_node *node, const char *what, const char *reason)
{
    struct state *s = mf_node_state(node);

    s->has_said = false; /* the next result is news, even if it is the old one */
    mf_node_reject(node, reason, "%s has no result: %s", what, reason);
}

/* `then: true` alone means that the output is false otherwise. */
static bool says_false(const struct config *c)
{
    const struct mf_value *then = c->then ? mf_expr_constant(c->then) : NULL;

    return !c->then || (then && then->type == MF_BOOL && then->boolean);
}

static void say_result(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    bool is_on = s->phase == ON;
    const struct mf_expr *expr = is_on ? c->then : c->otherwise;
    struct mf_value result;
    const char *reason;

    if (!expr && (is_on || says_false(c)))
        say(node, mf_value_bool(is_on));
    else if (!expr)
        return;
    else if (!mf_formula_run(&s->formula, node, expr, &result, &reason))
        reject(node, is_on ? "`then`" : "`else`", reason);
    else if (result.type == MF_NULL && !mf_expr_constant(expr))
        reject(node, is_on ? "`then`" : "`else`", mf_reason_missing);
    else
        say(node, result);
}

/* ---- the condition ---- */

static void turn_true(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (s->phase == WAITING)
        return;
    if (s->phase != ON && c->lasts > 0) {
        s->phase = WAITING;
        s->since = mf_node_mono(node);
        mf_node_arm(node, TIMER_LASTED, c->lasts);
        mf_node_held(node, "for", NAN);
        return;
    }
    s->phase = ON;
    mf_node_note_branch(node, "then");
    say_result(node);
}

static void turn_false(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_node_disarm(node, TIMER_LASTED);
    s->phase = OFF;
    mf_node_note_branch(node, "else");
    say_result(node);
}

static bool is_ready(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (!s->is_ready)
        s->is_ready = mf_formula_is_ready(&s->formula, node, c->condition) &&
                      mf_formula_is_ready(&s->formula, node, c->then) &&
                      mf_formula_is_ready(&s->formula, node, c->otherwise);
    return s->is_ready;
}

static void when_run(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_value result;
    const char *reason;
    bool is_true;

    mf_formula_look(&s->formula, node);
    if (!is_ready(node))
        return;
    if (!mf_formula_run(&s->formula, node, c->condition, &result, &reason)) {
        reject(node, "the condition", reason);
        return;
    }
    is_true = mf_value_is_true(&result);
    mf_value_drop(result);
    if (is_true)
        turn_true(node);
    else
        turn_false(node);
}

static void when_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);

    if (s->phase != WAITING)
        return;
    s->phase = ON;
    mf_node_note_branch(node, "then");
    if (is_ready(node)) /* not so when the clock came over a reload and the inputs did not */
        say_result(node);
}

/* ---- life ---- */

static int when_create(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_formula_init(&s->formula, node);
    return 0;
}

static void when_reconfigure(struct mf_node *node, const void *old)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    if (s->phase == WAITING)
        mf_node_arm_at(node, TIMER_LASTED, s->since + c->lasts);
}

static void when_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);

    if (s->phase == ON || s->phase == OFF)
        mf_state_put_bool(out, "on", s->phase == ON);
    else if (s->phase == WAITING)
        mf_state_put_int(out, "since", mf_node_now(node) - (mf_node_mono(node) - s->since));
}

static int when_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    bool is_on = false;
    int64_t since, age;

    if (mf_state_get_bool(in, "on", &is_on) && is_on) {
        s->phase = ON;
    } else if (mf_state_get_int(in, "since", &since)) {
        age = mf_node_now(node) - since;
        if (age < 0)
            age = 0; /* the wall clock was set back */
        s->phase = WAITING;
        s->since = mf_node_mono(node) - age;
        mf_node_arm(node, TIMER_LASTED, c->lasts > age ? c->lasts - age : 0);
    }
    return 0;
}

static void when_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_value_drop(s->said);
}

/* ---- what comes out ---- */

static void check_condition(struct mf_infer *infer, const struct mf_expr_slot *result)
{
    const struct mf_check *check = mf_infer_check(infer);
    char types[96];

    if (result->types & (MF_T(MF_BOOL) | MF_T(MF_NULL)))
        return;
    mf_diag_help(mf_diag(check->diags, MF_ERROR, 204, mf_check_at(check, "condition"),
                         "the condition is never false: it gives %s",
                         mf_types_print(result->types, types)),
                 "compare it with something: `power > 0`");
}

static void when_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    const struct mf_unit *unit = mf_infer_asked_unit(infer);
    struct mf_expr_slot condition, then = {MF_T(MF_BOOL)}, otherwise = {0};

    if (!mf_formula_agrees(infer) || !mf_infer_expr(infer, c->condition, NULL, &condition))
        return;
    check_condition(infer, &condition);
    if (c->then && !mf_infer_expr(infer, c->then, unit, &then))
        return;
    if (c->otherwise && !mf_infer_expr(infer, c->otherwise, then.unit, &otherwise))
        return;
    if (!c->otherwise && says_false(c))
        otherwise.types = MF_T(MF_BOOL);
    mf_infer_set(infer, OUT, then.types | otherwise.types, then.unit ? then.unit : otherwise.unit);
}

static const struct mf_port ports[] = {
    {"value", MF_IN, MF_T_ANY, MF_PORT_OPTIONAL | MF_PORT_MANY,
     .summary = "What `from` names; `value` in the expressions."},
    {"inputs", MF_IN, MF_T_ANY, MF_PORT_NAMED, .summary = "The names in the expressions."},
    {"out", MF_OUT, MF_T_ANY, .summary = "True and false, or `then` and `else`."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "condition",
        MF_EXPRESSION(condition),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "What must be true, in Lua's syntax.",
    },
    {
        "for",
        MF_DURATION(lasts),
        .fallback = "0s",
        .flags = MF_OPT_LIVE,
        MF_LIMITS(0, 3.2e9),
        .summary = "How long it must be true without a break before it counts.",
    },
    {
        "then",
        MF_EXPRESSION(then),
        .summary = "What to emit when it is true: a literal or an expression; default true.",
    },
    {
        "else",
        MF_EXPRESSION(otherwise),
        .summary = "What to emit when it is not; default false where `then` is true, else "
                   "nothing.",
    },
    {0},
};

const struct mf_kind mf_kind_when = {
    .name = "when",
    .summary = "Turns a condition into true and false, or into values of your choice.",
    .doc = "The condition is an expression as in `expr`: names in it are connected by being "
           "there, `value` is the node that `from` names, quantities carry units. It is looked "
           "at when one of them has a new value and all have had one. A result is emitted when it "
           "differs from the one before.\n"
           "\n"
           "With `for` the condition must be true for that long without a break. Until then "
           "nothing is said: an output that was false stays false, and at the start there is "
           "none. When the condition turns false it counts at once. The clock goes on over a "
           "reload, even one that changes `for`: it is measured from when the condition turned "
           "true.\n"
           "\n"
           "`then` and `else` are literals (`true`, `21 °C`, `\"'open'\"`: a text has quotes "
           "of its own inside, or it would be the name of a node) or expressions, which follow "
           "their inputs while they count. Without `else` the output is false where `then` is "
           "true or absent; where `then` is something else nothing is said, and the output keeps "
           "its value. `nil` takes it back: the output is good and has no value, and an actuator "
           "listens to the next in its `priority`. An expression that should have a value and has "
           "none makes the output bad.\n"
           "\n"
           "While an input is stale or bad the output is marked. The clock of `for` runs on, but "
           "nothing good comes of it before the input is good again.",
    .example = "outside: {sim.wave: sine, min: -5, max: 15, unit: °C, every: 1min}\n"
               "frost: {when: outside < 3 °C, for: 5min}\n"
               "target: {when: frost, then: 8 °C, else: 5 °C}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .infer = when_infer,
    .create = when_create,
    .run = when_run,
    .timeout = when_timeout,
    .reconfigure = when_reconfigure,
    .save = when_save,
    .restore = when_restore,
    .destroy = when_destroy,
};
