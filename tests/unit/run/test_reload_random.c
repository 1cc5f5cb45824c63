/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Random edits to random flows, while messages go through them.
 *
 * A flow is a row of slots, each empty or a node that reads one before it. Every node passes on
 * each message it gets, so a plain model knows what every counter must stand at and how many
 * letters each sink must have sent. What differs is printed with the seed and the step; a seed
 * alone is run again with MF_SEED=n.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/base/rng.h"
#include "engine/run/reload.h"
#include "tests/support/bench_priv.h"
#include "tests/unit/run/run_kinds.h"

enum { SEEDS = 20, STEPS = 50, SLOTS = 10, SOURCES = 2, MESSAGES = 5 };

/* SCALE may change in place, COUNT has state, SPIN is late, SINK has a queue. */
enum kind { NONE, SCALE, COUNT, SPIN, SINK, KINDS };

struct slot {
    enum kind kind;
    int from; /* a slot before it; -1, -2: a source */
    int number;
};

struct model {
    struct slot slots[SLOTS];
    int64_t counts[SLOTS];  /* of counters: messages that came */
    int64_t letters[SLOTS]; /* of sinks: that came */
};

struct world {
    struct mf_engine engine;
    struct mf_rng rng;
    struct model model;
    int64_t now, sent;
    unsigned seed, step;
    uint64_t sink_letters; /* that all sinks together must have been given */
};

/* ---- flows ---- */

static unsigned below(struct world *w, unsigned bound)
{
    return (unsigned)mf_rng_below(&w->rng, bound);
}

static bool can_be_read(const struct model *model, int from)
{
    return from < 0 || (model->slots[from].kind != NONE && model->slots[from].kind != SINK);
}

static int pick_source(struct world *w, const struct model *model, int slot)
{
    int from = (int)below(w, (unsigned)slot + SOURCES) - SOURCES;

    return can_be_read(model, from) ? from : -1 - (int)below(w, SOURCES);
}

static void edit_slot(struct world *w, struct model *model, int i)
{
    struct slot *slot = &model->slots[i];

    switch (below(w, 4)) {
    case 0:
        slot->kind = (enum kind)below(w, KINDS);
        break;
    case 1:
        slot->from = pick_source(w, model, i);
        break;
    default:
        slot->number = (int)below(w, 5) + 1;
    }
}

/* Whose source has gone reads another. */
static void edit(struct world *w, struct model *model)
{
    for (unsigned i = below(w, 3) + 1; i > 0; i--)
        edit_slot(w, model, (int)below(w, SLOTS));
    for (int i = 0; i < SLOTS; i++)
        if (!can_be_read(model, model->slots[i].from))
            model->slots[i].from = pick_source(w, model, i);
}

static void put_from(int from, struct mf_buf *yaml)
{
    if (from < 0)
        mf_buf_printf(yaml, "s%d", -from);
    else
        mf_buf_printf(yaml, "n%d", from);
}

static void put_slot(const struct slot *slot, struct mf_buf *yaml)
{
    static const char *const heads[] = {"", "scale: %d", "test.count: , by: %d",
                                        "test.spin: ", "test.sink: , by: %d"};
    const char *head = heads[slot->kind], *hole = strstr(head, "%d");

    mf_buf_put(yaml, head, hole ? (size_t)(hole - head) : strlen(head));
    if (hole)
        mf_buf_printf(yaml, "%d", slot->number);
    mf_buf_puts(yaml, ", from: ");
    put_from(slot->from, yaml);
}

static struct mf_graph *compile(const struct model *model, const char *more)
{
    struct bench_flow flow;
    struct mf_buf yaml = {0};

    mf_buf_puts(&yaml, "s1: {test.source: number}\ns2: {test.source: number}\n");
    for (int i = 0; i < SLOTS; i++) {
        if (model->slots[i].kind == NONE)
            continue;
        mf_buf_printf(&yaml, "n%d: {", i);
        put_slot(&model->slots[i], &yaml);
        mf_buf_puts(&yaml, "}\n");
    }
    mf_buf_puts(&yaml, more);
    bench_compile(&flow, mf_buf_text(&yaml), NULL);
    mf_buf_done(&yaml);
    return bench_flow_end(&flow);
}

