/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* MessagePack, CBOR and the plain formats: vectors, limits, round trips. */

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

struct vector {
    const char *hex;
    const char *json; /* the value as JSON; NULL: refused */
    bool is_written;  /* the value is written with the same bytes */
};

/* Recorded from MoaT's own codec, and the forms it may meet besides. */
static const struct vector msgpack_vectors[] = {
    {"c0", "null", true},
    {"c2", "false", true},
    {"c3", "true", true},
    {"00", "0", true},
    {"7f", "127", true},
    {"cc80", "128", true},
    {"ccff", "255", true},
    {"cd0100", "256", true},
    {"cdffff", "65535", true},
    {"ce00010000", "65536", true},
    {"ceffffffff", "4294967295", true},
    {"cf0000000100000000", "4294967296", true},
    {"cf7fffffffffffffff", "9223372036854775807", true},
    {"cf8000000000000000", NULL, false},
    {"cc05", "5", false},
    {"d005", "5", false},
    {"ff", "-1", true},
    {"e0", "-32", true},
    {"d0df", "-33", true},
    {"d080", "-128", true},
    {"d1ff7f", "-129", true},
    {"d18000", "-32768", true},
    {"d2ffff7fff", "-32769", true},
    {"d280000000", "-2147483648", true},
    {"d3ffffffff7fffffff", "-2147483649", true},
    {"d38000000000000000", "-9223372036854775808", true},
    {"ca3fc00000", "1.5", true},
    {"cb3ff8000000000000", "1.5", false},
    {"cb3fb999999999999a", "0.1", true},
    {"ca3dcccccd", "0.10000000149011612", true},
    {"ca7f800000", "null", true}, /* infinity, which JSON cannot say */
    {"a0", "\"\"", true},
    {"a161", "\"a\"", true},
    {"abc3a4c3b6e282acf09f9880", "\"\xc3\xa4\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80\"", true},
    {"d9026162", "\"ab\"", false},
    {"da00026162", "\"ab\"", false},
    {"db000000026162", "\"ab\"", false},
    {"c400", "\"\"", true},
    {"c403616263", "\"YWJj\"", true},
    {"c50003616263", "\"YWJj\"", false},
    {"c600000003616263", "\"YWJj\"", false},
    {"90", "[]", true},
    {"93010203", "[1,2,3]", true},
    {"dc00020102", "[1,2]", false},
    {"dd000000020102", "[1,2]", false},
    {"dc0010000102030405060708090a0b0c0d0e0f", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", true},
    {"80", "{}", true},
    {"83a16303a16202a16101", "{\"c\":3,\"b\":2,\"a\":1}", true},
    {"81a16181a16201", "{\"a\":{\"b\":1}}", true},
    {"de0001a16101", "{\"a\":1}", false},
    {"df00000001a16101", "{\"a\":1}", false},
    {"82c0030102", "{\"null\":3,\"1\":2}", true},
    {"81c40161c40162", "{\"61\":\"Yg==\"}", true},
    {"c70003", "\":\"", true},
    {"d503a161", "\"a\"", true},
    {"c70603a161a162a163", "\"a.b.c\"", true},
    {"c70603a16101fea178", "\"a:1:-2.x\"", true},
    {"c70303a161c0", "\"a:n\"", true},
    {"c70e03a161c3c2ca3fc00000a0a3782079", "\"a:t:f:1:.5:e.x:_y\"", true},
    {"d603a3666f6f", "\"foo\"", true},
    {"d4030a", "\":10\"", true},
    {"c70403a161a162", "\"a.b\"", false},
    {"d703a461626364a162c0", "\"abcd.b:n\"", true},
    {"92d603a161a16281a170d503a163", "[\"a.b\",{\"p\":\"c\"}]", true},
    {"81d503a16101", "{\"a\":1}", true},
    {"c70303920102", NULL, false}, /* a list in a path */
    {"c70303d40301", NULL, false}, /* a path in a path */
    {"d402ff", "255", false},      /* big integers that are small */
    {"c7070200112233445566", "18838586676582", false},
    {"c708027fffffffffffffff", "9223372036854775807", false},
    {"c70802ffffffffffffffff", NULL, false},
    {"c70902010000000000000000", NULL, false},
    {"c70002", "0", false},
    {"d4045f", "null", false}, /* the proxy that says "not given" */
    {"c702040a61", "\"\\na\"", false},
    {"d504ffff", NULL, false},
    {"d4070a", "\"Cg==\"", false}, /* unknown extensions are bytes */
    {"d606a172a161", "\"oXKhYQ==\"", false},
    {"d6ff5d5ca6a0", "1566353056", false}, /* time stamps */
    {"d7ff77359400"
     "5d5ca6a0",
     "1566353056.5", false},
    {"c70cff1dcd6500"
     "000000005d5ca6a0",
     "1566353056.5", false},
    {"c70cff00000000"
     "ffffffffffffffff",
     "-1", false},
    {"c70cff3b9aca00"
     "0000000000000000",
     NULL, false}, /* a second too many */
    {"d4ff00", NULL, false},
    {"a2c328", NULL, false}, /* not UTF-8 */
    {"c1", NULL, false},     /* no such first byte */
    {"", NULL, false},
    {"92", NULL, false},
    {"9201", NULL, false},
    {"81a161", NULL, false},
    {"a361", NULL, false},
    {"cd01", NULL, false},
    {"c403", NULL, false},
    {"ddffffffff", NULL, false},
    {"dfffffffff", NULL, false},
    {"dbffffffff61", NULL, false},
    {"c6ffffffff61", NULL, false},
    {"c9ffffffff03a161", NULL, false},
    {"c70403a161", NULL, false},
    {"c70203a2", NULL, false}, /* a path whose element runs out of it */
    {"c70203a26161", NULL, false},
    {"0101", NULL, false}, /* bytes behind the value */
    {"82a16101a16102", NULL, false},
    {"8201ca3f80000002", NULL, false},
    {"819001", NULL, false}, /* a list as key */
    {"818001", NULL, false},
};

/* RFC 8949, appendix A, and MoaT's tags. */
static const struct vector cbor_vectors[] = {
    {"00", "0", true},
    {"17", "23", true},
    {"1818", "24", true},
    {"1864", "100", true},
    {"1903e8", "1000", true},
    {"1a000f4240", "1000000", true},
    {"1b000000e8d4a51000", "1000000000000", true},
    {"1b7fffffffffffffff", "9223372036854775807", true},
    {"1b8000000000000000", NULL, false},
    {"1bffffffffffffffff", NULL, false},
    {"1800", "0", false},
    {"20", "-1", true},
    {"3863", "-100", true},
    {"3903e7", "-1000", true},
    {"3b7fffffffffffffff", "-9223372036854775808", true},
    {"3b8000000000000000", NULL, false},
    {"c249010000000000000000", NULL, false},
    {"c349010000000000000000", NULL, false},
    {"c240", "0", false},
    {"c2420100", "256", false},
    {"c3420100", "-257", false},
    {"c3487fffffffffffffff", "-9223372036854775808", false},
    {"c25f41014100ff", "256", false},
    {"f90000", "0", true},
    {"f98000", "-0", true},
    {"f93c00", "1", true},
    {"f93e00", "1.5", true},
    {"f97bff", "65504", true},
    {"f90001", "5.9604644775390625e-08", true},
    {"f90400", "0.00006103515625", true},
    {"f9c400", "-4", true},
    {"fb3ff199999999999a", "1.1", true},
    {"fa47c35000", "100000", true},
    {"fa7f7fffff", "3.4028234663852886e+38", true},
    {"fb7e37e43c8800759c", "1e+300", true},
    {"fbc010666666666666", "-4.1", true},
    {"f97c00", "null", true},
    {"f97e00", "null", true},
    {"f9fc00", "null", true},
    {"fb7ff0000000000000", "null", false},
    {"f4", "false", true},
    {"f5", "true", true},
    {"f6", "null", true},
    {"f7", "null", false},
    {"f0", NULL, false},
    {"f8ff", NULL, false},
    {"f818", NULL, false},
    {"c074323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\"", false},
    {"c11a514b67b0", "1363896240", false},
    {"d74401020304", "\"AQIDBA==\"", false},
    {"d9d9f783010203", "[1,2,3]", false},
    {"d98001615f", "\"_\"", false},
    {"40", "\"\"", true},
    {"4401020304", "\"AQIDBA==\"", true},
    {"60", "\"\"", true},
    {"6161", "\"a\"", true},
    {"64494554"
     "46",
     "\"IETF\"", true},
    {"62225c", "\"\\\"\\\\\"", true},
    {"64f0908591", "\"\xf0\x90\x85\x91\"", true},
    {"62c328", NULL, false},
    {"80", "[]", true},
    {"83010203", "[1,2,3]", true},
    {"8301820203820405", "[1,[2,3],[4,5]]", true},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]", true},
    {"a0", "{}", true},
    {"a201020304", "{\"1\":2,\"3\":4}", true},
    {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}", true},
    {"5f42010243030405ff", "\"AQIDBAU=\"", false},
    {"7f657374726561646d696e67ff", "\"streaming\"", false},
    {"7fff", "\"\"", false},
    {"7f61c3ff", NULL, false},
    {"7f4101ff", NULL, false},
    {"7f7f6161ffff", NULL, false},
    {"9fff", "[]", false},
    {"9f018202039f0405ffff", "[1,[2,3],[4,5]]", false},
    {"83018202039f0405ff", "[1,[2,3],[4,5]]", false},
    {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}", false},
    {"bfff", "{}", false},
    {"bf6161ff", NULL, false}, /* a key without value */
    {"ff", NULL, false},
    {"8201ff", NULL, false},
    {"d82780", "\":\"", true},
    {"d8278261616162", "\"a.b\"", true},
    {"d8279f616102ff", "\"a:2\"", false},
    {"d827818101", NULL, false},
    {"d82781d82780", NULL, false},
    {"c1d8278161"
     "61",
     "\"a\"", false},
    {"c1", NULL, false},
    {"1c", NULL, false},
    {"1f", NULL, false},
    {"fc", NULL, false},
    {"", NULL, false},
    {"18", NULL, false},
    {"1b00000000", NULL, false},
    {"61", NULL, false},
    {"7bffffffffffffffff61", NULL, false},
    {"9bffffffffffffffff", NULL, false},
    {"bbffffffffffffffff", NULL, false},
    {"9f01", NULL, false},
    {"5f", NULL, false},
    {"0000", NULL, false},
    {"a2616101616102", NULL, false},
    {"a18001", NULL, false},
    {"a1a001", NULL, false},
};

