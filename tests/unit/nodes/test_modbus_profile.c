/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The language of device descriptions: what becomes of a file. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/value/codec.h"
#include "tests/unit/nodes/profile_case.h"

/* Loads `name` out of `files` and compares the table, or what is said. */
static void expect_files(const struct profile_file *files, const char *table)
{
    struct profile_case c;
    struct mf_buf buf = {0};

    profile_case_load(&c, "a.yaml", files);
    profile_case_print(&c, &buf);
    if (c.diags.count != c.diags.warnings)
        fail_msg("%s", mf_buf_text(&c.said));
    for (size_t i = 0; i < c.diags.count; i++) /* copies lie where their originals lie */
        assert_int_equal(c.diags.list[i]->code, 544);
    assert_string_equal(mf_buf_text(&buf), table);
    mf_buf_done(&buf);
    profile_case_done(&c);
}

static void expect(const char *text, const char *table)
{
    expect_files((struct profile_file[]){{"a.yaml", text}, {0}}, table);
}

/* A description of a meter with all that such files usually have. */
static void a_whole_meter(void **state)
{
    expect("dev:\n"
           "  product: EM3\n"
           "  regs:\n"
           "    serial: {register: 42, reg_type: h, type: uint, len: 2}\n"
           "regs:\n"
           "  default: {type: float}\n"
           "  phase:\n"
           "    repeat:\n"
           "      n: 3\n"
           "      start: 1\n"
           "      offset: 2\n"
           "      data:\n"
           "        voltage: {register: 0, unit: V}\n"
           "        current: {register: 6, unit: A}\n"
           "  energy:\n"
           "    import: {register: 72, unit: Wh, scale: 3}\n"
           "  limit:\n"
           "    import: {register: 100, reg_type: h, type: int, len: 1, unit: A, scale: -1}\n",
           "dev.regs.serial holding:42 uint32/2\n"
           "regs.phase.1.voltage input:0 float32/2 V\n"
           "regs.phase.1.current input:6 float32/2 A\n"
           "regs.phase.2.voltage input:2 float32/2 V\n"
           "regs.phase.2.current input:8 float32/2 A\n"
           "regs.phase.3.voltage input:4 float32/2 V\n"
           "regs.phase.3.current input:10 float32/2 A\n"
           "regs.energy.import input:72 float32/2 *1000 Wh\n"
           "regs.limit.import holding:100 int16 *0.1 A\n");
}

/* Local keys win over what a gateway's file adds to an included device; paths begin there. */
static void a_device_in_a_gateway_file(void **state)
{
    expect_files(
        (struct profile_file[]){
            {"a.yaml", "inc:\n"
                       "  em: {include: em.yaml}\n"
                       "slots:\n"
                       "  default: {write_delay: 0.5}\n"
                       "  1sec: {read_delay: 1}\n"
                       "  write:\n"
                       "unit:\n"
                       "  ref: inc.em\n"
                       "  regs:\n"
                       "    phase:\n"
                       "      1: {voltage: {slot: 1sec, dest: !P grid.v.l1}}\n"},
            {"em.yaml", "regs:\n"
                        "  phase:\n"
                        "    repeat: {n: 2, start: 1, offset: 2, data: {voltage: {register: "
                        "0, type: float}}}\n"
                        "  copy: {ref: regs.phase:2.voltage, slot: slow}\n"},
            {0}},
        "unit.regs.phase.1.voltage input:0 float32/2 @1sec\n"
        "unit.regs.phase.2.voltage input:2 float32/2\n"
        "unit.regs.copy input:2 float32/2 @slow\n");
}

/* Of several included files the last wins, the file's own keys over all; each may include more. */
static void includes(void **state)
{
    expect_files(
        (struct profile_file[]){
            {"a.yaml", "include: [b.yaml, sub/c.yaml]\n"
                       "regs: {x: {unit: A}, own: {register: 9, type: int}}\n"},
            {"b.yaml", "regs: {x: {register: 1, type: int, unit: V, slot: b}, y: {register: "
                       "2, type: int}}\n"},
            {"sub/c.yaml", "regs:\n"
                           "  x: {slot: c, unit: W}\n"
                           "  z: {include: d.yaml, unit: V}\n"},
            {"sub/d.yaml", "register: 5\ntype: uint\nunit: A\n"},
            {0}},
        "regs.x input:1 int16 A @c\n"
        "regs.own input:9 int16\n"
        "regs.z input:5 uint16 V\n"
        "regs.y input:2 int16\n");
}

