/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The mqtt link: one connection to a broker, shared by its nodes.
 *
 *   idle ─start()─► connecting ─► greeted ─► up ─stop()─► leaving
 *     ▲             (on the pool)  │          │
 *     └────────────────────────────┴──────────┘  mf_link_down(), then start() again
 *
 * Whatever the client does may close its socket, so the watch is set again
 * after each call; what follows from a lost connection waits until nothing of ours is on the
 * stack any more (settle()), since nodes are in the middle of handing letters over.
 */

#include "nodes/mqtt/link.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/rng.h"
#include "nodes/mqtt/carried.h"
#include "nodes/mqtt/filters.h"
#include "nodes/mqtt/options.h"

#define ANSWER_LIMIT (10 * MF_SEC) /* from CONNECT to the broker's answer */
#define GOODBYE_LIMIT (1 * MF_SEC) /* for the broker to close after DISCONNECT */
#define TICK (1 * MF_SEC)          /* of the library's own clockwork */
enum { CLIENT_ID_BYTES = 200 };

enum stage { IDLE, CONNECTING, GREETED, UP, LEAVING };

struct connect_job {
    struct mf_job job;
    struct mf_link *link;
    struct mf_mqtt_client *client;
    atomic_bool is_abandoned;
    int rc;
    struct mf_error err;
};

struct state {
    struct mf_mqtt_client *client;
    struct mf_watch *watch;
    struct connect_job connect;
    enum stage stage;
    bool is_stopping, is_paused;
    bool has_warned_retain, has_told_leftover; /* once per connection */
    bool is_serving;                           /* waiting writers have their turn */
    int64_t deadline;                          /* mono: of an answer or a goodbye */
    int64_t nudged, misc_from;                 /* mono: see tick() */
    uint64_t connections;
    struct mf_mqtt_filters filters;
    struct mf_mqtt_carried carried;
    struct mf_list waiting; /* of struct mf_mqtt_writer */
};

static void settle(struct mf_link *link);

/* After every call into the client. */
static void watch_again(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    int fd = mf_mqtt_client_fd(s->client);
    unsigned events = s->is_paused ? 0 : MF_WATCH_READ;

    if (fd >= 0 && mf_mqtt_client_wants_write(s->client))
        events |= MF_WATCH_WRITE;
    mf_watch_set(s->watch, fd, fd < 0 ? 0 : events);
    if (mf_mqtt_client_phase(s->client) == MF_MQTT_CLOSED)
        mf_link_arm(link, 0); /* timeout() settles */
}

/* ---- letters ---- */

static bool has_room(const struct mf_link *link, int qos)
{
    const struct state *s = mf_link_state(link);

    return s->stage == UP && mf_mqtt_client_phase(s->client) == MF_MQTT_OPEN &&
           !mf_mqtt_client_wants_write(s->client) &&
           (qos == 0 || s->carried.count < mf_mqtt_client_limits(s->client)->in_flight);
}

/* Writers that were turned away, in order of asking; each may send until there is no room. */
static void serve_waiting(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    while (!mf_list_is_empty(&s->waiting) && has_room(link, 1)) {
        struct mf_mqtt_writer *writer =
            mf_list_entry(s->waiting.next, struct mf_mqtt_writer, waiting);

        mf_list_remove(&writer->waiting);
        s->is_serving = true;
        mf_node_wake(writer->node);
        s->is_serving = false;
    }
}

static void wait_for_room(struct state *s, struct mf_mqtt_writer *writer)
{
    if (writer->waiting.next == &writer->waiting)
        mf_list_append(&s->waiting, &writer->waiting);
}

void mf_mqtt_writer_begin(struct mf_link *link, struct mf_mqtt_writer *writer)
{
    mf_list_init(&writer->waiting);
}

void mf_mqtt_writer_end(struct mf_link *link, struct mf_mqtt_writer *writer)
{
    struct state *s = mf_link_state(link);

    mf_list_remove(&writer->waiting);
    mf_mqtt_carried_orphan(&s->carried, writer->node);
}

/* What the broker cannot do is left out, and said once. */
static struct mf_mqtt_publication fit(struct mf_link *link, struct mf_mqtt_publication publication)
{
    struct state *s = mf_link_state(link);
    const struct mf_mqtt_limits *limits = mf_mqtt_client_limits(s->client);

