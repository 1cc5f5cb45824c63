/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * onewire.write: a value into an attribute of a 1-wire device.
 */

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/onewire/kernel.h"
#include "nodes/onewire/link.h"

enum { TIMER_AGAIN, TIMERS };
#define AGAIN (5 * MF_SEC) /* for a device that is not there */

struct config {
    struct mf_ow_attribute attribute; /* first */
    const char *link;
};

struct state {
    struct mf_ow_wish wish;
    struct mf_buf text;
    uint64_t letter;
    bool is_under_way;
};

static const char *write_writes(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;

    char name[MF_OW_SERVER_NAME];

    /* However it is called: on one link a device is there once. */
    if (!c->attribute.has_device)
        return c->attribute.path;
    mf_ow_device_server_name(&c->attribute.device, name);
    return mf_arena_printf(arena, "/%s/%s", name, c->attribute.name);
}

static void write_check_link(const void *config, const struct mf_link_kind *link,
                             struct mf_check *check)
{
    const struct config *c = config;

    if (link != &mf_link_kind_w1)
        return;
    mf_w1_check(&c->attribute, true, check);
}

static void done(struct mf_ow_wish *wish, const struct mf_ow_answer *answer)
{
    struct mf_node *node = wish->owner;
    struct state *s = mf_node_state(node);

    s->is_under_way = false;
    if (!answer) {
        mf_node_settle(node, s->letter, MF_ELINK, NULL);
    } else if (answer->code >= 0) {
        mf_node_settle(node, s->letter, MF_OK, NULL);
    } else if (mf_ow_is_absent(answer->code)) {
        mf_node_log(node, MF_LOG_WARNING, "%s: %s; trying again", mf_ow_wish_attribute(wish)->path,
                    mf_ow_reason(answer->code));
        mf_node_arm(node, TIMER_AGAIN, AGAIN);
        mf_node_settle(node, s->letter, MF_ETIMEOUT, NULL);
    } else {
        mf_node_settle(node, s->letter, MF_EDENIED, mf_ow_reason(answer->code));
    }
}

static int write_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    const struct mf_value *value = &letter->msg.value;

    if (s->is_under_way || (mf_node_is_armed(node, TIMER_AGAIN) && letter->number == s->letter))
        return MF_ELINK;
    mf_node_disarm(node, TIMER_AGAIN); /* what is newer does not wait for it */
    mf_buf_clear(&s->text);
    if (value->type == MF_BOOL)
        mf_buf_putc(&s->text, value->boolean ? '1' : '0');
    else
        mf_value_print(value, &s->text);
    s->wish.data = mf_buf_text(&s->text);
    s->letter = letter->number;
    s->is_under_way = mf_ow_want(mf_node_link(node), &s->wish);
    return s->is_under_way ? MF_DELIVER_PENDING : MF_ELINK;
}

static void write_timeout(struct mf_node *node, unsigned timer)
{
    mf_node_wake(node);
}

static int write_start(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_ow_wish_init(&s->wish);
    s->wish.type = MF_OW_WRITE;
    s->wish.node = node;
    s->wish.done = done;
    s->wish.owner = node;
    s->is_under_way = false;
    return 0;
}

static void write_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_ow_forget(mf_node_link(node), &s->wish);
}

static void write_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_buf_done(&s->text);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT), MF_PORT_MANY,
     .summary = "The value to write; a bool is 1 or 0."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"attribute", &mf_type_ow_attribute, MF_MEMBER(MF_CONFIG, attribute, struct mf_ow_attribute),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Device and attribute as owserver calls them: `3A.0123456789AB/PIO.A`."},
    {"link", MF_STRING(link), .flags = MF_OPT_LINK,
     .summary = "Link of kind `owserver` or `w1`; may be left out where the flow has only one."},
    {0},
};

const struct mf_kind mf_kind_onewire_write = {
    .name = "onewire.write",
    .summary = "Writes a value into an attribute of a 1-wire device.",
    .doc = "Numbers and texts are written as they are, a bool as 1 or 0. Of a switch (`PIO`) 1 "
           "lets the current flow. While the device or the link is away the newest value waits, "
           "and is written when they are back; a device that forgets what it was told needs "
           "`refresh`.",
    .example = "moat-flow: 1\n"
               "links: {w1: {owserver: localhost}}\n"
               "nodes:\n"
               "  soil: {onewire.read: 26.0123456789AB/humidity, every: 1min}\n"
               "  dry: {hysteresis: 30..40 %, from: soil, invert: true}\n"
               "  valve: {onewire.write: 3A.0123456789AB/PIO.A, from: dry, failsafe: false after "
               "10min}\n",
    .link = &mf_link_kind_owserver,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_ACTUATOR,
    .check_link = write_check_link,
    .writes = write_writes,
    .start = write_start,
    .timeout = write_timeout,
    .deliver = write_deliver,
    .stop = write_stop,
    .destroy = write_destroy,
};
