/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reload in the loop: the flow is read and prepared on the pool, then it takes over between two
 * turns. What asks for it is a signal or a request; one is answered at a time.
 */

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/run/change.h"
#include "engine/run/loop_priv_uv.h"

static void log_report(const struct mf_engine *engine)
{
    const struct mf_reload_report *report = &engine->report;

    mf_log(MF_LOG_NOTICE, "reload",
           "done, generation %llu: %zu nodes kept, %zu changed in place, %zu made anew (%zu of "
           "them keep their state), %zu added, %zu removed; links: %zu kept, %zu added, %zu "
           "removed",
           (unsigned long long)engine->live.number, report->kept, report->in_place,
           report->migrated + report->restarted, report->migrated, report->added, report->removed,
           report->links_kept, report->links_added, report->links_removed);
    for (size_t i = 0; i < report->item_count; i++) {
        const struct mf_reload_item *item = &report->items[i];

        if (item->fate == MF_FATE_DROPPED)
            mf_log(MF_LOG_NOTICE, item->name, "begins anew: its state (%zu values) was dropped",
                   item->fields);
    }
}

void mf_loop_settled(void *self, bool is_accepted, const char *why)
{
    struct mf_loop *loop = self;
    unsigned long long number = loop->engine.live.number;

    loop->engine.last_refused |= !is_accepted;
    if (!is_accepted)
        mf_log(MF_LOG_ERROR, "reload", "swapped back, generation %llu is live again: %s", number,
               why);
    else
        mf_log(MF_LOG_INFO, "reload", "generation %llu is accepted", number);
    if (loop->options.settled)
        loop->options.settled(loop->options.arg, loop, is_accepted);
}

/* ---- reading ---- */

static void read_run(uv_work_t *request)
{
    struct mf_loop *loop = request->data;
    struct mf_graph *graph = loop->options.read(loop->options.arg, loop->ask.generation);

    loop->change = graph ? mf_change_prepare(&loop->engine, graph) : NULL;
    loop->prepared = mf_clock_mono(&loop->engine.sched.clock);
}

static void begin_reading(struct mf_loop *loop);

static void answer(struct mf_loop *loop, const struct mf_loop_answer *text)
{
    struct mf_loop_ask ask = loop->ask;

    loop->ask = (struct mf_loop_ask){0};
    if (ask.done)
        ask.done(ask.arg, loop, text);
}

/* Refused, or done. */
static void switch_over(struct mf_loop *loop, struct mf_change *change, const char *faults)
{
    struct mf_engine *engine = &loop->engine;
    struct mf_trial_terms terms = {
        .grace = loop->options.grace,
        .confirm = loop->ask.confirm,
        .number = loop->ask.generation,
        .by = loop->ask.generation ? MF_BY_ROLLBACK : MF_BY_RELOAD,
    };
    struct mf_loop_answer result = {.prepared = loop->prepared - loop->asked};
    struct mf_error err = {0};
    int64_t began = mf_clock_mono(&engine->sched.clock);

    if (!change) {
        mf_log(MF_LOG_ERROR, "reload", "refused, the flow has errors; the running one goes on");
        result.why = faults;
    } else if (mf_generation_switch(engine, change, &terms, NULL, &err) < 0) {
        mf_log(MF_LOG_ERROR, "reload", "refused: %s; the running flow goes on", err.text);
        result.why = err.text;
    } else {
        log_report(engine);
        result.is_done = true;
    }
    result.held = mf_clock_mono(&engine->sched.clock) - began;
    engine->last_refused = !result.is_done;
    engine->is_fallback &= !result.is_done;
    mf_loop_tell(loop, MF_LOOP_READY);
    answer(loop, &result);
}

/* What was prepared is about nodes that are not there any more: the trial ended meanwhile. */
static bool is_outdated(const struct mf_change *change)
{
    return change && change->past->generation != change->engine->generation;
}

static void read_over(uv_work_t *request, int status)
{
    struct mf_loop *loop = request->data;
    struct mf_change *change = loop->change;
    struct mf_buf faults = {0};

    loop->change = NULL;
    loop->is_reading = loop->engine.is_preparing = false;
    loop->jobs--;
    if (loop->options.read_done)
        loop->options.read_done(loop->options.arg, &faults);
    if (loop->phase != MF_LOOP_RUNNING) {
        mf_change_drop(change);
        answer(loop, &(struct mf_loop_answer){.why = "the engine is about to end"});
        mf_loop_look_for_end(loop);
    } else {
        mf_generation_look(&loop->engine);
        if (is_outdated(change)) {
            mf_change_drop(change);
            begin_reading(loop);
        } else {
            switch_over(loop, change, mf_buf_text(&faults));
            if (loop->must_read_again)
                mf_loop_reload(loop);
        }
        mf_loop_wake(loop);
    }
    mf_buf_done(&faults);
}

static void begin_reading(struct mf_loop *loop)
{
    loop->must_read_again = false;
    loop->is_reading = loop->engine.is_preparing = true;
    loop->jobs++;
    loop->asked = mf_clock_mono(&loop->engine.sched.clock);
    loop->reading.data = loop;
    uv_queue_work(&loop->uv, &loop->reading, read_run, read_over);
}

void mf_loop_reload(struct mf_loop *loop)
{
    struct mf_loop_ask ask = {0};

    if (loop->phase != MF_LOOP_RUNNING || !loop->options.read)
        return;
    /* Files may have changed since they were read. */
    loop->must_read_again = loop->is_reading;
    mf_loop_ask(loop, &ask, NULL);
}

int mf_loop_ask(struct mf_loop *loop, const struct mf_loop_ask *ask, struct mf_error *err)
{
    if (loop->phase != MF_LOOP_RUNNING || !loop->options.read)
        return mf_fail(err, MF_EINVAL, "this engine cannot reload now");
    if (loop->is_reading)
        return mf_fail(err, MF_EINVAL, "another reload is under way");
    loop->ask = *ask;
    mf_loop_tell(loop, MF_LOOP_RELOADING);
    begin_reading(loop);
    return 0;
}

void mf_loop_forget(struct mf_loop *loop, const void *arg)
{
    if (loop->ask.arg == arg)
        loop->ask.done = NULL;
}

bool mf_loop_is_reading(const struct mf_loop *loop)
{
    return loop->is_reading;
}

struct mf_value mf_loop_plan(struct mf_loop *loop, const char *origin, struct mf_buf *faults)
{
    if (loop->options.plan)
        return loop->options.plan(loop->options.arg, origin, faults);
    mf_buf_puts(faults, "this engine cannot reload\n");
    return mf_value_null();
}

void mf_loop_do(struct mf_loop *loop, struct mf_job *job)
{
    mf_loop_job(loop, job);
}
