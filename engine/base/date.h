/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Dates: the proleptic Gregorian calendar by day numbers. Day 0 is 1970-01-01.
 */

#include <stdbool.h>
#include <stdint.h>

enum { MF_SUNDAY, MF_MONDAY, MF_TUESDAY, MF_WEDNESDAY, MF_THURSDAY, MF_FRIDAY, MF_SATURDAY };

/* `month` is 1..12; a day out of range is carried over. */
int64_t mf_date_days(int64_t year, int month, int day);
void mf_date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
int mf_date_weekday(int64_t days);
bool mf_date_is_leap(int64_t year);
int mf_date_month_length(int64_t year, int month);
/* Week of ISO 8601, 1..53: that of the Thursday beside it. */
int mf_date_week(int64_t days);
