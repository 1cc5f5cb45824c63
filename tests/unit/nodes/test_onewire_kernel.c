/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Names of 1-wire devices, and the files of the kernel's drivers, on bytes as they stand there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nodes/onewire/frame.h"
#include "nodes/onewire/kernel.h"

/* ---- names ---- */

static const struct {
    const char *name;
    enum mf_ow_name what;
    const char *server, *kernel;
} names[] = {
    {"10.67C6697351FF", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"1067C6697351FF", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"10.67C6697351FF.8D", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"10.67C6697351FF8D", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"1067C6697351FF.8D", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"1067c6697351ff8d", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"10-ff517369c667", MF_OW_NAME_DEVICE, "10.67C6697351FF", "10-ff517369c667"},
    {"10.67C6697351FF.8E", MF_OW_NAME_CHECKSUM, "10.67C6697351FF", "10-ff517369c667"},
    {"10.67C6697351F", MF_OW_NAME_SPOILT, NULL, NULL},
    {"10.67C6697351FF8", MF_OW_NAME_SPOILT, NULL, NULL},
    {"10-ff517369c66", MF_OW_NAME_SPOILT, NULL, NULL},
    {"10-ff517369c667.8D", MF_OW_NAME_OTHER, NULL, NULL},
    {"10..67C6697351FF", MF_OW_NAME_OTHER, NULL, NULL},
    {"bus.0", MF_OW_NAME_OTHER, NULL, NULL},
    {"boiler", MF_OW_NAME_OTHER, NULL, NULL},
    {"cafe", MF_OW_NAME_OTHER, NULL, NULL},
    {"ab.cd", MF_OW_NAME_OTHER, NULL, NULL},
    {"", MF_OW_NAME_OTHER, NULL, NULL},
};

/* All forms in which a server writes a name, and the kernel's, are the same device. */
static void names_are_read(void **state)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct mf_ow_device device;
        char text[MF_OW_SERVER_NAME];

        assert_int_equal(mf_ow_device_read(names[i].name, strlen(names[i].name), &device),
                         names[i].what);
        if (!names[i].server)
            continue;
        mf_ow_device_server_name(&device, text);
        assert_string_equal(text, names[i].server);
        mf_ow_device_kernel_name(&device, text);
        assert_string_equal(text, names[i].kernel);
        assert_int_equal(device.number[7], 0x8d);
    }
}

/* ---- attributes ---- */

static struct mf_ow_attribute attribute_of(const char *device, const char *name)
{
    struct mf_ow_attribute attribute = {.path = name, .name = name, .has_device = true};

    assert_int_equal(mf_ow_device_read(device, strlen(device), &attribute.device),
                     MF_OW_NAME_DEVICE);
    return attribute;
}

static struct mf_w1_place place_of(const char *device, const char *name)
{
    struct mf_ow_attribute attribute = attribute_of(device, name);
    struct mf_w1_place place;
    struct mf_w1_why why;

    assert_true(mf_w1_find(&attribute, &place, &why));
    return place;
}

#define FOUND "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t="
#define BYTES(text) text, sizeof(text) - 1
#define T "28.0123456789AB"
#define SWITCH "3A.0123456789AB"
#define EIGHT "29.0123456789AB"
#define PAGES "00 00 crc=YES c=1\n00 00 crc=YES c=2\n"

