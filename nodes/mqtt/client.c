/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The client on libmosquitto 2.0. What it must know about that library:
 *
 * - Inside its callbacks nothing may be published in order: messages that it
 *   sends again after a reconnect leave only when the connect callback has
 *   returned. So callbacks note what happened, and the owner hears of it
 *   once the library call is over. Only messages are handed on at once, because their memory
 *   ends with the callback.
 * - It closes its socket on its own, before or without a disconnect callback.
 * - What went wrong with TLS it says in its log alone, so the log is read.
 * - A key with a password would make OpenSSL ask on the terminal.
 */

#include "nodes/mqtt/client.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "nodes/mqtt/reach.h"
#include "nodes/mqtt/trouble.h"

static const char system_trust[] = "/etc/ssl/certs";
static const char nudge_filter[] = "moat-flow/keepalive";

enum { REFUSED = 0x80 }; /* reason codes of version 5 from here on are failures */
#define MOMENT (5 * MF_SEC)

struct note {
    int mid;
    int reason; /* of the broker */
    bool is_subscription;
};

struct mf_mqtt_client {
    struct mosquitto *mosq;
    struct mf_mqtt_events events;
    void *self;
    char *host;
    int port, keepalive, version;
    bool is_clean;
    uint32_t expiry, max_packet;
    unsigned in_flight; /* own limit */
    enum mf_mqtt_phase phase;
    struct mf_mqtt_limits limits;
    struct mf_mqtt_trouble trouble; /* of this connection */
    struct mf_error error;
    int64_t opened; /* mono */
    bool is_reading, is_leaving;
    struct note *notes;
    size_t note_count, note_cap;
};

static int64_t now(void)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return mf_clock_mono(&clock);
}

/* ---- what the library tells ---- */

static void on_log(struct mosquitto *mosq, void *self, int level, const char *text)
{
    struct mf_mqtt_client *client = self;

    if (level & (MOSQ_LOG_ERR | MOSQ_LOG_WARNING))
        mf_mqtt_trouble_hear(&client->trouble, text);
}

/* Numbers that the broker may leave out; `fallback` then holds. */
static uint32_t read_number(const mosquitto_property *props, int id, uint32_t fallback)
{
    uint8_t byte;
    uint16_t word;
    uint32_t number;

    switch (id) {
    case MQTT_PROP_RECEIVE_MAXIMUM:
        return mosquitto_property_read_int16(props, id, &word, false) ? word : fallback;
    case MQTT_PROP_MAXIMUM_PACKET_SIZE:
        return mosquitto_property_read_int32(props, id, &number, false) ? number : fallback;
    default:
        return mosquitto_property_read_byte(props, id, &byte, false) ? byte : fallback;
    }
}

static void on_connect(struct mosquitto *mosq, void *self, int reason, int flags,
                       const mosquitto_property *props)
{
    struct mf_mqtt_client *client = self;
    struct mf_mqtt_limits *limits = &client->limits;
    uint32_t receive = read_number(props, MQTT_PROP_RECEIVE_MAXIMUM, UINT16_MAX);

    client->trouble.connack = reason;
    if (reason != 0)
        return;
    client->phase = MF_MQTT_OPEN;
    client->opened = now();
    limits->has_session = flags & 1;
    limits->in_flight = receive < client->in_flight ? receive : client->in_flight;
    limits->max_packet = read_number(props, MQTT_PROP_MAXIMUM_PACKET_SIZE, 0);
    limits->max_qos = (int)read_number(props, MQTT_PROP_MAXIMUM_QOS, 2);
    limits->has_retain = read_number(props, MQTT_PROP_RETAIN_AVAILABLE, 1);
    limits->has_ids =
        client->version == 5 && read_number(props, MQTT_PROP_SUBSCRIPTION_ID_AVAILABLE, 1);
    limits->has_shared =
        client->version == 5 && read_number(props, MQTT_PROP_SHARED_SUB_AVAILABLE, 1);
}

static void on_disconnect(struct mosquitto *mosq, void *self, int reason,
                          const mosquitto_property *props)
{
    struct mf_mqtt_client *client = self;

    client->trouble.disconnect = reason;
}

static void take_note(struct mf_mqtt_client *client, struct note note)
{
    mf_grow(&client->notes, &client->note_cap, client->note_count, sizeof(*client->notes));
    client->notes[client->note_count++] = note;
}

/* Of messages of QoS 0 the library says here that they were written, which nobody asked; almost
 * always that happens outside of reading. */
