/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The profiles that come with the program: each expands without a word, and says what makers say.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/nodes/profile_case.h"

/* How many registers there are, and how many of them have a unit. */
static const struct {
    const char *name;
    size_t count, units;
} profiles[] = {
    {"Eastron/SDM630", 91, 82},      {"Eastron/SDM72", 48, 38}, {"Fronius/GEN24", 73, 49},
    {"Fronius/GEN24-float", 73, 49}, {"Fronius/Symo", 49, 33},  {"Fronius/Symo-float", 49, 33},
    {"Stiebel/WPM", 71, 57},         {"SunSpec/103", 28, 23},   {"SunSpec/113", 28, 23},
    {"SunSpec/124", 10, 6},          {"SunSpec/160", 16, 10},   {"SunSpec/common", 5, 0},
    {"Victron/GX", 42, 35},          {"Victron/VEBus", 39, 30},
};

static size_t count_units(const struct mf_profile *profile)
{
    size_t units = 0;

    for (size_t i = 0; i < profile->count; i++)
        units += profile->registers[i].unit != NULL;
    return units;
}

/* Nothing overlaps, nothing is mistyped, nothing was lost: a fault or a warning would say so. */
static void each_expands(void **state)
{
    size_t listed = 0;

    for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
        struct profile_case c;

        profile_case_load(&c, profiles[i].name, NULL);
        assert_string_equal(mf_buf_text(&c.said), "");
        if (c.profile->count != profiles[i].count || count_units(c.profile) != profiles[i].units)
            fail_msg("%s: %zu registers, %zu with a unit", profiles[i].name, c.profile->count,
                     count_units(c.profile));
        profile_case_done(&c);
    }
    while (mf_profile_files[listed].name)
        listed++;
    assert_int_equal(listed, sizeof(profiles) / sizeof(*profiles));
}

/* What a name promises, its unit keeps: `current` is in A, whatever the maker. */
static const struct {
    const char *word, *unit;
} promises[] = {
    {"voltage", "V"},   {"current", "A"},    {"frequency", "Hz"}, {"power", "W"},
    {"apparent", "VA"}, {"reactive", "var"}, {"soc", "%"},        {"temperature", "°C"},
};

static void check_promises(const struct mf_profile *profile)
{
    for (size_t i = 0; i < profile->count; i++) {
        const struct mf_profile_register *reg = &profile->registers[i];
        const char *last = strrchr(reg->path, '.') + 1;

        for (size_t k = 0; k < sizeof(promises) / sizeof(*promises); k++)
            if (strcmp(last, promises[k].word) == 0 && !strstr(reg->path, "thd") &&
                !strstr(reg->path, "alarm") && !strstr(reg->path, "energy") &&
                (!reg->unit || strcmp(reg->unit->name, promises[k].unit) != 0))
                fail_msg("%s: %s is in %s", profile->name, reg->path,
                         reg->unit ? reg->unit->name : "nothing");
    }
}

static void names_and_units_agree(void **state)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
        struct profile_case c;

        profile_case_load(&c, profiles[i].name, NULL);
        check_promises(c.profile);
        profile_case_done(&c);
    }
}

/* Registers as the makers' lists have them. */
static const struct {
    const char *profile, *port, *line;
} known[] = {
    {"Eastron/SDM630", "phase_2_current", "regs.phase.2.current input:8 float32/2 A"},
    {"Eastron/SDM630", "power", "regs.power input:52 float32/2 W"},
    {"Eastron/SDM630", "phase_3_energy_reactive_total",
     "regs.phase.3.energy.reactive_total input:380 float32/2 kvarh @energy"},
    {"Eastron/SDM630", "dev_serial", "dev.regs.serial holding:64512 uint32/2 @setup"},
    {"Eastron/SDM72", "energy_net", "regs.energy.net input:396 float32/2 kWh @energy"},
    {"Fronius/Symo", "power", "regs.regs.power holding:40083 int16 *1 10^40084 W"},
    {"Fronius/Symo", "energy", "regs.regs.energy holding:40093 uint32/2 *1 10^40095 Wh @energy"},
    {"Fronius/Symo", "mppt_2_voltage", "mppt.regs.2.voltage holding:40293 uint16 *1 10^40256 V"},
    {"Fronius/Symo-float", "power", "regs.regs.power holding:40091 float32/2 W"},
    {"Fronius/GEN24", "mppt_4_power", "mppt.regs.4.power holding:40334 uint16 *1 10^40257 W"},
    {"Fronius/GEN24", "storage_soc", "storage.regs.soc holding:40351 uint16 *1 10^40365 %"},
    {"Fronius/GEN24-float", "storage_soc", "storage.regs.soc holding:40361 uint16 *1 10^40375 %"},
    {"Fronius/GEN24-float", "dev_maker", "dev.regs.maker holding:40004 text/16 @setup"},
    {"Stiebel/WPM", "outside", "regs.outside input:506 int16 *0.1 °C"},
    {"Stiebel/WPM", "setting_circuit_2_eco",
     "regs.setting.circuit.2.eco holding:1505 int16 *0.1 °C @setup"},
    {"Victron/GX", "phase_2_grid", "regs.phase.2.grid holding:821 int16 W"},
    {"Victron/GX", "battery_consumed", "regs.battery.consumed holding:845 uint16 *-0.1 Ah"},
    {"Victron/VEBus", "in_3_power", "regs.in.3.power holding:14 int16 *10 W"},
};

static void as_the_makers_say(void **state)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        struct profile_case c;
        struct mf_buf line = {0};
        const struct mf_profile_register *reg;

        profile_case_load(&c, known[i].profile, NULL);
        reg = mf_profile_find(c.profile, known[i].port);
        if (!reg)
            fail_msg("%s has no %s", known[i].profile, known[i].port);
        profile_case_line(reg, &line);
        assert_string_equal(mf_buf_text(&line), known[i].line);
        mf_buf_done(&line);
        profile_case_done(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_expands),
        cmocka_unit_test(names_and_units_agree),
        cmocka_unit_test(as_the_makers_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
