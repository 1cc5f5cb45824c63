/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See table.h. */

#include "nodes/modbus/table.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/schema.h"

enum {
    ADDRESS_MAX = 65535,
    CODE_VALUE = 551,   /* a value that the register cannot hold */
    CODE_KEY = 552,     /* unit, area or address */
    CODE_OVERLAP = 553, /* two registers in one place */
    CODE_EMPTY = 554,   /* nobody fills it */
    CODE_PORT = 312,    /* two outputs of one name */
};

/* ---- when_stale ---- */

static bool stale_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_modbus_when_stale *when = ret;

    if (tree->kind == MF_TREE_SCALAR && mf_text_eq(tree->text, tree->count, "exception")) {
        when->mode = MF_MODBUS_STALE_EXCEPTION;
        return true;
    }
    if (tree->kind == MF_TREE_SCALAR && mf_text_eq(tree->text, tree->count, "last")) {
        when->mode = MF_MODBUS_STALE_LAST;
        return true;
    }
    when->mode = MF_MODBUS_STALE_VALUE;
    return mf_type_literal.read(load, option, tree, &when->value);
}

const struct mf_type mf_type_modbus_when_stale = {
    .name = "when stale",
    .syntax = "`exception`, `last`, or a value",
    .size = sizeof(struct mf_modbus_when_stale),
    .read = stale_read,
    .schema = mf_schema_literal,
};

/* ---- one register ---- */

#define MF_CONFIG struct mf_modbus_served
static const struct mf_option register_options[] = {
    {"from", .type = &mf_type_input, .offset = MF_MEMBER(MF_CONFIG, from, struct mf_input_ref),
     .summary = "Node whose value it shows."},
    MF_MODBUS_NUMBER_OPTIONS,
    {"unit", .type = &mf_type_unit, .offset = MF_MEMBER(MF_CONFIG, physical, struct mf_unit),
     .has = MF_MEMBER(MF_CONFIG, has_physical, bool) + 1,
     .summary = "Unit of the value: what comes from a node is converted to it, what clients write "
                "is in it."},
    {"name", MF_STRING(name),
     .summary = "Name of the port; otherwise made of area and address: `holding_52`."},
    {"writable", MF_BOOL(writable), MF_GIVEN(has_writable),
     .summary = "Whether clients may write it; holding registers and coils without `from` and "
                "`value` are."},
    {"value", MF_LITERAL(first), MF_GIVEN(has_first),
     .summary = "What is read as long as neither a node nor a client has given a value."},
    {"range", MF_SPAN_OF(range), MF_GIVEN(has_range),
     .summary = "Numbers that clients may write; others are refused."},
    {"when_stale", .type = &mf_type_modbus_when_stale,
     .offset = MF_MEMBER(MF_CONFIG, when_stale, struct mf_modbus_when_stale),
     .has = MF_MEMBER(MF_CONFIG, has_when_stale, bool) + 1,
     .summary = "What is read while the node's value is stale or bad."},
    {0},
};
#undef MF_CONFIG

/* The map while it is read. */
struct reading {
    struct mf_load *load;
    struct mf_modbus_table *table;
    unsigned cap;
    uint8_t unit;
    enum mf_modbus_area area;
    bool ok;
};

static struct mf_diag *wrong(struct reading *r, int code, struct mf_span at, const char *what)
{
    r->ok = false;
    return mf_diag(r->load->diags, MF_ERROR, code, at, "%s", what);
}

static const char *place_of(struct reading *r, const struct mf_modbus_served *served)
{
    return mf_arena_printf(r->load->arena, "%s register %u of unit %u",
                           mf_modbus_area_names[served->value.at.area], served->value.at.address,
                           served->unit);
}

/* Positions of the options, as a node's own have them. */
static struct mf_span at_option(const struct mf_flow_item *item, const char *option)
{
    return mf_check_at(&(struct mf_check){.item = item}, option);
}

