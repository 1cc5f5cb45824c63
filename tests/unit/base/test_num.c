/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Text to number and back: exact, whole, shortest, against the C library as oracle. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/rng.h"

enum { ROUNDS = 200000 };

static uint64_t bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof(number));
    return number;
}

static double oracle(const char *text)
{
    double number = 0;

    assert_int_equal(sscanf(text, "%lf", &number), 1);
    return number;
}

/* Whole text, exact, with the limits of int64 and not one beyond them. */
static void ints_are_read(void **state)
{
    static const struct {
        const char *text;
        bool is_read;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999", false, 0},
        {"0x1f", true, 31},
        {"-0x1F", true, -31},
        {"0x7fffffffffffffff", true, INT64_MAX},
        {"0x8000000000000000", false, 0},
        {"-0x8000000000000000", true, INT64_MIN},
        {"0b101", true, 5},
        {"0b102", false, 0},
        {"0x", false, 0},
        {"0b", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+-1", false, 0},
        {"1 ", false, 0},
        {" 1", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"12a", false, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t value = 4711;

        if (mf_num_read_int(cases[i].text, strlen(cases[i].text), &value) != cases[i].is_read)
            fail_msg("`%s`", cases[i].text);
        assert_int_equal(value, cases[i].is_read ? cases[i].value : 4711);
    }
}

/* A text with more behind it is read up to the given length. */
static void length_counts(void **state)
{
    int64_t integer;
    double number;

    assert_true(mf_num_read_int("12345", 3, &integer));
    assert_int_equal(integer, 123);
    assert_true(mf_num_read_double("1.52", 3, &number));
    assert_true(number == 1.5);
    assert_int_equal(mf_num_scan_double("12.5e+W", 7, &number), 4);
    assert_true(number == 12.5);
    assert_int_equal(mf_num_scan_double("3e2W", 4, &number), 3);
    assert_true(number == 300);
    assert_int_equal(mf_num_scan_double("3e", 2, &number), 1);
    assert_int_equal(mf_num_scan_double("-.", 2, &number), 0);
}

/* What is no decimal number is refused, and so is what would become infinite. */
static void doubles_are_refused(void **state)
{
    static const char *const cases[] = {"",    "-",   ".",     "-.",     "e5",       "1e",
                                        "1e+", "inf", "nan",   "0x10",   "1.2.3",    "1 ",
                                        " 1",  "1,5", "1e400", "-1e309", "infinity", "1_000"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        double value = 4711;

        if (mf_num_read_double(cases[i], strlen(cases[i]), &value))
            fail_msg("`%s`", cases[i]);
        assert_true(value == 4711);
    }
}

/* Correctly rounded, as the C library does it, where doubles are hard: halfway cases, many digits,
 * powers at the ends of the exact paths, subnormals. */
static void doubles_are_exact(void **state)
{
    static const char *const cases[] = {
        "0",
        "-0",
        "-0.0",
        ".5",
        "5.",
        "00.10",
        "1e22",
        "1e23",
        "123456789012345e22",
        "9007199254740993",
        "9007199254740992.9999",
        "9007199254740993.0000000000000000000000000000000001",
        "9223372036854775807",
        "18446744073709551615",
        "9999999999999999999e27",
        "9999999999999999999e-27",
        "9999999999999999999e28",
        "1234567890123456789e-27",
        "0.1234567890123456789",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "4.9e-324",
        "2.4e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1e-400",
        "0e999999999999",
        "0.00000000000000000000000000000000000000000000000000000000000000000001e68",
        "100000000000000000000000000000000000000000000000000000000000000000000e-68",
        "6929495644600919.5",
        "3.5844466002796428e298",
        "0.500000000000000166533453693773481063544750213623046875",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        double value = 1;

        assert_true(mf_num_read_double(cases[i], strlen(cases[i]), &value));
        if (bits_of(value) != bits_of(oracle(cases[i])))
            fail_msg("`%s` is read as %.17g", cases[i], value);
    }
}

/* Any decimal text of up to 25 digits reads as the C library reads it. */
static void random_texts_are_exact(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 1);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned digits = 1 + (unsigned)mf_rng_below(&rng, 25);
        unsigned point = (unsigned)mf_rng_below(&rng, digits + 1);
        char text[64];
        size_t len = 0;
        double value;

        for (unsigned k = 0; k < digits; k++) {
            if (k == point)
                text[len++] = '.';
            text[len++] = (char)('0' + mf_rng_below(&rng, 10));
        }
        len += (size_t)snprintf(text + len, sizeof(text) - len, "e%d",
                                (int)mf_rng_below(&rng, 80) - 40);
        assert_true(mf_num_read_double(text, len, &value));
        if (bits_of(value) != bits_of(oracle(text)))
            fail_msg("`%s` is read as %.17g", text, value);
    }
}

