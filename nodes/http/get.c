/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * http.get: asks a web server at intervals and makes a value of the answer.
 *
 * Between two intervals it asks again, with growing pauses, while the server cannot answer; what is
 * wrong with the request itself is tried again at the next interval only.
 */

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/http/ask.h"
#include "nodes/net/payload.h"
#include "nodes/net/poller.h"

enum { OUT };
enum { TIMER_POLL, TIMER_AGAIN, TIMERS };
enum { CODE_TOGETHER = 220 };

struct config {
    struct mf_http_target target; /* first */
    const char *link;
    struct mf_http_headers headers;
    int64_t every, timeout, max_size;
    int format;
    struct mf_value pick, time;
    bool has_pick, has_time;
};

struct state {
    struct mf_http_ask ask;
    struct mf_http_version version; /* of the value that was said last */
    struct mf_poller poller;
    int64_t time; /* of that value, if it has one of its own */
    uint64_t same, again;
};

/* ---- asking ---- */

static void poll(struct mf_node *node)
{
    struct state *s = mf_node_state(node);
    struct mf_error err = {0};

    if (mf_http_is_busy(&s->ask.request) || mf_node_is_armed(node, TIMER_AGAIN))
        return; /* it is being asked, or shall not be before then */
    mf_http_version_put(&s->version, mf_http_ask_lines(&s->ask));
    if (mf_http_ask_send(&s->ask, node, &err) == MF_ELIMIT)
        mf_node_log(node, MF_LOG_WARNING, "this time it is not asked: %s", err.text);
}

static void get_timeout(struct mf_node *node, unsigned timer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (timer == TIMER_POLL)
        mf_poller_arm(node, TIMER_POLL, c->every);
    else
        s->again++;
    poll(node);
}

/* ---- answers ---- */

static void say(struct mf_node *node, struct mf_value take_value)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    if (c->has_time && !(take_value.type == MF_NUMBER && !isfinite(take_value.number)))
        mf_node_emit_take_at(node, OUT, take_value, s->time);
    else
        mf_node_emit_take(node, OUT, take_value);
}

/* What the output refuses must not be asked for by its version: the last value is an older one. */
static bool is_fit(const struct mf_node *node, const struct mf_value *value)
{
    uint32_t types = mf_node_types(node, OUT);

    if (value->type == MF_NUMBER && !isfinite(value->number))
        return false;
    if (types & MF_T(MF_NUMBER))
        types |= MF_T(MF_INT);
    return types & MF_T(value->type);
}

static void take(struct mf_node *node, const struct mf_http_answer *answer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_payload_reading how = {
        .format = (enum mf_format)c->format,
        .pick = c->has_pick ? &c->pick : NULL,
        .time = c->has_time ? &c->time : NULL,
    };
    struct mf_error why, err;
    struct mf_value value;
    const char *reason;

    if (mf_payload_read(&how, answer->body, answer->len, &value, &s->time, &reason, &why) < 0) {
        mf_http_version_drop(&s->version);
        mf_http_fail_at(&err, s->ask.url, c->target.is_secret, &why);
        mf_node_reject(node, reason, "%s", err.text);
        return;
    }
    if (is_fit(node, &value))
        mf_http_version_take(&s->version, answer);
    else
        mf_http_version_drop(&s->version);
    say(node, value);
}

/* The same answer again, so the same value, which is as fresh as if it had come. */
static void take_same(struct mf_node *node)
{
    const struct mf_msg *last = mf_node_last(node, OUT);
    struct state *s = mf_node_state(node);

    s->same++;
    if (last && (s->version.etag || s->version.modified)) {
        say(node, mf_value_copy(last->value));
        return;
    }
    mf_node_reject(node, mf_reason_missing, "%.*s: status 304, though we have nothing",
                   (int)mf_http_shown(s->ask.url, s->ask.request.is_secret), s->ask.url);
}

/* Not one line for each try. */
static void try_again(struct mf_node *node, const struct mf_http_answer *answer)
{
    struct state *s = mf_node_state(node);
    const struct mf_msg *last = mf_node_last(node, OUT);
    int64_t wait = mf_http_patience_wait(&s->ask.patience, answer->retry_after);
    const char *reason = mf_http_reason(answer);
    struct mf_error err;

    mf_http_say(answer, &s->ask.request, &err);
    if (!last || last->quality == MF_GOOD || last->reason != reason)
        mf_node_log(node, MF_LOG_WARNING, "%s; trying again in %.1f s", err.text,
                    (double)wait / MF_SEC);
    mf_node_arm(node, TIMER_AGAIN, wait);
    mf_node_emit_bad(node, OUT, MF_STALE, reason);
}

