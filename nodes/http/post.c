/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * http.post: values go to a web server, one request each, in order.
 *
 * The engine keeps what waits in the node's queue. A letter has left when the server says so with a
 * status of 200 to 299; what the server refuses is a dead letter, and while it cannot answer the
 * same letter is sent again. So one may arrive twice: the answer was lost, not the request.
 */

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "nodes/http/ask.h"
#include "nodes/net/payload.h"

enum { REPLY };
enum { TIMER_AGAIN, TIMERS };
enum { SERVER_ERROR = 500, SERVER_ERRORS = 3 }; /* for one letter; then it is refused */
enum { POST, PUT, PATCH };

struct config {
    struct mf_http_target target; /* first */
    const char *link;
    struct mf_http_headers headers;
    int64_t timeout, max_size;
    int format, reply_format, method;
    bool has_reply_format;
};

struct state {
    struct mf_http_ask ask;
    struct mf_buf body;
    uint64_t letter; /* under way */
    uint64_t failing;
    unsigned server_errors; /* for the letter `failing` */
    uint64_t again;
};

static const struct mf_choice methods[] = {
    {"post", POST, "POST: the server does something with it."},
    {"put", PUT, "PUT: it takes the place of what is there."},
    {"patch", PATCH, "PATCH: it changes a part of what is there."},
    {0},
};
static const char *const method_names[] = {[POST] = "POST", [PUT] = "PUT", [PATCH] = "PATCH"};

static const char *const type_lines[] = {
    [MF_FORMAT_JSON] = "Content-Type: application/json",
    [MF_FORMAT_TEXT] = "Content-Type: text/plain; charset=utf-8",
    [MF_FORMAT_NUMBER] = "Content-Type: text/plain; charset=utf-8",
    [MF_FORMAT_BOOL] = "Content-Type: text/plain; charset=utf-8",
    [MF_FORMAT_MSGPACK] = "Content-Type: application/msgpack",
    [MF_FORMAT_CBOR] = "Content-Type: application/cbor",
    [MF_FORMAT_RAW] = "Content-Type: application/octet-stream",
};

/* ---- letters ---- */

static int post_deliver(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_error why;
    int rc;

    if (mf_http_is_busy(&s->ask.request) || mf_node_is_armed(node, TIMER_AGAIN))
        return MF_ELINK; /* one at a time; the node is woken */
    mf_buf_clear(&s->body);
    rc = mf_encode((enum mf_format)c->format, &letter->msg.value, &s->body, &why);
    if (rc < 0)
        return mf_http_fail_at(err, s->ask.url, c->target.is_secret, &why);
    s->ask.request.body = mf_buf_text(&s->body);
    s->ask.request.len = s->body.len;
    s->letter = letter->number;
    rc = mf_http_ask_send(&s->ask, node, err);
    if (rc == 0)
        return MF_DELIVER_PENDING;
    if (rc == MF_ELIMIT)
        mf_node_arm(node, TIMER_AGAIN, MF_HTTP_WAIT_FIRST);
    return MF_ELINK;
}

static void take_reply(struct mf_node *node, const struct mf_http_answer *answer)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_payload_reading how = {
        .format = (enum mf_format)(c->has_reply_format ? c->reply_format : c->format)};
    struct mf_error why, err;
    struct mf_value value;
    const char *reason;

    if (!mf_node_output_is_read(node, REPLY) || answer->len == 0)
        return;
    if (mf_payload_read(&how, answer->body, answer->len, &value, NULL, &reason, &why) == 0) {
        mf_node_emit_take(node, REPLY, value);
        return;
    }
    mf_http_fail_at(&err, s->ask.url, c->target.is_secret, &why);
    mf_node_reject(node, reason, "the reply of %s", err.text);
}

/* An error of the server itself may be about this letter alone, and must not hold up the others
 * for ever. */
static bool is_hopeless(struct state *s, const struct mf_http_answer *answer)
{
    if (answer->code < 0 || answer->status != SERVER_ERROR)
        return false;
    if (s->failing != s->letter)
        s->server_errors = 0;
    s->failing = s->letter;
    return ++s->server_errors >= SERVER_ERRORS;
}

static void try_again(struct mf_node *node, const struct mf_http_answer *answer)
{
    struct state *s = mf_node_state(node);
    int64_t wait = mf_http_patience_wait(&s->ask.patience, answer->retry_after);
    struct mf_error err;

    mf_http_say(answer, &s->ask.request, &err);
    mf_node_log(node, MF_LOG_WARNING, "%s; trying again in %.1f s", err.text,
                (double)wait / MF_SEC);
    mf_node_arm(node, TIMER_AGAIN, wait);
    s->again++;
    mf_node_settle(node, s->letter, MF_ELINK, NULL);
}

