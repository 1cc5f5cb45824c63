/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/fake_mqtt.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "nodes/mqtt/topic.h"

enum { CLIENTS = 16, SESSIONS = 32, SUBS = 64, RETAINED = 64 };

enum event_type { EVENT_OPEN, EVENT_DENIED, EVENT_SUBACK, EVENT_ACK, EVENT_MESSAGE, EVENT_CLOSE };

/* Something on its way to a client. */
struct event {
    enum event_type type;
    int mid, code, qos;
    char *topic, *payload;
    size_t len;
    bool is_retained;
    uint32_t id;
};

struct sub {
    char *filter;
    int qos;
    uint32_t id;
};

struct session {
    char *id;
    struct sub subs[SUBS];
    unsigned sub_count;
    bool is_kept;
    struct mf_mqtt_client *client; /* NULL: away */
    struct event *queue;           /* messages that came while away */
    size_t queue_count, queue_cap;
};

/* A message that a client has not had a confirmation for. */
struct stored {
    int mid, qos;
    char *topic, *payload;
    size_t len;
    bool retain;
};

struct mf_mqtt_client {
    struct mf_mqtt_setup setup; /* texts are owned copies */
    struct mf_mqtt_events events;
    void *self;
    struct session *session;
    enum mf_mqtt_phase phase;
    struct mf_error error;
    struct mf_mqtt_limits limits;
    int fd, next_mid;
    bool is_connected;
    struct event *in; /* not yet read */
    size_t in_count, in_cap;
    struct stored *store;
    size_t store_count, store_cap;
};

struct retained {
    char *topic, *payload;
    size_t len;
    int qos;
};

struct heard {
    char *topic, *payload;
};

static struct broker {
    struct mf_mqtt_client *clients[CLIENTS];
    struct session sessions[SESSIONS];
    unsigned session_count;
    struct retained retained[RETAINED];
    unsigned retained_count;
    struct heard *heard;
    size_t heard_count, heard_cap, streamed;
    struct mf_buf stream;
    unsigned share_turn;
    char last_id[64];
} broker;

struct fake_mqtt fake_mqtt = {.max_qos = 2};

/* ---- the way to a client ---- */

static void event_done(struct event *event)
{
    mf_free(event->topic);
    mf_free(event->payload);
}

static void signal_fd(struct mf_mqtt_client *client)
{
    eventfd_write(client->fd, 1);
}

static void push(struct mf_mqtt_client *client, struct event event)
{
    mf_grow(&client->in, &client->in_cap, client->in_count, sizeof(*client->in));
    client->in[client->in_count++] = event;
    signal_fd(client);
}

static struct event message_event(const char *topic, const void *payload, size_t len, int qos,
                                  bool is_retained, uint32_t id)
{
    return (struct event){.type = EVENT_MESSAGE,
                          .qos = qos,
                          .topic = mf_strdup(topic),
                          .payload = mf_strndup(payload, len),
                          .len = len,
                          .is_retained = is_retained,
                          .id = id};
}

static void send_to(struct session *session, struct event event)
{
    if (session->client) {
        push(session->client, event);
    } else if (session->is_kept && event.qos > 0) {
        mf_grow(&session->queue, &session->queue_cap, session->queue_count,
                sizeof(*session->queue));
        session->queue[session->queue_count++] = event;
    } else {
        event_done(&event);
    }
}

/* ---- messages ---- */

static void keep(const char *topic, const void *payload, size_t len, int qos)
{
    unsigned i = 0;

    while (i < broker.retained_count && strcmp(broker.retained[i].topic, topic) != 0)
        i++;
    if (i < broker.retained_count) {
        mf_free(broker.retained[i].topic);
        mf_free(broker.retained[i].payload);
        broker.retained[i] = broker.retained[--broker.retained_count];
    }
    if (len && broker.retained_count < RETAINED)
        broker.retained[broker.retained_count++] =
            (struct retained){mf_strdup(topic), mf_strndup(payload, len), len, qos};
}

static unsigned members_of(const char *filter)
{
    unsigned count = 0;

    for (unsigned i = 0; i < broker.session_count; i++)
        for (unsigned k = 0; k < broker.sessions[i].sub_count; k++)
            count += strcmp(broker.sessions[i].subs[k].filter, filter) == 0;
    return count;
}

