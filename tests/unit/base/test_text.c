/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* UTF-8, globs, distances, names, quoting. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/text.h"

/* Only well-formed UTF-8 passes, and the length says where it ends. */
static void utf8_is_checked(void **state)
{
    static const struct {
        const char *text;
        size_t len, valid;
    } cases[] = {
        {"", 0, 0},
        {"plain ASCII text", 16, 16},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, 9},
        {"12345678\xc3\xa4", 10, 10},
        {"1234567\xff", 8, 7},
        {"ab\x80", 3, 2},           /* continues nothing */
        {"ab\xc3", 3, 2},           /* cut off */
        {"ab\xe2\x82", 4, 2},       /* cut off */
        {"\xc3(", 2, 0},            /* not continued */
        {"\xc0\x80", 2, 0},         /* overlong */
        {"\xe0\x9f\xbf", 3, 0},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong */
        {"\xed\xa0\x80", 3, 0},     /* surrogate */
        {"\xed\x9f\xbf", 3, 3},     /* the last before them */
        {"\xee\x80\x80", 3, 3},     /* the first behind them */
        {"\xf4\x8f\xbf\xbf", 4, 4}, /* U+10FFFF */
        {"\xf4\x90\x80\x80", 4, 0}, /* beyond */
        {"\xf8\x88\x80\x80\x80", 5, 0},
        {"a\0b", 3, 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(mf_utf8_valid(cases[i].text, cases[i].len), cases[i].valid);
}

/* Every code point is written as it is read, and reading moves on over rubbish. */
static void utf8_round_trips(void **state)
{
    size_t pos = 0;

    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char out[4];
        size_t len = mf_utf8_put(code, out);

        pos = 0;
        if (code >= 0xd800 && code < 0xe000) {
            assert_int_equal(mf_utf8_next(out, len, &pos), -1);
            continue;
        }
        assert_int_equal(mf_utf8_next(out, len, &pos), code);
        assert_int_equal(pos, len);
    }
    pos = 0;
    assert_int_equal(mf_utf8_next("\xe2\x82z", 3, &pos), -1);
    assert_int_equal(pos, 1);
}

/* Columns as a terminal counts them. */
static void columns_are_counted(void **state)
{
    assert_int_equal(mf_text_columns("abc", 3), 3);
    assert_int_equal(mf_text_columns("\xc3\xa4", 2), 1);
    assert_int_equal(mf_text_columns("\xe6\xbc\xa2\xe5\xad\x97", 6), 4);
    assert_int_equal(mf_text_columns("e\xcc\x81", 3), 1);
    assert_int_equal(mf_text_columns("\xff", 1), 1);
}

/* Stars match any run, also an empty one; a question mark is one character, not one byte. */
static void globs_match(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"*", "", true},
        {"*", "abc", true},
        {"?", "", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a*c", "abbbc", true},
        {"a*c", "ac", true},
        {"a*c", "abcb", false},
        {"*.yaml", "a.yaml", true},
        {"*.yaml", "a.yml", false},
        {"a*b*c", "aXbXbYc", true},
        {"**", "x", true},
        {"abc", "abcd", false},
        {"abcd", "abc", false},
        {"?", "\xc3\xa4", true},
        {"??", "\xc3\xa4", false},
        {"h?s", "h\xc3\xa4s", true},
        {"*?", "\xc3\xa4", true},
        {"*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (mf_text_glob(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("`%s` on `%s`", cases[i].pattern, cases[i].text);
}

/* Insertions, deletions, replacements and swaps count one each, up to the limit. */
static void distances_are_bounded(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned limit, distance;
    } cases[] = {
        {"", "", 3, 0},
        {"abc", "abc", 0, 0},
        {"abc", "abd", 3, 1},
        {"abc", "ab", 3, 1},
        {"abc", "acb", 3, 1},
        {"kitten", "sitting", 5, 3},
        {"kitten", "sitting", 2, 3},
        {"ca", "abc", 9, 3}, /* no edit inside a swap */
        {"", "abc", 2, 3},
        {"deadband", "daedbnad", 4, 2},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        unsigned there = mf_text_distance(cases[i].a, cases[i].b, cases[i].limit);

        assert_int_equal(there, cases[i].distance);
        assert_int_equal(mf_text_distance(cases[i].b, cases[i].a, cases[i].limit), there);
    }
}

