/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * wago.in: an input of a WAGO controller, its level or how often it changed.
 *
 * The controller watches, by a monitor. It is created first and the level read then, so that no
 * change falls in between. A monitor that counts begins at zero on each connection; what was
 * counted before is the base that its number is added to.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/num.h"
#include "nodes/wago/link.h"

enum { OUT };

enum edges { EDGES_USUAL, RISING, FALLING, BOTH };

struct config {
    struct mf_wago_place place;
    const char *link;
    int active, edges;
    bool count;
    int64_t interval, base;
    bool has_interval, has_base;
};

struct state {
    struct mf_wago_user user;
    struct mf_wago_ask create, look;
    struct mf_wago_monitor monitor;
    int64_t base, counted; /* before, and by this monitor */
};

static const char reason_no_input[] = "no such input";
static const char reason_refused[] = "the controller refuses";

/* What the monitor waits for, in terms of the wire. */
static char direction(const struct config *c)
{
    int edges = c->edges != EDGES_USUAL ? c->edges : c->count ? RISING : BOTH;

    if (edges == BOTH)
        return '*';
    return (edges == RISING) == (c->active != 0) ? '+' : '-';
}

/* ---- what comes ---- */

/* What a reader knows already is no news; if it was stale the engine says that it is good again. */
static bool is_known(const struct mf_node *node, const struct mf_value *value)
{
    const struct mf_msg *last = mf_node_last(node, OUT);

    return last && mf_value_equal(&last->value, value) &&
           (last->quality == MF_GOOD || last->reason == mf_reason_link);
}

static void tell_level(struct mf_node *node, bool level)
{
    const struct config *c = mf_node_config(node);
    bool is_on = level == (c->active != 0);

    if (c->edges == RISING || c->edges == FALLING)
        if (is_on != (c->edges == RISING))
            return;
    mf_node_emit_bool(node, OUT, is_on);
}

static void tell_first_level(struct mf_node *node, bool level)
{
    const struct config *c = mf_node_config(node);
    struct mf_value value = mf_value_bool(level == (c->active != 0));

    if (!is_known(node, &value))
        tell_level(node, level);
}

/* The last number of a burst comes twice. */
static void tell_count(struct mf_node *node, int64_t counted)
{
    struct state *s = mf_node_state(node);

    if (counted == s->counted)
        return;
    s->counted = counted;
    mf_node_emit_int(node, OUT, s->base + counted);
}

static void hear(struct mf_node *node, const char *text)
{
    const struct config *c = mf_node_config(node);
    int64_t number;

    if (c->count && mf_num_read_int(text, strlen(text), &number) && number >= 0)
        tell_count(node, number);
    else if (!c->count && (strcmp(text, "H") == 0 || strcmp(text, "L") == 0))
        tell_level(node, *text == 'H');
    else
        mf_node_reject(node, mf_reason_decode, "`%.60s` is nothing that a monitor says", text);
}

static void keep_count(struct state *s)
{
    s->base += s->counted;
    s->counted = 0;
}

static void watch(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    mf_wago_want(mf_node_link(node), &s->create);
    if (!c->count)
        mf_wago_want(mf_node_link(node), &s->look);
}

static void said(struct mf_wago_monitor *monitor, const struct mf_wago_said *said)
{
    struct mf_node *node = monitor->owner;

    if (said->sort == MF_WAGO_SIGNAL) {
        hear(node, said->text);
        return;
    }
    mf_node_log(node, MF_LOG_WARNING, "its monitor has ended and is created anew: %s", said->text);
    keep_count(mf_node_state(node));
    watch(node);
}

/* ---- asking ---- */

static void refused(struct mf_node *node, const char *text, const char *reason)
{
    mf_node_log(node, MF_LOG_ERROR, "%s", text);
    mf_node_emit_bad(node, OUT, MF_BAD, reason);
}

static void created(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_node *node = ask->owner;
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    struct mf_value total = mf_value_int(s->base + s->counted);

    if (!said)
        return; /* the engine has said so */
    if (said->sort != MF_WAGO_CREATED)
        refused(node, said->text, reason_refused);
    else if (c->count && !is_known(node, &total))
        mf_node_emit_int(node, OUT, total.integer);
}

static void looked(struct mf_wago_ask *ask, const struct mf_wago_said *said)
{
    struct mf_node *node = ask->owner;

    if (!said)
        return;
    if (said->sort != MF_WAGO_DONE)
        refused(node, said->text, reason_refused);
    else if (strcmp(said->text, "0") == 0 || strcmp(said->text, "1") == 0)
        tell_first_level(node, *said->text == '1');
    else
        mf_node_reject(node, mf_reason_decode, "`%.60s` is no level", said->text);
}

static void begun(struct mf_wago_user *user)
{
    struct mf_node *node = user->owner;
    const struct config *c = mf_node_config(node);
    struct mf_error err;

    if (mf_wago_check(mf_node_link(node), &c->place, MF_WAGO_INPUTS, &err) < 0)
        refused(node, err.text, reason_no_input);
    else
        watch(node);
}

static void ended(struct mf_wago_user *user)
{
    keep_count(mf_node_state(user->owner));
}

/* ---- life ---- */

static int in_create(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->base = c->base;
    return 0;
}

