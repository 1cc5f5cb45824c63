/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The owserver link: one connection, one request at a time, in order of asking.
 *
 * The time limit runs from the last byte that came, since a slow bus is bridged by pings. An idle
 * connection is kept alive by a request that does nothing: the server closes those that are
 * silent for ten minutes.
 */

#include "nodes/onewire/link.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/net/poller.h"
#include "nodes/net/stream.h"

enum { PORT = 4304 };
#define IDLE (60 * MF_SEC)
#define MEASURING (1 * MF_SEC) /* 750 ms at 12 bits, and time to store the result */

struct config {
    struct mf_net_address place;
    int64_t timeout;
};

struct state {
    struct mf_stream stream; /* first */
    struct mf_buf in;
    struct mf_list waiting, pollers, alarms;
    struct mf_ow_wish *asked; /* NULL: its owner took it back, or it was to keep us alive */
    struct mf_ow_wish measure, search;
    struct mf_buf listing; /* of devices in alarm, where an answer has one only */
    bool is_busy, cannot_measure;
    bool is_resting; /* the server keeps no connection: the next request makes one */
    bool is_calling; /* that one is being made */
    uint64_t requests, in_alarm;
    int64_t deadline;       /* mono, of an answer */
    int64_t measured_until; /* mono */
};

static const struct mf_ow_attribute all_thermometers = {.path = "/simultaneous/temperature"};
static const struct mf_ow_attribute alarm_directory = {.path = "/alarm"};

/* ---- asking ---- */

static const char *path_of(const struct mf_ow_wish *wish)
{
    const struct mf_ow_attribute *attribute = mf_ow_wish_attribute(wish);

    return wish->is_latest && attribute->latest ? attribute->latest : attribute->path;
}

static void send_request(struct mf_link *link, struct mf_ow_wish *wish_or_null)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);
    struct mf_buf buf = {0};

    s->is_busy = true;
    s->asked = wish_or_null;
    s->deadline = mf_link_mono(link) + c->timeout;
    s->requests++;
    mf_buf_clear(&s->listing);
    if (wish_or_null)
        mf_ow_ask(wish_or_null->type, path_of(wish_or_null), wish_or_null->data, &buf);
    else
        mf_ow_ask(MF_OW_NOP, NULL, NULL, &buf);
    mf_stream_send(link, buf.data, buf.len);
    mf_buf_done(&buf);
}

static void go_on(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    if (!mf_stream_is_open(link))
        return;
    if (!s->is_busy && !mf_list_is_empty(&s->waiting)) {
        struct mf_ow_wish *wish = mf_list_entry(s->waiting.next, struct mf_ow_wish, in);

        mf_list_remove(&wish->in);
        send_request(link, wish);
    }
    if (mf_stream_is_open(link))
        mf_link_arm(link, s->is_busy ? s->deadline - mf_link_mono(link) : IDLE);
}

static bool is_usable(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return mf_stream_is_open(link) || s->is_resting;
}

static bool want(struct mf_link *link, struct mf_ow_wish *wish)
{
    struct state *s = mf_link_state(link);

    if (!is_usable(link))
        return false;
    if (!mf_list_is_empty(&wish->in) || s->asked == wish)
        return true;
    mf_list_append(&s->waiting, &wish->in);
    if (!s->is_busy)
        mf_link_arm(link, 0);
    return true;
}

static void forget(struct mf_link *link, struct mf_ow_wish *wish)
{
    struct state *s = mf_link_state(link);

    mf_list_remove(&wish->in);
    if (s->asked == wish)
        s->asked = NULL;
}

static struct mf_list *pollers(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return &s->pollers;
}

/* ---- measuring together ---- */

static void measured(struct mf_ow_wish *wish, const struct mf_ow_answer *answer)
{
    struct mf_link *link = wish->owner;
    struct state *s = mf_link_state(link);

    if (!answer)
        return;
    if (answer->code >= 0) {
        s->measured_until = mf_link_mono(link) + MEASURING;
        return;
    }
    s->cannot_measure = true;
    mf_link_log(link, MF_LOG_NOTICE,
                "the thermometers cannot measure together: %s; each is asked for itself",
                mf_ow_reason(answer->code));
}

/* They begin when the server says that it has told them: before that nobody knows how long. */
static int64_t measured_at(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    struct state *s = mf_link_state(link);

    if (!mf_list_is_empty(&s->measure.in) || s->asked == &s->measure)
        return mf_link_mono(link) + MEASURING;
    return s->measured_until;
}