static void on_publish(struct mosquitto *mosq, void *self, int mid, int reason,
                       const mosquitto_property *props)
{
    struct mf_mqtt_client *client = self;

    if (client->is_reading)
        take_note(client, (struct note){mid, reason, false});
}

static void on_subscribe(struct mosquitto *mosq, void *self, int mid, int count, const int *granted,
                         const mosquitto_property *props)
{
    take_note(self, (struct note){mid, count ? granted[0] : 0, true});
}

static void on_message(struct mosquitto *mosq, void *self, const struct mosquitto_message *msg,
                       const mosquitto_property *props)
{
    struct mf_mqtt_client *client = self;
    struct mf_mqtt_message message = {
        .topic = msg->topic,
        .payload = msg->payloadlen ? msg->payload : "",
        .len = (size_t)msg->payloadlen,
        .qos = msg->qos,
        .is_retained = msg->retain,
    };
    uint32_t id;

    while (props && message.id_count < MF_MQTT_IDS &&
           (props = mosquitto_property_read_varint(props, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, &id,
                                                   message.id_count > 0)))
        message.ids[message.id_count++] = id;
    client->events.message(client->self, &message);
}

/* ---- life ---- */

/* Without this OpenSSL would ask for the password of a key on the terminal, on a pool thread. */
static int no_password(char *buf, int size, int rwflag, void *self)
{
    return 0;
}

static int set_tls(struct mf_mqtt_client *client, const struct mf_mqtt_setup *setup,
                   struct mf_error *err)
{
    const char *ca = setup->ca ? setup->ca : system_trust;
    struct stat info;
    bool is_directory;

    if (stat(ca, &info) < 0)
        return mf_fail_sys(err, MF_EINVAL, errno, "cannot read the CA certificates in `%s`", ca);
    is_directory = S_ISDIR(info.st_mode);
    if (setup->cert && stat(setup->cert, &info) < 0)
        return mf_fail_sys(err, MF_EINVAL, errno, "cannot read the certificate in `%s`",
                           setup->cert);
    if (setup->key && stat(setup->key, &info) < 0)
        return mf_fail_sys(err, MF_EINVAL, errno, "cannot read the key in `%s`", setup->key);
    if (mosquitto_tls_set(client->mosq, is_directory ? NULL : ca, is_directory ? ca : NULL,
                          setup->cert, setup->key, no_password) != MOSQ_ERR_SUCCESS)
        return mf_fail(err, MF_EINVAL,
                       "the files of `ca`, `cert` and `key` cannot be used; may this user read "
                       "them?");
    return 0;
}

static int set_up(struct mf_mqtt_client *client, const struct mf_mqtt_setup *setup,
                  struct mf_error *err)
{
    struct mosquitto *mosq = client->mosq;

    mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION,
                         setup->version == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(mosq, MOSQ_OPT_SEND_MAXIMUM, (int)setup->in_flight);
    mosquitto_log_callback_set(mosq, on_log);
    mosquitto_connect_v5_callback_set(mosq, on_connect);
    mosquitto_disconnect_v5_callback_set(mosq, on_disconnect);
    mosquitto_publish_v5_callback_set(mosq, on_publish);
    mosquitto_subscribe_v5_callback_set(mosq, on_subscribe);
    mosquitto_message_v5_callback_set(mosq, on_message);
    if (setup->login && mosquitto_username_pw_set(mosq, setup->login, setup->password) != 0)
        return mf_fail(err, MF_EINVAL, "login or password is not UTF-8 or too long");
    if (setup->will_topic &&
        mosquitto_will_set(mosq, setup->will_topic, (int)strlen(setup->will_value),
                           setup->will_value, setup->will_qos, setup->will_retain) != 0)
        return mf_fail(err, MF_EINVAL, "the will on `%s` cannot be set", setup->will_topic);
    return setup->is_tls ? set_tls(client, setup, err) : 0;
}

struct mf_mqtt_client *mf_mqtt_client_new(const struct mf_mqtt_setup *setup,
                                          const struct mf_mqtt_events *events, void *self,
                                          struct mf_error *err)
{
    struct mf_mqtt_client *client = mf_zalloc(sizeof(*client));

