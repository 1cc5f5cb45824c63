/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Values in registers: which words make a number, a text or a bit, in the order that the device
 * uses.
 *
 * The standard knows words of 16 bits, high byte first, and nothing longer; makers put longer
 * ones together as they like. `words: big` has the high word first ("ABCD"), `little` the
 * low one ("CDAB"); `bytes: little` swaps the bytes within each word ("BADC", "DCBA").
 */

#include "engine/config/option.h"
#include "engine/value/value.h"
#include "nodes/modbus/pdu.h"

enum mf_modbus_type {
    MF_MODBUS_INT16,
    MF_MODBUS_UINT16,
    MF_MODBUS_INT32,
    MF_MODBUS_UINT32,
    MF_MODBUS_INT64,
    MF_MODBUS_UINT64,
    MF_MODBUS_FLOAT32,
    MF_MODBUS_FLOAT64,
    MF_MODBUS_BIT,
    MF_MODBUS_TEXT,
    MF_MODBUS_BCD,
    MF_MODBUS_BYTES,
};
extern const struct mf_choice mf_modbus_types[];

enum { MF_MODBUS_VALUE_WORDS = MF_MODBUS_WRITE_WORDS };

struct mf_modbus_number {
    enum mf_modbus_type type;
    bool has_low_word_first, has_low_byte_first;
    unsigned words;   /* that it takes; bits of coils and discrete inputs: 1 */
    bool is_inverted; /* of a bit: true where 0 is held */
    bool has_bit;     /* a bit: number `bit` of the words, 0 the lowest; else whether any is set */
    uint8_t bit;
    bool has_absent; /* the device has no value when the words make `absent` */
    uint64_t absent;
    bool is_scaled;       /* value = register * scale + offset */
    double scale, offset; /* scale is not 0 */
};

/* Words of the types that have a size of their own, 0 for text, bytes and BCD. */
unsigned mf_modbus_type_words(enum mf_modbus_type type);
/* What comes out: set of MF_T(). */
uint32_t mf_modbus_number_types(const struct mf_modbus_number *number);

/* Negative with a sentence when the words hold no such value: a BCD digit above 9, a text that is
 * not UTF-8, an unsigned number above the largest int; nothing at all (`absent`). */
int mf_modbus_decode(const struct mf_modbus_number *number, const uint16_t *words,
                     struct mf_value *ret, struct mf_error *err);
/* Rounds to the nearest; a single bit of a register cannot be written. Negative with a sentence
 * when the value does not fit. */
int mf_modbus_encode(const struct mf_modbus_number *number, const struct mf_value *value,
                     uint16_t *words, struct mf_error *err);

/* ---- a number at its place ---- */

struct mf_modbus_cell {
    enum mf_modbus_area area;
    uint16_t address;
    struct mf_modbus_number number;
    /* SunSpec: another register, an int16, holds the power of ten that the number is to be
     * multiplied with. Both are read at once, so that they belong together. */
    bool has_power;
    uint16_t power;
    uint16_t from, count; /* what a read asks for; without a power just the value */
};

/* `words` begin at cell->from. As mf_modbus_decode(). */
int mf_modbus_cell_decode(const struct mf_modbus_cell *cell, const uint16_t *words,
                          struct mf_value *ret, struct mf_error *err);
