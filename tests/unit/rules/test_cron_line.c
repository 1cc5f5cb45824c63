/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Cron lines: fields, the next time, and both across the changes of clocks in five zones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "rules/cron_line.h"
#include "rules/schedule.h"

static int64_t wall_of(const char *text)
{
    int64_t wall;

    if (!mf_time_read(text, &wall))
        fail_msg("not a time: %s", text);
    return wall;
}

static struct mf_cron line_of(const char *text)
{
    struct mf_cron line;
    struct mf_error err = {0};

    if (mf_cron_read(text, strlen(text), &line, &err) < 0)
        fail_msg("`%s`: %s", text, err.text);
    return line;
}

static const struct {
    const char *line, *after, *next;
} cases[] = {
    {"* * * * *", "2026-01-01T00:00:00", "2026-01-01T00:01:00"},
    {"* * * * * *", "2026-01-01T00:00:00", "2026-01-01T00:00:01"},
    {"30 6 * * *", "2026-01-01T06:29:59", "2026-01-01T06:30:00"},
    {"30 6 * * *", "2026-01-01T06:30:00", "2026-01-02T06:30:00"},
    {"15 30 6 * * *", "2026-01-01T00:00:00", "2026-01-01T06:30:15"},
    {"*/15 * * * *", "2026-01-01T00:16:00", "2026-01-01T00:30:00"},
    {"5/20 * * * *", "2026-01-01T00:26:00", "2026-01-01T00:45:00"},
    {"10-20/5 * * * *", "2026-01-01T00:16:00", "2026-01-01T00:20:00"},
    {"0,30 8-18/2 * * *", "2026-01-01T18:30:00", "2026-01-02T08:00:00"},
    {"0 0 1 * *", "2026-01-31T12:00:00", "2026-02-01T00:00:00"},
    {"0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"},
    {"0 0 29 2 *", "2096-03-01T00:00:00", "2104-02-29T00:00:00"},
    {"0 0 31 * *", "2026-01-31T00:00:00", "2026-03-31T00:00:00"},
    {"0 0 * feb-apr *", "2026-04-30T00:00:00", "2027-02-01T00:00:00"},
    {"30 6 * * mon-fri", "2026-01-02T06:30:00", "2026-01-05T06:30:00"},
    {"30 6 * * MON", "2026-01-02T06:30:00", "2026-01-05T06:30:00"},
    {"0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00"},
    {"0 0 * * 0", "2026-01-01T00:00:00", "2026-01-04T00:00:00"},
    {"0 0 * * fri-mon", "2026-01-05T00:00:00", "2026-01-09T00:00:00"},
    {"0 0 * * 6-7", "2026-01-04T00:00:00", "2026-01-10T00:00:00"},
    {"0 0 13 * fri", "2026-01-01T00:00:00", "2026-01-02T00:00:00"}, /* either of the two */
    {"0 0 13 * */1", "2026-01-01T00:00:00", "2026-01-13T00:00:00"}, /* both */
    {"0 0 */2 * fri", "2026-01-01T00:00:00", "2026-01-09T00:00:00"},
    {"  0\t0  1 1 * ", "2026-01-01T00:00:00", "2027-01-01T00:00:00"},
    {"59 59 23 31 12 *", "2026-01-01T00:00:00", "2026-12-31T23:59:59"},
    {"0 0 30 2 *", "2026-01-01T00:00:00", NULL},
    {"0 0 31 apr,jun,sep,nov *", "2026-01-01T00:00:00", NULL},
};

/* Each form of a field, and the next time it stands for. */
static void next_times(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_cron line = line_of(cases[i].line);
        int64_t next = 0;
        bool comes = mf_cron_next(&line, wall_of(cases[i].after) / MF_SEC, &next);

        assert_int_equal(comes, cases[i].next != NULL);
        if (comes && next != wall_of(cases[i].next) / MF_SEC)
            fail_msg("`%s` after %s is not %s", cases[i].line, cases[i].after, cases[i].next);
    }
}

