/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* log: what a line says, what is left out. */

#include "engine/base/buf.h"
#include "engine/base/log.h"
#include "tests/support/bench.h"

static struct mf_buf lines;

static void hear(void *arg, enum mf_log_level level, const char *line)
{
    const char *text = line;

    while (*text && *text != ' ')
        text++;
    mf_buf_printf(&lines, "%s\n", *text ? text + 1 : "");
}

/* Between bench_new(), which listens itself, and bench_free(). */
static void listen(enum mf_log_level level)
{
    mf_buf_clear(&lines);
    mf_log_setup(level, MF_LOG_TEXT, false);
    mf_log_divert(hear, NULL);
}

static void expect(const char *text)
{
    assert_string_equal(mf_buf_text(&lines), text);
    mf_buf_clear(&lines);
}

static struct bench *start(const char *yaml)
{
    struct bench *b = bench_new_with(yaml, (struct bench_options){.is_real = true});

    listen(MF_LOG_INFO);
    return b;
}

static void end(struct bench *b)
{
    mf_log_divert(NULL, NULL);
    bench_free(b);
}

/* Without a message the line has name, value and unit; a unit that is not there leaves no blank. */
static void lines_say_what_came(void **state)
{
    struct bench *b = start("power: {test.source: any, unit: W}\n"
                            "door: {test.source: any}\n"
                            "show: {log: notice, from: [power, door]}\n");

    bench_feed(b, "power", "20.5");
    bench_feed(b, "door", "true");
    bench_feed(b, "door", "\"open\"");
    expect("notice show: power: 20.5 W\n"
           "notice show: door: true\n"
           "notice show: door: open\n");
    end(b);
}

/* Every placeholder is filled from the message. */
static void placeholders_are_filled(void **state)
{
    struct bench *b = start("power: {test.source: any, unit: W}\n"
                            "show:\n"
                            "  log: info\n"
                            "  from: {grid: power}\n"
                            "  message: '{node}/{port}={value} {unit} {quality} {age} {time}'\n");

    bench_advance(b, "10s");
    bench_feed_at(b, "power", "7", 7.5);
    expect("info show: power/grid=7 W good 2.5s 2026-01-01T00:00:07.5Z\n");
    end(b);
}

/* A value that is not good is logged with the last value, and is seen to be old. */
static void bad_values_are_marked(void **state)
{
    struct bench *b = start("power: {test.source: any, unit: W}\n"
                            "show: {log: warning, from: power}\n"
                            "more: {log: warning, from: power, message: \"{value} {quality}\"}\n");

    bench_feed(b, "power", "20");
    bench_fail(b, "power", "timeout");
    expect("warning show: power: 20 W\n"
           "warning more: 20 good\n"
           "warning show: power: 20 W (bad: timeout)\n"
           "warning more: 20 bad: timeout\n");
    end(b);
}

/* A flood is a few lines per second, and the next second says how many are missing. */
static void floods_are_limited(void **state)
{
    struct bench *b = start("n: {test.source: any}\n"
                            "show: {log: info, from: n, limit: 2}\n");

    for (int i = 0; i < 50; i++)
        bench_feed(b, "n", "1");
    expect("info show: n: 1\ninfo show: n: 1\n");
    bench_advance(b, "1s");
    bench_feed(b, "n", "2");
    expect("info show: 48 lines were left out, the limit is 2 per second\n"
           "info show: n: 2\n");
    end(b);
}

/* Levels that nobody wants to see cost no line and are not counted as left out. */
static void levels_are_kept(void **state)
{
    struct bench *b = start("n: {test.source: any}\n"
                            "show: {log: debug, from: n, limit: 1}\n");

    bench_feed(b, "n", "1");
    bench_feed(b, "n", "2");
    expect("");
    listen(MF_LOG_DEBUG);
    bench_feed(b, "n", "3");
    expect("debug show: n: 3\n");
    end(b);
}

/* Words in braces that nobody fills are mistakes. */
static void placeholders_are_checked(void **state)
{
    bench_expect_fault("n: {test.source: any}\nx: {log: info, from: n, message: \"{valeu}\"}\n",
                       "MF0525", "nobody fills `{valeu}`");
    bench_expect_fault("n: {test.source: any}\nx: {log: info, from: n, message: \"{value\"}\n",
                       "MF0525", "nobody fills `{value`");
    bench_expect_fault("n: {test.source: any}\nx: {log: loud, from: n}\n", "MF0207", "loud");
    bench_expect_clean("n: {test.source: any}\nx: {log: info, from: n, message: plain}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_say_what_came),   cmocka_unit_test(placeholders_are_filled),
        cmocka_unit_test(bad_values_are_marked), cmocka_unit_test(floods_are_limited),
        cmocka_unit_test(levels_are_kept),       cmocka_unit_test(placeholders_are_checked),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    mf_buf_done(&lines);
    return failed;
}