/* The same file twice is two devices, which share nothing. */
static void copies_are_deep(void **state)
{
    expect_files(
        (struct profile_file[]){
            {"a.yaml", "one: {include: b.yaml, regs: {x: {slot: one}}}\n"
                       "two: {include: b.yaml, shift: 100}\n"
                       "three: {ref: two, regs: {y: {unit: V}}}\n"},
            {"b.yaml", "regs: {x: {register: 1, type: int}, y: {register: 2, type: int}}\n"},
            {0}},
        "one.regs.x input:1 int16 @one\n"
        "one.regs.y input:2 int16\n"
        "two.regs.x input:101 int16\n"
        "two.regs.y input:102 int16\n"
        "three.regs.y input:102 int16 V\n"
        "three.regs.x input:101 int16\n");
}

/* Later refs of a list win, own keys win over all, and what comes first in the file means nothing.
 */
static void refs(void **state)
{
    expect("late: {ref: [base.a, base.b], unit: V}\n"
           "base:\n"
           "  default: {len: 2}\n"
           "  a: {register: 1, type: uint, slot: a, unit: A}\n"
           "  b: {register: 2, type: int, slot: b}\n"
           "early: {ref: base}\n"
           "moved: {repeat: {n: 2, offset: 10, data: {ref: base}}}\n",
           "late input:2 int32/2 V @b\n"
           "base.a input:1 uint32/2 A @a\n"
           "base.b input:2 int32/2 @b\n"
           "early.a input:1 uint32/2 A @a\n"
           "early.b input:2 int32/2 @b\n"
           "moved.0.a input:1 uint32/2 A @a\n"
           "moved.0.b input:2 int32/2 @b\n"
           "moved.1.a input:11 uint32/2 A @a\n"
           "moved.1.b input:12 int32/2 @b\n");
}

/* Defaults reach every register below, the inner ones first, and never override. */
static void defaults(void **state)
{
    expect("default: {type: int, slot: outer}\n"
           "regs:\n"
           "  default: {slot: inner, unit: W}\n"
           "  a: {register: 1}\n"
           "  deep: {er: {b: {register: 2, unit: V}, default: {slot: innermost}}}\n"
           "c: {register: 3, type: uint}\n",
           "regs.a input:1 int16 W @inner\n"
           "regs.deep.er.b input:2 int16 V @innermost\n"
           "c input:3 uint16 @outer\n");
}

/* A default type is for numbers: what is a bit by its own words stays one. */
static void bits_among_floats(void **state)
{
    expect("default: {type: float, len: 2}\n"
           "a: {register: 0}\n"
           "b: {register: 2, bit: 5}\n"
           "c: {register: 2, bit: 17, len: 2, reg_type: h}\n"
           "d: {register: 3, regtype: coil}\n"
           "e: {register: 4, reg_type: d, type: invbit}\n",
           "a input:0 float32/2\n"
           "b input:2 bit.5\n"
           "c holding:2 bit/2.17\n"
           "d coil:3 bit\n"
           "e discrete:4 bit inverted\n");
}

/* Three levels, as a heating controller's week plans have them; single copies may be changed. */
static void repeats(void **state)
{
    expect("regs:\n"
           "  circuit:\n"
           "    repeat:\n"
           "      n: 2\n"
           "      start: 1\n"
           "      offset: 1000\n"
           "      data:\n"
           "        day:\n"
           "          repeat:\n"
           "            n: 2\n"
           "            offset: 100\n"
           "            data:\n"
           "              repeat:\n"
           "                n: 2\n"
           "                start: 1\n"
           "                offset: 10\n"
           "                data:\n"
           "                  from: {register: 5, reg_type: h, type: uint}\n"
           "              name: {register: 7, reg_type: h, type: uint}\n"
           "    2: {day: {1: {1: {from: {slot: slow}}}}, extra: {register: 3, type: bit}}\n",
           "regs.circuit.1.day.0.name holding:7 uint16\n"
           "regs.circuit.1.day.0.1.from holding:5 uint16\n"
           "regs.circuit.1.day.0.2.from holding:15 uint16\n"
           "regs.circuit.1.day.1.name holding:107 uint16\n"
           "regs.circuit.1.day.1.1.from holding:105 uint16\n"
           "regs.circuit.1.day.1.2.from holding:115 uint16\n"
           "regs.circuit.2.day.0.name holding:1007 uint16\n"
           "regs.circuit.2.day.0.1.from holding:1005 uint16\n"
           "regs.circuit.2.day.0.2.from holding:1015 uint16\n"
           "regs.circuit.2.day.1.name holding:1107 uint16\n"
           "regs.circuit.2.day.1.1.from holding:1105 uint16 @slow\n"
           "regs.circuit.2.day.1.2.from holding:1115 uint16\n"
           "regs.circuit.2.extra input:1003 bit\n");
}

