/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Option types: whole numbers, numbers, quantities, ranges. */

#include "engine/config/type.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/config/schema.h"
#include "engine/config/type_priv.h"

static void print_limit(const struct mf_option *option, double limit, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    mf_num_print_double(limit, text);
    mf_buf_puts(buf, text);
    if (option->unit && *option->unit != '@')
        mf_buf_printf(buf, " %s", option->unit);
}

bool mf_type_is_late(const struct mf_option *option)
{
    return option->unit && *option->unit == '@';
}

/* A whole number may be written in any way that YAML has for it: 12, 0x1f, 1e3, 5.0. */
static bool read_whole(const char *text, size_t len, int64_t *ret)
{
    double number;

    if (mf_num_read_int(text, len, ret))
        return true;
    if (!mf_num_read_double(text, len, &number) || number != floor(number) ||
        fabs(number) >= 0x1p63)
        return false;
    *ret = (int64_t)number;
    return true;
}

/* Hexadecimal is for people who copy from a data sheet. */
static bool read_plain(const char *text, size_t len, double *ret)
{
    int64_t whole;

    if (mf_num_read_double(text, len, ret))
        return true;
    if (!mf_num_read_int(text, len, &whole))
        return false;
    *ret = (double)whole;
    return true;
}

/* ---- int ---- */

static bool int_read(struct mf_load *load, const struct mf_option *option,
                     const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    int64_t number;

    if (!text)
        return false;
    if (!read_whole(text, tree->count, &number))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    if (!mf_type_limits(load, option, tree, (double)number, print_limit))
        return false;
    *(int64_t *)ret = number;
    return true;
}

const struct mf_type mf_type_int = {
    .name = "int",
    .syntax = "a whole number",
    .size = sizeof(int64_t),
    .read = int_read,
    .schema = mf_schema_int,
};

/* ---- number ---- */

/* A number with a unit where none belongs gets an answer of its own. */
static bool not_a_number(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree)
{
    struct mf_unit unit;
    double number;
    bool has_unit = false;

    if (mf_type_is_secret(option, tree) ||
        mf_quantity_read(tree->text, tree->count, &number, &unit, &has_unit, NULL) < 0 || !has_unit)
        return mf_type_mismatch(load, option, tree, "a number");
    mf_diag_help(mf_diag(load->diags, MF_ERROR, MF_CODE_UNWANTED_UNIT, tree->at,
                         "`%s` is a plain number, without a unit; got %s",
                         mf_type_key(load, option), mf_type_shown(load, option, tree)),
                 "leave `%s` out", unit.name);
    return false;
}

static bool number_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    double number;

    if (!text)
        return false;
    if (!read_plain(text, tree->count, &number))
        return not_a_number(load, option, tree);
    if (!mf_type_limits(load, option, tree, number, print_limit))
        return false;
    *(double *)ret = number;
    return true;
}

const struct mf_type mf_type_number = {
    .name = "number",
    .syntax = "a number",
    .size = sizeof(double),
    .read = number_read,
    .schema = mf_schema_number,
};

/* ---- quantity ---- */

static bool unit_mismatch(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, const struct mf_unit *unit,
                          const struct mf_unit *wanted)
{
    char a[64], b[64];
    struct mf_diag *diag;

    if (mf_type_is_secret(option, tree))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    diag = mf_diag(load->diags, MF_ERROR, MF_CODE_DIMENSION, tree->at,
                   "`%s` is in %s, but %s is wanted", mf_type_key(load, option), unit->name,
                   wanted->name);
    mf_diag_label(diag, "%s, expected %s", mf_unit_dimension(unit, a),
                  mf_unit_dimension(wanted, b));
    mf_diag_help(diag, "give it in %s, or in another unit of %s", wanted->name,
                 mf_unit_dimension(wanted, b));
    return false;
}

bool mf_type_to_unit(struct mf_load *load, const struct mf_option *option,
                     const struct mf_tree *tree, const struct mf_unit *unit, double *number)
{
    struct mf_unit own;
    struct mf_linear linear;

    if (mf_unit_read(option->unit, strlen(option->unit), &own, NULL) < 0)
        return false;
    if (!mf_unit_convert(unit, &own, option->flags & MF_OPT_DELTA, &linear))
        return unit_mismatch(load, option, tree, unit, &own);
    *number = mf_unit_convert_literal(&linear, *number);
    return true;
}

static bool quantity_read(struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    bool has_unit = false;
    struct mf_unit unit;
    struct mf_error err;
    double number;

    if (!text)
        return false;
    if (!read_plain(text, tree->count, &number)) {
        if (!option->unit)
            return not_a_number(load, option, tree);
        if (mf_quantity_read(text, tree->count, &number, &unit, &has_unit, &err) < 0)
            return mf_type_fault(load, option, tree, &err);
        if (has_unit && !mf_type_is_late(option) &&
            !mf_type_to_unit(load, option, tree, &unit, &number))
            return false;
    }
    if (!mf_type_limits(load, option, tree, number, print_limit))
        return false;
    *(double *)ret = number;
    if (mf_type_is_late(option))
        mf_type_late(load, option, tree->at, ret, &unit, has_unit);
    return true;
}

