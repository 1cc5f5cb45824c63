/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the reader of zone files, the reader of rules and the look-up share. Times in here are
 * seconds since the epoch, UTC.
 */

#include <stddef.h>

#include "engine/base/tz.h"

enum {
    TZ_ABBREVIATION = 16,   /* bytes, with the NUL */
    TZ_FILE_MAX = 64 << 10, /* bytes; the longest real file has under 4000 */
};

struct tz_offset {
    int32_t east; /* seconds */
    char abbreviation[TZ_ABBREVIATION];
};

/* Day of a year and second of that day (which may lie in another one) by the clock on the wall. */
struct tz_turn {
    enum { TZ_JULIAN, TZ_DAY, TZ_MONTH } form; /* J1…J365 without leap day, 0…365, Mm.w.d */
    int month, week, day;
    int32_t second;
};

/* "CET-1CEST,M3.5.0,M10.5.0/3": what holds after the last transition of the file. */
struct tz_rule {
    struct tz_offset standard, summer;
    bool has_summer;
    struct tz_turn start, end; /* of summer time */
};

struct mf_zone {
    struct mf_zone *next;
    char *name;
    size_t count;              /* of transitions */
    int64_t *at;               /* ascending */
    uint8_t *kind;             /* index of the offset from there on */
    struct tz_offset *offsets; /* the first holds before the first transition */
    bool has_rule;
    struct tz_rule rule;
};

/* Reads a whole POSIX rule; false if it is none. */
bool tz_rule_read(const char *text, size_t len, struct tz_rule *ret_rule);
/* The offset at `time`, and the first moment after it at which summer time begins or ends
 * (INT64_MAX: never). */
const struct tz_offset *tz_rule_offset(const struct tz_rule *rule, int64_t time);
int64_t tz_rule_next(const struct tz_rule *rule, int64_t time);

/* The bytes of a TZif file; NULL with `err` when they are none or damaged. `name` is for messages
 * and kept. Free with tz_zone_free(). */
struct mf_zone *tz_zone_read(const char *name, const uint8_t *bytes, size_t len,
                             struct mf_error *err);
void tz_zone_free(struct mf_zone *zone);
