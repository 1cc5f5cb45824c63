/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Series in tests: values at even intervals, without a line for each.
 *
 *   0 W + 100 W x 20 every 1s       0 W, 100 W … 2000 W: the first, and 20 steps
 *   21 °C - 0.5 K x 4 every 1min    21, 20.5 … 19 °C
 *   1 x 9 every 10s                 ten times the same
 *   {values: [0 W, 3 W], every: 5s} what has no rule
 */

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/cli/test_file.h"

#define WHOLE 1e9 /* of a first value and a step that must be whole numbers */
#define LASTS (100 * 366 * MF_DAY)

struct listed {
    int64_t every;
    const struct mf_tree *values;
};

static bool values_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    if (tree->kind != MF_TREE_LIST || tree->count == 0)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    *(const struct mf_tree **)ret = tree;
    return true;
}

static const struct mf_type type_values = {
    .name = "list", .syntax = "a list of values", .read = values_read};

#define MF_CONFIG struct listed
static const struct mf_option listed_options[] = {
    {"values", &type_values, MF_MEMBER(struct listed, values, const struct mf_tree *),
     .flags = MF_OPT_REQUIRED, .summary = "The values, in order."},
    {"every", MF_DURATION(every), .flags = MF_OPT_REQUIRED, .summary = "From one to the next."},
    {0},
};
#undef MF_CONFIG

static bool wrong(struct mf_load *load, const struct mf_tree *tree, const char *what)
{
    mf_diag_help(mf_diag(load->diags, MF_ERROR, MF_CODE_TEST_SERIES, tree->at,
                         "this is not a series: %s", what),
                 "write `0 W + 100 W x 20 every 1s`: the first value, what is added, how often, "
                 "and the time from one to the next; or `{values: [0 W, 3 W], every: 5s}`");
    return false;
}

/* ---- {values: […], every: 5s} ---- */

static bool read_listed(struct mf_load *load, const struct mf_tree *tree,
                        const struct mf_test_port *port, struct mf_test_series *ret)
{
    struct listed listed = {0};
    struct mf_loaded into = {&listed};
    struct mf_test_set *list;
    bool ok = true;

    load->into = &into;
    if (!mf_load_options(load, listed_options, "series", tree->at, NULL, tree->pairs, tree->count,
                         NULL, &listed))
        return false;
    list = mf_arena_alloc(load->arena, listed.values->count * sizeof *list);
    for (uint32_t i = 0; i < listed.values->count; i++) {
        list[i] = ret->set;
        list[i].at = listed.values->items[i].value->at;
        ok &= mf_test_value_read(load, listed.values->items[i].value, port, &list[i].value);
    }
    ret->list = list;
    ret->count = listed.values->count;
    ret->every = listed.every;
    if (ret->every <= 0 || ret->count > LASTS / ret->every)
        return wrong(load, tree, "`every` is too short or too long");
    return ok;
}

/* ---- the shorthand ---- */

struct words {
    const char *text;
    size_t len;
};

static struct words trimmed(const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return (struct words){from, (size_t)(to - from)};
}

/* Reads a quantity in the port's unit; a difference when `is_delta`. */
static bool read_number(const struct mf_test_port *port, struct words words, bool is_delta,
                        double *ret)
{
    struct mf_linear linear;
    struct mf_unit unit;
    bool has_unit = false;

    if (mf_quantity_read(words.text, words.len, ret, &unit, &has_unit, NULL) < 0)
        return false;
    if (!has_unit)
        return true;
    if (!port->unit || !mf_unit_convert(&unit, port->unit, is_delta, &linear))
        return false;
    *ret = mf_unit_convert_literal(&linear, *ret);
    return true;
}

/* A sign that stands alone, so that -5 and 1e+3 are numbers. */
static const char *find_sign(struct words words)
{
    for (size_t i = 1; i + 1 < words.len; i++)
        if ((words.text[i] == '+' || words.text[i] == '-') && words.text[i - 1] == ' ' &&
            words.text[i + 1] == ' ')
            return words.text + i;
    return NULL;
}

static const char *read_values(const struct mf_test_port *port, struct words words,
                               struct mf_test_series *ret)
{
    const char *sign = find_sign(words), *end = words.text + words.len;
    double first, add = 0;

    if (!read_number(port, trimmed(words.text, sign ? sign : end), false, &first))
        return "the first value is not one of that source";
    if (sign && !read_number(port, trimmed(sign + 1, end), true, &add))
        return "what is added is not a value of that source";
    if (!(port->types & MF_T(MF_NUMBER)) &&
        (first != floor(first) || add != floor(add) || fabs(first) > WHOLE || fabs(add) > WHOLE))
        return "the source gives whole numbers";
    ret->set.value = mf_value_number(first);
    ret->add = sign && *sign == '-' ? -add : add;
    return NULL;
}

/* The `x` between value and count, from the right: units may hold one. */
static const char *find_times(struct words words)
{
    for (size_t i = words.len; i-- > 1;)
        if (words.text[i] == 'x' && words.text[i - 1] == ' ')
            return words.text + i;
    return NULL;
}

static const char *read_text(const struct mf_test_port *port, const char *text,
                             struct mf_test_series *ret)
{
    const char *every = strstr(text, " every "), *times;
    struct words head, count, tail;
    int64_t steps;

    if (!every)
        return "the time between two values is missing, `every 1s`";
    tail = trimmed(every + strlen(" every "), text + strlen(text));
    if (mf_duration_read(tail.text, tail.len, false, &ret->every, NULL) < 0 || ret->every <= 0)
        return "`every` wants a time such as 1s";
    head = trimmed(text, every);
    times = find_times(head);
    if (!times)
        return "how many values there are is missing, `x 20`";
    count = trimmed(times + 1, head.text + head.len);
    if (!mf_num_read_int(count.text, count.len, &steps) || steps < 0 || steps >= MF_TEST_SERIES)
        return "`x` wants a whole number below 10000000";
    ret->count = steps + 1;
    return read_values(port, trimmed(head.text, times), ret);
}

bool mf_test_series_read(struct mf_load *load, const struct mf_tree *tree,
                         const struct mf_test_port *port, struct mf_test_series *ret)
{
    const char *fault;

    if (tree->kind == MF_TREE_MAP)
        return read_listed(load, tree, port, ret);
    if (tree->kind != MF_TREE_SCALAR || strlen(tree->text) != tree->count)
        return wrong(load, tree, mf_tree_kind_name(tree));
    if (!(port->types & MF_T_NUMERIC))
        return wrong(load, tree, "the source does not give numbers");
    fault = read_text(port, tree->text, ret);
    if (!fault && ret->count > LASTS / ret->every)
        fault = "it takes longer than a hundred years";
    return !fault || wrong(load, tree, fault);
}
