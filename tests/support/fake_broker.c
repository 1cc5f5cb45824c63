/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The broker: sessions, subscriptions, what is retained, and what tests ask it for. */

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "engine/base/alloc.h"
#include "nodes/mqtt/topic.h"
#include "tests/support/fake_mqtt_priv.h"

struct broker fake_broker;
struct fake_mqtt fake_mqtt = {.max_qos = 2};

/* ---- the way to a client ---- */

void fake_event_done(struct event *event)
{
    mf_free(event->topic);
    mf_free(event->payload);
}

static void signal_fd(struct mf_mqtt_client *client)
{
    eventfd_write(client->fd, 1);
}

void fake_push(struct mf_mqtt_client *client, struct event event)
{
    mf_grow(&client->in, &client->in_cap, client->in_count, sizeof(*client->in));
    client->in[client->in_count++] = event;
    signal_fd(client);
}

struct event fake_message(const char *topic, const void *payload, size_t len, int qos,
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
        fake_push(session->client, event);
    } else if (session->is_kept && event.qos > 0) {
        mf_grow(&session->queue, &session->queue_cap, session->queue_count,
                sizeof(*session->queue));
        session->queue[session->queue_count++] = event;
    } else {
        fake_event_done(&event);
    }
}

/* ---- messages ---- */

static void keep(const char *topic, const void *payload, size_t len, int qos)
{
    unsigned i = 0;

    while (i < fake_broker.retained_count && strcmp(fake_broker.retained[i].topic, topic) != 0)
        i++;
    if (i < fake_broker.retained_count) {
        mf_free(fake_broker.retained[i].topic);
        mf_free(fake_broker.retained[i].payload);
        fake_broker.retained[i] = fake_broker.retained[--fake_broker.retained_count];
    }
    if (len && fake_broker.retained_count < RETAINED)
        fake_broker.retained[fake_broker.retained_count++] =
            (struct retained){mf_strdup(topic), mf_strndup(payload, len), len, qos};
}

static unsigned members_of(const char *filter)
{
    unsigned count = 0;

    for (unsigned i = 0; i < fake_broker.session_count; i++)
        for (unsigned k = 0; k < fake_broker.sessions[i].sub_count; k++)
            count += strcmp(fake_broker.sessions[i].subs[k].filter, filter) == 0;
    return count;
}

/* Of a shared group one member has its turn. */
static bool is_its_turn(const char *filter, unsigned member)
{
    return !mf_mqtt_is_shared(filter) || member == fake_broker.share_turn % members_of(filter);
}

static void spread(const char *topic, const void *payload, size_t len, int qos)
{
    unsigned member = 0;

    for (unsigned i = 0; i < fake_broker.session_count; i++)
        for (unsigned k = 0; k < fake_broker.sessions[i].sub_count; k++) {
            const struct sub *sub = &fake_broker.sessions[i].subs[k];

            if (!mf_mqtt_matches(sub->filter, topic) ||
                !is_its_turn(sub->filter, mf_mqtt_is_shared(sub->filter) ? member++ : 0))
                continue;
            send_to(
                &fake_broker.sessions[i],
                fake_message(topic, payload, len, qos < sub->qos ? qos : sub->qos, false, sub->id));
        }
    fake_broker.share_turn++;
}

void fake_take(const char *topic, const void *payload, size_t len, int qos, bool retain)
{
    mf_grow(&fake_broker.heard, &fake_broker.heard_cap, fake_broker.heard_count,
            sizeof(*fake_broker.heard));
    fake_broker.heard[fake_broker.heard_count++] =
        (struct heard){mf_strdup(topic), mf_strndup(payload, len)};
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
        fake_event_done(&session->queue[i]);
    session->sub_count = 0;
    session->queue_count = 0;
}