/* The words of a value that is written in the flow. */
static uint16_t *encode(struct reading *r, const struct mf_modbus_served *served,
                        const struct mf_value *value, struct mf_span at)
{
    uint16_t *words = mf_arena_alloc(r->load->arena, served->number.words * sizeof(*words));
    uint32_t wanted = mf_modbus_number_types(&served->number);
    struct mf_error err;
    char needs[96];

    if (wanted & MF_T_NUMERIC)
        wanted = MF_T_NUMERIC;
    if (!(MF_T(value->type) & wanted))
        mf_fail(&err, MF_EINVAL, "the registers hold %s, and this is %s",
                mf_types_print(wanted, needs), mf_value_type_names[value->type]);
    else if (mf_modbus_encode(&served->number, value, words, &err) == 0)
        return words;
    wrong(r, CODE_VALUE, at, err.text);
    return NULL;
}

static void settle_values(struct reading *r, struct mf_modbus_served *served,
                          const struct mf_flow_item *item)
{
    if (served->has_first)
        served->first_words = encode(r, served, &served->first, at_option(item, "value"));
    if (served->has_when_stale && served->when_stale.mode == MF_MODBUS_STALE_VALUE)
        served->stale_words =
            encode(r, served, &served->when_stale.value, at_option(item, "when_stale"));
    if (served->has_range && !(mf_modbus_number_types(&served->number) & MF_T_NUMERIC))
        mf_diag_help(wrong(r, CODE_VALUE, at_option(item, "range"), "only numbers have a range"),
                     "leave it out");
}

static void settle_ways(struct reading *r, struct mf_modbus_served *served,
                        const struct mf_flow_item *item)
{
    bool can_be = mf_modbus_is_writable(r->area);

    if (!served->has_writable)
        served->writable = can_be && !served->from.is_given && !served->has_first;
    if (served->writable && !can_be)
        mf_diag_help(wrong(r, CODE_EMPTY, at_option(item, "writable"),
                           "Modbus has no way to write a discrete input or an input register"),
                     "put it under `holding` or `coil`");
    if (!served->writable && !served->from.is_given && !served->has_first)
        mf_diag_help(wrong(r, CODE_EMPTY, served->at, "nothing ever gives this register a value"),
                     "add `from: …`, or `value: …` for one that stays");
}

static void check_name(struct reading *r, struct mf_modbus_served *served,
                       const struct mf_flow_item *item)
{
    struct mf_diag *diag;

    if (!served->name)
        served->name = mf_arena_printf(r->load->arena, "%s_%u", mf_modbus_area_names[r->area],
                                       served->value.at.address);
    served->from.label = served->name;
    if (!mf_text_is_name(served->name, strlen(served->name))) {
        r->ok = false;
        diag = mf_diag(r->load->diags, MF_ERROR, 135, at_option(item, "name"),
                       "`%s` is not a name for a port", served->name);
        mf_diag_help(diag, "small letters, digits and `_` make a name, a letter first");
    }
    for (unsigned i = 0; i < r->table->count && served->writable; i++) {
        const struct mf_modbus_served *other = r->table->list[i];

        if (!other->writable || strcmp(other->name, served->name) != 0)
            continue;
        r->ok = false;
        diag = mf_diag(r->load->diags, MF_ERROR, CODE_PORT, served->at,
                       "two ports of this node would be called `%s`", served->name);
        mf_diag_related(diag, other->at, "the first one");
        mf_diag_help(diag, "add `name: …`");
        return;
    }
}

