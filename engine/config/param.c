/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Parameters of parts: what a part declares, and whether a value fits.
 *
 * A value stays text and is inserted as it was written, with one exception: a bare
 * number given to a parameter with a unit is in that unit, and says so from then on.
 */

#include <math.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/num.h"
#include "engine/config/flow_priv.h"

static const struct {
    const char *name;
    const char *wanted;
} types[] = {
    [MF_PARAM_ANY] = {"any", "anything"},
    [MF_PARAM_TEXT] = {"text", "a text"},
    [MF_PARAM_NUMBER] = {"number", "a number"},
    [MF_PARAM_INT] = {"int", "a whole number"},
    [MF_PARAM_BOOL] = {"bool", "`true` or `false`"},
    [MF_PARAM_DURATION] = {"duration", "a time with a unit, such as `5s` or `1h30m`"},
    [MF_PARAM_QUANTITY] = {"quantity", "a number with its unit"},
    [MF_PARAM_NODE] = {"node", "the name of a node"},
};
enum { TYPES = sizeof types / sizeof *types };

/* A number read from a value or an end of a range; `text` is in `unit` when has_unit. */
struct amount {
    double number;
    bool has_unit;
    struct mf_unit unit;
};

static bool is_numeric(enum mf_param_type type)
{
    return type == MF_PARAM_NUMBER || type == MF_PARAM_QUANTITY || type == MF_PARAM_INT;
}

/* Reads a number of the parameter's type, converted to its unit. Durations are in seconds. */
static bool read_amount(const struct mf_param *param, const char *text, size_t len,
                        struct amount *ret, struct mf_error *err)
{
    struct mf_linear linear;
    int64_t whole;

    *ret = (struct amount){0};
    if (param->type == MF_PARAM_DURATION) {
        if (mf_duration_read(text, len, true, &whole, err) < 0)
            return false;
        ret->number = (double)whole / 1e9;
        return true;
    }
    if (param->type == MF_PARAM_INT && !param->has_unit) {
        if (!mf_num_read_int(text, len, &whole))
            return false;
        ret->number = (double)whole;
        return true;
    }
    if (mf_quantity_read(text, len, &ret->number, &ret->unit, &ret->has_unit, err) < 0)
        return false;
    if (ret->has_unit && !param->has_unit && param->type != MF_PARAM_QUANTITY)
        return mf_fail(err, MF_EINVAL, "it has no unit"), false;
    if (ret->has_unit && param->has_unit) {
        char ours[64], theirs[64];

        if (!mf_unit_convert(&ret->unit, &param->unit, false, &linear)) {
            mf_fail(err, MF_EINVAL, "`%s` is %s, but %s is %s", ret->unit.name,
                    mf_unit_dimension(&ret->unit, theirs), param->unit.name,
                    mf_unit_dimension(&param->unit, ours));
            return false;
        }
        ret->number = ret->number * linear.mul + linear.add;
    }
    return param->type != MF_PARAM_INT || ret->number == floor(ret->number);
}

/* ---- declarations ---- */

static void bad_declaration(struct mf_reading *reading, const struct mf_param *param,
                            struct mf_span at, const char *message, const char *help)
{
    struct mf_diag *diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_PARAM_DECL, at,
                                   "parameter `%s`: %s", param->name, message);

    if (help)
        mf_diag_help(diag, "%s", help);
}

static void read_type(struct mf_reading *reading, struct mf_param *param,
                      const struct mf_tree *value)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, value->text);
    for (unsigned i = 0; i < TYPES; i++) {
        mf_nearest_add(&nearest, types[i].name);
        if (strcmp(types[i].name, value->text) == 0) {
            param->type = (enum mf_param_type)i;
            return;
        }
    }
    param->has_no_type = true;
    bad_declaration(reading, param, value->at,
                    mf_arena_printf(reading->arena, "there is no type `%s`", value->text),
                    nearest.best
                        ? mf_arena_printf(reading->arena, "did you mean `%s`?", nearest.best)
                        : "types are text, number, int, bool, duration, quantity, node "
                          "and any");
}

