/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The client, on libcurl's multi interface.
 *
 *   mf_http_send() ─► waiting ─► begin(): a transfer ─► finish(): done(), or where it was moved
 *
 * The library's descriptors stand in an epoll set of ours, together with a timer; the loop watches
 * that one. So a client costs the loop one descriptor however many connections it has, and a
 * descriptor that the library closes leaves the set by itself.
 *
 * No code of others runs while the library is calling us. What done() does may be anything, so a
 * client that it frees goes when ready() is through: `depth`.
 */

#include "nodes/net/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "nodes/net/http_curl.h"

enum { EVENTS = 32, REFUSAL = 4096, CACHED = 16 };

struct mf_http_client {
    CURLM *multi;
    struct mf_watch *watch;
    char *ca, *cert, *key;
    struct mf_list waiting; /* of struct mf_http_request */
    struct mf_list running; /* of struct mf_http_transfer */
    unsigned waiting_count, running_count;
    int set, timer; /* descriptors */
    unsigned depth; /* of ready() */
    bool is_dying;
    bool is_dir; /* `ca` */
    uint64_t requests, failures, redirects, too_large, bytes;
};

/* A request that has a connection, or waits in the library for one to be made. */
struct mf_http_transfer {
    struct mf_list in;
    struct mf_http_client *client;
    struct mf_http_request *request; /* NULL: nobody wants to know any more */
    CURL *easy;
    struct curl_slist *lines;
    char *url; /* where it is now */
    struct mf_buf body;
    size_t body_len, head_len;
    int64_t spent; /* ns, by the addresses before */
    unsigned redirects;
    bool is_elsewhere; /* another host than the one we were asked to trust with a login */
    bool is_fetching;  /* GET, after a 303 */
    bool is_too_large;
    bool is_cut; /* a refusal that goes on and on: what came of it will do */
    char why[CURL_ERROR_SIZE];
};

static unsigned clients; /* that there are: the library is set up for the first one */

static void start_waiting(struct mf_http_client *client);

/* ---- what the library tells ---- */

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *self, void *known)
{
    struct mf_http_client *client = self;
    struct epoll_event event = {.data.fd = fd};

    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->set, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(client->set, EPOLL_CTL_MOD, fd, &event) < 0)
        epoll_ctl(client->set, EPOLL_CTL_ADD, fd, &event);
    return 0;
}

static int timer_changed(CURLM *multi, long ms, void *self)
{
    struct mf_http_client *client = self;
    struct itimerspec at = {0};

    if (ms > 0)
        at.it_value = (struct timespec){ms / 1000, ms % 1000 * 1000000};
    else if (ms == 0)
        at.it_value.tv_nsec = 1; /* not from within: this may be a call of ours */
    return timerfd_settime(client->timer, 0, &at, NULL);
}

static size_t header_came(char *data, size_t size, size_t count, void *self)
{
    struct mf_http_transfer *t = self;

    t->head_len += count;
    t->is_too_large |= t->head_len > MF_HTTP_HEAD;
    return t->is_too_large ? 0 : count;
}

static size_t limit_of(const struct mf_http_request *request)
{
    return request->limit ? request->limit : MF_HTTP_BODY;
}

/* Of a refusal the beginning is enough; the rest is read, so that the connection can be used
 * again, as long as it is not over the limit. */
static size_t body_came(char *data, size_t size, size_t count, void *self)
{
    struct mf_http_transfer *t = self;
    long status = 0;

    t->client->bytes += count;
    t->body_len += count;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300)
        mf_buf_put(&t->body, data, t->body.len + count > REFUSAL ? REFUSAL - t->body.len : count);
    if (t->body_len > limit_of(t->request)) {
        t->is_cut = status >= 300;
        t->is_too_large = !t->is_cut;
        return 0;
    }
    if (status < 300)
        mf_buf_put(&t->body, data, count);
    return count;
}

/* ---- a transfer ---- */

static void add_line(struct mf_http_transfer *t, const char *line)
{
    t->lines = curl_slist_append(t->lines, line);
}

static void set_body(struct mf_http_transfer *t)
{
    const struct mf_http_request *r = t->request;

    if (t->is_fetching || (!r->body && !r->method)) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL);
        return;
    }
    if (r->body) {
        curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body);
        add_line(t, "Expect:"); /* or it waits for a word that many servers never say */
    }
    if (r->method)
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
}

