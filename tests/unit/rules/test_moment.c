/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Moments: the words, the next and the last time, and what is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/date.h"
#include "engine/base/rng.h"
#include "rules/daytimes.h"
#include "rules/moment.h"

static int64_t civil_of(const char *text)
{
    int64_t wall;

    if (!mf_time_read(text, &wall))
        fail_msg("not a time: %s", text);
    return wall / MF_SEC;
}

static struct mf_moment moment_of(const char *text)
{
    struct mf_moment moment;
    struct mf_error err = {0};

    if (mf_moment_read(text, strlen(text), &moment, &err) < 0)
        fail_msg("`%s`: %s", text, err.text);
    return moment;
}

static void expect_time(const char *words, bool is_found, int64_t civil, const char *wanted)
{
    char is[MF_TIME_TEXT] = "none";

    if (is_found)
        mf_time_print(civil * MF_SEC, is);
    if (strncmp(is, wanted, strlen(wanted)) != 0)
        fail_msg("`%s` is %s, wanted %s", words, is, wanted);
}

static void look(const char *what, const char *words, const char *wanted)
{
    enum mf_moment_aim aim = strstr(what, "match") ? MF_MOMENT_MATCH : MF_MOMENT_OTHER;
    struct mf_moment moment = moment_of(words);
    int64_t base = moment.base ? moment.base : civil_of("2003-04-05T06:07:08"), civil = 0;
    bool is_found;

    if (mf_moment_has(&moment, MF_MOMENT_YEAR) && moment.value[MF_MOMENT_YEAR] < 100)
        moment.value[MF_MOMENT_YEAR] += 2003; /* the command's business */
    is_found = strncmp(what, "next", 4) == 0 ? mf_moment_next(&moment, aim, base, &civil)
                                             : mf_moment_last(&moment, aim, base, &civil);
    expect_time(words, is_found, civil, wanted);
}

/* MoaT's own results, all four ways to look. */
static void as_moat_has_it(void **state)
{
    const char *path = getenv("MF_TEST_MOMENTS");
    FILE *file = fopen(path ? path : "tests/data/moments.txt", "r");
    char line[256], what[16], wanted[32];
    unsigned count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        int at = 0;

        if (line[0] == '#')
            continue;
        line[strcspn(line, "\n")] = 0;
        assert_int_equal(sscanf(line, "%15s %31s %n", what, wanted, &at), 2);
        look(what, line + at, wanted);
        count++;
    }
    fclose(file);
    assert_int_equal(count, 81);
}

static const struct {
    const char *words, *next;
} more[] = {
    {"-1 wk", "2003-12-22T00:00:00"}, /* 2003 has 52 weeks, the last one begins there */
    {"53 wk", "2004-12-27T00:00:00"},
    {"fri 13 d", "2003-06-13T00:00:00"},
    {"1 fri 13 d", "none"},
    {"30 d 2 mo", "none"},
    {"29 d 2 mo", "2004-02-29T00:00:00"},
    {"31 day", "2003-05-31T00:00:00"},
    {"-31 day", "2003-05-01T00:00:00"}, /* only in months that have so many */
    {"-1 mo", "2003-12-01T00:00:00"},
    {"next sun 03:00", "2003-04-06T03:00:00"},
    {"sunday 3 h 0 min", "2003-04-06T03:00:00"},
    {"03:00:30", "2003-04-06T03:00:30"},
    {"mo", "2003-04-07T00:00:00"},
    {"1 mo mo", "2004-01-05T00:00:00"},
    {"-4 sat", "2003-04-05T06:07:08"}, /* April 2003 has four Saturdays */
    {"NEXT  Tue\t8 H", "2003-04-08T08:00:00"},
    {"+ 9 h", "2003-04-05T09:00:00"},
};

/* What MoaT gets wrong, and what is ours: clock times, `next`, letters of any size. */
static void and_more(void **state)
{
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        look("next-match", more[i].words, more[i].next);
}

