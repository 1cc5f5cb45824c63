/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * onewire.read: an attribute of a 1-wire device, again and again.
 */

#include <math.h>
#include <string.h>

#include "engine/base/log.h"
#include "nodes/net/poller.h"
#include "nodes/onewire/kernel.h"
#include "nodes/onewire/link.h"

enum { OUT };
enum { TIMER_POLL, TIMER_MEASURED, TIMER_ALARM, TIMER_ALARM_MEASURED, TIMERS };
#define POWER_ON 85.0 /* °C: what a thermometer has in its memory before it ever measured */
#define NEAR 5.0      /* K: a real 85 °C does not come out of the blue */

struct config {
    struct mf_ow_attribute attribute; /* first */
    const char *link;
    int64_t every, alarm;
    bool simultaneous;
};

struct state {
    struct mf_ow_wish wish;
    struct mf_poller poller;
    struct mf_ow_alarm alarm;
    double last;
    bool has_last;
};

static const char power_on[] = "power-on value";

static void read_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    if (c->simultaneous && !c->attribute.is_temperature)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 220, mf_check_at(check, "simultaneous"),
                             "only thermometers measure together"),
                     "leave `simultaneous` out, or read `temperature` of a DS18S20 or DS18B20");
}

static void read_check_link(const void *config, const struct mf_link_kind *link,
                            struct mf_check *check)
{
    const struct config *c = config;

    if (link != &mf_link_kind_w1)
        return;
    mf_w1_check(&c->attribute, false, check);
    if (c->alarm)
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 577, mf_check_at(check, "alarm"),
                             "the kernel does not search its buses for alarms"),
                     "use a link of kind `owserver`, or read more often (`every`)");
}

static void read_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    struct mf_unit unit;
    struct mf_error err;

    if (c->attribute.unit &&
        mf_unit_read(c->attribute.unit, strlen(c->attribute.unit), &unit, &err) == 0)
        mf_infer_set(infer, OUT, mf_ow_types(&c->attribute), &unit);
    else
        mf_infer_set(infer, OUT, mf_ow_types(&c->attribute), NULL);
}

static int64_t read_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

/* ---- polling ---- */

static void ask(struct mf_node *node, bool is_latest)
{
    struct state *s = mf_node_state(node);

    s->wish.is_latest = is_latest;
    mf_ow_want(mf_node_link(node), &s->wish);
}

/* What was measured together, unless it has turned out meanwhile that they cannot. */
static bool can_take_latest(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);

    return c->attribute.latest && mf_ow_can_measure(mf_node_link(node), &c->attribute);
}

static void poll(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    int64_t ready = c->simultaneous ? mf_ow_measure(mf_node_link(node), &c->attribute) : 0;

    if (ready)
        mf_node_arm_at(node, TIMER_MEASURED, ready);
    else
        ask(node, false);
}

/* A thermometer is in alarm when what it measured last is: it has to measure first. */
static void search(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct mf_link *link = mf_node_link(node);
    int64_t ready = c->attribute.latest ? mf_ow_measure(link, &c->attribute) : 0;

    if (ready)
        mf_node_arm_at(node, TIMER_ALARM_MEASURED, ready);
    else
        mf_ow_search(link);
}

static void raised(struct mf_node *node)
{
    ask(node, can_take_latest(node));
}

/* True, and the timer runs anew: the measurement began later than was thought. */
static bool is_early(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    int64_t ready = mf_ow_measured_at(mf_node_link(node), &c->attribute);

    if (ready <= mf_node_mono(node))
        return false;
    mf_node_arm_at(node, timer, ready);
    return true;
}

static void read_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);

    switch (timer) {
    case TIMER_MEASURED:
        if (!is_early(node, timer))
            ask(node, can_take_latest(node));
        break;
    case TIMER_ALARM:
        search(node);
        mf_poller_arm(node, TIMER_ALARM, c->alarm);
        break;
    case TIMER_ALARM_MEASURED:
        if (!is_early(node, timer))
            mf_ow_search(mf_node_link(node));
        break;
    default:
        poll(node);
        mf_poller_arm(node, TIMER_POLL, c->every);
    }
}

static bool is_power_on(const struct config *c, const struct state *s, const struct mf_value *value)
{
    return c->attribute.has_power_on_value && value->number == POWER_ON &&
           !(s->has_last && fabs(s->last - POWER_ON) <= NEAR);
}

static void take(struct mf_node *node, const struct mf_ow_answer *answer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_value value;
    struct mf_error err;

    if (mf_ow_read_value(&c->attribute, answer->data, answer->len, &value, &err) < 0) {
        mf_node_reject(node, mf_reason_decode, "%s", err.text);
    } else if (value.type == MF_NUMBER && is_power_on(c, s, &value)) {
        mf_node_reject(node, power_on, "85 °C is what a thermometer says that did not measure");
    } else {
        if (value.type == MF_NUMBER) {
            s->last = value.number;
            s->has_last = true;
        }
        mf_node_emit_take(node, OUT, value);
    }
}

