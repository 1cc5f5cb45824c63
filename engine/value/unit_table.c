/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The tables behind engine/value/unit.h: units, prefixes, other spellings, and
 * what dimensions are called. To add a unit, add a line.
 *
 * `C` and `F` are left out on purpose: whoever writes `20 C` means °C, and is told so.
 * Lumen and lux carry the solid angle, so that they do not convert to candela.
 */

#include "engine/value/unit_priv.h"

#define LENGTH(n) [MF_DIM_LENGTH] = (n)
#define MASS(n) [MF_DIM_MASS] = (n)
#define TIME(n) [MF_DIM_TIME] = (n)
#define CURRENT(n) [MF_DIM_CURRENT] = (n)
#define TEMPERATURE(n) [MF_DIM_TEMPERATURE] = (n)
#define AMOUNT(n) [MF_DIM_AMOUNT] = (n)
#define LIGHT(n) [MF_DIM_LIGHT] = (n)
#define ANGLE(n) [MF_DIM_ANGLE] = (n)
#define DATA(n) [MF_DIM_DATA] = (n)
#define MONEY(n) [MF_DIM_MONEY] = (n)
#define MONEY2(n) [MF_DIM_MONEY2] = (n)
#define REACTIVE(n) [MF_DIM_REACTIVE] = (n)
#define APPARENT(n) [MF_DIM_APPARENT] = (n)

#define FORCE MASS(1), LENGTH(1), TIME(-2)
#define PRESSURE MASS(1), LENGTH(-1), TIME(-2)
#define ENERGY MASS(1), LENGTH(2), TIME(-2)
#define POWER MASS(1), LENGTH(2), TIME(-3)
#define VOLTAGE POWER, CURRENT(-1)
#define RESISTANCE POWER, CURRENT(-2)
#define CONDUCTANCE MASS(-1), LENGTH(-2), TIME(3), CURRENT(2)

#define PI 3.14159265358979323846
#define HOUR 3600.0

/* clang-format off */
const struct mf_unit_def mf_unit_defs[] = {
    {"W", "watt", "numkMGT", {POWER}, 1},
    {"Wh", "watt hour", "mkMGT", {ENERGY}, HOUR},
    {"J", "joule", "mkMGT", {ENERGY}, 1},
    {"cal", "calorie", "k", {ENERGY}, 4.184},
    {"VA", "volt ampere, apparent power", "kM", {POWER, APPARENT(1)}, 1},
    {"VAh", "volt ampere hour, apparent energy", "kM", {ENERGY, APPARENT(1)}, HOUR},
    {"var", "var, reactive power", "kM", {POWER, REACTIVE(1)}, 1},
    {"varh", "var hour, reactive energy", "kM", {ENERGY, REACTIVE(1)}, HOUR},
    {"V", "volt", "numkM", {VOLTAGE}, 1},
    {"A", "ampere", "numk", {CURRENT(1)}, 1},
    {"Ah", "ampere hour, electric charge", "umk", {CURRENT(1), TIME(1)}, HOUR},
    {"Ω", "ohm", "mkMG", {RESISTANCE}, 1},
    {"S", "siemens", "um", {CONDUCTANCE}, 1},
    {"Hz", "hertz", "mkMGT", {TIME(-1)}, 1},
    {"rpm", "turns per minute", "", {TIME(-1)}, 1 / 60.0},
    {"K", "kelvin", "m", {TEMPERATURE(1)}, 1},
    {"°C", "degree Celsius", "", {TEMPERATURE(1)}, 1, 273.15},
    {"°F", "degree Fahrenheit", "", {TEMPERATURE(1)}, 5 / 9.0, 459.67 * 5 / 9.0},
    {"Δ°F", "difference of two °F", "", {TEMPERATURE(1)}, 5 / 9.0},
    {"%", "per cent", "", {0}, 0.01, .is_ratio_named = true},
    {"‰", "per mille", "", {0}, 1e-3, .is_ratio_named = true},
    {"ppm", "parts per million", "", {0}, 1e-6, .is_ratio_named = true},
    {"ppb", "parts per billion", "", {0}, 1e-9, .is_ratio_named = true},
    {"s", "second", "num", {TIME(1)}, 1},
    {"min", "minute", "", {TIME(1)}, 60},
    {"h", "hour", "", {TIME(1)}, HOUR},
    {"d", "day", "", {TIME(1)}, 24 * HOUR},
    {"m", "metre", "numck", {LENGTH(1)}, 1},
    {"ft", "foot", "", {LENGTH(1)}, 0.3048},
    {"mi", "mile", "", {LENGTH(1)}, 1609.344},
    {"m2", "square metre", "", {LENGTH(2)}, 1},
    {"m3", "cubic metre", "", {LENGTH(3)}, 1},
    {"ha", "hectare", "", {LENGTH(2)}, 1e4},
    {"l", "litre", "umch", {LENGTH(3)}, 1e-3},
    {"km/h", "kilometre per hour", "", {LENGTH(1), TIME(-1)}, 1000 / HOUR},
    {"mph", "mile per hour", "", {LENGTH(1), TIME(-1)}, 1609.344 / HOUR},
    {"kn", "knot", "", {LENGTH(1), TIME(-1)}, 1852 / HOUR},
    {"g", "gram", "numk", {MASS(1)}, 1e-3},
    {"t", "tonne", "", {MASS(1)}, 1000},
    {"N", "newton", "mkM", {FORCE}, 1},
    {"Pa", "pascal", "mhkM", {PRESSURE}, 1},
    {"bar", "bar", "m", {PRESSURE}, 1e5},
    {"psi", "pound per square inch", "", {PRESSURE}, 6894.757293168},
    {"cd", "candela", "m", {LIGHT(1)}, 1},
    {"lm", "lumen", "k", {LIGHT(1), ANGLE(2)}, 1},
    {"lx", "lux", "mk", {LIGHT(1), ANGLE(2), LENGTH(-2)}, 1},
    {"mol", "mole", "um", {AMOUNT(1)}, 1},
    {"rad", "radian", "m", {ANGLE(1)}, 1},
    {"deg", "degree of an angle", "", {ANGLE(1)}, PI / 180},
    {"B", "byte", "kMGT", {DATA(1)}, 1},
    {"KiB", "1024 bytes", "", {DATA(1)}, 1024},
    {"MiB", "1024 KiB", "", {DATA(1)}, 1048576},
    {"GiB", "1024 MiB", "", {DATA(1)}, 1073741824},
    {"TiB", "1024 GiB", "", {DATA(1)}, 1099511627776},
    {"bit", "bit", "kMG", {DATA(1)}, 0.125},
    {"EUR", "euro", "", {MONEY(1)}, 1},
    {"ct", "cent of a euro", "", {MONEY(1)}, 0.01},
    {"USD", "US dollar", "", {MONEY2(1)}, 1},
    {0},
};

