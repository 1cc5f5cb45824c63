/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Guarded outputs, compiled: what stands between the graph and something physical.
 *
 * A node is guarded when its kind moves things (MF_KIND_ACTUATOR), or when its kind may
 * (MF_KIND_MAY_ACT) and the flow says `actuator: true`. All that it writes passes
 * engine/run/guard.c, which goes by the struct below. The options are written down once, in
 * mf_guard_options; reading, help, schema and the reference are made from that table.
 */

#include "engine/config/option.h"
#include "engine/graph/graph.h"

enum mf_failsafe { MF_FAILSAFE_NONE, MF_FAILSAFE_KEEP, MF_FAILSAFE_VALUE };

enum { MF_GUARD_MANUAL = -1 }; /* in `order`: what `set` says */

#define MF_GUARD_ON '\t' /* in a target, between where a link leads and what is there */

struct mf_guard_def {
    /* What it writes outside, a thing a line, for two of which there is no room; NULL: unknown. */
    const char *target;
    const struct mf_unit *unit; /* of all numbers here and of all inputs; NULL: none */
    uint32_t types;             /* that may be written */
    double low, high;           /* infinite where `limit` is open or not given */
    double ramp;                /* unit per second; 0: none */
    int64_t step;               /* ns between two steps of the ramp */
    int64_t refresh;            /* ns; 0: none */
    int failsafe;               /* enum mf_failsafe */
    struct mf_value safe;
    int64_t after;  /* ns without a good value; 0: as soon as none is good, silence is none */
    int16_t *order; /* inputs and MF_GUARD_MANUAL, the first that has a value counts */
    unsigned order_count;
    bool has_priority; /* the user gave the order */
    bool is_momentary; /* only news are written, and the failsafe value */
};

extern const struct mf_option mf_guard_options[];
bool mf_is_guard_option(const char *key);
/* The kind understands these options. */
static inline bool mf_kind_can_act(const struct mf_kind *kind)
{
    return kind->flags & (MF_KIND_ACTUATOR | MF_KIND_MAY_ACT);
}

/* Takes the next thing off a target; NULL: no more, or the target is NULL. */
const char *mf_guard_next_thing(const char **target, struct mf_arena *arena);
/* All that `target` names is in `other`, too. */
bool mf_guard_is_within(const char *target, const char *other);

/* Reads what a person wrote for this output: a quantity of its unit, a word for true or false, a
 * text, or JSON for maps and lists. The caller owns the value. */
int mf_guard_read(const struct mf_guard_def *guard, const char *text, size_t len,
                  struct mf_value *ret, struct mf_error *err);
/* As people read it: with the unit. */
void mf_guard_print(const struct mf_guard_def *guard, const struct mf_value *value,
                    struct mf_buf *buf);
