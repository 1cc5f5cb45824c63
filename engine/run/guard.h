/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Guarded outputs: what decides, at each moment, what an actuator is told.
 *
 * The graph proposes, the guard writes. It takes the messages of all inputs, chooses the one that
 * counts (`priority`, where `manual` is what `set` says), keeps to `limit` and `ramp`, says the
 * value again (`refresh`), and writes the failsafe value when nobody has a good one. It decides
 * anew when a message comes, when one of its times has come, and when something was delivered; the
 * decision is made from the state alone, so that it does not matter which of them it was.
 *
 * *Written* is what has been delivered: the ramp goes on from there, and while a link is away the
 * output is where it was. All this is also done where nothing may be written (--read-only, tests):
 * there a write counts as done, so that one sees what would have been.
 *
 * The kind of a guarded node sees one input, the first, whichever counts.
 */

#include "engine/graph/guard.h"
#include "engine/run/sched.h"

#define MF_GUARD_AGAIN (10 * MF_SEC) /* until what was refused is tried again */

/* Who holds the output. */
enum mf_hand { MF_HAND_NONE, MF_HAND_INPUT, MF_HAND_MANUAL, MF_HAND_FAILSAFE };

/* What keeps the output from what the one who holds it, or an input, wants. */
enum mf_held {
    MF_HELD_LIMIT = 1 << 0,
    MF_HELD_RAMP = 1 << 1,
    MF_HELD_MANUAL = 1 << 2,   /* an input has a good value, but `set` counts */
    MF_HELD_PRIORITY = 1 << 3, /* another input has a good value, but one before it counts */
    MF_HELD_DEAD = 1 << 4,     /* nobody has a good value: the output stays as it is */
    MF_HELD_FAILSAFE = 1 << 5, /* and the failsafe value is written */
    MF_HELD_READ_ONLY = 1 << 6,
    MF_HELD_LINK = 1 << 7, /* handed over, not delivered yet */
    MF_HELD_REFUSED = 1 << 8,
    MF_HELD_KINDS = 9,
};
extern const char *const mf_held_names[MF_HELD_KINDS]; /* by bit */

struct mf_guard_input {
    int64_t heard; /* mono of the last good message; INT64_MIN: none */
    bool is_new;   /* its message has not been acted upon */
};

struct mf_guard {
    struct mf_node *node;
    struct mf_timer timer;
    struct mf_guard_input *inputs;
    struct mf_value manual; /* what `set` said */
    int64_t manual_since;   /* wall */
    int64_t manual_until;   /* mono; MF_NEVER: until `release` */
    bool is_set, is_manual_new;
    uint8_t hand;           /* enum mf_hand */
    int16_t input;          /* that holds it */
    uint32_t held;          /* set of enum mf_held */
    struct mf_value wanted; /* by the one who holds it, before limit and ramp */
    struct mf_value sent;   /* handed over, not delivered yet */
    struct mf_value written;
    int64_t written_at, tried_at; /* mono */
    int64_t full_at;              /* mono; from when on the ramp may make a whole step */
    int64_t fed;                  /* mono when there last was a good value */
    int64_t again_at;             /* mono: to try what was refused again; 0: nothing was */
    bool has_sent, has_written, was_held;
    bool must_write; /* the thing may have forgotten what it was told */
    bool is_over;    /* the failsafe value was the last word */
    bool has_begun;
    uint64_t writes, refreshes, limited, failsafes; /* metrics */
};

/* ---- for the engine ---- */

struct mf_guard *mf_guard_new(struct mf_node *node); /* NULL: the node is not guarded */
void mf_guard_free(struct mf_guard *guard);          /* NULL is fine */
void mf_guard_begin(struct mf_node *node);           /* the node has started */
void mf_guard_halt(struct mf_node *node);            /* it stops */
void mf_guard_take(struct mf_node *node, unsigned input, const struct mf_msg *msg);
void mf_guard_timeout(struct mf_node *node);
void mf_guard_fired(struct mf_timer *timer);
/* A letter has left the queue: delivered, or refused for good. */
void mf_guard_settled(struct mf_node *node, const struct mf_value *value, bool is_delivered);

/* At a reload: takes over what the former node knows, if it wrote the same thing. */
void mf_guard_inherit(struct mf_node *node, const struct mf_node *old);
/* The thing that `old` writes is nobody's in the new graph. */
bool mf_guard_is_orphan(const struct mf_node *old, const struct mf_graph *graph);
/* Writes the failsafe value, if there is one, as the last thing of all. */
void mf_guard_make_safe(struct mf_node *node);

/* ---- for people ---- */

/* Holds the output at `value`, which is taken, for `time` ns; 0: until it is released. Fails where
 * the node is not guarded or is ending. */
int mf_guard_set_take(struct mf_node *node, struct mf_value value, int64_t time,
                      struct mf_error *err);
int mf_guard_release(struct mf_node *node, struct mf_error *err);
/* The input that counts before what is set; -1: none. */
int mf_guard_rival(const struct mf_node *node);
/* The value that `set` would have written, within the limit. The caller owns it. */
struct mf_value mf_guard_within(const struct mf_guard_def *guard, const struct mf_value *value);
/* "2000 W by `plan`, held by limit": what is written, by whom, and what holds it back. */
void mf_guard_describe(const struct mf_node *node, struct mf_buf *buf);
