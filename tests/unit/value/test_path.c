/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* MoaT paths: every escape and starter, what is refused, following. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "engine/value/path.h"
#include "tests/unit/value/random_value.h"

/* Read gives these elements (as JSON of the list), printed again gives `printed`. */
static const struct {
    const char *text, *elements, *printed; /* NULL: as it was */
} paths[] = {
    {":", "[]", NULL},
    {"foo", "[\"foo\"]", NULL},
    {"foo.bar", "[\"foo\",\"bar\"]", NULL},
    {":.moat.kv.config", "[\".moat\",\"kv\",\"config\"]", NULL},
    {":n.auth", "[null,\"auth\"]", NULL},
    {"a:2.c", "[\"a\",2,\"c\"]", NULL},
    {"a:2:-3", "[\"a\",2,-3]", NULL},
    {"a:e.b", "[\"a\",\"\",\"b\"]", NULL},
    {":e", "[\"\"]", NULL},
    {":t.c", "[true,\"c\"]", NULL},
    {":t:f:n", "[true,false,null]", NULL},
    {"a::b:.c", "[\"a:b.c\"]", NULL},
    {"a.x:_y", "[\"a\",\"x y\"]", NULL},
    {"a.x y", "[\"a\",\"x y\"]", "a.x:_y"},
    {"a_b.c_", "[\"a_b\",\"c_\"]", NULL},
    {"answers.life etc:.", "[\"answers\",\"life etc.\"]", "answers.life:_etc:."},
    {"a:=b.c:!d.e:%f", "[\"a+b\",\"c|d\",\"e\\\\f\"]", "a+b.c|d.e\\f"},
    {":x1f.q", "[31,\"q\"]", ":31.q"},
    {":x-1F", "[-31]", ":-31"},
    {":b101", "[5]", ":5"},
    {":i12", "[12]", ":12"},
    {":1:.5", "[1.5]", NULL},
    {":2:.0", "[2]", NULL},
    {":1e+300", "[1e+300]", NULL},
    {":iinf:-inf", "[null,null]", NULL},
    {":inan", "[null]", NULL},
    {":9223372036854775807", "[9223372036854775807]", NULL},
    {"a:vabc", "[\"a\",\"YWJj\"]", NULL},
    {"a:va:_b:.c", "[\"a\",\"YSBiLmM=\"]", NULL},
    {"a:y616299", "[\"a\",\"YWKZ\"]", "a:sYWKZ"},
    {"a:sYWKZ.b", "[\"a\",\"YWKZ\",\"b\"]", NULL},
    {":v", "[\"\"]", NULL},
    {":y", "[\"\"]", ":v"},
    {"\xc3\xa4.\xe2\x82\xac", "[\"\xc3\xa4\",\"\xe2\x82\xac\"]", NULL},
    {"a-b/c#+", "[\"a-b/c#+\"]", NULL},
};

/* As a list, for JSON. */
static void print_elements(const struct mf_value *path, struct mf_buf *buf)
{
    struct mf_builder list;
    struct mf_value value;

    mf_build_start(&list);
    for (size_t i = 0; i < mf_value_count(path); i++)
        mf_build_take_item(&list, mf_value_copy(*mf_value_at(path, i)));
    value = mf_build_end_list(&list);
    mf_json_write(&value, buf);
    mf_value_drop(value);
}

/* Each form is read as MoaT reads it and printed in the one canonical form. */
static void paths_are_read_and_printed(void **state)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        const char *printed = paths[i].printed ? paths[i].printed : paths[i].text;
        struct mf_buf elements = {0}, text = {0};
        struct mf_error err = {0};
        struct mf_value path;

        if (mf_path_read(paths[i].text, strlen(paths[i].text), &path, &err) < 0)
            fail_msg("`%s`: %s", paths[i].text, err.text);
        assert_int_equal(path.type, MF_PATH);
        print_elements(&path, &elements);
        assert_string_equal(mf_buf_text(&elements), paths[i].elements);
        mf_path_print(&path, &text);
        assert_string_equal(mf_buf_text(&text), printed);
        mf_buf_done(&elements);
        mf_buf_done(&text);
        mf_value_drop(path);
    }
}