static const struct {
    const char *device, *attribute, *data;
    size_t len;
    int code;
    const char *text;
} readings[] = {
    {T, "temperature", BYTES(FOUND "21312\n"), 0, "21.312"},
    {T, "temperature", BYTES(FOUND "-55000\n"), 0, "-55"},
    {T, "temperature", BYTES(FOUND "85000"), 0, "85"},
    {T, "temperature", BYTES("50 05 : crc=1c NO\n50 05 t=21312\n"), MF_OW_CHECKSUM, ""},
    {T, "temperature", BYTES("50 05 : crc=1c YESNO\n50 05 t=21312\n"), MF_OW_CHECKSUM, ""},
    {T, "temperature", BYTES("50 05 : crc=1c YES\n50 05 t=warm\n"), MF_OW_STRANGE, ""},
    {T, "temperature", BYTES("50 05 : crc=1c YES\n50 05\n"), MF_OW_STRANGE, ""},
    {T, "temperature", BYTES("50 05 : crc=1c YES"), MF_OW_STRANGE, ""},
    {T, "temperature", BYTES("21312\n"), MF_OW_STRANGE, ""},
    {T, "temperature", BYTES(""), MF_OW_EMPTY, ""},
    {T, "templow", BYTES("-10 30\n"), 0, "-10"},
    {T, "temphigh", BYTES("-10 30\n"), 0, "30"},
    {T, "temphigh", BYTES("-10"), MF_OW_STRANGE, ""},
    {T, "resolution", BYTES("12\n"), 0, "12"},
    {T, "power", BYTES("0\n"), 0, "0"},
    {SWITCH, "sensed.A", BYTES("\x4b"), 0, "1"}, /* 1011: A high, B low, both off */
    {SWITCH, "sensed.B", BYTES("\x4b"), 0, "0"},
    {SWITCH, "PIO.A", BYTES("\x4b"), 0, "0"},
    {SWITCH, "PIO.1", BYTES("\x4b"), 0, "0"},
    {SWITCH, "PIO.B", BYTES("\x87"), 0, "1"}, /* 0111: B is on */
    {SWITCH, "PIO.ALL", BYTES("\x87"), 0, "0,1"},
    {SWITCH, "PIO.BYTE", BYTES("\x87"), 0, "2"},
    {EIGHT, "PIO.0", BYTES("\xfe"), 0, "1"},
    {EIGHT, "PIO.7", BYTES("\xfe"), 0, "0"},
    {EIGHT, "sensed.BYTE", BYTES("\xa5"), 0, "165"},
    {EIGHT, "sensed.ALL", BYTES("\x05"), 0, "1,0,1,0,0,0,0,0"},
    {EIGHT, "latch.1", BYTES("\x02"), 0, "1"},
    {"12.0123456789AB", "PIO.A", BYTES("2"), 0, "1"},
    {"12.0123456789AB", "PIO.B", BYTES("2"), 0, "0"},
    {"12.0123456789AB", "PIO.B", BYTES("x"), MF_OW_STRANGE, ""},
    {"05.0123456789AB", "PIO", BYTES("0\n"), 0, "1"},
    {"05.0123456789AB", "sensed", BYTES("1\n"), 0, "1"},
    {"1D.0123456789AB", "counters.A", BYTES(PAGES "00 crc=YES c=3\n00 crc=YES c=4\n"), 0, "3"},
    {"1D.0123456789AB", "counters.B", BYTES(PAGES "00 crc=YES c=3\n00 crc=YES c=4\n"), 0, "4"},
    {"1D.0123456789AB", "counters.B", BYTES(PAGES "00 crc=YES c=3\n00 crc=NO c=4\n"),
     MF_OW_CHECKSUM, ""},
    {"1D.0123456789AB", "counters.B", BYTES(PAGES), MF_OW_STRANGE, ""},
    {"26.0123456789AB", "temperature", BYTES("5456\n"), 0, "21.3125"},
    {"26.0123456789AB", "VDD", BYTES("502\n"), 0, "5.02"},
};

/* What stands in each file is what owserver would say, or a reason. */
static void files_are_read(void **state)
{
    for (size_t i = 0; i < sizeof(readings) / sizeof(*readings); i++) {
        struct mf_w1_place place = place_of(readings[i].device, readings[i].attribute);
        char text[MF_W1_TEXT];

        assert_int_equal(mf_w1_decode(&place, readings[i].data, readings[i].len, text),
                         readings[i].code);
        if (readings[i].code == 0)
            assert_string_equal(text, readings[i].text);
    }
}

static const struct {
    const char *device, *attribute, *value;
    const char *old;
    size_t old_len;
    const char *data;
    int len; /* or a code */
} writings[] = {
    {SWITCH, "PIO.A", "1", BYTES("\x87"), "\xfc", 1}, /* B was on and stays so */
    {SWITCH, "PIO.A", "1", BYTES("\x0f"), "\xfe", 1},
    {SWITCH, "PIO.B", "0", BYTES("\x4b"), "\xff", 1},
    {SWITCH, "PIO.B", "2", BYTES("\x4b"), "", -22},
    {SWITCH, "PIO.B", "on", BYTES("\x4b"), "", -22},
    {SWITCH, "PIO.B", "1", BYTES(""), "", MF_OW_EMPTY},
    {SWITCH, "PIO.BYTE", "3", BYTES(""), "\xfc", 1},
    {SWITCH, "PIO.BYTE", "4", BYTES(""), "", -22},
    {SWITCH, "PIO.ALL", "1,0", BYTES(""), "\xfe", 1},
    {SWITCH, "PIO.ALL", "1", BYTES(""), "", -22},
    {EIGHT, "PIO.7", "1", BYTES("\xff"), "\x7f", 1},
    {EIGHT, "PIO.BYTE", "255", BYTES(""), "\0", 1},
    {EIGHT, "latch.BYTE", "0", BYTES(""), "\xff", 1},
    {"12.0123456789AB", "PIO.A", "1", BYTES("3"), "2", 1},
    {"05.0123456789AB", "PIO", "1", BYTES(""), "0", 1},
    {T, "temphigh", "25", BYTES("-10 30\n"), "-10 25\n", 7},
    {T, "templow", "-5", BYTES("-10 30\n"), "-5 30\n", 6},
    {T, "templow", "-5.5", BYTES("-10 30\n"), "", -22},
    {T, "templow", "200", BYTES("-10 30\n"), "", -22},
    {T, "templow", "1", BYTES("30 9999\n"), "", MF_OW_STRANGE},
    {T, "resolution", "9", BYTES(""), "9\n", 2},
    {T, "eeprom_cmd", "save", BYTES(""), "save\n", 5},
    {T, "temperature", "9", BYTES(""), "", -65},
};

