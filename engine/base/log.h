/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Log: one line per event, on stderr, with fields.
 *
 * Formats: text for people (time, level, who, sentence, fields), journal (`<N>`
 * priority in front, no time) when stderr is the systemd journal, JSON lines on
 * request. Each call site that may fire per message carries a `struct
 * mf_log_rate`: over its limit lines are counted, and the next line let through
 * says how many were held back. Loop thread only.
 */

#include <stdbool.h>
#include <stdint.h>

enum mf_log_level { MF_LOG_ERROR, MF_LOG_WARNING, MF_LOG_NOTICE, MF_LOG_INFO, MF_LOG_DEBUG };
enum mf_log_format { MF_LOG_AUTO, MF_LOG_TEXT, MF_LOG_JOURNAL, MF_LOG_JSON };

extern const char *const mf_log_level_names[]; /* by enum mf_log_level, ended by NULL */

void mf_log_setup(enum mf_log_level level, enum mf_log_format format, bool color);
bool mf_log_is_on(enum mf_log_level level);
/* Tests and the status page listen in; NULL restores stderr. `line` has no newline. */
void mf_log_divert(void (*sink)(void *arg, enum mf_log_level level, const char *line), void *arg);

/* `who` is the node, link or module the line is about. */
void mf_log(enum mf_log_level level, const char *who, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Token bucket: MF_LOG_BURST lines at once, then one per MF_LOG_INTERVAL. Zeroed is full. */
#define MF_LOG_BURST 5
#define MF_LOG_INTERVAL_S 10
struct mf_log_rate {
    int64_t window; /* mono ns of the window's start */
    uint32_t used;  /* lines let through in this window */
    uint32_t held;  /* lines held back since the last one let through */
};
void mf_log_limited(struct mf_log_rate *rate, int64_t mono, enum mf_log_level level,
                    const char *who, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