/* The type of a body goes wherever the body goes. */
static bool goes_along(const struct mf_http_transfer *t, const char *line)
{
    static const char type[] = "Content-Type";

    return !t->is_elsewhere ||
           (t->request->body && !t->is_fetching && strcspn(line, ":;") == strlen(type) &&
            strncasecmp(line, type, strlen(type)) == 0);
}

/* What depends on where it goes: login, certificate and headers are for the host that was asked. */
static void aim(struct mf_http_transfer *t)
{
    const struct mf_http_request *r = t->request;
    int64_t timeout = (r->timeout ? r->timeout : MF_HTTP_TIMEOUT) - t->spent;

    curl_slist_free_all(t->lines);
    t->lines = NULL;
    curl_easy_setopt(t->easy, CURLOPT_URL, t->url);
    curl_easy_setopt(t->easy, CURLOPT_USERNAME, t->is_elsewhere ? NULL : r->login);
    curl_easy_setopt(t->easy, CURLOPT_PASSWORD, t->is_elsewhere ? NULL : r->password);
    curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, r->has_digest ? CURLAUTH_DIGEST : CURLAUTH_BASIC);
    curl_easy_setopt(t->easy, CURLOPT_SSLCERT, t->is_elsewhere ? NULL : t->client->cert);
    curl_easy_setopt(t->easy, CURLOPT_SSLKEY, t->is_elsewhere ? NULL : t->client->key);
    for (const char *const *line = r->headers; line && *line; line++)
        if (goes_along(t, *line))
            add_line(t, *line);
    set_body(t);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lines);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(timeout > MF_MS ? timeout / MF_MS : 1));
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_ONLY, r->only_connects ? 1L : 0L);
    t->head_len = t->body_len = 0;
    t->is_cut = false;
    mf_buf_clear(&t->body);
    *t->why = 0;
}

static void set_up(struct mf_http_transfer *t)
{
    const struct mf_http_client *client = t->client;

    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->why);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L); /* or giving up waits for a slow lookup */
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "moat-flow");
    curl_easy_setopt(t->easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(MF_HTTP_CONNECT / MF_MS));
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, header_came);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, body_came);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (client->ca && client->is_dir) {
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(t->easy, CURLOPT_CAPATH, client->ca);
    } else if (client->ca) {
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, client->ca);
        curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
    }
}

static void transfer_free(struct mf_http_transfer *t)
{
    if (t->request)
        t->request->transfer = NULL;
    mf_list_remove(&t->in);
    t->client->running_count--;
    curl_multi_remove_handle(t->client->multi, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->lines);
    mf_free(t->url);
    mf_buf_done(&t->body);
    mf_free(t);
}

static void begin(struct mf_http_client *client, struct mf_http_request *request)
{
    struct mf_http_transfer *t = mf_zalloc(sizeof(*t));

    t->client = client;
    t->request = request;
    t->easy = curl_easy_init();
    t->url = mf_strdup(request->url);
    request->transfer = t;
    mf_list_append(&client->running, &t->in);
    client->running_count++;
    client->requests++;
    set_up(t);
    aim(t);
    curl_multi_add_handle(client->multi, t->easy);
}

static void start_waiting(struct mf_http_client *client)
{
    while (!client->is_dying && !mf_list_is_empty(&client->waiting) &&
           client->running_count < MF_HTTP_PARALLEL) {
        struct mf_http_request *request =
            mf_list_entry(client->waiting.next, struct mf_http_request, in);

        mf_list_remove(&request->in);
        client->waiting_count--;
        begin(client, request);
    }
}

/* ---- its end ---- */

static int may_follow(const struct mf_http_transfer *t, const char *url, struct mf_error *err)
{
    struct mf_error why = {0};

    if (t->redirects >= MF_HTTP_REDIRECTS)
        return mf_fail(err, MF_EINVAL, "it was moved more than %d times", MF_HTTP_REDIRECTS);
    if (mf_http_check_url(url, &why) < 0)
        return mf_fail(err, MF_EINVAL, "it was moved to where we do not follow: %.100s", why.text);
    if (mf_http_is_tls(t->url) && !mf_http_is_tls(url))
        return mf_fail(err, MF_EINVAL, "it was moved from https to http, where anybody can listen");
    return 0;
}

/* To where the server says it is. */
static int follow(struct mf_http_transfer *t, int status, const char *to, struct mf_error *err)
{
    char *url = mf_http_strip_login(to);
    int rc = may_follow(t, url, err);
    curl_off_t us = 0;

    if (rc < 0) {
        mf_free(url);
        return rc;
    }
    t->redirects++;
    t->is_elsewhere |= !mf_http_is_same_origin(t->url, url);
    t->is_fetching |= status == 303;
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
    t->spent += us * MF_US;
    t->client->redirects++;
    curl_multi_remove_handle(t->client->multi, t->easy);
    mf_free(t->url);
    t->url = url;
    aim(t);
    curl_multi_add_handle(t->client->multi, t->easy);
    return 0;
}

