/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Dates, and time zones from files kept beside the tests: gaps, folds, rules, damage. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/date.h"
#include "engine/base/rng.h"
#include "engine/base/tz.h"
#include "engine/base/tz_priv.h"

static const char *const zone_names[] = {
    "Europe/Berlin",     "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Europe/Dublin",       "America/New_York",
};
enum { ZONES = 6 };

static const struct mf_zone *zone_of(const char *name)
{
    struct mf_error err = {0};
    const struct mf_zone *zone = mf_zone_get(name, &err);

    if (!zone)
        fail_msg("%s", err.text);
    return zone;
}

static int64_t wall_of(const char *text)
{
    int64_t wall;

    if (!mf_time_read(text, &wall))
        fail_msg("not a time: %s", text);
    return wall;
}

/* ---- dates ---- */

/* Every day of four centuries comes back, each a weekday after the last. */
static void days_count_through(void **state)
{
    int64_t first = mf_date_days(1799, 12, 31), last = mf_date_days(2200, 1, 1);

    for (int64_t day = first; day <= last; day++) {
        int64_t year;
        int month, date;

        mf_date_of(day, &year, &month, &date);
        assert_int_equal(mf_date_days(year, month, date), day);
        assert_true(date >= 1 && date <= mf_date_month_length(year, month));
        assert_int_equal((mf_date_weekday(day) + 1) % 7, mf_date_weekday(day + 1));
    }
    assert_int_equal(mf_date_weekday(0), MF_THURSDAY);
}