static const struct {
    const char *line, *part;
} refused[] = {
    {"", "it has 0 fields"},
    {"* * * *", "it has 4 fields"},
    {"* * * * * * *", "it has 7 fields"},
    {"60 * * * *", "a minute is between 0 and 59, not 60"},
    {"* 24 * * *", "a hour is between 0 and 23, not 24"},
    {"* * 0 * *", "a day of the month is between 1 and 31, not 0"},
    {"* * * 13 *", "a month is between 1 and 12, not 13"},
    {"* * * * 8", "a day of the week is between 0 and 7, not 8"},
    {"61 * * * * *", "a second is between"},
    {"* 22-6 * * *", "write it as two: `22-23,0-6`"},
    {"*/0 * * * *", "the step of the minute"},
    {"*/x * * * *", "the step of the minute"},
    {"1- * * * *", "is no minute"},
    {"1,,2 * * * *", "is no minute"},
    {"1, * * * *", "is no minute"},
    {"*5 * * * *", "cannot be read"},
    {"1-2-3 * * * *", "cannot be read"},
    {"* * * * mondays", "is no day of the week"},
    {"* * L * *", "`L` is no day of the month"},
    {"@daily", "it has 1 fields"},
};

/* What is no cron line is refused with the field that is wrong. */
static void refusals(void **state)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct mf_error err = {0};
        struct mf_cron line;
        const char *text = refused[i].line;

        assert_int_equal(mf_cron_read(text, strlen(text), &line, &err), MF_EINVAL);
        if (!strstr(err.text, refused[i].part))
            fail_msg("`%s`: `%s` is not in: %s", text, refused[i].part, err.text);
    }
}

/* ---- across changes of the clocks ---- */

static bool next_civil(const void *pattern, int64_t civil, int64_t *ret)
{
    return mf_cron_next(pattern, civil, ret);
}

static struct mf_schedule schedule_of(const struct mf_cron *line, const char *zone)
{
    struct mf_error err = {0};

    return (struct mf_schedule){
        .zone = mf_zone_get(zone, &err),
        .next = next_civil,
        .pattern = line,
        .is_hourly = mf_cron_is_hourly(line),
    };
}