static const char *header_of(struct mf_http_transfer *t, const char *name)
{
    struct curl_header *header;

    return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : NULL;
}

static void fill_answer(struct mf_http_transfer *t, struct mf_http_answer *answer)
{
    curl_off_t seconds = 0;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds);
    answer->status = (int)status;
    answer->body = mf_buf_text(&t->body);
    answer->len = t->body.len;
    answer->etag = header_of(t, "ETag");
    answer->modified = header_of(t, "Last-Modified");
    answer->retry_after = seconds > 0 && seconds < 86400 ? seconds * MF_SEC : 0;
    if (seconds >= 86400)
        answer->retry_after = MF_DAY;
}

static void fail(struct mf_http_transfer *t, CURLcode result, struct mf_http_answer *answer)
{
    struct mf_error why;
    curl_off_t us = 0;

    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
    answer->is_unreachable = us == 0 && !t->redirects;
    if (t->is_too_large && t->head_len > MF_HTTP_HEAD)
        mf_fail(&why, MF_ELIMIT, "the head of the answer is over %d bytes", MF_HTTP_HEAD);
    else if (t->is_too_large)
        mf_fail(&why, MF_ELIMIT, "the answer is over %zu bytes", limit_of(t->request));
    else
        mf_http_explain(result, t->why, us != 0, &why);
    t->client->too_large += t->is_too_large;
    answer->code = mf_http_fail_at(&answer->err, t->url, t->request->is_secret, &why);
}

/* The transfer is gone before done() is called, which may send the request again. */
static void tell(struct mf_http_transfer *t, const struct mf_http_answer *answer)
{
    struct mf_http_request *request = t->request;

    t->client->failures += answer->code < 0;
    request->transfer = NULL;
    t->request = NULL;
    request->done(request, answer);
}

static void finish(struct mf_http_transfer *t, CURLcode result)
{
    struct mf_http_answer answer = {0};
    struct mf_error why;
    const char *url = NULL;
    char *location = NULL;
    bool is_get;

    if (result != CURLE_OK && !t->is_cut) {
        fail(t, result, &answer);
    } else {
        fill_answer(t, &answer);
        curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
        is_get = t->is_fetching || (!t->request->body && !t->request->method);
        if (url && (is_get || answer.status == 303 || answer.status >= 307)) {
            if (follow(t, answer.status, url, &why) == 0)
                return;
            answer.code = mf_http_fail_at(&answer.err, t->url, t->request->is_secret, &why);
        }
        location = url ? mf_http_strip_login(url) : NULL;
        answer.location = location;
    }
    tell(t, &answer);
    transfer_free(t);
    mf_free(location);
}

static void finish_all(struct mf_http_client *client)
{
    const CURLMsg *message;
    int left;

    while (!client->is_dying && (message = curl_multi_info_read(client->multi, &left))) {
        CURLcode result = message->data.result;
        struct mf_http_transfer *t = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        finish(t, result);
    }
}

/* ---- the client ---- */

static void destroy(struct mf_http_client *client)
{
    while (!mf_list_is_empty(&client->running))
        transfer_free(mf_list_entry(client->running.next, struct mf_http_transfer, in));
    if (client->multi)
        curl_multi_cleanup(client->multi);
    if (client->set >= 0)
        close(client->set);
    if (client->timer >= 0)
        close(client->timer);
    mf_free(client->ca);
    mf_free(client->cert);
    mf_free(client->key);
    mf_free(client);
    if (--clients == 0)
        curl_global_cleanup();
}

static void act(struct mf_http_client *client, const struct epoll_event *event)
{
    curl_socket_t fd = event->data.fd;
    int what = 0, running;
    uint64_t ticks;

    if (fd == client->timer) {
        if (read(fd, &ticks, sizeof(ticks)) < 0)
            return; /* it was set anew meanwhile */
        fd = CURL_SOCKET_TIMEOUT;
    } else {
        what |= event->events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0;
        what |= event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
        what |= event->events & EPOLLERR ? CURL_CSELECT_ERR : 0;
    }
    curl_multi_socket_action(client->multi, fd, what, &running);
}

