/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Clocks, times as text, random numbers, log lines. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/rng.h"

/* ---- clock ---- */

/* A virtual clock moves when told to, forward only, both times together. */
static void virtual_time_stands_still(void **state)
{
    struct mf_clock clock;

    mf_clock_init_virtual(&clock, 1000 * MF_SEC);
    assert_int_equal(mf_clock_mono(&clock), 0);
    assert_int_equal(mf_clock_wall(&clock), 1000 * MF_SEC);
    mf_clock_advance(&clock, 5 * MF_SEC);
    mf_clock_advance(&clock, 2 * MF_SEC);
    assert_int_equal(mf_clock_mono(&clock), 5 * MF_SEC);
    assert_int_equal(mf_clock_wall(&clock), 1005 * MF_SEC);
}

/* The real one is past the day this was written, and never runs back. */
static void real_time_runs(void **state)
{
    struct mf_clock clock;
    int64_t before;

    mf_clock_init_real(&clock);
    before = mf_clock_mono(&clock);
    assert_true(mf_clock_mono(&clock) >= before);
    assert_true(mf_clock_wall(&clock) > INT64_C(1700000000) * MF_SEC);
    assert_true(mf_clock_cpu() > 0);
}

static const struct {
    int64_t wall;
    const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1, "1970-01-01T00:00:00.000000001Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {250 * MF_MS, "1970-01-01T00:00:00.25Z"},
    {INT64_C(951782400) * MF_SEC, "2000-02-29T00:00:00Z"},
    {INT64_C(1774745700) * MF_SEC, "2026-03-29T00:55:00Z"},
    {INT64_C(4107542400) * MF_SEC, "2100-03-01T00:00:00Z"},
    {INT64_C(-8520336000) * MF_SEC, "1700-01-01T00:00:00Z"},
    {INT64_C(1766577900123456700), "2025-12-24T12:05:00.1234567Z"},
};

/* Times print as ISO 8601 and read back, to the nanosecond, also before 1970. */
static void times_round_trip(void **state)
{
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        char text[MF_TIME_TEXT];
        int64_t wall;

        assert_int_equal(mf_time_print(times[i].wall, text), strlen(times[i].text));
        assert_string_equal(text, times[i].text);
        assert_true(mf_time_read(text, &wall));
        assert_int_equal(wall, times[i].wall);
    }
}

/* The ends of int64 print, too. */
static void far_times_print(void **state)
{
    char text[MF_TIME_TEXT];

    mf_time_print(INT64_MAX, text);
    assert_string_equal(text, "2262-04-11T23:47:16.854775807Z");
    mf_time_print(INT64_MIN, text);
    assert_string_equal(text, "1677-09-21T00:12:43.145224192Z");
}

/* Offsets, a space for the T, no seconds, no time of day. */
static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"1970-01-02", 86400},
        {"1970-01-01 01:00", 3600},
        {"1970-01-01T01:00:00", 3600},
        {"1970-01-01t01:00:00z", 3600},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T01:00:00+0100", 0},
        {"1970-01-01T00:00:00-05:30", 19800},
        {"2016-12-31T23:59:60Z", 1483228800},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t wall = 1;

        assert_true(mf_time_read(cases[i].text, &wall));
        assert_int_equal(wall, cases[i].seconds * MF_SEC);
    }
}

/* Anything else is no time, and the result is left alone. */
static void wrong_times_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "now",
        "2026",
        "2026-1-1",
        "2026-02-29",
        "2100-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "1600-01-01",
        "9999-01-01",
        "2026-01-01T",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:60Z",
        "2026-01-01T10:00:61Z",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10",
        "2026-01-01T10:00:00 UTC",
        "2026-01-01T10:00:00+15:00",
        "2026-01-01T10:00:00+01:60",
        "2026-01-01T10:00:00Z ",
        "2026-01-01x10:00",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t wall = 4711;

        if (mf_time_read(cases[i], &wall))
            fail_msg("`%s` is read", cases[i]);
        assert_int_equal(wall, 4711);
    }
}

/* ---- rng ---- */

/* A seed gives the same row for ever: recorded simulations depend on it. */
static void rng_repeats(void **state)
{
    struct mf_rng a, b;

    mf_rng_seed(&a, 42);
    mf_rng_seed(&b, 42);
    assert_true(mf_rng_next(&a) == UINT64_C(0x15780b2e0c2ec716));
    mf_rng_next(&b);
    for (int i = 0; i < 100; i++)
        assert_true(mf_rng_next(&a) == mf_rng_next(&b));
    mf_rng_seed(&b, 43);
    assert_true(mf_rng_next(&a) != mf_rng_next(&b));
    mf_rng_seed_random(&a);
    mf_rng_seed_random(&b);
    assert_true(mf_rng_next(&a) != mf_rng_next(&b));
}

/* Ranges hold, and the middle is where it should be. */
static void rng_is_even(void **state)
{
    enum { ROUNDS = 100000, SIDES = 6 };
    int seen[SIDES] = {0};
    double sum = 0, squares = 0, normal_sum = 0;
    struct mf_rng rng;

    mf_rng_seed(&rng, 7);
    for (int i = 0; i < ROUNDS; i++) {
        double u = mf_rng_double(&rng), n = mf_rng_normal(&rng);

        assert_true(u >= 0 && u < 1);
        assert_true(isfinite(n));
        sum += u;
        normal_sum += n;
        squares += n * n;
        seen[mf_rng_below(&rng, SIDES)]++;
        assert_int_equal(mf_rng_below(&rng, 1), 0);
    }
    assert_true(fabs(sum / ROUNDS - 0.5) < 0.01);
    assert_true(fabs(normal_sum / ROUNDS) < 0.02);
    assert_true(fabs(squares / ROUNDS - 1) < 0.03);
    for (int i = 0; i < SIDES; i++)
        assert_true(fabs(seen[i] * (double)SIDES / ROUNDS - 1) < 0.05);
}