/* Fewest digits that `%.*g` needs to say the same double. */
static int digits_needed(double value)
{
    char text[40];

    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (oracle(text) == value)
            return digits;
    }
    return 17;
}

static int digits_in(const char *text)
{
    int digits = 0, zeros = 0;

    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (digits == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        digits++;
    }
    return digits - zeros;
}

static void check_shortest(double value)
{
    char text[MF_NUM_TEXT + 8];
    double back = 0;
    int len;

    memset(text, '#', sizeof(text));
    len = mf_num_print_double(value, text);
    assert_true(len < MF_NUM_TEXT);
    assert_int_equal(strlen(text), len);
    assert_true(mf_num_read_double(text, (size_t)len, &back));
    if (bits_of(back) != bits_of(value))
        fail_msg("%.17g is printed as `%s`", value, text);
    if (value != 0 && digits_in(text) > digits_needed(value))
        fail_msg("%.17g is printed as `%s`, %d digits are enough", value, text,
                 digits_needed(value));
}

/* The forms people see. */
static void doubles_look_well(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {20, "20"},
        {-20.5, "-20.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {100, "100"},
        {1e14, "100000000000000"},
        {1e15, "1e+15"},
        {1e300, "1e+300"},
        {5e-324, "5e-324"},
        {0.00001, "0.00001"},
        {1.5e-7, "1.5e-07"},
        {123456.789, "123456.789"},
        {2.5e-5, "0.000025"},
        {9007199254740993.0, "9007199254740992"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[MF_NUM_TEXT];

        mf_num_print_double(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
        if (isfinite(cases[i].value))
            check_shortest(cases[i].value);
    }
}

/* Whatever the double, its text reads back and no shorter one would. */
static void printing_is_shortest(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 2);
    for (int i = 0; i < ROUNDS / 4; i++) {
        double any = double_of(mf_rng_next(&rng));

        if (isfinite(any))
            check_shortest(any);
        /* Sizes of measurements, most of them with all digits. */
        check_shortest((mf_rng_double(&rng) - 0.5) * pow(10, (double)mf_rng_below(&rng, 20) - 3));
        check_shortest((double)mf_rng_below(&rng, 1000000) * 0.001);
        check_shortest((double)mf_rng_below(&rng, 1000) * 1.1 + 32);
    }
    for (int e = -1074; e < 1024; e++) {
        double power = ldexp(1, e);

        check_shortest(power);
        check_shortest(nextafter(power, 0));
        check_shortest(-nextafter(power, INFINITY));
    }
    for (int e = -300; e < 300; e++)
        check_shortest(pow(10, e));
}

/* The ends of int64 print and read as themselves. */
static void ints_are_printed(void **state)
{
    static const int64_t cases[] = {0, 1, -1, 10, -10, 99, INT64_MAX, INT64_MIN, INT64_MIN + 1};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[MF_NUM_TEXT], wanted[MF_NUM_TEXT];
        int64_t back;
        int len = mf_num_print_int(cases[i], text);

        snprintf(wanted, sizeof(wanted), "%lld", (long long)cases[i]);
        assert_string_equal(text, wanted);
        assert_int_equal(len, strlen(text));
        assert_true(mf_num_read_int(text, (size_t)len, &back));
        assert_int_equal(back, cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ints_are_read),          cmocka_unit_test(length_counts),
        cmocka_unit_test(doubles_are_refused),    cmocka_unit_test(doubles_are_exact),
        cmocka_unit_test(random_texts_are_exact), cmocka_unit_test(doubles_look_well),
        cmocka_unit_test(printing_is_shortest),   cmocka_unit_test(ints_are_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
