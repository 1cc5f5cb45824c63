/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See options.h. */

#include "nodes/modbus/options.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/schema.h"

enum { BCD_REGISTERS = 4, ADDRESS_MAX = 65535, CODE_TOGETHER = 220 };

/* ---- tcp:host:port, rtu:/dev/ttyUSB0 ---- */

static bool place_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_modbus_place *place = ret;
    const char *text = mf_type_scalar(load, option, tree);

    if (!text)
        return false;
    if (mf_text_starts(text, "rtu:") && text[4]) {
        place->is_serial = true;
        place->device = mf_arena_strdup(load->arena, text + 4);
        return true;
    }
    if (!mf_text_starts(text, "tcp:"))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    return mf_net_address_option(load, tree, text + 4, MF_MODBUS_PORT, &place->address);
}

static void place_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^(tcp:|rtu:).+|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_modbus_place = {
    .name = "modbus place",
    .syntax = "`tcp:host:port` or `rtu:/dev/ttyUSB0`",
    .size = sizeof(struct mf_modbus_place),
    .read = place_read,
    .schema = place_schema,
};

/* ---- holding:52 ---- */

static bool register_read(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, void *ret)
{
    struct mf_modbus_register *at = ret;
    const char *text = mf_type_scalar(load, option, tree), *digits = text;
    int64_t address;

    if (!text)
        return false;
    at->area = MF_MODBUS_HOLDING;
    for (unsigned i = 0; i < 4; i++) {
        size_t len = strlen(mf_modbus_area_names[i]);

        if (mf_text_starts(text, mf_modbus_area_names[i]) && text[len] == ':') {
            at->area = (enum mf_modbus_area)i;
            at->has_area = true;
            digits = text + len + 1;
        }
    }
    if (!mf_num_read_int(digits, strlen(digits), &address) || address < 0 || address > ADDRESS_MAX)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    at->address = (uint16_t)address;
    return true;
}

static void register_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":0,\"maximum\":65535},"
                     "{\"type\":\"string\",\"pattern\":\"^((holding|input|coil|discrete):)?"
                     "(0[xX][0-9a-fA-F]+|[0-9]+)$|\\\\$\\\\{\"}]}");
}

const struct mf_type mf_type_modbus_register = {
    .name = "register",
    .syntax = "a register from 0 to 65535 such as 52 or `holding:52`, `input:52`, `coil:1`, "
              "`discrete:1`",
    .size = sizeof(struct mf_modbus_register),
    .read = register_read,
    .schema = register_schema,
};

/* ---- the link ---- */

const struct mf_choice mf_modbus_parities[] = {
    {"none", MF_PARITY_NONE, "No parity bit."},
    {"even", MF_PARITY_EVEN, "Even parity, which the standard asks for."},
    {"odd", MF_PARITY_ODD, "Odd parity."},
    {0},
};

#define MF_CONFIG struct mf_modbus_link_config
const struct mf_option mf_modbus_link_options[] = {
    {"place", &mf_type_modbus_place, MF_MEMBER(MF_CONFIG, place, struct mf_modbus_place),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary =
         "Where: `tcp:host:port` (port 502 if left out), or `rtu:DEVICE` for a serial line."},
    MF_MODBUS_LINE_OPTIONS,
    {"timeout", MF_DURATION(timeout), .fallback = "1s", MF_LIMITS(0.01, 60),
     .summary = "How long an answer may take."},
    {"retries", MF_INTEGER(retries), .fallback = "2", MF_LIMITS(0, 10),
     .summary = "How often a unit that did not answer is asked again before it counts as silent."},
    {"gap", MF_DURATION(gap), .fallback = "0s", MF_LIMITS(0, 10),
     .summary = "Least silence between two requests; a serial line has 3.5 characters anyway."},
    {"max_gap", MF_INTEGER(max_gap), .fallback = "0", MF_LIMITS(0, 100),
     .summary = "Registers that one read may skip over to fetch values on both sides."},
    {"max_registers", MF_INTEGER(max_registers), .fallback = "125", MF_LIMITS(1, 125),
     .summary = "Registers in one read, for devices that take fewer than the standard's 125."},
    {0},
};
#undef MF_CONFIG

static void only_serial(struct mf_check *check, const char *option)
{
    if (mf_flow_option(check->item, option))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, option),
                             "`%s` belongs to a serial line, and this is TCP", option),
                     "leave it out, or write `rtu:DEVICE`");
}

void mf_modbus_line_check(const struct mf_modbus_place *place, int64_t baud, struct mf_check *check)
{
    if (!place->is_serial) {
        only_serial(check, "baud");
        only_serial(check, "parity");
        only_serial(check, "stop_bits");
    } else if (!mf_serial_has_baud(baud)) {
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, "baud"),
                             "no serial line runs at %lld baud", (long long)baud),
                     "usual speeds are 9600, 19200, 38400 and 115200");
    }
}

void mf_modbus_link_check(const void *config, struct mf_check *check)
{
    const struct mf_modbus_link_config *c = config;

    mf_modbus_line_check(&c->place, c->baud, check);
}