/* ---- the model ---- */

static void pass(struct world *w, int from)
{
    struct model *model = &w->model;

    for (int i = 0; i < SLOTS; i++) {
        if (model->slots[i].kind == NONE || model->slots[i].from != from)
            continue;
        model->counts[i]++;
        model->letters[i]++;
        w->sink_letters += model->slots[i].kind == SINK;
        pass(w, i);
    }
}

/* What an accepted edit does to what the nodes know. */
static void take_over(struct world *w, const struct model *edited)
{
    for (int i = 0; i < SLOTS; i++)
        if (w->model.slots[i].kind != edited->slots[i].kind)
            w->model.counts[i] = 0;
    memcpy(w->model.slots, edited->slots, sizeof(edited->slots));
}

static bool same_object(const struct model *before, const struct model *after, int i)
{
    const struct slot *a = &before->slots[i], *b = &after->slots[i];

    if (a->kind == NONE || a->kind != b->kind || a->from != b->from ||
        (a->number != b->number && a->kind != SCALE && a->kind != SPIN))
        return false;
    /* What it reads gives whole numbers, or others: the edge is another one. */
    return a->from < 0 ||
           (before->slots[a->from].kind == COUNT) == (after->slots[a->from].kind == COUNT);
}

/* ---- the engine ---- */

static struct mf_node *find(const struct world *w, int i)
{
    char name[16];

    snprintf(name, sizeof(name), i < 0 ? "s%d" : "n%d", abs(i));
    return mf_engine_node(&w->engine, name);
}

static void send(struct world *w)
{
    for (unsigned i = below(w, MESSAGES); i > 0; i--) {
        int from = -1 - (int)below(w, SOURCES);

        mf_engine_play(&w->engine, find(w, from), 0, mf_value_number((double)++w->sent), 0);
        pass(w, from);
    }
}

static void settle(struct world *w, int64_t after)
{
    w->now += after;
    mf_engine_advance(&w->engine, w->now);
}

/* Everything has arrived. */
static void let_out(struct world *w)
{
    run_sink.room = SIZE_MAX;
    for (int i = 0; i < SLOTS; i++)
        if (w->model.slots[i].kind == SINK)
            mf_node_wake(find(w, i));
    settle(w, MF_SEC);
}

static void check(struct world *w)
{
    for (int i = 0; i < SLOTS; i++) {
        const struct mf_node *node = find(w, i);

        if (!node != (w->model.slots[i].kind == NONE))
            fail_msg("seed %u, step %u: n%d is there, or is not", w->seed, w->step, i);
        if (w->model.slots[i].kind == COUNT && *(int64_t *)node->state != w->model.counts[i])
            fail_msg("seed %u, step %u: n%d counted %lld, %lld came", w->seed, w->step, i,
                     (long long)*(int64_t *)node->state, (long long)w->model.counts[i]);
    }
    if (run_sink.room == SIZE_MAX && run_sink.count != w->sink_letters)
        fail_msg("seed %u, step %u: %zu letters left, %llu came", w->seed, w->step, run_sink.count,
                 (unsigned long long)w->sink_letters);
}

static void expect_same(const struct world *w, const struct model *before,
                        const struct model *after, struct mf_node *const *nodes)
{
    for (int i = 0; i < SLOTS; i++)
        if (same_object(before, after, i) && find(w, i) != nodes[i])
            fail_msg("seed %u, step %u: n%d did not change and is another object", w->seed, w->step,
                     i);
    for (int i = 1; i <= SOURCES; i++)
        if (find(w, -i) != nodes[SLOTS + i - 1])
            fail_msg("seed %u, step %u: s%d is another object", w->seed, w->step, i);
}

/* One reload: messages before it is prepared, while it is, and after. `more`: a node that cannot
 * work, and brings everything back. */
