/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a time zone: refused with a sentence, or a zone in which what the clock shows is
 * found again and changes come in order.
 */

#include <stdint.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/tz_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_time(const struct mf_zone *zone, int64_t wall)
{
    struct mf_civil civil = mf_zone_civil(zone, wall);
    int64_t first = 0, second = 0, change;

    demand(civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.day <= 31);
    demand(mf_zone_find(zone, &civil, &first, &second) != MF_CIVIL_GAP);
    demand(first <= wall && wall <= second);
    change = mf_zone_next_change(zone, wall);
    demand(change > wall);
    if (change != MF_NEVER)
        demand(mf_zone_offset(zone, change, NULL) != mf_zone_offset(zone, change - 1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_error err = {0};
    struct mf_zone *zone = tz_zone_read("fuzz", data, size, &err);

    if (!zone) {
        demand(err.code == MF_EINVAL && err.text[0]);
        return 0;
    }
    for (int64_t year = -200; year < 200; year += 7)
        check_time(zone, year * 365 * MF_DAY);
    for (size_t i = 0; i < zone->count && i < 64; i++)
        if (zone->at[i] > -INT64_C(6000000000) && zone->at[i] < INT64_C(6000000000)) {
            check_time(zone, zone->at[i] * MF_SEC);
            check_time(zone, zone->at[i] * MF_SEC - 1);
        }
    tz_zone_free(zone);
    return 0;
}
