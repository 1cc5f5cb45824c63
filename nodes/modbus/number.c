/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See number.h. */

#include "nodes/modbus/number.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/value/wire.h"

enum { NUMBER_WORDS = 4, DIGITS_PER_WORD = 4, BCD_WORDS = 4, POWER_MAX = 30 };

const struct mf_choice mf_modbus_types[] = {
    {"int16", MF_MODBUS_INT16, "One register with a sign."},
    {"uint16", MF_MODBUS_UINT16, "One register without a sign."},
    {"int32", MF_MODBUS_INT32, "Two registers with a sign."},
    {"uint32", MF_MODBUS_UINT32, "Two registers without a sign."},
    {"int64", MF_MODBUS_INT64, "Four registers with a sign."},
    {"uint64", MF_MODBUS_UINT64, "Four registers without a sign; above 2^63-1 it is bad."},
    {"float32", MF_MODBUS_FLOAT32, "Two registers, IEEE 754 single."},
    {"float64", MF_MODBUS_FLOAT64, "Four registers, IEEE 754 double."},
    {"bit", MF_MODBUS_BIT, "A coil or discrete input; of a register: whether it is not 0."},
    {"text", MF_MODBUS_TEXT, "UTF-8 text of `length` registers, up to the first NUL."},
    {"bcd", MF_MODBUS_BCD, "Four decimal digits per register, `length` registers (1 to 4)."},
    {"bytes", MF_MODBUS_BYTES, "The bytes of `length` registers as they come."},
    {0},
};

static const struct {
    uint8_t words;
    bool is_signed, is_float;
} facts[] = {
    [MF_MODBUS_INT16] = {1, true, false},  [MF_MODBUS_UINT16] = {1, false, false},
    [MF_MODBUS_INT32] = {2, true, false},  [MF_MODBUS_UINT32] = {2, false, false},
    [MF_MODBUS_INT64] = {4, true, false},  [MF_MODBUS_UINT64] = {4, false, false},
    [MF_MODBUS_FLOAT32] = {2, true, true}, [MF_MODBUS_FLOAT64] = {4, true, true},
    [MF_MODBUS_BIT] = {1, false, false},   [MF_MODBUS_TEXT] = {0, false, false},
    [MF_MODBUS_BCD] = {0, false, false},   [MF_MODBUS_BYTES] = {0, false, false},
};

unsigned mf_modbus_type_words(enum mf_modbus_type type)
{
    return facts[type].words;
}

uint32_t mf_modbus_number_types(const struct mf_modbus_number *number)
{
    if (number->type == MF_MODBUS_BIT)
        return MF_T(MF_BOOL);
    if (number->type == MF_MODBUS_TEXT)
        return MF_T(MF_TEXT);
    if (number->type == MF_MODBUS_BYTES)
        return MF_T(MF_BYTES);
    if (number->is_scaled || facts[number->type].is_float)
        return MF_T(MF_NUMBER);
    return MF_T(MF_INT);
}

/* ---- order of words and bytes ---- */

static uint16_t ordered(const struct mf_modbus_number *number, uint16_t word)
{
    return (uint16_t)(number->has_low_byte_first ? word << 8 | word >> 8 : word);
}

static unsigned place(const struct mf_modbus_number *number, unsigned i)
{
    return number->has_low_word_first ? number->words - 1 - i : i;
}

static uint64_t gather(const struct mf_modbus_number *number, const uint16_t *words)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < number->words; i++)
        bits = bits << 16 | ordered(number, words[place(number, i)]);
    return bits;
}

static void scatter(const struct mf_modbus_number *number, uint64_t bits, uint16_t *words)
{
    for (unsigned i = number->words; i-- > 0; bits >>= 16)
        words[place(number, i)] = ordered(number, (uint16_t)bits);
}

/* ---- out of registers ---- */

static void bytes_of(const struct mf_modbus_number *number, const uint16_t *words, char *ret)
{
    for (unsigned i = 0; i < number->words; i++) {
        uint16_t word = ordered(number, words[i]);

        ret[2 * i] = (char)(word >> 8);
        ret[2 * i + 1] = (char)word;
    }
}

