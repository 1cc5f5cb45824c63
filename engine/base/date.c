/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Dates by day numbers. Years are counted from March here, so that the leap day is the last of its
 * year and needs no case of its own.
 */

#include "engine/base/date.h"

int64_t mf_date_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void mf_date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

int mf_date_weekday(int64_t days)
{
    int64_t weekday = (days + MF_THURSDAY) % 7;

    return (int)(weekday < 0 ? weekday + 7 : weekday);
}

bool mf_date_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int mf_date_month_length(int64_t year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return lengths[month - 1] + (month == 2 && mf_date_is_leap(year));
}

int mf_date_week(int64_t days)
{
    int64_t thursday = days - (mf_date_weekday(days) + 6) % 7 + 3, year;
    int month, day;

    mf_date_of(thursday, &year, &month, &day);
    return (int)((thursday - mf_date_days(year, 1, 1)) / 7 + 1);
}