/* The next start lies behind a match that is under way. */
static void starts(void **state)
{
    static const struct {
        const char *words, *after, *start;
    } cases[] = {
        {"9 h", "2003-04-05T08:59:59", "2003-04-05T09:00:00"},
        {"9 h", "2003-04-05T09:00:00", "2003-04-06T09:00:00"},
        {"9 h", "2003-04-05T09:30:00", "2003-04-06T09:00:00"},
        {"14 wk", "2003-04-05T09:30:00", "2004-03-29T00:00:00"},
        {"10 sec", "2003-04-05T09:30:10", "2003-04-05T09:31:10"},
        {"0 min", "2003-04-05T09:30:10", "2003-04-05T10:00:00"},
        {"4 mo", "2003-04-05T09:30:10", "2004-04-01T00:00:00"},
        {"-1 d 23:59", "2003-04-30T23:59:00", "2003-05-31T23:59:00"},
        {"2004 y", "2003-04-05T09:30:10", "2004-01-01T00:00:00"},
        {"2004 y", "2004-04-05T09:30:10", "none"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_moment moment = moment_of(cases[i].words);
        int64_t start = 0;
        bool is_found = mf_moment_start(&moment, civil_of(cases[i].after), &start);

        expect_time(cases[i].words, is_found, start, cases[i].start);
    }
}

static const struct {
    const char *words, *part;
} refused[] = {
    {"9", "9 of what?"},
    {"9 h 10 h", "the hour stands there twice"},
    {"03:00 10 m", "the minute stands there twice"},
    {"mon tue", "the day of the week stands there twice"},
    {"9 hors", "did you mean `hours`?"},
    {"9h", "numbers and units are words of their own"},
    {"60 s", "a second is between -59 and 59, not 60"},
    {"24 h", "a hour is between"},
    {"0 d", "a day of the month is between 1 and 31, not 0"},
    {"32 d", "not 32"},
    {"13 mo", "a month is between 1 and 12"},
    {"54 wk", "a week is between 1 and 53"},
    {"5 fri", "a number of a day of the week is between 1 and 4"},
    {"-0 h", "-0 is no number"},
    {"- h", "a number must follow a sign"},
    {"-", "a number must follow a sign"},
    {"tomorrow", "`tomorrow` is no unit of time"},
    {"3:0:0:0", "is no time of day"},
    {"123:00", "is no time of day"},
    {"12:", "is no time of day"},
    {"9 h 1100000000", "of what?"},
    {"1100000000", NULL},
    {"", NULL},
};

/* What cannot be read is said; the empty moment and a bare Unix time are fine. */
static void refusals(void **state)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct mf_error err = {0};
        struct mf_moment moment;
        const char *words = refused[i].words;
        int rc = mf_moment_read(words, strlen(words), &moment, &err);

        assert_int_equal(rc, refused[i].part ? MF_EINVAL : 0);
        if (rc < 0 && !strstr(err.text, refused[i].part))
            fail_msg("`%s`: `%s` is not in: %s", words, refused[i].part, err.text);
    }
}

/* First and last against a search second by second. */
static void daytimes_by_force(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 7);
    for (int round = 0; round < 300; round++) {
        struct mf_daytimes times = {
            .seconds = mf_rng_next(&rng) & mf_rng_next(&rng) & MF_EVERY_SECOND,
            .minutes = mf_rng_next(&rng) & mf_rng_next(&rng) & MF_EVERY_MINUTE,
            .hours = (uint32_t)(mf_rng_next(&rng) & mf_rng_next(&rng)) & MF_EVERY_HOUR,
        };
        int from = (int)mf_rng_below(&rng, MF_DAY_SECONDS), up = from, down = from;

        times.seconds |= UINT64_C(1) << mf_rng_below(&rng, 60);
        times.minutes |= UINT64_C(1) << mf_rng_below(&rng, 60);
        times.hours |= UINT32_C(1) << mf_rng_below(&rng, 24);
#define IS_ONE(s)                                                                                  \
    (times.hours >> ((s) / 3600) & times.minutes >> ((s) / 60 % 60) &                              \
     times.seconds >> ((s) % 60) & 1)
        while (up < MF_DAY_SECONDS && !IS_ONE(up))
            up++;
        while (down >= 0 && !IS_ONE(down))
            down--;
        assert_int_equal(mf_daytimes_first(&times, from), up == MF_DAY_SECONDS ? -1 : up);
        assert_int_equal(mf_daytimes_last(&times, from), down);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_moat_has_it),
        cmocka_unit_test(and_more),
        cmocka_unit_test(starts),
        cmocka_unit_test(refusals),
        cmocka_unit_test(daytimes_by_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
