/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * JSON: what must be read, what must be refused, what is up to us, as the known
 * parsing test suite groups it; the values that come out; round trips.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/value/codec.h"
#include "tests/unit/value/random_value.h"

/* A literal with its length, so that NUL bytes can be part of it. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

struct text {
    const char *data;
    size_t len;
};

/* Valid by RFC 8259. */
static const struct text accepted[] = {
    TEXT("[]"),
    TEXT("{}"),
    TEXT(" [ ] "),
    TEXT("\t\n\r [\n]\r\n"),
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT("0"),
    TEXT("-0"),
    TEXT("-1"),
    TEXT("42"),
    TEXT("\"\""),
    TEXT("\"x\""),
    TEXT("[[]]"),
    TEXT("[null, 1, \"1\", {}]"),
    TEXT("[1\n]"),
    TEXT(" [1]"),
    TEXT("[2] "),
    TEXT("[1,null,null,null,2]"),
    TEXT("[123e65]"),
    TEXT("[0e+1]"),
    TEXT("[0e1]"),
    TEXT("[ 4]"),
    TEXT("[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
    TEXT("[20e1]"),
    TEXT("[-0]"),
    TEXT("[-123]"),
    TEXT("[1E22]"),
    TEXT("[1E-2]"),
    TEXT("[1E+2]"),
    TEXT("[123e45]"),
    TEXT("[123.456e78]"),
    TEXT("[1e-2]"),
    TEXT("[1e+2]"),
    TEXT("[123.456789]"),
    TEXT("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    TEXT("{\"\":0}"),
    TEXT("{\"foo\\u0000bar\": 42}"),
    TEXT("{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxx\"}"),
    TEXT("{\"a\":[]}"),
    TEXT("{\n\"a\": \"b\"\n}"),
    TEXT("[\"\\u0060\\u012a\\u12AB\"]"),
    TEXT("[\"\\uD801\\udc37\"]"),
    TEXT("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
    TEXT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    TEXT("[\"\\\\u0000\"]"),
    TEXT("[\"\\\"\"]"),
    TEXT("[\"a/*b*/c/*d//e\"]"),
    TEXT("[\"\\\\a\"]"),
    TEXT("[\"\\u0012\"]"),
    TEXT("[\"\\uFFFF\"]"),
    TEXT("[\"asd\"]"),
    TEXT("[\"\\uDBFF\\uDFFF\"]"),
    TEXT("[\"new\\u00A0line\"]"),
    TEXT("[\"\xf4\x8f\xbf\xbf\"]"),
    TEXT("[\"\xef\xbf\xbf\"]"),
    TEXT("[\"\\u0000\"]"),
    TEXT("[\"\\u002c\"]"),
    TEXT("[\"\xcf\x80\"]"),
    TEXT("[\"\xf0\x9b\xbf\xbf\"]"),
    TEXT("[\"asd \"]"),
    TEXT("\" \""),
    TEXT("[\"\\uD834\\uDd1e\"]"),
    TEXT("[\"\xe2\x80\xa8\"]"), /* a line separator needs no escape */
    TEXT("[\"\x7f\"]"),         /* nor does delete */
    TEXT("[\"\\u0061\\u30af\\u30EA\\u30b9\"]"),
    TEXT("[\"\\uA66D\"]"),
    TEXT("[\"\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82\"]"),
    TEXT("[9223372036854775807,-9223372036854775808]"),
    TEXT("[1.7976931348623157e308]"),
    TEXT("[1e-400]"),
};

/* Not JSON. */
static const struct text rejected[] = {
    TEXT(""),
    TEXT(" "),
    TEXT("["),
    TEXT("[["),
    TEXT("{"),
    TEXT("]"),
    TEXT("}"),
    TEXT("[1"),
    TEXT("[1,"),
    TEXT("[1,]"),
    TEXT("[1,,2]"),
    TEXT("[,1]"),
    TEXT("[,]"),
    TEXT("[1 2]"),
    TEXT("[1:2]"),
    TEXT("[\"\"],"),
    TEXT("[\"x\"]]"),
    TEXT("[\"a\",\n4\n,1,"),
    TEXT("[x"),
    TEXT("[3[4]]"),
    TEXT("[*]"),
    TEXT("[a"),
    TEXT("[\xff]"),
    TEXT("[\"\": 1]"),
    TEXT("[\"\"\n"),
    TEXT("[\"a\"\va\"\\f\"]"),
    TEXT("[nul]"),
    TEXT("[tru]"),
    TEXT("[fals]"),
    TEXT("[True]"),
    TEXT("nullx"),
    TEXT("nulL"),
    TEXT("[+1]"),
    TEXT("[++1]"),
    TEXT("[-]"),
    TEXT("[- 1]"),
    TEXT("[--1]"),
    TEXT("[-1x]"),
    TEXT("[-NaN]"),
    TEXT("[NaN]"),
    TEXT("[nan]"),
    TEXT("[Inf]"),
    TEXT("[Infinity]"),
    TEXT("[-Infinity]"),
    TEXT("[-foo]"),
    TEXT("[01]"),
    TEXT("[-01]"),
    TEXT("[-012]"),
    TEXT("[00]"),
    TEXT("[-00.1]"),
    TEXT("[.2e-3]"),
    TEXT("[.]"),
    TEXT("[-.5]"),
    TEXT("[-2.]"),
    TEXT("[2.]"),
    TEXT("[0.e1]"),
    TEXT("[2.e3]"),
    TEXT("[0.1.2]"),
    TEXT("[0.3e]"),
    TEXT("[0.3e+]"),
    TEXT("[0E]"),
    TEXT("[0E+]"),
    TEXT("[0e]"),
    TEXT("[1.0e]"),
    TEXT("[1.0e-]"),
    TEXT("[9.e+]"),
    TEXT("[1eE2]"),
    TEXT("[1e1.5]"),
    TEXT("[1 000.0]"),
    TEXT("[0x1]"),
    TEXT("[0x42]"),
    TEXT("[1+2]"),
    TEXT("[1a]"),
    TEXT("[123\xe5]"),
    TEXT("[\xef\xbc\x91]"), /* a digit, but not of ASCII */
    TEXT("{\"x\", null}"),
    TEXT("{\"x\"::\"b\"}"),
    TEXT("{\"a\":\"a\" 123}"),
    TEXT("{key: 'value'}"),
    TEXT("{\"a\" b}"),
    TEXT("{:\"b\"}"),
    TEXT("{\"a\" \"b\"}"),
    TEXT("{\"a\":"),
    TEXT("{\"a\""),
    TEXT("{\"a\":1"),
    TEXT("{1:1}"),
    TEXT("{9999E9999:1}"),
    TEXT("{null:null,null:null}"),
    TEXT("{\"id\":0,,,,,}"),
    TEXT("{'a':0}"),
    TEXT("{\"id\":0,}"),
    TEXT("{\"a\":\"b\"}/**/"),
    TEXT("{\"a\":\"b\"}//"),
    TEXT("{\"a\":\"b\",,\"c\":\"d\"}"),
    TEXT("{a: \"b\"}"),
    TEXT("{\"a\":\"a"),
    TEXT("{ \"foo\" : \"bar\", \"a\" }"),
    TEXT("{\"a\":\"b\"}#"),
    TEXT("[\"\\uD800\\\"]"),
    TEXT("[\"\\uD800\\u\"]"),
    TEXT("[\"\\uD800\\u1\"]"),
    TEXT("[\"\\uD800\\u1x\"]"),
    TEXT("[\xc3\xa9]"),
    TEXT("[\"\\\0\"]"),
    TEXT("[\"\\x00\"]"),
    TEXT("[\"\\\\\\\"]"),
    TEXT("[\"\\\t\"]"),
    TEXT("[\"\\\xf0\x9f\x8c\x80\"]"),
    TEXT("[\"\\\"]"),
    TEXT("[\"\\u00A\"]"),
    TEXT("[\"\\uD834\\uDd\"]"),
    TEXT("[\"\\u\xe5\"]"),
    TEXT("[\"\\a\"]"),
    TEXT("[\"\\uqqqq\"]"),
    TEXT("[\\u0020\"asd\"]"),
    TEXT("[\\n]"),
    TEXT("\""),
    TEXT("['single quote']"),
    TEXT("abc"),
    TEXT("[\"\\"),
    TEXT("[\"a\0a\"]"),
    TEXT("[\"new\nline\"]"),
    TEXT("[\"\t\"]"),
    TEXT("\"\\UA66D\""),
    TEXT("\"\"x"),
    TEXT("<.>"),
    TEXT("[<null>]"),
    TEXT("[1]x"),
    TEXT("[1]]"),
    TEXT("[\"asd]"),
    TEXT("a\xc3\xa5"),
    TEXT("[True]"),
    TEXT("1]"),
    TEXT("{\"x\": true,"),
    TEXT("[][]"),
    TEXT("\xef\xbb"),
    TEXT("\xe5"),
    TEXT("{\"\":"),
    TEXT("{\"a\":/*comment*/\"b\"}"),
    TEXT("{\"a\": true} \"x\""),
    TEXT("[\f]"),
    TEXT("[\xe2\x81\xa0]"),
    TEXT("[1\0]"),
    TEXT("\0"),
    TEXT("123\0"),
    TEXT("2@"),
    TEXT("{\"a\":1}\xef\xbb\xbf"),
};

/* Where the standard leaves a choice: ours is to refuse rather than to change what was meant. */
static const struct text ours_to_reject[] = {
    TEXT("\xef\xbb\xbf{}"), /* a byte order mark */
    TEXT("[\"\\uDADA\"]"),  /* half a character */
    TEXT("[\"\\uD888\\u1234\"]"),
    TEXT("[\"\\uD800\\n\"]"),
    TEXT("[\"\\uDd1ea\"]"),
    TEXT("[\"\\uD800\\uD800\\n\"]"),
    TEXT("[\"\\uDFAA\"]"),
    TEXT("[\"\xe6\x97\xa5\xd1\x88\xfa\"]"), /* not UTF-8 */
    TEXT("[\"\xed\xa0\x80\"]"),
    TEXT("[\"\xff\"]"),
    TEXT("[\"\x81\"]"),
    TEXT("[\"\xf4\xbf\xbf\xbf\"]"),
    TEXT("[\"\xc0\xaf\"]"),
    TEXT("[\"\xe0\xff\"]"),
    TEXT("\xff\xfe[\0\"\0\xe9\0\"\0]\0"), /* UTF-16 */
    TEXT("[1e400]"),                      /* no double */
    TEXT("[-123123e100000]"),
    TEXT("[9223372036854775808]"), /* no int64 */
    TEXT("[-9223372036854775809]"),
    TEXT("[100000000000000000000]"),
    TEXT("{\"a\":1,\"a\":1}"), /* which of them? */
    TEXT("{\"a\":{\"b\":1,\"b\":2}}"),
    TEXT("{\"a\":1,\"\\u0061\":2}"),
};

static void check(const struct text *cases, size_t count, bool is_read)
{
    for (size_t i = 0; i < count; i++) {
        struct mf_error err = {0};
        struct mf_value value = mf_value_null();
        /* Exactly as long as the text, so that a read beyond its end is found. */
        char *copy = mf_alloc(cases[i].len);
        int rc;

        memcpy(copy, cases[i].data, cases[i].len);
        rc = mf_json_read(copy, cases[i].len, &value, &err);
        if ((rc == 0) != is_read)
            fail_msg("case %zu, `%s`: %s", i, cases[i].data, err.text);
        if (!is_read)
            assert_true(err.code == MF_EINVAL && strncmp(err.text, "byte ", 5) == 0);
        mf_value_drop(value);
        mf_free(copy);
    }
}

/* All that is valid is read. */
static void valid_texts_are_read(void **state)
{
    check(accepted, sizeof(accepted) / sizeof(*accepted), true);
}

/* Nothing else is, and the sentence says where it went wrong. */
static void other_texts_are_refused(void **state)
{
    check(rejected, sizeof(rejected) / sizeof(*rejected), false);
    check(ours_to_reject, sizeof(ours_to_reject) / sizeof(*ours_to_reject), false);
}

/* Any prefix of a valid text ends cleanly. */
static void prefixes_end_cleanly(void **state)
{
    for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++)
        for (size_t len = 0; len < accepted[i].len; len++) {
            char *copy = mf_alloc(len);
            struct mf_value value;

            memcpy(copy, accepted[i].data, len);
            if (mf_json_read(copy, len, &value, NULL) == 0)
                mf_value_drop(value);
            mf_free(copy);
        }
}

/* Levels are counted: 64 are read, one more is refused without using the stack. */
static void depth_is_limited(void **state)
{
    enum { DEEP = 1000000 };
    char *text = mf_alloc(DEEP);
    struct mf_error err = {0};
    struct mf_value value;

    memset(text, '[', DEEP);
    assert_int_equal(mf_json_read(text, DEEP, &value, &err), MF_ELIMIT);
    assert_string_equal(err.text, "byte 65: there are more than 64 levels");
    memset(text + MF_CODEC_DEPTH, ']', MF_CODEC_DEPTH);
    assert_int_equal(mf_json_read(text, 2 * MF_CODEC_DEPTH, &value, &err), 0);
    mf_value_drop(value);
    for (size_t i = 0; i + 5 <= DEEP; i += 5)
        memcpy(text + i, "{\"\":[", 5);
    assert_int_equal(mf_json_read(text, DEEP, &value, &err), MF_ELIMIT);
    mf_free(text);
}

/* What comes out, and in which form it is written again. */
static void values_are_right(void **state)
{
    static const struct {
        const char *text;
        enum mf_value_type type;
        const char *written;
    } cases[] = {
        {"null", MF_NULL, "null"},
        {" true ", MF_BOOL, "true"},
        {"9223372036854775807", MF_INT, "9223372036854775807"},
        {"-9223372036854775808", MF_INT, "-9223372036854775808"},
        {"9007199254740993", MF_INT, "9007199254740993"},
        {"-0", MF_NUMBER, "-0"},
        {"1.0", MF_NUMBER, "1"},
        {"1e2", MF_NUMBER, "100"},
        {"0.1", MF_NUMBER, "0.1"},
        {"1E+300", MF_NUMBER, "1e+300"},
        {"9223372036854775808.0", MF_NUMBER, "9.223372036854775e+18"},
        {"\"\\u00e4\\n\\/\"", MF_TEXT, "\"\xc3\xa4\\n/\""},
        {"\"\\ud83d\\ude00\"", MF_TEXT, "\"\xf0\x9f\x98\x80\""},
        {"[ 1 , [ ] , { } ]", MF_LIST, "[1,[],{}]"},
        {"{ \"b\" : 1 , \"a\" : [ 2 ] }", MF_MAP, "{\"b\":1,\"a\":[2]}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_value value;
        struct mf_buf buf = {0};

        assert_int_equal(mf_json_read(cases[i].text, strlen(cases[i].text), &value, NULL), 0);
        assert_int_equal(value.type, cases[i].type);
        mf_json_write(&value, &buf);
        if (i != 10) /* a power of two prints in more than one shortest way */
            assert_string_equal(mf_buf_text(&buf), cases[i].written);
        mf_buf_done(&buf);
        mf_value_drop(value);
    }
}

/* The sentence names byte, wish and what came. */
static void complaints_help(void **state)
{
    static const struct {
        const char *text, *complaint;
    } cases[] = {
        {"{\"power\": 12 x}", "byte 14: a comma or } is wanted, `x` came"},
        {"[1 2]", "byte 4: a comma or ] is wanted, `2` came"},
        {"", "byte 1: a value is wanted, the end came"},
        {"{power: 1}", "byte 2: a key in quotes is wanted, `p` came"},
        {"{\"a\" 1}", "byte 6: a colon is wanted, `1` came"},
        {"\"abc", "byte 5: a closing quote is wanted, the end came"},
        {"[\xff]", "byte 2: a value is wanted, another byte came"},
        {"nan", "byte 2: true, false or null is wanted, `a` came"},
        {"[01]", "byte 2: a number does not begin with a zero"},
        {"[9223372036854775808]", "byte 2: the integer does not fit in 64 bits"},
        {"[1e999]", "byte 2: the number is too large"},
        {"\"\\ud800\"", "byte 2: half of a surrogate pair stands alone"},
        {"\"a\xff\"", "byte 3: the text is not UTF-8"},
        {"[{\"a\":1,\"a\":2}]", "byte 2: the key `a` comes twice in this object"},
        {"1 2", "byte 3: the end is wanted, `2` came"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_error err = {0};
        struct mf_value value;

        assert_true(mf_json_read(cases[i].text, strlen(cases[i].text), &value, &err) < 0);
        assert_string_equal(err.text, cases[i].complaint);
    }
}

/* JSON has no bytes, paths, NaN and keys but texts; they are written as near as it gets. */
static void other_values_are_written(void **state)
{
    struct mf_builder builder;
    struct mf_value map;
    struct mf_buf buf = {0};

    mf_build_start(&builder);
    mf_build_take_item(&builder, mf_value_new_text("a"));
    mf_build_take_item(&builder, mf_value_int(1));
    map = mf_build_end_path(&builder);
    mf_build_take_field(&builder, "path", map);
    mf_build_take_field(&builder, "bytes", mf_value_new_bytes("\x00\xff", 2));
    mf_build_take_field(&builder, "nan", mf_value_number(NAN));
    mf_build_take_field(&builder, "inf", mf_value_number(-INFINITY));
    mf_build_take_pair(&builder, mf_value_int(5), mf_value_new_text("\xff"));
    map = mf_build_end_map(&builder);
    mf_json_write(&map, &buf);
    assert_string_equal(mf_buf_text(&buf), "{\"path\":\"a:1\",\"bytes\":\"AP8=\",\"nan\":null,"
                                           "\"inf\":null,\"5\":\"\xef\xbf\xbd\"}");
    mf_buf_clear(&buf);
    mf_json_write_pretty(&map, &buf);
    assert_string_equal(mf_buf_text(&buf), "{\n  \"path\": \"a:1\",\n  \"bytes\": \"AP8=\",\n"
                                           "  \"nan\": null,\n  \"inf\": null,\n"
                                           "  \"5\": \"\xef\xbf\xbd\"\n}");
    mf_buf_done(&buf);
    mf_value_drop(map);
}

/* Written values read back equal, compact or pretty; the second writing equals the first. */
static void values_round_trip(void **state)
{
    uint32_t types = MF_T_ANY & ~(MF_T(MF_BYTES) | MF_T(MF_PATH));
    struct mf_rng rng;

    mf_rng_seed(&rng, 5);
    for (int i = 0; i < 20000; i++) {
        struct mf_value value = random_value(&rng, types, 3), back;
        struct mf_buf text = {0}, again = {0};
        struct mf_error err = {0};

        if (i % 2)
            mf_json_write(&value, &text);
        else
            mf_json_write_pretty(&value, &text);
        if (mf_json_read(mf_buf_text(&text), text.len, &back, &err) < 0)
            fail_msg("%s in %s", err.text, mf_buf_text(&text));
        assert_true(mf_value_equal(&value, &back));
        if (i % 2) {
            mf_json_write(&back, &again);
            assert_string_equal(mf_buf_text(&again), mf_buf_text(&text));
        }
        mf_buf_done(&text);
        mf_buf_done(&again);
        mf_value_drop(value);
        mf_value_drop(back);
    }
}

static const char *const fields[] = {"time", "power", "a rather long name", NULL};

/* Only the named members are kept, in the order of the names; the others may be anything valid. */
static void fields_are_picked(void **state)
{
    static const char text[] = " {\"other\":[1,{\"power\":9}],\"power\":2.5,\"x\":\"\\u0041\","
                               "\"time\":null,\"a rather long name\":\"long enough for a block\"} ";
    struct mf_value values[3];
    size_t len;

    assert_int_equal(mf_json_read_fields(text, strlen(text), fields, 3, values, NULL), 0);
    assert_int_equal(values[0].type, MF_NULL);
    assert_true(values[1].number == 2.5);
    assert_memory_equal(mf_value_text(&values[2], &len), "long enough for a block", 23);
    mf_value_drop(values[2]);
    assert_int_equal(mf_json_read_fields("{}", 2, fields, 3, values, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(values[i].type, MF_NULL);
    assert_int_equal(mf_json_read_fields("{\"a\":1}", 7, fields, 0, values, NULL), 0);
}

/* A line that is wrong anywhere is refused as a whole, and nothing is left in the fields. */
static void wrong_lines_are_refused(void **state)
{
    static const char *const cases[] = {
        "[1]",
        "1",
        "",
        "{\"power\":1",
        "{\"power\":\"a text that needs a block\"",
        "{\"power\":1} x",
        "{\"power\":1,}",
        "{\"power\":1,\"power\":2}",
        "{\"power\":null,\"power\":null}",
        "{\"x\":1,\"x\":2}",
        "{\"x\":1,\"y\":{\"z\":1,\"z\":1}}",
        "{\"x\":01}",
        "{\"a rather long name\":\"a text that needs a block\",\"x\":[}",
        "{\"x\":\"\\ud800\"}",
        "{\"time\\u0000\":1,\"time\\u0000\":2}",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_error err = {0};
        struct mf_value values[3];

        if (mf_json_read_fields(cases[i], strlen(cases[i]), fields, 3, values, &err) == 0)
            fail_msg("`%s` is read", cases[i]);
        assert_true(strncmp(err.text, "byte ", 5) == 0);
        for (int k = 0; k < 3; k++)
            assert_int_equal(values[k].type, MF_NULL);
    }
}

/* Reading fields and reading all agree, on what is valid and on what is found. */
static void both_readers_agree(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 6);
    for (int i = 0; i < 20000; i++) {
        static const char *const names[] = {"time", "power", "a rather long name", "x", "\"\\"};
        struct mf_value map, values[3], all;
        struct mf_builder builder;
        struct mf_buf text = {0};
        int rc;

        mf_build_start(&builder);
        for (uint64_t k = mf_rng_below(&rng, 6); k > 0; k--)
            mf_build_take_field(&builder, names[mf_rng_below(&rng, 5)],
                                random_value(&rng, MF_T_NUMERIC | MF_T(MF_TEXT), 1));
        map = mf_build_end_map(&builder);
        mf_json_write(&map, &text);
        if (i % 2) /* a wrong byte somewhere, wrong most of the time */
            text.data[mf_rng_below(&rng, text.len)] = (char)mf_rng_next(&rng);
        rc = mf_json_read(text.data, text.len, &all, NULL);
        if (rc == 0 && all.type != MF_MAP) {
            mf_value_drop(all);
            rc = MF_EINVAL;
        }
        if (mf_json_read_fields(text.data, text.len, fields, 3, values, NULL) != rc)
            fail_msg("`%s` is read with %d", text.data, rc);
        for (int k = 0; k < 3 && rc == 0; k++) {
            const struct mf_value *found = mf_value_get(&all, fields[k], strlen(fields[k]));
            struct mf_value null = mf_value_null();

            assert_true(mf_value_equal(&values[k], found ? found : &null));
            mf_value_drop(values[k]);
        }
        if (rc == 0)
            mf_value_drop(all);
        mf_buf_done(&text);
        mf_value_drop(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_are_read),     cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(prefixes_end_cleanly),     cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(values_are_right),         cmocka_unit_test(complaints_help),
        cmocka_unit_test(other_values_are_written), cmocka_unit_test(values_round_trip),
        cmocka_unit_test(fields_are_picked),        cmocka_unit_test(wrong_lines_are_refused),
        cmocka_unit_test(both_readers_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