static void read_unit(struct mf_reading *reading, struct mf_param *param,
                      const struct mf_tree *value)
{
    struct mf_error err = {0};

    if (param->has_no_type)
        return;
    if (!is_numeric(param->type))
        bad_declaration(reading, param, value->at, "only numbers have a unit",
                        "say `type: number` or `type: quantity`");
    else if (mf_unit_read(value->text, value->count, &param->unit, &err) < 0)
        bad_declaration(reading, param, value->at, err.text, NULL);
    else
        param->has_unit = true;
}

/* `a..b`, where either end may be open and the unit of the second counts for both. */
static void read_range(struct mf_reading *reading, struct mf_param *param,
                       const struct mf_tree *value)
{
    const char *dots = strstr(value->text, "..");
    struct amount low = {0}, high = {0};
    struct mf_error err = {0};
    size_t low_len, high_len;
    const char *second;

    if (param->has_no_type)
        return;
    if (!is_numeric(param->type) && param->type != MF_PARAM_DURATION) {
        bad_declaration(reading, param, value->at, "only numbers and durations have a range", NULL);
        return;
    }
    if (!dots) {
        bad_declaration(reading, param, value->at, "a range is written `a..b`", NULL);
        return;
    }
    low_len = (size_t)(dots - value->text);
    while (low_len && value->text[low_len - 1] == ' ')
        low_len--;
    second = dots + 2 + strspn(dots + 2, " ");
    high_len = strlen(second);
    if ((low_len && !read_amount(param, value->text, low_len, &low, &err)) ||
        (high_len && !read_amount(param, second, high_len, &high, &err))) {
        bad_declaration(reading, param, value->at,
                        *err.text ? err.text : "the range is not made of such values",
                        "write it like `5..30`; either end may be left out");
        return;
    }
    if (low_len && high.has_unit && !low.has_unit && param->has_unit) {
        struct mf_linear linear = {1, 0};

        mf_unit_convert(&high.unit, &param->unit, false, &linear);
        low.number = low.number * linear.mul + linear.add;
    }
    param->low = low_len ? low.number : -INFINITY;
    param->high = high_len ? high.number : INFINITY;
    param->has_range = param->low <= param->high;
    if (!param->has_range)
        bad_declaration(reading, param, value->at, "the range ends before it begins", NULL);
}

/* The order of the keys is free, but a range needs the unit, and the unit the type. */
static void read_key(struct mf_reading *reading, struct mf_param *param, const struct mf_tree *map,
                     const char *key,
                     void (*read)(struct mf_reading *, struct mf_param *, const struct mf_tree *))
{
    const struct mf_tree *value = mf_tree_get(map, key, NULL);

    if (!value)
        return;
    if (value->kind != MF_TREE_SCALAR)
        bad_declaration(reading, param, value->at,
                        mf_arena_printf(reading->arena, "`%s` is a text, this is %s", key,
                                        mf_tree_kind_name(value)),
                        NULL);
    else if (read)
        read(reading, param, value);
    else
        param->fallback = value;
}

void mf_param_read(struct mf_reading *reading, struct mf_param *param,
                   const struct mf_tree_pair *pair)
{
    static const char *const keys[] = {"type", "unit", "default", "range", "doc"};
    const struct mf_tree *map = pair->value;

    param->name = pair->key->text;
    param->at = pair->key->at;
    if (map->kind == MF_TREE_SCALAR && map->is_plain && map->count == 0)
        return;
    if (map->kind != MF_TREE_MAP) {
        bad_declaration(reading, param, map->at, "it is declared with a map",
                        "write it like `{type: number, unit: °C, default: 21 °C}`");
        return;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        struct mf_nearest nearest;
        bool is_known = false;

        mf_nearest_init(&nearest, map->pairs[i].key->text);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            is_known |= mf_tree_is(map->pairs[i].key, keys[k]);
            mf_nearest_add(&nearest, keys[k]);
        }
        if (!is_known)
            bad_declaration(
                reading, param, map->pairs[i].key->at,
                mf_arena_printf(reading->arena, "`%s` means nothing here", map->pairs[i].key->text),
                nearest.best ? mf_arena_printf(reading->arena, "did you mean `%s`?", nearest.best)
                             : "a declaration has type, unit, default, range and doc");
    }
    read_key(reading, param, map, "type", read_type);
    read_key(reading, param, map, "unit", read_unit);
    read_key(reading, param, map, "range", read_range);
    read_key(reading, param, map, "default", NULL);
}

/* ---- values ---- */

