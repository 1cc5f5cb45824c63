/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values in registers, in each order of words and bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/value/codec.h"
#include "nodes/modbus/number.h"

struct sample {
    enum mf_modbus_type type;
    bool low_word, low_byte;
    uint16_t words[5];
    unsigned count;
    double scale, offset; /* scale 0: not scaled */
    const char *value;    /* as JSON; NULL: refused */
};

static struct mf_modbus_number number_of(const struct sample *sample)
{
    return (struct mf_modbus_number){
        .type = sample->type,
        .has_low_word_first = sample->low_word,
        .has_low_byte_first = sample->low_byte,
        .words = sample->count,
        .is_scaled = sample->scale != 0,
        .scale = sample->scale != 0 ? sample->scale : 1,
        .offset = sample->offset,
    };
}

static const struct sample both_ways[] = {
    {MF_MODBUS_UINT32, false, false, {1, 2}, 2, 0, 0, "65538"},
    {MF_MODBUS_UINT32, true, false, {1, 2}, 2, 0, 0, "131073"},
    {MF_MODBUS_UINT64, true, false, {1, 2, 3, 4}, 4, 0, 0, "1125912791875585"},
    {MF_MODBUS_INT16, false, false, {0xfffb}, 1, 0, 0, "-5"},
    {MF_MODBUS_UINT16, false, false, {0xfffb}, 1, 0, 0, "65531"},
    {MF_MODBUS_UINT16, false, true, {0x3412}, 1, 0, 0, "4660"},
    {MF_MODBUS_INT32, false, false, {0xffff, 0xfffe}, 2, 0, 0, "-2"},
    {MF_MODBUS_INT64, false, false, {0x8000, 0, 0, 0}, 4, 0, 0, "-9223372036854775808"},
    {MF_MODBUS_INT64, false, false, {0x0020, 0, 0, 1}, 4, 0, 0, "9007199254740993"},
    {MF_MODBUS_FLOAT32, false, false, {0x42f6, 0xe979}, 2, 0, 0, "123.45600128173828"},
    {MF_MODBUS_FLOAT32, true, false, {0xe979, 0x42f6}, 2, 0, 0, "123.45600128173828"},
    {MF_MODBUS_FLOAT32, true, true, {0x79e9, 0xf642}, 2, 0, 0, "123.45600128173828"},
    {MF_MODBUS_FLOAT64, false, false, {0x3ff8, 0, 0, 0}, 4, 0, 0, "1.5"},
    {MF_MODBUS_BIT, false, false, {1}, 1, 0, 0, "true"},
    {MF_MODBUS_BIT, false, false, {0}, 1, 0, 0, "false"},
    {MF_MODBUS_TEXT,
     false,
     false,
     {0x68c3, 0xa96c, 0xc3be, 0, 0},
     5,
     0,
     0,
     "\"h\xc3\xa9l\xc3\xbe\""},
    {MF_MODBUS_TEXT, false, true, {0x6261, 0x6463}, 2, 0, 0, "\"abcd\""},
    {MF_MODBUS_BCD, false, false, {0x1234}, 1, 0, 0, "1234"},
    {MF_MODBUS_BCD, false, false, {0x0012, 0x3456}, 2, 0, 0, "123456"},
    {MF_MODBUS_INT16, false, false, {23}, 1, 0.1, 0, "2.3"},
    {MF_MODBUS_INT16, false, false, {7}, 1, 0.1, 0, "0.7"},
    {MF_MODBUS_UINT16, false, false, {100}, 1, 0.5, -40, "10"},
};

/* What is read out of registers is what must be written to get them. */
static void there_and_back(void **state)
{
    for (size_t i = 0; i < sizeof(both_ways) / sizeof(*both_ways); i++) {
        struct mf_modbus_number number = number_of(&both_ways[i]);
        uint16_t words[MF_MODBUS_VALUE_WORDS] = {0};
        struct mf_buf text = {0};
        struct mf_value value;
        struct mf_error err;

        assert_int_equal(mf_modbus_decode(&number, both_ways[i].words, &value, &err), 0);
        mf_json_write(&value, &text);
        assert_string_equal(mf_buf_text(&text), both_ways[i].value);
        assert_int_equal(mf_modbus_encode(&number, &value, words, &err), 0);
        assert_memory_equal(words, both_ways[i].words, both_ways[i].count * sizeof(*words));
        mf_value_drop(value);
        mf_buf_done(&text);
    }
}

/* Registers that hold no such value. */
static void not_decodable(void **state)
{
    static const struct sample samples[] = {
        {MF_MODBUS_BCD, false, false, {0x12a4}, 1, 0, 0, NULL},
        {MF_MODBUS_TEXT, false, false, {0xff41}, 1, 0, 0, NULL},
        {MF_MODBUS_UINT64, false, false, {0x8000, 0, 0, 0}, 4, 0, 0, NULL},
    };

    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        struct mf_modbus_number number = number_of(&samples[i]);
        struct mf_value value;
        struct mf_error err;

        assert_true(mf_modbus_decode(&number, samples[i].words, &value, &err) < 0);
    }
}

/* Rounds to the nearest; what does not fit is refused. */
static void into_registers(void **state)
{
    static const struct {
        struct sample to;
        double number;
        int first; /* -1: refused */
    } cases[] = {
        {{MF_MODBUS_INT16, false, false, {0}, 1, 0.1, 0, NULL}, 2.3, 23},
        {{MF_MODBUS_INT16, false, false, {0}, 1, 0.1, 0, NULL}, 2.36, 24},
        {{MF_MODBUS_INT16, false, false, {0}, 1, 0, 0, NULL}, -0.6, 0xffff},
        {{MF_MODBUS_INT16, false, false, {0}, 1, 0, 0, NULL}, 32767.4, 32767},
        {{MF_MODBUS_INT16, false, false, {0}, 1, 0, 0, NULL}, 32767.6, -1},
        {{MF_MODBUS_INT16, false, false, {0}, 1, 0, 0, NULL}, -32769, -1},
        {{MF_MODBUS_UINT16, false, false, {0}, 1, 0, 0, NULL}, 65535, 65535},
        {{MF_MODBUS_UINT16, false, false, {0}, 1, 0, 0, NULL}, 65536, -1},
        {{MF_MODBUS_UINT16, false, false, {0}, 1, 0, 0, NULL}, -1, -1},
        {{MF_MODBUS_BCD, false, false, {0}, 1, 0, 0, NULL}, 9999, 0x9999},
        {{MF_MODBUS_BCD, false, false, {0}, 1, 0, 0, NULL}, 10000, -1},
        {{MF_MODBUS_FLOAT32, false, false, {0}, 2, 0, 0, NULL}, 1e39, -1},
        {{MF_MODBUS_FLOAT32, false, false, {0}, 2, 0, 0, NULL}, 0.1, 0x3dcc},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_modbus_number number = number_of(&cases[i].to);
        struct mf_value value = mf_value_number(cases[i].number);
        uint16_t words[MF_MODBUS_VALUE_WORDS] = {0};
        struct mf_error err;
        int rc = mf_modbus_encode(&number, &value, words, &err);

        if (cases[i].first < 0)
            assert_true(rc < 0);
        else
            assert_int_equal(words[0], cases[i].first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(not_decodable),
        cmocka_unit_test(into_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
