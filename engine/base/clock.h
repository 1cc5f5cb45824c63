/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Clock: the only place where time comes from.
 *
 * All times are int64_t nanoseconds. *Wall* time counts from the epoch, UTC, and
 * may jump; *mono* only runs forward and is what timers use. A virtual clock
 * stands still until somebody moves it: tests, `simulate` and replay run on it.
 */

#include <stdbool.h>
#include <stdint.h>

#define MF_NS INT64_C(1)
#define MF_US (INT64_C(1000) * MF_NS)
#define MF_MS (INT64_C(1000) * MF_US)
#define MF_SEC (INT64_C(1000) * MF_MS)
#define MF_MINUTE (INT64_C(60) * MF_SEC)
#define MF_HOUR (INT64_C(60) * MF_MINUTE)
#define MF_DAY (INT64_C(24) * MF_HOUR)
#define MF_NEVER INT64_MAX

struct mf_clock {
    bool is_virtual;
    int64_t wall; /* virtual only */
    int64_t mono; /* virtual only */
};

void mf_clock_init_real(struct mf_clock *clock);
/* Starts at wall time `start`; mono starts at 0. */
void mf_clock_init_virtual(struct mf_clock *clock, int64_t start);

int64_t mf_clock_wall(const struct mf_clock *clock);
int64_t mf_clock_mono(const struct mf_clock *clock);

/* Virtual only: moves both forward to mono time `mono` (never back). */
void mf_clock_advance(struct mf_clock *clock, int64_t mono);

/* CPU time of this process, ns: for benches and budgets. */
int64_t mf_clock_cpu(void);

/* ISO 8601 in UTC with as many decimals as needed: 2026-11-24T08:00:00.25Z. Returns the
 * length; `out` holds at least MF_TIME_TEXT bytes. */
enum { MF_TIME_TEXT = 40 };
int mf_time_print(int64_t wall, char *out);
/* Reads what mf_time_print() writes, also with an offset (+01:00) or a space for the T. */
bool mf_time_read(const char *text, int64_t *ret_wall);