static const char *nearest_of(const char *wanted, const char *const *names)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, wanted);
    for (; *names; names++)
        mf_nearest_add(&nearest, *names);
    return nearest.best;
}

/* The nearest name within a third of the length, or that begins so, else none. */
static void nearest_name_is_found(void **state)
{
    static const char *const names[] = {"deadband", "debounce", "delay", "decode", "min", NULL};

    assert_string_equal(nearest_of("deadbnad", names), "deadband");
    assert_string_equal(nearest_of("debonce", names), "debounce");
    assert_string_equal(nearest_of("delay", names), "delay");
    assert_string_equal(nearest_of("mim", names), "min");
    assert_null(nearest_of("thermostat", names));
    assert_null(nearest_of("xyz", names));
    assert_null(nearest_of("x", names));
    assert_string_equal(nearest_of("deadb", names), "deadband");
}

/* Names of nodes, and the small comparisons. */
static void names_and_ends(void **state)
{
    assert_true(mf_text_is_name("a", 1));
    assert_true(mf_text_is_name("grid_power2", 11));
    assert_false(mf_text_is_name("", 0));
    assert_false(mf_text_is_name("2a", 2));
    assert_false(mf_text_is_name("_a", 2));
    assert_false(mf_text_is_name("aB", 2));
    assert_false(mf_text_is_name("a.b", 3));
    assert_true(mf_text_starts("x-anchors", "x-"));
    assert_false(mf_text_starts("x", "x-"));
    assert_true(mf_text_ends("a.yaml", ".yaml"));
    assert_false(mf_text_ends("yaml", ".yaml"));
    assert_true(mf_text_eq("abc", 2, "ab"));
    assert_false(mf_text_eq("abc", 2, "abc"));
}

/* Quoted text is JSON whatever the bytes are. */
static void json_is_quoted(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *quoted;
    } cases[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"a\nb\tc", 5, "\"a\\nb\\u0009c\""},
        {"\0\x7f", 2, "\"\\u0000\\u007f\""},
        {"\xc3\xa4 \xf0\x9f\x98\x80", 7, "\"\xc3\xa4 \xf0\x9f\x98\x80\""},
        {"a\xff"
         "b",
         3,
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_buf buf = {0};

        mf_text_quote_json(&buf, cases[i].text, cases[i].len);
        assert_string_equal(mf_buf_text(&buf), cases[i].quoted);
        mf_buf_done(&buf);
    }
}

/* Nothing that moves a cursor comes through, and long texts are cut. */
static void terminals_are_safe(void **state)
{
    static const struct {
        const char *text, *shown;
        size_t max;
    } cases[] = {
        {"plain", "plain", 80},
        {"\033[31mred", "\\x1b[31mred", 80},
        {"a\nb\r", "a\\x0ab\\x0d", 80},
        {"\x7f\xc2\x9b", "\\x7f\\xc2\\x9b", 80},
        {"\xff", "\\xff", 80},
        {"\xc3\xa4", "\xc3\xa4", 80},
        {"abcdef", "abc\xe2\x80\xa6", 3},
        {"abc", "abc", 3},
        {"ab\n", "ab\xe2\x80\xa6", 5},
        {"\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe2\x80\xa6", 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_buf buf = {0};

        mf_text_printable(&buf, cases[i].text, strlen(cases[i].text), cases[i].max);
        assert_string_equal(mf_buf_text(&buf), cases[i].shown);
        mf_buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_checked),       cmocka_unit_test(utf8_round_trips),
        cmocka_unit_test(columns_are_counted),   cmocka_unit_test(globs_match),
        cmocka_unit_test(distances_are_bounded), cmocka_unit_test(nearest_name_is_found),
        cmocka_unit_test(names_and_ends),        cmocka_unit_test(json_is_quoted),
        cmocka_unit_test(terminals_are_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
