/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A cron line: minute, hour, day of the month, month, day of the week; with six fields, seconds
 * come first.
 *
 * Times are civil: seconds since 1970-01-01 00:00 by the clock on the wall, which knows no zones.
 */

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"
#include "rules/daytimes.h"

struct mf_cron {
    struct mf_daytimes times;
    uint32_t days;    /* bit 1 is the first */
    uint16_t months;  /* bit 1 is January */
    uint8_t weekdays; /* bit 0 is Sunday */
    bool either_day;  /* both days are restricted: one of them is enough */
};

/* MF_EINVAL with a sentence. */
int mf_cron_read(const char *text, size_t len, struct mf_cron *ret, struct mf_error *err);
/* The first time after `civil`; false if it never comes. */
bool mf_cron_next(const struct mf_cron *cron, int64_t civil, int64_t *ret);
/* Means each hour, not hours that have a name. */
static inline bool mf_cron_is_hourly(const struct mf_cron *cron)
{
    return cron->times.hours == MF_EVERY_HOUR;
}
