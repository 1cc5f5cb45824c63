/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Large descriptions: what they become, and where it ends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "tests/unit/nodes/profile_case.h"

/* A heating controller: week plans of three levels, for three circuits and the hot water. */
static void a_heating_controller(void **state)
{
    static const struct {
        const char *port, *line;
    } some[] = {
        {"dev_name", "dev.regs.name holding:32770 text/8"},
        {"dev_date_time", "dev.regs.date.time holding:33795 uint32/2 words:little"},
        {"errors_6", "errors.6 discrete:105 bit @1sec"},
        {"errors_7", "errors.7 discrete:106 bit inverted @1sec"},
        {"sensor_15_temperature", "regs.sensor.15.temperature input:33038 int16 *0.1 °C @1sec"},
        {"sensor_16_temperature", "regs.sensor.16.temperature input:33039 int16 *0.01 °C @1sec"},
        {"flow_2_rate", "regs.flow.2.rate input:33042 uint16 *0.5 l/min @1sec"},
        {"flow_2_heat_power", "regs.flow.2.heat.power input:34052 uint32/2 W @1sec"},
        {"circuit_3_day", "regs.circuit.3.day holding:3332 int16 *0.1 °C @write"},
        {"circuit_2_active", "regs.circuit.2.active input:33536 uint16 @1sec"},
        {"circuit_2_bits_frost", "regs.circuit.2.bits.frost holding:3086 bit.1 inverted @write"},
        {"circuit_1_plan_1_1_from", "regs.circuit.1.plan.1.1.from holding:2840 uint16 @write"},
        {"circuit_3_plan_7_3_to", "regs.circuit.3.plan.7.3.to holding:3433 uint16 @1min"},
        {"water_plan_7_3_to", "regs.water.plan.7.3.to holding:5993 uint16 @write"},
        {"water_target", "regs.water.target holding:6000 int16 *0.1 °C @write"},
        {"water_top", "regs.water.top input:34100 int32/2 words:little *0.001 °C @1sec"},
        {"pump_7_on", "regs.pump.7.on coil:17 bit @1sec"},
    };
    char path[4096];
    struct profile_case c;
    size_t areas[4] = {0};

    snprintf(path, sizeof(path), "%s/heating.yaml", getenv("MF_TEST_PROFILES"));
    profile_case_load_from(&c, path, NULL);
    assert_string_equal(mf_buf_text(&c.said), "");
    for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
        const struct mf_profile_register *reg = mf_profile_find(c.profile, some[i].port);
        struct mf_buf line = {0};

        assert_non_null(reg);
        profile_case_line(reg, &line);
        assert_string_equal(mf_buf_text(&line), some[i].line);
        mf_buf_done(&line);
    }
    for (size_t i = 0; i < c.profile->count; i++)
        areas[c.profile->registers[i].cell.area]++;
    /* 8 pumps; 20 messages; 6 of the device, 5 + 42 of each circuit, 43 of the hot water; 16
     * sensors, 4 of the flow, 3 circuits, 1 of the tank. */
    assert_int_equal(areas[MF_MODBUS_COIL], 8);
    assert_int_equal(areas[MF_MODBUS_DISCRETE], 20);
    assert_int_equal(areas[MF_MODBUS_HOLDING], 6 + 3 * (5 + 42) + 43);
    assert_int_equal(areas[MF_MODBUS_INPUT], 16 + 4 + 3 + 1);
    assert_int_equal(c.profile->max_registers, 60);
    profile_case_done(&c);
}

/* Refused with a sentence that names the limit. */
static void expect_limit(const char *text, const char *said)
{
    struct profile_case c;

    profile_case_load(&c, "a.yaml", (struct profile_file[]){{"a.yaml", text}, {0}});
    assert_null(c.profile);
    if (!strstr(mf_buf_text(&c.said), said))
        fail_msg("%s", mf_buf_text(&c.said));
    profile_case_done(&c);
}

static char *made(void (*make)(struct mf_buf *buf))
{
    struct mf_buf buf = {0};

    make(&buf);
    return mf_buf_take(&buf);
}

/* a0 refers to a1, that to a2, and so on. */
static void make_refs(struct mf_buf *buf)
{
    for (int i = 0; i < 100; i++)
        mf_buf_printf(buf, "a%d: {ref: a%d}\n", i, i + 1);
    mf_buf_puts(buf, "a100: {register: 1, type: int}\n");
}

/* Each level holds the one below twice. */
static void make_doubles(struct mf_buf *buf)
{
    mf_buf_puts(buf, "_a0: {x: {register: 1, type: int}}\n");
    for (int i = 1; i <= 30; i++)
        mf_buf_printf(buf, "_a%d: {l: {ref: _a%d}, r: {ref: _a%d}}\n", i, i - 1, i - 1);
}

static void make_keys(struct mf_buf *buf)
{
    for (int i = 0; i < 10001; i++)
        mf_buf_printf(buf, "r%d: {register: %d, type: int}\n", i, i);
}

static void make_long_paths(struct mf_buf *buf)
{
    for (int i = 0; i < 20; i++)
        mf_buf_printf(buf, "%*sa_level_with_a_name_that_is_rather_long_so_that_the_path_grows:\n",
                      i, "");
    mf_buf_printf(buf, "%*sx: {register: 1, type: int}\n", 20, "");
}

static void limits(void **state)
{
    char *refs = made(make_refs), *doubles = made(make_doubles), *keys = made(make_keys);
    char *paths = made(make_long_paths);

    expect_limit(refs, "a.yaml:32:12: error[MF0546]: the profile has more than 64 levels");
    expect_limit(doubles, "has more than 500000 keys, which is the limit");
    expect_limit(keys, "this map has more than 10000 keys, which is the limit");
    expect_limit(paths, "has more than 1023 bytes, which is the limit");
    expect_limit("a: {repeat: {n: 5001, offset: 1, data: {register: 0, type: int}}}",
                 "`n` wants a whole number from 0 to 1000");
    expect_limit("a: {repeat: {n: 6, offset: 1000, data: {repeat: {n: 1000, offset: 1, data: "
                 "{register: 0, type: int}}}}}",
                 "the profile has more than 5000 registers, which is the limit");
    mf_free(refs);
    mf_free(doubles);
    mf_free(keys);
    mf_free(paths);
}

/* Files that include one another, and no end. */
static void chains_of_files(void **state)
{
    static char names[100][16], texts[100][40];
    struct profile_file files[101] = {0};
    struct profile_case c;

    for (int i = 0; i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), i ? "a%d.yaml" : "a.yaml", i);
        snprintf(texts[i], sizeof(texts[i]), "x: {include: a%d.yaml}\n", i + 1);
        files[i] = (struct profile_file){names[i], texts[i]};
    }
    profile_case_load(&c, "a.yaml", files);
    assert_null(c.profile);
    assert_string_equal(mf_buf_text(&c.said), "a16.yaml:1:14: error[MF0546]: includes are nested "
                                              "more than 16 deep, which is the limit\n");
    profile_case_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heating_controller),
        cmocka_unit_test(limits),
        cmocka_unit_test(chains_of_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