/* Every spelling of a type, and the lengths that go without saying. */
static void types(void **state)
{
    expect("a: {register: 0, type: int}\n"
           "b: {register: 1, type: uint, len: 4}\n"
           "c: {register: 5, type: suint, len: 2}\n"
           "d: {register: 7, type: float}\n"
           "e: {register: 9, type: sfloat}\n"
           "f: {register: 11, type: uint32}\n"
           "g: {register: 13, type: int64}\n"
           "h: {register: 17, type: double}\n"
           "i: {register: 21, type: sdouble}\n"
           "j: {register: 25, type: str, len: 9}\n"
           "k: {register: 30, type: sstr, len: 4}\n"
           "l: {register: 32, type: byte, len: 5}\n"
           "m: {register: 35, type: bcd, len: 2}\n"
           "n: {register: 37, type: uint, words: little, bytes: little, len: 2}\n"
           "o: {register: 39, bit: 4}\n"
           "p: {register: 39, bit: 5}\n"
           "q: {register: 40, regtype: holding, type: invbit}\n"
           "s: {register: 41, reg_type: c}\n"
           "t: {register: 42, reg_type: d, type: invbit}\n"
           "u: {register: 43, type: int, scale: f230.5}\n"
           "v: {register: 44, type: int, factor: 5, scale: -1, offset: -40}\n",
           "a input:0 int16\n"
           "b input:1 uint64/4\n"
           "c input:5 uint32/2 words:little\n"
           "d input:7 float32/2\n"
           "e input:9 float32/2 words:little\n"
           "f input:11 uint32/2\n"
           "g input:13 int64/4\n"
           "h input:17 float64/4\n"
           "i input:21 float64/4 words:little\n"
           "j input:25 text/5\n"
           "k input:30 text/2 bytes:little\n"
           "l input:32 bytes/3\n"
           "m input:35 bcd/2\n"
           "n input:37 uint32/2 words:little bytes:little\n"
           "o input:39 bit.4\n"
           "p input:39 bit.5\n"
           "q holding:40 bit inverted\n"
           "s coil:41 bit\n"
           "t discrete:42 bit inverted\n"
           "u input:43 int16 *230.5\n"
           "v input:44 int16 *0.5 +-40\n");
}

struct vector {
    const char *keys;
    uint16_t words[5];
    const char *json; /* NULL: refused */
};

static const struct vector vectors[] = {
    {"type: uint, len: 2", {1, 2}, "65538"},
    {"type: suint, len: 2", {1, 2}, "131073"},
    {"type: suint, len: 4", {1, 2, 3, 4}, "1125912791875585"},
    {"type: int, len: 1", {0xfffb}, "-5"},
    {"type: float, len: 2", {0x42f6, 0xe979}, "123.45600128173828"},
    {"type: sfloat, len: 2", {0xe979, 0x42f6}, "123.45600128173828"},
    {"type: str, len: 10", {0x68c3, 0xa96c, 0xc3be}, "\"h\xc3\xa9l\xc3\xbe\""},
    {"type: sstr, len: 4", {0x6261, 0x6463}, "\"abcd\""},
    {"type: byte, len: 5", {0x3132, 0x3334, 0x3500}, "\"MTIzNDUA\""},
    {"type: int, scale: -1", {23}, "2.3"},
    {"type: int, scale: -1", {7}, "0.7"},
    {"type: uint, scale: 3", {12}, "12000"},
    {"type: int, factor: 0.5, offset: -40", {100}, "10"},
    {"bit: 4", {0x0010}, "true"},
    {"bit: 4", {0xffef}, "false"},
    {"bit: 4, type: uint", {0x0010}, "true"},
    {"bit: 17, len: 2", {0x0002, 0}, "true"},
    {"type: invbit", {0}, "true"},
    {"type: invbit, bit: 1", {2}, "false"},
    {"type: uint, absent: 0xffff", {0xffff}, NULL},
    {"type: int, absent: -32768", {0x8000}, NULL},
    {"type: int, absent: -32768", {0x7fff}, "32767"},
    {"type: int, scale_reg: 2", {1234, 9, 0xfffe}, "12.34"},
    {"type: int, scale_reg: 2", {1234, 9, 2}, "123400"},
    {"type: int, scale_reg: 2", {1234, 9, 0x8000}, NULL},
};

