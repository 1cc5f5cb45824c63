/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * map: look a value up in a table.
 *
 * Keys are texts in the file; what comes in is compared in its own way: a text with the key as
 * written, a number by value (1.0 is the key `1`), a bool with true, on, yes or false, off, no.
 */

#include <math.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/graph/node.h"

enum { OUT };
enum { ENTRIES_MAX = 10000, SHOWN = 60 };

struct table {
    struct mf_map texts;   /* key as written → struct mf_value * */
    struct mf_map numbers; /* number as print_number() says it → the same */
    const struct mf_value *bools[2];
    const struct mf_unit *unit; /* of the first result that has one, or NULL */
    uint32_t types;             /* of the results */
};

struct config {
    struct table *table;
    struct mf_value otherwise;
    bool has_otherwise;
};

/* ---- the table ---- */

static void drop_table(void *arg)
{
    struct table *table = arg;

    mf_map_done(&table->texts);
    mf_map_done(&table->numbers);
}

/* One text for one number, whatever its type. */
static void print_number(double number, char *out)
{
    if (number == floor(number) && fabs(number) < 0x1p63)
        mf_num_print_int((int64_t)number, out);
    else
        mf_num_print_double(number, out);
}

static void add_entry(struct mf_load *load, struct table *table, const char *key, size_t len,
                      struct mf_value *result)
{
    static const char *const words[2][3] = {{"false", "off", "no"}, {"true", "on", "yes"}};
    char text[MF_NUM_TEXT] = "";
    int64_t whole;
    double number;

    mf_map_add(&table->texts, mf_arena_strndup(load->arena, key, len), result);
    if (mf_num_read_int(key, len, &whole))
        mf_num_print_int(whole, text);
    else if (mf_num_read_double(key, len, &number))
        print_number(number, text);
    if (*text)
        mf_map_add(&table->numbers, mf_arena_strdup(load->arena, text), result);
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 3; i++)
            if (mf_text_eq(key, len, words[truth][i]) && !table->bools[truth])
                table->bools[truth] = result;
}

/* Whole numbers become numbers where others are none: one type on the output. */
static void even_out(struct table *table)
{
    if (!(table->types & MF_T(MF_NUMBER)) || !(table->types & MF_T(MF_INT)))
        return;
    table->types &= ~MF_T(MF_INT);
    for (size_t i = 0; i < table->texts.count; i++) {
        struct mf_value *result = table->texts.entries[i].value;

        if (result->type == MF_INT)
            *result = mf_value_number((double)result->integer);
    }
}

static bool table_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct table *table = mf_arena_alloc(load->arena, sizeof(*table));
    struct mf_value *results;
    bool ok = true;

    if (tree->kind != MF_TREE_MAP || !tree->count || tree->count > ENTRIES_MAX)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    mf_arena_defer(load->arena, drop_table, table);
    results = mf_arena_alloc(load->arena, tree->count * sizeof(*results));
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct mf_tree_pair *pair = &tree->pairs[i];
        struct mf_unit unit;
        bool has_unit;

        if (!mf_literal_read(load, pair->value, &results[i], &unit, &has_unit)) {
            ok = false;
            continue;
        }
        mf_type_keep_value(load->arena, results[i]);
        table->types |= MF_T(results[i].type);
        add_entry(load, table, pair->key->text, pair->key->count, &results[i]);
        if (!has_unit)
            continue;
        mf_type_late(load, option, pair->value->at, &results[i].number, &unit, true);
        if (!table->unit) {
            struct mf_unit *kept = mf_arena_alloc(load->arena, sizeof(*kept));

            *kept = unit;
            table->unit = kept;
        }
    }
    even_out(table);
    *(struct table **)ret = table;
    return ok;
}

static void table_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_printf(buf,
                  "{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":%d,"
                  "\"additionalProperties\":",
                  ENTRIES_MAX);
    mf_type_literal.schema(option, buf);
    mf_buf_putc(buf, '}');
}

