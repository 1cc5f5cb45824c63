/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See fetch.h: a build without libcurl has files only, and check() says so. */

#include "nodes/calendar/fetch.h"

const char *mf_calendar_fetch_lacks(void)
{
    return "libcurl";
}

int mf_calendar_fetch_check(const char *url, struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL, "this build has no libcurl");
}

struct mf_calendar_fetch *mf_calendar_fetch_new(struct mf_node *node, const char *url,
                                                const struct mf_calendar_fetch_events *events,
                                                struct mf_error *err)
{
    mf_fail(err, MF_EINVAL, "this build has no libcurl");
    return NULL;
}

void mf_calendar_fetch_free(struct mf_calendar_fetch *fetch)
{
}

void mf_calendar_fetch_ask(struct mf_calendar_fetch *fetch)
{
}

void mf_calendar_fetch_forget(struct mf_calendar_fetch *fetch)
{
}