static int decode_text(const struct mf_modbus_number *number, const uint16_t *words,
                       struct mf_value *ret, struct mf_error *err)
{
    char text[2 * MF_MODBUS_VALUE_WORDS];
    size_t len;

    bytes_of(number, words, text);
    if (number->type == MF_MODBUS_BYTES) {
        *ret = mf_value_new_bytes(text, 2 * (size_t)number->words);
        return 0;
    }
    len = strnlen(text, 2 * number->words);
    if (mf_utf8_valid(text, len) != len)
        return mf_fail(err, MF_EINVAL, "the registers hold no UTF-8 text");
    *ret = mf_value_new_text_n(text, len);
    return 0;
}

static int decode_bcd(uint64_t bits, int64_t *ret, struct mf_error *err)
{
    int64_t number = 0, weight = 1;

    for (; bits; bits >>= 4, weight *= 10) {
        if ((bits & 15) > 9)
            return mf_fail(err, MF_EINVAL, "the registers hold no decimal digits");
        number += (int64_t)(bits & 15) * weight;
    }
    *ret = number;
    return 0;
}

static int decode_whole(const struct mf_modbus_number *number, uint64_t bits, int64_t *ret,
                        struct mf_error *err)
{
    unsigned spare = 64 - 16 * number->words;

    if (number->type == MF_MODBUS_BCD)
        return decode_bcd(bits, ret, err);
    if (facts[number->type].is_signed)
        *ret = (int64_t)(bits << spare) >> spare;
    else if (bits > INT64_MAX)
        return mf_fail(err, MF_EINVAL, "%llu is above the largest whole number, 2^63-1",
                       (unsigned long long)bits);
    else
        *ret = (int64_t)bits;
    return 0;
}

static double scaled(const struct mf_modbus_number *number, double raw)
{
    /* 0.1 is not exact, 10 is: 23 * 0.1 would be 2.3000000000000003. */
    double inverse = 1 / number->scale;

    if (fabs(number->scale) < 1 && fabs(inverse - round(inverse)) < 1e-9 * fabs(inverse))
        return raw / round(inverse) + number->offset;
    return raw * number->scale + number->offset;
}

int mf_modbus_decode(const struct mf_modbus_number *number, const uint16_t *words,
                     struct mf_value *ret, struct mf_error *err)
{
    uint64_t bits;
    int64_t whole = 0;
    double real;
    int rc;

    if (number->type == MF_MODBUS_TEXT || number->type == MF_MODBUS_BYTES)
        return decode_text(number, words, ret, err);
    bits = gather(number, words);
    if (number->has_absent && bits == number->absent)
        return mf_fail(err, MF_EINVAL, "the device has no such value");
    if (number->type == MF_MODBUS_BIT) {
        if (number->has_bit)
            bits &= UINT64_C(1) << number->bit;
        *ret = mf_value_bool((bits != 0) != number->is_inverted);
        return 0;
    }
    if (facts[number->type].is_float) {
        real = number->words == 2 ? mf_float32_read((uint32_t)bits) : mf_float64_read(bits);
    } else {
        rc = decode_whole(number, bits, &whole, err);
        if (rc < 0)
            return rc;
        real = (double)whole;
    }
    if (number->is_scaled)
        *ret = mf_value_number(scaled(number, real));
    else
        *ret = facts[number->type].is_float ? mf_value_number(real) : mf_value_int(whole);
    return 0;
}

/* ---- into registers ---- */

static int encode_text(const struct mf_modbus_number *number, const struct mf_value *value,
                       uint16_t *words, struct mf_error *err)
{
    size_t len;
    const char *text = mf_value_text(value, &len);

    if (len > 2 * number->words)
        return mf_fail(err, MF_EINVAL, "%zu bytes do not fit into %u registers", len,
                       number->words);
    for (unsigned i = 0; i < number->words; i++) {
        unsigned high = 2 * i < len ? (uint8_t)text[2 * i] : 0;
        unsigned low = 2 * i + 1 < len ? (uint8_t)text[2 * i + 1] : 0;

        words[i] = ordered(number, (uint16_t)(high << 8 | low));
    }
    return 0;
}