static const struct mf_type type_table = {
    .name = "table",
    .syntax = "a map of 1 to 10000 keys to results, such as {0: off, 1: heating}",
    .size = sizeof(struct table *),
    .read = table_read,
    .schema = table_schema,
};

static void map_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    const struct mf_unit *asked = mf_infer_asked_unit(infer);
    uint32_t types = c->table->types;

    if (c->has_otherwise)
        types |= MF_T(c->otherwise.type);
    mf_infer_set(infer, OUT, types, types & MF_T_NUMERIC ? asked ? asked : c->table->unit : NULL);
}

/* ---- the node ---- */

static const struct mf_value *look_up(const struct table *table, const struct mf_value *value)
{
    char text[MF_NUM_TEXT];
    const char *key;
    size_t len;

    switch (value->type) {
    case MF_BOOL:
        return table->bools[value->boolean];
    case MF_INT:
        mf_num_print_int(value->integer, text);
        return mf_map_get(&table->numbers, text);
    case MF_NUMBER:
        print_number(value->number, text);
        return mf_map_get(&table->numbers, text);
    case MF_TEXT:
        key = mf_value_text(value, &len);
        return mf_map_get_n(&table->texts, key, len);
    default:
        return NULL;
    }
}

static void refuse(struct mf_node *node, const struct mf_value *value)
{
    struct mf_buf text = {0}, shown = {0};

    mf_value_print(value, &text);
    mf_text_printable(&shown, mf_buf_text(&text), text.len, SHOWN);
    mf_node_reject(node, mf_reason_range, "there is no entry for `%s`, and no `default`",
                   mf_buf_text(&shown));
    mf_buf_done(&text);
    mf_buf_done(&shown);
}

static void map_receive(struct mf_node *node, unsigned port, const struct mf_msg *msg)
{
    const struct config *c = mf_node_config(node);
    const struct mf_value *result = look_up(c->table, &msg->value);

    if (!result && c->has_otherwise)
        result = &c->otherwise;
    if (result)
        mf_node_emit_take(node, OUT, mf_value_copy(*result));
    else
        refuse(node, &msg->value);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T(MF_BOOL) | MF_T_NUMERIC | MF_T(MF_TEXT), MF_PORT_MANY,
     .summary = "The key."},
    {"out", MF_OUT, MF_T_ANY, .summary = "What stands in the table for it."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {
        "table",
        .type = &type_table,
        .offset = MF_MEMBER(MF_CONFIG, table, struct table *),
        .unit = "@out",
        .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
        .summary = "Keys and what becomes of them.",
    },
    {
        "default",
        MF_LITERAL(otherwise),
        MF_GIVEN(has_otherwise),
        .unit = "@out",
        .summary = "Result for everything that is not in the table.",
    },
    {0},
};

const struct mf_kind mf_kind_map = {
    .name = "map",
    .summary = "Looks a value up in a table.",
    .doc = "Texts are compared with the keys as they are written, numbers by value (1.0 finds the "
           "key `1`), and true and false find the keys `true`, `on`, `yes` and `false`, `off`, "
           "`no`. The results are literals: numbers, quantities, true and false, or texts. They "
           "may be of several types, but then little can be checked behind them.\n"
           "\n"
           "Results with a unit are converted to the node's `unit:`, or to the unit of the first "
           "one; numbers without are in it already.\n"
           "\n"
           "A value that is not in the table gives the `default`. Without one it is a message "
           "that cannot be used: the output is marked bad (out of range), see `on_error`.",
    .example = "raw: {sim.counter: 1, every: 1s}\n"
               "step: {expr: raw % 3}\n"
               "mode: {map: {0: off, 1: heating, 2: cooling}, from: step}\n"
               "power: {map: {0: 0 W, 1: 1.5 kW}, from: step, default: 300 W, unit: W}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .flags = MF_KIND_PURE,
    .infer = map_infer,
    .receive = map_receive,
};