static struct session *session_of(const char *id)
{
    for (unsigned i = 0; i < fake_broker.session_count; i++)
        if (strcmp(fake_broker.sessions[i].id, id) == 0)
            return &fake_broker.sessions[i];
    if (fake_broker.session_count == SESSIONS)
        mf_out_of_memory();
    fake_broker.sessions[fake_broker.session_count].id = mf_strdup(id);
    return &fake_broker.sessions[fake_broker.session_count++];
}

/* The connection ends; `says_will` when nobody said goodbye. */
void fake_leave(struct mf_mqtt_client *client, bool says_will)
{
    struct session *session = client->session;

    if (!client->is_connected)
        return;
    client->is_connected = false;
    session->client = NULL;
    if (!session->is_kept)
        session_clear(session);
    if (says_will && client->setup.will_topic)
        fake_take(client->setup.will_topic, client->setup.will_value,
                  strlen(client->setup.will_value), client->setup.will_qos,
                  client->setup.will_retain);
}

void fake_enter(struct mf_mqtt_client *client)
{
    struct session *session = session_of(client->setup.client_id);

    if (session->client && session->client != client) {
        struct mf_mqtt_client *other = session->client;

        fake_leave(other, true);
        fake_push(other, (struct event){.type = EVENT_CLOSE});
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
    fake_push(client, (struct event){.type = EVENT_OPEN});
    for (size_t i = 0; i < session->queue_count; i++)
        fake_push(client, session->queue[i]);
    session->queue_count = 0;
}

/* ---- what tests ask for ---- */

void fake_mqtt_reset(void)
{
    for (unsigned i = 0; i < fake_broker.session_count; i++) {
        session_clear(&fake_broker.sessions[i]);
        mf_free(fake_broker.sessions[i].queue);
        mf_free(fake_broker.sessions[i].id);
    }
    for (unsigned i = 0; i < fake_broker.retained_count; i++) {
        mf_free(fake_broker.retained[i].topic);
        mf_free(fake_broker.retained[i].payload);
    }
    for (size_t i = 0; i < fake_broker.heard_count; i++) {
        mf_free(fake_broker.heard[i].topic);
        mf_free(fake_broker.heard[i].payload);
    }
    mf_free(fake_broker.heard);
    mf_buf_done(&fake_broker.stream);
    memset(&fake_broker, 0, sizeof(fake_broker));
    fake_mqtt = (struct fake_mqtt){.max_qos = 2};
}

void fake_mqtt_ack(unsigned count)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct mf_mqtt_client *client = fake_broker.clients[i];

        for (size_t k = 0; client && k < client->store_count && count; k++, count--)
            fake_push(client, (struct event){.type = EVENT_ACK, .mid = client->store[k].mid});
    }
}

void fake_mqtt_break(void)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct mf_mqtt_client *client = fake_broker.clients[i];

        if (!client || !client->is_connected)
            continue;
        fake_leave(client, true);
        fake_push(client, (struct event){.type = EVENT_CLOSE});
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

    for (size_t i = 0; i < fake_broker.heard_count; i++)
        count += strcmp(fake_broker.heard[i].topic, topic) == 0;
    return count;
}

const char *fake_mqtt_last(const char *topic)
{
    const char *last = NULL;

    for (size_t i = 0; i < fake_broker.heard_count; i++)
        if (strcmp(fake_broker.heard[i].topic, topic) == 0)
            last = fake_broker.heard[i].payload;
    return last;
}

const char *fake_mqtt_stream(const char *topic)
{
    mf_buf_clear(&fake_broker.stream);
    for (size_t i = fake_broker.streamed; i < fake_broker.heard_count; i++)
        if (strcmp(fake_broker.heard[i].topic, topic) == 0)
            mf_buf_printf(&fake_broker.stream, "%s%s", fake_broker.stream.len ? " " : "",
                          fake_broker.heard[i].payload);
    fake_broker.streamed = fake_broker.heard_count;
    return mf_buf_text(&fake_broker.stream);
}

bool fake_mqtt_has_subscription(const char *filter)
{
    return members_of(filter) > 0;
}
