/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Literals with a unit: quantities, durations, sizes, read and printed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/value/unit.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void assert_text(struct mf_buf *buf, const char *wanted)
{
    assert_string_equal(mf_buf_text(buf), wanted);
    mf_buf_done(buf);
}

/* A number with its unit, or without; what is printed reads back. */
static void quantities_are_read(void **state)
{
    static const struct {
        const char *text, *printed;
        double number;
    } rows[] = {
        {"20 W", "20 W", 20},       {"-1.5kWh", "-1.5 kWh", -1.5},
        {"5 %", "5 %", 5},          {"1e3", "1000", 1000},
        {"  3 °C ", "3 °C", 3},     {"+7", "7", 7},
        {".5 V", "0.5 V", 0.5},     {"5min", "5 min", 5},
        {"1e-3A", "0.001 A", 1e-3}, {"0", "0", 0},
        {"-0", "-0", -0.0},         {"0.3EUR/kWh", "0.3 EUR/kWh", 0.3},
        {"12 m³/h", "12 m³/h", 12}, {"1e3W", "1000 W", 1000},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_buf buf = {0};
        struct mf_unit unit;
        struct mf_error err;
        bool has_unit = false;
        double number;

        if (mf_quantity_read(rows[i].text, strlen(rows[i].text), &number, &unit, &has_unit, &err))
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_true(number == rows[i].number);
        mf_quantity_print(number, has_unit ? &unit : NULL, &buf);
        assert_text(&buf, rows[i].printed);
    }
}

/* What is no quantity says why. */
static void bad_quantities_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "a number is missing"},
        {" \n", "a number is missing"},
        {"abc", "`abc` is not a number"},
        {"W", "`W` is not a number"},
        {"-", "`-` is not a number"},
        {"1,5 kW", "`1,5 kW` has a comma; decimals are written with a point"},
        {"1e999", "`1e999` is too large for a number"},
        {"5 apples", "`apples` is not a unit"},
        {"5 kw", "`kw` is not a unit; did you mean `kW`?"},
        {"5 1", "`1` is not a unit"},
        {"1 2", "`2` is not a unit: a name is missing"},
        {"nan", "`nan` is not a number"},
        {"inf W", "`inf W` is not a number"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_unit unit;
        struct mf_error err;
        bool has_unit = false;
        double number = 7;

        if (!mf_quantity_read(rows[i].text, strlen(rows[i].text), &number, &unit, &has_unit, &err))
            fail_msg("`%s` is taken", rows[i].text);
        assert_string_equal(err.text, rows[i].message);
        assert_true(number == 7 && !has_unit);
    }
}

/* Durations are exact to the nanosecond, and print in the shortest exact way. */
static void durations_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
        const char *printed;
    } rows[] = {
        {"250ms", 250 * MF_MS, "250ms"},
        {"5s", 5 * MF_SEC, "5s"},
        {"1min", MF_MINUTE, "1min"},
        {"1m", MF_MINUTE, "1min"},
        {"1h30m", 90 * MF_MINUTE, "1h30m"},
        {"1h30min", 90 * MF_MINUTE, "1h30m"},
        {"1h 30 min", 90 * MF_MINUTE, "1h30m"},
        {"1.5 h", 90 * MF_MINUTE, "1h30m"},
        {"90s", 90 * MF_SEC, "1min30s"},
        {"2d", 2 * MF_DAY, "2d"},
        {"1w", 7 * MF_DAY, "7d"},
        {"0s", 0, "0s"},
        {"0", 0, "0s"},
        {"0.0", 0, "0s"},
        {"-0", 0, "0s"},
        {"1s500ms", 1500 * MF_MS, "1.5s"},
        {"1.5s", 1500 * MF_MS, "1.5s"},
        {"0.25us", 250, "250ns"},
        {"1.5µs", 1500, "1.5us"},
        {"1d1.5s", MF_DAY + 1500 * MF_MS, "1d1.5s"},
        {"1d1ms", MF_DAY + MF_MS, "1d0.001s"},
        {"1e3s", 1000 * MF_SEC, "16min40s"},
        {" 5s ", 5 * MF_SEC, "5s"},
        {"+5s", 5 * MF_SEC, "5s"},
        {"9007199254740993ns", INT64_C(9007199254740993), "104d5h59m59.254740993s"},
        {"36525d", INT64_C(36525) * MF_DAY, "36525d"},
        {"0.1s", 100 * MF_MS, "100ms"},
        {"1.1ms", 1100 * MF_US, "1.1ms"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_buf buf = {0};
        struct mf_error err;
        int64_t ns;

        if (mf_duration_read(rows[i].text, strlen(rows[i].text), false, &ns, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_int_equal(ns, rows[i].ns);
        mf_duration_print(ns, &buf);
        assert_text(&buf, rows[i].printed);
    }
}

/* A duration without a unit, or with a wrong one, is refused with the right one. */
static void bad_durations_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"5", "`5` has no unit; did you mean `5s`?"},
        {"0.5", "`0.5` has no unit; did you mean `0.5s`?"},
        {"", "a time is missing"},
        {"-5s", "`-5s` is negative"},
        {"5 sec", "`sec` is not a unit of time; did you mean `s`?"},
        {"3 minutes", "`minutes` is not a unit of time; did you mean `min`?"},
        {"2 hours", "`hours` is not a unit of time; did you mean `h`?"},
        {"5 W", "`W` is not a unit of time; did you mean `w`?"},
        {"5 foo", "`foo` is not a unit of time; these are ms, s, min, h, d and w"},
        {"s", "`s` is not a time; write it like `5s`, `250ms` or `1h30m`"},
        {"08:30", "`:` is not a unit of time; these are ms, s, min, h, d and w"},
        {"1m1h", "`1m1h` names its units in the wrong order; largest first"},
        {"1m1min", "`1m1min` names its units in the wrong order; largest first"},
        {"1h1h", "`1h1h` names its units in the wrong order; largest first"},
        {"1.5h30m", "`1.5h30m` has a fraction before its last unit"},
        {"1h30", "`1h30` has a number without a unit"},
        {"1h-30m", "`1h-30m` is not a time; write it like `5s`, `250ms` or `1h30m`"},
        {"0.1ns", "`0.1ns` is less than a nanosecond"},
        {"36526d", "`36526d` is too long; the limit is 100 years"},
        {"36525d1ns", "`36525d1ns` is too long; the limit is 100 years"},
        {"1e300s", "`1e300s` is too long; the limit is 100 years"},
        {"99999999999999999999ns", "`99999999999999999999ns` is too long; the limit is 100 years"},
        {"--5s", "`-5s` is not a time; write it like `5s`, `250ms` or `1h30m`"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_error err;
        int64_t ns = 7;

        if (!mf_duration_read(rows[i].text, strlen(rows[i].text), false, &ns, &err))
            fail_msg("`%s` is taken", rows[i].text);
        assert_string_equal(err.text, rows[i].message);
        assert_int_equal(ns, 7);
    }
}