static int64_t measure(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    struct state *s = mf_link_state(link);

    if (s->cannot_measure || !is_usable(link))
        return 0;
    if (s->measured_until <= mf_link_mono(link))
        want(link, &s->measure);
    return measured_at(link, attribute);
}

static bool can_measure(struct mf_link *link, const struct mf_ow_attribute *attribute)
{
    struct state *s = mf_link_state(link);

    return !s->cannot_measure;
}

/* ---- devices in alarm ---- */

static struct mf_list *alarms(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    return &s->alarms;
}

static void search(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    want(link, &s->search);
}

/* `path` is that of one device: "/alarm/28.0123456789AB". */
static void tell_alarm(struct state *s, const char *path, size_t len)
{
    const char *name = path + len;

    while (name > path && name[-1] != '/')
        name--;
    for (struct mf_list *at = s->alarms.next; at != &s->alarms; at = at->next) {
        struct mf_ow_alarm *alarm = mf_list_entry(at, struct mf_ow_alarm, in);

        if (mf_ow_is_of(mf_node_config(alarm->node), name, (size_t)(path + len - name)))
            alarm->raised(alarm->node);
    }
}

static void searched(struct mf_ow_wish *wish, const struct mf_ow_answer *answer)
{
    struct mf_link *link = wish->owner;
    struct state *s = mf_link_state(link);
    const char *at, *end;

    if (answer && answer->code == MF_OW_UNKNOWN_TYPE && wish->type == MF_OW_DIRALL) {
        wish->type = MF_OW_DIR; /* a server of old */
        search(link);
        return;
    }
    s->in_alarm = 0;
    if (!answer || answer->code < 0) {
        if (answer)
            mf_link_log(link, MF_LOG_WARNING, "the search for devices in alarm failed: %s",
                        mf_ow_reason(answer->code));
        return;
    }
    end = answer->data + answer->len;
    for (at = answer->data; at && at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma ? comma : end) - at);

        s->in_alarm++;
        tell_alarm(s, at, len);
        at = comma ? comma + 1 : NULL;
    }
}

/* ---- answers ---- */

/* An entry of a directory; the last answer is empty. */
static bool is_entry(struct state *s, struct mf_ow_answer *answer)
{
    if (!s->asked || s->asked->type != MF_OW_DIR || answer->code < 0)
        return false;
    if (answer->len) {
        if (s->listing.len)
            mf_buf_putc(&s->listing, ',');
        mf_buf_put(&s->listing, answer->data, answer->len);
        return true;
    }
    answer->data = s->listing.data;
    answer->len = s->listing.len;
    return false;
}

static void end(struct state *s, const struct mf_ow_answer *answer)
{
    struct mf_ow_wish *wish = s->asked;

    s->asked = NULL;
    s->is_busy = false;
    if (wish)
        wish->done(wish, answer);
}

static void drop(struct mf_link *link, int code, const char *what)
{
    struct mf_error err = {0};

    mf_fail(&err, code, "%s", what);
    mf_stream_close(link);
    ((struct state *)mf_link_state(link))->stream.events->closed(link, &err);
}

static void took_answer(struct mf_link *link, const struct mf_ow_answer *answer)
{
    struct state *s = mf_link_state(link);

    end(s, answer);
    if (answer->is_kept || !mf_stream_is_open(link))
        return;
    s->is_resting = true;
    mf_stream_close(link);
}

static void received(struct mf_link *link, const uint8_t *data, size_t len)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);
    struct mf_ow_answer answer;
    int used = 0;

    s->deadline = mf_link_mono(link) + c->timeout;
    mf_buf_put(&s->in, data, len);
    while (mf_stream_is_open(link) && (used = mf_ow_take(s->in.data, s->in.len, &answer)) > 0) {
        struct mf_buf rest = {0};

        if (!answer.is_ping && !s->is_busy) {
            used = MF_EINVAL; /* an answer that nobody asked for */
            break;
        }
        /* What the owner does now may ask anew, which does not touch what has come. */
        if (!answer.is_ping && !is_entry(s, &answer))
            took_answer(link, &answer);
        mf_buf_put(&rest, s->in.data + used, s->in.len - (size_t)used);
        mf_buf_done(&s->in);
        s->in = rest;
    }
    if (used < 0)
        drop(link, MF_EINVAL, "what came is not from an owserver");
    else if (s->is_resting && !mf_list_is_empty(&s->waiting))
        mf_link_arm(link, 0);
    go_on(link);
}