/* ---- log ---- */

struct heard {
    struct mf_buf lines; /* one per line, without the time in front */
    int count;
};

static void hear(void *arg, enum mf_log_level level, const char *line)
{
    struct heard *heard = arg;
    const char *text = line[0] == '{' || line[0] == '<' ? line : strchr(line, ' ') + 1;

    heard->count++;
    mf_buf_printf(&heard->lines, "%s\n", text);
}

static void listen(struct heard *heard, enum mf_log_level level, enum mf_log_format format)
{
    *heard = (struct heard){0};
    mf_log_setup(level, format, false);
    mf_log_divert(hear, heard);
}

static void hear_no_more(struct heard *heard)
{
    mf_log_divert(NULL, NULL);
    mf_buf_done(&heard->lines);
}

/* A line has level, who and sentence; levels below the one asked for are silent. */
static void lines_have_a_form(void **state)
{
    struct heard heard;

    listen(&heard, MF_LOG_NOTICE, MF_LOG_TEXT);
    mf_log(MF_LOG_WARNING, "grid", "no news for %d s", 5);
    mf_log(MF_LOG_INFO, "grid", "unheard");
    mf_log(MF_LOG_ERROR, "grid", "a\nb \033[31m");
    assert_string_equal(mf_buf_text(&heard.lines), "warning grid: no news for 5 s\n"
                                                   "error grid: a\\x0ab \\x1b[31m\n");
    assert_true(mf_log_is_on(MF_LOG_NOTICE));
    assert_false(mf_log_is_on(MF_LOG_DEBUG));
    hear_no_more(&heard);
}

/* The journal gets its priority, other programs get JSON. */
static void formats_differ(void **state)
{
    struct heard heard;

    listen(&heard, MF_LOG_DEBUG, MF_LOG_JOURNAL);
    mf_log(MF_LOG_DEBUG, "n", "x");
    assert_string_equal(mf_buf_text(&heard.lines), "<7>debug n: x\n");
    hear_no_more(&heard);
    listen(&heard, MF_LOG_DEBUG, MF_LOG_JSON);
    mf_log(MF_LOG_ERROR, "n\"", "say \"x\"");
    assert_non_null(strstr(mf_buf_text(&heard.lines), ",\"level\":\"error\",\"node\":\"n\\\"\","
                                                      "\"message\":\"say \\\"x\\\"\"}"));
    hear_no_more(&heard);
}

/* A flood is a few lines, then one per interval that says how many were held back. */
static void floods_are_held_back(void **state)
{
    struct mf_log_rate rate = {0};
    struct heard heard;
    int64_t start = 1000 * MF_SEC;

    listen(&heard, MF_LOG_INFO, MF_LOG_TEXT);
    for (int i = 0; i < 100; i++)
        mf_log_limited(&rate, start + i, MF_LOG_INFO, "n", "line %d", i);
    assert_int_equal(heard.count, MF_LOG_BURST);
    mf_buf_clear(&heard.lines);
    mf_log_limited(&rate, start + MF_LOG_INTERVAL_S * MF_SEC, MF_LOG_INFO, "n", "again");
    mf_log_limited(&rate, start + MF_LOG_INTERVAL_S * MF_SEC + 1, MF_LOG_INFO, "n", "unheard");
    assert_string_equal(mf_buf_text(&heard.lines), "info n: lines like the next one held back: 95\n"
                                                   "info n: again\n");
    mf_buf_clear(&heard.lines);
    heard.count = 0;
    /* After a long silence there is a burst again. */
    for (int i = 0; i < 100; i++)
        mf_log_limited(&rate, start + 1000 * MF_SEC + i, MF_LOG_INFO, "n", "line");
    assert_int_equal(heard.count, MF_LOG_BURST + 1);
    hear_no_more(&heard);
}

/* What comes every quarter more than an interval is never held back. */
static void slow_lines_all_pass(void **state)
{
    struct mf_log_rate rate = {0};
    struct heard heard;

    listen(&heard, MF_LOG_INFO, MF_LOG_TEXT);
    for (int i = 0; i < 100; i++)
        mf_log_limited(&rate, i * (MF_LOG_INTERVAL_S * MF_SEC * 5 / 4), MF_LOG_INFO, "n", "x");
    assert_int_equal(heard.count, 100);
    hear_no_more(&heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virtual_time_stands_still),
        cmocka_unit_test(real_time_runs),
        cmocka_unit_test(times_round_trip),
        cmocka_unit_test(far_times_print),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(wrong_times_are_refused),
        cmocka_unit_test(rng_repeats),
        cmocka_unit_test(rng_is_even),
        cmocka_unit_test(lines_have_a_form),
        cmocka_unit_test(formats_differ),
        cmocka_unit_test(floods_are_held_back),
        cmocka_unit_test(slow_lines_all_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
