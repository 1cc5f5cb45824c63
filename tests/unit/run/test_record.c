/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Records: every value comes back as it was, and what is no record is said so. */

#include "engine/run/record.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "tests/unit/run/run_kinds.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* A record in memory. */
struct tape {
    struct mf_buf text;
    bool is_full; /* takes nothing for now */
};

static bool take_line(void *arg, const char *text, size_t len)
{
    struct tape *tape = arg;

    if (tape->is_full)
        return false;
    mf_buf_put(&tape->text, text, len);
    mf_buf_putc(&tape->text, '\n');
    return true;
}

static const char *line_of(const struct tape *tape, size_t number, size_t *ret_len)
{
    const char *text = mf_buf_text(&tape->text);

    while (number-- > 0)
        text = strchr(text, '\n') + 1;
    *ret_len = strcspn(text, "\n");
    return text;
}

static struct mf_record_entry read_line(const struct tape *tape, size_t number)
{
    struct mf_record_entry entry;
    struct mf_error err = {0};
    size_t len;
    const char *line = line_of(tape, number, &len);

    if (mf_record_read(line, len, &entry, &err) < 0)
        fail_msg("%.*s: %s", (int)len, line, err.text);
    return entry;
}

static bool is_text(const struct mf_value *value, const char *text)
{
    size_t len;
    const char *own = value->type == MF_TEXT ? mf_value_text(value, &len) : "";

    return value->type == MF_TEXT && len == strlen(text) && memcmp(own, text, len) == 0;
}

/* Equal by content, and of the same types all the way down: 5 and 5.0 are two values. */
static bool is_same(const struct mf_value *a, const struct mf_value *b)
{
    if (a->type != b->type || !mf_value_equal(a, b))
        return false;
    for (size_t i = 0; (a->type == MF_LIST || a->type == MF_MAP) && i < mf_value_count(a); i++)
        if (!is_same(mf_value_at(a, i), mf_value_at(b, i)))
            return false;
    return true;
}

static struct mf_value json(const char *text)
{
    struct mf_value value;
    struct mf_error err = {0};

    assert_int_equal(mf_json_read(text, strlen(text), &value, &err), 0);
    return value;
}

/* A list of a path and bytes. */
static struct mf_value odd_list(void)
{
    struct mf_builder list, path;

    mf_build_start(&path);
    mf_build_take_item(&path, mf_value_new_text("home"));
    mf_build_take_item(&path, mf_value_int(3));
    mf_build_start(&list);
    mf_build_take_item(&list, mf_build_end_path(&path));
    mf_build_take_item(&list, mf_value_new_bytes("\0\1\2", 3));
    return mf_build_end_list(&list);
}

/* What a source said comes back exactly: type, value, unit, time, quality. */
static void values_come_back(void **state)
{
    struct mf_value values[] = {
        mf_value_bool(true),
        mf_value_int(INT64_MAX),
        mf_value_int(5),
        mf_value_number(5),
        mf_value_number(-0.1),
        mf_value_number(DBL_MAX),
        mf_value_number(DBL_MIN),
        mf_value_new_text("a text, \"quoted\", longer than a handle"),
        mf_value_new_bytes("\0\xff", 2),
        json("{\"a\": [1, 2.5, 3.0, null], \"b\": {\"c\": false}}"),
        odd_list(),
    };
    struct bench *b = bench_new("in: {test.source: any}\n");
    struct tape tape = {0};
    struct mf_recorder recorder;

    mf_recorder_start(&recorder, bench_engine(b), NULL, take_line, &tape);
    for (size_t i = 0; i < COUNT(values); i++) {
        struct mf_msg msg = {.value = values[i], .time = (int64_t)i * 7 + 1};

        mf_engine_play_msg(bench_engine(b), mf_engine_node(bench_engine(b), "in"), 0, &msg);
        bench_advance(b, "1s");
    }
    mf_recorder_stop(&recorder);
    assert_int_equal(recorder.lines, COUNT(values));
    for (size_t i = 0; i < COUNT(values); i++) {
        struct mf_record_entry entry = read_line(&tape, i + 1);

        if (!is_same(&entry.msg.value, &values[i]))
            fail_msg("value %zu is not the same: %s", i, mf_buf_text(&tape.text));
        assert_int_equal(entry.msg.time, i * 7 + 1);
        assert_int_equal(entry.at, (int64_t)i * MF_SEC);
        assert_true(is_text(&entry.node, "in"));
        assert_int_equal(entry.msg.quality, MF_GOOD);
        mf_record_entry_drop(&entry);
        mf_value_drop(values[i]);
    }
    mf_buf_done(&tape.text);
    bench_free(b);
}

