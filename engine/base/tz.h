/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Time zones: TZif files (RFC 8536, version 2 and up), and civil time with its gaps and folds.
 *
 * A civil time is what a clock on the wall shows. Where clocks go forward some civil times do not
 * exist (gap), where they go back some exist twice (fold); both are told, never guessed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/error.h"

struct mf_zone;

struct mf_civil {
    int year;
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int weekday; /* 0..6, 0 is Sunday; not read by mf_zone_find() */
    int hour, minute, second;
    int64_t nanosecond;
};

enum mf_civil_fit {
    MF_CIVIL_ONCE, /* the usual case */
    MF_CIVIL_GAP,  /* does not exist: the clock jumps over it */
    MF_CIVIL_FOLD, /* exists twice */
};

/* "Europe/Berlin", "UTC"; NULL or "": the zone of this machine ($TZ, /etc/localtime, else UTC).
 * Looked up in $TZDIR or the system's directory, kept for ever. NULL with `err` if there is no such
 * zone or its file is damaged. May be called from any thread. */
const struct mf_zone *mf_zone_get(const char *name, struct mf_error *err);
/* From here on that is the zone of this machine: tests say where they are. NULL: the machine's own
 * again. */
void mf_zone_set_local(const struct mf_zone *zone_or_null);
const char *mf_zone_name(const struct mf_zone *zone);

/* What the clock on the wall shows at wall time `wall` (ns). */
struct mf_civil mf_zone_civil(const struct mf_zone *zone, int64_t wall);
/* Seconds east of UTC, and the abbreviation ("CEST"), which lives as long as the zone. */
int32_t mf_zone_offset(const struct mf_zone *zone, int64_t wall, const char **ret_abbreviation);
/* The wall time(s) of a civil time; fields out of range are carried over (day 32 is the next
 * month's first). GAP: both are the moment of the jump. FOLD: the first and the second time. Else
 * both are the same. */
enum mf_civil_fit mf_zone_find(const struct mf_zone *zone, const struct mf_civil *civil,
                               int64_t *ret_first, int64_t *ret_second);
/* The next moment after `wall` at which the offset changes; MF_NEVER if there is none. */
int64_t mf_zone_next_change(const struct mf_zone *zone, int64_t wall);