/* What stands in the registers becomes the value that the description says. */
static void values(void **state)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        char text[200];
        struct profile_case c;
        struct mf_buf json = {0};
        struct mf_value value;
        struct mf_error err;
        int rc;

        snprintf(text, sizeof(text), "x: {register: 0, %s}\n", vectors[i].keys);
        profile_case_load(&c, "a.yaml", (struct profile_file[]){{"a.yaml", text}, {0}});
        assert_string_equal(mf_buf_text(&c.said), "");
        rc = mf_modbus_cell_decode(&c.profile->registers[0].cell, vectors[i].words, &value, &err);
        if (rc == 0) {
            mf_json_write(&value, &json);
            mf_value_drop(value);
        }
        if (!vectors[i].json)
            assert_int_not_equal(rc, 0);
        else
            assert_string_equal(mf_buf_text(&json), vectors[i].json);
        mf_buf_done(&json);
        profile_case_done(&c);
    }
}

/* A read takes in the register that holds the power of ten; shifts move both, repeats the value. */
static void powers_of_ten(void **state)
{
    struct profile_case c;
    const struct mf_profile_register *reg;

    profile_case_load(&c, "a.yaml",
                      (struct profile_file[]){
                          {"a.yaml", "shift: 1100\n"
                                     "m: {repeat: {n: 2, offset: 20, data: {w: {register: 10, "
                                     "scale_reg: 4, reg_type: h, type: uint}}}}\n"},
                          {0}});
    assert_string_equal(mf_buf_text(&c.said), "");
    reg = mf_profile_find(c.profile, "m_1_w");
    assert_non_null(reg);
    assert_int_equal(reg->cell.address, 1130);
    assert_int_equal(reg->cell.power, 1104);
    assert_int_equal(reg->cell.from, 1104);
    assert_int_equal(reg->cell.count, 27);
    profile_case_done(&c);
}

/* Registers are found by the name of the port and by their path; a mistyped one has a neighbour. */
static void names(void **state)
{
    struct profile_case c;

    profile_case_load(&c, "a.yaml",
                      (struct profile_file[]){
                          {"a.yaml", "dev: {limit: {regs: 40}, regs: {Serial-No: {register: 1, "
                                     "type: int}}}\n"
                                     "slots: {fast: {read_delay: 0.5}, slow: {}}\n"
                                     "regs: {phase: {1: {voltage: {register: 2, type: int, "
                                     "values: {0: off, 1: on}}}}}\n"},
                          {0}});
    assert_non_null(c.profile);
    assert_string_equal(c.profile->registers[0].port, "dev_serial_no");
    assert_string_equal(c.profile->registers[1].port, "phase_1_voltage");
    assert_ptr_equal(mf_profile_find(c.profile, "phase_1_voltage"), &c.profile->registers[1]);
    assert_ptr_equal(mf_profile_find(c.profile, "phase.1.voltage"), &c.profile->registers[1]);
    assert_ptr_equal(mf_profile_find(c.profile, "regs.phase.1.voltage"), &c.profile->registers[1]);
    assert_null(mf_profile_find(c.profile, "phase_1_voltag"));
    assert_string_equal(mf_profile_nearest(c.profile, "phase_1_voltag"), "phase_1_voltage");
    assert_int_equal(c.profile->max_registers, 40);
    assert_int_equal(c.profile->slot_count, 2);
    assert_int_equal(c.profile->slots[0].every, 500000000);
    assert_int_equal(c.profile->slots[1].every, 0);
    assert_int_equal(c.profile->registers[1].name_count, 2);
    assert_string_equal(c.profile->registers[1].names[1].text, "on");
    profile_case_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_meter),
        cmocka_unit_test(a_device_in_a_gateway_file),
        cmocka_unit_test(includes),
        cmocka_unit_test(copies_are_deep),
        cmocka_unit_test(refs),
        cmocka_unit_test(defaults),
        cmocka_unit_test(bits_among_floats),
        cmocka_unit_test(repeats),
        cmocka_unit_test(types),
        cmocka_unit_test(values),
        cmocka_unit_test(powers_of_ten),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