static void read_register(struct reading *r, const struct mf_tree_pair *pair, uint16_t address)
{
    struct mf_load *load = r->load;
    struct mf_modbus_served *served = mf_arena_alloc(load->arena, sizeof(*served));
    struct mf_flow_item item = {.kind_at = pair->key->at};
    struct mf_check check = {load->diags, load->arena, &item};
    size_t errors = load->diags->errors;

    served->unit = r->unit;
    served->at = pair->key->at;
    served->value.at = (struct mf_modbus_register){r->area, address, true};
    served->value.has_at = true;
    if (pair->value->kind == MF_TREE_MAP) {
        item.options = pair->value->pairs;
        item.option_count = pair->value->count;
    } else if (pair->value->count) {
        mf_diag_help(wrong(r, CODE_KEY, pair->value->at, "a register is a map of options"),
                     "write `%u: {from: …}`", address);
        return;
    }
    if (!mf_load_options(load, register_options, "a register", pair->key->at, NULL, item.options,
                         item.option_count, NULL, served)) {
        r->ok = false;
        return;
    }
    mf_modbus_value_check(&served->value, &check);
    if (load->diags->errors != errors) {
        r->ok = false;
        return;
    }
    served->number = mf_modbus_value_number(&served->value);
    settle_values(r, served, &item);
    settle_ways(r, served, &item);
    check_name(r, served, &item);
    if (r->table->count < r->cap)
        r->table->list[r->table->count++] = served;
}

/* ---- the map ---- */

static bool read_number(struct reading *r, const struct mf_tree *key, int64_t max, const char *what,
                        int64_t *ret)
{
    if (mf_num_read_int(key->text, key->count, ret) && *ret >= 0 && *ret <= max)
        return true;
    r->ok = false;
    mf_diag(r->load->diags, MF_ERROR, CODE_KEY, key->at, "%s is a number from 0 to %lld, not `%s`",
            what, (long long)max, key->text);
    return false;
}

static bool is_map(struct reading *r, const struct mf_tree *tree, const char *what)
{
    if (tree->kind == MF_TREE_MAP && tree->count)
        return true;
    wrong(r, CODE_KEY, tree->at, what);
    return false;
}

static void read_area(struct reading *r, const struct mf_tree_pair *pair)
{
    struct mf_nearest nearest;
    struct mf_diag *diag;
    unsigned area = 0;
    int64_t address;

    mf_nearest_init(&nearest, pair->key->text);
    while (area < 4 && strcmp(pair->key->text, mf_modbus_area_names[area]) != 0)
        mf_nearest_add(&nearest, mf_modbus_area_names[area++]);
    if (area == 4) {
        r->ok = false;
        diag = mf_diag(r->load->diags, MF_ERROR, CODE_KEY, pair->key->at,
                       "there are no `%s` registers, but holding, input, coil and discrete",
                       pair->key->text);
        if (nearest.best)
            mf_diag_help(diag, "did you mean `%s`?", nearest.best);
        return;
    }
    r->area = (enum mf_modbus_area)area;
    if (!is_map(r, pair->value, "here is a map from addresses to registers"))
        return;
    for (uint32_t i = 0; i < pair->value->count; i++)
        if (read_number(r, pair->value->pairs[i].key, ADDRESS_MAX, "an address", &address))
            read_register(r, &pair->value->pairs[i], (uint16_t)address);
}

static void read_unit(struct reading *r, const struct mf_tree_pair *pair)
{
    int64_t unit;

    if (!read_number(r, pair->key, UINT8_MAX, "a unit", &unit) ||
        !is_map(r, pair->value, "here is a map of the areas holding, input, coil, discrete"))
        return;
    r->unit = (uint8_t)unit;
    r->table->has_unit[unit] = true;
    for (uint32_t i = 0; i < pair->value->count; i++)
        read_area(r, &pair->value->pairs[i]);
}

static int order(const struct mf_modbus_served *served)
{
    return (int)served->unit << 18 | (int)served->value.at.area << 16 | served->value.at.address;
}

static int by_place(const void *a, const void *b)
{
    return order(*(struct mf_modbus_served *const *)a) -
           order(*(struct mf_modbus_served *const *)b);
}

