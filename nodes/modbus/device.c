/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * modbus.device: all registers of a device that its profile names, one output each.
 *
 * Each register is a wish of its own, so that the link puts them together, takes them apart when
 * the device refuses, and remembers that. What nobody reads is not asked for.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/graph/graph.h"
#include "engine/graph/node.h"
#include "nodes/modbus/device.h"
#include "nodes/net/poller.h"

enum { TIMER_POLL, TIMERS };

/* Registers that are read equally often. */
struct group {
    int64_t every, due; /* ns; mono */
};

struct item {
    struct mf_modbus_wish wish; /* first */
    struct mf_modbus_cell cell;
    unsigned out, group;
    bool is_wrong;  /* refused or not decodable, and said */
    bool is_silent; /* because the unit is, and said */
};

struct state {
    struct mf_poller poller;
    struct item *items; /* by area and address */
    unsigned count;
    struct group *groups;
    unsigned group_count;
};

/* ---- what the profile and the options say ---- */

static bool fits(const struct mf_profile_register *reg, const char *pattern)
{
    return mf_text_glob(pattern, reg->port) || mf_text_glob(pattern, reg->path);
}

static bool is_picked(const struct mf_modbus_device_config *c,
                      const struct mf_profile_register *reg)
{
    for (size_t i = 0; i < c->registers.count; i++)
        if (fits(reg, c->registers.list[i]))
            return true;
    return !c->registers.count;
}

static int64_t every_of(const struct mf_modbus_device_config *c,
                        const struct mf_profile_register *reg)
{
    for (size_t i = 0; reg->slot && i < c->slots.count; i++)
        if (strcmp(c->slots.list[i].name, reg->slot) == 0)
            return c->slots.list[i].every;
    for (size_t i = 0; reg->slot && i < c->profile->slot_count; i++)
        if (c->profile->slots[i].every && strcmp(c->profile->slots[i].name, reg->slot) == 0)
            return c->profile->slots[i].every;
    return c->every;
}

static void device_check_registers(const struct mf_modbus_device_config *c, struct mf_check *check)
{
    const struct mf_tree_pair *pair = mf_flow_option(check->item, "registers");

    for (size_t i = 0; i < c->registers.count; i++) {
        struct mf_span at = pair && pair->value->kind == MF_TREE_LIST
                                ? pair->value->items[i].value->at
                                : mf_check_at(check, "registers");
        bool is_there = false;

        for (size_t k = 0; k < c->profile->count && !is_there; k++)
            is_there = fits(&c->profile->registers[k], c->registers.list[i]);
        if (!is_there)
            mf_modbus_no_register(c->profile, c->registers.list[i], at, check);
    }
}

static void unknown_slot(const struct mf_modbus_device_config *c, const struct mf_modbus_slot *slot,
                         struct mf_check *check)
{
    struct mf_nearest nearest;
    struct mf_diag *diag =
        mf_diag(check->diags, MF_ERROR, 543, slot->at, "no register of `%s` is in a slot `%s`",
                c->profile->name, slot->name);

    mf_nearest_init(&nearest, slot->name);
    for (size_t i = 0; i < c->profile->count; i++)
        if (c->profile->registers[i].slot)
            mf_nearest_add(&nearest, c->profile->registers[i].slot);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "registers without a slot are read as often as `every` says");
}

static void device_check(const void *config, struct mf_check *check)
{
    const struct mf_modbus_device_config *c = config;

    device_check_registers(c, check);
    for (size_t i = 0; i < c->slots.count; i++) {
        bool is_there = false;

        for (size_t k = 0; k < c->profile->count && !is_there; k++) {
            const char *slot = c->profile->registers[k].slot;

            is_there = slot && strcmp(slot, c->slots.list[i].name) == 0;
        }
        if (!is_there)
            unknown_slot(c, &c->slots.list[i], check);
    }
}

/* ---- ports ---- */

/* "Active power of all phases. Register input:52." */
static void print_summary(const struct mf_profile_register *reg, struct mf_buf *buf)
{
    size_t len = reg->doc ? strlen(reg->doc) : 0;

    if (len)
        mf_buf_printf(buf, "%s%s ", reg->doc, reg->doc[len - 1] == '.' ? "" : ".");
    mf_buf_printf(buf, "Register %s:%u", mf_modbus_area_names[reg->cell.area], reg->cell.address);
    if (reg->cell.number.has_bit)
        mf_buf_printf(buf, ", bit %u", reg->cell.number.bit);
    for (size_t i = 0; i < reg->name_count; i++)
        mf_buf_printf(buf, "%s%lld %s", i ? ", " : "; ", (long long)reg->names[i].number,
                      reg->names[i].text);
    mf_buf_putc(buf, '.');
}