const struct mf_unit_alias mf_unit_aliases[] = {
    {"°", "deg"},
    {"degC", "°C"},
    {"degF", "°F"},
    {"ohm", "Ω"},
    {"Ohm", "Ω"},
    {"\xe2\x84\xa6", "Ω"}, /* U+2126, the sign instead of the letter */
    {"€", "EUR"},
    {"L", "l"},
    {0},
};

/* The longer spelling of a prefix comes first. */
const struct mf_unit_prefix mf_unit_prefixes[] = {
    {'n', "n", 1e-9},
    {'u', "µ", 1e-6},
    {'u', "\xce\xbc", 1e-6}, /* U+03BC, the Greek letter */
    {'u', "u", 1e-6},
    {'m', "m", 1e-3},
    {'c', "c", 1e-2},
    {'h', "h", 1e2},
    {'k', "k", 1e3},
    {'M', "M", 1e6},
    {'G', "G", 1e9},
    {'T', "T", 1e12},
    {0},
};

const struct mf_unit_dim_name mf_unit_dim_names[] = {
    {"a ratio", {0}},
    {"length", {LENGTH(1)}},
    {"area", {LENGTH(2)}},
    {"volume", {LENGTH(3)}},
    {"mass", {MASS(1)}},
    {"time", {TIME(1)}},
    {"frequency", {TIME(-1)}},
    {"electric current", {CURRENT(1)}},
    {"electric charge", {CURRENT(1), TIME(1)}},
    {"temperature", {TEMPERATURE(1)}},
    {"amount of substance", {AMOUNT(1)}},
    {"luminous intensity", {LIGHT(1)}},
    {"luminous flux", {LIGHT(1), ANGLE(2)}},
    {"illuminance", {LIGHT(1), ANGLE(2), LENGTH(-2)}},
    {"angle", {ANGLE(1)}},
    {"angular speed", {ANGLE(1), TIME(-1)}},
    {"data", {DATA(1)}},
    {"data rate", {DATA(1), TIME(-1)}},
    {"money", {MONEY(1)}},
    {"dollars", {MONEY2(1)}},
    {"price of energy", {MONEY(1), MASS(-1), LENGTH(-2), TIME(2)}},
    {"price of energy in dollars", {MONEY2(1), MASS(-1), LENGTH(-2), TIME(2)}},
    {"speed", {LENGTH(1), TIME(-1)}},
    {"acceleration", {LENGTH(1), TIME(-2)}},
    {"volume flow", {LENGTH(3), TIME(-1)}},
    {"mass flow", {MASS(1), TIME(-1)}},
    {"density", {MASS(1), LENGTH(-3)}},
    {"concentration", {AMOUNT(1), LENGTH(-3)}},
    {"force", {FORCE}},
    {"pressure", {PRESSURE}},
    {"energy", {ENERGY}},
    {"power", {POWER}},
    {"change of power", {MASS(1), LENGTH(2), TIME(-4)}},
    {"change of temperature", {TEMPERATURE(1), TIME(-1)}},
    {"apparent power", {POWER, APPARENT(1)}},
    {"apparent energy", {ENERGY, APPARENT(1)}},
    {"reactive power", {POWER, REACTIVE(1)}},
    {"reactive energy", {ENERGY, REACTIVE(1)}},
    {"voltage", {VOLTAGE}},
    {"resistance", {RESISTANCE}},
    {"conductance", {CONDUCTANCE}},
    {"irradiance", {MASS(1), TIME(-3)}},
    {"energy per area", {MASS(1), TIME(-2)}},
    {0},
};

const char *const mf_unit_base[] = {
    "m", "kg", "s", "A", "K", "mol", "cd", "rad", "B", "EUR", "USD", "(reactive)", "(apparent)",
};
/* clang-format on */
_Static_assert(sizeof mf_unit_base / sizeof *mf_unit_base == MF_DIMS, "a name for each");