    if (publication.qos > limits->max_qos)
        publication.qos = limits->max_qos;
    if (publication.retain && !limits->has_retain) {
        publication.retain = false;
        if (!s->has_warned_retain)
            mf_link_log(link, MF_LOG_WARNING,
                        "this broker keeps no messages: `retain: true` has no effect");
        s->has_warned_retain = true;
    }
    return publication;
}

int mf_mqtt_publish(struct mf_link *link, struct mf_mqtt_writer *writer,
                    const struct mf_letter *letter, const struct mf_mqtt_publication *publication,
                    struct mf_error *err)
{
    struct state *s = mf_link_state(link);
    struct mf_mqtt_publication what;
    int mid, rc;

    if (mf_mqtt_carried_has(&s->carried, writer->node, letter))
        return MF_DELIVER_PENDING;
    if (s->stage != UP)
        return MF_ELINK;
    what = fit(link, *publication);
    if (!has_room(link, what.qos) || (!mf_list_is_empty(&s->waiting) && !s->is_serving)) {
        wait_for_room(s, writer);
        return MF_ELINK;
    }
    rc = mf_mqtt_client_publish(s->client, what.topic, what.payload, what.len, what.qos,
                                what.retain, &mid, err);
    watch_again(link);
    if (rc < 0 || what.qos == 0)
        return rc;
    mf_mqtt_carried_add(&s->carried, writer->node, letter->number, mid);
    return MF_DELIVER_PENDING;
}

static void acked(void *self, int mid, int code, const char *reason)
{
    struct state *s = mf_link_state(self);
    struct mf_mqtt_carry carry;
    char text[160];

    if (!mf_mqtt_carried_take(&s->carried, mid, &carry) || !carry.node)
        return;
    if (code != MF_OK)
        snprintf(text, sizeof(text), "the broker does not take it: %s", reason);
    mf_node_settle(carry.node, carry.letter, code, code != MF_OK ? text : NULL);
}

uint64_t mf_mqtt_connection(const struct mf_link *link)
{
    const struct state *s = mf_link_state(link);

    return s->connections;
}

/* ---- messages ---- */

void mf_mqtt_subscribe(struct mf_link *link, struct mf_mqtt_reader *reader, const char *filter,
                       int qos, bool skip_retained)
{
    struct state *s = mf_link_state(link);

    mf_mqtt_filters_add(&s->filters, reader, filter, qos, skip_retained);
    if (s->stage == UP)
        mf_link_arm(link, 0);
}

/* Not at once: in a reload the successor of a node often wants the same filter. */
void mf_mqtt_unsubscribe(struct mf_link *link, struct mf_mqtt_reader *reader)
{
    struct state *s = mf_link_state(link);

    mf_mqtt_filters_remove(&s->filters, reader);
    if (s->stage == UP)
        mf_link_arm(link, 0);
}

static void message(void *self, const struct mf_mqtt_message *message)
{
    struct mf_link *link = self;
    struct state *s = mf_link_state(link);

    if (mf_mqtt_filters_take(&s->filters, message) || s->has_told_leftover || s->stage != UP ||
        s->filters.is_dirty || s->filters.has_dropped ||
        !mf_mqtt_client_limits(s->client)->has_session)
        return;
    s->has_told_leftover = true;
    mf_link_log(link, MF_LOG_NOTICE,
                "a message came on `%s`, which no node asks for: the session has subscriptions of "
                "an earlier flow; connecting once with `clean: true` forgets them",
                message->topic);
}

static void subscribed(void *self, int mid, int code, const char *reason)
{
    struct state *s = mf_link_state(self);

    mf_mqtt_filters_answered(&s->filters, mid, code, reason);
}

/* ---- connecting ---- */

/* `run --read-only`, or a look at the link alone (`validate --env`), which no node hangs on. */
static bool is_only_looking(const struct mf_link *link)
{
    return mf_link_nodes(link) == 0 || mf_node_is_read_only(mf_link_node(link, 0));
}

/* The same at each start, so that the broker knows the session again; something of its own for a
 * session that is not to be known again, and for a look beside the engine that works: two clients
 * of one id throw each other out. */
