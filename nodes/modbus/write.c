/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * modbus.write: a value into registers.
 *
 * One write at a time is under way; what follows waits in the node's queue. With `verify` a
 * write counts only when the registers, read back, hold what was written.
 */

#include <string.h>

#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "nodes/modbus/link.h"
#include "nodes/modbus/options.h"

enum { IN };
enum { TIMER_AGAIN, TIMERS };

struct config {
    struct mf_modbus_value_config value;
    bool verify;
};

struct state {
    struct mf_modbus_wish write, back;
    struct mf_modbus_cell cell;
    uint64_t letter; /* that is under way */
    uint16_t words[MF_MODBUS_VALUE_WORDS];
};

static void cannot(struct mf_check *check, const struct config *c, const char *why,
                   const char *help)
{
    mf_diag_help(mf_diag(check->diags, MF_ERROR, 220,
                         mf_check_at(check, c->value.pick ? "value" : "register"), "%s", why),
                 "%s", help);
}

static void write_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;
    struct mf_modbus_cell cell = mf_modbus_value_cell(&c->value);

    mf_modbus_value_check(&c->value, check);
    if (!mf_modbus_is_writable(cell.area))
        cannot(check, c,
               mf_arena_printf(check->arena, "%s registers cannot be written",
                               mf_modbus_area_names[cell.area]),
               "take a `holding:` register or a `coil:`");
    if (cell.number.has_bit)
        cannot(check, c, "a single bit of a register cannot be written",
               "write the whole register: the other bits must be known");
    if (cell.has_power)
        cannot(check, c, "the power of ten of this register is known to the device alone",
               "write it by its address, with the `scale` that the device has");
}

static void wrong_type(struct mf_check *check, uint32_t wanted, uint32_t types)
{
    char is[96], needs[96];

    mf_diag_help(mf_diag(check->diags, MF_ERROR, 204, mf_check_at(check, "from"),
                         "the registers hold %s, and the input is %s",
                         mf_types_print(wanted, needs), mf_types_print(types, is)),
                 "another `type` fits, or convert the value with `expr`");
}

static void write_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    struct mf_modbus_cell cell = mf_modbus_value_cell(&c->value);
    const struct mf_profile_register *reg = mf_modbus_value_register(&c->value);
    uint32_t wanted = mf_modbus_number_types(&cell.number);

    mf_modbus_unit_check(infer, c->value.unit_id);
    if (wanted & MF_T_NUMERIC)
        wanted = MF_T_NUMERIC;
    for (unsigned i = 0; i < mf_infer_inputs(infer); i++) {
        uint32_t types = mf_infer_types(infer, i);

        if (!(types & wanted))
            wrong_type(mf_infer_check(infer), wanted, types);
        else if (reg && reg->unit)
            mf_infer_want(infer, i, reg->unit);
    }
}

static void write_fingerprint(const void *config, struct mf_buf *buf)
{
    const struct config *c = config;

    mf_modbus_value_print(&c->value, buf);
}

static const char *write_writes(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;
    struct mf_modbus_cell cell = mf_modbus_value_cell(&c->value);

    return mf_modbus_registers(c->value.unit_id, cell.area, cell.from, cell.count, arena);
}

/* ---- delivering ---- */

static void settle(struct mf_node *node, int code, const char *reason)
{
    struct state *s = mf_node_state(node);

    mf_node_settle(node, s->letter, code, reason);
}

static void ended(struct mf_node *node, const struct mf_modbus_wish *wish, enum mf_modbus_end end,
                  const char *reason)
{
    if (end == MF_MODBUS_REFUSED)
        settle(node, MF_EDENIED, reason);
    else
        settle(node, end == MF_MODBUS_SILENT ? MF_ETIMEOUT : MF_ELINK, reason);
}

static void read_back(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                      const char *reason)
{
    struct mf_node *node = wish->owner;
    const struct state *s = mf_node_state(node);

    if (end != MF_MODBUS_DONE)
        ended(node, wish, end, reason);
    else if (memcmp(words, s->words, wish->count * sizeof(*words)) != 0)
        settle(node, MF_EDENIED, "the registers do not hold what was written");
    else
        settle(node, MF_OK, NULL);
}

