/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reading units, and what follows from their numbers. What units there are is in
 * engine/value/unit_table.c.
 *
 *   unit = term { ("*" | "·" | "/") term }
 *   term = name [ "^" [ "-" ] digit | digit | "²" | "³" ] | "1"
 */

#include "engine/value/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/unit_priv.h"

enum { DIM_MAX = 60, NAMES_MAX = 200 };

/* Factors that came about in different ways still mean the same unit. */
static bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

/* ---- all names ---- */

static void set_unit(struct mf_unit *unit, const struct mf_unit_def *def, double factor,
                     const char *prefix)
{
    memset(unit, 0, sizeof(*unit));
    memcpy(unit->dim, def->dim, sizeof(unit->dim));
    unit->is_ratio_named = def->is_ratio_named;
    unit->factor = def->factor * factor;
    unit->offset = def->offset;
    snprintf(unit->name, sizeof(unit->name), "%s%s", prefix, def->name);
}

const struct mf_unit_named *mf_unit_all(size_t *ret_count)
{
    static struct mf_unit_named all[NAMES_MAX];
    static size_t count;

    for (const struct mf_unit_def *def = count ? NULL : mf_unit_defs; def && def->name; def++) {
        char before = 0;

        all[count].def = def;
        set_unit(&all[count++].unit, def, 1, "");
        for (const struct mf_unit_prefix *p = mf_unit_prefixes; p->text; p++) {
            /* Only the first spelling of each. */
            if (count < NAMES_MAX && p->letter != before && strchr(def->prefixes, p->letter)) {
                all[count].def = def;
                set_unit(&all[count++].unit, def, p->factor, p->text);
            }
            before = p->letter;
        }
    }
    *ret_count = count;
    return all;
}

const struct mf_unit_info *mf_unit_list(size_t *ret_count)
{
    static struct mf_unit_info list[NAMES_MAX];
    const struct mf_unit_named *all = mf_unit_all(ret_count);
    char formula[64];

    for (size_t i = 0; i < *ret_count && !list[*ret_count - 1].name; i++)
        list[i] = (struct mf_unit_info){all[i].unit.name, all[i].def->meaning,
                                        mf_unit_dimension(&all[i].unit, formula)};
    return list;
}

/* ---- one name ---- */

static bool find_plain(const char *text, size_t len, double factor, char prefix,
                       struct mf_unit *ret)
{
    for (const struct mf_unit_def *def = mf_unit_defs; def->name; def++)
        if (def->name[0] == text[0] && mf_text_eq(text, len, def->name) &&
            (!prefix || strchr(def->prefixes, prefix))) {
            set_unit(ret, def, factor, "");
            return true;
        }
    for (const struct mf_unit_alias *alias = mf_unit_aliases; alias->alias; alias++)
        if (alias->alias[0] == text[0] && mf_text_eq(text, len, alias->alias))
            return find_plain(alias->name, strlen(alias->name), factor, prefix, ret);
    return false;
}

static bool find_name(const char *text, size_t len, struct mf_unit *ret)
{
    if (find_plain(text, len, 1, 0, ret))
        return true;
    for (const struct mf_unit_prefix *p = mf_unit_prefixes; p->text; p++) {
        size_t skip = strlen(p->text);

        if (len > skip && memcmp(text, p->text, skip) == 0 &&
            find_plain(text + skip, len - skip, p->factor, p->letter, ret))
            return true;
    }
    return false;
}

/* Wrong case is the usual mistake: of the names that differ in nothing else, the one that
 * differs in the fewest letters; then edit distance, the degree sign aside. */
static const char *nearest_name(const char *wanted)
{
    size_t count, fewest = SIZE_MAX;
    const struct mf_unit_named *all = mf_unit_all(&count);
    struct mf_nearest nearest;
    const char *best = NULL;

    mf_nearest_init(&nearest, wanted);
    for (size_t i = 0; i < count; i++) {
        const char *name = all[i].unit.name;
        size_t differing = 0;

        mf_nearest_add(&nearest, name);
        if (mf_text_starts(name, "°") && strcasecmp(name + strlen("°"), wanted) == 0)
            return name;
        if (strcasecmp(name, wanted) != 0)
            continue;
        for (size_t k = 0; name[k]; k++)
            differing += name[k] != wanted[k];
        if (differing < fewest)
            best = name;
        fewest = differing < fewest ? differing : fewest;
    }
    return best ? best : nearest.best;
}