static void owserver_timeout(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);
    struct state *s = mf_link_state(link);

    if (s->is_resting && !s->is_calling && !mf_list_is_empty(&s->waiting)) {
        s->is_calling = true;
        mf_stream_connect(link, &c->place);
    }
    if (!mf_stream_is_open(link))
        return;
    if (s->is_busy && mf_link_mono(link) >= s->deadline)
        drop(link, MF_ETIMEOUT, "owserver does not answer");
    else if (!s->is_busy && mf_list_is_empty(&s->waiting))
        send_request(link, NULL);
    go_on(link);
}

/* ---- life ---- */

static void opened(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_buf_clear(&s->in);
    s->is_calling = false;
    if (s->is_resting) {
        s->is_resting = false;
        go_on(link);
        return;
    }
    s->is_busy = s->cannot_measure = false;
    s->measured_until = 0;
    s->search.type = MF_OW_DIRALL;
    mf_link_up(link);
    mf_pollers_poll(&s->pollers);
    go_on(link);
}

/* All that was wished ends; what is wished anew meanwhile is refused, the stream is closed. */
static void end_all(struct state *s)
{
    end(s, NULL);
    while (!mf_list_is_empty(&s->waiting)) {
        struct mf_ow_wish *wish = mf_list_entry(s->waiting.next, struct mf_ow_wish, in);

        mf_list_remove(&wish->in);
        wish->done(wish, NULL);
    }
}

static void closed(struct mf_link *link, const struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    s->is_resting = s->is_calling = false;
    end_all(s);
    mf_link_down(link, err);
}

static const struct mf_stream_events events = {opened, closed, received, mf_link_stopped};

static int owserver_create(struct mf_link *link, struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    mf_stream_init(link, &events, 0);
    mf_list_init(&s->waiting);
    mf_list_init(&s->pollers);
    mf_list_init(&s->alarms);
    s->listing.limit = MF_OW_DATA;
    mf_ow_wish_init(&s->search);
    s->search.type = MF_OW_DIRALL;
    s->search.fixed = &alarm_directory;
    s->search.done = searched;
    s->search.owner = link;
    mf_ow_wish_init(&s->measure);
    s->measure.type = MF_OW_WRITE;
    s->measure.fixed = &all_thermometers;
    s->measure.data = "1";
    s->measure.done = measured;
    s->measure.owner = link;
    return 0;
}

static void owserver_start(struct mf_link *link)
{
    const struct config *c = mf_link_config(link);

    mf_stream_connect(link, &c->place);
}

static void owserver_stop(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_stream_close(link);
    s->is_resting = false;
    end_all(s);
    mf_stream_stop(link);
}

static void owserver_stats(const struct mf_link *link, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_link_state(link);

    put(arg, "requests", (double)s->requests, true);
    put(arg, "devices_in_alarm", (double)s->in_alarm, false);
}

static void owserver_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_stream_done(link);
    mf_buf_done(&s->in);
    mf_buf_done(&s->listing);
}

/* ---- options ---- */

static const int default_port = PORT;

static const char *owserver_leads_to(const void *config, struct mf_arena *arena)
{
    const struct config *c = config;

    return mf_net_address_print(&c->place, arena);
}

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"place", &mf_type_net_host, MF_MEMBER(MF_CONFIG, place, struct mf_net_address),
     .of = &default_port, .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Where owserver is: `host:port` (4304 if left out)."},
    {"timeout", MF_DURATION(timeout), .fallback = "5s", MF_LIMITS(0.1, 60),
     .summary = "How long the server may say nothing while it is asked something; it says every "
                "second that it is still at it."},
    {0},
};

static const struct mf_ow_service service = {
    .want = want,
    .forget = forget,
    .pollers = pollers,
    .measure = measure,
    .measured_at = measured_at,
    .can_measure = can_measure,
    .alarms = alarms,
    .search = search,
};

const struct mf_link_kind mf_link_kind_owserver = {
    .name = "owserver",
    .summary = "A connection to owserver, which drives a 1-wire bus.",
    .doc =
        "One request is under way at a time, in order of asking. A device that is not there "
        "makes its own values stale and nothing else; it is read again when it is back. When the "
        "server says nothing for `timeout` the connection is made again.",
    .example = "moat-flow: 1\n"
               "links: {w1: {owserver: localhost}}\n"
               "nodes:\n"
               "  outside: {onewire.read: 28.0123456789AB/temperature, every: 30s}\n"
               "  show: {log: info, from: outside}\n",
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .leads_to = owserver_leads_to,
    .create = owserver_create,
    .start = owserver_start,
    .timeout = owserver_timeout,
    .stats = owserver_stats,
    .stop = owserver_stop,
    .destroy = owserver_destroy,
    .service = &service,
};
