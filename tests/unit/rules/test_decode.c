/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* decode and encode: the formats, there and back. */

#include <stdio.h>

#include "tests/support/bench.h"

/* Texts become values of the type that the format promises. */
static void texts_are_decoded(void **state)
{
    static const struct {
        const char *format, *fed, *expected;
    } cases[] = {
        {"json", "\"{\\\"a\\\":[1,2.5,true,null]}\"", "{\"a\":[1,2.5,true,null]}"},
        {"json", "\"9007199254740993\"", "9007199254740993"},
        {"number", "\" 21.50 \"", "21.5"},
        {"bool", "\"ON\"", "true"},
        {"bool", "\"0\"", "false"},
        {"text", "\"grün\"", "\"grün\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char flow[200];
        struct bench *b;

        snprintf(flow, sizeof(flow), "in: {test.source: text}\nx: {decode: %s, from: in}\n",
                 cases[i].format);
        b = bench_new(flow);
        bench_feed(b, "in", cases[i].fed);
        bench_expect(b, "x", cases[i].expected);
        bench_free(b);
    }
}

/* What is not in the format is bad, with the place in the log, or dropped. */
static void rubbish_is_refused(void **state)
{
    struct bench *b = bench_new("in: {test.source: text}\n"
                                "x: {decode: json, from: in}\n"
                                "y: {decode: number, from: in, on_error: drop}\n"
                                "z: {decode: msgpack, from: in}\n");

    bench_feed(b, "in", "\"1\"");
    bench_feed(b, "in", "\"{\"");
    bench_feed(b, "in", "\"2\"");
    bench_expect(b, "x", "1 bad(1, not decodable) 2");
    bench_expect(b, "y", "1 2");
    bench_expect_log(b, "not json");
    bench_feed(b, "in", "\"\"");
    bench_expect(b, "x", "bad(2, not decodable)");
    bench_free(b);
}

/* Formats give values that read back as they were, through text and through bytes. */
static void there_and_back(void **state)
{
    static const char *const values[] = {
        "{\"a\":[1,-2.5,\"x\",true],\"b\":{}}", "9223372036854775807", "0.1", "\"\"", "false",
    };
    static const char *const formats[] = {"json", "msgpack", "cbor"};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        char flow[300];
        struct bench *b;

        snprintf(flow, sizeof(flow),
                 "in: {test.source: any}\n"
                 "wire: {encode: %s, from: in}\n"
                 "x: {decode: %s, from: wire}\n",
                 formats[i], formats[i]);
        b = bench_new(flow);
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            bench_feed(b, "in", values[k]);
            bench_expect(b, "x", values[k]);
        }
        bench_free(b);
    }
}

/* What is written, and what a format cannot say. */
static void values_are_encoded(void **state)
{
    struct bench *b = bench_new("in: {test.source: any}\n"
                                "json: {encode: json, from: in}\n"
                                "text: {encode: text, from: in}\n"
                                "number: {encode: number, from: in}\n"
                                "bool: {encode: bool, from: in, on_error: drop}\n");

    bench_feed(b, "in", "20.5");
    bench_feed(b, "in", "[1]");
    bench_feed(b, "in", "true");
    bench_expect(b, "json", "\"20.5\" \"[1]\" \"true\"");
    bench_expect(b, "text", "\"20.5\" \"[1]\" \"true\"");
    bench_feed(b, "in", "\"a b\"");
    bench_expect(b, "text", "\"a b\"");
    bench_expect(b, "json", "\"\\\"a b\\\"\"");
    bench_feed(b, "in", "1e22");
    bench_expect(b, "json", "\"1e+22\"");
    bench_free(b);
}

/* Types are known on both sides: text for text formats, bytes for the others. */
static void types(void **state)
{
    bench_expect_fault("in: {test.source: any}\nx: {encode: cbor, from: in}\n"
                       "y: {filter: \"value == 'a'\", from: x}\nz: {map: {a: 1}, from: x}\n",
                       "MF0204", "bytes");
    bench_expect_fault("in: {test.source: number}\nx: {decode: json, from: in}\n", "MF0204",
                       "number");
    bench_expect_fault("in: {test.source: text}\nx: {decode: bool, from: in}\n"
                       "y: {scale: 2, from: x}\n",
                       "MF0204", "bool");
    bench_expect_clean("in: {test.source: text}\n"
                       "x: {decode: json, from: in, type: number, unit: W}\n"
                       "y: {deadband: 1 kW, from: x}\n");
}

static void faults(void **state)
{
    bench_expect_fault("in: {test.source: text}\nx: {decode: jsn, from: in}\n", "MF0207", "json");
    bench_expect_fault("in: {test.source: text}\nx: {encode: , from: in}\n", "MF0202", "format");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_decoded),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(values_are_encoded),
        cmocka_unit_test(types),
        cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