/* What is no path is refused with its place. */
static void wrong_paths_are_refused(void **state)
{
    static const struct {
        const char *text, *part; /* of the sentence */
    } cases[] = {
        {"", "the empty path is `:`"},
        {":w", "byte 1"},
        {":t:", "byte 3: the path ends in the middle"},
        {"a.b:", "byte 4: the path ends in the middle"},
        {":2..c", "byte 4: an element is missing"},
        {"a..b", "byte 3: an element is missing"},
        {".a.b", "byte 1: an element is missing"},
        {"a.b.", "byte 4: an element is missing behind"},
        {".", "byte 1"},
        {"a.:1", "byte 3: `:` begins an element by itself"},
        {"a.:t", "byte 3"},
        {":x1g", "byte 1: hexadecimal digits"},
        {":x", "hexadecimal digits"},
        {":b12", "binary digits"},
        {":b", "binary digits"},
        {":ec", "byte 1"},
        {":tx", "byte 1"},
        {":t_", "byte 3: a dot"},
        {":t:.x", "byte 3: a dot"},
        {"a:h123", "byte 2"},
        {":list", "byte 1"},
        {"abc:@", "byte 4"},
        {":R.abc", "byte 1"},
        {":mXX.abc", "byte 1"},
        {":z", "byte 1"},
        {":1,2", "a number is wanted"},
        {":1+2", "a number is wanted"},
        {":i", "a number is wanted"},
        {":99999999999999999999x", "a number is wanted"},
        {":y616", "pairs of hexadecimal digits"},
        {":yzz", "pairs of hexadecimal digits"},
        {":sYWK", "base64"},
        {":sYW*Z", "base64"},
        {":s=AAA", "base64"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_error err = {0};
        struct mf_value path = mf_value_int(4711);

        if (mf_path_read(cases[i].text, strlen(cases[i].text), &path, &err) == 0)
            fail_msg("`%s` is read", cases[i].text);
        assert_int_equal(err.code, MF_EINVAL);
        if (!strstr(err.text, cases[i].part))
            fail_msg("`%s` says: %s", cases[i].text, err.text);
        assert_int_equal(path.integer, 4711);
    }
}

/* Length and number of elements have limits. */
static void limits_hold(void **state)
{
    char text[MF_PATH_BYTES + 2];
    struct mf_error err;
    struct mf_value path;
    size_t len = 0;

    memset(text, 'x', sizeof(text));
    assert_int_equal(mf_path_read(text, MF_PATH_BYTES, &path, &err), 0);
    mf_value_drop(path);
    assert_int_equal(mf_path_read(text, MF_PATH_BYTES + 1, &path, &err), MF_ELIMIT);
    for (int i = 0; i < MF_PATH_ELEMENTS; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, ":%d", i);
    assert_int_equal(mf_path_read(text, len, &path, &err), 0);
    assert_int_equal(mf_value_count(&path), MF_PATH_ELEMENTS);
    mf_value_drop(path);
    memcpy(text + len, ":1", 3);
    assert_true(mf_path_read(text, len + 2, &path, &err) < 0);
}

/* A text is read up to its length. */
static void length_counts(void **state)
{
    struct mf_value path;

    assert_int_equal(mf_path_read("a.b.c", 3, &path, NULL), 0);
    assert_int_equal(mf_value_count(&path), 2);
    mf_value_drop(path);
}

/* Whatever the elements are, their text gives the same path. */
static void printed_paths_read_back(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 4);
    for (int i = 0; i < 20000; i++) {
        uint64_t count = mf_rng_below(&rng, 6);
        struct mf_value path, back;
        struct mf_builder builder;
        struct mf_buf text = {0};
        struct mf_error err = {0};

        mf_build_start(&builder);
        while (count-- > 0)
            mf_build_take_item(&builder, random_scalar(&rng, MF_T_ANY));
        path = mf_build_end_path(&builder);
        mf_path_print(&path, &text);
        if (mf_path_read(mf_buf_text(&text), text.len, &back, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(mf_value_equal(&path, &back));
        for (size_t k = 0; k < mf_value_count(&path); k++)
            assert_int_equal(mf_value_at(&path, k)->type, mf_value_at(&back, k)->type);
        mf_buf_done(&text);
        mf_value_drop(path);
        mf_value_drop(back);
    }
}

/* Text and other keys lead into maps, integers into lists, also from the end. */
static void paths_are_followed(void **state)
{
    static const char json[] = "{\"a\":{\"b\":[10,{\"c\":true},30]},\"\":7,\"x.y\":8}";
    static const struct {
        const char *path, *found; /* NULL: absent */
    } cases[] = {
        {":", json},
        {"a.b:0", "10"},
        {"a.b:-1", "30"},
        {"a.b:1.c", "true"},
        {"a.b:3", NULL},
        {"a.b:-4", NULL},
        {"a.c", NULL},
        {"a.b.c", NULL},
        {":e", "7"},
        {"x:.y", "8"},
        {"a.b:0.c", NULL},
        {":1", NULL},
        {"a.b:9223372036854775807", NULL},
        {"a.b:-9223372036854775808", NULL},
    };
    struct mf_value root;

    assert_int_equal(mf_json_read(json, strlen(json), &root, NULL), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct mf_value *found;
        struct mf_buf text = {0};
        struct mf_value path;

        assert_int_equal(mf_path_read(cases[i].path, strlen(cases[i].path), &path, NULL), 0);
        found = mf_path_follow(&path, &root);
        if (found)
            mf_json_write(found, &text);
        if (!found != !cases[i].found)
            fail_msg("`%s` gives `%s`", cases[i].path, mf_buf_text(&text));
        if (found)
            assert_string_equal(mf_buf_text(&text), cases[i].found);
        mf_buf_done(&text);
        mf_value_drop(path);
    }
    mf_value_drop(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_read_and_printed),
        cmocka_unit_test(wrong_paths_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(length_counts),
        cmocka_unit_test(printed_paths_read_back),
        cmocka_unit_test(paths_are_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