/* A record begins with what is known, names patterns choose nodes, and it says what it lost. */
static void begins_and_loses(void **state)
{
    struct bench *b =
        bench_new("in: {test.source: number, unit: W}\nother: {test.source: number}\n");
    struct mf_engine *engine = bench_engine(b);
    struct mf_record_entry entry;
    struct tape tape = {0};
    struct mf_recorder recorder;

    bench_feed(b, "in", "5");
    bench_feed(b, "other", "6");
    bench_advance(b, "1s");
    mf_recorder_start(&recorder, engine, "i*", take_line, &tape);
    entry = read_line(&tape, 1);
    assert_int_equal(entry.at, 0);
    assert_true(is_text(&entry.unit, "W"));
    assert_int_equal(entry.msg.time, mf_clock_wall(&engine->sched.clock) - MF_SEC);
    mf_record_entry_drop(&entry);
    tape.is_full = true;
    bench_feed(b, "in", "7");
    bench_feed(b, "in", "8");
    bench_feed(b, "other", "9");
    tape.is_full = false;
    bench_advance(b, "1s");
    mf_engine_play_bad(engine, mf_engine_node(engine, "in"), MF_STALE, mf_reason_link);
    bench_advance(b, "1s");
    entry = read_line(&tape, 2);
    assert_int_equal(entry.lost, 2);
    assert_int_equal(entry.msg.quality, MF_STALE);
    assert_ptr_equal(entry.msg.reason, mf_reason_link);
    assert_true(entry.msg.is_again);
    assert_true(entry.msg.value.number == 8);
    mf_record_entry_drop(&entry);
    mf_recorder_stop(&recorder);
    entry = read_line(&tape, 3);
    assert_true(entry.is_end);
    assert_int_equal(entry.at, 2 * MF_SEC);
    mf_record_entry_drop(&entry);
    mf_buf_done(&tape.text);
    bench_free(b);
}

/* Values of one turn stay together; those of the next turn of the same moment are told apart. */
static void turns_are_told_apart(void **state)
{
    struct bench *b = bench_new("a: {test.source: number}\nb: {test.source: number}\n");
    struct mf_engine *engine = bench_engine(b);
    struct tape tape = {0};
    struct mf_recorder recorder;
    struct mf_msg msg = {.value = mf_value_number(1)};
    static const bool wanted[] = {false, false, true};

    bench_advance(b, "1s");
    mf_recorder_start(&recorder, engine, NULL, take_line, &tape);
    bench_advance(b, "1s");
    mf_engine_play_msg(engine, mf_engine_node(engine, "a"), 0, &msg);
    mf_engine_play_msg(engine, mf_engine_node(engine, "b"), 0, &msg);
    mf_engine_play_msg(engine, mf_engine_node(engine, "a"), 0, &msg);
    bench_advance(b, "1s");
    mf_recorder_drop(&recorder);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct mf_record_entry entry = read_line(&tape, i + 1);

        assert_int_equal(entry.at, MF_SEC);
        assert_int_equal(entry.is_next, wanted[i]);
        mf_record_entry_drop(&entry);
    }
    mf_buf_done(&tape.text);
    bench_free(b);
}

/* What is no record, or not one for this output, is refused with a sentence. */
static void faults(void **state)
{
    static const struct {
        const char *line, *said;
    } heads[] =
        {
            {"{\"at\":0}", "this is not a record"},
            {"{\"moat-flow-record\":2}", "version 1"},
            {"{\"moat-flow-record\":1,\"start\":\"tomorrow\"}", "no `start`"},
            {"[]", "a JSON object"},
        },
      lines[] = {
          {"{\"node\":\"a\"}", "has `at`"},
          {"{\"at\":-1,\"node\":\"a\"}", "not negative"},
          {"{\"at\":0}", "names its `node`"},
          {"{\"at\":0,\"node\":\"a\",\"quality\":\"fair\"}", "good, stale or bad"},
          {"{\"at\":0,\"node\":\"a\",\"msgpack\":\"?\"}", "not base64"},
          {"{\"at\":0,\"node\":\"a\",\"unit\":1}", "are texts"},
          {"{\"at\":0,\"node\":", "byte"},
      };
    struct mf_record_head head;
    struct mf_record_entry entry;

    for (size_t i = 0; i < COUNT(heads); i++) {
        struct mf_error err = {0};

        assert_true(mf_record_read_head(heads[i].line, strlen(heads[i].line), &head, &err) < 0);
        assert_non_null(strstr(err.text, heads[i].said));
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct mf_error err = {0};

        assert_true(mf_record_read(lines[i].line, strlen(lines[i].line), &entry, &err) < 0);
        if (!strstr(err.text, lines[i].said))
            fail_msg("%s: %s", lines[i].line, err.text);
    }
}

/* A flow that has changed its units gets the values in the new ones; one of another kind does not.
 */
static void fits(void **state)
{
    static const struct {
        const char *line;
        uint32_t types;
        double number; /* NaN: refused */
    } rows[] = {
        {"{\"at\":0,\"node\":\"a\",\"value\":1500.0,\"unit\":\"W\"}", MF_T(MF_NUMBER), 1.5},
        {"{\"at\":0,\"node\":\"a\",\"value\":2}", MF_T(MF_NUMBER), 2},
        {"{\"at\":0,\"node\":\"a\",\"value\":1500.0,\"unit\":\"Wh\"}", MF_T(MF_NUMBER), NAN},
        {"{\"at\":0,\"node\":\"a\",\"value\":\"x\"}", MF_T(MF_NUMBER), NAN},
    };
    struct mf_unit kilowatt;
    struct mf_error err = {0};

    assert_int_equal(mf_unit_read("kW", 2, &kilowatt, &err), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mf_out_def out = {.name = "out", .types = rows[i].types, .unit = &kilowatt};
        struct mf_record_entry entry;

        assert_int_equal(mf_record_read(rows[i].line, strlen(rows[i].line), &entry, &err), 0);
        if (isnan(rows[i].number)) {
            assert_true(mf_record_fit(&entry, &out, &err) < 0);
        } else {
            assert_int_equal(mf_record_fit(&entry, &out, &err), 0);
            assert_int_equal(entry.msg.value.type, MF_NUMBER);
            assert_true(fabs(entry.msg.value.number - rows[i].number) < 1e-12);
        }
        mf_record_entry_drop(&entry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(begins_and_loses),
        cmocka_unit_test(turns_are_told_apart),
        cmocka_unit_test(faults),
        cmocka_unit_test(fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