static int does_not_fit(const struct mf_modbus_number *number, double raw, struct mf_error *err)
{
    char text[MF_NUM_TEXT];

    mf_num_print_double(raw, text);
    return mf_fail(err, MF_EINVAL, "%s does not fit into a register of type %s", text,
                   mf_modbus_types[number->type].name);
}

static int encode_bcd(const struct mf_modbus_number *number, double raw, uint64_t *ret,
                      struct mf_error *err)
{
    uint64_t whole, bits = 0;

    if (!(raw >= 0) || raw >= pow(10, DIGITS_PER_WORD * (double)number->words))
        return does_not_fit(number, raw, err);
    whole = (uint64_t)raw;
    for (unsigned shift = 0; whole; shift += 4, whole /= 10)
        bits |= whole % 10 << shift;
    *ret = bits;
    return 0;
}

static int encode_whole(const struct mf_modbus_number *number, double raw, uint64_t *ret,
                        struct mf_error *err)
{
    bool is_signed = facts[number->type].is_signed;
    int bits = 16 * (int)number->words - is_signed;

    raw = round(raw);
    if (number->type == MF_MODBUS_BCD)
        return encode_bcd(number, raw, ret, err);
    if (!(raw >= (is_signed ? -ldexp(1, bits) : 0)) || raw >= ldexp(1, bits))
        return does_not_fit(number, raw, err);
    *ret = is_signed ? (uint64_t)(int64_t)raw : (uint64_t)raw;
    return 0;
}

static int encode_float(const struct mf_modbus_number *number, double raw, uint64_t *ret,
                        struct mf_error *err)
{
    uint32_t single;
    float rounded = (float)raw;

    if (number->words == 4) {
        *ret = mf_float64_write(raw);
        return 0;
    }
    if (!isfinite(rounded) || !mf_float32_write((double)rounded, &single))
        return does_not_fit(number, raw, err);
    *ret = single;
    return 0;
}

int mf_modbus_encode(const struct mf_modbus_number *number, const struct mf_value *value,
                     uint16_t *words, struct mf_error *err)
{
    uint64_t bits = 0;
    double raw;
    int rc;

    if (number->type == MF_MODBUS_TEXT || number->type == MF_MODBUS_BYTES)
        return encode_text(number, value, words, err);
    if (number->type == MF_MODBUS_BIT && number->has_bit)
        return mf_fail(err, MF_EINVAL, "a single bit of a register cannot be written");
    if (number->type == MF_MODBUS_BIT) {
        scatter(number, mf_value_is_true(value) != number->is_inverted, words);
        return 0;
    }
    /* A whole number beyond 2^53 is kept exact. */
    if (value->type == MF_INT && !number->is_scaled && number->words == NUMBER_WORDS &&
        !facts[number->type].is_float && number->type != MF_MODBUS_BCD &&
        (facts[number->type].is_signed || value->integer >= 0)) {
        scatter(number, (uint64_t)value->integer, words);
        return 0;
    }
    raw = mf_value_as_number(value);
    if (number->is_scaled)
        raw = (raw - number->offset) / number->scale;
    rc = facts[number->type].is_float ? encode_float(number, raw, &bits, err)
                                      : encode_whole(number, raw, &bits, err);
    if (rc == 0)
        scatter(number, bits, words);
    return rc;
}

/* ---- a number at its place ---- */

int mf_modbus_cell_decode(const struct mf_modbus_cell *cell, const uint16_t *words,
                          struct mf_value *ret, struct mf_error *err)
{
    struct mf_modbus_number number = cell->number;
    int16_t power;

    if (cell->has_power) {
        power = (int16_t)words[cell->power - cell->from];
        if (power < -POWER_MAX || power > POWER_MAX)
            return mf_fail(err, MF_EINVAL, "register %u holds %d, which is no power of ten",
                           cell->power, power);
        number.scale = power < 0 ? number.scale / pow(10, -power) : number.scale * pow(10, power);
    }
    return mf_modbus_decode(&number, words + (cell->address - cell->from), ret, err);
}