static void device_add_ports(struct mf_ports *ports, const void *config)
{
    const struct mf_modbus_device_config *c = config;
    struct mf_check *check = mf_ports_check(ports);
    size_t count = 0;

    for (size_t i = 0; i < c->profile->count; i++)
        count += is_picked(c, &c->profile->registers[i]);
    if (count > MF_NODE_PORTS) {
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 313, mf_check_at(check, "profile"),
                             "the profile has %zu registers, and a node has at most %d outputs",
                             count, MF_NODE_PORTS),
                     "name those you want, `registers: [power, energy_*]`; several nodes may share "
                     "a device");
        return;
    }
    for (size_t i = 0; i < c->profile->count; i++) {
        const struct mf_profile_register *reg = &c->profile->registers[i];
        struct mf_buf summary = {0};

        if (!is_picked(c, reg))
            continue;
        print_summary(reg, &summary);
        mf_ports_add(ports, MF_OUT, reg->port, mf_modbus_number_types(&reg->cell.number), reg->unit,
                     mf_buf_text(&summary));
        mf_buf_done(&summary);
    }
}

/* What the outputs are is known from the profile. */
static void device_infer(struct mf_infer *infer, const void *config)
{
    const struct mf_modbus_device_config *c = config;

    mf_modbus_unit_check(infer, c->unit_id);
}

static int64_t device_period(const void *config)
{
    const struct mf_modbus_device_config *c = config;
    int64_t longest = 0;

    for (size_t i = 0; i < c->profile->count; i++)
        if (is_picked(c, &c->profile->registers[i]) &&
            every_of(c, &c->profile->registers[i]) > longest)
            longest = every_of(c, &c->profile->registers[i]);
    return longest;
}

static void device_fingerprint(const void *config, struct mf_buf *buf)
{
    const struct mf_modbus_device_config *c = config;

    mf_buf_be(buf, c->profile->max_registers, 2);
    for (size_t i = 0; i < c->profile->count; i++)
        if (is_picked(c, &c->profile->registers[i])) {
            mf_profile_print(&c->profile->registers[i], buf);
            mf_buf_be(buf, (uint64_t)every_of(c, &c->profile->registers[i]), 8);
        }
}

void mf_modbus_device_wants(const struct mf_modbus_device_config *config,
                            void (*put)(void *arg, unsigned out, const struct mf_modbus_want *want),
                            void *arg)
{
    unsigned out = 0;

    for (size_t i = 0; i < config->profile->count; i++) {
        const struct mf_profile_register *reg = &config->profile->registers[i];

        if (is_picked(config, reg))
            put(arg, out++,
                &(struct mf_modbus_want){
                    .unit = (uint8_t)config->unit_id,
                    .most = config->profile->max_registers,
                    .cell = reg->cell,
                    .every = every_of(config, reg),
                });
    }
}

/* ---- polling ---- */

static bool is_read(const struct mf_node *node)
{
    for (unsigned i = 0; i < mf_node_outputs(node); i++)
        if (mf_node_output_is_wired(node, i))
            return true;
    return false;
}

static void arm(struct mf_node *node)
{
    const struct state *s = mf_node_state(node);
    int64_t first = s->groups[0].due;

    for (unsigned i = 1; i < s->group_count; i++)
        if (s->groups[i].due < first)
            first = s->groups[i].due;
    mf_node_arm_at(node, TIMER_POLL, first);
}

/* A unit that rests is asked for everything when it has rested. */
static void ask_when_rested(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    int64_t rested;
    const char *reason = mf_modbus_unit_rests(mf_node_link(node), s->items[0].wish.unit, &rested);

    for (unsigned i = 0; reason && i < s->group_count; i++)
        if (s->groups[i].due > rested)
            s->groups[i].due = rested;
    arm(node);
}

/* Where another node found out that the unit is silent, too. */
static void fall_silent(struct mf_node *node, struct item *item, const char *reason)
{
    item->is_silent = true;
    mf_node_emit_bad(node, item->out, MF_STALE, reason);
}

static bool is_due(const struct group *group, int64_t now)
{
    return group->due <= now;
}

/* Registers of the groups whose time has come. What was named is wanted; else what nodes read, or
 * everything where none reads anything. Who taps or records gets no more: a serial line may have no
 * time for it. */
