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
};
extern const struct mf_choice mf_modbus_types[];

enum { MF_MODBUS_VALUE_WORDS = MF_MODBUS_WRITE_WORDS };

struct mf_modbus_number {
    enum mf_modbus_type type;
    bool has_low_word_first, has_low_byte_first;
    unsigned words;       /* that it takes; bits of coils and discrete inputs: 1 */
    bool is_scaled;       /* value = register * scale + offset */
    double scale, offset; /* scale is not 0 */
};

/* Words of the types that have a size of their own, 0 for text and BCD. */
unsigned mf_modbus_type_words(enum mf_modbus_type type);
/* What comes out: set of MF_T(). */
uint32_t mf_modbus_number_types(const struct mf_modbus_number *number);

/* Negative with a sentence when the words hold no such value: a BCD digit above 9, a text that is
 * not UTF-8, an unsigned number above the largest int. */
int mf_modbus_decode(const struct mf_modbus_number *number, const uint16_t *words,
                     struct mf_value *ret, struct mf_error *err);
/* Rounds to the nearest; negative with a sentence when the value does not fit. */
int mf_modbus_encode(const struct mf_modbus_number *number, const struct mf_value *value,
                     uint16_t *words, struct mf_error *err);
