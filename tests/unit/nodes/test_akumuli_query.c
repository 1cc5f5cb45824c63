/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Questions to a time series database, and the lines of its answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/base/clock.h"
#include "nodes/akumuli/query.h"
#include "nodes/akumuli/series.h"

#define RANGE                                                                                      \
    ",\"range\":{\"from\":\"20261123T210500.000000001\",\"to\":\"20261124T000000.000000000\"}"
#define REST                                                                                       \
    ",\"order-by\":\"time\",\"limit\":100,\"output\":{\"format\":\"csv\",\"timestamp\":\"raw\"}}"
#define FROM 1795467900000000001
#define TO 1795478400000000000

static const struct {
    struct mf_akumuli_question question;
    const char *json;
} questions[] = {
    {{"temp", NULL, 0, FROM, TO, 100}, "{\"select\":\"temp\"" RANGE REST},
    {{"temp room=bath host=a", NULL, 0, FROM, TO, 100},
     "{\"select\":\"temp\"" RANGE ",\"where\":{\"room\":\"bath\",\"host\":\"a\"}" REST},
    {{"temp what=two\\ words x=a=b y=\"z\"", NULL, 0, FROM, TO, 100},
     "{\"select\":\"temp\"" RANGE
     ",\"where\":{\"what\":\"two\\\\ words\",\"x\":\"a=b\",\"y\":\"\\\"z\\\"\"}" REST},
    {{"temp room=bath", "max", 0, FROM, TO, 100},
     "{\"aggregate\":{\"temp\":\"max\"}" RANGE ",\"where\":{\"room\":\"bath\"}" REST},
    {{"temp", "mean", 15 * MF_MINUTE, FROM, TO, 100},
     "{\"group-aggregate\":{\"metric\":\"temp\",\"step\":\"15m\",\"func\":[\"mean\"]}" RANGE REST},
    {{"temp", "min", 2 * MF_DAY, FROM, TO, 100},
     "{\"group-aggregate\":{\"metric\":\"temp\",\"step\":\"2d\",\"func\":[\"min\"]}" RANGE REST},
    {{"temp", "min", 1, FROM, TO, 100},
     "{\"group-aggregate\":{\"metric\":\"temp\",\"step\":\"1n\",\"func\":[\"min\"]}" RANGE REST},
};

/* Each question is this JSON object. */
static void questions_are_written(void **state)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
        struct mf_buf buf = {0};

        mf_akumuli_put_question(&questions[i].question, &buf);
        assert_string_equal(mf_buf_text(&buf), questions[i].json);
        mf_buf_done(&buf);
    }
}

static const struct {
    const char *line, *series;
    int64_t time;
    double value;
} rows[] = {
    {"temp host=a room=kitchen,ts=1795467900000000000,21.5", "temp host=a room=kitchen",
     1795467900000000000, 21.5},
    {"temp:max host=a,20261123T210700.123456789,25", "temp:max host=a", 1795468020123456789, 25},
    {"temp host=a,20261123T210700,-5.25", "temp host=a", 1795468020000000000, -5.25},
    {"temp host=a,b,ts=5,1e-3", "temp host=a,b", 5, 1e-3},
};

/* Rows have a series, a time in either form, and a number; names may hold commas. */
static void rows_are_read(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct mf_akumuli_point point;
        struct mf_error err;

        assert_int_equal(mf_akumuli_read_line(rows[i].line, strlen(rows[i].line), &point, &err), 0);
        assert_int_equal(point.series_len, strlen(rows[i].series));
        assert_memory_equal(point.series, rows[i].series, point.series_len);
        assert_int_equal(point.time, rows[i].time);
        assert_true(point.value == rows[i].value);
    }
}

/* What the database says against a question is told from what is not understood. */
static void errors_are_told(void **state)
{
    static const char *const strange[] = {
        "",
        ",",
        ",,",
        "temp",
        "temp,5",
        ",ts=5,1",
        "temp host=a,ts=5,",
        "temp host=a,ts=,1",
        "temp host=a,ts=5,x",
        "temp host=a,2026-11-23T21:05:00,1",
        "temp host=a,20261323T210700,1",
        "temp host=a,ts=99999999999999999999,1",
    };
    struct mf_akumuli_point point;
    struct mf_error err;

    assert_int_equal(mf_akumuli_read_line("-not found", 10, &point, &err), MF_EDENIED);
    assert_string_equal(err.text, "the database says: not found");
    for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
        assert_int_equal(mf_akumuli_read_line(strange[i], strlen(strange[i]), &point, &err),
                         MF_EINVAL);
}

/* Tags may be left out where a series is looked for, not where one is written. */
static void selections_need_no_tags(void **state)
{
    struct mf_error err;

    assert_int_equal(mf_akumuli_check_selection("temp", &err), 0);
    assert_int_equal(mf_akumuli_check_series("temp", &err), MF_EINVAL);
    assert_int_equal(mf_akumuli_check_selection("temp room", &err), MF_EINVAL);
    assert_int_equal(mf_akumuli_check_selection("room=bath", &err), MF_EINVAL);
    assert_int_equal(mf_akumuli_check_selection("", &err), MF_EINVAL);
}

/* Times before 1970 have a form, too. */
static void times_are_printed(void **state)
{
    char text[MF_AKUMULI_TIME];

    mf_akumuli_print_time(0, text);
    assert_string_equal(text, "19700101T000000.000000000");
    mf_akumuli_print_time(-1, text);
    assert_string_equal(text, "19691231T235959.999999999");
    mf_akumuli_print_time(INT64_MAX, text);
    assert_string_equal(text, "22620411T234716.854775807");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_written), cmocka_unit_test(rows_are_read),
        cmocka_unit_test(errors_are_told),       cmocka_unit_test(selections_need_no_tags),
        cmocka_unit_test(times_are_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
