/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * delay: everything, later.
 *
 * The time of a message moves with it: the delayed signal has at 10:05 the value
 * that the input had at 10:00. In a loop that a delay closes time would stand
 * still otherwise.
 */

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "engine/value/build.h"
#include "rules/mark.h"

enum { OUT };
enum { TIMER_DUE };

#define DELAY_MESSAGES_MAX 1000000

struct config {
    int64_t time;
    int64_t messages;
};

struct item {
    struct mf_msg msg;
    int64_t due; /* mono ns */
};

/* A ring: items[(first + i) % cap]. */
struct state {
    struct item *items;
    size_t first, count, cap;
    uint64_t dropped;
};

static struct item *item_at(const struct state *s, size_t i)
{
    return &s->items[(s->first + i) % s->cap];
}

static void drop_oldest(struct state *s)
{
    mf_msg_drop(&item_at(s, 0)->msg);
    s->first = (s->first + 1) % s->cap;
    s->count--;
}

static void grow(struct state *s)
{
    size_t cap = s->cap ? 2 * s->cap : 8;
    struct item *items = mf_calloc_array(cap, sizeof(*items));

    for (size_t i = 0; i < s->count; i++)
        items[i] = *item_at(s, i);
    mf_free(s->items);
    s->items = items;
    s->cap = cap;
    s->first = 0;
}

static void add(struct mf_node *node, struct mf_msg msg, int64_t due)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    while (s->count && s->count >= (size_t)c->messages) {
        drop_oldest(s);
        s->dropped++;
        mf_node_log(node, MF_LOG_WARNING,
                    "%lld messages are on their way, which is the limit (`messages`): the oldest "
                    "is dropped (%llu so far)",
                    (long long)c->messages, (unsigned long long)s->dropped);
    }
    if (s->count == s->cap)
        grow(s);
    *item_at(s, s->count++) = (struct item){msg, due};
}

static void arm_for_first(struct mf_node *node)
{
    const struct state *s = mf_node_state(node);

    if (s->count)
        mf_node_arm_at(node, TIMER_DUE, item_at(s, 0)->due);
}

static void delay_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    struct mf_msg later = mf_msg_copy(msg);

    later.time += c->time;
    add(node, later, mf_node_mono(node) + c->time);
    arm_for_first(node);
}

static void delay_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);

    while (s->count && item_at(s, 0)->due <= mf_node_mono(node)) {
        mf_node_emit_msg(node, OUT, &item_at(s, 0)->msg);
        drop_oldest(s);
    }
    arm_for_first(node);
}

/* [value, time, due as wall time, quality, reason, is it said again] */
static struct mf_value item_to_value(const struct item *item, int64_t mono_to_wall)
{
    struct mf_builder list;

    mf_build_start(&list);
    mf_build_take_item(&list, mf_value_copy(item->msg.value));
    mf_build_take_item(&list, mf_value_int(item->msg.time));
    mf_build_take_item(&list, mf_value_int(item->due + mono_to_wall));
    mf_build_take_item(&list, mf_value_int(item->msg.quality));
    mf_build_take_item(&list,
                       item->msg.reason ? mf_value_new_text(item->msg.reason) : mf_value_null());
    mf_build_take_item(&list, mf_value_bool(item->msg.is_again));
    return mf_build_end_list(&list);
}

static void delay_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct state *s = mf_node_state(node);
    int64_t mono_to_wall = mf_node_now(node) - mf_node_mono(node);
    struct mf_builder list;
    struct mf_value messages;

    mf_build_start(&list);
    for (size_t i = 0; i < s->count; i++)
        mf_build_take_item(&list, item_to_value(item_at(s, i), mono_to_wall));
    messages = mf_build_end_list(&list);
    mf_state_put(out, "messages", &messages);
    mf_value_drop(messages);
}

static bool add_saved(struct mf_node *node, const struct mf_value *saved)
{
    int64_t wall_to_mono = mf_node_mono(node) - mf_node_now(node);
    struct mf_msg msg = {0};

    if (saved->type != MF_LIST || mf_value_count(saved) != 6)
        return false;
    for (size_t i = 1; i < 4; i++)
        if (mf_value_at(saved, i)->type != MF_INT)
            return false;
    msg.value = mf_value_copy(*mf_value_at(saved, 0));
    msg.time = mf_value_at(saved, 1)->integer;
    msg.quality = (uint8_t)mf_value_at(saved, 3)->integer;
    msg.reason = mf_rule_reason(mf_value_at(saved, 4));
    msg.is_again = mf_value_is_true(mf_value_at(saved, 5));
    add(node, msg, mf_value_at(saved, 2)->integer + wall_to_mono);
    return true;
}

static int delay_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct mf_value *messages = mf_state_get(in, "messages");

    if (!messages || messages->type != MF_LIST)
        return mf_fail(err, MF_EINVAL, "it holds no list of messages");
    for (size_t i = 0; i < mf_value_count(messages); i++)
        if (!add_saved(node, mf_value_at(messages, i)))
            return mf_fail(err, MF_EINVAL, "message %zu cannot be read", i + 1);
    arm_for_first(node);
    return 0;
}

static void delay_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    while (s->count)
        drop_oldest(s);
    mf_free(s->items);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, MF_PORT_ANY_AGE | MF_PORT_DELAYED, .summary = "Any value."},
    {"out", MF_OUT, MF_T_ANY, .unit = "@in", .summary = "The same, later."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "time",
        MF_DURATION(time),
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED | MF_OPT_LIVE,
        MF_LIMITS(0.001, 3.2e9),
        .summary = "How much later.",
    },
    {
        "messages",
        MF_INTEGER(messages),
        .fallback = "10000",
        .flags = MF_OPT_LIVE,
        MF_LIMITS(1, DELAY_MESSAGES_MAX),
        .summary = "Most messages that may be on their way; when there are more, the oldest is "
                   "dropped and counted.",
    },
    {0},
};

const struct mf_kind mf_kind_delay = {
    .name = "delay",
    .summary = "Passes everything on, but later.",
    .doc = "Each message leaves that much later than it came, in order, with its time moved by as "
           "much: at 10:05 a signal delayed by 5min has the value and the quality that its input "
           "had at 10:00. That the input turned stale or bad comes later, too.\n"
           "\n"
           "A delay may close a loop: what it sends is not seen in the turn that led to it. Where "
           "only the value of the turn before is wanted, `previous(node)` does with less.\n"
           "\n"
           "At most `messages` messages are on their way; what is over that is logged and "
           "counted.",
    .example = "power: {sim.wave: walk, min: 0, max: 5000, unit: W, every: 1s}\n"
               "before: {delay: 1min, from: power}\n"
               "change: {expr: power - before}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = 1,
    .flags = MF_KIND_PURE | MF_KIND_STATEFUL,
    .state_version = 1,
    .receive = delay_receive,
    .timeout = delay_timeout,
    .save = delay_save,
    .restore = delay_restore,
    .destroy = delay_destroy,
};