    mosquitto_lib_init(); /* counts */
    client->events = *events;
    client->self = self;
    client->host = mf_strdup(setup->host);
    client->port = setup->port;
    client->keepalive = setup->keepalive;
    client->version = setup->version;
    client->is_clean = setup->clean;
    client->expiry = setup->expiry;
    client->max_packet = setup->max_packet;
    client->in_flight = setup->in_flight;
    mf_mqtt_trouble_init(&client->trouble, setup);
    client->mosq = mosquitto_new(setup->client_id, setup->clean, client);
    if (!client->mosq)
        mf_fail(err, MF_EINVAL, "`%s` cannot be a client id: %s", setup->client_id,
                strerror(errno));
    else if (set_up(client, setup, err) == 0)
        return client;
    mf_mqtt_client_free(client);
    return NULL;
}

void mf_mqtt_client_free(struct mf_mqtt_client *client)
{
    if (!client)
        return;
    mosquitto_destroy(client->mosq);
    mosquitto_lib_cleanup();
    mf_mqtt_trouble_done(&client->trouble);
    mf_free(client->notes);
    mf_free(client->host);
    mf_free(client);
}

/* ---- connecting ---- */

static int connect_now(struct mf_mqtt_client *client, struct mf_error *err)
{
    mosquitto_property *props = NULL;
    int rc, sys;

    if (client->version == 5) {
        if (!client->is_clean)
            mosquitto_property_add_int32(&props, MQTT_PROP_SESSION_EXPIRY_INTERVAL, client->expiry);
        if (client->max_packet)
            mosquitto_property_add_int32(&props, MQTT_PROP_MAXIMUM_PACKET_SIZE, client->max_packet);
    }
    rc = mosquitto_connect_bind_v5(client->mosq, client->host, client->port, client->keepalive,
                                   NULL, props);
    sys = errno;
    mosquitto_property_free_all(&props);
    if (rc == MOSQ_ERR_SUCCESS)
        return 0;
    if (rc == MOSQ_ERR_ERRNO)
        return mf_fail(err, MF_ELINK, "%s, port %d: %s", client->host, client->port, strerror(sys));
    client->trouble.disconnect = rc;
    return mf_mqtt_trouble_explain(&client->trouble, false, mosquitto_strerror(rc), err);
}

int mf_mqtt_client_connect(struct mf_mqtt_client *client, const atomic_bool *is_abandoned,
                           struct mf_error *err)
{
    int rc = mf_mqtt_reach(client->host, client->port, MF_MQTT_REACH_S * MF_SEC, is_abandoned, err);

    if (rc < 0)
        return rc;
    client->phase = MF_MQTT_CLOSED;
    client->is_leaving = false;
    client->note_count = 0;
    client->limits = (struct mf_mqtt_limits){.in_flight = client->in_flight, .max_qos = 2};
    mf_mqtt_trouble_clear(&client->trouble);
    rc = connect_now(client, err);
    if (rc == 0)
        client->phase = MF_MQTT_GREETED;
    return rc;
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
    return mosquitto_socket(client->mosq);
}

bool mf_mqtt_client_wants_write(const struct mf_mqtt_client *client)
{
    return mosquitto_want_write(client->mosq);
}

/* ---- calls into the library ---- */

static const char *text_of(int code)
{
    return code >= REFUSED ? mosquitto_reason_string(code) : mosquitto_strerror(code);
}

/* After each call: is the connection still there? */
static void look(struct mf_mqtt_client *client, int rc)
{
    bool was_open = client->phase == MF_MQTT_OPEN;

    if (client->phase == MF_MQTT_CLOSED || mosquitto_socket(client->mosq) >= 0)
        return;
    client->phase = MF_MQTT_CLOSED;
    if (client->is_leaving) {
        mf_fail(&client->error, MF_ELINK, "we said goodbye");
        return;
    }
    if (client->trouble.disconnect == 0)
        client->trouble.disconnect = rc ? rc : MOSQ_ERR_CONN_LOST;
    client->trouble.is_lost = client->trouble.disconnect == MOSQ_ERR_CONN_LOST ||
                              client->trouble.disconnect == MOSQ_ERR_ERRNO;
    client->trouble.was_short = was_open && now() - client->opened < MOMENT;
    client->trouble.is_silent = client->trouble.disconnect == MOSQ_ERR_KEEPALIVE;
    mf_mqtt_trouble_explain(&client->trouble, was_open, text_of(client->trouble.disconnect),
                            &client->error);
}

/* Hands on what was noted; the owner may call the client meanwhile, but not read(). */
static void tell(struct mf_mqtt_client *client)
{
    for (size_t i = 0; i < client->note_count; i++) {
        struct note note = client->notes[i];
        bool is_refused = note.reason >= REFUSED;
        const char *reason = is_refused ? mosquitto_reason_string(note.reason) : NULL;

        if (note.is_subscription)
            client->events.subscribed(client->self, note.mid, is_refused ? MF_EDENIED : MF_OK,
                                      client->version == 5 ? reason : "the broker did not say why");
        else
            client->events.acked(client->self, note.mid, is_refused ? MF_EDENIED : MF_OK, reason);
    }
    client->note_count = 0;
}

