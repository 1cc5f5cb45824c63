/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Units: what is converted, what comes out, and what is refused where. */

#include "tests/unit/expr/house.h"

/* Sums and comparisons are made in the unit of the left side. */
static void sums(void **state)
{
    static const struct expectation list[] = {
        {"power + 1 kW", "1800.0 W"},
        {"1 kW + power", "1.8 kW"},
        {"power - energy / 4 h", "300.0 W"},
        {"power > 1 kW", "false"},
        {"power == 0.8 kW", "true"},
        {"0.8 kW <= power", "true"},
        {"energy - 1 MJ", "1.7222222222222223 kWh"},
        {"n % 3", "1"},
        {"power % 300", "200.0 W"},
        {"power + energy", "413 <+> `power` is in W (power), but `energy` is in kWh (energy)"},
        {"power < 5 °C", "413 <<> `power` is in W (power), but `5 °C` is in °C (temperature); "
                         "write the number in W"},
        {"t .. power", "\"on800\""},
    };

    HOUSE_EXPECT(list);
}

/* A number without a unit takes the one beside it. */
static void bare_numbers(void **state)
{
    static const struct expectation list[] = {
        {"power + 5", "805.0 W"},
        {"5 < power", "true"},
        {"clamp(power, 0, 500)", "500 W"},
        {"b and power or 0", "800.0 W"},
        {"b and 5 kW or 200", "5 kW"},
        {"power + (2 + 3) * 10", "850.0 W"},
        {"soc + 10", "60.0 %"},
        {"power + x", "802.5 W\n416 <x> `x` has no unit, so it is taken in W; say `unit: W` where "
                      "the value comes from, or `quantity(x, 'W')` here"},
        {"x > power", "false\n416 <x> `x` has no unit, so it is taken in W; say `unit: W` where "
                      "the value comes from, or `quantity(x, 'W')` here"},
        {"power > n", "true\n416 <n> `n` has no unit, so it is taken in W; say `unit: W` where the "
                      "value comes from, or `quantity(n, 'W')` here"},
        {"power + any", "bad: no value"},
        {"quantity(any, 'W') + power", "bad: no value"},
    };

    HOUSE_EXPECT(list);
}

/* Products combine; what cancels out is plain. */
static void products(void **state)
{
    static const struct expectation list[] = {
        {"power * 2", "1600.0 W"},
        {"power * x", "2000.0 W"},
        {"power * 2 h", "1600.0 Wh"},
        {"energy / 2 h", "1.0 kW"},
        {"power / 1 kW", "0.8"},
        {"power // 300 W", "2.0"},
        {"power / 0.5", "1600.0 W"},
        {"2 / 5 s", "0.4 Hz"},
        {"5 s * 1 / 5 s", "1.0"},
        {"3 Hz * 20 ms", "0.06"},
        {"power * power", "640000.0 W*W"},
        {"power ^ 2", "640000.0 W*W"},
        {"power ^ x", "415 <power> a power other than 1 to 4 wants a plain number, but `power` is "
                      "in W; `number(power, 'W')` is the plain number"},
        {"power ^ 2 / power", "800.0 W"},
        {"x ^ soc", "1.5811388300841898"},
        {"2 ^ power", "415 <power> an exponent wants a plain number, but `power` is in W; "
                      "`number(power, 'W')` is the plain number"},
        {"0.3 EUR/kWh * energy", "0.6 EUR"},
        {"20 W/s * 3 s", "60 W"},
        {"power / 5min", "160.0 W/min"},
        {"energy // 300 Wh", "6.0"},
    };

    HOUSE_EXPECT(list);
}

/* Per cent is a factor beside another unit. */
static void per_cent(void **state)
{
    static const struct expectation list[] = {
        {"power * soc", "400.0 W"},
        {"soc * power", "400.0 W"},
        {"soc * 2", "100.0 %"},
        {"soc * soc", "25.0 %"},
        {"power / soc", "1600.0 W"},
        {"3 / 50 %", "6.0"},
        {"soc / 20 %", "2.5"},
        {"100 % - soc", "50.0 %"},
        {"soc > 20 %", "true"},
        {"soc * 1 h", "0.5 h"},
        {"soc ^ 2", "0.25"},
        {"x + soc", "52.5 %\n416 <x> `x` has no unit, so it is taken in %; say `unit: %` where the "
                    "value comes from, or `quantity(x, '%')` here"},
    };

    HOUSE_EXPECT(list);
}