/* ---- profiles ---- */

static const char *directory(struct mf_load *load, const struct mf_tree *tree)
{
    const struct mf_source *source = mf_sources_get(load->diags->sources, tree->at.file);
    const char *slash = source ? strrchr(source->name, '/') : NULL;

    return slash ? mf_arena_strndup(load->arena, source->name, (size_t)(slash - source->name) + 1)
                 : "";
}

/* A profile is read once, however many nodes name it; NULL: it is wrong, and that was said. */
static bool profile_read_option(struct mf_load *load, const struct mf_option *option,
                                const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree), *key;
    struct mf_profile_wish wish = {.name = text, .at = tree->at};
    const struct mf_profile **made;

    if (!text)
        return false;
    wish.dir = directory(load, tree);
    key = mf_arena_printf(load->arena, "profile:%s:%s", mf_text_ends(text, ".yaml") ? wish.dir : "",
                          text);
    made = load->made ? mf_map_get(load->made, key) : NULL;
    if (!made) {
        made = mf_arena_alloc(load->arena, sizeof(*made));
        *made = mf_profile_load(&wish, load->arena, load->diags);
        if (load->made)
            mf_map_set(load->made, key, made);
    }
    *(const struct mf_profile **)ret = *made;
    return *made;
}

static const char *profile_moved(struct mf_load *load, const struct mf_tree *scalar)
{
    if (!mf_text_ends(scalar->text, ".yaml") || *scalar->text == '/' || scalar->is_unknown)
        return NULL;
    return mf_arena_printf(load->arena, "%s%s", directory(load, scalar), scalar->text);
}

const struct mf_type mf_type_modbus_profile = {
    .name = "profile",
    .syntax = "the name of a profile such as `Eastron/SDM630`, or the path of a `.yaml` file",
    .size = sizeof(const struct mf_profile *),
    .read = profile_read_option,
    .schema = mf_schema_text,
    .moved = profile_moved,
};

/* ---- slots ---- */

static const struct mf_option slot_option = {"slots", &mf_type_duration, MF_LIMITS(0.01, 3.2e9),
                                             .summary = "Time between two reads."};

static bool slots_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_modbus_slots *slots = ret;
    struct mf_modbus_slot *list;
    bool ok = true;

    if (tree->kind != MF_TREE_MAP)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    list = mf_arena_alloc(load->arena, (tree->count + 1) * sizeof(*list));
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct mf_tree_pair *pair = &tree->pairs[i];

        list[i].name = mf_arena_strdup(load->arena, pair->key->text);
        list[i].at = pair->key->at;
        ok &= mf_type_duration.read(load, &slot_option, pair->value, &list[i].every);
    }
    *slots = (struct mf_modbus_slots){list, tree->count};
    return ok;
}

static void slots_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"object\",\"additionalProperties\":");
    mf_schema_duration(&slot_option, buf);
    mf_buf_putc(buf, '}');
}

const struct mf_type mf_type_modbus_slots = {
    .name = "slots",
    .syntax = "a map of slots and times such as `{energy: 1min}`",
    .size = sizeof(struct mf_modbus_slots),
    .read = slots_read,
    .schema = slots_schema,
};

/* The host as it is written: two names of one device are not found out. */
const char *mf_modbus_link_leads_to(const void *config, struct mf_arena *arena)
{
    const struct mf_modbus_link_config *c = config;

    return c->place.is_serial ? c->place.device : mf_net_address_print(&c->place.address, arena);
}

bool mf_modbus_link_is_exclusive(const void *config)
{
    const struct mf_modbus_link_config *c = config;

    return c->place.is_serial;
}

/* ---- a value ---- */

const struct mf_choice mf_modbus_orders[] = {
    {"big", 0, "The high part first."},
    {"little", 1, "The low part first."},
    {0},
};

static enum mf_modbus_type type_of(const struct mf_modbus_value_config *config)
{
    if (config->has_type)
        return (enum mf_modbus_type)config->type;
    return mf_modbus_has_bits(config->at.area) ? MF_MODBUS_BIT : MF_MODBUS_UINT16;
}

struct mf_modbus_number mf_modbus_value_number(const struct mf_modbus_value_config *config)
{
    enum mf_modbus_type type = type_of(config);
    unsigned words = mf_modbus_type_words(type);

    return (struct mf_modbus_number){
        .type = type,
        .has_low_word_first = config->words,
        .has_low_byte_first = config->bytes,
        .words = words ? words : (unsigned)config->length,
        .is_scaled = config->has_scale || config->offset != 0,
        .scale = config->scale,
        .offset = config->offset,
    };
}

const struct mf_profile_register *mf_modbus_value_register(
    const struct mf_modbus_value_config *config)
{
    return config->profile && config->pick ? mf_profile_find(config->profile, config->pick) : NULL;
}

void mf_modbus_value_print(const struct mf_modbus_value_config *config, struct mf_buf *buf)
{
    const struct mf_profile_register *reg = mf_modbus_value_register(config);

    if (reg)
        mf_profile_print(reg, buf);
}