static struct mf_diag *bad_value(struct mf_reading *reading, const struct mf_param *param,
                                 const struct mf_var *var, struct mf_span at, const char *why)
{
    const char *unit = param->has_unit ? param->unit.name : NULL;
    struct mf_diag *diag;

    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_PARAM_VALUE, at,
                   "parameter `%s` wants %s%s%s, got %s%s%s%s%s", param->name,
                   types[param->type].wanted, unit ? " in " : "", unit ? unit : "",
                   var->is_secret ? "a secret" : "`", var->is_secret ? "" : var->text,
                   var->is_secret ? "" : "`", why ? ": " : "", why ? why : "");
    mf_diag_related(diag, param->at, "`%s` is declared here", param->name);
    return diag;
}

static bool is_bool(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

/* `power`, `meter.voltage`: names joined by dots. */
static bool is_node(const char *text)
{
    for (;;) {
        size_t len = strcspn(text, ".");

        if (!mf_text_is_name(text, len))
            return false;
        if (!text[len])
            return true;
        text += len + 1;
    }
}

/* Inside, a name means the part's own node first: a node of the same name outside cannot be
 * reached. */
static bool check_node(struct mf_reading *reading, const struct mf_part *part,
                       const struct mf_param *param, const struct mf_var *var, struct mf_span at)
{
    char *first = mf_arena_strndup(reading->arena, var->text, strcspn(var->text, "."));
    const struct mf_tree *lists[] = {part->nodes, part->uses};
    const struct mf_tree_pair *own = NULL;
    struct mf_diag *diag;

    if (!is_node(var->text)) {
        bad_value(reading, param, var, at, NULL);
        return false;
    }
    for (size_t i = 0; i < 2 && !own; i++)
        if (lists[i] && mf_flow_visit(reading, lists[i]->count, at))
            mf_tree_get(lists[i], first, &own);
    if (!own)
        return true;
    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_PARAM_VALUE, at,
                   "`%s` would mean the part's own `%s`, not the one outside", var->text, first);
    mf_diag_related(diag, own->key->at, "`%s` of the part", first);
    mf_diag_help(diag, "rename one of the two");
    return false;
}

static bool check_number(struct mf_reading *reading, const struct mf_param *param,
                         struct mf_var *var, struct mf_span at)
{
    struct mf_error err = {0};
    struct amount amount;
    struct mf_diag *diag;

    if (!read_amount(param, var->text, var->len, &amount, &err)) {
        bad_value(reading, param, var, at, var->is_secret || !*err.text ? NULL : err.text);
        return false;
    }
    if (param->has_range && (amount.number < param->low || amount.number > param->high)) {
        char low[MF_NUM_TEXT] = "", high[MF_NUM_TEXT] = "";
        const char *unit = param->type == MF_PARAM_DURATION ? "s"
                           : param->has_unit                ? param->unit.name
                                                            : "";

        if (!isinf(param->low))
            mf_num_print_double(param->low, low);
        if (!isinf(param->high))
            mf_num_print_double(param->high, high);
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_PARAM_VALUE, at,
                       "parameter `%s` is outside of its range %s..%s%s%s", param->name, low, high,
                       *unit ? " " : "", unit);
        mf_diag_related(diag, param->at, "`%s` is declared here", param->name);
        return false;
    }
    if (param->has_unit && !amount.has_unit) {
        var->text = mf_arena_printf(reading->arena, "%s %s", var->text, param->unit.name);
        var->len = strlen(var->text);
        if (var->bare)
            var->bare = mf_arena_printf(reading->arena, "%s %s", var->bare, param->unit.name);
    }
    return true;
}

bool mf_param_check(struct mf_reading *reading, const struct mf_part *part,
                    const struct mf_param *param, struct mf_var *var, struct mf_span at)
{
    switch (param->type) {
    case MF_PARAM_ANY:
    case MF_PARAM_TEXT:
        return true;
    case MF_PARAM_NODE:
        return check_node(reading, part, param, var, at);
    case MF_PARAM_BOOL:
        if (is_bool(var->text))
            return true;
        bad_value(reading, param, var, at, NULL);
        return false;
    case MF_PARAM_NUMBER:
    case MF_PARAM_INT:
    case MF_PARAM_DURATION:
    case MF_PARAM_QUANTITY:
        break;
    }
    return check_number(reading, param, var, at);
}