/* °C is a point of a scale; a difference is in K. */
static void temperatures(void **state)
{
    static const struct expectation list[] = {
        {"temp - fahr", "10.999999999999993 K"},
        {"temp - 20 °C", "1.0 K"},
        {"temp + 3 K", "24.0 °C"},
        {"temp - 3 K", "18.0 °C"},
        {"3 K + temp", "24.0 °C"},
        {"temp - 0.5", "20.5 °C"},
        {"temp > 20", "true"},
        {"temp > -5 °C", "true"},
        {"-5 °C", "-5 °C"},
        {"temp - -5 °C", "26.0 K"},
        {"mean(-(5 °C), 5 °C)", "0.0 °C"},
        {"-5 °C", "268.15 K", "K"},
        {"temp > 68 °F", "true"},
        {"temp > kelvin", "false"},
        {"kelvin - temp", "5.850000000000023 K"},
        {"kelvin > temp", "true"},
        {"mean(temp, fahr)", "15.500000000000004 °C"},
        {"(temp + fahr) / 2", "15.500000000000004 °C"},
        {"0.25 * temp + 0.75 * fahr", "12.750000000000007 °C"},
        {"temp + fahr",
         "414 <temp + fahr> `temp + fahr` is a sum or a multiple of temperatures in °C, which is "
         "no temperature; a mean is `mean(a, b)`; the plain number is `number(x, '°C')`"},
        {"temp + fahr > 30 °C",
         "414 <>> one side is a temperature, the other a difference or a sum of temperatures; "
         "compare temperatures in °C, and differences in K"},
        {"temp + fahr > fahr + temp", "false"},
        {"-temp", "414 <-temp> `-temp` is a sum or a multiple of temperatures in °C, which is no "
                  "temperature; a mean is `mean(a, b)`; the plain number is `number(x, '°C')`"},
        {"-temp + fahr", "-10.999999999999993 K"},
        {"temp * 2",
         "414 <temp * 2> `temp * 2` is a sum or a multiple of temperatures in °C, which is no "
         "temperature; a mean is `mean(a, b)`; the plain number is `number(x, '°C')`"},
        {"temp * x", "414 <temp> `temp` is a temperature in °C, a point on a scale whose zero is "
                     "arbitrary: it has no multiples; `number(temp, '°C')` is the plain number"},
        {"temp * 3 W", "414 <temp> `temp` is a temperature in °C, a point on a scale whose zero is "
                       "arbitrary: it has no multiples; `number(temp, '°C')` is the plain number"},
        {"temp ^ 2", "414 <temp> `temp` is a temperature in °C, a point on a scale whose zero is "
                     "arbitrary: it has no multiples; `number(temp, '°C')` is the plain number"},
        {"temp / fahr",
         "414 <temp> `temp` is a temperature in °C, a point on a scale whose zero is arbitrary: it "
         "has no multiples; `number(temp, '°C')` is the plain number"},
        {"(temp - 20 °C) * 50 W/K", "50.0 W"},
        {"(temp - 20) * 50 W/K", "50.0 W"},
        {"(temp - 20) / 4", "0.25 °C"},
        {"(fahr - 32 °F) * 10 W/K", "180.0 Δ°F*W/K"},
        {"temp - fahr > 3 K", "true"},
        {"temp - fahr > 20 °C",
         "414 <>> one side is a temperature, the other a difference or a sum of temperatures; "
         "compare temperatures in °C, and differences in K"},
        {"temp - 20 > 0.5 K", "true"},
        {"math.max(temp, fahr)", "21.0 °C"},
        {"math.max(temp, 5)", "21.0 °C"},
        {"math.max(temp + fahr, 3)",
         "414 <temp + fahr> `temp + fahr` is a sum or a multiple of temperatures in °C, which is "
         "no temperature; a mean is `mean(a, b)`; the plain number is `number(x, '°C')`"},
        {"b and temp or fahr", "21.0 °C"},
        {"b and temp or 3 K", "21.0 °C"},
        {"mean(temp + fahr, 3)",
         "414 <temp + fahr> `temp + fahr` is a sum or a multiple of temperatures in °C, which is "
         "no temperature; a mean is `mean(a, b)`; the plain number is `number(x, '°C')`"},
        {"temp % 5", "1.0 °C"},
    };

    HOUSE_EXPECT(list);
}

