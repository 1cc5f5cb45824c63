/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See daytimes.h. */

#include "rules/daytimes.h"

/* Smallest member at or above `from`; -1 if there is none. */
static int at_or_above(uint64_t set, int from)
{
    set = from > 63 ? 0 : set >> from << from;
    return set ? __builtin_ctzll(set) : -1;
}

/* Largest member at or below `until`. */
static int at_or_below(uint64_t set, int until)
{
    if (until < 0)
        return -1;
    if (until < 63)
        set &= (UINT64_C(1) << (until + 1)) - 1;
    return set ? 63 - __builtin_clzll(set) : -1;
}

int mf_daytimes_first(const struct mf_daytimes *times, int second)
{
    int hour = second / 3600, minute = second / 60 % 60, rest = second % 60, found;

    rest = at_or_above(times->seconds, rest);
    if (rest < 0) {
        minute++;
        rest = at_or_above(times->seconds, 0);
    }
    found = at_or_above(times->minutes, minute);
    if (found < 0) {
        hour++;
        found = at_or_above(times->minutes, 0);
    }
    if (found != minute)
        rest = at_or_above(times->seconds, 0);
    minute = found;
    found = at_or_above(times->hours, hour);
    if (found < 0)
        return -1;
    if (found != hour) {
        minute = at_or_above(times->minutes, 0);
        rest = at_or_above(times->seconds, 0);
    }
    return found * 3600 + minute * 60 + rest;
}

int mf_daytimes_last(const struct mf_daytimes *times, int second)
{
    int hour = second / 3600, minute = second / 60 % 60, rest = second % 60, found;

    rest = at_or_below(times->seconds, rest);
    if (rest < 0) {
        minute--;
        rest = at_or_below(times->seconds, 59);
    }
    found = at_or_below(times->minutes, minute);
    if (found < 0) {
        hour--;
        found = at_or_below(times->minutes, 59);
    }
    if (found != minute)
        rest = at_or_below(times->seconds, 59);
    minute = found;
    found = at_or_below(times->hours, hour);
    if (found < 0)
        return -1;
    if (found != hour) {
        minute = at_or_below(times->minutes, 59);
        rest = at_or_below(times->seconds, 59);
    }
    return found * 3600 + minute * 60 + rest;
}