/* What is written changes what it says and nothing else. */
static void files_are_written(void **state)
{
    for (size_t i = 0; i < sizeof(writings) / sizeof(*writings); i++) {
        struct mf_w1_place place = place_of(writings[i].device, writings[i].attribute);
        char data[MF_W1_TEXT];
        int len =
            mf_w1_encode(&place, writings[i].value, writings[i].old, writings[i].old_len, data);

        assert_int_equal(len, writings[i].len);
        if (len > 0)
            assert_memory_equal(data, writings[i].data, (size_t)len);
    }
}

/* Names follow from the device's number, in both directions. */
static void names_are_known(void **state)
{
    assert_string_equal(place_of("10.67C6697351FF", "address").known, "1067C6697351FF8D");
    assert_string_equal(place_of("10.67C6697351FF", "r_address").known, "8DFF517369C66710");
    assert_string_equal(place_of("10.67C6697351FF", "id").known, "67C6697351FF");
    assert_string_equal(place_of("10.67C6697351FF", "r_id").known, "FF517369C667");
    assert_string_equal(place_of("10.67C6697351FF", "family").known, "10");
    assert_string_equal(place_of("10.67C6697351FF", "crc8").known, "8D");
}

/* What the drivers lack is said, and what to do instead. */
static void lacking_is_said(void **state)
{
    static const char *const absent[][2] = {
        {T, "latesttemp"},
        {T, "temperature9"},
        {T, "PIO.A"},
        {SWITCH, "PIO.C"},
        {SWITCH, "PIO"},
        {EIGHT, "set_alarm"},
        {EIGHT, "PIO.8"},
        {"26.0123456789AB", "humidity"},
        {"99.0123456789AB", "temperature"},
        {"12.0123456789AB", "sensed.A"},
    };

    for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
        struct mf_ow_attribute attribute = attribute_of(absent[i][0], absent[i][1]);
        struct mf_w1_place place;
        struct mf_w1_why why;

        assert_false(mf_w1_find(&attribute, &place, &why));
        assert_non_null(why.why);
        assert_non_null(why.hint);
    }
}

/* A directory's entry is the device's in whatever form, or its alias. */
static void entries_are_matched(void **state)
{
    struct mf_ow_attribute device = attribute_of(T, "temperature");
    struct mf_ow_attribute alias = {.path = "/boiler/temperature"};

    device.path = "/28.0123456789AB/temperature";
    device.name = device.path + 17;
    alias.name = alias.path + 8;
    assert_true(mf_ow_is_of(&device, BYTES("28.0123456789AB")));
    assert_true(mf_ow_is_of(&device, BYTES("280123456789AB33")));
    assert_false(mf_ow_is_of(&device, BYTES("28.0123456789AC")));
    assert_false(mf_ow_is_of(&device, BYTES("boiler")));
    assert_true(mf_ow_is_of(&alias, BYTES("boiler")));
    assert_false(mf_ow_is_of(&alias, BYTES("oiler")));
    assert_false(mf_ow_is_of(&alias, BYTES("28.0123456789AB")));
    assert_false(mf_ow_is_of(&alias, BYTES("a much longer alias than that")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read),    cmocka_unit_test(files_are_read),
        cmocka_unit_test(files_are_written), cmocka_unit_test(names_are_known),
        cmocka_unit_test(lacking_is_said),   cmocka_unit_test(entries_are_matched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