/* "`text` is not a unit: why"; texts come from outside and are made printable. */
static int no_unit(const char *text, size_t len, const char *why, struct mf_error *err)
{
    struct mf_buf shown = {0};

    mf_text_printable(&shown, text, len, MF_UNIT_TEXT);
    mf_fail(err, MF_EINVAL, "`%s` is not a unit: %s", mf_buf_text(&shown), why);
    mf_buf_done(&shown);
    return MF_EINVAL;
}

static int unknown_name(const char *text, size_t len, struct mf_error *err)
{
    struct mf_buf shown = {0};
    char wanted[MF_UNIT_TEXT];
    const char *near = NULL;

    mf_text_printable(&shown, text, len, MF_UNIT_TEXT);
    if (len < sizeof(wanted) && !memchr(text, 0, len)) {
        memcpy(wanted, text, len);
        wanted[len] = 0;
        near = nearest_name(wanted);
    }
    if (near)
        mf_fail(err, MF_EINVAL, "`%s` is not a unit; did you mean `%s`?", mf_buf_text(&shown),
                near);
    else
        mf_fail(err, MF_EINVAL, "`%s` is not a unit", mf_buf_text(&shown));
    mf_buf_done(&shown);
    return MF_EINVAL;
}

/* ---- reading ---- */