static void done(struct mf_ow_wish *wish, const struct mf_ow_answer *answer)
{
    struct mf_node *node = wish->owner;
    const char *reason;

    if (!answer)
        return; /* the engine has said so */
    if (answer->code >= 0) {
        take(node, answer);
        return;
    }
    reason = mf_ow_reason(answer->code);
    if (mf_ow_is_absent(answer->code)) {
        const struct mf_msg *last = mf_node_last(node, OUT);

        if (!last || last->quality == MF_GOOD)
            mf_node_log(node, MF_LOG_WARNING, "%s: %s", mf_ow_wish_attribute(wish)->path, reason);
        mf_node_emit_bad(node, OUT, MF_STALE, reason);
    } else {
        mf_node_reject(node, reason, "%s: %s", mf_ow_wish_attribute(wish)->path, reason);
    }
}

/* ---- life ---- */

static int read_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    mf_ow_wish_init(&s->wish);
    s->wish.type = MF_OW_READ;
    s->wish.node = node;
    s->wish.done = done;
    s->wish.owner = node;
    mf_poller_begin(&s->poller, mf_ow_pollers(mf_node_link(node)), node, poll);
    poll(node);
    mf_poller_arm(node, TIMER_POLL, c->every);
    mf_list_init(&s->alarm.in);
    if (!c->alarm)
        return 0;
    s->alarm.node = node;
    s->alarm.raised = raised;
    mf_list_append(mf_ow_alarms(mf_node_link(node)), &s->alarm.in);
    mf_poller_arm(node, TIMER_ALARM, c->alarm);
    return 0;
}

static void read_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_ow_forget(mf_node_link(node), &s->wish);
    mf_poller_end(&s->poller);
    mf_list_remove(&s->alarm.in);
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT),
     .summary = "The value: temperatures in °C, voltages in V, `PIO` and `sensed` as bools."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"attribute", &mf_type_ow_attribute, MF_MEMBER(MF_CONFIG, attribute, struct mf_ow_attribute),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Device and attribute as owserver calls them: `28.0123456789AB/temperature`. The "
                "device may be written as the kernel does, and on an owserver be an alias."},
    {"link", MF_STRING(link), .flags = MF_OPT_LINK,
     .summary = "Link of kind `owserver` or `w1`; may be left out where the flow has only one."},
    {"every", MF_DURATION(every), .fallback = "30s", MF_LIMITS(0.01, 3.2e9),
     .summary = "Time between two reads."},
    {"simultaneous", MF_BOOL(simultaneous), .fallback = "false",
     .summary = "Let all thermometers of the server or the bus measure at once, and read them a "
                "second later; otherwise each takes the bus for that long."},
    {"alarm", MF_DURATION(alarm), MF_LIMITS(0.01, 3.2e9),
     .summary = "Time between two questions which devices are in alarm; this one is read at once "
                "when it is. Without it nobody asks."},
    {0},
};

const struct mf_kind mf_kind_onewire_read = {
    .name = "onewire.read",
    .summary = "Reads an attribute of a 1-wire device at intervals.",
    .doc = "The attribute's name says what comes out: temperatures are numbers in °C, `PIO.A`, "
           "`sensed.0`, `latch.1` and `power` are bools, `counters.A` and `PIO.BYTE` whole "
           "numbers, `address`, `type` and `PIO.ALL` texts, and anything else is a number.\n"
           "\n"
           "With `alarm` a device that has something to say is read before its time: a "
           "thermometer beyond its `temphigh` or `templow` (all thermometers then measure each "
           "time), a switch whose `set_alarm` asks for it. It is read at each question until it "
           "is no longer in alarm; a `latch` holds until it is written. Nodes share questions.\n"
           "\n"
           "A device that is not there is stale until it is back; other devices do not notice. "
           "85 °C of a thermometer is what it says when it could not measure: that is bad, unless "
           "the value before was within 5 K of it; a checksum that is wrong is bad, too. Reads "
           "go past the server's cache.",
    .example = "moat-flow: 1\n"
               "links: {w1: {owserver: localhost}}\n"
               "nodes:\n"
               "  outside: {onewire.read: 28.0123456789AB/temperature, every: 30s, simultaneous: "
               "true}\n"
               "  window: {onewire.read: 3A.0123456789AB/sensed.A, every: 1s}\n"
               "  bell: {onewire.read: 29.0123456789AB/latch.0, every: 1min, alarm: 100ms}\n"
               "  show: {log: info, from: [outside, window, bell]}\n",
    .link = &mf_link_kind_owserver,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .check = read_check,
    .check_link = read_check_link,
    .infer = read_infer,
    .period = read_period,
    .start = read_start,
    .timeout = read_timeout,
    .stop = read_stop,
};
