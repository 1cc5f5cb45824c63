/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* nodes/mqtt/client.h on the broker in memory. */

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "nodes/mqtt/topic.h"
#include "tests/support/fake_mqtt_priv.h"

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
    while (place < CLIENTS && fake_broker.clients[place])
        place++;
    if (place == CLIENTS)
        mf_out_of_memory();
    fake_broker.clients[place] = client;
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
    fake_leave(client, true);
    for (unsigned i = 0; i < CLIENTS; i++)
        if (fake_broker.clients[i] == client)
            fake_broker.clients[i] = NULL;
    for (size_t i = 0; i < client->in_count; i++)
        fake_event_done(&client->in[i]);
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

static bool may_come_in(const struct mf_mqtt_client *client)
{
    return !fake_mqtt.password ||
           (client->setup.password && strcmp(client->setup.password, fake_mqtt.password) == 0);
}

int mf_mqtt_client_connect(struct mf_mqtt_client *client, const atomic_bool *is_abandoned,
                           struct mf_error *err)
{
    fake_mqtt.connects++;
    snprintf(fake_broker.last_id, sizeof(fake_broker.last_id), "%s", client->setup.client_id);
    fake_mqtt.last_id = fake_broker.last_id;
    if (fake_mqtt.is_away)
        return mf_fail(err, MF_ELINK, "nobody listens");
    client->phase = MF_MQTT_GREETED;
    if (fake_mqtt.is_mute)
        return 0;
    if (may_come_in(client))
        fake_enter(client);
    else
        fake_push(client, (struct event){.type = EVENT_DENIED});
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
    fake_push(client, (struct event){.type = EVENT_ACK, .mid = mid, .code = code});
}

static int code_for(const char *topic)
{
    return fake_mqtt.denied && strcmp(fake_mqtt.denied, topic) == 0 ? MF_EDENIED : MF_OK;
}

static void hand_over(struct mf_mqtt_client *client, const struct stored *stored)
{
    if (code_for(stored->topic) == MF_OK)
        fake_take(stored->topic, stored->payload, stored->len, stored->qos, stored->retain);
    if (!fake_mqtt.holds_acks)
        confirm(client, stored->mid, code_for(stored->topic));
}

static void close_now(struct mf_mqtt_client *client, int code, const char *text)
{
    fake_leave(client, true);
    client->phase = MF_MQTT_CLOSED;
    mf_fail(&client->error, code, "%s", text);
    for (size_t i = 0; i < client->in_count; i++)
        fake_event_done(&client->in[i]);
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
        eventfd_write(client->fd, 1);
    process(client, &event);
    fake_event_done(&event);
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
    fake_push(client, (struct event){.type = EVENT_SUBACK, .mid = *ret_mid, .code = code});
    if (code != MF_OK)
        return 0;
    sub = sub_of(client->session, filter);
    sub->qos = qos;
    sub->id = id;
    for (unsigned i = 0; i < fake_broker.retained_count; i++) {
        const struct retained *kept = &fake_broker.retained[i];

        if (mf_mqtt_matches(filter, kept->topic) && !mf_mqtt_is_shared(filter) &&
            !((flags & MF_MQTT_SKIP_RETAINED) && client->setup.version == 5))
            fake_push(client, fake_message(kept->topic, kept->payload, kept->len,
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
            fake_take(topic, payload, len, qos, retain);
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
    fake_leave(client, false);
    fake_push(client, (struct event){.type = EVENT_CLOSE});
}

void mf_mqtt_client_drop(struct mf_mqtt_client *client, const struct mf_error *why)
{
    close_now(client, why->code, why->text);
}
