/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What an iCalendar file (RFC 5545) holds within a stretch of time, as plain data. May be called
 * from any thread; the one library call is in events.c.
 */

#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"
#include "engine/base/tz.h"

enum {
    MF_EVENTS_MAX = 10000,              /* within the stretch */
    MF_EVENTS_ROUNDS_ALL = 1000000,     /* of all rules of a file, and … */
    MF_EVENTS_ROUNDS = 100000,          /* … of one, from its start to the stretch */
    MF_CALENDAR_MAX = 16 * 1024 * 1024, /* bytes of a file */
    MF_SUMMARY_MAX = 1000,              /* bytes; longer ones are cut */
};

struct mf_event {
    int64_t start, end; /* wall; start < end */
    char *summary;      /* "" if it has none */
};

struct mf_events {
    struct mf_event *list; /* in order of their starts */
    size_t count, cap;
    size_t left_out; /* events that could not be understood */
    char why[160];   /* the first of them, as a sentence */
};

/* Everything that overlaps [from, until). `zone` is for whole days and times without a zone. `text`
 * is NUL-terminated. MF_EINVAL: it is no calendar, or not a whole one. */
int mf_events_read(const char *text, size_t len, const struct mf_zone *zone, int64_t from,
                   int64_t until, struct mf_events *ret, struct mf_error *err);
void mf_events_done(struct mf_events *events);
