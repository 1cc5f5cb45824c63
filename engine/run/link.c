/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Live links: connecting, losing, waiting, connecting again.
 *
 * Whoever starts twice as often as the other side comes back keeps it from
 * coming back: the wait doubles up to a minute, with jitter, so that a house full of
 * clients does not knock at one moment.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/engine.h"
#include "engine/run/pressure.h"

enum { DOUBLINGS = 6 };

const char *const mf_link_phase_names[] = {
    "new", "connecting", "up", "waiting to retry", "stopping", "stopped",
};

int64_t mf_retry_delay(struct mf_rng *rng, uint32_t failures)
{
    uint32_t doublings = failures > DOUBLINGS ? DOUBLINGS : failures ? failures - 1 : 0;
    int64_t delay = MF_RETRY_FIRST << doublings;

    if (delay > MF_RETRY_MAX)
        delay = MF_RETRY_MAX;
    return (int64_t)((double)delay * (0.8 + 0.4 * mf_rng_double(rng)));
}

static void retry_fired(struct mf_timer *timer)
{
    mf_link_begin(mf_list_entry(timer, struct mf_link, retry));
}

static void own_fired(struct mf_timer *timer)
{
    struct mf_link *link = mf_list_entry(timer, struct mf_link, own);

    if (link->kind->timeout)
        link->kind->timeout(link);
}

struct mf_link *mf_link_new(struct mf_engine *engine, const struct mf_link_def *def)
{
    struct mf_link *link = mf_zalloc(sizeof(*link));

    link->kind = def->kind;
    link->def = def;
    link->config = def->config;
    link->engine = engine;
    link->state = mf_zalloc(def->kind->state_size + 1);
    link->retry.fire = retry_fired;
    link->own.fire = own_fired;
    return link;
}

void mf_link_free(struct mf_link *link)
{
    mf_timer_disarm(&link->engine->sched, &link->retry);
    mf_timer_disarm(&link->engine->sched, &link->own);
    if (link->kind->destroy)
        link->kind->destroy(link);
    mf_free(link->nodes);
    mf_free(link->state);
    mf_free(link);
}

void mf_link_begin(struct mf_link *link)
{
    link->phase = MF_LINK_CONNECTING;
    link->kind->start(link);
}

void mf_link_end(struct mf_link *link)
{
    if (link->phase == MF_LINK_STOPPING || link->phase == MF_LINK_STOPPED)
        return;
    mf_timer_disarm(&link->engine->sched, &link->retry);
    mf_timer_disarm(&link->engine->sched, &link->own);
    if (link->phase == MF_LINK_NEW) {
        link->phase = MF_LINK_STOPPED;
        return;
    }
    link->phase = MF_LINK_STOPPING;
    link->kind->stop(link);
}

/* ---- what a kind may call ---- */

const char *mf_link_name(const struct mf_link *link)
{
    return link->def->name;
}

const void *mf_link_service(const struct mf_link *link)
{
    return link->kind->service;
}

const void *mf_link_config(const struct mf_link *link)
{
    return link->config;
}

void *mf_link_state(const struct mf_link *link)
{
    return link->state;
}

int64_t mf_link_now(const struct mf_link *link)
{
    return mf_clock_wall(&link->engine->sched.clock);
}

int64_t mf_link_mono(const struct mf_link *link)
{
    return mf_clock_mono(&link->engine->sched.clock);
}

bool mf_link_is_up(const struct mf_link *link)
{
    return link->phase == MF_LINK_UP;
}

bool mf_link_is_read_only(const struct mf_link *link)
{
    return link->engine->options.read_only;
}

unsigned mf_link_nodes(const struct mf_link *link)
{
    return link->node_count;
}

struct mf_node *mf_link_node(const struct mf_link *link, unsigned i)
{
    return link->nodes[i];
}

void mf_link_arm(struct mf_link *link, int64_t after_ns)
{
    mf_timer_arm(&link->engine->sched, &link->own, mf_link_mono(link) + after_ns);
    mf_engine_wake(link->engine);
}

