/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Times of day as three sets: the hours, the minutes and the seconds. A bit per number.
 *
 * Seconds of a day run from 0 to 86399; -1 stands for none.
 */

#include <stdint.h>

struct mf_daytimes {
    uint64_t seconds, minutes;
    uint32_t hours;
};

#define MF_EVERY_SECOND ((UINT64_C(1) << 60) - 1)
#define MF_EVERY_MINUTE ((UINT64_C(1) << 60) - 1)
#define MF_EVERY_HOUR ((UINT32_C(1) << 24) - 1)

enum { MF_DAY_SECONDS = 86400 };

/* The first of them at or after `second`, the last at or before it. */
int mf_daytimes_first(const struct mf_daytimes *times, int second);
int mf_daytimes_last(const struct mf_daytimes *times, int second);

/* A civil time as seconds since 1970-01-01 00:00 by the clock on the wall: day and second of it. */
static inline int64_t mf_civil_day(int64_t civil)
{
    return civil / MF_DAY_SECONDS - (civil % MF_DAY_SECONDS < 0);
}

static inline int mf_civil_second(int64_t civil)
{
    return (int)(civil - mf_civil_day(civil) * MF_DAY_SECONDS);
}