static void make_client_id(const struct mf_link *link, bool is_passing, char *out, size_t size)
{
    const struct mf_mqtt_options *options = mf_link_config(link);
    char host[64] = "";
    struct mf_rng rng;
    int len;

    gethostname(host, sizeof(host) - 1);
    if (options->client_id)
        len = snprintf(out, size, "%s", options->client_id);
    else
        len = snprintf(out, size, "moat-flow-%s-%s", host, mf_link_name(link));
    if (!is_passing || len < 0 || (size_t)len >= size)
        return;
    mf_rng_seed_random(&rng);
    snprintf(out + len, size - (size_t)len, "-%06llx",
             (unsigned long long)(mf_rng_next(&rng) & 0xffffff));
}

static const struct mf_mqtt_events events = {message, acked, subscribed};

static struct mf_mqtt_client *make_client(struct mf_link *link, struct mf_error *err)
{
    const struct mf_mqtt_options *options = mf_link_config(link);
    bool is_looking = is_only_looking(link);
    struct mf_mqtt_setup setup;
    char id[CLIENT_ID_BYTES];

    mf_mqtt_options_setup(options, &setup);
    make_client_id(link, is_looking || (options->clean && !options->client_id), id, sizeof(id));
    setup.client_id = id;
    setup.in_flight = MF_MQTT_IN_FLIGHT;
    if (is_looking) {
        setup.clean = true;
        setup.will_topic = NULL;
    }
    return mf_mqtt_client_new(&setup, &events, link, err);
}

static void finish(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    s->stage = IDLE;
    mf_watch_free(s->watch);
    s->watch = NULL;
    mf_link_stopped(link);
}

static void connect_run(struct mf_job *job)
{
    struct connect_job *connect = mf_list_entry(job, struct connect_job, job);

    connect->rc = mf_mqtt_client_connect(connect->client, &connect->is_abandoned, &connect->err);
}

static void connect_done(struct mf_job *job)
{
    struct connect_job *connect = mf_list_entry(job, struct connect_job, job);
    struct mf_link *link = connect->link;
    struct state *s = mf_link_state(link);

    if (s->is_stopping) {
        finish(link);
        return;
    }
    if (connect->rc < 0) {
        s->stage = IDLE;
        mf_link_down(link, &connect->err);
        return;
    }
    s->stage = GREETED;
    s->deadline = mf_link_mono(link) + ANSWER_LIMIT;
    mf_link_arm(link, TICK);
    watch_again(link);
}

static void ready(struct mf_link *link, unsigned ready_events)
{
    struct state *s = mf_link_state(link);

    if ((ready_events & MF_WATCH_READ) && !s->is_paused)
        mf_mqtt_client_read(s->client);
    if ((ready_events & MF_WATCH_WRITE) && mf_mqtt_client_fd(s->client) >= 0)
        mf_mqtt_client_write(s->client);
    watch_again(link);
    settle(link);
    serve_waiting(link);
}

static void mqtt_start(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    struct mf_error err = {0};

    if (!s->client)
        s->client = make_client(link, &err);
    if (!s->client) {
        mf_link_down(link, &err);
        return;
    }
    if (!s->watch)
        s->watch = mf_watch_new(link, ready);
    s->stage = CONNECTING;
    s->connect.job.run = connect_run;
    s->connect.job.done = connect_done;
    s->connect.link = link;
    s->connect.client = s->client;
    mf_link_job(link, &s->connect.job);
}

/* The broker has said yes. Subscriptions go out before letters do. */
static void opened(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    const struct mf_mqtt_options *options = mf_link_config(link);
    const struct mf_mqtt_limits *limits = mf_mqtt_client_limits(s->client);

    s->stage = UP;
    s->has_warned_retain = s->has_told_leftover = false;
    s->misc_from = 0;
    if (s->connections++ && !options->clean && !limits->has_session)
        mf_link_log(link, MF_LOG_WARNING,
                    "the broker did not know the session any more: what was sent to us meanwhile "
                    "is lost");
    mf_mqtt_filters_reset(&s->filters, limits);
    mf_mqtt_filters_sync(&s->filters, s->client);
    watch_again(link);
    mf_link_arm(link, TICK);
    mf_link_up(link);
}

static void lost(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    s->stage = IDLE;
    s->is_paused = false;
    while (!mf_list_is_empty(&s->waiting))
        mf_list_remove(s->waiting.next);
    mf_link_down(link, mf_mqtt_client_error(s->client));
}