/* Of a shared group one member has its turn. */
static bool is_its_turn(const char *filter, unsigned member)
{
    return !mf_mqtt_is_shared(filter) || member == broker.share_turn % members_of(filter);
}

static void spread(const char *topic, const void *payload, size_t len, int qos)
{
    unsigned member = 0;

    for (unsigned i = 0; i < broker.session_count; i++)
        for (unsigned k = 0; k < broker.sessions[i].sub_count; k++) {
            const struct sub *sub = &broker.sessions[i].subs[k];

            if (!mf_mqtt_matches(sub->filter, topic) ||
                !is_its_turn(sub->filter, mf_mqtt_is_shared(sub->filter) ? member++ : 0))
                continue;
            send_to(&broker.sessions[i],
                    message_event(topic, payload, len, qos < sub->qos ? qos : sub->qos, false,
                                  sub->id));
        }
    broker.share_turn++;
}

static void take_message(const char *topic, const void *payload, size_t len, int qos, bool retain)
{
    mf_grow(&broker.heard, &broker.heard_cap, broker.heard_count, sizeof(*broker.heard));
    broker.heard[broker.heard_count++] = (struct heard){mf_strdup(topic), mf_strndup(payload, len)};
    if (retain)
        keep(topic, payload, len, qos);
    spread(topic, payload, len, qos);
}

/* ---- sessions ---- */

static void session_clear(struct session *session)
{
    for (unsigned i = 0; i < session->sub_count; i++)
        mf_free(session->subs[i].filter);
    for (size_t i = 0; i < session->queue_count; i++)
        event_done(&session->queue[i]);
    session->sub_count = 0;
    session->queue_count = 0;
}

static struct session *session_of(const char *id)
{
    for (unsigned i = 0; i < broker.session_count; i++)
        if (strcmp(broker.sessions[i].id, id) == 0)
            return &broker.sessions[i];
    if (broker.session_count == SESSIONS)
        mf_out_of_memory();
    broker.sessions[broker.session_count].id = mf_strdup(id);
    return &broker.sessions[broker.session_count++];
}

/* The connection ends; `says_will` when nobody said goodbye. */
static void leave(struct mf_mqtt_client *client, bool says_will)
{
    struct session *session = client->session;

    if (!client->is_connected)
        return;
    client->is_connected = false;
    session->client = NULL;
    if (!session->is_kept)
        session_clear(session);
    if (says_will && client->setup.will_topic)
        take_message(client->setup.will_topic, client->setup.will_value,
                     strlen(client->setup.will_value), client->setup.will_qos,
                     client->setup.will_retain);
}

static bool may_come_in(const struct mf_mqtt_client *client)
{
    return !fake_mqtt.password ||
           (client->setup.password && strcmp(client->setup.password, fake_mqtt.password) == 0);
}

static void enter(struct mf_mqtt_client *client)
{
    struct session *session = session_of(client->setup.client_id);

    if (session->client && session->client != client) {
        struct mf_mqtt_client *other = session->client;

        leave(other, true);
        push(other, (struct event){.type = EVENT_CLOSE});
    }
    if (client->setup.clean)
        session_clear(session);
    client->limits = (struct mf_mqtt_limits){
        .has_session = !client->setup.clean && session->is_kept,
        .in_flight = client->setup.in_flight,
        .max_packet = fake_mqtt.max_packet,
        .max_qos = fake_mqtt.max_qos,
        .has_retain = !fake_mqtt.has_no_retain,
        .has_ids = client->setup.version == 5 && !fake_mqtt.has_no_ids,
        .has_shared = true,
    };
    if (fake_mqtt.in_flight && fake_mqtt.in_flight < client->limits.in_flight)
        client->limits.in_flight = fake_mqtt.in_flight;
    session->is_kept = !client->setup.clean;
    session->client = client;
    client->session = session;
    client->is_connected = true;
    push(client, (struct event){.type = EVENT_OPEN});
    for (size_t i = 0; i < session->queue_count; i++)
        push(client, session->queue[i]);
    session->queue_count = 0;
}

/* ---- nodes/mqtt/client.h: life ---- */

struct mf_mqtt_client *mf_mqtt_client_new(const struct mf_mqtt_setup *setup,
                                          const struct mf_mqtt_events *events, void *self,
                                          struct mf_error *err)
{
    struct mf_mqtt_client *client = mf_zalloc(sizeof(*client));
    unsigned place = 0;