/* Length of the sign `sign` at the place, 0 if it is not there. */
static size_t at_sign(const char *text, size_t len, const char *sign)
{
    size_t want = strlen(sign);

    return len >= want && memcmp(text, sign, want) == 0 ? want : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool ends_name(const char *text, size_t len)
{
    return *text == '*' || *text == '/' || *text == '^' || *text == ' ' || is_digit(*text) ||
           at_sign(text, len, "·") || at_sign(text, len, "²") || at_sign(text, len, "³");
}

/* Reads an exponent at the place, 1 if there is none; 0 for one that is no good. */
static int read_exponent(const char *text, size_t len, size_t *pos)
{
    int exponent = 1;
    size_t sign;

    if ((sign = at_sign(text + *pos, len - *pos, "²")) != 0) {
        exponent = 2;
        *pos += sign;
    } else if ((sign = at_sign(text + *pos, len - *pos, "³")) != 0) {
        exponent = 3;
        *pos += sign;
    } else if (*pos < len && (text[*pos] == '^' || is_digit(text[*pos]))) {
        bool negative = false;

        *pos += text[*pos] == '^';
        if (*pos < len && text[*pos] == '-' && text[*pos - 1] == '^') {
            negative = true;
            ++*pos;
        }
        if (*pos == len || !is_digit(text[*pos]))
            return 0;
        exponent = text[(*pos)++] - '0';
        if (*pos < len && is_digit(text[*pos]))
            return 0;
        exponent = negative ? -exponent : exponent;
    }
    return exponent;
}

/* Multiplies `unit` by the power of a term. */
static bool put_term(struct mf_unit *unit, const struct mf_unit *term, int exponent)
{
    for (unsigned i = 0; i < MF_DIMS; i++) {
        int dim = unit->dim[i] + term->dim[i] * exponent;

        if (dim > DIM_MAX || dim < -DIM_MAX)
            return false;
        unit->dim[i] = (int8_t)dim;
    }
    for (int i = 0; i < exponent; i++)
        unit->factor *= term->factor;
    for (int i = 0; i > exponent; i--)
        unit->factor /= term->factor;
    return unit->factor > 0 && isfinite(unit->factor);
}

static int read_term(const char *text, size_t len, size_t *pos, struct mf_unit *ret, int *ret_power,
                     struct mf_error *err)
{
    size_t start = *pos;

    if (len - start >= 1 && text[start] == '1' &&
        (len - start == 1 || !is_digit(text[start + 1]))) {
        *ret = (struct mf_unit){.factor = 1};
        *ret_power = 1;
        ++*pos;
        return 0;
    }
    while (*pos < len && !ends_name(text + *pos, len - *pos))
        ++*pos;
    if (*pos == start)
        return no_unit(text, len, "a name is missing", err);
    if (!find_name(text + start, *pos - start, ret))
        return unknown_name(text + start, *pos - start, err);
    *ret_power = read_exponent(text, len, pos);
    if (!*ret_power)
        return no_unit(text, len, "an exponent is from 1 to 9", err);
    return 0;
}

static size_t skip_blanks(const char *text, size_t len, size_t pos)
{
    while (pos < len && text[pos] == ' ')
        pos++;
    return pos;
}

int mf_unit_read(const char *text, size_t len, struct mf_unit *ret, struct mf_error *err)
{
    struct mf_unit unit = {.factor = 1}, term = {0};
    size_t pos = 0, terms = 0, size;
    int power = 1, sign = 1;

    while (len && text[len - 1] == ' ')
        len--;
    if (len == 0)
        return mf_fail(err, MF_EINVAL, "a unit is missing");
    if (len >= MF_UNIT_TEXT)
        return mf_fail(err, MF_EINVAL, "a unit is at most %d bytes long", MF_UNIT_TEXT - 1);
    for (;;) {
        int code = read_term(text, len, &pos, &term, &power, err);

        if (code < 0)
            return code;
        if (!put_term(&unit, &term, sign * power))
            return no_unit(text, len, "it is out of all proportion", err);
        terms++;
        pos = skip_blanks(text, len, pos);
        if (pos == len)
            break;
        sign = text[pos] == '/' ? -1 : 1;
        size = text[pos] == '/' || text[pos] == '*' ? 1 : at_sign(text + pos, len - pos, "·");
        if (!size)
            return no_unit(text, len, "names are joined by `*` or `/`", err);
        pos = skip_blanks(text, len, pos + size);
    }
    if (terms == 1 && power == 1) {
        if (!*term.name)
            return mf_fail(err, MF_EINVAL, "`1` is not a unit");
        unit = term; /* with its offset, and as a ratio with a name */
    }
    memset(unit.name, 0, sizeof(unit.name));
    memcpy(unit.name, text, len);
    *ret = unit;
    return 0;
}

/* ---- questions ---- */

bool mf_unit_same_dim(const struct mf_unit *a, const struct mf_unit *b)
{
    return memcmp(a->dim, b->dim, sizeof(a->dim)) == 0;
}

bool mf_unit_equal(const struct mf_unit *a, const struct mf_unit *b)
{
    return mf_unit_same_dim(a, b) && is_close(a->factor, b->factor) &&
           is_close(a->offset, b->offset);
}

/* 0 °C is 32 °F and not 32.00000000000002: a number that has few decimals but for rounding. */
static double snap(double number)
{
    double near = nearbyint(number * 1e9) / 1e9;

    return fabs(near - number) <= 1e-13 * fabs(number) ? near : number;
}

bool mf_unit_convert(const struct mf_unit *from, const struct mf_unit *to, bool delta,
                     struct mf_linear *ret)
{
    if (!mf_unit_same_dim(from, to))
        return false;
    ret->mul = snap(from->factor / to->factor);
    ret->add = delta ? 0 : snap((from->offset - to->offset) / to->factor);
    return true;
}

double mf_unit_convert_literal(const struct mf_linear *linear, double number)
{
    double exact = number * linear->mul + linear->add, rounded;
    char text[MF_NUM_TEXT];
    int len;

    if (linear->mul == 1 && linear->add == 0)
        return number;
    len = snprintf(text, sizeof(text), "%.14g", exact);
    return mf_num_read_double(text, (size_t)len, &rounded) ? rounded : exact;
}

bool mf_unit_is_affine(const struct mf_unit *unit)
{
    return unit->offset != 0;
}

bool mf_unit_is_ratio(const struct mf_unit *unit)
{
    for (unsigned i = 0; i < MF_DIMS; i++)
        if (unit->dim[i])
            return false;
    return true;
}