static uint8_t *unhex(const char *hex, size_t *ret_len)
{
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = mf_alloc(len); /* not one byte more, so that reading beyond is found */

    for (size_t i = 0; i < 2 * len; i++) {
        int digit = hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10;

        bytes[i / 2] = (uint8_t)(i % 2 ? bytes[i / 2] << 4 | digit : digit);
    }
    *ret_len = len;
    return bytes;
}

static void check(enum mf_format format, const struct vector *vector)
{
    struct mf_value value = mf_value_null();
    struct mf_buf json = {0}, again = {0};
    struct mf_error err = {0};
    size_t len;
    uint8_t *bytes = unhex(vector->hex, &len);
    int rc = mf_decode(format, bytes, len, &value, &err);

    if ((rc == 0) != (vector->json != NULL))
        fail_msg("%s: %s", vector->hex, err.text);
    if (rc < 0) {
        assert_true(strncmp(err.text, "byte ", 5) == 0);
    } else {
        mf_json_write(&value, &json);
        if (strcmp(mf_buf_text(&json), vector->json) != 0)
            fail_msg("%s gives %s", vector->hex, mf_buf_text(&json));
        assert_int_equal(mf_encode(format, &value, &again, &err), 0);
        if ((again.len == len && memcmp(again.data, bytes, len) == 0) != vector->is_written)
            fail_msg("%s is written with %zu bytes", vector->hex, again.len);
    }
    mf_buf_done(&json);
    mf_buf_done(&again);
    mf_value_drop(value);
    mf_free(bytes);
}