void mf_mqtt_client_read(struct mf_mqtt_client *client)
{
    int rc;

    client->is_reading = true;
    rc = mosquitto_loop_read(client->mosq, 1);
    client->is_reading = false;
    look(client, rc);
    tell(client);
}

void mf_mqtt_client_write(struct mf_mqtt_client *client)
{
    look(client, mosquitto_loop_write(client->mosq, 1));
}

void mf_mqtt_client_misc(struct mf_mqtt_client *client)
{
    look(client, mosquitto_loop_misc(client->mosq));
}

int mf_mqtt_client_subscribe(struct mf_mqtt_client *client, const char *filter, int qos,
                             uint32_t id, unsigned flags, int *ret_mid, struct mf_error *err)
{
    mosquitto_property *props = NULL;
    int options = 0, rc;

    if (client->limits.has_ids)
        mosquitto_property_add_varint(&props, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, id);
    if (client->version == 5 && (flags & MF_MQTT_SKIP_RETAINED))
        options |= MQTT_SUB_OPT_SEND_RETAIN_NEVER;
    rc = mosquitto_subscribe_v5(client->mosq, ret_mid, filter, qos, options, props);
    mosquitto_property_free_all(&props);
    look(client, rc);
    return rc == MOSQ_ERR_SUCCESS ? 0 : mf_fail(err, MF_ELINK, "%s", mosquitto_strerror(rc));
}

int mf_mqtt_client_unsubscribe(struct mf_mqtt_client *client, const char *filter,
                               struct mf_error *err)
{
    int rc = mosquitto_unsubscribe(client->mosq, NULL, filter);

    look(client, rc);
    return rc == MOSQ_ERR_SUCCESS ? 0 : mf_fail(err, MF_ELINK, "%s", mosquitto_strerror(rc));
}

int mf_mqtt_client_publish(struct mf_mqtt_client *client, const char *topic, const void *payload,
                           size_t len, int qos, bool retain, int *ret_mid, struct mf_error *err)
{
    int rc;

    if (len > MQTT_MAX_PAYLOAD)
        return mf_fail(err, MF_EINVAL, "%zu bytes are more than a message can hold", len);
    rc = mosquitto_publish(client->mosq, ret_mid, topic, (int)len, payload, qos, retain);
    look(client, rc);
    switch (rc) {
    case MOSQ_ERR_SUCCESS:
        return 0;
    case MOSQ_ERR_OVERSIZE_PACKET:
        return mf_fail(err, MF_EINVAL,
                       "a message of %zu bytes on `%s` is too large: the broker takes packets of "
                       "at most %u bytes",
                       len, topic, client->limits.max_packet);
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_QOS_NOT_SUPPORTED:
    case MOSQ_ERR_RETAIN_NOT_SUPPORTED:
        return mf_fail(err, MF_EINVAL, "a message on `%s` cannot be sent: %s", topic,
                       mosquitto_strerror(rc));
    default:
        /* The connection broke while writing. What has to be acknowledged is in the library's
         * store by then, and is sent again. */
        return qos > 0 ? 0 : mf_fail(err, MF_ELINK, "%s", mosquitto_strerror(rc));
    }
}

/* Nobody subscribes to that filter, so that taking it back changes nothing; the broker must answer
 * all the same. A ping would do, but the library only sends one when it also insists on the answer.
 */
void mf_mqtt_client_nudge(struct mf_mqtt_client *client)
{
    look(client, mosquitto_unsubscribe(client->mosq, NULL, nudge_filter));
}

void mf_mqtt_client_goodbye(struct mf_mqtt_client *client)
{
    client->is_leaving = true;
    look(client, mosquitto_disconnect(client->mosq));
}

/* The library has no call to close: it finds the socket shut when it reads. */
void mf_mqtt_client_drop(struct mf_mqtt_client *client, const struct mf_error *why)
{
    int fd = mosquitto_socket(client->mosq);

    if (fd >= 0) {
        shutdown(fd, SHUT_RDWR);
        mosquitto_loop_read(client->mosq, 1);
    }
    client->note_count = 0;
    client->phase = MF_MQTT_CLOSED;
    client->error = *why;
}
