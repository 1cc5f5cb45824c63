/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Units: what is read, what converts into what, and what products are called. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/value/unit.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct mf_unit unit_of(const char *text)
{
    struct mf_unit unit;
    struct mf_error err = {0};

    if (mf_unit_read(text, strlen(text), &unit, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return unit;
}

static void assert_near(const char *what, double got, double wanted)
{
    if (fabs(got - wanted) > 1e-12 * fmax(fabs(wanted), 1e-300))
        fail_msg("%s: got %.17g, wanted %.17g", what, got, wanted);
}

/* Every name means the right size of the right thing. */
static void names_are_read(void **state)
{
    static const struct {
        const char *text;
        double factor, offset;
        const char *dimension;
    } rows[] = {
        {"W", 1, 0, "power"},
        {"kW", 1e3, 0, "power"},
        {"MW", 1e6, 0, "power"},
        {"mW", 1e-3, 0, "power"},
        {"kWh", 3.6e6, 0, "energy"},
        {"J", 1, 0, "energy"},
        {"kcal", 4184, 0, "energy"},
        {"VA", 1, 0, "apparent power"},
        {"var", 1, 0, "reactive power"},
        {"kvarh", 3.6e6, 0, "reactive energy"},
        {"V", 1, 0, "voltage"},
        {"mV", 1e-3, 0, "voltage"},
        {"A", 1, 0, "electric current"},
        {"µA", 1e-6, 0, "electric current"},
        {"\xce\xbc"
         "A",
         1e-6, 0, "electric current"},
        {"uA", 1e-6, 0, "electric current"},
        {"Ah", 3600, 0, "electric charge"},
        {"kΩ", 1e3, 0, "resistance"},
        {"kohm", 1e3, 0, "resistance"},
        {"\xe2\x84\xa6", 1, 0, "resistance"},
        {"Hz", 1, 0, "frequency"},
        {"rpm", 1 / 60.0, 0, "frequency"},
        {"K", 1, 0, "temperature"},
        {"°C", 1, 273.15, "temperature"},
        {"degC", 1, 273.15, "temperature"},
        {"°F", 5 / 9.0, 459.67 * 5 / 9.0, "temperature"},
        {"%", 0.01, 0, "a ratio"},
        {"‰", 1e-3, 0, "a ratio"},
        {"ppm", 1e-6, 0, "a ratio"},
        {"s", 1, 0, "time"},
        {"min", 60, 0, "time"},
        {"h", 3600, 0, "time"},
        {"d", 86400, 0, "time"},
        {"m", 1, 0, "length"},
        {"mm", 1e-3, 0, "length"},
        {"m2", 1, 0, "area"},
        {"m²", 1, 0, "area"},
        {"m^2", 1, 0, "area"},
        {"cm3", 1e-6, 0, "volume"},
        {"l", 1e-3, 0, "volume"},
        {"L", 1e-3, 0, "volume"},
        {"l/min", 1e-3 / 60, 0, "volume flow"},
        {"m3/h", 1 / 3600.0, 0, "volume flow"},
        {"m³/h", 1 / 3600.0, 0, "volume flow"},
        {"km/h", 1 / 3.6, 0, "speed"},
        {"m/s", 1, 0, "speed"},
        {"bar", 1e5, 0, "pressure"},
        {"mbar", 100, 0, "pressure"},
        {"hPa", 100, 0, "pressure"},
        {"lx", 1, 0, "illuminance"},
        {"lm", 1, 0, "luminous flux"},
        {"cd", 1, 0, "luminous intensity"},
        {"kg", 1, 0, "mass"},
        {"t", 1000, 0, "mass"},
        {"EUR", 1, 0, "money"},
        {"ct", 0.01, 0, "money"},
        {"€/kWh", 1 / 3.6e6, 0, "price of energy"},
        {"EUR / kWh", 1 / 3.6e6, 0, "price of energy"},
        {"USD", 1, 0, "dollars"},
        {"B", 1, 0, "data"},
        {"KiB", 1024, 0, "data"},
        {"bit", 0.125, 0, "data"},
        {"Mbit/s", 125000, 0, "data rate"},
        {"mol/l", 1000, 0, "concentration"},
        {"deg", 0.017453292519943295, 0, "angle"},
        {"°", 0.017453292519943295, 0, "angle"},
        {"W*h", 3600, 0, "energy"},
        {"W·h", 3600, 0, "energy"},
        {"W/s", 1, 0, "change of power"},
        {"1/min", 1 / 60.0, 0, "frequency"},
        {"W/m2", 1, 0, "irradiance"},
        {"kg*m2/s^-3", 1, 0, "m2*kg*s3"},
        {"s^-2", 1, 0, "1/s2"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit unit = unit_of(rows[i].text);
        char formula[64];

        assert_near(rows[i].text, unit.factor, rows[i].factor);
        assert_near(rows[i].text, unit.offset, rows[i].offset);
        assert_string_equal(mf_unit_dimension(&unit, formula), rows[i].dimension);
        assert_string_equal(unit.name, rows[i].text);
    }
}

/* What is no unit is refused, with the nearest name where there is one. */
static void faults_name_the_nearest(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"kw", "`kw` is not a unit; did you mean `kW`?"},
        {"KWH", "`KWH` is not a unit; did you mean `kWh`?"},
        {"C", "`C` is not a unit; did you mean `°C`?"},
        {"f", "`f` is not a unit; did you mean `°F`?"},
        {"°c", "`°c` is not a unit; did you mean `°C`?"},
        {"KB", "`KB` is not a unit; did you mean `kB`?"},
        {"eur/kWh", "`eur` is not a unit; did you mean `EUR`?"},
        {"dBm", "`dBm` is not a unit"},
        {"cW", "`cW` is not a unit; did you mean `W`?"},
        {"foo\x01", "`foo\\x01` is not a unit"},
        {"", "a unit is missing"},
        {"  ", "a unit is missing"},
        {"1", "`1` is not a unit"},
        {"W/", "`W/` is not a unit: a name is missing"},
        {"/h", "`/h` is not a unit: a name is missing"},
        {"W s", "`W s` is not a unit: names are joined by `*` or `/`"},
        {"m12", "`m12` is not a unit: an exponent is from 1 to 9"},
        {"m^", "`m^` is not a unit: an exponent is from 1 to 9"},
        {"m0", "`m0` is not a unit: an exponent is from 1 to 9"},
        {"m9*m9*m9*m9*m9*m9*m9",
         "`m9*m9*m9*m9*m9*m9*m9` is not a unit: it is out of all proportion"},
        {"kWh/kWh/kWh/kWh/kWh/kWh/kWh", "a unit is at most 23 bytes long"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit unit = {.factor = 7};
        struct mf_error err = {0};

        if (mf_unit_read(rows[i].text, strlen(rows[i].text), &unit, &err) != MF_EINVAL)
            fail_msg("`%s` is taken", rows[i].text);
        assert_string_equal(err.text, rows[i].message);
        assert_true(unit.factor == 7);
    }
}

/* Numbers convert where the dimension agrees, and come out as people write them. */
static void units_convert(void **state)
{
    static const struct {
        const char *from, *to;
        bool delta;
        double x, y;
    } rows[] = {
        {"kW", "W", false, 1.5, 1500},
        {"W", "kW", false, 1500, 1.5},
        {"°C", "K", false, 20, 293.15},
        {"°C", "°F", false, 100, 212},
        {"°C", "°F", false, 0, 32},
        {"°F", "°C", false, -40, -40},
        {"°C", "°F", true, 10, 18},
        {"°C", "K", true, 10, 10},
        {"kWh", "J", false, 1, 3.6e6},
        {"kWh", "MJ", false, 1, 3.6},
        {"%", "‰", false, 5, 50},
        {"km/h", "m/s", false, 36, 10},
        {"EUR/kWh", "ct/kWh", false, 0.3, 30},
        {"l/min", "m3/h", false, 100, 6},
        {"bar", "hPa", false, 1, 1000},
        {"MiB", "B", false, 1, 1048576},
        {"W*s", "J", false, 1, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit from = unit_of(rows[i].from), to = unit_of(rows[i].to);
        struct mf_linear linear;

        assert_true(mf_unit_convert(&from, &to, rows[i].delta, &linear));
        assert_near(rows[i].from, rows[i].x * linear.mul + linear.add, rows[i].y);
    }
}

/* What a person wrote comes out as that person would write it. */
static void literals_convert_to_round_numbers(void **state)
{
    static const struct {
        const char *from, *to;
        double x, y;
    } rows[] = {
        {"°F", "°C", 68, 20},       {"kW", "W", 0.3, 300},
        {"ct", "EUR", 31.7, 0.317}, {"W", "W", 0.1 + 0.2, 0.1 + 0.2},
        {"l/min", "m3/h", 7, 0.42},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit from = unit_of(rows[i].from), to = unit_of(rows[i].to);
        struct mf_linear linear;

        assert_true(mf_unit_convert(&from, &to, false, &linear));
        assert_true(mf_unit_convert_literal(&linear, rows[i].x) == rows[i].y);
    }
}

/* What is measured in different ways does not convert, however alike it looks. */
static void dimensions_are_kept_apart(void **state)
{
    static const char *const rows[][2] = {
        {"W", "Wh"},  {"W", "VA"},    {"W", "var"}, {"VA", "var"},   {"cd", "lm"},
        {"lm", "lx"}, {"EUR", "USD"}, {"%", "W"},   {"Hz", "rad/s"}, {"B", "%"},
    };
    struct mf_linear linear = {7, 7};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit a = unit_of(rows[i][0]), b = unit_of(rows[i][1]);

        assert_false(mf_unit_convert(&a, &b, false, &linear));
        assert_false(mf_unit_same_dim(&a, &b));
    }
    assert_true(linear.mul == 7 && linear.add == 7);
}

/* Products and quotients get the name people know. */
static void algebra_names_results(void **state)
{
    static const struct {
        const char *a, *b, *product, *quotient;
    } rows[] = {
        {"W", "h", "Wh", "W/h"},      {"kW", "h", "kWh", "kW/h"},
        {"kWh", "h", "kWh*h", "kW"},  {"Wh", "h", "Wh*h", "W"},
        {"V", "A", "W", "Ω"},         {"EUR/kWh", "kWh", "EUR", "EUR/kWh/kWh"},
        {"W", "W", "W*W", ""},        {"m", "s", "m*s", "m/s"},
        {"m", "m", "m2", ""},         {"W", "m3/h", "W*m3/h", "W/m3*h"},
        {"ct", "EUR", "ct*EUR", "%"}, {"km", "h", "km*h", "km/h"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit a = unit_of(rows[i].a), b = unit_of(rows[i].b), product, quotient, back;

        mf_unit_multiply(&a, &b, &product);
        mf_unit_divide(&a, &b, &quotient);
        assert_string_equal(product.name, rows[i].product);
        assert_string_equal(quotient.name, rows[i].quotient);
        assert_near("factor", product.factor, a.factor * b.factor);
        mf_unit_divide(&product, &b, &back);
        assert_true(mf_unit_equal(&back, &a));
        mf_unit_multiply(&quotient, &b, &back);
        assert_true(mf_unit_equal(&back, &a));
    }
}

/* The name of a result says what it is: read again, it is the same unit. */
static void result_names_are_true(void **state)
{
    size_t count;
    const struct mf_unit_info *list = mf_unit_list(&count);

    for (size_t i = 0; i < count; i += 3)
        for (size_t k = 0; k < count; k += 7) {
            struct mf_unit a = unit_of(list[i].name), b = unit_of(list[k].name), unit[2];

            mf_unit_multiply(&a, &b, &unit[0]);
            mf_unit_divide(&a, &b, &unit[1]);
            for (int n = 0; n < 2; n++) {
                struct mf_unit again;

                if (!*unit[n].name || strchr(unit[n].name, '('))
                    continue;
                again = unit_of(unit[n].name);
                again.offset = 0;
                if (!mf_unit_equal(&again, &unit[n]))
                    fail_msg("%s and %s make %s", a.name, b.name, unit[n].name);
            }
        }
}

/* Units that are multiplied without end never overflow. */
static void absurd_products_are_harmless(void **state)
{
    struct mf_unit unit = unit_of("m9"), term = unit;

    for (int i = 0; i < 100; i++)
        mf_unit_multiply(&unit, &term, &unit);
    assert_true(unit.dim[MF_DIM_LENGTH] > 0);
    assert_string_equal(unit.name, "(no name)");
}

/* The difference of two temperatures is in K, or in a °F that has no zero. */
static void differences_have_no_zero(void **state)
{
    static const char *const rows[][2] = {{"°C", "K"}, {"°F", "Δ°F"}, {"K", "K"}, {"kW", "kW"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit unit = unit_of(rows[i][0]), delta;

        mf_unit_delta(&unit, &delta);
        assert_string_equal(delta.name, rows[i][1]);
        assert_false(mf_unit_is_affine(&delta));
        assert_near(unit.name, delta.factor, unit.factor);
    }
}

/* Each listed name reads as itself, has a meaning and a dimension, and stands once. */
static void the_list_is_sound(void **state)
{
    size_t count;
    const struct mf_unit_info *list = mf_unit_list(&count);

    assert_true(count >= 100);
    for (size_t i = 0; i < count; i++) {
        struct mf_unit unit = unit_of(list[i].name);
        char formula[64];

        assert_true(strlen(list[i].meaning) > 0);
        assert_string_equal(list[i].dimension, mf_unit_dimension(&unit, formula));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(list[i].name, list[k].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(faults_name_the_nearest),
        cmocka_unit_test(units_convert),
        cmocka_unit_test(literals_convert_to_round_numbers),
        cmocka_unit_test(dimensions_are_kept_apart),
        cmocka_unit_test(algebra_names_results),
        cmocka_unit_test(result_names_are_true),
        cmocka_unit_test(absurd_products_are_harmless),
        cmocka_unit_test(differences_have_no_zero),
        cmocka_unit_test(the_list_is_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