/* Weeks of ISO 8601 around the turn of years, from the standard's own rule. */
static void weeks_are_those_of_iso(void **state)
{
    static const struct {
        int year, month, day, week;
    } cases[] = {
        {2003, 4, 5, 14},   {2003, 12, 28, 52}, {2003, 12, 29, 1}, {2004, 12, 31, 53},
        {2005, 1, 2, 53},   {2005, 1, 3, 1},    {2008, 12, 29, 1}, {2010, 1, 3, 53},
        {2020, 12, 31, 53}, {2021, 1, 3, 53},   {2021, 1, 4, 1},   {2026, 11, 25, 48},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(mf_date_week(mf_date_days(cases[i].year, cases[i].month, cases[i].day)),
                         cases[i].week);
}

/* ---- from wall time to the clock on the wall ---- */

static const struct {
    const char *zone, *wall, *civil, *abbreviation;
} civil_cases[] = {
    {"UTC", "2026-07-01T12:34:56Z", "2026-07-01 12:34:56 Wed", "UTC"},
    {"Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59:59 Sun", "CET"},
    {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00:00 Sun", "CEST"},
    {"Europe/Berlin", "2026-10-25T00:59:59Z", "2026-10-25 02:59:59 Sun", "CEST"},
    {"Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25 02:00:00 Sun", "CET"},
    {"Europe/Berlin", "2150-07-01T00:00:00Z", "2150-07-01 02:00:00 Wed", "CEST"},
    {"Europe/Berlin", "1850-01-01T00:00:00Z", "1850-01-01 00:53:28 Tue", "LMT"},
    {"Europe/Berlin", "1945-07-01T00:00:00Z", "1945-07-01 03:00:00 Sun", "CEMT"},
    {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05 01:30:00 Sun", "+1030"},
    {"Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04 02:30:00 Sun", "+11"},
    {"Australia/Lord_Howe", "2100-01-01T00:00:00Z", "2100-01-01 11:00:00 Fri", "+11"},
    {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29 23:59:59 Thu", "-10"},
    {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31 00:00:00 Sat", "+14"},
    {"Pacific/Apia", "2100-07-01T00:00:00Z", "2100-07-01 13:00:00 Thu", "+13"},
    {"Africa/Casablanca", "2026-02-15T01:59:59Z", "2026-02-15 02:59:59 Sun", "+01"},
    {"Africa/Casablanca", "2026-02-15T02:00:00Z", "2026-02-15 02:00:00 Sun", "+00"},
    {"Africa/Casablanca", "2026-03-22T02:00:00Z", "2026-03-22 03:00:00 Sun", "+01"},
    {"Europe/Dublin", "2026-07-01T00:00:00Z", "2026-07-01 01:00:00 Wed", "IST"},
    {"Europe/Dublin", "2099-12-01T00:00:00Z", "2099-12-01 00:00:00 Tue", "GMT"},
    {"America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00:00 Sun", "EDT"},
};

/* The known times of six zones: summer, winter, before the first law and after the last one. */
static void the_clock_on_the_wall(void **state)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

    for (size_t i = 0; i < sizeof(civil_cases) / sizeof(civil_cases[0]); i++) {
        const struct mf_zone *zone = zone_of(civil_cases[i].zone);
        int64_t wall = wall_of(civil_cases[i].wall);
        struct mf_civil c = mf_zone_civil(zone, wall);
        const char *abbreviation;
        char text[64];

        snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d %s", c.year, c.month, c.day,
                 c.hour, c.minute, c.second, days[c.weekday]);
        assert_string_equal(text, civil_cases[i].civil);
        mf_zone_offset(zone, wall, &abbreviation);
        assert_string_equal(abbreviation, civil_cases[i].abbreviation);
    }
}

/* Parts of a second stay, before 1970, too. */
static void parts_of_a_second_stay(void **state)
{
    const struct mf_zone *zone = zone_of("UTC");
    struct mf_civil civil = mf_zone_civil(zone, -1);
    int64_t first, second;

    assert_int_equal(civil.year, 1969);
    assert_int_equal(civil.second, 59);
    assert_int_equal(civil.nanosecond, MF_SEC - 1);
    mf_zone_find(zone, &civil, &first, &second);
    assert_int_equal(first, -1);
}

/* ---- and back ---- */

static const struct {
    const char *zone, *civil;
    enum mf_civil_fit fit;
    const char *first, *second;
} find_cases[] = {
    {"Europe/Berlin", "2026-03-29 01:59:59", MF_CIVIL_ONCE, "2026-03-29T00:59:59Z", NULL},
    {"Europe/Berlin", "2026-03-29 02:00:00", MF_CIVIL_GAP, "2026-03-29T01:00:00Z", NULL},
    {"Europe/Berlin", "2026-03-29 02:59:59", MF_CIVIL_GAP, "2026-03-29T01:00:00Z", NULL},
    {"Europe/Berlin", "2026-03-29 03:00:00", MF_CIVIL_ONCE, "2026-03-29T01:00:00Z", NULL},
    {"Europe/Berlin", "2026-10-25 02:30:00", MF_CIVIL_FOLD, "2026-10-25T00:30:00Z",
     "2026-10-25T01:30:00Z"},
    {"Europe/Berlin", "2026-10-25 03:00:00", MF_CIVIL_ONCE, "2026-10-25T02:00:00Z", NULL},
    {"Europe/Berlin", "2100-03-28 02:30:00", MF_CIVIL_GAP, "2100-03-28T01:00:00Z", NULL},
    {"Australia/Lord_Howe", "2026-10-04 02:15:00", MF_CIVIL_GAP, "2026-10-03T15:30:00Z", NULL},
    {"Australia/Lord_Howe", "2026-10-04 02:30:00", MF_CIVIL_ONCE, "2026-10-03T15:30:00Z", NULL},
    {"Australia/Lord_Howe", "2026-04-05 01:45:00", MF_CIVIL_FOLD, "2026-04-04T14:45:00Z",
     "2026-04-04T15:15:00Z"},
    {"Pacific/Apia", "2011-12-30 12:00:00", MF_CIVIL_GAP, "2011-12-30T10:00:00Z", NULL},
    {"Africa/Casablanca", "2026-02-15 02:30:00", MF_CIVIL_FOLD, "2026-02-15T01:30:00Z",
     "2026-02-15T02:30:00Z"},
    {"Africa/Casablanca", "2026-03-22 02:30:00", MF_CIVIL_GAP, "2026-03-22T02:00:00Z", NULL},
    {"Europe/Dublin", "2026-10-25 01:30:00", MF_CIVIL_FOLD, "2026-10-25T00:30:00Z",
     "2026-10-25T01:30:00Z"},
};

static struct mf_civil civil_of(const char *text)
{
    struct mf_civil c = {0};

    assert_int_equal(
        sscanf(text, "%d-%d-%d %d:%d:%d", &c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second),
        6);
    return c;
}

/* A time that is skipped is the moment of the jump; one that is doubled is told with both. */
static void gaps_and_folds_are_told(void **state)
{
    for (size_t i = 0; i < sizeof(find_cases) / sizeof(find_cases[0]); i++) {
        struct mf_civil civil = civil_of(find_cases[i].civil);
        const char *other = find_cases[i].second ? find_cases[i].second : find_cases[i].first;
        int64_t first, second;

        assert_int_equal(mf_zone_find(zone_of(find_cases[i].zone), &civil, &first, &second),
                         find_cases[i].fit);
        assert_int_equal(first, wall_of(find_cases[i].first));
        assert_int_equal(second, wall_of(other));
    }
}

/* Day 32, month 13, minute -1: the calendar goes on. */
static void fields_are_carried_over(void **state)
{
    const struct mf_zone *zone = zone_of("Europe/Berlin");
    struct mf_civil civil = {.year = 2025, .month = 13, .day = 32, .hour = 24, .minute = -1};
    int64_t first, second;

    assert_int_equal(mf_zone_find(zone, &civil, &first, &second), MF_CIVIL_ONCE);
    assert_int_equal(first, wall_of("2026-02-01T22:59:00Z"));
    civil = (struct mf_civil){.year = 2026, .month = 0, .day = 1};
    mf_zone_find(zone, &civil, &first, &second);
    assert_int_equal(first, wall_of("2025-11-30T23:00:00Z"));
}

/* Years beyond what 64 bits of nanoseconds hold end at their ends, without overflow. */
static void far_years_are_cut(void **state)
{
    const struct mf_zone *zone = zone_of("Europe/Berlin");
    struct mf_civil civil = {.year = 9999, .month = 1, .day = 1};
    int64_t first, second;

    mf_zone_find(zone, &civil, &first, &second);
    assert_int_equal(first, INT64_MAX);
    civil.year = -9999;
    mf_zone_find(zone, &civil, &first, &second);
    assert_int_equal(first, INT64_MIN);
    mf_zone_civil(zone, INT64_MIN);
    mf_zone_civil(zone, INT64_MAX);
}

/* Whatever a clock on the wall shows leads back to the time it showed it. */
static void every_time_is_found_again(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 20260329);
    for (int i = 0; i < 60000; i++) {
        const struct mf_zone *zone = zone_of(zone_names[i % ZONES]);
        int64_t low = wall_of("1800-01-01"), high = wall_of("2199-01-01");
        int64_t wall = low + (int64_t)mf_rng_below(&rng, (uint64_t)(high - low));
        struct mf_civil civil;
        int64_t first, second;

        if (i % 2) /* near a change */
            wall = mf_zone_next_change(zone, wall) + (int64_t)mf_rng_below(&rng, 4 * MF_HOUR) -
                   2 * MF_HOUR;
        if (wall > high)
            continue;
        civil = mf_zone_civil(zone, wall);
        assert_int_not_equal(mf_zone_find(zone, &civil, &first, &second), MF_CIVIL_GAP);
        assert_true(wall == first || wall == second);
    }
}

/* ---- changes ---- */

/* The changes come one after the other, from the table and from the rule, and end where the rule
 * has none. */
static void changes_follow_each_other(void **state)
{
    static const struct {
        const char *zone, *after, *change;
    } cases[] = {
        {"Europe/Berlin", "2026-01-01", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"},
        {"Europe/Berlin", "2037-10-25T01:00:00Z", "2038-03-28T01:00:00Z"},
        {"Europe/Berlin", "2100-12-01", "2101-03-27T01:00:00Z"},
        {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"},
        {"Pacific/Apia", "2011-10-01", "2011-12-30T10:00:00Z"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(mf_zone_next_change(zone_of(cases[i].zone), wall_of(cases[i].after)),
                         wall_of(cases[i].change));
    assert_int_equal(mf_zone_next_change(zone_of("UTC"), 0), MF_NEVER);
    assert_int_equal(mf_zone_next_change(zone_of("Pacific/Apia"), wall_of("2030-01-01")), MF_NEVER);
}

/* ---- rules ---- */

static const struct {
    const char *rule, *at;
    int32_t east; /* -1: the rule is refused */
} rule_cases[] = {
    {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01", 7200},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T00:59:59Z", -10800},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00Z", -7200},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 7200},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 10800},
    {"EST5EDT,0/0,J365/25", "2026-01-01T03:00:00Z", -14400}, /* summer all year */
    {"EST5EDT,0/0,J365/25", "2026-12-31T23:59:59Z", -14400},
    {"AAA0BBB,J60,J61", "2024-03-01T02:00:00Z", 3600}, /* J60 is March 1 in every year */
    {"AAA0BBB,J60,J61", "2025-03-01T02:00:00Z", 3600},
    {"AAA0BBB,59,61", "2024-02-29T02:00:00Z", 3600}, /* 59 is February 29 in leap years */
    {"UTC0", "2026-01-01", 0},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01", 39600}, /* over the turn of the year */
    {"", "2026-01-01", -1},
    {"CE-1", "2026-01-01", -1},
    {"CET", "2026-01-01", -1},
    {"CET-25", "2026-01-01", -1},
    {"CET-1CEST", "2026-01-01", -1},
    {"CET-1CEST,M13.5.0,M10.5.0", "2026-01-01", -1},
    {"CET-1CEST,M3.6.0,M10.5.0", "2026-01-01", -1},
    {"CET-1CEST,M3.5.7,M10.5.0", "2026-01-01", -1},
    {"CET-1CEST,M3.5.0/168,M10.5.0", "2026-01-01", -1},
    {"CET-1CEST,J0,J300", "2026-01-01", -1},
    {"CET-1CEST,M3.5.0,M10.5.0/3 ", "2026-01-01", -1},
    {"<CET-1", "2026-01-01", -1},
    {"ABCDEFGHIJKLMNOP0", "2026-01-01", -1},
};

/* Rules: each form of a day, hours beyond the day, summer all year; and what is none. */
static void rules_are_read_and_followed(void **state)
{
    for (size_t i = 0; i < sizeof(rule_cases) / sizeof(rule_cases[0]); i++) {
        const char *text = rule_cases[i].rule;
        struct tz_rule rule;
        bool is_read = tz_rule_read(text, strlen(text), &rule);

        assert_int_equal(is_read, rule_cases[i].east != -1);
        if (is_read)
            assert_int_equal(tz_rule_offset(&rule, wall_of(rule_cases[i].at) / MF_SEC)->east,
                             rule_cases[i].east);
    }
}

/* ---- names and damage ---- */

static void expect_refused(const char *name, const char *part)
{
    struct mf_error err = {0};

    assert_null(mf_zone_get(name, &err));
    if (!strstr(err.text, part))
        fail_msg("`%s` is not in: %s", part, err.text);
}

/* A zone that does not exist is an error that names it; no name leads out of the directory. */
static void unknown_names_are_refused(void **state)
{
    expect_refused("Europe/Berln", "there is no time zone `Europe/Berln`");
    expect_refused("Europe", "there is no time zone `Europe`");
    expect_refused("../zoneinfo/Europe/Berlin", "is not a time zone");
    expect_refused("/etc/localtime", "is not a time zone");
    expect_refused("Europe/", "is not a time zone");
    expect_refused("Europe//Berlin", "is not a time zone");
    expect_refused("CET-1CEST,M3.5.0,M10.5.0/3", "is not a time zone");
}

/* Zones are kept: the same name is the same object. */
static void zones_are_kept(void **state)
{
    assert_ptr_equal(zone_of("Europe/Berlin"), zone_of("Europe/Berlin"));
    assert_string_equal(mf_zone_name(zone_of("Europe/Berlin")), "Europe/Berlin");
    assert_string_equal(mf_zone_name(zone_of("UTC")), "UTC");
}

static size_t read_berlin(uint8_t *bytes, size_t size)
{
    char path[512];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/Europe/Berlin", getenv("TZDIR"));
    file = fopen(path, "rb");
    assert_non_null(file);
    len = fread(bytes, 1, size, file);
    fclose(file);
    return len;
}

static void expect_damaged(const uint8_t *bytes, size_t len, const char *part)
{
    struct mf_error err = {0};
    uint8_t *copy = mf_alloc(len ? len : 1); /* of its size: reading beyond is found */
    struct mf_zone *zone;

    memcpy(copy, bytes, len);
    zone = tz_zone_read("test", copy, len, &err);
    mf_free(copy);
    if (zone)
        tz_zone_free(zone);
    assert_null(zone);
    assert_int_equal(err.code, MF_EINVAL);
    if (!strstr(err.text, part))
        fail_msg("`%s` is not in: %s", part, err.text);
}

/* A file that is cut off anywhere, or whose bytes do not fit together, is an error that says so. */
static void damaged_files_are_refused(void **state)
{
    static uint8_t good[8192], bad[8192];
    size_t len = read_berlin(good, sizeof(good)), second;
    static const struct {
        size_t at; /* in the second block */
        uint8_t byte;
        const char *part;
    } cases[] = {
        {0, 'X', "does not begin with TZif"},
        {31, 1, "leap seconds"},
        {39, 0, "no offsets"},
        {39, 2, "counts do not fit"},
        {32, 255, "ends in the middle"},
        {43, 1, "abbreviation"},
        {44, 127, "out of order"},
        {44 + 143 * 8, 200, "has no offset"},
    };

    for (size_t cut = 0; cut < len; cut++)
        expect_damaged(good, cut, "damaged");
    for (second = 44; memcmp(good + second, "TZif", 4) != 0; second++)
        ;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(bad, good, len);
        bad[second + cases[i].at] = cases[i].byte;
        expect_damaged(bad, len, cases[i].part);
    }
    memcpy(bad, good, len);
    bad[len - 5] = '!';
    expect_damaged(bad, len, "rule in its last line");
    memcpy(bad, good, len);
    bad[4] = 0;
    expect_damaged(bad, len, "version 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_count_through),        cmocka_unit_test(weeks_are_those_of_iso),
        cmocka_unit_test(the_clock_on_the_wall),     cmocka_unit_test(parts_of_a_second_stay),
        cmocka_unit_test(gaps_and_folds_are_told),   cmocka_unit_test(fields_are_carried_over),
        cmocka_unit_test(far_years_are_cut),         cmocka_unit_test(every_time_is_found_again),
        cmocka_unit_test(changes_follow_each_other), cmocka_unit_test(rules_are_read_and_followed),
        cmocka_unit_test(unknown_names_are_refused), cmocka_unit_test(zones_are_kept),
        cmocka_unit_test(damaged_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
