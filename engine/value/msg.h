/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A message: what travels along an edge.
 *
 * Time is when the value was true (source time, ns since the epoch, UTC) and
 * goes with the value through the graph; the unit is a property of the port, not of
 * the message. A message that is not good still carries the last value known, or null.
 */

#include "engine/value/value.h"

enum mf_quality {
    MF_GOOD,
    MF_STALE, /* too old */
    MF_BAD,   /* wrong, with a reason */
};

extern const char *const mf_quality_names[]; /* good stale bad */

struct mf_msg {
    struct mf_value value;
    int64_t time; /* wall ns */
    const char
        *reason;     /* why it is not good: a constant text such as mf_reason_timeout; else NULL */
    uint64_t cause;  /* number of the event that led to it, 0 if none */
    uint8_t quality; /* enum mf_quality */
    bool is_again;   /* nothing new: the last value, only its quality has changed */
    bool is_lowered; /* not good because of what the node was fed; the engine raises it again */
};
_Static_assert(sizeof(struct mf_msg) <= 48, "a message is copied on every hop");

/* Reasons are constants, compared by pointer or text. */
extern const char mf_reason_timeout[]; /* "timeout": no news in time */
extern const char mf_reason_link[];    /* "link down": the connection is away */
extern const char mf_reason_decode[];  /* "not decodable": the payload is not what `format` says */
extern const char mf_reason_type[];    /* "wrong type" */
extern const char mf_reason_range[];   /* "out of range" */
extern const char mf_reason_missing[]; /* "field missing" */
extern const char mf_reason_script[];  /* "script error" */
extern const char mf_reason_budget[];  /* "over budget": a script took too much */
extern const char mf_reason_nan[];     /* "not a number": a calculation had no result */
extern const char mf_reason_device[];  /* "device error" */
extern const char mf_reason_restart[]; /* "restart": known from before it, not heard again since */

/* NULL for a name nobody knows: `fail: {power: timeout}` in tests reads them. */
const char *mf_reason_by_name(const char *name);

static inline struct mf_msg mf_msg_copy(const struct mf_msg *msg)
{
    struct mf_msg copy = *msg;

    copy.value = mf_value_copy(msg->value);
    return copy;
}

static inline void mf_msg_drop(struct mf_msg *msg)
{
    mf_value_drop(msg->value);
    msg->value = mf_value_null();
}

static inline double mf_msg_number(const struct mf_msg *msg)
{
    return mf_value_as_number(&msg->value);
}