const struct mf_type mf_type_quantity = {
    .name = "quantity",
    .syntax = "a number, with a unit or without",
    .size = sizeof(double),
    .read = quantity_read,
    .schema = mf_schema_quantity,
};

/* ---- range ---- */

struct end {
    bool is_open, has_unit;
    double number;
    struct mf_unit unit;
};

static bool is_blank(const char *text, size_t len)
{
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    return len == 0;
}

/* `5.. °C`: the second end is open and names the unit of the first. */
static bool is_unit(const char *text, size_t len, struct end *ret)
{
    while (len && *text == ' ') {
        text++;
        len--;
    }
    ret->has_unit = mf_unit_read(text, len, &ret->unit, NULL) == 0;
    return ret->has_unit;
}

static bool read_end(struct mf_load *load, const struct mf_option *option,
                     const struct mf_tree *tree, const char *text, size_t len, struct end *ret)
{
    struct mf_error err;

    ret->is_open = is_blank(text, len) || (text > tree->text && is_unit(text, len, ret));
    if (!ret->is_open &&
        mf_quantity_read(text, len, &ret->number, &ret->unit, &ret->has_unit, &err) < 0)
        return mf_type_fault(load, option, tree, &err);
    if (!ret->has_unit || option->unit)
        return true;
    mf_diag_help(mf_diag(load->diags, MF_ERROR, MF_CODE_UNWANTED_UNIT, tree->at,
                         "`%s` is a range of plain numbers, without a unit; got %s",
                         mf_type_key(load, option), mf_type_shown(load, option, tree)),
                 "leave the unit out");
    return false;
}

/* Converts an end to the option's unit; ends that wait for a port's unit stay as written. */
static bool settle_end(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, struct end *end)
{
    if (end->has_unit && !mf_type_is_late(option)) {
        end->has_unit = false;
        if (!mf_type_to_unit(load, option, tree, &end->unit, &end->number))
            return false;
    }
    return end->is_open || mf_type_limits(load, option, tree, end->number, print_limit);
}

static bool check_order(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, const struct end *low, const struct end *high)
{
    struct mf_linear linear = {1, 0};
    bool fits = true;

    if (low->has_unit && high->has_unit)
        fits = mf_unit_convert(&low->unit, &high->unit, option->flags & MF_OPT_DELTA, &linear);
    if (fits &&
        (low->is_open || high->is_open || low->number * linear.mul + linear.add <= high->number))
        return true;
    mf_diag(load->diags, MF_ERROR, MF_CODE_LIMITS, tree->at,
            fits ? "`%s`: the range %s ends before it begins"
                 : "`%s`: the ends of the range %s are in units of different kinds",
            mf_type_key(load, option), mf_type_shown(load, option, tree));
    return false;
}

static void keep_end(struct mf_load *load, const struct mf_option *option, struct mf_span at,
                     const struct end *end, double open, double *ret)
{
    *ret = end->is_open ? open : end->number;
    if (!end->is_open && mf_type_is_late(option))
        mf_type_late(load, option, at, ret, &end->unit, end->has_unit);
}

static bool range_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree), *dots;
    struct mf_range *range = ret;
    struct end low = {0}, high = {0};

    if (!text)
        return false;
    dots = strstr(text, "..");
    if (!dots)
        return mf_type_mismatch(
            load, option, tree,
            option->unit && strcmp(option->unit, "s") == 0
                ? "a range of times such as 400ms..2s, either end may be left out"
                : option->type->syntax);
    if (!read_end(load, option, tree, text, (size_t)(dots - text), &low) ||
        !read_end(load, option, tree, dots + 2, strlen(dots + 2), &high))
        return false;
    if (low.is_open && high.is_open)
        return mf_type_mismatch(load, option, tree, "a range with at least one end");
    /* `10..90 %`: the unit behind the second counts for both. */
    if (!low.is_open && high.has_unit && !low.has_unit) {
        low.unit = high.unit;
        low.has_unit = true;
    }
    if (!settle_end(load, option, tree, &low) || !settle_end(load, option, tree, &high) ||
        !check_order(load, option, tree, &low, &high))
        return false;
    keep_end(load, option, tree->at, &low, -INFINITY, &range->low);
    keep_end(load, option, tree->at, &high, INFINITY, &range->high);
    return true;
}

const struct mf_type mf_type_range = {
    .name = "range",
    .syntax = "a range such as 5..30, either end may be left out",
    .size = sizeof(struct mf_range),
    .read = range_read,
    .schema = mf_schema_range,
};