static void check_overlaps(struct reading *r)
{
    const struct mf_modbus_table *table = r->table;

    for (unsigned i = 1; i < table->count; i++) {
        const struct mf_modbus_served *before = table->list[i - 1], *served = table->list[i];
        struct mf_diag *diag;

        if (before->unit != served->unit || before->value.at.area != served->value.at.area ||
            before->value.at.address + before->number.words <= served->value.at.address)
            continue;
        r->ok = false;
        diag = mf_diag(r->load->diags, MF_ERROR, CODE_OVERLAP, served->at,
                       "%s lies within the one at %u, which takes %u", place_of(r, served),
                       before->value.at.address, before->number.words);
        mf_diag_related(diag, before->at, "it begins here");
    }
}

/* Ports in the order of addresses; and a place for what clients write. */
static void number_ports(struct mf_modbus_table *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        struct mf_modbus_served *served = table->list[i];

        served->out = -1;
        if (!served->writable)
            continue;
        served->out = (int)table->outs++;
        served->kept_at = table->kept_words;
        table->kept_words += served->number.words;
    }
}

static unsigned count_registers(const struct mf_tree *units)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < units->count; i++) {
        const struct mf_tree *areas = units->pairs[i].value;

        for (uint32_t k = 0; areas->kind == MF_TREE_MAP && k < areas->count; k++)
            if (areas->pairs[k].value->kind == MF_TREE_MAP)
                count += areas->pairs[k].value->count;
    }
    return count;
}

static bool units_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct reading r = {.load = load, .table = ret, .ok = true};

    if (tree->kind != MF_TREE_MAP || !tree->count)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    r.cap = count_registers(tree);
    if (r.cap > MF_MODBUS_TABLE) {
        mf_diag(load->diags, MF_ERROR, 313, tree->at,
                "this server would have %u registers; the limit is %d", r.cap, MF_MODBUS_TABLE);
        return false;
    }
    r.table->list = mf_arena_alloc(load->arena, (r.cap + 1) * sizeof(struct mf_modbus_served *));
    for (uint32_t i = 0; i < tree->count; i++)
        read_unit(&r, &tree->pairs[i]);
    qsort(r.table->list, r.table->count, sizeof(struct mf_modbus_served *), by_place);
    check_overlaps(&r);
    number_ports(r.table);
    return r.ok;
}

static void units_schema(const struct mf_option *option, struct mf_buf *buf)
{
    bool is_first = true;

    mf_buf_puts(buf, "{\"type\":\"object\",\"minProperties\":1,\"propertyNames\":{\"pattern\":"
                     "\"^(0[xX][0-9a-fA-F]+|[0-9]+)$\"},\"additionalProperties\":{\"type\":"
                     "\"object\",\"minProperties\":1,\"propertyNames\":{\"enum\":[\"holding\","
                     "\"input\",\"coil\",\"discrete\"]},\"additionalProperties\":{\"type\":"
                     "\"object\",\"minProperties\":1,\"propertyNames\":{\"pattern\":"
                     "\"^(0[xX][0-9a-fA-F]+|[0-9]+)$\"},\"additionalProperties\":{\"type\":"
                     "[\"object\",\"null\"],\"additionalProperties\":false,\"properties\":{");
    for (const struct mf_option *each = register_options; each->name; each++) {
        mf_buf_printf(buf, "%s\"%s\":", is_first ? "" : ",", each->name);
        mf_schema_option(each, buf);
        is_first = false;
    }
    mf_buf_puts(buf, "}}}}}");
}

const struct mf_type mf_type_modbus_units = {
    .name = "registers",
    .syntax = "a map of units, areas and registers such as {1: {holding: {52: {from: power}}}}",
    .size = sizeof(struct mf_modbus_table),
    .read = units_read,
    .schema = units_schema,
};

/* ---- looking ---- */

unsigned mf_modbus_table_find(const struct mf_modbus_table *table, uint8_t unit,
                              enum mf_modbus_area area, unsigned address)
{
    int place = (int)unit << 18 | (int)area << 16 | (int)address;
    unsigned low = 0, high = table->count;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (order(table->list[middle]) + (int)table->list[middle]->number.words <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