/* MoaT's bytes are read and written as MoaT does, but doubles stay exact. */
static void msgpack_vectors_hold(void **state)
{
    for (size_t i = 0; i < sizeof(msgpack_vectors) / sizeof(*msgpack_vectors); i++)
        check(MF_FORMAT_MSGPACK, &msgpack_vectors[i]);
}

/* The examples of the standard, and what is malformed. */
static void cbor_vectors_hold(void **state)
{
    for (size_t i = 0; i < sizeof(cbor_vectors) / sizeof(*cbor_vectors); i++)
        check(MF_FORMAT_CBOR, &cbor_vectors[i]);
}

/* Levels are counted in lists, maps, paths and unended lists; tags need no level. */
static void depth_is_limited(void **state)
{
    enum { DEEP = 100000 };
    static const struct {
        enum mf_format format;
        unsigned char open;
    } cases[] = {
        {MF_FORMAT_MSGPACK, 0x91},
        {MF_FORMAT_CBOR, 0x81},
        {MF_FORMAT_CBOR, 0x9f},
    };
    unsigned char *bytes = mf_alloc(DEEP);
    struct mf_value value;
    struct mf_error err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        memset(bytes, cases[i].open, DEEP);
        assert_int_equal(mf_decode(cases[i].format, bytes, DEEP, &value, &err), MF_ELIMIT);
        assert_non_null(strstr(err.text, "more than 64 levels"));
    }
    memset(bytes, 0x91, DEEP);
    bytes[MF_CODEC_DEPTH] = 0x00;
    assert_int_equal(mf_msgpack_read(bytes, MF_CODEC_DEPTH + 1, &value, &err), 0);
    mf_value_drop(value);
    bytes[MF_CODEC_DEPTH] = 0x90;
    assert_int_equal(mf_msgpack_read(bytes, MF_CODEC_DEPTH + 1, &value, &err), MF_ELIMIT);
    memset(bytes, 0xc1, DEEP);
    bytes[DEEP - 1] = 0x05;
    assert_int_equal(mf_cbor_read(bytes, DEEP, &value, &err), 0);
    assert_int_equal(value.integer, 5);
    mf_free(bytes);
}

