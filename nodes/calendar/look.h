/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* A look at a calendar, on a pool thread: from its text to plain events. */

#include "engine/base/tz.h"
#include "engine/graph/link.h"
#include "engine/graph/node.h"
#include "nodes/calendar/events.h"

/* Tells one version of the file from the next. */
struct mf_calendar_stamp {
    int64_t changed, size;
    uint64_t inode;
};

/* In the hands of a pool thread until done() is called, perhaps after the node has gone. */
struct mf_calendar_look {
    struct mf_job job;
    struct mf_node *node; /* NULL: nobody wants to know any more */
    char *path;
    char *text; /* what was fetched; NULL: read the file */
    size_t len;
    bool is_recount; /* the text is one that was good before */
    const struct mf_zone *zone;
    int64_t from, until;
    struct mf_calendar_stamp known; /* zeroed: read it in any case */
    /* What came of it. */
    struct mf_calendar_stamp stamp;
    bool is_unchanged;
    struct mf_events events;
    struct mf_error err;
};

void mf_calendar_look_run(struct mf_job *job);
void mf_calendar_look_free(struct mf_calendar_look *look);
