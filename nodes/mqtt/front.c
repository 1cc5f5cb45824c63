/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The two commands. `pub` reads its inputs one after the other and takes no more
 * than the broker confirms; `sub` prints until it has what was asked for.
 */

#include "nodes/mqtt/front.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "nodes/mqtt/evaluate.h"
#include "nodes/mqtt/session.h"
#include "nodes/mqtt/topic.h"
#include "nodes/net/payload.h"

enum { CHUNK = 65536, SHOWN = 100000 };
#define MESSAGE_MAX (16u * 1024 * 1024) /* bytes of one message that is read */

static int find_codec(const char *name, enum mf_format *ret, struct mf_error *err)
{
    struct mf_nearest nearest;

    *ret = MF_FORMAT_TEXT;
    if (!name || strcmp(name, "utf8") == 0)
        return 0;
    mf_nearest_init(&nearest, name);
    for (const struct mf_choice *choice = mf_payload_formats; choice->name; choice++) {
        *ret = (enum mf_format)choice->value;
        if (strcmp(choice->name, name) == 0)
            return 0;
        mf_nearest_add(&nearest, choice->name);
    }
    if (nearest.best)
        return mf_fail(err, MF_EINVAL, "there is no codec `%s`; did you mean `%s`?", name,
                       nearest.best);
    return mf_fail(err, MF_EINVAL,
                   "there is no codec `%s`, but utf8, json, number, bool, msgpack, cbor, raw",
                   name);
}

/* ---- pub ---- */

struct publishing {
    const struct mf_mqtt_front_pub *pub;
    struct mf_mqtt_session session;
    enum mf_format codec;
    struct mf_buf payload, input; /* input: read, not yet split into lines */
    unsigned unacked;
    struct mf_error refusal; /* of the broker; code 0: none */
};

static void pub_message(void *self, const struct mf_mqtt_message *message)
{
}

static void pub_acked(void *self, int mid, int code, const char *reason)
{
    struct publishing *p = self;

    if (p->unacked)
        p->unacked--;
    if (code != MF_OK)
        mf_fail(&p->refusal, code, "the broker does not take the message: %s", reason);
}

static void pub_subscribed(void *self, int mid, int code, const char *reason)
{
}

static bool is_full(const struct publishing *p)
{
    return p->unacked >= mf_mqtt_client_limits(p->session.client)->in_flight ||
           mf_mqtt_client_wants_write(p->session.client);
}

static int send_bytes(struct publishing *p, const void *payload, size_t len, struct mf_error *err)
{
    const struct mf_mqtt_limits *limits = mf_mqtt_client_limits(p->session.client);
    int qos = p->pub->broker.qos < limits->max_qos ? p->pub->broker.qos : limits->max_qos;
    int mid, rc = 0;

    while (is_full(p) && rc == 0)
        rc = mf_mqtt_session_turn(&p->session, -1, NULL, err);
    if (rc == 0)
        rc = mf_mqtt_client_publish(p->session.client, p->pub->topic, payload, len, qos,
                                    p->pub->retain, &mid, err);
    p->unacked += rc == 0 && qos > 0;
    return rc;
}

static int send_value(struct publishing *p, const struct mf_value *value, struct mf_error *err)
{
    int rc;

    mf_buf_clear(&p->payload);
    rc = mf_encode(p->codec, value, &p->payload, err);
    return rc < 0 ? MF_EINVAL : send_bytes(p, mf_buf_text(&p->payload), p->payload.len, err);
}

/* One text of an input; `is_expr` says whether it stands for something else. */
static int send_text(struct publishing *p, const char *text, size_t len, bool is_expr,
                     struct mf_error *err)
{
    struct mf_value value;
    int rc = 0;

    if (is_expr)
        rc = mf_mqtt_evaluate(text, len, &value, err);
    else if (p->codec == MF_FORMAT_TEXT || p->codec == MF_FORMAT_RAW)
        return send_bytes(p, text, len, err);
    else
        value = mf_value_new_text_n(text, len);
    if (rc == 0) {
        rc = send_value(p, &value, err);
        mf_value_drop(value);
    }
    return rc;
}

/* Sends the whole lines among what was read; at the end of the input the rest, too. */
static int send_lines(struct publishing *p, enum mf_mqtt_front_input input, bool at_end,
                      struct mf_error *err)
{
    size_t start = 0;
    int rc = 0;

    while (start < p->input.len && rc == 0) {
        const char *line = p->input.data + start;
        const char *end = memchr(line, '\n', p->input.len - start);
        size_t len = end ? (size_t)(end - line) : p->input.len - start;

        if (!end && !at_end)
            break;
        start += len + (end != NULL);
        rc = send_text(p, line, len + (end && input == MF_MQTT_INPUT_FILE),
                       input == MF_MQTT_INPUT_STDIN_EXPR, err);
    }
    memmove(p->input.data, p->input.data + start, p->input.len - start);
    p->input.len -= start;
    return rc;
}