/* Draws the conclusions from what the client has become. */
static void settle(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    enum mf_mqtt_phase phase;

    if (s->stage == IDLE || s->stage == CONNECTING)
        return;
    phase = mf_mqtt_client_phase(s->client);
    if (phase == MF_MQTT_OPEN && s->stage == GREETED)
        opened(link);
    else if (phase == MF_MQTT_CLOSED && s->stage == LEAVING)
        finish(link);
    else if (phase == MF_MQTT_CLOSED)
        lost(link);
}

/* ---- time ---- */

static void give_up_waiting(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    const struct mf_mqtt_options *options = mf_link_config(link);
    struct mf_error err;

    mf_fail(&err, MF_ETIMEOUT, "%s, port %d, took the connection but does not answer%s",
            options->address.host, options->address.port,
            options->address.is_tls ? "" : ": does that port want TLS (`mqtts://`)?");
    mf_mqtt_client_drop(s->client, &err);
    watch_again(link);
}

/*
 * While reading is paused, the answers to pings stay in the socket, and the
 * library would take the broker for dead. So it is not asked then; to be seen alive by the
 * broker we send something now and then by ourselves. After a pause the answer to a ping from
 * before may lie behind what has piled up, hence the respite.
 */
static void tick(struct mf_link *link)
{
    struct state *s = mf_link_state(link);
    const struct mf_mqtt_options *options = mf_link_config(link);
    int64_t now = mf_link_mono(link);

    if (!s->is_paused && now >= s->misc_from) {
        mf_mqtt_client_misc(s->client);
    } else if (now - s->nudged >= options->keepalive / 2) {
        mf_mqtt_client_nudge(s->client);
        s->nudged = now;
    }
}

static void mqtt_timeout(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    if (s->stage == IDLE || s->stage == CONNECTING)
        return;
    if (s->stage == UP) {
        mf_mqtt_filters_sync(&s->filters, s->client);
        tick(link);
    } else if (mf_link_mono(link) >= s->deadline) {
        give_up_waiting(link);
    }
    mf_link_arm(link, TICK);
    watch_again(link);
    settle(link);
    serve_waiting(link); /* the way may have become free without an event */
}

static void mqtt_pause(struct mf_link *link, bool paused)
{
    struct state *s = mf_link_state(link);
    int64_t now = mf_link_mono(link);
    const struct mf_mqtt_options *options = mf_link_config(link);

    if (s->stage != UP)
        return;
    s->is_paused = paused;
    if (!paused)
        s->misc_from = now + options->keepalive;
    else if (now >= s->misc_from) {
        mf_mqtt_client_nudge(s->client);
        s->nudged = now;
    }
    watch_again(link);
}

/* ---- life ---- */

static int mqtt_create(struct mf_link *link, struct mf_error *err)
{
    struct state *s = mf_link_state(link);

    mf_list_init(&s->waiting);
    return 0;
}

static void mqtt_stop(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    s->is_stopping = true;
    switch (s->stage) {
    case CONNECTING:
        atomic_store(&s->connect.is_abandoned, true); /* done() finishes */
        return;
    case GREETED:
    case UP:
        break;
    default:
        finish(link);
        return;
    }
    s->stage = LEAVING;
    s->is_paused = false;
    s->deadline = mf_link_mono(link) + GOODBYE_LIMIT;
    mf_mqtt_client_goodbye(s->client);
    mf_link_arm(link, GOODBYE_LIMIT);
    watch_again(link);
}

static void mqtt_destroy(struct mf_link *link)
{
    struct state *s = mf_link_state(link);

    mf_watch_free(s->watch);
    mf_mqtt_client_free(s->client);
    mf_mqtt_filters_done(&s->filters);
}

const struct mf_link_kind mf_link_kind_mqtt = {
    .name = "mqtt",
    .summary = "A connection to an MQTT broker.",
    .doc = mf_mqtt_link_doc,
    .example = mf_mqtt_link_example,
    .options = mf_mqtt_link_options,
    .config_size = sizeof(struct mf_mqtt_options),
    .state_size = sizeof(struct state),
    .check = mf_mqtt_link_check,
    .create = mqtt_create,
    .start = mqtt_start,
    .timeout = mqtt_timeout,
    .pause = mqtt_pause,
    .stop = mqtt_stop,
    .destroy = mqtt_destroy,
};
