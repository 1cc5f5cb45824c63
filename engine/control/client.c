/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See client.h. */

#include "engine/control/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/control/address.h"
#include "engine/value/codec.h"

enum { READ_SIZE = 64 * 1024, SEND_SECONDS = 10 };

int mf_client_open(struct mf_client *client, const char *path, struct mf_error *err)
{
    struct timeval limit = {.tv_sec = SEND_SECONDS};
    struct sockaddr_un address;

    *client = (struct mf_client){.fd = -1, .in = {.limit = MF_CLIENT_ANSWER}};
    if (mf_control_address(path, &address, err) < 0)
        return err->code;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return mf_fail_sys(err, MF_EIO, errno, "no socket to ask with");
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return 0;
    if (errno == EACCES || errno == EPERM)
        return mf_fail(err, MF_EDENIED,
                       "the engine at `%s` only talks to the user it runs as; try with sudo", path);
    if (errno == ENOENT || errno == ECONNREFUSED)
        return mf_fail(err, MF_ELINK,
                       "no engine listens on `%s`; is `moat-flow run` running, with the same "
                       "--socket?",
                       path);
    if (errno == EAGAIN)
        return mf_fail(err, MF_ETIMEOUT, "the engine at `%s` is busy and takes no caller", path);
    return mf_fail_sys(err, MF_ELINK, errno, "cannot reach the engine at `%s`", path);
}

int mf_client_ask(struct mf_client *client, const struct mf_value *request, struct mf_error *err)
{
    struct mf_buf line = {0};
    size_t sent = 0;
    int rc = 0;

    mf_json_write(request, &line);
    mf_buf_putc(&line, '\n');
    while (rc == 0 && sent < line.len) {
        ssize_t len = send(client->fd, line.data + sent, line.len - sent, MSG_NOSIGNAL);

        if (len >= 0)
            sent += (size_t)len;
        else if (errno == EAGAIN)
            rc = mf_fail(err, MF_ETIMEOUT, "the engine does not read what it is asked");
        else if (errno == EPIPE || errno == ECONNRESET)
            break; /* it has said why: that is for the reader */
        else if (errno != EINTR)
            rc = mf_fail_sys(err, MF_ELINK, errno, "cannot ask the engine");
    }
    mf_buf_done(&line);
    return rc;
}

/* ---- the answer ---- */

static int wait_for_bytes(struct mf_client *client, int64_t until, struct mf_error *err)
{
    struct pollfd fd = {.fd = client->fd, .events = POLLIN};
    struct mf_clock clock;
    int64_t left;

    mf_clock_init_real(&clock);
    for (;;) {
        int ms = -1, count;

        if (until != MF_NEVER) {
            left = until - mf_clock_mono(&clock);
            left = left > 0 ? (left + MF_MS - 1) / MF_MS : 0;
            ms = left > INT32_MAX ? INT32_MAX : (int)left;
        }
        count = poll(&fd, 1, ms);
        if (count > 0)
            return 0;
        if (count == 0 && until != MF_NEVER && mf_clock_mono(&clock) >= until)
            return mf_fail(err, MF_ETIMEOUT, "the engine has not answered in time");
        if (count < 0 && errno != EINTR)
            return mf_fail_sys(err, MF_EIO, errno, "cannot wait for the engine");
    }
}

static int read_bytes(struct mf_client *client, int64_t until, struct mf_error *err)
{
    char bytes[READ_SIZE];
    ssize_t len;
    int rc = wait_for_bytes(client, until, err);

    if (rc < 0)
        return rc;
    len = recv(client->fd, bytes, sizeof(bytes), 0);
    if (len == 0 || (len < 0 && errno == ECONNRESET))
        return mf_fail(err, MF_ELINK, "the engine went away before it had answered");
    if (len < 0)
        return errno == EINTR ? 0 : mf_fail_sys(err, MF_ELINK, errno, "cannot read the answer");
    if (client->from) {
        memmove(client->in.data, client->in.data + client->from, client->in.len - client->from);
        client->in.len -= client->from;
        client->ahead -= client->from;
        client->from = 0;
    }
    mf_buf_put(&client->in, bytes, (size_t)len);
    return client->in.overflow ? mf_fail(err, MF_ELIMIT, "the answer has a line over 256 MiB") : 0;
}

static int refused(const struct mf_value *error, struct mf_value *ret, struct mf_error *err)
{
    bool is_map = error->type == MF_MAP;
    const struct mf_value *code = is_map ? mf_value_get(error, "exit", 4) : NULL;
    const struct mf_value *message = is_map ? mf_value_get(error, "message", 7) : NULL;
    const char *text = "the engine refused without a word";
    size_t len = strlen(text);

    if (message && message->type == MF_TEXT)
        text = mf_value_text(message, &len);
    mf_fail(err, MF_EINVAL, "%.*s", (int)len, text);
    *ret = mf_value_int(code && code->type == MF_INT ? code->integer : 1);
    return MF_ANSWER_REFUSED;
}

static int read_answer(const char *line, size_t len, struct mf_value *ret, struct mf_error *err)
{
    static const char *const names[] = {"done", "line", "dropped", "error"};
    struct mf_value answer;
    struct mf_error why = {0};

    if (mf_json_read(line, len, &answer, &why) < 0)
        return mf_fail(err, MF_EIO, "the engine's answer cannot be read: %s", why.text);
    for (int i = 0; i <= MF_ANSWER_REFUSED && answer.type == MF_MAP; i++) {
        const struct mf_value *part = mf_value_get(&answer, names[i], strlen(names[i]));

        if (!part || (i == MF_ANSWER_DROPPED && part->type != MF_INT))
            continue;
        if (i == MF_ANSWER_REFUSED)
            i = refused(part, ret, err);
        else
            *ret = mf_value_copy(*part);
        mf_value_drop(answer);
        return i;
    }
    mf_value_drop(answer);
    return mf_fail(err, MF_EIO, "what listens there is not a moat-flow engine");
}

int mf_client_next(struct mf_client *client, int64_t until, struct mf_value *ret,
                   struct mf_error *err)
{
    const char *line, *end;
    int rc;

    while (!(end = client->in.len > client->ahead ? memchr(client->in.data + client->ahead, '\n',
                                                           client->in.len - client->ahead)
                                                  : NULL)) {
        client->ahead = client->in.len;
        rc = read_bytes(client, until, err);
        if (rc < 0)
            return rc;
    }
    line = client->in.data + client->from;
    client->from = client->ahead = (size_t)(end + 1 - client->in.data);
    return read_answer(line, (size_t)(end - line), ret, err);
}

void mf_client_close(struct mf_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    mf_buf_done(&client->in);
}
