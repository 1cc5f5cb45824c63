/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Match: Lua's string patterns with a step limit.
 *
 * What a pattern means, its faults and their wording are those of Lua 5.4. Two things differ from
 * the original, which tries for ever inside one call where no instruction hook fires: every byte
 * that is looked at is a step, steps are charged to a meter, and the places to come back to lie in
 * an array instead of on the C stack.
 *
 *   struct mf_match m;
 *   mf_match_init(&m, text, text_len, pattern, pattern_len);
 *   m.charge = charge; m.charge_arg = budget;
 *   int rc = mf_match_find(&m, text, is_anchored, &start, &end);    // 1, 0, or negative
 *
 * Nothing is allocated; a charge() that leaves by a Lua error leaves nothing behind.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MF_MATCH_CAPTURES = 32, /* as in Lua */
    MF_MATCH_DEPTH = 199,   /* places to come back to, as in Lua: "pattern too complex" */
    MF_MATCH_CHARGE = 256,  /* steps between two calls of charge() */
};

enum {
    MF_MATCH_OPEN = -1,     /* length of a capture that has begun */
    MF_MATCH_POSITION = -2, /* length of the capture `()` */
};

struct mf_match_capture {
    const char *at;
    ptrdiff_t len;
};

struct mf_match {
    const char *text, *text_end;
    const char *pattern, *pattern_end; /* without the anchor */
    unsigned count;                    /* captures of the last match */
    struct mf_match_capture captures[MF_MATCH_CAPTURES];
    uint64_t steps;                            /* not charged so far */
    bool (*charge)(void *arg, uint64_t steps); /* false: the budget is used up. NULL: no limit */
    void *charge_arg;
    char error[64]; /* a sentence's end, as Lua has it; "" when the budget is used up */
};

/* The texts are borrowed; they need not end in NUL. */
void mf_match_init(struct mf_match *match, const char *text, size_t text_len, const char *pattern,
                   size_t pattern_len);
/* The pattern at this place of the text, and only there. 1: yes, up to *ret_end. 0: no. Negative:
 * MF_EINVAL (`error` says why) or MF_ELIMIT. */
int mf_match_at(struct mf_match *match, const char *at, const char **ret_end);
/* The first match from `from` on. */
int mf_match_find(struct mf_match *match, const char *from, bool is_anchored,
                  const char **ret_start, const char **ret_end);
/* Adds steps; false when the budget is used up. */
bool mf_match_charge(struct mf_match *match, uint64_t steps);
/* Charges what is left, at the end. */
bool mf_match_settle(struct mf_match *match);
