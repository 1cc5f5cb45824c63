/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a unit, a quantity, a duration and a size: each is refused with a sentence fit for a
 * terminal, or means what its print means when that is read again.
 */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/value/unit.h"

enum { DIM_MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_refusal(const struct mf_error *err)
{
    size_t len = strlen(err->text);

    demand(err->code == MF_EINVAL && len > 0);
    demand(mf_utf8_valid(err->text, len) == len);
    for (size_t i = 0; i < len; i++)
        demand((unsigned char)err->text[i] >= 0x20);
}

static void check_algebra(const struct mf_unit *unit)
{
    struct mf_unit product, back, delta;
    struct mf_linear linear;
    char formula[64];

    demand(mf_unit_convert(unit, unit, false, &linear) && linear.mul == 1 && linear.add == 0);
    mf_unit_delta(unit, &delta);
    demand(!mf_unit_is_affine(&delta) && mf_unit_same_dim(unit, &delta));
    mf_unit_multiply(unit, unit, &product);
    mf_unit_divide(&product, unit, &back);
    for (unsigned i = 0; i < MF_DIMS; i++)
        demand(abs(unit->dim[i]) < DIM_MAX && abs(product.dim[i]) <= DIM_MAX);
    demand(strlen(mf_unit_dimension(&product, formula)) < sizeof(formula));
    demand(strlen(product.name) < MF_UNIT_TEXT);
}

static void check_unit(const char *text, size_t len)
{
    struct mf_error err = {0};
    struct mf_unit unit, again;

    if (mf_unit_read(text, len, &unit, &err) < 0) {
        check_refusal(&err);
        return;
    }
    demand(unit.factor > 0 && isfinite(unit.factor) && isfinite(unit.offset));
    demand(mf_unit_read(unit.name, strlen(unit.name), &again, NULL) == 0);
    demand(mf_unit_equal(&unit, &again));
    check_algebra(&unit);
}

static void check_quantity(const char *text, size_t len)
{
    bool has_unit = false, has_again = false;
    struct mf_unit unit, again;
    struct mf_error err = {0};
    struct mf_buf buf = {0};
    double number, back;

    if (mf_quantity_read(text, len, &number, &unit, &has_unit, &err) < 0) {
        check_refusal(&err);
        return;
    }
    demand(isfinite(number));
    mf_quantity_print(number, has_unit ? &unit : NULL, &buf);
    demand(mf_quantity_read(buf.data, buf.len, &back, &again, &has_again, NULL) == 0);
    demand(back == number && has_again == has_unit);
    demand(!has_unit || mf_unit_equal(&unit, &again));
    mf_buf_done(&buf);
}

static void check_duration(const char *text, size_t len, bool allow_negative)
{
    struct mf_error err = {0};
    struct mf_buf buf = {0};
    int64_t ns, back;

    if (mf_duration_read(text, len, allow_negative, &ns, &err) < 0) {
        check_refusal(&err);
        return;
    }
    demand(allow_negative || ns >= 0);
    mf_duration_print(ns, &buf);
    demand(mf_duration_read(buf.data, buf.len, allow_negative, &back, NULL) == 0 && back == ns);
    mf_buf_done(&buf);
}

static void check_size(const char *text, size_t len)
{
    struct mf_error err = {0};
    struct mf_buf buf = {0};
    int64_t bytes, back;

    if (mf_size_read(text, len, &bytes, &err) < 0) {
        check_refusal(&err);
        return;
    }
    demand(bytes >= 0);
    mf_size_print(bytes, &buf);
    demand(mf_size_read(buf.data, buf.len, &back, NULL) == 0 && back == bytes);
    mf_buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    check_unit(text, size);
    check_quantity(text, size);
    check_duration(text, size, false);
    check_duration(text, size, true);
    check_size(text, size);
    return 0;
}
