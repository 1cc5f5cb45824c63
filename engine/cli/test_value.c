/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Values in tests: what a scalar means, the port says for which it stands.
 *
 * `off` is false for a truth, a text for a text; `20` is in the port's unit; `none`, `stale` and
 * `bad` without quotes are forms of `expect`.
 */

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/cli/test_file.h"
#include "engine/value/build.h"

#define TOLERANCE 1e-9 /* of numbers, of the larger one above 1 */

/* ---- values by type ---- */

static bool wrong_type(struct mf_load *load, const struct mf_tree *tree,
                       const struct mf_test_port *port, const struct mf_value *value)
{
    char types[96];

    mf_diag(load->diags, MF_ERROR, 205, tree->at, "`%s` gives %s, this is %s", port->name,
            mf_types_print(port->types & ~MF_T(MF_NULL), types), mf_value_type_names[value->type]);
    return false;
}

static bool read_numeric(struct mf_load *load, const struct mf_tree *tree,
                         const struct mf_test_port *port, struct mf_value *ret)
{
    struct mf_option option = {port->name, &mf_type_quantity};
    double number;
    int64_t whole;

    option.unit = port->unit ? port->unit->name : NULL;
    /* All 64 bits, where a double has not got them. */
    if ((port->types & MF_T(MF_INT)) && tree->kind == MF_TREE_SCALAR &&
        mf_num_read_int(tree->text, tree->count, &whole)) {
        *ret = mf_value_int(whole);
        return true;
    }
    if (!mf_type_quantity.read(load, &option, tree, &number))
        return false;
    if (port->types & MF_T(MF_NUMBER)) {
        *ret = mf_value_number(number);
        return true;
    }
    if (number != floor(number) || fabs(number) > 9e15) {
        mf_type_mismatch(load, &option, tree, "a whole number");
        return false;
    }
    *ret = mf_value_int((int64_t)number);
    return true;
}

static bool read_bool(struct mf_load *load, const struct mf_tree *tree,
                      const struct mf_test_port *port, struct mf_value *ret)
{
    struct mf_option option = {port->name, &mf_type_bool};
    bool value;

    if (!mf_type_bool.read(load, &option, tree, &value))
        return false;
    *ret = mf_value_bool(value);
    return true;
}

static bool read_text(struct mf_load *load, const struct mf_tree *tree,
                      const struct mf_test_port *port, struct mf_value *ret)
{
    struct mf_option option = {port->name, &mf_type_text};

    if (tree->kind != MF_TREE_SCALAR)
        return mf_type_mismatch(load, &option, tree, "a text");
    *ret = port->types & MF_T(MF_TEXT) ? mf_value_new_text_n(tree->text, tree->count)
                                       : mf_value_new_bytes(tree->text, tree->count);
    return true;
}

/* Converts a number that has a unit of its own. */
static bool fit_unit(struct mf_load *load, const struct mf_tree *tree,
                     const struct mf_test_port *port, const struct mf_unit *unit,
                     struct mf_value *value)
{
    struct mf_linear linear;

    if (port->unit && mf_unit_convert(unit, port->unit, false, &linear)) {
        *value = mf_value_number(mf_unit_convert_literal(&linear, mf_value_as_number(value)));
        return true;
    }
    if (port->unit)
        mf_diag(load->diags, MF_ERROR, 203, tree->at, "`%s` is in %s, this is in %s", port->name,
                port->unit->name, unit->name);
    else
        mf_diag(load->diags, MF_ERROR, 209, tree->at, "`%s` has no unit, this is in %s", port->name,
                unit->name);
    return false;
}

/* Where several types are possible, the look decides, as in literals everywhere. */
static bool read_look(struct mf_load *load, const struct mf_tree *tree,
                      const struct mf_test_port *port, struct mf_value *ret)
{
    struct mf_unit unit;
    bool has_unit;

    if (!mf_literal_read(load, tree, ret, &unit, &has_unit))
        return false;
    if (has_unit && !fit_unit(load, tree, port, &unit, ret))
        return false;
    if (ret->type == MF_INT && !(port->types & MF_T(MF_INT)))
        *ret = mf_value_number((double)ret->integer);
    if (port->types & MF_T(ret->type))
        return true;
    wrong_type(load, tree, port, ret);
    mf_value_drop(*ret);
    return false;
}

bool mf_test_value_read(struct mf_load *load, const struct mf_tree *tree,
                        const struct mf_test_port *port, struct mf_value *ret)
{
    uint32_t types = port->types & ~MF_T(MF_NULL);
    struct mf_option path = {port->name, &mf_type_path};
    struct mf_value value;

    if (types == MF_T(MF_PATH)) /* kept in the arena already */
        return mf_type_path.read(load, &path, tree, ret);
    if (types == MF_T(MF_BOOL)              ? !read_bool(load, tree, port, &value)
        : types && !(types & ~MF_T_NUMERIC) ? !read_numeric(load, tree, port, &value)
        : types && !(types & ~(MF_T(MF_TEXT) | MF_T(MF_BYTES)))
            ? !read_text(load, tree, port, &value)
            : !read_look(load, tree, port, &value))
        return false;
    mf_type_keep_value(load->arena, value);
    *ret = value;
    return true;
}

/* ---- about ---- */

static bool bad_about(struct mf_load *load, const struct mf_tree *tree,
                      const struct mf_test_port *port)
{
    mf_diag_help(mf_diag(load->diags, MF_ERROR, MF_CODE_TEST_ABOUT, tree->at,
                         "`about` wants a number and how far from it `%s` may be", port->name),
                 "write `about: 5.0 ± 0.1` or `about: 5.0 +- 0.1`, with units where the port has "
                 "one");
    return false;
}