static void ready(void *arg, unsigned loop_events)
{
    struct mf_http_client *client = arg;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(client->set, events, EVENTS, 0);

    client->depth++;
    for (int i = 0; i < count && !client->is_dying; i++)
        act(client, &events[i]);
    finish_all(client);
    start_waiting(client);
    client->depth--;
    if (client->is_dying && client->depth == 0)
        destroy(client);
}

static bool open_set(struct mf_http_client *client)
{
    struct epoll_event event = {.events = EPOLLIN};

    client->set = epoll_create1(EPOLL_CLOEXEC);
    client->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    event.data.fd = client->timer;
    return client->set >= 0 && client->timer >= 0 &&
           epoll_ctl(client->set, EPOLL_CTL_ADD, client->timer, &event) == 0;
}

static bool open_library(struct mf_http_client *client)
{
    const curl_version_info_data *info;

    if (clients++ == 0)
        curl_global_init(CURL_GLOBAL_DEFAULT);
    info = curl_version_info(CURLVERSION_NOW);
    client->multi = info->features & CURL_VERSION_ASYNCHDNS ? curl_multi_init() : NULL;
    if (!client->multi)
        return false;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CACHED);
    return true;
}

struct mf_http_client *mf_http_client_new(struct mf_link *link, struct mf_node *node,
                                          const struct mf_http_setup *setup, struct mf_error *err)
{
    struct mf_http_client *client = mf_zalloc(sizeof(*client));
    struct stat st;

    client->set = client->timer = -1;
    mf_list_init(&client->waiting);
    mf_list_init(&client->running);
    client->ca = setup->ca ? mf_strdup(setup->ca) : NULL;
    client->cert = setup->cert ? mf_strdup(setup->cert) : NULL;
    client->key = setup->key ? mf_strdup(setup->key) : NULL;
    client->is_dir = setup->ca && stat(setup->ca, &st) == 0 && S_ISDIR(st.st_mode);
    if (!open_library(client) || !open_set(client)) {
        mf_fail(err, MF_EIO, "%s",
                client->multi ? "no descriptor is left for HTTP"
                              : "this libcurl would block on names of hosts");
        destroy(client);
        return NULL;
    }
    client->watch =
        link ? mf_watch_new_for(link, ready, client) : mf_node_watch(node, ready, client);
    mf_watch_set(client->watch, client->set, MF_WATCH_READ);
    return client;
}

void mf_http_client_free(struct mf_http_client *client)
{
    if (!client || client->is_dying)
        return;
    client->is_dying = true;
    mf_watch_free(client->watch);
    while (!mf_list_is_empty(&client->waiting))
        mf_list_remove(client->waiting.next);
    for (struct mf_list *at = client->running.next; at != &client->running; at = at->next) {
        struct mf_http_transfer *t = mf_list_entry(at, struct mf_http_transfer, in);

        if (t->request)
            t->request->transfer = NULL;
        t->request = NULL;
    }
    if (client->depth == 0)
        destroy(client);
}

void mf_http_client_stats(const struct mf_http_client *client, mf_stat_fn put, void *arg)
{
    put(arg, "requests", client ? (double)client->requests : 0, true);
    put(arg, "requests_failed", client ? (double)client->failures : 0, true);
    put(arg, "requests_under_way", client ? client->running_count : 0, false);
    put(arg, "requests_waiting", client ? client->waiting_count : 0, false);
    put(arg, "redirects", client ? (double)client->redirects : 0, true);
    put(arg, "answers_too_large", client ? (double)client->too_large : 0, true);
    put(arg, "bytes_received", client ? (double)client->bytes : 0, true);
}

/* ---- requests ---- */

int mf_http_send(struct mf_http_client *client, struct mf_http_request *request,
                 struct mf_error *err)
{
    if (client->waiting_count >= MF_HTTP_WAITING)
        return mf_fail(err, MF_ELIMIT, "%d requests are waiting already", MF_HTTP_WAITING);
    request->client = client;
    mf_list_append(&client->waiting, &request->in);
    client->waiting_count++;
    start_waiting(client);
    return 0;
}

bool mf_http_is_busy(const struct mf_http_request *request)
{
    return request->transfer || (request->in.next && !mf_list_is_empty(&request->in));
}

void mf_http_cancel(struct mf_http_request *request)
{
    struct mf_http_transfer *t = request->transfer;

    if (!mf_http_is_busy(request))
        return;
    request->transfer = NULL;
    if (!t) {
        mf_list_remove(&request->in);
        request->client->waiting_count--;
        return;
    }
    t->request = NULL;
    transfer_free(t);
    start_waiting(request->client);
}
