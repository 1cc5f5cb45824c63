/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A calendar on the web: asked for when the node says so, and again while the server cannot answer.
 *
 * Such addresses often are the secret that opens the calendar, so no message has more of one than
 * its host.
 */

#include "engine/graph/node.h"

struct mf_calendar_fetch;

struct mf_calendar_fetch_events {
    void (*came)(struct mf_node *node, const char *text, size_t len);
    void (*is_same)(struct mf_node *node); /* as what came last */
    /* `again_in`: ns after which asking makes sense; 0: when it is time anyhow. */
    void (*failed)(struct mf_node *node, const struct mf_error *err, const char *reason,
                   int64_t again_in);
};

/* NULL: this build can; else why not. */
const char *mf_calendar_fetch_lacks(void);
/* Is it an address that can be fetched? 0, or negative with a sentence. */
int mf_calendar_fetch_check(const char *url, struct mf_error *err);

/* From start() to stop(). NULL with `err` on failure. */
struct mf_calendar_fetch *mf_calendar_fetch_new(struct mf_node *node, const char *url,
                                                const struct mf_calendar_fetch_events *events,
                                                struct mf_error *err);
void mf_calendar_fetch_free(struct mf_calendar_fetch *fetch); /* NULL is fine */
/* One of the events follows, unless it is being asked already. */
void mf_calendar_fetch_ask(struct mf_calendar_fetch *fetch);
/* What came was of no use: all of it is wanted again. */
void mf_calendar_fetch_forget(struct mf_calendar_fetch *fetch);
