/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/outsider.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"

enum { LIMIT_S = 60, IN_FLIGHT = 20 };

static int64_t now(void)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return mf_clock_mono(&clock);
}

static void on_message(void *self, const struct mf_mqtt_message *message)
{
    struct outsider *o = self;

    assert_in_range(o->count, 0, OUTSIDER_MAX);
    mf_grow(&o->list, &o->cap, o->count, sizeof(*o->list));
    o->list[o->count++] = (struct outsider_message){
        mf_strdup(message->topic),
        mf_strndup(message->payload, message->len),
        message->is_retained,
        message->id_count,
    };
}

static void on_acked(void *self, int mid, int code, const char *reason)
{
    struct outsider *o = self;

    if (o->unacked)
        o->unacked--;
    if (code != MF_OK)
        o->refused = code;
}

static void on_subscribed(void *self, int mid, int code, const char *reason)
{
    struct outsider *o = self;

    o->answer_mid = mid;
    o->answer_code = code;
}

void outsider_turn(struct outsider *outsider, int ms)
{
    struct mf_mqtt_client *client = outsider->client;
    struct pollfd poll_fd = {.fd = mf_mqtt_client_fd(client), .events = POLLIN};

    if (mf_mqtt_client_wants_write(client))
        poll_fd.events |= POLLOUT;
    poll(&poll_fd, 1, ms);
    if (poll_fd.revents & (POLLIN | POLLERR | POLLHUP))
        mf_mqtt_client_read(client);
    if ((poll_fd.revents & POLLOUT) && mf_mqtt_client_fd(client) >= 0)
        mf_mqtt_client_write(client);
}

static void turn(struct outsider *o, int64_t deadline)
{
    if (mf_mqtt_client_phase(o->client) == MF_MQTT_CLOSED)
        fail_msg("the broker is gone: %s", mf_mqtt_client_error(o->client)->text);
    if (now() >= deadline)
        fail_msg("nothing came for %d s", LIMIT_S);
    outsider_turn(o, 1000);
}

static int64_t deadline_from_now(void)
{
    return now() + LIMIT_S * MF_SEC;
}

/* ---- connecting ---- */

static int connect_and_wait(struct outsider *o, struct mf_error *err)
{
    static const atomic_bool never = false;
    int64_t deadline = deadline_from_now();
    int rc = mf_mqtt_client_connect(o->client, &never, err);

    while (rc == 0 && mf_mqtt_client_phase(o->client) == MF_MQTT_GREETED && now() < deadline)
        outsider_turn(o, 1000);
    if (rc == 0 && mf_mqtt_client_phase(o->client) != MF_MQTT_OPEN) {
        *err = *mf_mqtt_client_error(o->client);
        rc = err->code;
    }
    return rc;
}

int outsider_try_open(struct outsider *outsider, const struct outsider_setup *setup,
                      struct mf_error *err)
{
    static const struct mf_mqtt_events events = {on_message, on_acked, on_subscribed};
    struct mf_mqtt_setup full = {
        .host = setup->host ? setup->host : "localhost",
        .port = setup->port,
        .is_tls = setup->ca,
        .ca = setup->ca,
        .client_id = setup->id,
        .login = setup->login,
        .password = setup->password,
        .keepalive = 60,
        .version = setup->version ? setup->version : 5,
        .clean = !setup->keeps_session,
        .expiry = 3600,
        .will_topic = setup->will_topic,
        .will_value = setup->will_value,
        .in_flight = IN_FLIGHT,
    };
    int rc;

    memset(outsider, 0, sizeof(*outsider));
    outsider->client = mf_mqtt_client_new(&full, &events, outsider, err);
    if (!outsider->client)
        return err->code;
    rc = connect_and_wait(outsider, err);
    if (rc < 0)
        outsider_close(outsider);
    return rc;
}

void outsider_open(struct outsider *outsider, const struct outsider_setup *setup)
{
    struct mf_error err;

    if (outsider_try_open(outsider, setup, &err) < 0)
        fail_msg("no connection: %s", err.text);
}

bool outsider_reopen(struct outsider *outsider)
{
    struct mf_error err;

    return connect_and_wait(outsider, &err) == 0;
}

void outsider_close(struct outsider *outsider)
{
    int64_t deadline = deadline_from_now();

    if (outsider->client && mf_mqtt_client_phase(outsider->client) == MF_MQTT_OPEN) {
        mf_mqtt_client_goodbye(outsider->client);
        while (mf_mqtt_client_phase(outsider->client) != MF_MQTT_CLOSED && now() < deadline)
            outsider_turn(outsider, 1000);
    }
    mf_mqtt_client_free(outsider->client);
    for (size_t i = 0; i < outsider->count; i++) {
        mf_free(outsider->list[i].topic);
        mf_free(outsider->list[i].payload);
    }
    mf_free(outsider->list);
    memset(outsider, 0, sizeof(*outsider));
}

/* ---- talking ---- */

int outsider_subscribe(struct outsider *outsider, const char *filter, int qos, uint32_t id,
                       unsigned flags)
{
    int64_t deadline = deadline_from_now();
    struct mf_error err;
    int mid;

    outsider->answer_mid = -1;
    assert_int_equal(mf_mqtt_client_subscribe(outsider->client, filter, qos, id, flags, &mid, &err),
                     0);
    while (outsider->answer_mid != mid)
        turn(outsider, deadline);
    return outsider->answer_code;
}

void outsider_send(struct outsider *outsider, const char *topic, const char *payload, int qos)
{
    struct mf_error err;
    int mid;

    if (mf_mqtt_client_publish(outsider->client, topic, payload, strlen(payload), qos, false, &mid,
                               &err) < 0)
        fail_msg("cannot publish: %s", err.text);
    outsider->unacked += qos > 0;
}

void outsider_publish(struct outsider *outsider, const char *topic, const char *payload, int qos,
                      bool retain)
{
    int64_t deadline = deadline_from_now();
    struct mf_error err;
    int mid;

    outsider->refused = 0;
    if (mf_mqtt_client_publish(outsider->client, topic, payload, strlen(payload), qos, retain, &mid,
                               &err) < 0)
        fail_msg("cannot publish: %s", err.text);
    outsider->unacked += qos > 0;
    while (outsider->unacked || mf_mqtt_client_wants_write(outsider->client))
        turn(outsider, deadline);
}

const struct outsider_message *outsider_next(struct outsider *outsider)
{
    int64_t deadline = deadline_from_now();

    while (outsider->read == outsider->count)
        turn(outsider, deadline);
    return &outsider->list[outsider->read++];
}

void outsider_expect(struct outsider *outsider, const char *topic, const char *payload)
{
    const struct outsider_message *message = outsider_next(outsider);

    assert_string_equal(message->topic, topic);
    assert_string_equal(message->payload, payload);
}

/* A broker keeps the order of messages to one client, so behind the own one nothing older can
 * come. */
void outsider_settle(struct outsider *outsider)
{
    int64_t deadline = deadline_from_now();
    struct outsider_message *last;

    outsider_subscribe(outsider, "settle/outsider", 1, 99, MF_MQTT_SKIP_RETAINED);
    outsider_publish(outsider, "settle/outsider", "", 1, false);
    do {
        last = outsider->count ? &outsider->list[outsider->count - 1] : NULL;
        if (last && strcmp(last->topic, "settle/outsider") == 0)
            break;
        turn(outsider, deadline);
    } while (true);
    mf_free(last->topic);
    mf_free(last->payload);
    outsider->count--;
}