static void done(struct mf_http_request *request, const struct mf_http_answer *answer)
{
    struct mf_node *node = request->owner;
    struct state *s = mf_node_state(node);
    enum mf_http_verdict verdict = mf_http_judge(answer);
    struct mf_error err;

    if (mf_http_ask_blame_link(node, request, answer))
        return;
    if (verdict == MF_HTTP_LATER) {
        try_again(node, answer);
    } else {
        s->ask.patience.failures = 0;
        if (verdict == MF_HTTP_GOOD) {
            take(node, answer);
        } else if (verdict == MF_HTTP_SAME) {
            take_same(node);
        } else {
            mf_http_version_drop(&s->version);
            mf_http_say(answer, &s->ask.request, &err);
            mf_node_reject(node, mf_http_reason(answer), "%s", err.text);
        }
    }
    if (mf_node_is_once(node))
        mf_node_ended(node);
}

/* ---- life ---- */

static int get_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int rc;

    s->ask.request =
        (struct mf_http_request){.timeout = c->timeout, .limit = (size_t)c->max_size, .done = done};
    rc = mf_http_ask_begin(&s->ask, node, &c->target, &c->headers, err);
    if (rc < 0)
        return rc;
    mf_list_init(&s->poller.in);
    if (mf_node_link(node))
        mf_poller_begin(&s->poller, mf_http_link_pollers(mf_node_link(node)), node, poll);
    poll(node);
    mf_poller_arm(node, TIMER_POLL, c->every);
    return 0;
}

static void get_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_poller_end(&s->poller);
    mf_http_ask_end(&s->ask);
}

static void get_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_http_version_drop(&s->version);
}

static void get_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);

    put(arg, "answers_unchanged", (double)s->same, true);
    put(arg, "asked_again", (double)s->again, true);
    mf_http_ask_stats(&s->ask, node, put, arg);
}

/* ---- the kind ---- */

static void get_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    mf_http_check_target(&c->target, c->link, check);
    mf_payload_check((enum mf_format)c->format, c->has_pick, c->has_time, check);
}

static void get_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;

    mf_infer_set(infer, OUT, c->has_pick ? MF_T_ANY : mf_format_types((enum mf_format)c->format),
                 NULL);
}

static int64_t get_period(const void *config)
{
    const struct config *c = config;

    return c->every;
}

static const struct mf_port ports[] = {
    {"out", MF_OUT, MF_T_ANY, .summary = "Value of the answer."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    MF_HTTP_OPTION_TARGET,
    MF_HTTP_OPTION_LINK,
    {"every", MF_DURATION(every), .fallback = "1min", MF_LIMITS(0.1, 3.2e9),
     .summary = "Time between two requests."},
    {"format", MF_CHOICE(format, mf_payload_formats), .fallback = "json",
     .summary = "What the answer is."},
    {"pick", MF_PATH_OF(pick), MF_GIVEN(has_pick),
     .summary = "Path of the part to take, such as `main.temp` or `list:0`."},
    {"time", MF_PATH_OF(time), MF_GIVEN(has_time),
     .summary = "Path of the field that says when the value was true; default: when it came."},
    MF_HTTP_OPTION_HEADERS,
    MF_HTTP_OPTION_TIMEOUT,
    MF_HTTP_OPTION_MAX_SIZE,
    {0},
};

const struct mf_kind mf_kind_http_get = {
    .name = "http.get",
    .summary = "Asks a web server at intervals.",
    .doc = "The type of `out` follows from `format`: `number` gives numbers, `bool` truth,\n"
           "`text` text, `raw` bytes; JSON, MessagePack and CBOR give anything, and `type:` says\n"
           "more. `time` reads ISO 8601 text or a number since 1970, as mqtt.subscribe does.\n"
           "\n"
           "**When it fails.** No answer in time, a connection that is cut, and statuses 408,\n"
           "425, 429 and from 500 on make the output stale; the node asks again after 1 s, 2 s,\n"
           "4 s … 60 s, and not before the server's `Retry-After` (up to an hour), also if that\n"
           "is longer than `every`. Other statuses from 400 on, an answer that is not what\n"
           "`format` says or lacks what `pick` names, or one over `max_size`, make it bad (or\n"
           "are dropped with `on_error: drop`) until the next try, after `every`. The log has\n"
           "the status and the first line of what the server says; addresses are shown without\n"
           "what follows the `?`, header lines not at all.\n"
           "\n"
           "**Nothing new.** When the server has said `ETag` or `Last-Modified`, it is asked for\n"
           "what has changed since. Its answer \"not modified\" (304) is the same value said\n"
           "again: fresh, with the time of now, or with that of its `time` field.\n"
           "\n"
           "A node with an address of its own has connections of its own and sends no login. One\n"
           "request at a time: one that takes longer than `every` leaves out the next.\n",
    .example = "moat-flow: 1\n"
               "links:\n"
               "  inverter: {http: http://inverter.lan, timeout: 5s}\n"
               "nodes:\n"
               "  power: {http.get: /status, every: 10s, pick: data.power, type: number, unit: W}\n"
               "  price: {http.get: https://prices.example/now, every: 15min, format: number}\n"
               "  show: {log: info, from: [power, price]}\n",
    .link = &mf_link_kind_http,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .is_alone = mf_http_is_alone,
    .check = get_check,
    .infer = get_infer,
    .period = get_period,
    .start = get_start,
    .timeout = get_timeout,
    .stats = get_stats,
    .stop = get_stop,
    .destroy = get_destroy,
};
