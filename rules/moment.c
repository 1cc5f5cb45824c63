/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Looking for a moment. Days are tried one by one, the time of day is looked up in sets; what a
 * moment asks for need not be turned into a way of counting, and no case can be forgotten.
 */

#include "rules/moment.h"

#include "engine/base/date.h"
#include "rules/daytimes.h"

enum { REACH = 36525 }; /* days: a hundred years */

struct day {
    int64_t number, year;
    int month, day, weekday;
};

static struct day day_of(int64_t number)
{
    struct day d = {.number = number, .weekday = mf_date_weekday(number)};

    mf_date_of(number, &d.year, &d.month, &d.day);
    return d;
}

/* `count` is how many there are; the first is number 1. */
static bool is_wanted(const struct mf_moment *m, enum mf_moment_part part, int is, int count)
{
    int wanted = m->value[part];

    return !mf_moment_has(m, part) || (wanted < 0 ? count + wanted + 1 : wanted) == is;
}

static bool week_is_wanted(const struct mf_moment *m, const struct day *d)
{
    int64_t thursday = d->number - (d->weekday + 6) % 7 + 3, year;
    int month, day;

    if (!mf_moment_has(m, MF_MOMENT_WEEK))
        return true;
    mf_date_of(thursday, &year, &month, &day);
    /* December 28 always lies in the last week of its year. */
    return is_wanted(m, MF_MOMENT_WEEK, mf_date_week(d->number),
                     mf_date_week(mf_date_days(year, 12, 28)));
}

static bool nth_is_wanted(const struct mf_moment *m, const struct day *d)
{
    int before = (d->day - 1) / 7, behind = (mf_date_month_length(d->year, d->month) - d->day) / 7;

    return is_wanted(m, MF_MOMENT_NTH, before + 1, before + behind + 1);
}

static bool day_matches(const struct mf_moment *m, int64_t number)
{
    struct day d = day_of(number);

    return (!mf_moment_has(m, MF_MOMENT_YEAR) || m->value[MF_MOMENT_YEAR] == d.year) &&
           is_wanted(m, MF_MOMENT_MONTH, d.month, 12) &&
           is_wanted(m, MF_MOMENT_DAY, d.day, mf_date_month_length(d.year, d.month)) &&
           (!mf_moment_has(m, MF_MOMENT_WEEKDAY) || m->value[MF_MOMENT_WEEKDAY] == d.weekday) &&
           nth_is_wanted(m, &d) && week_is_wanted(m, &d);
}

/* One bit, or all of them. */
static uint64_t set_of(const struct mf_moment *m, enum mf_moment_part part, int count)
{
    int value = m->value[part];

    if (!mf_moment_has(m, part))
        return (UINT64_C(1) << count) - 1;
    return UINT64_C(1) << (value < 0 ? count + value : value);
}

static struct mf_daytimes times_of(const struct mf_moment *m)
{
    return (struct mf_daytimes){
        .seconds = set_of(m, MF_MOMENT_SECOND, 60),
        .minutes = set_of(m, MF_MOMENT_MINUTE, 60),
        .hours = (uint32_t)set_of(m, MF_MOMENT_HOUR, 24),
    };
}

bool mf_moment_is(const struct mf_moment *m, int64_t civil)
{
    struct mf_daytimes times = times_of(m);
    int second = mf_civil_second(civil);

    return mf_daytimes_first(&times, second) == second && day_matches(m, mf_civil_day(civil));
}

static bool next_match(const struct mf_moment *m, int64_t civil, int64_t *ret)
{
    struct mf_daytimes times = times_of(m);
    int64_t today = mf_civil_day(civil);

    for (int64_t day = today; day <= today + REACH; day++) {
        int second = mf_daytimes_first(&times, day == today ? mf_civil_second(civil) : 0);

        if (second >= 0 && day_matches(m, day)) {
            *ret = day * MF_DAY_SECONDS + second;
            return true;
        }
    }
    return false;
}

static bool last_match(const struct mf_moment *m, int64_t civil, int64_t *ret)
{
    struct mf_daytimes times = times_of(m);
    int64_t today = mf_civil_day(civil);

    for (int64_t day = today; day >= today - REACH; day--) {
        int second =
            mf_daytimes_last(&times, day == today ? mf_civil_second(civil) : MF_DAY_SECONDS - 1);

        if (second >= 0 && day_matches(m, day)) {
            *ret = day * MF_DAY_SECONDS + second;
            return true;
        }
    }
    return false;
}

/* ---- the ends of what matches ---- */

/* Days from the start of the stretch in which the part has its value, and to its end. */
static void stretch_of(enum mf_moment_part part, const struct day *d, int64_t *ret_first,
                       int64_t *ret_last)
{
    switch (part) {
    case MF_MOMENT_WEEK:
        *ret_first = d->number - (d->weekday + 6) % 7;
        *ret_last = *ret_first + 6;
        break;
    case MF_MOMENT_MONTH:
        *ret_first = d->number - d->day + 1;
        *ret_last = *ret_first + mf_date_month_length(d->year, d->month) - 1;
        break;
    case MF_MOMENT_YEAR:
        *ret_first = mf_date_days(d->year, 1, 1);
        *ret_last = mf_date_days(d->year, 12, 31);
        break;
    default:
        *ret_first = *ret_last = d->number;
    }
}

/* First and last second of the match that `civil` lies in: while none of the given parts changes.
 */
static void match_around(const struct mf_moment *m, int64_t civil, int64_t *ret_first,
                         int64_t *ret_last)
{
    static const int lengths[] = {1, 60, 3600};
    struct day d = day_of(mf_civil_day(civil));

    *ret_first = INT64_MIN;
    *ret_last = INT64_MAX;
    for (enum mf_moment_part part = 0; part < MF_MOMENT_PARTS; part++) {
        int64_t first, last;

        if (!mf_moment_has(m, part))
            continue;
        if (part <= MF_MOMENT_HOUR) {
            first = civil - mf_civil_second(civil) % lengths[part];
            last = first + lengths[part] - 1;
        } else {
            stretch_of(part, &d, &first, &last);
            first *= MF_DAY_SECONDS;
            last = last * MF_DAY_SECONDS + MF_DAY_SECONDS - 1;
        }
        if (first > *ret_first)
            *ret_first = first;
        if (last < *ret_last)
            *ret_last = last;
    }
}

bool mf_moment_next(const struct mf_moment *m, enum mf_moment_aim aim, int64_t civil, int64_t *ret)
{
    int64_t first, last;

    if (aim == MF_MOMENT_MATCH)
        return next_match(m, civil, ret);
    if (m->given == 0)
        return false;
    match_around(m, civil, &first, &last);
    *ret = mf_moment_is(m, civil) ? last + 1 : civil;
    return true;
}

bool mf_moment_last(const struct mf_moment *m, enum mf_moment_aim aim, int64_t civil, int64_t *ret)
{
    int64_t first, last;

    if (aim == MF_MOMENT_MATCH)
        return last_match(m, civil, ret);
    if (m->given == 0)
        return false;
    match_around(m, civil, &first, &last);
    *ret = mf_moment_is(m, civil) ? first - 1 : civil;
    return true;
}

bool mf_moment_start(const struct mf_moment *m, int64_t civil, int64_t *ret)
{
    int64_t other;

    return mf_moment_next(m, MF_MOMENT_OTHER, civil, &other) && next_match(m, other, ret);
}

bool mf_moment_is_hourly(const struct mf_moment *m)
{
    return (m->given & ~(1u << MF_MOMENT_SECOND | 1u << MF_MOMENT_MINUTE)) == 0;
}
