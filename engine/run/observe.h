/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Observers: whoever looks on while nodes speak. Taps, records, tests.
 *
 *   struct mf_observer tap = {.saw = print_it, .arg = me};
 *   mf_engine_observe(engine, &tap);
 *   …
 *   mf_engine_unobserve(engine, &tap);
 *
 * They come and go at any time between mf_engine_init() and mf_engine_done(), also from within
 * saw(), and see every emission of every node, across reloads. While nobody looks, a message pays
 * nothing for it.
 */

#include <stdbool.h>

#include "engine/base/list.h"

struct mf_engine;
struct mf_msg;
struct mf_node;
struct mf_output;
struct mf_sched;

struct mf_observer {
    /* The output says `msg` now, before its readers get it. Must not emit, and must be quick. */
    void (*saw)(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg);
    /* An actuator is told `msg`, or would be where nothing may be written. NULL: of no interest. */
    void (*wrote)(void *arg, struct mf_node *node, const struct mf_msg *msg);
    void *arg;
    struct mf_list link; /* the engine's */
};

void mf_engine_observe(struct mf_engine *engine, struct mf_observer *observer);
/* One that does not look is left alone. */
void mf_engine_unobserve(struct mf_engine *engine, struct mf_observer *observer);

/* ---- engine/run/edge.c, guard.c, reload.c ---- */

void mf_sched_show(struct mf_sched *sched, struct mf_node *node, unsigned output);
void mf_sched_show_write(struct mf_sched *sched, struct mf_node *node, const struct mf_msg *msg);
/* May the output hand its message to its only reader without a look around? */
bool mf_output_can_be_direct(const struct mf_sched *sched, const struct mf_output *out);