static void poll_due(struct mf_node *node)
{
    const struct mf_modbus_device_config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int64_t now = mf_node_mono(node);
    bool is_all = c->registers.count || !is_read(node);
    int64_t rested;
    const char *reason = mf_modbus_unit_rests(mf_node_link(node), s->items[0].wish.unit, &rested);

    for (unsigned i = 0; i < s->count; i++) {
        struct item *item = &s->items[i];

        if (!is_due(&s->groups[item->group], now) ||
            (!is_all && !mf_node_output_is_wired(node, item->out)))
            continue;
        if (!reason)
            mf_modbus_ask(mf_node_link(node), &item->wish);
        else if (!item->is_silent)
            fall_silent(node, item, reason);
    }
    for (unsigned i = 0; i < s->group_count; i++)
        if (is_due(&s->groups[i], now))
            s->groups[i].due = (now / s->groups[i].every + 1) * s->groups[i].every;
    ask_when_rested(node);
}

/* At the start, and when the link has come up. */
static void poll_all(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    for (unsigned i = 0; i < s->group_count; i++)
        s->groups[i].due = 0;
    poll_due(node);
}

static void device_timeout(struct mf_node *node, unsigned timer)
{
    poll_due(node);
}

/* ---- what comes back ---- */

/* Only this register is bad, the others have nothing to do with it. Said once, until it is good. */
static void wrong(struct mf_node *node, struct item *item, const char *reason, const char *what)
{
    if (!item->is_wrong)
        mf_node_log(node, MF_LOG_WARNING, "`%s` (unit %u, %s:%u): %s",
                    mf_node_output_name(node, item->out), item->wish.unit,
                    mf_modbus_area_names[item->cell.area], item->cell.address, what);
    item->is_wrong = true;
    mf_node_emit_bad(node, item->out, MF_BAD, reason);
}

static void take(struct mf_node *node, struct item *item, const uint16_t *words)
{
    struct mf_value value;
    struct mf_error err;

    if (mf_modbus_cell_decode(&item->cell, words, &value, &err) < 0) {
        wrong(node, item, mf_reason_decode, err.text);
        return;
    }
    item->is_wrong = false;
    mf_node_emit_take(node, item->out, value);
}

static void done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                 const char *reason)
{
    struct item *item = mf_list_entry(wish, struct item, wish);
    struct mf_node *node = wish->owner;

    switch (end) {
    case MF_MODBUS_DONE:
        item->is_silent = false;
        take(node, item, words);
        break;
    case MF_MODBUS_SILENT:
        fall_silent(node, item, reason);
        ask_when_rested(node);
        break;
    case MF_MODBUS_REFUSED:
        wrong(node, item, reason, reason);
        break;
    case MF_MODBUS_AWAY: /* the engine has said so */
        break;
    }
}

/* ---- life ---- */

static unsigned group_of(struct state *s, int64_t every)
{
    for (unsigned i = 0; i < s->group_count; i++)
        if (s->groups[i].every == every)
            return i;
    s->groups[s->group_count].every = every;
    return s->group_count++;
}

struct filling {
    struct mf_node *node;
    struct state *state;
};

static void fill(void *arg, unsigned out, const struct mf_modbus_want *want)
{
    struct filling *filling = arg;
    struct state *s = filling->state;
    struct item *item = &s->items[s->count++];

    item->cell = want->cell;
    item->out = out;
    item->group = group_of(s, want->every);
    item->wish = (struct mf_modbus_wish){
        .unit = want->unit,
        .area = want->cell.area,
        .address = want->cell.from,
        .count = want->cell.count,
        .most = want->most,
        .done = done,
        .owner = filling->node,
    };
}

static int by_address(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->wish.area != y->wish.area)
        return x->wish.area < y->wish.area ? -1 : 1;
    return (x->wish.address > y->wish.address) - (x->wish.address < y->wish.address);
}

static int device_create(struct mf_node *node, struct mf_error *err)
{
    const struct mf_modbus_device_config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->items = mf_calloc_array(mf_node_outputs(node), sizeof(*s->items));
    s->groups = mf_calloc_array(c->slots.count + c->profile->slot_count + 1, sizeof(*s->groups));
    mf_modbus_device_wants(c, fill, &(struct filling){node, s});
    /* In this order the link finds neighbours at once. */
    qsort(s->items, s->count, sizeof(*s->items), by_address);
    for (unsigned i = 0; i < s->count; i++)
        mf_modbus_wish_init(&s->items[i].wish);
    return 0;
}

static int device_start(struct mf_node *node, struct mf_error *err)
{
    struct state *s = mf_node_state(node);

    mf_poller_begin(&s->poller, mf_modbus_pollers(mf_node_link(node)), node, poll_all);
    poll_all(node);
    return 0;
}

