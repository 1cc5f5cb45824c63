/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See generation.h. */

#include "engine/run/generation.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/list.h"
#include "engine/run/change.h"

const char *const mf_generation_by_names[] = {"start", "reload", "rollback", "swap back"};

static void set_live(struct mf_engine *engine, struct mf_generation live)
{
    live.since = mf_clock_wall(&engine->sched.clock);
    engine->live = live;
    if (live.number >= engine->next_generation)
        engine->next_generation = live.number + 1;
}

void mf_generation_begin(struct mf_engine *engine, uint64_t number)
{
    struct mf_generation live = {.number = number, .by = MF_BY_START};

    memcpy(live.hash, engine->graph->hash, sizeof(live.hash));
    set_live(engine, live);
}

static void tell(struct mf_engine *engine, bool is_accepted)
{
    if (engine->host && engine->host->settled)
        engine->host->settled(engine->host->self, is_accepted, engine->trial.why);
}

/* ---- the end of a trial ---- */

static void end_trial(struct mf_engine *engine)
{
    struct mf_trial *trial = &engine->trial;

    mf_timer_disarm(&engine->sched, &trial->timer);
    trial->is_on = trial->is_due = engine->sched.must_halt = false;
    trial->failed = NULL;
    trial->number++; /* nobody is watched any more */
}

static void accept_live(struct mf_engine *engine)
{
    struct mf_past *past = engine->trial.past;

    end_trial(engine);
    engine->trial.past = NULL;
    mf_past_free(past);
    mf_engine_reap(engine);
    tell(engine, true);
}

static struct mf_graph *take_back_graph(struct mf_engine *engine, uint64_t generation)
{
    struct mf_graph *graph = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < engine->retired_count; i++) {
        if (engine->retired[i].generation == generation)
            graph = engine->retired[i].graph;
        else
            engine->retired[kept++] = engine->retired[i];
    }
    engine->retired_count = kept;
    return graph;
}

/* Links that are saying goodbye still need the graph that is about to be live again. */
static void renumber_leaving(struct mf_engine *engine, uint64_t generation)
{
    for (size_t i = 0; i < engine->leaving_count; i++)
        if (engine->leaving[i]->generation == generation)
            engine->leaving[i]->generation = engine->generation;
}

static void go_back(struct mf_engine *engine)
{
    struct mf_trial *trial = &engine->trial;
    struct mf_past *past = trial->past;
    struct mf_generation live = trial->former;
    struct mf_error err = {0};
    struct mf_change *change = mf_change_prepare(engine, take_back_graph(engine, past->generation));
    int rc;

    change->back_to = past;
    rc = mf_change_switch(change, NULL, &err);
    end_trial(engine);
    trial->past = NULL;
    if (rc < 0) {
        mf_log(MF_LOG_ERROR, "reload", "the former generation cannot be made again: %s", err.text);
    } else {
        renumber_leaving(engine, past->generation);
        mf_linger_renumber(engine, past->generation);
        live.by = MF_BY_SWAP;
        set_live(engine, live);
    }
    mf_past_free(past);
    mf_engine_reap(engine);
    tell(engine, rc < 0);
}

void mf_generation_look(struct mf_engine *engine)
{
    struct mf_trial *trial = &engine->trial;

    if (!trial->is_due || engine->is_stopping || engine->is_preparing)
        return;
    if (trial->failed || trial->confirm)
        go_back(engine);
    else
        accept_live(engine);
}

/* Not in the middle of a turn, but before the next one. */
static void ask_for_end(struct mf_trial *trial)
{
    mf_list_entry(trial, struct mf_engine, trial)->sched.must_halt = true;
    trial->is_due = true;
}

static void trial_fired(struct mf_timer *timer)
{
    struct mf_trial *trial = mf_list_entry(timer, struct mf_trial, timer);

    ask_for_end(trial);
    if (trial->confirm && !trial->failed)
        snprintf(trial->why, sizeof(trial->why), "nobody confirmed it in time");
}

