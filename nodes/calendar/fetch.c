/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See fetch.h. */

#include "nodes/calendar/fetch.h"

#include "engine/base/alloc.h"
#include "nodes/calendar/events.h"
#include "nodes/net/http_rules.h"

struct mf_calendar_fetch {
    struct mf_node *node;
    const struct mf_calendar_fetch_events *events;
    struct mf_http_client *client;
    struct mf_http_request request;
    struct mf_http_patience patience;
    struct mf_http_version version;
    const char *lines[3];
    char *url;
};

const char *mf_calendar_fetch_lacks(void)
{
    return NULL;
}

int mf_calendar_fetch_check(const char *url, struct mf_error *err)
{
    return mf_http_check_url(url, err);
}

static void done(struct mf_http_request *request, const struct mf_http_answer *answer)
{
    struct mf_calendar_fetch *fetch = request->owner;
    enum mf_http_verdict verdict = mf_http_judge(answer);
    struct mf_error err;
    int64_t wait = 0;

    if (verdict == MF_HTTP_LATER)
        wait = mf_http_patience_wait(&fetch->patience, answer->retry_after);
    else
        fetch->patience.failures = 0;
    if (verdict == MF_HTTP_GOOD) {
        mf_http_version_take(&fetch->version, answer);
        fetch->events->came(fetch->node, answer->body, answer->len);
    } else if (verdict == MF_HTTP_SAME) {
        fetch->events->is_same(fetch->node);
    } else {
        mf_http_say(answer, request, &err);
        fetch->events->failed(fetch->node, &err, mf_http_reason(answer), wait);
    }
}

struct mf_calendar_fetch *mf_calendar_fetch_new(struct mf_node *node, const char *url,
                                                const struct mf_calendar_fetch_events *events,
                                                struct mf_error *err)
{
    static const struct mf_http_setup plain;
    struct mf_http_client *client = mf_http_client_new(NULL, node, &plain, err);
    struct mf_calendar_fetch *fetch;

    if (!client)
        return NULL;
    fetch = mf_zalloc(sizeof(*fetch));
    fetch->node = node;
    fetch->events = events;
    fetch->client = client;
    fetch->url = mf_strdup(url);
    fetch->request = (struct mf_http_request){
        .url = fetch->url,
        .headers = fetch->lines,
        .is_secret = true,
        .limit = MF_CALENDAR_MAX,
        .done = done,
        .owner = fetch,
    };
    mf_http_patience_init(&fetch->patience);
    return fetch;
}

void mf_calendar_fetch_free(struct mf_calendar_fetch *fetch)
{
    if (!fetch)
        return;
    mf_http_cancel(&fetch->request);
    mf_http_client_free(fetch->client);
    mf_http_version_drop(&fetch->version);
    mf_free(fetch->url);
    mf_free(fetch);
}

void mf_calendar_fetch_ask(struct mf_calendar_fetch *fetch)
{
    if (mf_http_is_busy(&fetch->request))
        return;
    mf_http_version_put(&fetch->version, fetch->lines);
    mf_http_send(fetch->client, &fetch->request, NULL); /* the client's only one: there is room */
}

void mf_calendar_fetch_forget(struct mf_calendar_fetch *fetch)
{
    mf_http_version_drop(&fetch->version);
}