static const struct {
    const char *zone, *line, *after;
    const char *times[4]; /* that follow */
} changes[] = {
    /* Skipped: once, after the gap. */
    {"Europe/Berlin",
     "30 2 * * *",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    {"Europe/Berlin",
     "*/20 2 * * *",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
    {"Europe/Berlin",
     "0 2,3 * * *",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z"}},
    /* Doubled: once, the first time. */
    {"Europe/Berlin",
     "30 2 * * *",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
    {"Europe/Berlin", "30 2 * * *", "2026-10-25T01:10:00Z", {"2026-10-26T01:30:00Z"}},
    {"Europe/Berlin",
     "0 2,3 * * *",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-26T01:00:00Z"}},
    /* Every hour: in both. */
    {"Europe/Berlin",
     "30 * * * *",
     "2026-10-24T23:40:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
    {"Europe/Berlin",
     "*/30 * * * *",
     "2026-10-25T00:45:00Z",
     {"2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"}},
    /* Half an hour on Lord Howe. */
    {"Australia/Lord_Howe",
     "15 2 * * *",
     "2026-10-03T00:00:00Z",
     {"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
    {"Australia/Lord_Howe",
     "45 1 * * *",
     "2026-04-04T00:00:00Z",
     {"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
    {"Australia/Lord_Howe",
     "45 * * * *",
     "2026-04-04T14:40:00Z",
     {"2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-04T16:15:00Z"}},
    /* Apia had no December 30, 2011. */
    {"Pacific/Apia",
     "0 12 * * *",
     "2011-12-29T00:00:00Z",
     {"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}},
    {"Pacific/Apia", "0 12 30 12 *", "2011-12-01T00:00:00Z", {"2011-12-30T10:00:00Z"}},
    /* Ramadan in Casablanca: back in February, forward in March. */
    {"Africa/Casablanca",
     "30 2 * * *",
     "2026-02-14T12:00:00Z",
     {"2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"}},
    {"Africa/Casablanca",
     "30 2 * * *",
     "2026-03-21T12:00:00Z",
     {"2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"}},
};

/* The rules for skipped and doubled times, in each of the zones that make trouble. */
static void skipped_and_doubled_times(void **state)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct mf_cron line = line_of(changes[i].line);
        struct mf_schedule schedule = schedule_of(&line, changes[i].zone);
        int64_t wall = wall_of(changes[i].after);

        for (unsigned t = 0; t < 4 && changes[i].times[t]; t++) {
            char is[MF_TIME_TEXT];

            wall = mf_schedule_after(&schedule, wall);
            mf_time_print(wall, is);
            if (strcmp(is, changes[i].times[t]) != 0)
                fail_msg("%s, `%s`: %s, wanted %s", changes[i].zone, changes[i].line, is,
                         changes[i].times[t]);
        }
    }
}

/* ---- against a search minute by minute ---- */

/* Is this minute of the clock on the wall one of the line's? */
static bool is_one(const struct mf_cron *line, const struct mf_civil *c)
{
    bool by_day = line->days >> c->day & 1, by_weekday = line->weekdays >> c->weekday & 1;

    return line->times.minutes >> c->minute & line->times.hours >> c->hour & 1 &&
           line->months >> c->month & 1 &&
           (line->either_day ? by_day || by_weekday : by_day && by_weekday);
}

/* Some minute that the change at `wall` leaves out is one. */
static bool is_skipped_one(const struct mf_cron *line, const struct mf_zone *zone, int64_t wall)
{
    int64_t east = mf_zone_offset(zone, wall - 1, NULL);
    int64_t gap = mf_zone_offset(zone, wall, NULL) - east;
    const struct mf_zone *utc = mf_zone_get("UTC", NULL);

    for (int64_t s = 0; s < gap; s += 60) {
        struct mf_civil c = mf_zone_civil(utc, wall + (east + s) * MF_SEC);

        if (is_one(line, &c))
            return true;
    }
    return false;
}

static int64_t by_force(const struct mf_schedule *schedule, int64_t wall)
{
    const struct mf_cron *line = schedule->pattern;

    for (wall = wall / MF_MINUTE * MF_MINUTE + MF_MINUTE;; wall += MF_MINUTE) {
        struct mf_civil c = mf_zone_civil(schedule->zone, wall);
        int64_t first, second;

        if (mf_zone_next_change(schedule->zone, wall - 1) == wall &&
            is_skipped_one(line, schedule->zone, wall))
            return wall;
        if (!is_one(line, &c))
            continue;
        mf_zone_find(schedule->zone, &c, &first, &second);
        if (first == wall || schedule->is_hourly)
            return wall;
    }
}

static void random_line(struct mf_rng *rng, char *out, size_t size)
{
    static const char *const minutes[] = {"*", "*/5", "0", "30", "1-59/7", "15,45"};
    static const char *const hours[] = {"*", "2", "*/2", "1-3", "0", "23", "2,3", "*/5"};
    static const char *const days[] = {"*", "*", "*", "30", "25-31", "*/3"};
    static const char *const weekdays[] = {"*", "*", "sun", "sat-mon", "1-5"};

#define ONE_OF(list) list[mf_rng_below(rng, sizeof(list) / sizeof(list[0]))]
    snprintf(out, size, "%s %s %s * %s", ONE_OF(minutes), ONE_OF(hours), ONE_OF(days),
             ONE_OF(weekdays));
}

/* Random lines, followed over the changes of five zones: the same times as by trying each minute of
 * the clock on the wall. */
static void as_by_force(void **state)
{
    static const struct {
        const char *zone, *around;
    } places[] = {
        {"Europe/Berlin", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-10-25T01:00:00Z"},
        {"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
        {"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
        {"Pacific/Apia", "2011-12-30T10:00:00Z"},
        {"Africa/Casablanca", "2026-02-15T02:00:00Z"},
        {"Africa/Casablanca", "2026-03-22T02:00:00Z"},
        {"Europe/Dublin", "2026-10-25T01:00:00Z"},
    };
    struct mf_rng rng;

    mf_rng_seed(&rng, 20261025);
    for (int round = 0; round < 400; round++) {
        size_t at = (size_t)round % (sizeof(places) / sizeof(places[0]));
        int64_t around = wall_of(places[at].around);
        int64_t wall = around - (int64_t)mf_rng_below(&rng, 30 * MF_HOUR);
        struct mf_schedule schedule;
        struct mf_cron line;
        char text[64];

        random_line(&rng, text, sizeof(text));
        line = line_of(text);
        schedule = schedule_of(&line, places[at].zone);
        for (int i = 0; i < 200 && wall < around + 30 * MF_HOUR; i++) {
            int64_t next = mf_schedule_after(&schedule, wall);
            int64_t wanted = by_force(&schedule, wall);

            if (next != wanted) {
                char is[MF_TIME_TEXT], is_wanted[MF_TIME_TEXT], from[MF_TIME_TEXT];

                mf_time_print(next, is);
                mf_time_print(wanted, is_wanted);
                mf_time_print(wall, from);
                fail_msg("%s, `%s` after %s: %s, wanted %s", places[at].zone, text, from, is,
                         is_wanted);
            }
            wall = next;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_times),
        cmocka_unit_test(refusals),
        cmocka_unit_test(skipped_and_doubled_times),
        cmocka_unit_test(as_by_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