static void reload(struct world *w, const struct model *edited, const char *more)
{
    static const struct mf_trial_terms terms = {.grace = MF_TRIAL_GRACE, .by = MF_BY_RELOAD};
    struct model before = w->model;
    struct mf_node *nodes[SLOTS + SOURCES];
    struct mf_change *change;
    struct mf_error err;
    int rc;

    for (int i = 0; i < SLOTS; i++)
        nodes[i] = find(w, i);
    for (int i = 1; i <= SOURCES; i++)
        nodes[SLOTS + i - 1] = find(w, -i);
    send(w);
    change = mf_change_prepare(&w->engine, compile(edited, more));
    send(w);
    rc = mf_generation_switch(&w->engine, change, &terms, NULL, &err);
    if ((rc < 0) != (*more != 0))
        fail_msg("seed %u, step %u: the reload says %d", w->seed, w->step, rc);
    if (rc == 0)
        take_over(w, edited);
    expect_same(w, &before, edited, nodes); /* those that came back had gone */
    send(w);
    settle(w, below(w, 2) ? MF_MS : 11 * MF_SEC);
    check(w);
}

static void step(struct world *w)
{
    static const char *const ends[] = {"", "", "", "w: {test.weak: 1, from: s1}\n",
                                       "r: {test.rotten: , from: s1}\n"};
    struct model edited = w->model;

    /* A sink that goes takes its letters along once it cannot come back any more: it has none. */
    let_out(w);
    check(w);
    run_sink.room = below(w, 2) ? SIZE_MAX : 0;
    edit(w, &edited);
    for (int i = 0; i < SLOTS && run_sink.room == 0; i++)
        if (w->model.slots[i].kind == SINK && edited.slots[i].kind != SINK)
            run_sink.room = SIZE_MAX;
    reload(w, &edited, ends[below(w, sizeof(ends) / sizeof(*ends))]);
    mf_buf_done(&run_trace);
}

static void begin(struct world *w, unsigned seed)
{
    struct mf_error err;

    memset(w, 0, sizeof(*w));
    w->seed = seed;
    mf_rng_seed(&w->rng, seed);
    run_sink.count = 0;
    run_sink.room = SIZE_MAX;
    for (int i = 0; i < SLOTS; i++)
        w->model.slots[i] = (struct slot){NONE, -1, 1};
    mf_engine_init(&w->engine, NULL, (struct mf_engine_options){.starts_outside = true});
    mf_clock_init_virtual(&w->engine.sched.clock, 0);
    if (mf_engine_load(&w->engine, compile(&w->model, ""), NULL, &err) < 0)
        fail_msg("%s", err.text);
    mf_generation_begin(&w->engine, 1);
}

/* The sanitizer has an allocator of its own, which the C library knows nothing of. That of the C
 * library keeps freed pieces at hand and counts them as used, unless GLIBC_TUNABLES forbids it. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t allocated(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

/* Back to the flow of the beginning, accepted. */
static void empty(struct world *w)
{
    struct model none = w->model;

    let_out(w);
    for (int i = 0; i < SLOTS; i++)
        none.slots[i].kind = NONE;
    reload(w, &none, "");
    settle(w, 11 * MF_SEC);
    mf_buf_done(&run_trace);
}

static void play(unsigned seed)
{
    struct world w;
    size_t before;

    begin(&w, seed);
    /* Lists that only grow have grown. */
    for (w.step = 0; w.step < STEPS / 2; w.step++)
        step(&w);
    empty(&w);
    before = allocated();
    for (; w.step < STEPS; w.step++)
        step(&w);
    empty(&w);
    if (allocated() > before + 2048)
        fail_msg("seed %u: %zu bytes more than before", seed, allocated() - before);
    mf_engine_stop(&w.engine);
    mf_engine_done(&w.engine);
}

static void take_log(void *arg, enum mf_log_level level, const char *line)
{
}

/* Nothing is lost and nothing doubled, what did not change stays the same object, a node that
 * cannot work brings everything back, and a thousand reloads leave no memory behind. */
static void random_edits(void **state)
{
    const char *only = getenv("MF_SEED");
    int64_t seed = 0;

    mf_log_divert(take_log, NULL);
    if (only && mf_num_read_int(only, strlen(only), &seed))
        play((unsigned)seed);
    for (unsigned i = 1; !only && i <= SEEDS; i++)
        play(i);
    mf_log_divert(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(random_edits, run_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