/* More bytes than one value may have are refused before they are looked at. */
static void size_is_limited(void **state)
{
    char *bytes = mf_alloc(MF_CODEC_SIZE + 1);
    struct mf_value value;

    memset(bytes, ' ', MF_CODEC_SIZE + 1);
    for (int format = MF_FORMAT_JSON; format <= MF_FORMAT_RAW; format++)
        assert_int_equal(mf_decode((enum mf_format)format, bytes, MF_CODEC_SIZE + 1, &value, NULL),
                         MF_ELIMIT);
    mf_free(bytes);
}

static bool same_types(const struct mf_value *a, const struct mf_value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type != MF_LIST && a->type != MF_PATH)
        return true;
    for (size_t i = 0; i < mf_value_count(a); i++)
        if (!same_types(mf_value_at(a, i), mf_value_at(b, i)))
            return false;
    return true;
}

/* Whatever a value holds, the binary formats bring back value and types. */
static void values_round_trip(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 8);
    for (int i = 0; i < 40000; i++) {
        enum mf_format format = i % 2 ? MF_FORMAT_MSGPACK : MF_FORMAT_CBOR;
        struct mf_value value = random_value(&rng, MF_T_ANY, 3), back;
        struct mf_error err = {0};
        struct mf_buf buf = {0};

        assert_int_equal(mf_encode(format, &value, &buf, &err), 0);
        if (mf_decode(format, buf.data, buf.len, &back, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(mf_value_equal(&value, &back));
        assert_true(same_types(&value, &back));
        mf_buf_done(&buf);
        mf_value_drop(value);
        mf_value_drop(back);
    }
}

/* Texts and bytes of each length class of the headers. */
static void lengths_round_trip(void **state)
{
    static const size_t lengths[] = {0,  14,  15,  16,  23,    24,    31,
                                     32, 255, 256, 257, 65535, 65536, 100000};
    char *data = mf_alloc(100000);

    memset(data, 'x', 100000);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
        for (int format = MF_FORMAT_MSGPACK; format <= MF_FORMAT_CBOR; format++)
            for (int is_text = 0; is_text < 2; is_text++) {
                struct mf_value back, value = is_text ? mf_value_new_text_n(data, lengths[i])
                                                      : mf_value_new_bytes(data, lengths[i]);
                struct mf_buf buf = {0};

                mf_encode((enum mf_format)format, &value, &buf, NULL);
                assert_int_equal(mf_decode((enum mf_format)format, buf.data, buf.len, &back, NULL),
                                 0);
                assert_true(mf_value_equal(&value, &back));
                mf_buf_done(&buf);
                mf_value_drop(value);
                mf_value_drop(back);
            }
    mf_free(data);
}

/* A text that is not UTF-8 is written as bytes: its reader would refuse it as text. */
static void broken_texts_become_bytes(void **state)
{
    struct mf_value text = mf_value_new_text("a\xff"), back;
    struct mf_value bytes = mf_value_new_bytes("a\xff", 2);

    for (int format = MF_FORMAT_MSGPACK; format <= MF_FORMAT_CBOR; format++) {
        struct mf_buf buf = {0};

        mf_encode((enum mf_format)format, &text, &buf, NULL);
        assert_int_equal(mf_decode((enum mf_format)format, buf.data, buf.len, &back, NULL), 0);
        assert_true(mf_value_equal(&back, &bytes));
        mf_buf_done(&buf);
        mf_value_drop(back);
    }
    mf_value_drop(text);
    mf_value_drop(bytes);
}

/* Text, number, bool, raw: what devices send, read as people would. */
static void plain_formats_are_read(void **state)
{
    static const struct {
        enum mf_format format;
        const char *text, *json; /* NULL: refused */
    } cases[] = {
        {MF_FORMAT_TEXT, "", "\"\""},
        {MF_FORMAT_TEXT, " on ", "\" on \""},
        {MF_FORMAT_TEXT, "\xff", NULL},
        {MF_FORMAT_RAW, "\xff", "\"/w==\""},
        {MF_FORMAT_RAW, "", "\"\""},
        {MF_FORMAT_NUMBER, "21", "21"},
        {MF_FORMAT_NUMBER, " 21.5\r\n", "21.5"},
        {MF_FORMAT_NUMBER, "+007", "7"},
        {MF_FORMAT_NUMBER, "-.5", "-0.5"},
        {MF_FORMAT_NUMBER, "1e3", "1000"},
        {MF_FORMAT_NUMBER, "9223372036854775807", "9223372036854775807"},
        {MF_FORMAT_NUMBER, "18446744073709551616", "1.8446744073709552e+19"},
        {MF_FORMAT_NUMBER, "", NULL},
        {MF_FORMAT_NUMBER, "nan", NULL},
        {MF_FORMAT_NUMBER, "inf", NULL},
        {MF_FORMAT_NUMBER, "0x10", NULL},
        {MF_FORMAT_NUMBER, "0b1", NULL},
        {MF_FORMAT_NUMBER, "21 W", NULL},
        {MF_FORMAT_NUMBER, "1e999", NULL},
        {MF_FORMAT_BOOL, "true", "true"},
        {MF_FORMAT_BOOL, "OFF\n", "false"},
        {MF_FORMAT_BOOL, "Yes", "true"},
        {MF_FORMAT_BOOL, "no", "false"},
        {MF_FORMAT_BOOL, "1", "true"},
        {MF_FORMAT_BOOL, " 0 ", "false"},
        {MF_FORMAT_BOOL, "2", NULL},
        {MF_FORMAT_BOOL, "", NULL},
        {MF_FORMAT_BOOL, "truely", NULL},
        {MF_FORMAT_BOOL, "t", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_value value;
        struct mf_buf json = {0};
        int rc = mf_decode(cases[i].format, cases[i].text, strlen(cases[i].text), &value, NULL);

        if ((rc == 0) != (cases[i].json != NULL))
            fail_msg("`%s` as %s", cases[i].text, mf_format_names[cases[i].format]);
        if (rc < 0)
            continue;
        assert_true(mf_format_types(cases[i].format) & MF_T(value.type));
        mf_json_write(&value, &json);
        assert_string_equal(mf_buf_text(&json), cases[i].json);
        mf_buf_done(&json);
        mf_value_drop(value);
    }
    assert_int_equal(mf_decode(MF_FORMAT_RAW, NULL, 0, &(struct mf_value){0}, NULL), 0);
}

/* What a plain format can say is said; what it cannot is an error and writes nothing. */
static void plain_formats_are_written(void **state)
{
    struct mf_builder builder;
    struct mf_value list;

    mf_build_start(&builder);
    mf_build_take_item(&builder, mf_value_int(1));
    list = mf_build_end_list(&builder);

    struct {
        enum mf_format format;
        struct mf_value value;
        const char *text; /* NULL: an error */
    } cases[] = {
        {MF_FORMAT_TEXT, mf_value_new_text("on"), "on"},
        {MF_FORMAT_TEXT, mf_value_number(0.5), "0.5"},
        {MF_FORMAT_TEXT, mf_value_copy(list), "[1]"},
        {MF_FORMAT_NUMBER, mf_value_int(-5), "-5"},
        {MF_FORMAT_NUMBER, mf_value_number(20), "20"},
        {MF_FORMAT_NUMBER, mf_value_bool(true), "1"},
        {MF_FORMAT_NUMBER, mf_value_number(NAN), NULL},
        {MF_FORMAT_NUMBER, mf_value_number(INFINITY), NULL},
        {MF_FORMAT_NUMBER, mf_value_new_text("5"), NULL},
        {MF_FORMAT_NUMBER, mf_value_copy(list), NULL},
        {MF_FORMAT_NUMBER, mf_value_null(), NULL},
        {MF_FORMAT_BOOL, mf_value_bool(false), "false"},
        {MF_FORMAT_BOOL, mf_value_int(1), "true"},
        {MF_FORMAT_BOOL, mf_value_number(0), "false"},
        {MF_FORMAT_BOOL, mf_value_int(2), NULL},
        {MF_FORMAT_BOOL, mf_value_new_text("true"), NULL},
        {MF_FORMAT_RAW, mf_value_new_text("text"), "text"},
        {MF_FORMAT_RAW, mf_value_new_bytes("bytes", 5), "bytes"},
        {MF_FORMAT_RAW, mf_value_int(1), NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct mf_error err = {0};
        struct mf_buf buf = {0};
        int rc = mf_encode(cases[i].format, &cases[i].value, &buf, &err);

        assert_int_equal(rc, cases[i].text ? 0 : MF_EINVAL);
        assert_string_equal(mf_buf_text(&buf), cases[i].text ? cases[i].text : "");
        assert_int_equal(err.text[0] != 0, rc < 0);
        mf_buf_done(&buf);
        mf_value_drop(cases[i].value);
    }
    mf_value_drop(list);
}

/* Every format has the name that flow files use. */
static void formats_have_names(void **state)
{
    assert_string_equal(mf_format_names[MF_FORMAT_JSON], "json");
    assert_string_equal(mf_format_names[MF_FORMAT_MSGPACK], "msgpack");
    assert_string_equal(mf_format_names[MF_FORMAT_RAW], "raw");
    assert_null(mf_format_names[MF_FORMAT_RAW + 1]);
    assert_int_equal(mf_format_types(MF_FORMAT_CBOR), MF_T_ANY);
    assert_false(mf_format_types(MF_FORMAT_JSON) & MF_T(MF_BYTES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(msgpack_vectors_hold),      cmocka_unit_test(cbor_vectors_hold),
        cmocka_unit_test(depth_is_limited),          cmocka_unit_test(size_is_limited),
        cmocka_unit_test(values_round_trip),         cmocka_unit_test(lengths_round_trip),
        cmocka_unit_test(broken_texts_become_bytes), cmocka_unit_test(plain_formats_are_read),
        cmocka_unit_test(plain_formats_are_written), cmocka_unit_test(formats_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