/* Functions have their rules. */
static void functions(void **state)
{
    static const struct expectation list[] = {
        {"math.max(0, -power)", "0 W"},
        {"math.min(power, 0.5 kW, 700)", "500.0 W"},
        {"math.abs(-power)", "800.0 W"},
        {"math.floor(energy)", "2 kWh"},
        {"math.floor(energy * 1.3)", "2 kWh"},
        {"clamp(energy, 0 kWh, 1 MJ)", "0.2777777777777778 kWh"},
        {"round(power, 0.3 kW)", "900.0 W"},
        {"round(temp, 0.5)", "21.0 °C"},
        {"round(temp, 0.5 K)", "21.0 °C"},
        {"round(fahr, 5 K)", "54.0 °F"},
        {"round(power, 5 s)", "413 <round(power, 5 s)> `power` is in W (power), but `5 s` is in s "
                              "(time); write the number in W"},
        {"round(x, 5 s)", "5 s\n416 <x> `x` has no unit, so it is taken in s; say `unit: s` where "
                          "the value comes from, or `quantity(x, 's')` here"},
        {"sign(power)", "1"},
        {"scale(x, 0, 10, 4 mA, 20 mA)", "8.0 mA"},
        {"scale(power, 0, 1 kW, 0 %, 100 %)", "80.0 %"},
        {"scale(power, 0, 10 s, 1, 2)",
         "413 <scale(power, 0, 10 s, 1, 2)> `power` is in W (power), but `10 s` is in s (time); "
         "write the number in W"},
        {"math.sqrt(power)", "415 <power> `math.sqrt` wants a plain number, but `power` is in W; "
                             "`number(power, 'W')` is the plain number"},
        {"math.exp(soc)", "1.6487212707001282"},
        {"math.sin(90 °)", "1.0"},
        {"math.sin(math.pi / 2)", "1.0"},
        {"math.sin(power)", "415 <power> `math.sin` wants a plain number, but `power` is in W; "
                            "`number(power, 'W')` is the plain number"},
        {"math.atan(power, 1 kW)", "0.6747409422235526"},
        {"math.atan(power, 1 s)", "413 <math.atan(power, 1 s)> `power` is in W (power), but `1 s` "
                                  "is in s (time); write the number in W"},
        {"math.fmod(power, 0.3 kW)", "200.0 W"},
        {"coalesce(power, 0)", "800.0 W"},
        {"coalesce(any, power)", "800.0 W"},
        {"coalesce(power, 1 s)", "413 <coalesce(power, 1 s)> `power` is in W (power), but `1 s` is "
                                 "in s (time); write the number in W"},
        {"number(power, 'kW')", "0.8"},
        {"number(power)", "800.0"},
        {"number(temp, '°F')", "69.80000000000001"},
        {"number(temp - 20 °C, '°F')",
         "414 <temp - 20 °C> `temp - 20 °C` is a difference of temperatures, which has no place on "
         "a scale; write `'K'` for `'°F'`"},
        {"number(power, 'kw')", "406 <''kw''> `kw` is not a unit; did you mean `kW`?"},
        {"number(power, 's')", "413 <''s''> `power` is in W (power), not in a unit of time"},
        {"number(power, t)",
         "410 <t> the second argument of `number` is the name of a unit, such as `'kW'`"},
        {"number(x, 'W')", "2.5\n416 <x> `x` has no unit, so it is taken in W; say `unit: W` where "
                           "the value comes from, or `quantity(x, 'W')` here"},
        {"quantity(x, 'kW')", "2.5 kW"},
        {"quantity(power, 'kW')", "0.8 kW"},
        {"quantity(power, 's')", "413 <''s''> `power` is in W (power), not in a unit of time"},
        {"quantity(temp - 20 °C, '°C')",
         "414 <temp - 20 °C> `temp - 20 °C` is a difference of temperatures, which has no place on "
         "a scale; write `'K'` for `'°C'`"},
        {"tostring(power)", "\"800\""},
        {"power & 3", "415 <power> an operator on bits wants a plain number, but `power` is in W; "
                      "`number(power, 'W')` is the plain number"},
        {"~power", "415 <power> an operator on bits wants a plain number, but `power` is in W; "
                   "`number(power, 'W')` is the plain number"},
    };

    HOUSE_EXPECT(list);
}

