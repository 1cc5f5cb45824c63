/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * One test, run: an engine of its own on a virtual clock, without network and threads.
 *
 * Nodes that touch the outside are played: they say what `set:`, `series:` and `fail:` make them
 * say, and nothing else; a source that has spoken stays good until it is made to fail. Kinds that
 * only need the clock run. At each moment first comes what the clock brings, then what is set, then
 * what is expected.
 */

#include "engine/cli/test_file.h"
#include "engine/run/engine.h"

enum {
    MF_TEST_EVENTS = 5,      /* that reached or left a node, shown with a failure */
    MF_TEST_VALUES = 100000, /* kept of one output for lists in `expect` */
};

/* Runs a case on the graph, which is as before afterwards; NULL when it could not be run at all.
 * Failures are added to `diags`. False when there was one. `cover` (engine/cli/test_cover.h) may be
 * NULL. */
struct mf_test_cover;
bool mf_test_case_run(const struct mf_test_case *test, struct mf_graph **graph,
                      struct mf_diags *diags, struct mf_test_cover *cover);

/* ---- test_watch.c: what the expected nodes were given and said ---- */

struct mf_test_event {
    int64_t at; /* mono */
    bool is_in;
    const struct mf_def *from; /* what spoke */
    unsigned output;
    const struct mf_unit *unit;
    struct mf_msg msg;
    bool is_told; /* by a guarded output, to the outside */
};

/* One node that something is expected of. */
struct mf_test_watch {
    const struct mf_def *def;
    struct mf_test_event events[MF_TEST_EVENTS]; /* ring */
    size_t event_count;                          /* so far */
};

/* One point that something is expected of. */
struct mf_test_probe {
    struct mf_test_point point;
    struct mf_test_watch *watch;
    struct mf_msg last;
    bool is_known;
    bool keeps;              /* a list is expected */
    struct mf_value *values; /* good ones, in order */
    size_t count, cap;       /* of values */
};

struct mf_test_watches;

/* Of an actuator one expects what it is told, behind its guard, not what reaches it. */
static inline bool mf_test_is_told(const struct mf_test_point *point)
{
    return point->def->guard && point->output < 0 && point->input < 0;
}

struct mf_test_watches *mf_test_watches_new(const struct mf_test_case *test,
                                            const struct mf_graph *graph);
void mf_test_watches_free(struct mf_test_watches *watches);
/* To be called with all that any node says. */
void mf_test_watches_note(struct mf_test_watches *watches, const struct mf_node *node,
                          unsigned output, const struct mf_msg *msg);
/* An actuator was told something. */
void mf_test_watches_wrote(struct mf_test_watches *watches, const struct mf_node *node,
                           const struct mf_msg *msg);
const struct mf_test_probe *mf_test_watches_find(const struct mf_test_watches *watches,
                                                 const struct mf_test_point *point);

/* ---- test_check.c ---- */

/* Looks whether the probe is as expected; if not adds a failure. `at` is mono. */
bool mf_test_check(const struct mf_test_case *test, const struct mf_test_expect *expect,
                   const struct mf_test_probe *probe, int64_t at, struct mf_diags *diags);