    client->setup = *setup;
    client->setup.client_id = mf_strdup(setup->client_id);
    client->setup.password = mf_strdup(setup->password);
    client->setup.will_topic = mf_strdup(setup->will_topic);
    client->setup.will_value = mf_strdup(setup->will_value);
    client->events = *events;
    client->self = self;
    client->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    while (place < CLIENTS && broker.clients[place])
        place++;
    if (place == CLIENTS)
        mf_out_of_memory();
    broker.clients[place] = client;
    return client;
}

static void drop_stored(struct mf_mqtt_client *client, size_t i)
{
    mf_free(client->store[i].topic);
    mf_free(client->store[i].payload);
    client->store_count--;
    memmove(&client->store[i], &client->store[i + 1],
            (client->store_count - i) * sizeof(*client->store));
}

void mf_mqtt_client_free(struct mf_mqtt_client *client)
{
    if (!client)
        return;
    leave(client, true);
    for (unsigned i = 0; i < CLIENTS; i++)
        if (broker.clients[i] == client)
            broker.clients[i] = NULL;
    for (size_t i = 0; i < client->in_count; i++)
        event_done(&client->in[i]);
    while (client->store_count)
        drop_stored(client, client->store_count - 1);
    close(client->fd);
    mf_free((void *)(uintptr_t)client->setup.client_id);
    mf_free((void *)(uintptr_t)client->setup.password);
    mf_free((void *)(uintptr_t)client->setup.will_topic);
    mf_free((void *)(uintptr_t)client->setup.will_value);
    mf_free(client->in);
    mf_free(client->store);
    mf_free(client);
}

int mf_mqtt_client_connect(struct mf_mqtt_client *client, const atomic_bool *is_abandoned,
                           struct mf_error *err)
{
    fake_mqtt.connects++;
    snprintf(broker.last_id, sizeof(broker.last_id), "%s", client->setup.client_id);
    fake_mqtt.last_id = broker.last_id;
    if (fake_mqtt.is_away)
        return mf_fail(err, MF_ELINK, "nobody listens");
    client->phase = MF_MQTT_GREETED;
    if (fake_mqtt.is_mute)
        return 0;
    if (may_come_in(client))
        enter(client);
    else
        push(client, (struct event){.type = EVENT_DENIED});
    return 0;
}

/* ---- looking ---- */

enum mf_mqtt_phase mf_mqtt_client_phase(const struct mf_mqtt_client *client)
{
    return client->phase;
}

const struct mf_error *mf_mqtt_client_error(const struct mf_mqtt_client *client)
{
    return &client->error;
}

const struct mf_mqtt_limits *mf_mqtt_client_limits(const struct mf_mqtt_client *client)
{
    return &client->limits;
}

int mf_mqtt_client_fd(const struct mf_mqtt_client *client)
{
    return client->phase == MF_MQTT_CLOSED ? -1 : client->fd;
}

bool mf_mqtt_client_wants_write(const struct mf_mqtt_client *client)
{
    return fake_mqtt.is_blocked && client->phase == MF_MQTT_OPEN;
}

/* ---- reading ---- */

static void confirm(struct mf_mqtt_client *client, int mid, int code)
{
    push(client, (struct event){.type = EVENT_ACK, .mid = mid, .code = code});
}

static int code_for(const char *topic)
{
    return fake_mqtt.denied && strcmp(fake_mqtt.denied, topic) == 0 ? MF_EDENIED : MF_OK;
}

static void hand_over(struct mf_mqtt_client *client, const struct stored *stored)
{
    if (code_for(stored->topic) == MF_OK)
        take_message(stored->topic, stored->payload, stored->len, stored->qos, stored->retain);
    if (!fake_mqtt.holds_acks)
        confirm(client, stored->mid, code_for(stored->topic));
}

static void close_now(struct mf_mqtt_client *client, int code, const char *text)
{
    leave(client, true);
    client->phase = MF_MQTT_CLOSED;
    mf_fail(&client->error, code, "%s", text);
    for (size_t i = 0; i < client->in_count; i++)
        event_done(&client->in[i]);
    client->in_count = 0;
}

