/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * modbus.read: a value out of registers, again and again.
 *
 * Nodes with the same interval ask at the same moments, whenever they were started, so that the
 * link can put their reads together.
 */

#include "engine/graph/node.h"
#include "nodes/modbus/device.h"
#include "nodes/net/poller.h"

enum { OUT };
enum { TIMER_POLL, TIMERS };

struct config {
    struct mf_modbus_value_config value;
    int64_t every;
};

struct state {
    bool is_silent; /* the unit, and said */
    struct mf_modbus_wish wish;
    struct mf_modbus_cell cell;
    struct mf_poller poller;
};

static void read_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    mf_modbus_value_check(&c->value, check);
}

static void read_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    struct mf_modbus_cell cell = mf_modbus_value_cell(&c->value);
    const struct mf_profile_register *reg = mf_modbus_value_register(&c->value);

    mf_modbus_unit_check(infer, c->value.unit_id);
    mf_infer_set(infer, OUT, mf_modbus_number_types(&cell.number), reg ? reg->unit : NULL);
}

static void read_fingerprint(const void *config, struct mf_buf *buf)
{
    const struct config *c = config;

    mf_modbus_value_print(&c->value, buf);
}

static int64_t read_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

struct mf_modbus_want mf_modbus_read_want(const void *config)
{
    const struct config *c = config;

    return (struct mf_modbus_want){
        .unit = (uint8_t)c->value.unit_id,
        .most = c->value.profile ? c->value.profile->max_registers : 0,
        .cell = mf_modbus_value_cell(&c->value),
        .every = c->every,
    };
}

/* ---- polling ---- */

/* A unit that rests is asked when it has rested, if that is earlier. Who has not heard that it is
 * silent, because another node found out, hears it here. */
static void look_again(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    int64_t rested;
    const char *reason = mf_modbus_unit_rests(mf_node_link(node), s->wish.unit, &rested);

    if (!reason)
        return;
    if (!s->is_silent)
        mf_node_emit_bad(node, OUT, MF_STALE, reason);
    s->is_silent = true;
    if (rested < mf_node_deadline(node, TIMER_POLL))
        mf_node_arm_at(node, TIMER_POLL, rested);
}

static void poll(struct mf_node *node)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    mf_poller_arm(node, TIMER_POLL, c->every);
    if (!mf_modbus_ask(mf_node_link(node), &s->wish))
        look_again(node);
}

static void read_timeout(struct mf_node *node, unsigned timer)
{
    poll(node);
}

static void take(struct mf_node *node, const uint16_t *words)
{
    const struct state *s = mf_node_state(node);
    struct mf_value value;
    struct mf_error err;

    if (mf_modbus_cell_decode(&s->cell, words, &value, &err) < 0)
        mf_node_reject(node, mf_reason_decode, "%s", err.text);
    else
        mf_node_emit_take(node, OUT, value);
}

static void done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                 const char *reason)
{
    struct mf_node *node = wish->owner;
    struct state *s = mf_node_state(node);

    switch (end) {
    case MF_MODBUS_DONE:
        s->is_silent = false;
        take(node, words);
        break;
    case MF_MODBUS_SILENT:
        s->is_silent = true;
        mf_node_emit_bad(node, OUT, MF_STALE, reason);
        look_again(node);
        break;
    case MF_MODBUS_REFUSED:
        mf_node_reject(node, reason, "unit %u refuses register %u: %s", wish->unit, wish->address,
                       reason);
        break;
    case MF_MODBUS_AWAY: /* the engine has said so */
        break;
    }
}

/* ---- life ---- */

static int read_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct mf_modbus_want want = mf_modbus_read_want(c);
    struct state *s = mf_node_state(node);

    s->cell = want.cell;
    s->wish.unit = want.unit;
    s->wish.most = want.most;
    s->wish.area = s->cell.area;
    s->wish.address = s->cell.from;
    s->wish.count = s->cell.count;
    s->wish.done = done;
    s->wish.owner = node;
    mf_modbus_wish_init(&s->wish);
    mf_poller_begin(&s->poller, mf_modbus_pollers(mf_node_link(node)), node, poll);
    poll(node);
    return 0;
}

static void read_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_modbus_forget(mf_node_link(node), &s->wish);
    mf_poller_end(&s->poller);
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT) | MF_T(MF_BYTES),
     .summary = "The value: a whole number, a number where it is scaled or a float, a bool for a "
                "`bit`, a text, bytes."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    MF_MODBUS_VALUE_OPTIONS,
    {"every", MF_DURATION(every), .fallback = "10s", MF_LIMITS(0.01, 3.2e9),
     .summary = "Time between two reads."},
    {0},
};

const struct mf_kind mf_kind_modbus_read = {
    .name = "modbus.read",
    .summary = "Reads a value from the registers of a Modbus device at intervals.",
    .doc = "Reads at the start, when the link comes up, and then at multiples of `every`, so that "
           "nodes with the same interval ask together and the link can fetch neighbours with one "
           "request.\n"
           "\n"
           "`type` is `uint16` without more words, `bit` for coils and discrete inputs. A value "
           "is stale when its unit does not answer, and bad when the unit answers with an "
           "exception (`illegal address`) or the registers hold no such value: BCD digits above "
           "9, a text that is not UTF-8, a float that is not a number.",
    .example = "moat-flow: 1\n"
               "links: {meters: {modbus: 'tcp:meter.lan'}}\n"
               "nodes:\n"
               "  volts: {modbus.read: meters, register: 'input:0', type: float32, unit: V, every: "
               "1s}\n"
               "  limit: {modbus.read: meters, register: 100, scale: 0.1, unit: A}\n"
               "  show: {log: info, from: [volts, limit]}\n",
    .link = &mf_link_kind_modbus,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .check = read_check,
    .infer = read_infer,
    .period = read_period,
    .fingerprint = read_fingerprint,
    .start = read_start,
    .timeout = read_timeout,
    .stop = read_stop,
};
