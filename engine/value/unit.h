/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Units: what a number on a port means.
 *
 * A unit is a dimension (exponents of base quantities), a factor and an offset
 * to the coherent SI unit, and the text people wrote. Units are checked and
 * converted when a flow is compiled; at run time nothing is left of them but a
 * multiply-add on edges that convert. Products and quotients are units too:
 * `W/s`, `EUR/kWh`, `m3/h`, `W*h`.
 *
 * Temperatures: °C and °F have an offset. As a *difference* (a deadband, a ramp)
 * only the factor counts, and the difference of two °C is in K.
 * `%` is a ratio of 0.01; it does not convert to a bare number silently: a port without a unit has
 * no unit at all (a NULL pointer), which is something else than a ratio of 1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/error.h"

enum mf_dimension {
    MF_DIM_LENGTH,
    MF_DIM_MASS,
    MF_DIM_TIME,
    MF_DIM_CURRENT,
    MF_DIM_TEMPERATURE,
    MF_DIM_AMOUNT,
    MF_DIM_LIGHT,
    MF_DIM_ANGLE,
    MF_DIM_DATA,
    MF_DIM_MONEY,    /* EUR, ct */
    MF_DIM_MONEY2,   /* USD; other currencies do not convert into each other */
    MF_DIM_REACTIVE, /* var, varh; apparent power (VA) is told apart by APPARENT */
    MF_DIM_APPARENT,
    MF_DIMS,
};

enum { MF_UNIT_TEXT = 24 };

struct mf_unit {
    int8_t dim[MF_DIMS];
    bool is_ratio_named; /* `%`, `‰`: a ratio with a name of its own */
    double factor;       /* SI = factor * x + offset */
    double offset;
    char name[MF_UNIT_TEXT]; /* as written */
};

/* x_to = mul * x_from + add */
struct mf_linear {
    double mul, add;
};

/* Reads a unit: prefixes (n µ u m c k M G T) where they are usual, ° and ascii spellings (degC),
 * `*` `·` `/` `^2` `²` `³`, `m3`. The error names the nearest unit. */
int mf_unit_read(const char *text, size_t len, struct mf_unit *ret, struct mf_error *err);

bool mf_unit_same_dim(const struct mf_unit *a, const struct mf_unit *b);
/* Same dimension, factor and offset: no conversion is needed. */
bool mf_unit_equal(const struct mf_unit *a, const struct mf_unit *b);
/* False where the dimensions differ. `delta`: both are differences, offsets do not count. */
bool mf_unit_convert(const struct mf_unit *from, const struct mf_unit *to, bool delta,
                     struct mf_linear *ret);
/* Converts a number that a person wrote, to 14 digits: 68 °F is 20 °C, not 20.000000000000007. */
double mf_unit_convert_literal(const struct mf_linear *linear, double number);
bool mf_unit_is_affine(const struct mf_unit *unit); /* °C, °F */
bool mf_unit_is_ratio(const struct mf_unit *unit);  /* no dimension */

/* Named results where a name is known (W * h → Wh, Wh / h → W, V * A → VA is not assumed: W). */
void mf_unit_multiply(const struct mf_unit *a, const struct mf_unit *b, struct mf_unit *ret);
void mf_unit_divide(const struct mf_unit *a, const struct mf_unit *b, struct mf_unit *ret);
void mf_unit_delta(const struct mf_unit *unit, struct mf_unit *ret); /* °C → K, °F → K·5/9 */

/* "power", "energy", "temperature", "a ratio", or the formula for what has no name. */
const char *mf_unit_dimension(const struct mf_unit *unit, char out[64]);

/* All unit names with what they mean, for help and completion. */
struct mf_unit_info {
    const char *name, *meaning;
    const char *dimension;
};
const struct mf_unit_info *mf_unit_list(size_t *ret_count);

/* ---- literals ---- */

/* `20 W`, `-1.5kWh`, `5 %`, `1e3`; the whole text. `ret_unit` is set when *ret_has_unit. */
int mf_quantity_read(const char *text, size_t len, double *ret_number, struct mf_unit *ret_unit,
                     bool *ret_has_unit, struct mf_error *err);
void mf_quantity_print(double number, const struct mf_unit *unit_or_null, struct mf_buf *buf);

/* `250ms`, `5s`, `1min`, `1h30m`, `2d`, `1.5 h`, `0s`; units ns us µs ms s min m h d w, largest
 * first. A bare number other than 0 is refused: "`5` has no unit; did you mean `5s`?". Negative is
 * refused unless `allow_negative`. At most 100 years. */
int mf_duration_read(const char *text, size_t len, bool allow_negative, int64_t *ret_ns,
                     struct mf_error *err);
void mf_duration_print(int64_t ns, struct mf_buf *buf); /* shortest exact: 1h30m, 250ms */

/* `64 KiB`, `50 MB`, `512`: bytes. */
int mf_size_read(const char *text, size_t len, int64_t *ret_bytes, struct mf_error *err);
void mf_size_print(int64_t bytes, struct mf_buf *buf);

/* ---- regular expressions ----
 * For editors: patterns (as JSON Schema has them, without anchors) of what the readers above take.
 * They know the form of a text, not whether its number is too large. */
void mf_number_pattern(bool allow_negative, struct mf_buf *buf);
/* With `like`: names of its dimension, and everything that looks like a product or power. */
void mf_unit_pattern(const struct mf_unit *like_or_null, struct mf_buf *buf);
void mf_duration_pattern(bool allow_negative, struct mf_buf *buf);