static void open_now(struct mf_mqtt_client *client)
{
    client->phase = MF_MQTT_OPEN;
    for (size_t i = 0; i < client->store_count; i++) {
        fake_mqtt.repeats++;
        hand_over(client, &client->store[i]);
    }
}

static void settle_stored(struct mf_mqtt_client *client, int mid)
{
    for (size_t i = 0; i < client->store_count; i++)
        if (client->store[i].mid == mid) {
            drop_stored(client, i);
            return;
        }
}

static void process(struct mf_mqtt_client *client, const struct event *event)
{
    struct mf_mqtt_message message = {.topic = event->topic,
                                      .payload = event->payload,
                                      .len = event->len,
                                      .qos = event->qos,
                                      .is_retained = event->is_retained};
    const char *reason = event->code == MF_OK ? NULL : "Not authorized";

    switch (event->type) {
    case EVENT_OPEN:
        open_now(client);
        break;
    case EVENT_DENIED:
        close_now(client, MF_EDENIED, "the broker refused the login");
        break;
    case EVENT_CLOSE:
        close_now(client, MF_ELINK, "the broker closed the connection");
        break;
    case EVENT_SUBACK:
        client->events.subscribed(client->self, event->mid, event->code, reason);
        break;
    case EVENT_ACK:
        settle_stored(client, event->mid);
        client->events.acked(client->self, event->mid, event->code, reason);
        break;
    default:
        message.id_count = event->id && client->limits.has_ids;
        message.ids[0] = event->id;
        client->events.message(client->self, &message);
        break;
    }
}

/* One event at a time, as the library reads one packet. */
void mf_mqtt_client_read(struct mf_mqtt_client *client)
{
    struct event event;
    eventfd_t ignored;

    eventfd_read(client->fd, &ignored);
    if (client->phase == MF_MQTT_CLOSED || !client->in_count)
        return;
    event = client->in[0];
    client->in_count--;
    memmove(&client->in[0], &client->in[1], client->in_count * sizeof(*client->in));
    if (client->in_count)
        signal_fd(client);
    process(client, &event);
    event_done(&event);
}

void mf_mqtt_client_write(struct mf_mqtt_client *client)
{
}

void mf_mqtt_client_misc(struct mf_mqtt_client *client)
{
    fake_mqtt.pings++;
}

/* ---- asking ---- */

static int is_open(const struct mf_mqtt_client *client, struct mf_error *err)
{
    return client->phase == MF_MQTT_OPEN && client->is_connected
               ? 0
               : mf_fail(err, MF_ELINK, "not connected");
}

static struct sub *sub_of(struct session *session, const char *filter)
{
    for (unsigned i = 0; i < session->sub_count; i++)
        if (strcmp(session->subs[i].filter, filter) == 0)
            return &session->subs[i];
    if (session->sub_count == SUBS)
        mf_out_of_memory();
    session->subs[session->sub_count] = (struct sub){.filter = mf_strdup(filter)};
    return &session->subs[session->sub_count++];
}

int mf_mqtt_client_subscribe(struct mf_mqtt_client *client, const char *filter, int qos,
                             uint32_t id, unsigned flags, int *ret_mid, struct mf_error *err)
{
    struct sub *sub;
    int rc = is_open(client, err), code = code_for(filter);

    if (rc < 0)
        return rc;
    fake_mqtt.subscribes++;
    *ret_mid = ++client->next_mid;
    push(client, (struct event){.type = EVENT_SUBACK, .mid = *ret_mid, .code = code});
    if (code != MF_OK)
        return 0;
    sub = sub_of(client->session, filter);
    sub->qos = qos;
    sub->id = id;
    for (unsigned i = 0; i < broker.retained_count; i++) {
        const struct retained *kept = &broker.retained[i];

        if (mf_mqtt_matches(filter, kept->topic) && !mf_mqtt_is_shared(filter) &&
            !((flags & MF_MQTT_SKIP_RETAINED) && client->setup.version == 5))
            push(client, message_event(kept->topic, kept->payload, kept->len,
                                       kept->qos < qos ? kept->qos : qos, true, id));
    }
    return 0;
}

int mf_mqtt_client_unsubscribe(struct mf_mqtt_client *client, const char *filter,
                               struct mf_error *err)
{
    struct session *session = client->session;
    struct sub *sub;
    int rc = is_open(client, err);