static void written(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                    const char *reason)
{
    struct mf_node *node = wish->owner;
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (end != MF_MODBUS_DONE)
        ended(node, wish, end, reason);
    else if (!c->verify)
        settle(node, MF_OK, NULL);
    else if (!mf_modbus_ask(mf_node_link(node), &s->back))
        settle(node, MF_ELINK, NULL);
}

/* Tries again when the unit has rested; the link wakes us itself when it has come up. */
static void wait_for_unit(struct mf_node *node)
{
    const struct state *s = mf_node_state(node);
    int64_t rested;

    if (mf_modbus_unit_rests(mf_node_link(node), s->write.unit, &rested))
        mf_node_arm_at(node, TIMER_AGAIN, rested);
}

static int write_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    struct state *s = mf_node_state(node);
    int rc;

    if (mf_modbus_wish_is_open(&s->write) || mf_modbus_wish_is_open(&s->back))
        return MF_ELINK;
    rc = mf_modbus_encode(&s->cell.number, &letter->msg.value, s->words, err);
    if (rc < 0)
        return rc;
    s->letter = letter->number;
    if (mf_modbus_ask(mf_node_link(node), &s->write))
        return MF_DELIVER_PENDING;
    wait_for_unit(node);
    return MF_ELINK;
}

static void write_timeout(struct mf_node *node, unsigned timer)
{
    mf_node_wake(node);
}

/* ---- life ---- */

static void make_wish(struct mf_node *node, struct mf_modbus_wish *wish, bool is_write)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    wish->unit = (uint8_t)c->value.unit_id;
    wish->is_write = is_write;
    wish->area = s->cell.area;
    wish->address = s->cell.from;
    wish->count = s->cell.count;
    wish->words = s->words;
    wish->done = is_write ? written : read_back;
    wish->owner = node;
    mf_modbus_wish_init(wish);
}

static int write_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->cell = mf_modbus_value_cell(&c->value);
    make_wish(node, &s->write, true);
    make_wish(node, &s->back, false);
    return 0;
}

static void write_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_modbus_forget(mf_node_link(node), &s->write);
    mf_modbus_forget(mf_node_link(node), &s->back);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT) | MF_T(MF_BYTES), MF_PORT_MANY,
     .summary = "The value to write."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    MF_MODBUS_VALUE_OPTIONS,
    {"verify", MF_BOOL(verify), .fallback = "false",
     .summary = "Read the registers back; what they do not hold then counts as refused."},
    {0},
};

const struct mf_kind mf_kind_modbus_write = {
    .name = "modbus.write",
    .summary = "Writes a value into the registers of a Modbus device.",
    .doc = "A single register or coil is written with function 6 or 5, a longer value with 16. "
           "Numbers are rounded to what the registers hold: 2.35 with `scale: 0.1` is 24, which is "
           "2.4. What does not fit is refused and said, never cut.\n"
           "\n"
           "While the link is down or the unit does not answer the newest value waits, and is "
           "written when it is back; a device that forgets what it was told needs `refresh`.",
    .example = "moat-flow: 1\n"
               "links: {wallbox: {modbus: 'tcp:wallbox.lan'}}\n"
               "nodes:\n"
               "  wanted: {sim.wave: sine, min: 6, max: 16, unit: A, every: 5s}\n"
               "  current:\n"
               "    modbus.write: wallbox\n"
               "    register: 261\n"
               "    scale: 0.1\n"
               "    from: wanted\n"
               "    verify: true\n"
               "    limit: 6..16 A\n"
               "    failsafe: 6 A after 1min\n",
    .link = &mf_link_kind_modbus,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_ACTUATOR,
    .check = write_check,
    .infer = write_infer,
    .fingerprint = write_fingerprint,
    .writes = write_writes,
    .start = write_start,
    .timeout = write_timeout,
    .deliver = write_deliver,
    .stop = write_stop,
};