static int read_some(struct publishing *p, int fd, bool *ret_end, struct mf_error *err)
{
    char chunk[CHUNK];
    ssize_t got = read(fd, chunk, sizeof(chunk));

    if (got < 0 && errno != EINTR && errno != EAGAIN)
        return mf_fail_sys(err, MF_EIO, errno, "cannot read the input");
    *ret_end = got == 0;
    if (got > 0)
        mf_buf_put(&p->input, chunk, (size_t)got);
    if (p->input.overflow)
        return mf_fail(err, MF_ELIMIT, "a message of the input is longer than %u bytes",
                       MESSAGE_MAX);
    return 0;
}

static int send_input(struct publishing *p, int fd, enum mf_mqtt_front_input input,
                      struct mf_error *err)
{
    bool is_whole = input == MF_MQTT_INPUT_STDIN, at_end = false, is_ready;
    int rc = 0;

    mf_buf_clear(&p->input);
    while (rc == 0 && !at_end) {
        rc = mf_mqtt_session_turn(&p->session, fd, &is_ready, err);
        if (rc == 0 && is_ready)
            rc = read_some(p, fd, &at_end, err);
        if (rc == 0 && is_ready && !is_whole)
            rc = send_lines(p, input, at_end, err);
    }
    if (rc == 0 && is_whole)
        rc = send_bytes(p, mf_buf_text(&p->input), p->input.len, err);
    return rc;
}

static int send_file(struct publishing *p, const char *path, struct mf_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return mf_fail_sys(err, MF_EINVAL, errno, "cannot open `%s`", path);
    rc = send_input(p, fd, MF_MQTT_INPUT_FILE, err);
    close(fd);
    return rc;
}

static int send_item(struct publishing *p, const struct mf_mqtt_front_item *item,
                     struct mf_error *err)
{
    switch (item->input) {
    case MF_MQTT_INPUT_TEXT:
        return send_text(p, item->text, strlen(item->text), false, err);
    case MF_MQTT_INPUT_EXPR:
        return send_text(p, item->text, strlen(item->text), true, err);
    case MF_MQTT_INPUT_FILE:
        return send_file(p, item->text, err);
    default:
        return send_input(p, STDIN_FILENO, item->input, err);
    }
}

static int check_pub(const struct mf_mqtt_front_pub *pub, struct mf_error *err)
{
    struct mf_mqtt_fault fault;
    unsigned stdins = 0;

    if (!pub->topic)
        return mf_fail(err, MF_EINVAL, "the topic is missing");
    fault = mf_mqtt_check_topic(pub->topic, strlen(pub->topic));
    if (fault.text)
        return mf_fail(err, MF_EINVAL, "`%s` is not a topic: %s", pub->topic, fault.text);
    if (!pub->item_count)
        return mf_fail(err, MF_EINVAL, "there is nothing to publish");
    for (size_t i = 0; i < pub->item_count; i++)
        stdins += pub->items[i].input >= MF_MQTT_INPUT_STDIN;
    if (stdins > 1)
        return mf_fail(err, MF_EINVAL, "standard input can be read in one way only");
    return 0;
}

int mf_mqtt_front_pub(const struct mf_mqtt_front_pub *pub, struct mf_error *err)
{
    static const struct mf_mqtt_events events = {pub_message, pub_acked, pub_subscribed};
    struct publishing p = {.pub = pub, .input = {.limit = MESSAGE_MAX}};
    int rc = check_pub(pub, err);

    if (rc == 0)
        rc = find_codec(pub->broker.codec, &p.codec, err);
    if (rc == 0)
        rc = mf_mqtt_session_open(&p.session, &pub->broker, &events, &p, err);
    for (size_t i = 0; i < pub->item_count && rc == 0; i++)
        rc = send_item(&p, &pub->items[i], err);
    while (rc == 0 && (p.unacked || mf_mqtt_client_wants_write(p.session.client)))
        rc = mf_mqtt_session_turn(&p.session, -1, NULL, err);
    if (rc == 0 && p.refusal.code) {
        *err = p.refusal;
        rc = err->code;
    }
    mf_mqtt_session_close(&p.session);
    mf_buf_done(&p.payload);
    mf_buf_done(&p.input);
    return rc;
}

/* ---- sub ---- */

struct subscribing {
    const struct mf_mqtt_front_sub *sub;
    struct mf_mqtt_session session;
    enum mf_format codec;
    struct mf_buf line;
    int64_t *left; /* messages to come, per filter */
    int *mids;     /* of SUBSCRIBE, per filter */
    bool is_over;  /* nothing is left */
    struct mf_error refusal;
};

