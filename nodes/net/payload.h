/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* From the bytes of a message to a value with a time. */

#include "engine/config/option.h"
#include "engine/graph/kind.h"
#include "engine/value/codec.h"
#include "engine/value/msg.h"

/* The formats, for options of type choice; the members are enum mf_format. */
extern const struct mf_choice mf_payload_formats[];

struct mf_payload_reading {
    enum mf_format format;
    const struct mf_value *pick; /* path to the value; NULL: all of it */
    const struct mf_value *time; /* path to the time; NULL: the message has none */
};

/* Reports `pick` and `time` where the format has nothing to look into. */
void mf_payload_check(enum mf_format format, bool has_pick, bool has_time, struct mf_check *check);

/* 0 with the value, which the caller owns, and *ret_time (untouched without a time). Negative with
 * the reason for the message's quality and a sentence. */
int mf_payload_read(const struct mf_payload_reading *how, const void *payload, size_t len,
                    struct mf_value *ret_value, int64_t *ret_time, const char **ret_reason,
                    struct mf_error *err);

/* A point in time: ISO 8601 text, or a number since 1970 in s, ms, µs or ns, told apart by size:
 * below 10^11 are seconds, below 10^14 ms, below 10^17 µs. Times end in the year 2262. */
int mf_payload_read_time(const struct mf_value *value, int64_t *ret_time, struct mf_error *err);
