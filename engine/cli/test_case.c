/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See test_case.h: how a case is played. */

#include "engine/cli/test_case.h"

#include "engine/base/alloc.h"
#include "engine/base/tz.h"
#include "engine/cli/test_cover.h"
#include "engine/run/observe.h"

enum { SEED = 1 }; /* of the jitter in retries: each run is the same */

struct run {
    struct mf_observer observer;
    const struct mf_test_case *test;
    struct mf_engine engine;
    struct mf_diags *diags;
    struct mf_test_watches *watches;
    struct mf_test_cover *cover;
    int64_t *played; /* values of each series so far */
    size_t step;     /* the next one */
    bool ok;
};

static void observe(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct run *run = arg;

    mf_test_watches_note(run->watches, node, output, msg);
    if (run->cover)
        mf_test_cover_note(run->cover, node);
}

static void wrote(void *arg, struct mf_node *node, const struct mf_msg *msg)
{
    struct run *run = arg;

    mf_test_watches_wrote(run->watches, node, msg);
}

/* ---- what sources say ---- */

static struct mf_node *live(struct run *run, const struct mf_def *def)
{
    return run->engine.nodes[def->order];
}

static void play(struct run *run, const struct mf_test_set *set, const struct mf_value *value)
{
    struct mf_node *node = live(run, set->def);
    struct mf_msg msg = {.value = *value, .time = mf_clock_wall(&run->engine.sched.clock)};

    if (set->quality == MF_GOOD)
        mf_engine_play_msg(&run->engine, node, set->output, &msg);
    else
        mf_engine_play_bad(&run->engine, node, (enum mf_quality)set->quality, set->reason);
}

static void play_sets(struct run *run, const struct mf_test_step *step)
{
    for (size_t i = 0; i < step->set_count; i++)
        play(run, &step->sets[i], &step->sets[i].value);
}

static int64_t series_next(const struct run *run, size_t i)
{
    const struct mf_test_series *series = &run->test->series[i];

    return run->played[i] < series->count ? run->played[i] * series->every : MF_NEVER;
}

static void play_series(struct run *run, int64_t now)
{
    for (size_t i = 0; i < run->test->series_count; i++) {
        const struct mf_test_series *series = &run->test->series[i];
        struct mf_value value = series->set.value;

        if (series_next(run, i) != now)
            continue;
        if (series->list)
            value = series->list[run->played[i]].value;
        else
            value.number += (double)run->played[i] * series->add;
        if (!series->list && !(series->set.def->outs[series->set.output].types & MF_T(MF_NUMBER)))
            value = mf_value_int((int64_t)value.number);
        play(run, &series->set, &value);
        run->played[i]++;
    }
}

/* ---- in order of time ---- */

static int64_t next_moment(const struct run *run)
{
    int64_t next = run->step < run->test->step_count ? run->test->steps[run->step].at : MF_NEVER;

    for (size_t i = 0; i < run->test->series_count; i++)
        if (series_next(run, i) < next)
            next = series_next(run, i);
    return next;
}

static void check(struct run *run, const struct mf_test_expect *expects, size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++)
        run->ok &=
            mf_test_check(run->test, &expects[i],
                          mf_test_watches_find(run->watches, &expects[i].point), now, run->diags);
}

static void run_moment(struct run *run, int64_t now)
{
    const struct mf_test_step *step = &run->test->steps[run->step];
    bool is_step = run->step < run->test->step_count && step->at == now;

    mf_engine_advance(&run->engine, now);
    play_series(run, now);
    if (is_step)
        play_sets(run, step);
    mf_engine_advance(&run->engine, now);
    if (run->cover)
        mf_test_cover_look(run->cover, &run->engine);
    if (!is_step)
        return;
    check(run, step->expects, step->expect_count, now);
    run->step++;
}

static void play_all(struct run *run)
{
    int64_t now = 0, next;

    while ((next = next_moment(run)) != MF_NEVER) {
        now = next;
        run_moment(run, now);
    }
    check(run, run->test->ends, run->test->end_count, now);
}

/* Nothing outside is, and the log is outside. */
static bool is_real(const struct mf_kind *kind)
{
    return false;
}

bool mf_test_case_run(const struct mf_test_case *test, struct mf_graph **graph,
                      struct mf_diags *diags, struct mf_test_cover *cover)
{
    struct run run = {.test = test, .diags = diags, .cover = cover, .ok = true};
    struct mf_engine_options options = {.holds_played = true, .is_real = is_real};
    struct mf_error err = {0};

    if (cover) {
        options.saw_line = mf_test_cover_line;
        options.saw_line_arg = cover;
    }
    mf_zone_set_local(test->zone);
    mf_engine_init(&run.engine, NULL, options);
    mf_rng_seed(&run.engine.rng, SEED);
    mf_clock_init_virtual(&run.engine.sched.clock, test->start);
    run.watches = mf_test_watches_new(test, *graph);
    run.played = mf_calloc_array(test->series_count + 1, sizeof *run.played);
    run.observer = (struct mf_observer){.saw = observe, .wrote = wrote, .arg = &run};
    mf_engine_observe(&run.engine, &run.observer);
    if (mf_engine_load(&run.engine, *graph, NULL, &err) == 0) {
        play_all(&run);
        if (cover)
            mf_test_cover_add(cover, &run.engine);
        mf_engine_stop(&run.engine);
    } else {
        run.ok = false;
        *graph = NULL;
        mf_diag(diags, MF_ERROR, MF_CODE_TEST_FAILED, test->at, "%s: the flow cannot be run: %s",
                test->name, err.text);
    }
    mf_engine_unobserve(&run.engine, &run.observer);
    mf_engine_done_keeping(&run.engine);
    mf_zone_set_local(NULL);
    mf_test_watches_free(run.watches);
    mf_free(run.played);
    return run.ok;
}