static void device_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    for (unsigned i = 0; i < s->count; i++)
        mf_modbus_forget(mf_node_link(node), &s->items[i].wish);
    mf_poller_end(&s->poller);
}

static void device_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_free(s->items);
    mf_free(s->groups);
}

static void device_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);
    unsigned wrong_count = 0;

    for (unsigned i = 0; i < s->count; i++)
        wrong_count += s->items[i].is_wrong;
    put(arg, "registers", s->count, false);
    put(arg, "wrong_registers", wrong_count, false);
}

static const struct mf_port ports[] = {{0}};

#define MF_CONFIG struct mf_modbus_device_config
static const struct mf_option options[] = {
    {"link", MF_STRING(link), .flags = MF_OPT_PRIMARY | MF_OPT_LINK,
     .summary = "Link of kind `modbus`; may be left out where the flow has only one."},
    {"unit_id", MF_INTEGER(unit_id), .fallback = "1", MF_LIMITS(0, 255),
     .summary = "Number of the device on the bus (slave, unit)."},
    {"profile", &mf_type_modbus_profile, MF_MEMBER(MF_CONFIG, profile, const struct mf_profile *),
     .flags = MF_OPT_REQUIRED,
     .summary =
         "Description of the device, by name (`Eastron/SDM630`) or as a file beside this one "
         "(`profiles/own.yaml`)."},
    {"every", MF_DURATION(every), .fallback = "10s", MF_LIMITS(0.01, 3.2e9),
     .summary = "Time between two reads of registers whose slot says nothing else."},
    {"slots", &mf_type_modbus_slots, MF_MEMBER(MF_CONFIG, slots, struct mf_modbus_slots),
     .summary = "How often the registers of a slot are read: `{energy: 1min, setup: 1h}`."},
    {"registers", MF_STRINGS(registers),
     .summary =
         "Registers that become outputs, by name or with `*`: `[power, phase_*]`; without it "
         "all of them."},
    {0},
};

const struct mf_kind mf_kind_modbus_device = {
    .name = "modbus.device",
    .summary = "Reads the registers of a Modbus device that its profile names, one output each.",
    .doc =
        "A profile is a YAML file that describes the registers of a device in MoaT's language: "
        "where they are, what they hold, in which unit. The guide to "
        "Modbus lists those that come with the program; one of your own lies in a directory below "
        "the flow's.\n"
        "\n"
        "An output is called after the path of its register in the file, without `regs` and with "
        "`_` between the parts, in small letters: `regs.phase.1.voltage` is "
        "`meter.phase_1_voltage`. "
        "Its type and unit are the profile's, so that units are checked and converted like all "
        "others. A node has at most 256 outputs; `registers` picks some, and several nodes may "
        "share a device.\n"
        "\n"
        "Only registers that some node reads are asked for, unless `registers` names them; when "
        "none reads any, all are. They are read at the start, when the link comes up, and then "
        "at "
        "multiples of their interval: that of their slot in `slots`, else the profile's, else "
        "`every`. Neighbours travel in one request, as far as the link's `max_gap` and "
        "`max_registers` and the profile's `dev.limit.regs` go.\n"
        "\n"
        "Each register has a quality of its own. All are stale when the unit does not answer; one "
        "is bad when the unit refuses it, or when what it holds is no such value. A read of "
        "several "
        "that is refused is taken apart, and the link remembers which registers must go alone.\n"
        "\n"
        "On a serial line `validate` adds up the time that all reads take, and refuses a flow "
        "whose "
        "line cannot carry them. A reload leaves a device alone when neither its options nor what "
        "its profile says have changed.",
    .example =
        "moat-flow: 1\n"
        "links:\n"
        "  meters: {modbus: 'rtu:/dev/ttyUSB0', baud: 9600}\n"
        "nodes:\n"
        "  grid: {modbus.device: meters, unit_id: 1, profile: Eastron/SDM630, every: 1s,\n"
        "    slots: {energy: 1min}}\n"
        "  show: {log: info, from: [grid.power, grid.phase_1_voltage, grid.energy_import]}\n",
    .link = &mf_link_kind_modbus,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct mf_modbus_device_config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .check = device_check,
    .add_ports = device_add_ports,
    .infer = device_infer,
    .period = device_period,
    .fingerprint = device_fingerprint,
    .create = device_create,
    .start = device_start,
    .timeout = device_timeout,
    .stats = device_stats,
    .stop = device_stop,
    .destroy = device_destroy,
};
