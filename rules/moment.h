/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Moment: a date and time of which only some parts are given, as MoaT writes it.
 *
 *   9 h 30 min          each day from 09:30:00 to 09:30:59
 *   - 1 day             the last day of each month
 *   next sun 03:00      Sundays at three
 *   2 tue 12 mo         the second Tuesday of December
 *
 * A time *matches* when every part that is given is as given; all others are free. What is
 * looked for is the next (or last) time that matches, or that does not.
 *
 * Times are civil: seconds since 1970-01-01 00:00 by the clock on the wall, which knows no zones.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

enum mf_moment_part {
    MF_MOMENT_SECOND,
    MF_MOMENT_MINUTE,
    MF_MOMENT_HOUR,
    MF_MOMENT_WEEKDAY, /* 0 is Sunday */
    MF_MOMENT_NTH,     /* of the weekday in its month */
    MF_MOMENT_DAY,
    MF_MOMENT_WEEK, /* ISO 8601 */
    MF_MOMENT_MONTH,
    MF_MOMENT_YEAR,
    MF_MOMENT_PARTS,
};

/* Negative values count from the end: -1 hour is 23, -1 day the last of the month. */
struct mf_moment {
    int value[MF_MOMENT_PARTS];
    uint32_t given; /* set of 1 << enum mf_moment_part */
    int64_t base;   /* "1100000000 9 h": the Unix time to count from; 0: now */
};

enum mf_moment_aim {
    MF_MOMENT_MATCH,
    MF_MOMENT_OTHER, /* that does not match */
};

/* Words separated by blanks. MF_EINVAL with a sentence. */
int mf_moment_read(const char *text, size_t len, struct mf_moment *ret, struct mf_error *err);
static inline bool mf_moment_has(const struct mf_moment *moment, enum mf_moment_part part)
{
    return moment->given >> part & 1;
}

bool mf_moment_is(const struct mf_moment *moment, int64_t civil);
/* The first such time at or after `civil`; false if there is none within a hundred years. */
bool mf_moment_next(const struct mf_moment *moment, enum mf_moment_aim aim, int64_t civil,
                    int64_t *ret);
/* The last one at or before it. */
bool mf_moment_last(const struct mf_moment *moment, enum mf_moment_aim aim, int64_t civil,
                    int64_t *ret);
/* Where the next match begins, after `civil`; a match that has begun does not count. */
bool mf_moment_start(const struct mf_moment *moment, int64_t civil, int64_t *ret);
/* Means something that comes in each hour, not at an hour that has a name: `0 min`, `10 sec`. */
bool mf_moment_is_hourly(const struct mf_moment *moment);