struct mf_modbus_cell mf_modbus_value_cell(const struct mf_modbus_value_config *config)
{
    const struct mf_profile_register *reg = mf_modbus_value_register(config);
    struct mf_modbus_number number = mf_modbus_value_number(config);

    if (reg)
        return reg->cell;
    return (struct mf_modbus_cell){
        .area = config->at.area,
        .address = config->at.address,
        .number = number,
        .from = config->at.address,
        .count = (uint16_t)number.words,
    };
}

static void together(struct mf_check *check, const char *option, const char *what, const char *help)
{
    mf_diag_help(
        mf_diag(check->diags, MF_ERROR, CODE_TOGETHER, mf_check_at(check, option), "%s", what),
        "%s", help);
}

void mf_modbus_no_register(const struct mf_profile *profile, const char *name, struct mf_span at,
                           struct mf_check *check)
{
    const char *nearest = mf_profile_nearest(profile, name);
    struct mf_diag *diag =
        mf_diag(check->diags, MF_ERROR, 543, at, "`%s` has no register `%s`", profile->name, name);

    if (nearest)
        mf_diag_help(diag, "did you mean `%s`?", nearest);
    else
        mf_diag_help(diag, "`moat-flow nodes modbus.device` says how registers are named");
}

/* What the profile says cannot be said again. */
static void check_profile(const struct mf_modbus_value_config *config, struct mf_check *check)
{
    static const char *const says[] = {"register", "type",  "words", "bytes",
                                       "length",   "scale", "offset"};

    if (!config->profile || !config->pick)
        together(check, config->profile ? "profile" : "value",
                 "`profile` and `value` belong together",
                 "name the file with `profile`, and the register in it with `value`");
    else if (!mf_modbus_value_register(config))
        mf_modbus_no_register(config->profile, config->pick, mf_check_at(check, "value"), check);
    for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++)
        if (mf_flow_option(check->item, says[i]))
            together(check, says[i], "the profile says this",
                     "leave it out, or leave out `profile` "
                     "and `value`");
}

void mf_modbus_value_check(const struct mf_modbus_value_config *config, struct mf_check *check)
{
    enum mf_modbus_type type = type_of(config);
    bool has_own_size = mf_modbus_type_words(type) != 0;
    struct mf_modbus_number number = mf_modbus_value_number(config);
    bool is_number = mf_modbus_number_types(&number) & MF_T_NUMERIC;

    if (config->profile || config->pick) {
        check_profile(config, check);
        return;
    }
    if (!config->has_at) {
        together(check, "register", "nothing says which register",
                 "add `register: …`, or `profile: …` and `value: …`");
        return;
    }
    if (mf_modbus_has_bits(config->at.area) && type != MF_MODBUS_BIT)
        together(check, "type", "a coil or discrete input is a single bit",
                 "leave `type` out, or name a `holding:` or `input:` register");
    if (has_own_size && config->has_length)
        together(check, "length",
                 "`length` is for `text`, `bytes` and `bcd`, other types have a size",
                 "leave `length` out");
    if (!has_own_size && !config->has_length)
        together(check, "type", "the number of registers is missing", "add `length: …`");
    if (type == MF_MODBUS_BCD && config->length > BCD_REGISTERS)
        together(check, "length", "a `bcd` has at most 4 registers, which is 16 digits",
                 "say `length: 4` or less");
    if (!is_number && (config->has_scale || config->offset != 0))
        together(check, config->has_scale ? "scale" : "offset", "only numbers can be scaled",
                 "leave it out");
    if (config->scale == 0)
        together(check, "scale", "`scale: 0` would make every value the same",
                 "give a factor, such as 0.1");
    if (config->at.address + number.words > ADDRESS_MAX + 1u)
        together(check, "register", "the value reaches beyond the last register, 65535",
                 "take an earlier register, or a shorter type");
}

const char *mf_modbus_registers(int64_t unit, enum mf_modbus_area area, unsigned address,
                                unsigned count, struct mf_arena *arena)
{
    struct mf_buf buf = {0};
    const char *names;

    for (unsigned i = 0; i < count; i++)
        mf_buf_printf(&buf, "%sunit %lld, %s:%u", i ? "\n" : "", (long long)unit,
                      mf_modbus_area_names[area], address + i);
    names = mf_arena_strdup(arena, mf_buf_text(&buf));
    mf_buf_done(&buf);
    return names;
}

void mf_modbus_unit_check(struct mf_infer *infer, int64_t unit)
{
    const struct mf_modbus_link_config *link = mf_infer_link(infer);
    struct mf_check *check = mf_infer_check(infer);

    if (unit != 0 || !link || !link->place.is_serial)
        return;
    mf_diag_help(mf_diag(check->diags, MF_ERROR, 588, mf_check_at(check, "unit_id"),
                         "on a serial line unit 0 is everybody, and nobody answers"),
                 "give the number that is set at the device, 1 to 247");
}