/* Where it may be negative, it is, down to the last nanosecond. */
static void negative_durations(void **state)
{
    struct mf_buf buf = {0};
    int64_t ns;

    assert_int_equal(mf_duration_read("-1h30m", 6, true, &ns, NULL), 0);
    assert_int_equal(ns, -90 * MF_MINUTE);
    mf_duration_print(ns, &buf);
    assert_text(&buf, "-1h30m");
    mf_duration_print(INT64_MIN, &buf);
    assert_text(&buf, "-106751d23h47m16.854775808s");
}

/* Any duration that is printed reads back as itself. */
static void durations_round_trip(void **state)
{
    static const int64_t steps[] = {MF_NS, MF_US, MF_MS, MF_SEC, MF_MINUTE, MF_HOUR, MF_DAY};
    struct mf_rng rng;

    mf_rng_seed(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        int64_t ns = (int64_t)mf_rng_below(&rng, 36525) * steps[mf_rng_below(&rng, COUNT(steps))] +
                     (int64_t)mf_rng_below(&rng, 1000) * steps[mf_rng_below(&rng, 5)];
        struct mf_buf buf = {0};
        int64_t back = -1;

        if (ns > INT64_C(36525) * MF_DAY)
            continue;
        mf_duration_print(ns, &buf);
        assert_int_equal(mf_duration_read(buf.data, buf.len, false, &back, NULL), 0);
        assert_int_equal(back, ns);
        mf_buf_done(&buf);
    }
}

/* Sizes are whole bytes, in thousands or in 1024s as the unit says. */
static void sizes_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
        const char *printed;
    } rows[] = {
        {"64 KiB", 65536, "64 KiB"},
        {"50 MB", 50000000, "50 MB"},
        {"512", 512, "512 B"},
        {"1.5 MiB", 1572864, "1536 KiB"},
        {"8 bit", 1, "1 B"},
        {"0", 0, "0 B"},
        {"1 GiB", 1073741824, "1 GiB"},
        {"1e3", 1000, "1 kB"},
        {"2TB", 2000000000000, "2 TB"},
        {"9223372036854775807", INT64_MAX, "9223372036854775807 B"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_buf buf = {0};
        struct mf_error err;
        int64_t bytes;

        if (mf_size_read(rows[i].text, strlen(rows[i].text), &bytes, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_int_equal(bytes, rows[i].bytes);
        mf_size_print(bytes, &buf);
        assert_text(&buf, rows[i].printed);
    }
}

/* What is no size says why. */
static void bad_sizes_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"5 W", "`5 W` is not a size; write it like `64 KiB` or `50 MB`"},
        {"5 MB/s", "`5 MB/s` is not a size; write it like `64 KiB` or `50 MB`"},
        {"1 KB", "`KB` is not a unit; did you mean `kB`?"},
        {"-1", "`-1` is negative"},
        {"0.3 KiB", "`0.3 KiB` is not a whole number of bytes"},
        {"3 bit", "`3 bit` is not a whole number of bytes"},
        {"9223372036854775808", "`9223372036854775808` is too large"},
        {"8388608 TiB", "`8388608 TiB` is too large"},
        {"1e30", "`1e30` is too large"},
        {"all", "`all` is not a number"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_error err;
        int64_t bytes = 7;

        if (!mf_size_read(rows[i].text, strlen(rows[i].text), &bytes, &err))
            fail_msg("`%s` is taken", rows[i].text);
        assert_string_equal(err.text, rows[i].message);
        assert_int_equal(bytes, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_are_read), cmocka_unit_test(bad_quantities_are_refused),
        cmocka_unit_test(durations_are_read),  cmocka_unit_test(bad_durations_are_refused),
        cmocka_unit_test(negative_durations),  cmocka_unit_test(durations_round_trip),
        cmocka_unit_test(sizes_are_read),      cmocka_unit_test(bad_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