/* Literals. */
static void literals(void **state)
{
    static const struct expectation list[] = {
        {"5min", "5 min"},
        {"1h30m", "5400 s"},
        {"1.5 kWh", "1.5 kWh"},
        {"1.5kWh", "1.5 kWh"},
        {"1e3 W", "1000.0 W"},
        {"0x10 W", "16 W"},
        {"20 Wat", "406 <Wat> `Wat` is not a unit"},
        {"20 w", "406 <w> `w` is not a unit; did you mean `W`?"},
        {"1h30x", "406 <h30x> `h30x` is not a unit: an exponent is from 1 to 9"},
        {"2 m^2", "2 m^2"},
        {"2 m²", "2 m²"},
        {"20 W/s", "20 W/s"},
        {"20 W/x", "8.0 W"},
        {"20 W / x", "8.0 W"},
        {"50 %", "50 %"},
        {"50%", "50 %"},
        {"50 % 3", "2"},
        {"50 % x", "0.0"},
        {"50 % (3)", "2"},
        {"7 % -3", "405 <%> `%` could mean per cent or the remainder of a division here; write `7 "
                   "% - …` or `7 % (-…)`"},
        {"7 %-3", "405 <%> `%` could mean per cent or the remainder of a division here; write `7 % "
                  "- …` or `7 % (-…)`"},
        {"7 % ~3", "405 <%> `%` could mean per cent or the remainder of a division here; write `7 "
                   "% ~ …` or `7 % (~…)`"},
        {"7 % - 3", "4 %"},
        {"(7 %) - 3", "4 %"},
        {"50 %/h", "50 %/h"},
        {"20 and 3", "3"},
        {"20 or 3", "20"},
        {"3 × 4", "403 <×> there is no `×` in expressions; did you mean `*`?"},
        {"5 m - 3 cm", "4.97 m"},
        {"5 µs", "5 µs"},
        {"5 Ω", "5 Ω"},
        {"20 € * 2", "40 €"},
    };

    HOUSE_EXPECT(list);
}

/* The result is converted to the unit that is asked for, and gets it where it has none. */
static void results(void **state)
{
    static const struct expectation list[] = {
        {"power", "0.8 kW", "kW"},
        {"power + 1 kW", "1800000.0 mW", "mW"},
        {"energy", "413 <energy> the result is in kWh (energy), but W (power) is wanted", "W"},
        {"x", "2.5 W", "W"},
        {"5", "5 W", "W"},
        {"t", "\"on\"", "W"},
        {"b", "true", "W"},
        {"temp", "69.80000000000001 °F", "°F"},
        {"temp", "294.15 K", "K"},
        {"kelvin", "26.850000000000023 °C", "°C"},
        {"temp - 20 °C",
         "414 <temp - 20 °C> the result is a difference of temperatures, but a temperature in °C "
         "is wanted; write `unit: K`",
         "°C"},
        {"temp - 20 °C", "1.0 K", "K"},
        {"temp - fahr", "19.799999999999986 Δ°F", "Δ°F"},
        {"temp - 20", "1.0 °C", "°C"},
        {"soc", "500.0 ‰", "‰"},
        {"energy / 2 h", "1000.0 W", "W"},
        {"2 kW", "2000.0 W", "W"},
        {"any", "nil W", "W"},
        {"b and power or t", "0.8 kW", "kW"},
    };

    HOUSE_EXPECT(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),     cmocka_unit_test(bare_numbers), cmocka_unit_test(products),
        cmocka_unit_test(per_cent), cmocka_unit_test(temperatures), cmocka_unit_test(functions),
        cmocka_unit_test(literals), cmocka_unit_test(results),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
