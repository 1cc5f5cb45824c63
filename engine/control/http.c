/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * HTTP: see http.h. libmicrohttpd without threads: its epoll descriptor is polled by the loop,
 * which also keeps its timeouts. Each answer is made at once and handed over as a whole.
 */

#include "engine/control/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/control/http_address.h"
#include "engine/control/metrics.h"
#include "engine/control/status.h"
#include "engine/run/loop_priv_uv.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"

enum { BACKLOG = 32 };

struct mf_http {
    struct mf_loop *loop;
    const struct mf_control *control;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    char *token; /* NULL: none is wanted */
    struct mf_http_stats stats;
    unsigned open_handles;
};

/* ---- answers ---- */

struct answer {
    unsigned status;
    const char *type;
    struct mf_buf body;
};

static const char json[] = "application/json", plain[] = "text/plain; charset=utf-8";

static void answer_live(struct mf_http *http, struct MHD_Connection *connection,
                        struct answer *answer)
{
    mf_buf_puts(&answer->body, "alive\n");
}

static void add_reason(void *arg, const char *reason)
{
    mf_build_take_item(arg, mf_value_new_text(reason));
}

static void answer_ready(struct mf_http *http, struct MHD_Connection *connection,
                         struct answer *answer)
{
    struct mf_builder list;
    struct mf_value reasons;
    size_t count;

    mf_build_start(&list);
    count = mf_engine_reasons(mf_loop_engine(http->loop), add_reason, &list);
    reasons = mf_build_end_list(&list);
    answer->status = count ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
    answer->type = json;
    mf_buf_printf(&answer->body, "{\"ready\":%s,\"reasons\":", count ? "false" : "true");
    mf_json_write(&reasons, &answer->body);
    mf_buf_puts(&answer->body, "}\n");
    mf_value_drop(reasons);
}

static void answer_metrics(struct mf_http *http, struct MHD_Connection *connection,
                           struct answer *answer)
{
    struct mf_value status = mf_status_of(http->loop, http->control, http);

    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    mf_metrics_print(&status, &answer->body);
    mf_value_drop(status);
}

static void answer_graph(struct mf_http *http, struct MHD_Connection *connection,
                         struct answer *answer)
{
    const char *wanted = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "format");
    int format = MF_PICTURE_JSON;

    if (wanted) {
        for (format = 0; mf_picture_names[format]; format++)
            if (strcmp(mf_picture_names[format], wanted) == 0)
                break;
        if (!mf_picture_names[format]) {
            answer->status = MHD_HTTP_BAD_REQUEST;
            mf_buf_puts(&answer->body, "format is text, dot, mermaid or json\n");
            return;
        }
    }
    if (format == MF_PICTURE_JSON)
        answer->type = json;
    mf_graph_print(mf_loop_engine(http->loop)->graph, (enum mf_picture)format, &answer->body);
}

static const struct page {
    const char *path;
    void (*answer)(struct mf_http *http, struct MHD_Connection *connection, struct answer *answer);
} pages[] = {
    {"/live", answer_live},
    {"/ready", answer_ready},
    {"/metrics", answer_metrics},
    {"/graph", answer_graph},
};

/* ---- who may ask ---- */

static bool may_ask(const struct mf_http *http, struct MHD_Connection *connection,
                    struct answer *answer)
{
    const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");

    if (http->token) {
        if (given && strncasecmp(given, "Bearer ", 7) == 0 &&
            mf_http_is_token(given + 7, http->token))
            return true;
        answer->status = MHD_HTTP_UNAUTHORIZED;
        mf_buf_puts(&answer->body, "a token is wanted: Authorization: Bearer TOKEN\n");
        return false;
    }
    if (mf_http_is_own_name(host))
        return true;
    answer->status = MHD_HTTP_FORBIDDEN;
    mf_buf_puts(&answer->body, "this address answers to localhost only\n");
    return false;
}

static void find_answer(struct mf_http *http, struct MHD_Connection *connection, const char *path,
                        const char *method, struct answer *answer)
{
    http->stats.requests++;
    if (!may_ask(http, connection, answer)) {
        http->stats.denied++;
        return;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        answer->status = MHD_HTTP_METHOD_NOT_ALLOWED;
        mf_buf_puts(&answer->body, "only GET and HEAD\n");
        return;
    }
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcmp(path, pages[i].path) == 0) {
            pages[i].answer(http, connection, answer);
            return;
        }
    answer->status = MHD_HTTP_NOT_FOUND;
    mf_buf_puts(&answer->body, "there is /live, /ready, /metrics and /graph\n");
}

/* ---- libmicrohttpd ---- */

static void free_body(void *body)
{
    mf_free(body);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
    size_t len = answer->body.len;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
        len, mf_buf_take(&answer->body), free_body);
    enum MHD_Result rc;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    rc = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return rc;
}

/* Called first with the headers alone, then for pieces of a body, which nobody wants, then at the
 * end. */
