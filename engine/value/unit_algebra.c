/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Products and quotients of units, and the names of what comes out.
 *
 * A result gets the name people know (`W*h` is `Wh`) when the table of units has
 * one, else the two names joined. A name is only for people: dimension and
 * factor are right in any case.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/value/unit.h"
#include "engine/value/unit_priv.h"

/* Never reached by real quantities; keeps absurd products from wrapping around. */
enum { DIM_LIMIT = 100 };

static const struct mf_unit *find_same(const struct mf_unit *unit)
{
    size_t count;
    const struct mf_unit_named *all = mf_unit_all(&count);

    for (size_t i = 0; i < count; i++)
        if (mf_unit_equal(&all[i].unit, unit))
            return &all[i].unit;
    return NULL;
}

/* Names of base units with their exponents: kg*m2/s3. */
static void print_formula(const int8_t *dim, char *out, size_t size)
{
    size_t used = 0;

    *out = 0;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < MF_DIMS && used < size; i++) {
            int exponent = pass ? -dim[i] : dim[i];
            char power[8] = "";

            if (exponent <= 0)
                continue;
            if (exponent > 1)
                snprintf(power, sizeof(power), "%d", exponent);
            used += (size_t)snprintf(out + used, size - used, "%s%s%s",
                                     pass   ? (used ? "/" : "1/")
                                     : used ? "*"
                                            : "",
                                     mf_unit_base[i], power);
        }
}

const char *mf_unit_dimension(const struct mf_unit *unit, char out[64])
{
    for (const struct mf_unit_dim_name *known = mf_unit_dim_names; known->name; known++)
        if (memcmp(known->dim, unit->dim, sizeof(unit->dim)) == 0)
            return known->name;
    print_formula(unit->dim, out, 64);
    return out;
}

/* Joins two names; dividing turns each `*` of the second into `/` and back. */
static bool join_names(const struct mf_unit *a, const struct mf_unit *b, bool divide, char *out,
                       size_t size)
{
    const char *first = *a->name ? a->name : "1";
    const char *second = *b->name ? b->name : "1";
    int len = snprintf(out, size, "%s%c%s", first, divide ? '/' : '*', second);

    if (len < 0 || (size_t)len >= size || (divide && strstr(second, "·")) || *first == '(' ||
        *second == '(')
        return false;
    for (char *c = out + strlen(first) + 1; divide && *c; c++)
        if (*c == '*' || *c == '/')
            *c = *c == '*' ? '/' : '*';
    return true;
}

static void combine(const struct mf_unit *a, const struct mf_unit *b, bool divide,
                    struct mf_unit *ret)
{
    struct mf_unit unit = {0};
    const struct mf_unit *known;

    for (unsigned i = 0; i < MF_DIMS; i++) {
        int dim = a->dim[i] + (divide ? -b->dim[i] : b->dim[i]);

        unit.dim[i] = (int8_t)(dim > DIM_LIMIT ? DIM_LIMIT : dim < -DIM_LIMIT ? -DIM_LIMIT : dim);
    }
    unit.factor = divide ? a->factor / b->factor : a->factor * b->factor;
    known = find_same(&unit);
    if (known)
        unit = *known;
    else if (mf_unit_is_ratio(&unit) && fabs(unit.factor - 1) < 1e-12)
        unit.factor = 1; /* a plain ratio: no name */
    else if (!join_names(a, b, divide, unit.name, sizeof(unit.name)))
        snprintf(unit.name, sizeof(unit.name), "(no name)");
    *ret = unit;
}

void mf_unit_multiply(const struct mf_unit *a, const struct mf_unit *b, struct mf_unit *ret)
{
    combine(a, b, false, ret);
}

void mf_unit_divide(const struct mf_unit *a, const struct mf_unit *b, struct mf_unit *ret)
{
    combine(a, b, true, ret);
}

void mf_unit_delta(const struct mf_unit *unit, struct mf_unit *ret)
{
    struct mf_unit delta = *unit;
    const struct mf_unit *known;

    delta.offset = 0;
    known = mf_unit_is_affine(unit) ? find_same(&delta) : NULL;
    *ret = known ? *known : delta;
}
