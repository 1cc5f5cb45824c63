/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See modbus_spec.h. */

#include "engine/cli/modbus_spec.h"

#include <ctype.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/schema.h"

enum { ADDRESSES = 65536, WORD_BITS = 16, BCD_WORDS = 1 };

/* ---- types ---- */

static const struct {
    char letter, words;
    enum mf_modbus_type type;
} codes[] = {
    {'u', '1', MF_MODBUS_UINT16},  {'u', '2', MF_MODBUS_UINT32},  {'u', '4', MF_MODBUS_UINT64},
    {'s', '1', MF_MODBUS_INT16},   {'s', '2', MF_MODBUS_INT32},   {'s', '4', MF_MODBUS_INT64},
    {'f', '2', MF_MODBUS_FLOAT32}, {'f', '4', MF_MODBUS_FLOAT64},
};

static void set_type(struct mf_modbus_spec *spec, enum mf_modbus_type type)
{
    spec->number.type = type;
    spec->number.words = mf_modbus_type_words(type);
    spec->number.scale = 1;
}

/* c10, B4. */
static bool read_bytes(const char *text, struct mf_modbus_spec *spec)
{
    char letter = (char)tolower((unsigned char)*text);
    int64_t bytes;

    if ((letter != 'c' && letter != 'b') || !mf_num_read_int(text + 1, strlen(text + 1), &bytes) ||
        bytes < 1 || bytes > 2 * MF_MODBUS_VALUE_WORDS)
        return false;
    set_type(spec, MF_MODBUS_TEXT);
    spec->is_bytes = letter == 'b';
    spec->bytes = (unsigned)bytes;
    spec->number.words = (spec->bytes + 1) / 2;
    spec->number.has_low_byte_first = isupper((unsigned char)*text);
    return true;
}

static bool read_code(const char *text, struct mf_modbus_spec *spec)
{
    char letter = (char)tolower((unsigned char)*text);

    if (strcmp(text, "x") == 0 || strcmp(text, "X") == 0) {
        set_type(spec, MF_MODBUS_BIT);
        spec->number.is_inverted = *text == 'X';
        return true;
    }
    if (strcmp(text, "raw") == 0)
        text = "u1";
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if ((letter == codes[i].letter || *text == codes[i].letter) && text[1] == codes[i].words &&
            !text[2]) {
            set_type(spec, codes[i].type);
            spec->number.has_low_word_first = isupper((unsigned char)*text);
            return true;
        }
    return read_bytes(text, spec);
}

static bool read_name(const char *text, struct mf_modbus_spec *spec)
{
    for (const struct mf_choice *choice = mf_modbus_types; choice->name; choice++)
        if (strcmp(choice->name, text) == 0 && choice->value != MF_MODBUS_TEXT &&
            choice->value != MF_MODBUS_BYTES) {
            set_type(spec, (enum mf_modbus_type)choice->value);
            if (choice->value == MF_MODBUS_BCD)
                spec->number.words = BCD_WORDS;
            return true;
        }
    return false;
}

static int read_type(const char *text, struct mf_modbus_spec *spec, struct mf_error *err)
{
    if (mf_modbus_has_bits(spec->area)) {
        set_type(spec, MF_MODBUS_BIT);
        if (!text || strcmp(text, "x") == 0 || strcmp(text, "bit") == 0)
            return 0;
        spec->number.is_inverted = strcmp(text, "X") == 0;
        return spec->number.is_inverted
                   ? 0
                   : mf_fail(err, MF_EINVAL, "a coil or discrete input is a single bit, not `%s`",
                             text);
    }
    if (!text)
        set_type(spec, MF_MODBUS_UINT16);
    else if (!read_name(text, spec) && !read_code(text, spec))
        return mf_fail(err, MF_EINVAL,
                       "there is no type `%s`; types are int16, uint32, float32 …, or u1, s2, f2, "
                       "x, c10, b4 …",
                       text);
    return 0;
}

/* ---- the whole ---- */

/* Moves behind the area, if there is one. */
static const char *read_area(const char *text, struct mf_modbus_spec *spec)
{
    size_t len = strcspn(text, ":");

    spec->area = MF_MODBUS_HOLDING;
    for (unsigned i = 0; i < 4 && text[len]; i++)
        if (mf_text_eq(text, len, mf_modbus_area_names[i]) ||
            (len == 1 && *text == *mf_modbus_area_names[i])) {
            spec->area = (enum mf_modbus_area)i;
            return text + len + 1;
        }
    return text;
}

static int read_addresses(const char *text, size_t len, struct mf_modbus_spec *spec,
                          struct mf_error *err)
{
    const char *dots = memmem(text, len, "..", 2);
    size_t first_len = dots ? (size_t)(dots - text) : len;
    int64_t first, last;
    bool ok = mf_num_read_int(text, first_len, &first);