static enum MHD_Result asked(void *arg, struct MHD_Connection *connection, const char *path,
                             const char *method, const char *version, const char *body,
                             size_t *body_len, void **state)
{
    struct answer answer = {.status = MHD_HTTP_OK, .type = plain};

    if (!*state) {
        *state = arg;
        return MHD_YES;
    }
    if (*body_len) {
        *body_len = 0;
        return MHD_YES;
    }
    find_answer(arg, connection, path, method, &answer);
    return send_answer(connection, &answer);
}

static void log_line(void *arg, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void log_line(void *arg, const char *fmt, va_list args)
{
    struct mf_buf line = {.limit = 400};

    mf_buf_vprintf(&line, fmt, args);
    while (line.len && line.data[line.len - 1] == '\n')
        line.data[--line.len] = 0;
    mf_log(MF_LOG_INFO, "http", "%s", mf_buf_text(&line));
    mf_buf_done(&line);
}

/* ---- on the loop ---- */

static void look_again(struct mf_http *http);

static unsigned connections(const struct mf_http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* At the limit of connections the library does not look for new ones, and does so again only in the
 * run after the one in which others have gone. */
static void run(struct mf_http *http)
{
    unsigned before = connections(http);

    MHD_run(http->daemon);
    if (before >= MF_HTTP_CONNECTIONS && connections(http) < before)
        MHD_run(http->daemon);
    look_again(http);
}

static void timer_fired(uv_timer_t *timer)
{
    run(timer->data);
}

static void poll_ready(uv_poll_t *poll, int status, int events)
{
    run(poll->data);
}

static void look_again(struct mf_http *http)
{
    MHD_UNSIGNED_LONG_LONG ms;

    if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
        uv_timer_start(&http->timer, timer_fired, ms, 0);
    else
        uv_timer_stop(&http->timer);
}

/* ---- life ---- */

static int listen_on(const struct mf_http_address *address, const char *text, struct mf_error *err)
{
    int one = 1,
        fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address->address, address->len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    mf_fail_sys(err, MF_EIO, errno, "cannot listen on %s", text);
    if (fd >= 0)
        close(fd);
    return -1;
}

static void say_where(int fd)
{
    struct sockaddr_storage address;
    const struct sockaddr_in *v4 = (const void *)&address;
    const struct sockaddr_in6 *v6 = (const void *)&address;
    socklen_t len = sizeof(address);
    char text[INET6_ADDRSTRLEN] = "?";

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return;
    if (address.ss_family == AF_INET)
        mf_log(MF_LOG_NOTICE, "http", "listens on http://%s:%u",
               inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)), ntohs(v4->sin_port));
    else
        mf_log(MF_LOG_NOTICE, "http", "listens on http://[%s]:%u",
               inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)), ntohs(v6->sin6_port));
}

static struct MHD_Daemon *start_daemon(struct mf_http *http, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, asked, http, /* the options follow */
        MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MF_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)MF_HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MF_HTTP_MEMORY,
        MHD_OPTION_END);
}

struct mf_http *mf_http_open(struct mf_loop *loop, const struct mf_control *control,
                             const char *address, const char *token, struct mf_error *err)
{
    const union MHD_DaemonInfo *info;
    struct mf_http_address where;
    struct mf_http *http;
    int fd;

    if (mf_http_address_read(address, &where, err) < 0)
        return NULL;
    if (!where.is_loopback && !token) {
        mf_fail(err, MF_EINVAL,
                "%s can be reached from outside: that wants a token, with --token-file", address);
        return NULL;
    }
    fd = listen_on(&where, address, err);
    if (fd < 0)
        return NULL;
    http = mf_zalloc(sizeof(*http));
    http->loop = loop;
    http->control = control;
    http->token = mf_strdup(token);
    http->daemon = start_daemon(http, fd);
    info = http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info || uv_poll_init(&loop->uv, &http->poll, info->epoll_fd) < 0)
        mf_out_of_memory();
    say_where(fd);
    uv_timer_init(&loop->uv, &http->timer);
    http->open_handles = 2;
    http->poll.data = http->timer.data = http;
    uv_poll_start(&http->poll, UV_READABLE, poll_ready);
    return http;
}

static void handle_closed(uv_handle_t *handle)
{
    struct mf_http *http = handle->data;

    if (--http->open_handles)
        return;
    mf_free(http->token);
    mf_free(http);
}

void mf_http_close(struct mf_http *http)
{
    if (!http)
        return;
    /* The loop must not look at a descriptor that is closed. */
    uv_poll_stop(&http->poll);
    MHD_stop_daemon(http->daemon);
    uv_close((uv_handle_t *)&http->poll, handle_closed);
    uv_close((uv_handle_t *)&http->timer, handle_closed);
}

struct mf_http_stats mf_http_stats(const struct mf_http *http)
{
    return http->stats;
}
