/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A foreground connection. What has to wait, waits in poll(). */

#include "nodes/mqtt/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "nodes/mqtt/url.h"

enum { KEEPALIVE_S = 60, KEEPALIVE_MIN_S = 5, KEEPALIVE_MAX_S = 65535, TURN_MS = 1000 };
enum { IN_FLIGHT = 20, EXPIRY_S = 24 * 3600 };
#define ANSWER_LIMIT (10 * MF_SEC)
#define GOODBYE_LIMIT (1 * MF_SEC)

static int64_t now(void)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return mf_clock_mono(&clock);
}

/* ---- what the command line says ---- */

static int check(const struct mf_mqtt_front *front, struct mf_error *err)
{
    if (front->qos < 0 || front->qos > 2 || front->will_qos < 0 || front->will_qos > 2)
        return mf_fail(err, MF_EINVAL, "a QoS is 0, 1 or 2");
    if (front->keepalive &&
        (front->keepalive < KEEPALIVE_MIN_S || front->keepalive > KEEPALIVE_MAX_S))
        return mf_fail(err, MF_EINVAL, "keep-alive is from %d to %d seconds", KEEPALIVE_MIN_S,
                       KEEPALIVE_MAX_S);
    if (!front->will_topic != !front->will_message)
        return mf_fail(err, MF_EINVAL, "a will has a topic and a message; the %s is missing",
                       front->will_topic ? "message" : "topic");
    if (!!front->ca_file + !!front->ca_path + !!front->ca_data > 1)
        return mf_fail(err, MF_EINVAL,
                       "CA certificates come from a file, a directory or a text, "
                       "not from several");
    if (front->password && !front->login)
        return mf_fail(err, MF_EINVAL, "a password needs a login");
    return 0;
}

/* The library reads files only; a file in memory has a name below /proc. */
static const char *ca_from_text(struct mf_mqtt_session *session, const char *text,
                                struct mf_error *err)
{
    size_t len = strlen(text);
    int fd = memfd_create("ca", MFD_CLOEXEC);

    if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
        mf_fail_sys(err, MF_EIO, errno, "cannot keep the CA certificates");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    session->ca_fd = fd + 1;
    return mf_arena_printf(session->arena, "/proc/self/fd/%d", fd);
}

static int fill(struct mf_mqtt_session *session, const struct mf_mqtt_front *front,
                struct mf_mqtt_setup *setup, struct mf_error *err)
{
    struct mf_mqtt_address address;
    char host[64] = "";
    size_t from, to;
    int rc = mf_mqtt_read_address(front->uri ? front->uri : "mqtt://localhost", session->arena,
                                  &address, &from, &to, err);

    if (rc < 0)
        return rc;
    gethostname(host, sizeof(host) - 1);
    *setup = (struct mf_mqtt_setup){
        .host = address.host,
        .port = address.port,
        .is_tls = address.is_tls,
        .ca = front->ca_file ? front->ca_file : front->ca_path,
        .cert = front->cert,
        .key = front->key,
        .client_id = front->client_id ? front->client_id
                                      : mf_arena_printf(session->arena, "moat-flow/%ld-%s",
                                                        (long)getpid(), host),
        .login = front->login,
        .password = front->password,
        .keepalive = front->keepalive ? (int)front->keepalive : KEEPALIVE_S,
        .version = front->version == 3 ? 3 : 5,
        .clean = !front->keep_session,
        .expiry = EXPIRY_S,
        .will_topic = front->will_topic,
        .will_value = front->will_message,
        .will_qos = front->will_qos,
        .will_retain = front->will_retain,
        .in_flight = IN_FLIGHT,
    };
    if (front->ca_data) {
        setup->ca = ca_from_text(session, front->ca_data, err);
        return setup->ca ? 0 : MF_EIO;
    }
    return 0;
}

/* ---- the loop ---- */

/* Which of what was polled is ready. */
static int wait_ready(struct mf_mqtt_session *session, int input, short *ret_client,
                      bool *ret_input, struct mf_error *err)
{
    struct pollfd fds[2] = {
        {.fd = mf_mqtt_client_fd(session->client), .events = POLLIN},
        {.fd = input, .events = POLLIN},
    };

    if (mf_mqtt_client_wants_write(session->client))
        fds[0].events |= POLLOUT;
    if (poll(fds, 2, TURN_MS) < 0 && errno != EINTR)
        return mf_fail_sys(err, MF_EIO, errno, "cannot wait");
    *ret_client = fds[0].revents;
    if (ret_input)
        *ret_input = fds[1].revents != 0;
    return 0;
}

int mf_mqtt_session_turn(struct mf_mqtt_session *session, int input, bool *ret_input,
                         struct mf_error *err)
{
    short ready = 0;
    int rc = wait_ready(session, input, &ready, ret_input, err);

    if (rc < 0)
        return rc;
    if (ready & (POLLIN | POLLHUP | POLLERR))
        mf_mqtt_client_read(session->client);
    if ((ready & POLLOUT) && mf_mqtt_client_fd(session->client) >= 0)
        mf_mqtt_client_write(session->client);
    if (now() >= session->misc_at && mf_mqtt_client_fd(session->client) >= 0) {
        mf_mqtt_client_misc(session->client);
        session->misc_at = now() + MF_SEC;
    }
    if (mf_mqtt_client_phase(session->client) == MF_MQTT_CLOSED) {
        *err = *mf_mqtt_client_error(session->client);
        return err->code;
    }
    return 0;
}

int mf_mqtt_session_open(struct mf_mqtt_session *session, const struct mf_mqtt_front *front,
                         const struct mf_mqtt_events *events, void *self, struct mf_error *err)
{
    static const atomic_bool never = false;
    struct mf_mqtt_setup setup;
    int64_t deadline;
    int rc = check(front, err);

    session->arena = mf_arena_new();
    if (rc == 0)
        rc = fill(session, front, &setup, err);
    if (rc < 0)
        return rc;
    session->client = mf_mqtt_client_new(&setup, events, self, err);
    if (!session->client)
        return err->code;
    rc = mf_mqtt_client_connect(session->client, &never, err);
    deadline = now() + ANSWER_LIMIT;
    while (rc == 0 && mf_mqtt_client_phase(session->client) == MF_MQTT_GREETED) {
        if (now() >= deadline)
            return mf_fail(err, MF_ETIMEOUT, "%s, port %d, took the connection but does not answer",
                           setup.host, setup.port);
        rc = mf_mqtt_session_turn(session, -1, NULL, err);
    }
    return rc;
}

void mf_mqtt_session_close(struct mf_mqtt_session *session)
{
    int64_t deadline = now() + GOODBYE_LIMIT;
    struct mf_error err;

    if (session->client && mf_mqtt_client_phase(session->client) != MF_MQTT_CLOSED) {
        mf_mqtt_client_goodbye(session->client);
        while (mf_mqtt_client_phase(session->client) != MF_MQTT_CLOSED && now() < deadline &&
               mf_mqtt_session_turn(session, -1, NULL, &err) == 0)
            continue;
    }
    mf_mqtt_client_free(session->client);
    if (session->ca_fd)
        close(session->ca_fd - 1);
    mf_arena_free(session->arena);
}