static int in_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->user = (struct mf_wago_user){.begun = begun, .ended = ended, .owner = node};
    mf_wago_monitor_init(&s->monitor, said, node);
    mf_wago_ask_init(&s->create, created, node);
    mf_wago_ask_init(&s->look, looked, node);
    s->create.monitor = &s->monitor;
    if (c->count)
        mf_wago_ask_print(&s->create, "m# %u %u %c %.3f", c->place.card, c->place.bit, direction(c),
                          (double)c->interval / MF_SEC);
    else
        mf_wago_ask_print(&s->create, "m+ %u %u %c", c->place.card, c->place.bit, direction(c));
    mf_wago_ask_print(&s->look, "i %u %u", c->place.card, c->place.bit);
    mf_wago_join(mf_node_link(node), &s->user);
    return 0;
}

static void in_stop(struct mf_node *node)
{
    struct mf_link *link = mf_node_link(node);
    struct state *s = mf_node_state(node);

    keep_count(s);
    mf_wago_leave(link, &s->user);
    mf_wago_talk_forget(mf_wago_talk(link), &s->create);
    mf_wago_talk_forget(mf_wago_talk(link), &s->look);
    if (s->monitor.id)
        mf_wago_tell(link, "m- %lld", (long long)s->monitor.id);
    mf_wago_talk_let_go(mf_wago_talk(link), &s->monitor);
}

static void in_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    if (c->count)
        mf_state_put_int(out, "count", s->base + s->counted);
}

static int in_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_state_get_int(in, "count", &s->base);
    return 0;
}

/* ---- checks ---- */

static void in_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    const char *lone = c->has_interval ? "interval" : c->has_base ? "base" : NULL;

    if (lone && !c->count)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, lone),
                             "`%s` says nothing without `count: true`", lone),
                     "leave `%s` out", lone);
}

static void in_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, c->count ? MF_T(MF_INT) : MF_T(MF_BOOL), NULL);
}

static int in_fits(const void *config, struct mf_link *link, struct mf_error *err)
{
    const struct config *c = config;

    return mf_wago_check(link, &c->place, MF_WAGO_INPUTS, err);
}

static const char *in_wants(const void *config, const char **ret_sort, struct mf_arena *arena)
{
    const struct config *c = config;

    *ret_sort = "inputs";
    return mf_arena_printf(arena, "card %u", c->place.card);
}

/* ---- options ---- */

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T(MF_BOOL) | MF_T(MF_INT),
     .summary = "Whether the input is on; with `count` a whole number."},
    {0},
};

static const struct mf_choice edge_choices[] = {
    {"rising", RISING, "From off to on."},
    {"falling", FALLING, "From on to off."},
    {"both", BOTH, "Both."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"place", MF_WAGO_PLACE(place), .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Card and bit, both counted from 1: `1/3`."},
    {"link", MF_STRING(link), .flags = MF_OPT_LINK,
     .summary = "Link of kind `wago`; may be left out where the flow has only one."},
    {"active", MF_CHOICE(active, mf_wago_actives), .fallback = "high",
     .summary = "Which level of the bit means on."},
    {"edges", MF_CHOICE(edges, edge_choices),
     .summary = "Which changes are told (both, if left out), or counted (rising)."},
    {"count", MF_BOOL(count), .fallback = "false",
     .summary = "Count changes instead of telling levels."},
    {"interval", MF_DURATION(interval), .fallback = "1s", MF_LIMITS(0.01, 86400),
     MF_GIVEN(has_interval), .summary = "Shortest time between two counts that are told."},
    {"base", MF_INTEGER(base), .fallback = "0", MF_LIMITS(0, 9e15), MF_GIVEN(has_base),
     .summary = "Where the count begins: the reading of the meter."},
    {0},
};
#undef MF_CONFIG

const struct mf_kind mf_kind_wago_in = {
    .name = "wago.in",
    .summary = "Reads a digital input of a WAGO controller: its level, or pulses that it counts.",
    .doc =
        "The level is told when the controller is there, and then each change that it sees, which "
        "takes up to the link's `poll`. `edges: rising` tells only that the input is on, again and "
        "again.\n"
        "\n"
        "With `count: true` the controller counts, and the total is told: at once after a pause, "
        "then once per `interval`. Its count begins anew with each connection; the node's goes on, "
        "`keep: true` makes it outlive a restart. What happens while nobody is connected is not "
        "counted, nor are pulses shorter than `poll`. Several nodes may read one bit: one its "
        "level, another its pulses.\n"
        "\n"
        "A bit that the controller does not have makes its node bad and nothing else; it is looked "
        "for again on each connection. While the controller is away its inputs are stale.",
    .example = "moat-flow: 1\n"
               "links: {cabinet: {wago: 'tcp:wago.lan'}}\n"
               "nodes:\n"
               "  door: {wago.in: 1/3, active: low}\n"
               "  water: {wago.in: 1/4, count: true, interval: 10s}\n"
               "  show: {log: info, from: [door, water]}\n",
    .link = &mf_link_kind_wago,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .flags = MF_KIND_SOURCE,
    .state_version = 1,
    .check = in_check,
    .infer = in_infer,
    .wants = in_wants,
    .fits = in_fits,
    .create = in_create,
    .start = in_start,
    .save = in_save,
    .restore = in_restore,
    .stop = in_stop,
};