static void done(struct mf_http_request *request, const struct mf_http_answer *answer)
{
    struct mf_node *node = request->owner;
    struct state *s = mf_node_state(node);
    enum mf_http_verdict verdict = mf_http_judge(answer);
    struct mf_error err;

    if (mf_http_ask_blame_link(node, request, answer)) {
        mf_node_settle(node, s->letter, MF_ELINK, NULL);
        return;
    }
    if (verdict == MF_HTTP_LATER && !is_hopeless(s, answer)) {
        try_again(node, answer);
        return;
    }
    s->ask.patience.failures = 0;
    if (verdict == MF_HTTP_GOOD) {
        take_reply(node, answer);
        mf_node_settle(node, s->letter, MF_OK, NULL);
        return;
    }
    mf_http_say(answer, &s->ask.request, &err);
    mf_node_settle(node, s->letter, MF_EINVAL, err.text);
}

static void post_timeout(struct mf_node *node, unsigned timer)
{
    mf_node_wake(node);
}

/* ---- life ---- */

static int post_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    int rc;

    s->ask.request = (struct mf_http_request){.timeout = c->timeout,
                                              .limit = (size_t)c->max_size,
                                              .method = method_names[c->method],
                                              .done = done};
    rc = mf_http_ask_begin(&s->ask, node, &c->target, &c->headers, err);
    if (rc == 0)
        mf_http_ask_add(&s->ask, type_lines[c->format]);
    return rc;
}

static void post_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_http_ask_end(&s->ask);
}

static void post_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_buf_done(&s->body);
}

static void post_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct state *s = mf_node_state(node);

    put(arg, "sent_again", (double)s->again, true);
    mf_http_ask_stats(&s->ask, node, put, arg);
}

/* ---- the kind ---- */

static void post_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    mf_http_check_target(&c->target, c->link, check);
}

static void post_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    int format = c->has_reply_format ? c->reply_format : c->format;

    mf_infer_set(infer, REPLY, mf_format_types((enum mf_format)format), NULL);
}

static const struct mf_port ports[] = {
    {"in", MF_IN, MF_T_ANY, .flags = MF_PORT_MANY | MF_PORT_NAMED, .summary = "Values to send."},
    {"reply", MF_OUT, MF_T_ANY,
     .summary = "What the server says to one that it has taken; nothing for an empty answer."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    MF_HTTP_OPTION_TARGET,
    MF_HTTP_OPTION_LINK,
    {"format", MF_CHOICE(format, mf_payload_formats), .fallback = "json",
     .summary = "What the body of the request becomes; `Content-Type` follows from it."},
    {"reply_format", MF_CHOICE(reply_format, mf_payload_formats), MF_GIVEN(has_reply_format),
     .summary = "What the server's answer is; default: as `format`."},
    {"method", MF_CHOICE(method, methods), .fallback = "post", .summary = "What is asked for."},
    MF_HTTP_OPTION_HEADERS,
    MF_HTTP_OPTION_TIMEOUT,
    MF_HTTP_OPTION_MAX_SIZE,
    {0},
};

const struct mf_kind mf_kind_http_post = {
    .name = "http.post",
    .summary = "Sends values to a web server.",
    .doc = "One request per value, one after the other. A status of 200 to 299 means that the\n"
           "value has arrived. While the server cannot be reached or answers with 408, 425, 429\n"
           "or from 500 on, values wait in the queue (`queue`, `spool`) and the oldest is sent\n"
           "again after 1 s, 2 s, 4 s … 60 s, and not before the server's `Retry-After` (up to\n"
           "an hour). A value that the server refuses, with another status or three times with\n"
           "500, is a dead letter (`moat-flow dlq`); the log has the status and the first line\n"
           "of what the server says.\n"
           "\n"
           "A value may arrive twice, when the answer to it was lost.\n"
           "\n"
           "Redirects are followed where they keep the request as it is (307, 308); after a 303\n"
           "the reply is fetched from where it is. 301 and 302 would lose the value: they count\n"
           "as refused, and the log says the new address.\n",
    .example =
        "moat-flow: 1\n"
        "links:\n"
        "  tracker: {http: https://tracker.example/api, timeout: 10s}\n"
        "nodes:\n"
        "  house: {sim.home: , every: 30s}\n"
        "  all: {join: , from: {grid: house.grid, soc: house.soc}}\n"
        "  send: {http.post: /reading, from: all, headers: {X-Site: home}, queue: spool 50 MB}\n"
        "  told: {log: info, from: send.reply}\n",
    .link = &mf_link_kind_http,
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SINK,
    .is_alone = mf_http_is_alone,
    .check = post_check,
    .infer = post_infer,
    .start = post_start,
    .deliver = post_deliver,
    .timeout = post_timeout,
    .stats = post_stats,
    .stop = post_stop,
    .destroy = post_destroy,
};