    last = first;
    if (ok && dots)
        ok = mf_num_read_int(dots + 2, len - first_len - 2, &last);
    if (!ok || first < 0 || last < first || last >= ADDRESSES)
        return mf_fail(err, MF_EINVAL,
                       "`%.*s` is no register; write an address from 0 to 65535, such as 52 or "
                       "`input:0`, or a range such as 0..9",
                       (int)len, text);
    spec->first = (unsigned)first;
    spec->last = (unsigned)last;
    return 0;
}

int mf_modbus_spec_read(const char *text, const char *type, struct mf_modbus_spec *ret,
                        struct mf_error *err)
{
    char own[16] = "";
    const char *end, *colon;
    size_t len;
    int rc;

    memset(ret, 0, sizeof(*ret));
    ret->value = strchr(text, '=');
    end = ret->value ? ret->value++ : text + strlen(text);
    text = read_area(text, ret);
    colon = memchr(text, ':', (size_t)(end - text));
    rc = read_addresses(text, (size_t)((colon ? colon : end) - text), ret, err);
    if (rc < 0)
        return rc;
    if (colon) {
        len = (size_t)(end - colon) - 1;
        memcpy(own, colon + 1, len < sizeof(own) ? len : sizeof(own) - 1);
        type = own;
    }
    rc = read_type(type, ret, err);
    if (rc < 0)
        return rc;
    if (ret->first + mf_modbus_spec_count(ret) * ret->number.words > ADDRESSES)
        return mf_fail(err, MF_EINVAL, "the value reaches beyond the last register, 65535");
    return 0;
}

/* ---- values ---- */

static bool read_hex(const char *text, unsigned bytes, uint16_t *words)
{
    for (unsigned i = 0; i < bytes; i++) {
        char digits[5] = {'0', 'x', text[2 * i], 0};
        int64_t byte;

        if (digits[2])
            digits[3] = text[2 * i + 1];
        if (!digits[3] || !mf_num_read_int(digits, 4, &byte))
            return false;
        words[i / 2] |= (uint16_t)(byte << (i % 2 ? 0 : WORD_BITS / 2));
    }
    return text[2 * bytes] == 0;
}

static int bytes_words(const struct mf_modbus_spec *spec, uint16_t *words, struct mf_error *err)
{
    memset(words, 0, spec->number.words * sizeof(*words));
    if (!read_hex(spec->value, spec->bytes, words))
        return mf_fail(err, MF_EINVAL, "`%s` is not %u bytes; write two hex digits for each",
                       spec->value, spec->bytes);
    for (unsigned i = 0; i < spec->number.words && spec->number.has_low_byte_first; i++)
        words[i] = (uint16_t)(words[i] << 8 | words[i] >> 8);
    return 0;
}

static int text_words(const struct mf_modbus_spec *spec, uint16_t *words, struct mf_error *err)
{
    struct mf_value value;
    int rc;

    if (strlen(spec->value) > spec->bytes)
        return mf_fail(err, MF_EINVAL, "`%s` is longer than %u bytes", spec->value, spec->bytes);
    value = mf_value_new_text_n(spec->value, strlen(spec->value));
    rc = mf_modbus_encode(&spec->number, &value, words, err);
    mf_value_drop(value);
    return rc;
}

int mf_modbus_spec_words(const struct mf_modbus_spec *spec, uint16_t *words, struct mf_error *err)
{
    const char *text = spec->value;
    struct mf_value value = {0};
    double number;
    int64_t whole;

    if (spec->is_bytes)
        return bytes_words(spec, words, err);
    if (spec->number.type == MF_MODBUS_TEXT)
        return text_words(spec, words, err);
    for (const struct mf_bool_word *word = mf_bool_words; word->text; word++)
        if (strcmp(word->text, text) == 0)
            value = mf_value_bool(word->value);
    if (mf_num_read_int(text, strlen(text), &whole))
        value = mf_value_int(whole);
    else if (mf_num_read_double(text, strlen(text), &number))
        value = mf_value_number(number);
    if (value.type == MF_NULL || (value.type == MF_BOOL && spec->number.type != MF_MODBUS_BIT))
        return mf_fail(err, MF_EINVAL, "`%s` is no value for a register", text);
    return mf_modbus_encode(&spec->number, &value, words, err);
}

int mf_modbus_spec_value(const struct mf_modbus_spec *spec, const uint16_t *words,
                         struct mf_value *ret, struct mf_error *err)
{
    char text[4 * MF_MODBUS_VALUE_WORDS];

    if (!spec->is_bytes)
        return mf_modbus_decode(&spec->number, words, ret, err);
    for (unsigned i = 0; i < spec->bytes; i++) {
        static const char hex[] = "0123456789abcdef";
        bool is_high = (i % 2 == 0) != spec->number.has_low_byte_first;
        unsigned byte = is_high ? words[i / 2] >> 8 : words[i / 2] & 0xff;

        text[2 * i] = hex[byte >> 4];
        text[2 * i + 1] = hex[byte & 15];
    }
    *ret = mf_value_new_text_n(text, 2 * spec->bytes);
    return 0;
}
