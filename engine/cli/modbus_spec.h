/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Registers as people write them on the command line: [AREA:]FIRST[..LAST][:TYPE][=VALUE]
 *
 *   52   input:0:f2   coil:3..8   holding:100:float32=230.5
 *
 * Types are those of `modbus.read`, or short codes: u1 u2 u4 s1 s2 s4 f2 f4 (without and with a
 * sign, floats; the digit is the number of registers), x and X (a bit, and its opposite), cN text
 * and bN bytes, N of them. Capitals have the low part first.
 */

#include "nodes/modbus/number.h"

struct mf_modbus_spec {
    enum mf_modbus_area area;
    unsigned first, last; /* address of the first value, last address that may be one */
    struct mf_modbus_number number;
    bool is_bytes;     /* shown as hex digits */
    unsigned bytes;    /* of them, or of a text */
    const char *value; /* within the text; NULL: none */
};

/* `type` is that of what names none; NULL: one register without a sign, or a bit. Negative with a
 * sentence. */
int mf_modbus_spec_read(const char *text, const char *type, struct mf_modbus_spec *ret,
                        struct mf_error *err);
/* Values from `first` to `last`. */
static inline unsigned mf_modbus_spec_count(const struct mf_modbus_spec *spec)
{
    return (spec->last - spec->first) / spec->number.words + 1;
}
/* The words of spec->value. */
int mf_modbus_spec_words(const struct mf_modbus_spec *spec, uint16_t *words, struct mf_error *err);
/* What words mean. The caller owns the value. */
int mf_modbus_spec_value(const struct mf_modbus_spec *spec, const uint16_t *words,
                         struct mf_value *ret, struct mf_error *err);