static void put_line(struct subscribing *s, const struct mf_mqtt_message *message)
{
    struct mf_value value;
    const char *text;
    size_t len;

    mf_buf_clear(&s->line);
    mf_text_printable(&s->line, message->topic, strlen(message->topic), SHOWN);
    if (mf_decode(s->codec, message->payload, message->len, &value, NULL) < 0) {
        mf_buf_puts(&s->line, "\tR\t");
        mf_text_printable(&s->line, message->payload, message->len, SHOWN);
    } else if (value.type == MF_TEXT) {
        mf_buf_puts(&s->line, "\tU\t");
        text = mf_value_text(&value, &len);
        mf_text_quote_json(&s->line, text, len);
        mf_value_drop(value);
    } else {
        mf_buf_puts(&s->line, value.type == MF_BYTES ? "\tB\t" : "\t-\t");
        mf_value_print(&value, &s->line);
        mf_value_drop(value);
    }
    s->sub->print(s->sub->arg, mf_buf_text(&s->line), s->line.len);
}

/* Brokers may send a copy per filter, and say in version 5 which one it is for. */
static bool is_for(const struct subscribing *s, size_t filter,
                   const struct mf_mqtt_message *message)
{
    bool is_listed = message->id_count == 0;

    for (unsigned i = 0; i < message->id_count; i++)
        is_listed |= message->ids[i] == filter + 1;
    return is_listed && mf_mqtt_matches(s->sub->filters[filter], message->topic);
}

/* A message counts for each filter that it came for and that still wants some. */
static void sub_message(void *self, const struct mf_mqtt_message *message)
{
    struct subscribing *s = self;
    bool is_wanted = false;
    int64_t left = 0;

    for (size_t i = 0; i < s->sub->filter_count; i++) {
        if (s->left[i] > 0 && is_for(s, i, message)) {
            is_wanted = true;
            s->left[i]--;
        }
        left += s->left[i];
    }
    if (s->sub->count == 0 || is_wanted)
        put_line(s, message);
    s->is_over = s->sub->count > 0 && left == 0;
}

static void sub_acked(void *self, int mid, int code, const char *reason)
{
}

static void sub_subscribed(void *self, int mid, int code, const char *reason)
{
    struct subscribing *s = self;

    for (size_t i = 0; i < s->sub->filter_count && code != MF_OK; i++)
        if (s->mids[i] == mid)
            mf_fail(&s->refusal, code, "the broker refuses the subscription to `%s`: %s",
                    s->sub->filters[i], reason);
}

static int check_sub(const struct mf_mqtt_front_sub *sub, struct mf_error *err)
{
    if (!sub->filter_count)
        return mf_fail(err, MF_EINVAL, "the topic is missing");
    if (sub->count < 0)
        return mf_fail(err, MF_EINVAL, "the number of messages is 0 or more");
    for (size_t i = 0; i < sub->filter_count; i++) {
        const char *filter = sub->filters[i];
        struct mf_mqtt_fault fault = mf_mqtt_check_filter(filter, strlen(filter));

        if (fault.text)
            return mf_fail(err, MF_EINVAL, "`%s` is not a topic filter: %s", filter, fault.text);
    }
    return 0;
}

int mf_mqtt_front_sub(const struct mf_mqtt_front_sub *sub, struct mf_error *err)
{
    static const struct mf_mqtt_events events = {sub_message, sub_acked, sub_subscribed};
    struct subscribing s = {.sub = sub};
    int rc = check_sub(sub, err);

    s.left = mf_calloc_array(sub->filter_count + 1, sizeof(*s.left));
    s.mids = mf_calloc_array(sub->filter_count + 1, sizeof(*s.mids));
    if (rc == 0)
        rc = find_codec(sub->broker.codec, &s.codec, err);
    if (rc == 0)
        rc = mf_mqtt_session_open(&s.session, &sub->broker, &events, &s, err);
    for (size_t i = 0; i < sub->filter_count && rc == 0; i++) {
        s.left[i] = sub->count;
        rc = mf_mqtt_client_subscribe(s.session.client, sub->filters[i], sub->broker.qos,
                                      (uint32_t)i + 1, 0, &s.mids[i], err);
    }
    while (rc == 0 && !s.is_over && !s.refusal.code)
        rc = mf_mqtt_session_turn(&s.session, -1, NULL, err);
    if (rc == 0 && s.refusal.code) {
        *err = s.refusal;
        rc = err->code;
    }
    mf_mqtt_session_close(&s.session);
    mf_buf_done(&s.line);
    mf_free(s.left);
    mf_free(s.mids);
    return rc;
}
