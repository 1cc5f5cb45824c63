/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Generations: which flow is live, and how a new one proves itself.
 *
 * A new generation is switched to at once and is then *on trial*. A node that the change has
 * touched and that fails within the grace time, or nobody's confirmation where one was asked for,
 * swaps the generation back, between two turns: nodes that did not change stay the same objects,
 * those of the former generation are made anew from its graph. What they know then is what their
 * successors have learned since, if those worked; else what they knew when they went. The message
 * on which a successor failed is theirs, and so are the letters that nobody took.
 *
 * Numbers count up and are given once. A flow that says the same as the live one takes its place
 * without a number of its own and without a trial.
 */

#include "engine/run/sched.h"

#define MF_TRIAL_GRACE (10 * MF_SEC) /* a changed node must work that long */

struct mf_change;
struct mf_engine;
struct mf_past;
struct mf_reload_report;

enum mf_origin_of_generation {
    MF_BY_START,
    MF_BY_RELOAD,
    MF_BY_ROLLBACK, /* asked for */
    MF_BY_SWAP,     /* its successor failed, or was not confirmed */
};
extern const char *const mf_generation_by_names[];

struct mf_generation {
    uint64_t number; /* 0: none yet */
    uint64_t hash[2];
    int64_t since; /* wall ns */
    uint8_t by;    /* enum mf_origin_of_generation */
};

struct mf_trial_terms {
    int64_t grace;   /* ns; 0: no trial */
    int64_t confirm; /* ns until it is swapped back unless confirmed; 0: nobody need to */
    uint64_t number; /* that it had before, for a rollback; 0: the next one */
    uint8_t by;      /* enum mf_origin_of_generation */
};

struct mf_trial {
    struct mf_timer timer;
    struct mf_past *past; /* what to go back to */
    struct mf_generation former;
    uint32_t number;        /* watched are nodes with the same one */
    int64_t grace, confirm; /* mono: ends of both; confirm 0: not asked for */
    struct mf_node *failed; /* first of the watched to fail, or NULL */
    uint64_t failed_turn;
    bool is_on, is_due;
    char why[300];
};

/* The graph of the first generation has been loaded. */
void mf_generation_begin(struct mf_engine *engine, uint64_t number);
/* Takes the change, on the loop, between two turns. Negative with `err`: the flow was refused, or
 * swapped back at once; the former one goes on. */
int mf_generation_switch(struct mf_engine *engine, struct mf_change *change,
                         const struct mf_trial_terms *terms, struct mf_reload_report *report,
                         struct mf_error *err);
/* Ends the trial well. Fails when nothing waits for it. */
int mf_generation_confirm(struct mf_engine *engine, struct mf_error *err);
/* Ends it by swapping back, now. Fails when there is no trial. */
int mf_generation_back(struct mf_engine *engine, const char *why, struct mf_error *err);

/* Wall time at which it is swapped back unless confirmed; 0: nobody need to. */
uint64_t mf_generation_until(const struct mf_engine *engine);

/* ---- for engine.c ---- */

void mf_generation_node_failed(struct mf_node *node, const struct mf_error *err);
void mf_generation_script_failed(struct mf_node *node, const char *why);
void mf_generation_look(struct mf_engine *engine); /* between two turns */
void mf_generation_done(struct mf_engine *engine);
