/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The loop: see loop_uv.h.
 *
 * A round of libuv is timers, idle, poll, check. The engine runs in the check phase only: the
 * timer and everything that wakes the engine merely start the idle handle, which keeps the poll
 * from waiting. So descriptors are looked at between any two runs, however much there is to do.
 */

#include "engine/run/loop_uv.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/run/loop_priv_uv.h"
#include "engine/run/overview.h"
#include "engine/run/store.h"

enum { TURNS_PER_ROUND = 1000 };
#define SAFE_LIMIT (2 * MF_SEC)  /* for failsafe values to be taken */
#define END_LIMIT (5 * MF_SEC)   /* for links to say goodbye, and for jobs on the pool */
#define STUCK_LIMIT (5 * MF_SEC) /* a timer that late, and no turn meanwhile */

static const int signal_numbers[MF_LOOP_SIGNALS] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};

static void fill_signals(sigset_t *set)
{
    sigemptyset(set);
    for (unsigned i = 0; i < MF_LOOP_SIGNALS; i++)
        sigaddset(set, signal_numbers[i]);
}

void mf_loop_block_signals(void)
{
    sigset_t set;

    fill_signals(&set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGXFSZ); /* a file at its limit is an error of the write, too */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void unblock_signals(void)
{
    sigset_t set;

    fill_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static uint64_t to_ms(int64_t ns)
{
    return (uint64_t)((ns + MF_MS - 1) / MF_MS);
}

/* ---- the engine's work ---- */

static void nothing(uv_idle_t *idle)
{
}

void mf_loop_wake(void *self)
{
    struct mf_loop *loop = self;

    uv_idle_start(&loop->busy, nothing);
}

static void due_fired(uv_timer_t *timer)
{
    struct mf_loop *loop = timer->data;

    loop->due_at = UINT64_MAX;
    mf_loop_wake(loop);
}

/* libuv's clock is the mono clock in whole ms: rounded up, the timer never comes too early. */
static void arm_due(struct mf_loop *loop)
{
    int64_t next = mf_sched_next(&loop->engine.sched);
    uint64_t at = next == MF_NEVER ? UINT64_MAX : to_ms(next > 0 ? next : 0);
    uint64_t now = uv_now(&loop->uv);

    if (at == loop->due_at)
        return;
    loop->due_at = at;
    if (at == UINT64_MAX)
        uv_timer_stop(&loop->due);
    else
        uv_timer_start(&loop->due, due_fired, at > now ? at - now : 0, 0);
}

static void after_poll(uv_check_t *check)
{
    struct mf_loop *loop = check->data;

    if (!uv_is_active((uv_handle_t *)&loop->busy))
        return;
    uv_idle_stop(&loop->busy);
    /* Also while ending: links say goodbye by their timers. */
    if (loop->phase < MF_LOOP_ENDED && mf_engine_run(&loop->engine, TURNS_PER_ROUND))
        mf_loop_wake(loop);
    arm_due(loop);
    mf_loop_look_for_end(loop);
}

/* ---- telling the supervisor ---- */

void mf_loop_tell(struct mf_loop *loop, enum mf_loop_event event)
{
    char why[200], status[300];

    if (!loop->options.event)
        return;
    if (loop->phase >= MF_LOOP_DRAINING)
        snprintf(status, sizeof(status), "stopping, %zu messages wait",
                 mf_engine_waiting(&loop->engine));
    else if (mf_engine_is_healthy(&loop->engine, why, sizeof(why)))
        snprintf(status, sizeof(status), "%u nodes, healthy", loop->engine.count);
    else
        snprintf(status, sizeof(status), "%u nodes, not healthy: %s", loop->engine.count, why);
    loop->options.event(loop->options.event_arg, event, status);
}

/* Late timers and no turn in between: nothing but a restart can help. A link that is down or a
 * device that is silent is not cured by one, and would cost what waits in the queues. */
static bool is_stuck(struct mf_loop *loop)
{
    const struct mf_sched *sched = &loop->engine.sched;
    int64_t next = mf_sched_next(sched);
    bool has_moved = sched->turn != loop->alive_turn;

    loop->alive_turn = sched->turn;
    return !has_moved && next != MF_NEVER && next < mf_clock_mono(&sched->clock) - STUCK_LIMIT;
}

static void alive_fired(uv_timer_t *timer)
{
    struct mf_loop *loop = timer->data;

    if (!is_stuck(loop))
        mf_loop_tell(loop, MF_LOOP_ALIVE);
}

/* ---- ending ---- */

static void limit_fired(uv_timer_t *timer);

static void start_limit(struct mf_loop *loop, int64_t after)
{
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->limit, limit_fired, to_ms(after), 0);
}

static void begin_end(struct mf_loop *loop)
{
    size_t waiting, losing;

    mf_engine_make_safe(&loop->engine);
    waiting = mf_engine_waiting(&loop->engine);
    losing = mf_engine_losing(&loop->engine);
    if (losing)
        mf_log(MF_LOG_WARNING, "engine", "%zu messages were not delivered in time and are lost",
               losing);
    if (waiting > losing)
        mf_log(MF_LOG_NOTICE, "engine", "%zu messages wait in spools for the next start",
               waiting - losing);
    if (waiting && loop->options.engine.once)
        loop->result =
            mf_fail(loop->err, MF_ETIMEOUT, "%zu messages were not delivered in time", waiting);
    loop->phase = MF_LOOP_ENDING;
    start_limit(loop, END_LIMIT);
    mf_engine_stop(&loop->engine);
    mf_loop_look_for_end(loop);
}

/* Whatever could not be delivered in time, actuators are told their last value. */
static void begin_safing(struct mf_loop *loop)
{
    loop->phase = MF_LOOP_SAFING;
    start_limit(loop, SAFE_LIMIT);
    mf_engine_make_safe(&loop->engine);
    mf_loop_look_for_end(loop);
}

static void limit_fired(uv_timer_t *timer)
{
    struct mf_loop *loop = timer->data;

    if (loop->phase == MF_LOOP_DRAINING) {
        begin_safing(loop);
    } else if (loop->phase == MF_LOOP_SAFING) {
        begin_end(loop);
    } else if (loop->phase == MF_LOOP_ENDING) {
        loop->phase = MF_LOOP_ENDED;
        uv_stop(&loop->uv);
    }
}

void mf_loop_look_for_end(struct mf_loop *loop)
{
    if (loop->phase == MF_LOOP_RUNNING && loop->options.engine.once &&
        mf_engine_has_spoken(&loop->engine))
        mf_loop_end(loop);
    if (loop->phase == MF_LOOP_DRAINING && mf_engine_is_drained(&loop->engine))
        begin_safing(loop);
    if (loop->phase == MF_LOOP_SAFING && mf_engine_is_safe(&loop->engine))
        begin_end(loop);
    if (loop->phase == MF_LOOP_ENDING && loop->jobs == 0 && mf_engine_has_stopped(&loop->engine)) {
        loop->phase = MF_LOOP_ENDED;
        uv_stop(&loop->uv);
    }
}

static void all_stopped(void *self)
{
    mf_loop_look_for_end(self);
}

void mf_loop_end(struct mf_loop *loop)
{
    if (loop->phase == MF_LOOP_DRAINING || loop->phase == MF_LOOP_SAFING) {
        begin_end(loop);
    } else if (loop->phase == MF_LOOP_RUNNING) {
        loop->phase = MF_LOOP_DRAINING;
        mf_loop_tell(loop, MF_LOOP_STOPPING);
        start_limit(loop, loop->options.drain);
        mf_engine_drain(&loop->engine);
        mf_loop_wake(loop);
    }
}

/* ---- signals ---- */

static void log_status(struct mf_loop *loop)
{
    struct mf_value overview = mf_engine_overview(&loop->engine);
    struct mf_buf text = {0};
    const char *line;

    mf_overview_print(&overview, true, &text);
    mf_value_drop(overview);
    for (line = mf_buf_text(&text); *line;) {
        size_t len = strcspn(line, "\n");

        mf_log(MF_LOG_NOTICE, "status", "%.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
    mf_buf_done(&text);
}

static void signal_came(uv_signal_t *handle, int number)
{
    struct mf_loop *loop = handle->data;

    if (number == SIGHUP) {
        mf_loop_reload(loop);
    } else if (number == SIGUSR1) {
        log_status(loop);
    } else {
        if (loop->phase == MF_LOOP_RUNNING)
            mf_log(MF_LOG_NOTICE, "engine", "asked to end; sinks have %.1f s to empty their queues",
                   (double)loop->options.drain / MF_SEC);
        mf_loop_end(loop);
    }
}

/* ---- the store ---- */

/* On the worker's thread. */
static void stored(void *self)
{
    struct mf_loop *loop = self;

    uv_async_send(&loop->stored);
}

static void stored_came(uv_async_t *async)
{
    struct mf_loop *loop = async->data;

    if (loop->engine.store)
        mf_store_collect(loop->engine.store);
    mf_loop_look_for_end(loop);
}

/* ---- life ---- */

struct mf_loop *mf_loop_new(struct mf_loop_options options)
{
    struct mf_loop *loop = mf_zalloc(sizeof(*loop));

    loop->options = options;
    loop->due_at = UINT64_MAX;
    if (uv_loop_init(&loop->uv) < 0)
        mf_out_of_memory();
    uv_timer_init(&loop->uv, &loop->due);
    uv_timer_init(&loop->uv, &loop->limit);
    uv_timer_init(&loop->uv, &loop->alive);
    uv_async_init(&loop->uv, &loop->stored, stored_came);
    uv_unref((uv_handle_t *)&loop->stored);
    uv_idle_init(&loop->uv, &loop->busy);
    uv_check_init(&loop->uv, &loop->after);
    loop->stored.data = loop->due.data = loop->limit.data = loop->alive.data = loop->after.data =
        loop;
    for (unsigned i = 0; i < MF_LOOP_SIGNALS; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
    }
    loop->host = (struct mf_host){
        .self = loop,
        .wake = mf_loop_wake,
        .watch = mf_loop_watch,
        .job = mf_loop_job,
        .all_stopped = all_stopped,
        .stored = stored,
        .settled = mf_loop_settled,
    };
    mf_engine_init(&loop->engine, &loop->host, options.engine);
    return loop;
}

int mf_loop_run(struct mf_loop *loop, struct mf_graph *graph, struct mf_error *err)
{
    int rc;

    loop->err = err;
    uv_check_start(&loop->after, after_poll);
    rc = mf_engine_load(&loop->engine, graph, NULL, err);
    if (rc < 0)
        return rc;
    mf_generation_begin(&loop->engine, loop->options.generation ? loop->options.generation : 1);
    for (unsigned i = 0; i < MF_LOOP_SIGNALS; i++)
        uv_signal_start(&loop->signals[i], signal_came, signal_numbers[i]);
    loop->phase = MF_LOOP_RUNNING;
    mf_loop_wake(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT); /* the first turn */
    if (loop->phase == MF_LOOP_RUNNING) {
        mf_loop_tell(loop, MF_LOOP_READY);
        mf_loop_settled(loop, true, NULL);
        if (loop->options.alive)
            uv_timer_start(&loop->alive, alive_fired, to_ms(loop->options.alive),
                           to_ms(loop->options.alive));
    }
    unblock_signals();
    while (loop->phase != MF_LOOP_ENDED)
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (loop->engine.store)
        mf_store_flush(loop->engine.store);
    return loop->result;
}

bool mf_loop_has_jobs(const struct mf_loop *loop)
{
    return loop->jobs > 0;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void mf_loop_free(struct mf_loop *loop)
{
    if (!loop || loop->jobs)
        return;
    mf_engine_done(&loop->engine);
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    mf_free(loop);
}

struct mf_engine *mf_loop_engine(struct mf_loop *loop)
{
    return &loop->engine;
}