/* Where the sign stands; *ret_len is its length. */
static const char *find_sign(const char *text, size_t *ret_len)
{
    static const char *const signs[] = {"±", "+-", "+/-"};

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const char *at = strstr(text, signs[i]);

        *ret_len = strlen(signs[i]);
        if (at)
            return at;
    }
    return NULL;
}

static size_t trim(const char **text, size_t len)
{
    while (len && **text == ' ') {
        ++*text;
        len--;
    }
    while (len && (*text)[len - 1] == ' ')
        len--;
    return len;
}

static bool read_part(struct mf_load *load, const struct mf_tree *tree,
                      const struct mf_test_port *port, const char *text, size_t len, bool is_delta,
                      double *ret)
{
    struct mf_linear linear;
    struct mf_unit unit;
    bool has_unit = false;

    len = trim(&text, len);
    if (mf_quantity_read(text, len, ret, &unit, &has_unit, NULL) < 0)
        return bad_about(load, tree, port);
    if (!has_unit)
        return true;
    if (!port->unit || !mf_unit_convert(&unit, port->unit, is_delta, &linear)) {
        struct mf_value value = mf_value_number(*ret);

        return fit_unit(load, tree, port, &unit, &value);
    }
    *ret = mf_unit_convert_literal(&linear, *ret);
    return true;
}

static bool read_about(struct mf_load *load, const struct mf_tree *tree,
                       const struct mf_test_port *port, struct mf_test_expect *ret)
{
    size_t sign_len;
    const char *text = tree->kind == MF_TREE_SCALAR ? tree->text : "";
    const char *sign = find_sign(text, &sign_len);
    double number;

    if (!(port->types & MF_T_NUMERIC) || !sign || strlen(text) != tree->count)
        return bad_about(load, tree, port);
    if (!read_part(load, tree, port, text, (size_t)(sign - text), false, &number) ||
        !read_part(load, tree, port, sign + sign_len, strlen(sign + sign_len), true,
                   &ret->tolerance))
        return false;
    ret->form = MF_TEST_ABOUT;
    ret->value = mf_value_number(number);
    ret->tolerance = fabs(ret->tolerance);
    return true;
}

/* ---- expect ---- */

static bool read_list(struct mf_load *load, const struct mf_tree *tree,
                      const struct mf_test_port *port, struct mf_value *ret)
{
    struct mf_builder builder;
    struct mf_value item;
    bool ok = true;

    mf_build_start(&builder);
    for (uint32_t i = 0; i < tree->count; i++) {
        if (mf_test_value_read(load, tree->items[i].value, port, &item))
            mf_build_take_item(&builder, mf_value_copy(item));
        else
            ok = false;
    }
    *ret = mf_build_end_list(&builder);
    mf_type_keep_value(load->arena, *ret);
    return ok;
}

bool mf_test_expect_read(struct mf_load *load, const struct mf_tree *tree,
                         const struct mf_test_port *port, bool is_prefix,
                         struct mf_test_expect *ret)
{
    static const char *const words[] = {"none", "stale", "bad"};
    const struct mf_tree *about =
        tree->kind == MF_TREE_MAP && tree->count == 1 ? mf_tree_get(tree, "about", NULL) : NULL;

    for (unsigned i = 0; tree->kind == MF_TREE_SCALAR && tree->is_plain && i < 3; i++)
        if (mf_tree_is(tree, words[i])) {
            ret->form = MF_TEST_NONE + i;
            return true;
        }
    if (about)
        return read_about(load, about, port, ret);
    if (tree->kind == MF_TREE_LIST) {
        ret->form = is_prefix ? MF_TEST_PREFIX : MF_TEST_ALL;
        return read_list(load, tree, port, &ret->value);
    }
    ret->form = MF_TEST_VALUE;
    return mf_test_value_read(load, tree, port, &ret->value);
}

/* ---- equality ---- */

static bool is_near(double a, double b)
{
    double size = fmax(fabs(a), fabs(b));

    return a == b || fabs(a - b) <= TOLERANCE * fmax(1, size);
}

static bool are_maps_equal(const struct mf_value *a, const struct mf_value *b)
{
    for (size_t i = 0; i < mf_value_count(a); i++) {
        const struct mf_value *key = mf_value_key(a, i), *other = NULL;

        for (size_t k = 0; k < mf_value_count(b) && !other; k++)
            if (mf_value_equal(key, mf_value_key(b, k)))
                other = mf_value_at(b, k);
        if (!other || !mf_test_value_equal(mf_value_at(a, i), other))
            return false;
    }
    return true;
}

bool mf_test_value_equal(const struct mf_value *a, const struct mf_value *b)
{
    bool are_numbers = (MF_T(a->type) & MF_T_NUMERIC) && (MF_T(b->type) & MF_T_NUMERIC);

    if (are_numbers && (a->type == MF_NUMBER || b->type == MF_NUMBER))
        return is_near(mf_value_as_number(a), mf_value_as_number(b));
    if (a->type != b->type || (a->type != MF_LIST && a->type != MF_MAP))
        return mf_value_equal(a, b);
    if (mf_value_count(a) != mf_value_count(b))
        return false;
    if (a->type == MF_MAP)
        return are_maps_equal(a, b);
    for (size_t i = 0; i < mf_value_count(a); i++)
        if (!mf_test_value_equal(mf_value_at(a, i), mf_value_at(b, i)))
            return false;
    return true;
}