void mf_link_log(struct mf_link *link, int level, const char *fmt, ...)
{
    struct mf_buf text = {.limit = 1000};
    va_list args;

    va_start(args, fmt);
    mf_buf_vprintf(&text, fmt, args);
    va_end(args);
    mf_log((enum mf_log_level)level, link->def->name, "%s", mf_buf_text(&text));
    mf_buf_done(&text);
}

/* A source of events need not say again what still holds; one that is polled soon does. */
static void restore(struct mf_node *node)
{
    const struct mf_kind *kind = node->kind;
    int64_t stale = node->def->stale;

    if ((kind->period && kind->period(node->config)) ||
        (stale && mf_node_mono(node) - node->last_news > stale))
        return;
    mf_node_recover(node, mf_reason_link);
}

void mf_link_up(struct mf_link *link)
{
    if (link->phase != MF_LINK_CONNECTING)
        return;
    link->phase = MF_LINK_UP;
    link->up_since = mf_link_mono(link);
    link->last_error[0] = 0;
    link->ups++;
    mf_link_log(link, MF_LOG_NOTICE, link->was_up ? "connected again" : "connected");
    link->was_up = true;
    if (link->blocked)
        link->kind->pause(link, true);
    for (unsigned i = 0; i < link->node_count; i++) {
        if (!link->nodes[i]->queue) {
            restore(link->nodes[i]);
            continue;
        }
        mf_queue_begin_pace(link->nodes[i]->queue, mf_link_mono(link));
        mf_node_wake(link->nodes[i]);
    }
}

/* Everything that hangs on the link is stale, and what was on its way waits again. */
static void mark_nodes(struct mf_link *link)
{
    for (unsigned i = 0; i < link->node_count; i++) {
        struct mf_node *node = link->nodes[i];

        if (node->queue)
            mf_queue_recall(node->queue);
        if (node->phase == MF_NODE_RUNNING && !node->is_played)
            mf_node_lose(node, MF_STALE, mf_reason_link);
    }
}

void mf_link_down(struct mf_link *link, const struct mf_error *err)
{
    bool was_up = link->phase == MF_LINK_UP;
    int64_t delay;

    if (link->phase != MF_LINK_UP && link->phase != MF_LINK_CONNECTING)
        return;
    link->phase = MF_LINK_WAITING;
    if (was_up && mf_link_mono(link) - link->up_since >= MF_RETRY_STEADY)
        link->failures = 0;
    link->failures++;
    delay = mf_retry_delay(&link->engine->rng, link->failures);
    /* The same error each minute is no news: the first, a new one, and every tenth. */
    if (was_up || strcmp(link->last_error, err->text) != 0 || link->failures % 10 == 0)
        mf_link_log(
            link, err->code == MF_EDENIED || err->code == MF_EINVAL ? MF_LOG_ERROR : MF_LOG_WARNING,
            "%s; trying again in %.1f s", err->text, (double)delay / MF_SEC);
    snprintf(link->last_error, sizeof(link->last_error), "%s", err->text);
    mark_nodes(link);
    mf_timer_arm(&link->engine->sched, &link->retry, mf_link_mono(link) + delay);
    mf_engine_wake(link->engine);
}

void mf_link_stopped(struct mf_link *link)
{
    struct mf_engine *engine = link->engine;

    link->phase = MF_LINK_STOPPED;
    if (engine->is_stopping && engine->host)
        engine->host->all_stopped(engine->host->self);
    mf_engine_wake(engine);
}

struct mf_watch *mf_watch_new(struct mf_link *link,
                              void (*ready)(struct mf_link *link, unsigned events))
{
    return link->engine->host->watch(link->engine->host->self,
                                     &(struct mf_watcher){.link = link, .link_ready = ready});
}

struct mf_watch *mf_watch_new_for(struct mf_link *link, void (*ready)(void *arg, unsigned events),
                                  void *arg)
{
    return link->engine->host->watch(
        link->engine->host->self, &(struct mf_watcher){.link = link, .ready = ready, .arg = arg});
}

void mf_link_job(struct mf_link *link, struct mf_job *job)
{
    link->engine->host->job(link->engine->host->self, job);
}
