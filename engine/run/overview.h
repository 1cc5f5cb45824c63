/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The overview: what the engine knows of itself, as one map, and as text for people.
 *
 * `status`, SIGUSR1, `top` and the metrics read it. Each part is an entry of mf_overview_parts[];
 * whoever has something of his own to show adds one. What is an empty list in a part is shown as
 * nothing.
 *
 *   engine   generation nodes links turns timers waiting dropped (values that waited for a turn)
 *            trail_bytes (of what sinks remember)
 *   health   healthy, reasons[]
 *   store    dead dead_dropped (letters) is_open; if it is: commits changes bytes (written)
 *            failures error
 *   links[]  name kind state error ups failures
 *   nodes[]  name kind link state runs rejected skipped held
 *            outputs[] name value unit quality reason time age (s) count
 *            queue     waiting in_flight capacity delivered dropped refused spool_bytes spool_limit
 *                      (0: it is in memory); null: none
 *            guard     text, is_set; null: not guarded
 *            counters, gauges   numbers of the kind's own, by name; null: none
 */

#include "engine/value/build.h"

struct mf_buf;
struct mf_engine;

struct mf_overview_part {
    const char *name;
    /* Null: nothing to show. */
    struct mf_value (*look)(const struct mf_engine *engine);
    /* One line each; `all`: also what is in order. */
    void (*print)(const struct mf_value *part, bool all, struct mf_buf *buf);
};
extern const struct mf_overview_part *const mf_overview_parts[]; /* ended by NULL */

struct mf_value mf_engine_overview(const struct mf_engine *engine);
/* Reads nothing but the map, which may come from another process. */
void mf_overview_print(const struct mf_value *overview, bool all, struct mf_buf *buf);

/* ---- engine/run/overview_print.c ---- */

void mf_overview_print_engine(const struct mf_value *part, bool all, struct mf_buf *buf);
void mf_overview_print_health(const struct mf_value *part, bool all, struct mf_buf *buf);
void mf_overview_print_links(const struct mf_value *part, bool all, struct mf_buf *buf);
void mf_overview_print_store(const struct mf_value *part, bool all, struct mf_buf *buf);
void mf_overview_print_nodes(const struct mf_value *part, bool all, struct mf_buf *buf);