    if (rc < 0)
        return rc;
    fake_mqtt.unsubscribes++;
    sub = sub_of(session, filter);
    mf_free(sub->filter);
    *sub = session->subs[--session->sub_count];
    return 0;
}

int mf_mqtt_client_publish(struct mf_mqtt_client *client, const char *topic, const void *payload,
                           size_t len, int qos, bool retain, int *ret_mid, struct mf_error *err)
{
    struct stored stored = {.qos = qos, .len = len, .retain = retain};
    int rc = is_open(client, err);

    if (rc < 0)
        return rc;
    if (client->limits.max_packet && len > client->limits.max_packet)
        return mf_fail(err, MF_EINVAL, "too large");
    fake_mqtt.publishes++;
    *ret_mid = ++client->next_mid;
    if (qos == 0) {
        if (code_for(topic) == MF_OK)
            take_message(topic, payload, len, qos, retain);
        return 0;
    }
    stored.mid = *ret_mid;
    stored.topic = mf_strdup(topic);
    stored.payload = mf_strndup(payload, len);
    mf_grow(&client->store, &client->store_cap, client->store_count, sizeof(*client->store));
    client->store[client->store_count++] = stored;
    hand_over(client, &stored);
    return 0;
}

void mf_mqtt_client_nudge(struct mf_mqtt_client *client)
{
    fake_mqtt.nudges++;
}

void mf_mqtt_client_goodbye(struct mf_mqtt_client *client)
{
    fake_mqtt.goodbyes++;
    leave(client, false);
    push(client, (struct event){.type = EVENT_CLOSE});
}

void mf_mqtt_client_drop(struct mf_mqtt_client *client, const struct mf_error *why)
{
    close_now(client, why->code, why->text);
}

/* ---- what tests ask for ---- */

void fake_mqtt_reset(void)
{
    for (unsigned i = 0; i < broker.session_count; i++) {
        session_clear(&broker.sessions[i]);
        mf_free(broker.sessions[i].queue);
        mf_free(broker.sessions[i].id);
    }
    for (unsigned i = 0; i < broker.retained_count; i++) {
        mf_free(broker.retained[i].topic);
        mf_free(broker.retained[i].payload);
    }
    for (size_t i = 0; i < broker.heard_count; i++) {
        mf_free(broker.heard[i].topic);
        mf_free(broker.heard[i].payload);
    }
    mf_free(broker.heard);
    mf_buf_done(&broker.stream);
    memset(&broker, 0, sizeof(broker));
    fake_mqtt = (struct fake_mqtt){.max_qos = 2};
}

void fake_mqtt_ack(unsigned count)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct mf_mqtt_client *client = broker.clients[i];

        for (size_t k = 0; client && k < client->store_count && count; k++, count--)
            confirm(client, client->store[k].mid, MF_OK);
    }
}

void fake_mqtt_break(void)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct mf_mqtt_client *client = broker.clients[i];

        if (!client || !client->is_connected)
            continue;
        leave(client, true);
        push(client, (struct event){.type = EVENT_CLOSE});
    }
}

void fake_mqtt_say(const char *topic, const char *payload, int qos, bool retain)
{
    if (retain)
        keep(topic, payload, strlen(payload), qos);
    spread(topic, payload, strlen(payload), qos);
}

unsigned fake_mqtt_heard(const char *topic)
{
    unsigned count = 0;

    for (size_t i = 0; i < broker.heard_count; i++)
        count += strcmp(broker.heard[i].topic, topic) == 0;
    return count;
}

const char *fake_mqtt_last(const char *topic)
{
    const char *last = NULL;

    for (size_t i = 0; i < broker.heard_count; i++)
        if (strcmp(broker.heard[i].topic, topic) == 0)
            last = broker.heard[i].payload;
    return last;
}

const char *fake_mqtt_stream(const char *topic)
{
    mf_buf_clear(&broker.stream);
    for (size_t i = broker.streamed; i < broker.heard_count; i++)
        if (strcmp(broker.heard[i].topic, topic) == 0)
            mf_buf_printf(&broker.stream, "%s%s", broker.stream.len ? " " : "",
                          broker.heard[i].payload);
    broker.streamed = broker.heard_count;
    return mf_buf_text(&broker.stream);
}

bool fake_mqtt_has_subscription(const char *filter)
{
    return members_of(filter) > 0;
}