static void failed(struct mf_node *node, const char *why)
{
    struct mf_engine *engine = node->sched->engine;
    struct mf_trial *trial = &engine->trial;

    if (!trial->is_on || trial->failed || node->trial != trial->number ||
        mf_clock_mono(&engine->sched.clock) >= trial->grace)
        return;
    trial->failed = node;
    trial->failed_turn = engine->sched.in_turn ? engine->sched.turn : 0;
    ask_for_end(trial);
    snprintf(trial->why, sizeof(trial->why), "`%s` failed: %s", node->def->name, why);
}

void mf_generation_node_failed(struct mf_node *node, const struct mf_error *err)
{
    failed(node, err->text);
}

/* It goes on with the next message, but that is not what was meant. */
void mf_generation_script_failed(struct mf_node *node, const char *why)
{
    failed(node, why);
}

/* ---- its begin ---- */

static void begin_trial(struct mf_engine *engine, const struct mf_trial_terms *terms,
                        const struct mf_generation *former)
{
    struct mf_trial *trial = &engine->trial;
    int64_t now = mf_clock_mono(&engine->sched.clock);

    trial->former = *former;
    trial->grace = now + terms->grace;
    trial->confirm = terms->confirm ? now + terms->confirm : 0;
    trial->timer.fire = trial_fired;
    trial->is_on = true;
    mf_timer_arm(&engine->sched, &trial->timer, trial->confirm ? trial->confirm : trial->grace);
}

static bool says_the_same(const struct mf_engine *engine, const struct mf_graph *graph)
{
    return engine->graph && memcmp(engine->graph->hash, graph->hash, sizeof(graph->hash)) == 0;
}

static void number_live(struct mf_engine *engine, const struct mf_trial_terms *terms)
{
    struct mf_generation live = {.number = terms->number, .by = terms->by};

    if (!live.number)
        live.number = engine->next_generation;
    engine->former = engine->live.number;
    memcpy(live.hash, engine->graph->hash, sizeof(live.hash));
    set_live(engine, live);
}

int mf_generation_switch(struct mf_engine *engine, struct mf_change *change,
                         const struct mf_trial_terms *terms, struct mf_reload_report *report,
                         struct mf_error *err)
{
    struct mf_generation former = engine->live;
    bool is_same = says_the_same(engine, change->graph);
    int rc;

    if (engine->trial.is_on && engine->trial.confirm) {
        mf_change_drop(change);
        return mf_fail(err, MF_EINVAL,
                       "generation %llu waits for `confirm` or `rollback`, and nothing else is "
                       "taken before",
                       (unsigned long long)engine->live.number);
    }
    if (engine->trial.is_on)
        accept_live(engine);
    change->keeps_past = terms->grace > 0 && !is_same;
    if (change->keeps_past) /* a node may fail while it is started */
        begin_trial(engine, terms, &former);
    rc = mf_change_switch(change, report, err);
    if (rc < 0) {
        end_trial(engine);
        return rc;
    }
    if (!is_same || terms->number)
        number_live(engine, terms);
    if (!engine->trial.failed) {
        if (!is_same && !engine->trial.is_on)
            tell(engine, true);
        return 0;
    }
    go_back(engine);
    return mf_fail(err, MF_EINVAL, "%s", engine->trial.why);
}

int mf_generation_confirm(struct mf_engine *engine, struct mf_error *err)
{
    if (!engine->trial.is_on)
        return mf_fail(err, MF_EINVAL, "generation %llu needs no confirmation",
                       (unsigned long long)engine->live.number);
    accept_live(engine);
    return 0;
}

int mf_generation_back(struct mf_engine *engine, const char *why, struct mf_error *err)
{
    if (!engine->trial.is_on)
        return mf_fail(err, MF_EINVAL, "generation %llu is not on trial",
                       (unsigned long long)engine->live.number);
    snprintf(engine->trial.why, sizeof(engine->trial.why), "%s", why);
    go_back(engine);
    return 0;
}

uint64_t mf_generation_until(const struct mf_engine *engine)
{
    const struct mf_clock *clock = &engine->sched.clock;

    if (!engine->trial.is_on || !engine->trial.confirm)
        return 0;
    return (uint64_t)(mf_clock_wall(clock) + engine->trial.confirm - mf_clock_mono(clock));
}

void mf_generation_done(struct mf_engine *engine)
{
    mf_timer_disarm(&engine->sched, &engine->trial.timer);
    mf_past_free(engine->trial.past);
    engine->trial.past = NULL;
}
