/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/hand_host.h"

#include <poll.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "tests/support/bench_priv.h"

#define START (INT64_C(1767225600) * MF_SEC) /* 2026-01-01 */

struct mf_watch {
    struct hand_host *hand;
    struct mf_watcher watcher;
    int fd;
    unsigned events;
};

static void wake(void *self)
{
}

static struct mf_watch *watch(void *self, const struct mf_watcher *watcher)
{
    struct hand_host *hand = self;
    struct mf_watch *made = mf_zalloc(sizeof(*made));
    unsigned place = 0;

    while (place < HAND_WATCHES && hand->watches[place])
        place++;
    assert_in_range(place, 0, HAND_WATCHES - 1);
    *made = (struct mf_watch){hand, *watcher, -1, 0};
    hand->watches[place] = made;
    return made;
}

void mf_watch_set(struct mf_watch *watched, int fd, unsigned events)
{
    watched->fd = fd;
    watched->events = fd < 0 ? 0 : events;
}

void mf_watch_free(struct mf_watch *watched)
{
    if (!watched)
        return;
    for (unsigned i = 0; i < HAND_WATCHES; i++)
        if (watched->hand->watches[i] == watched)
            watched->hand->watches[i] = NULL;
    mf_free(watched);
}

static void job(void *self, struct mf_job *wanted)
{
    struct hand_host *hand = self;

    assert_in_range(hand->job_count, 0, HAND_JOBS - 1);
    hand->jobs[hand->job_count++] = wanted;
}

static void all_stopped(void *self)
{
}

static void take_line(void *arg, enum mf_log_level level, const char *line)
{
    struct hand_host *hand = arg;

    mf_buf_printf(&hand->log, "%s\n", line);
}

static struct mf_graph *compile(const char *yaml)
{
    struct bench_flow flow = {0};
    struct mf_buf text = {0};

    bench_compile(&flow, yaml, NULL);
    if (!flow.graph) {
        bench_print_diags(&flow, &text);
        fail_msg("the flow does not compile:\n%s", mf_buf_text(&text));
    }
    return bench_flow_end(&flow);
}

static void load(struct hand_host *hand, const char *yaml)
{
    struct mf_error err = {0};

    if (mf_engine_load(&hand->engine, compile(yaml), NULL, &err) < 0)
        fail_msg("the flow cannot be started: %s", err.text);
    hand_settle(hand);
}

void hand_start(struct hand_host *hand, const char *yaml, bool is_read_only)
{
    struct mf_engine_options options = {.read_only = is_read_only, .starts_outside = true};

    bench_expect_clean("in: {test.source: number}\n"); /* registers the kinds */
    memset(hand, 0, sizeof(*hand));
    hand->host = (struct mf_host){hand, wake, watch, job, all_stopped};
    mf_log_divert(take_line, hand);
    mf_engine_init(&hand->engine, &hand->host, options);
    mf_clock_init_virtual(&hand->engine.sched.clock, START);
    load(hand, yaml);
}

void hand_reload(struct hand_host *hand, const char *yaml)
{
    load(hand, yaml);
}

void hand_jobs(struct hand_host *hand)
{
    while (hand->job_count) {
        struct mf_job *next = hand->jobs[0];

        hand->job_count--;
        memmove(&hand->jobs[0], &hand->jobs[1], hand->job_count * sizeof(next));
        next->run(next);
        next->done(next);
    }
}

/* One look at each descriptor. True when one was ready. */
static bool look(struct hand_host *hand)
{
    bool was_ready = false;

    for (unsigned i = 0; i < HAND_WATCHES; i++) {
        struct mf_watch *watched = hand->watches[i];
        struct pollfd poll_fd = {.fd = watched ? watched->fd : -1, .events = POLLIN};

        if (!watched || !(watched->events & MF_WATCH_READ) || poll(&poll_fd, 1, 0) <= 0)
            continue;
        was_ready = true;
        mf_watcher_tell(&watched->watcher, MF_WATCH_READ);
    }
    return was_ready;
}

void hand_settle(struct hand_host *hand)
{
    do {
        if (!hand->holds_jobs)
            hand_jobs(hand);
        mf_engine_advance(&hand->engine, mf_clock_mono(&hand->engine.sched.clock));
    } while (look(hand) || (hand->job_count && !hand->holds_jobs) ||
             mf_sched_has_work(&hand->engine.sched));
}

/* Second by second, so that what a timer starts is answered before the next one. */
void hand_advance(struct hand_host *hand, int64_t ns)
{
    int64_t until = mf_clock_mono(&hand->engine.sched.clock) + ns, next;

    hand_settle(hand);
    while ((next = mf_clock_mono(&hand->engine.sched.clock)) < until) {
        next = next + MF_SEC < until ? next + MF_SEC : until;
        mf_engine_advance(&hand->engine, next);
        hand_settle(hand);
    }
}

struct mf_node *hand_node(struct hand_host *hand, const char *name)
{
    struct mf_node *node = mf_engine_node(&hand->engine, name);

    assert_non_null(node);
    return node;
}

struct mf_link *hand_link(struct hand_host *hand, const char *name)
{
    for (size_t i = 0; i < hand->engine.link_count; i++)
        if (strcmp(mf_link_name(hand->engine.links[i]), name) == 0)
            return hand->engine.links[i];
    fail_msg("there is no link %s", name);
    return NULL;
}

void hand_feed(struct hand_host *hand, const char *node, double number)
{
    mf_engine_play(&hand->engine, hand_node(hand, node), 0, mf_value_number(number),
                   mf_clock_wall(&hand->engine.sched.clock));
    hand_settle(hand);
}

unsigned hand_watched(const struct hand_host *hand)
{
    unsigned events = 0;

    for (unsigned i = 0; i < HAND_WATCHES; i++)
        if (hand->watches[i])
            events |= hand->watches[i]->events;
    return events;
}

void hand_expect_log(struct hand_host *hand, const char *part)
{
    if (!strstr(mf_buf_text(&hand->log), part))
        fail_msg("`%s` was not logged, but:\n%s", part, mf_buf_text(&hand->log));
    mf_buf_clear(&hand->log);
}

void hand_end(struct hand_host *hand)
{
    mf_engine_stop(&hand->engine);
    hand->holds_jobs = false;
    hand_settle(hand);
    assert_true(mf_engine_has_stopped(&hand->engine));
    mf_engine_done(&hand->engine);
    mf_log_divert(NULL, NULL);
    mf_buf_done(&hand->log);
}
