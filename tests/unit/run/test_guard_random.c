/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Guarded outputs under whatever may happen: random messages, dead inputs, a link that comes and
 * goes, refusals, people, reloads. After each of them the promises of the guard must hold.
 */

#include <math.h>
#include <stdio.h>

#include "engine/base/alloc.h"
#include "engine/base/rng.h"
#include "engine/run/guard.h"
#include "tests/unit/run/run_kinds.h"

enum { RUNS = 20, EVENTS = 400 };

#define AFTER 20.0 /* s */
#define RAMP 5.0   /* per s */
#define STEP 0.5   /* s */
#define LOW (-40.0)
#define HIGH 60.0
#define SAFE 7.0

struct play {
    struct bench *b;
    struct mf_rng rng;
    double now, last_good; /* s */
    double written;        /* what the motor was told last, NAN: nothing */
    double budget;         /* that the ramp leaves */
    double well_since;     /* s: link up and nothing refused */
    bool is_set;
    unsigned writes;
};

static struct mf_guard *guard(const struct play *p)
{
    return mf_engine_node(bench_engine(p->b), "a")->guard;
}

static char *flow(bool other)
{
    return mf_asprintf(
        "moat-flow: 1\nlinks:\n  w: {test.wire: }\nnodes:\n"
        "  x: {test.source: any}\n"
        "  y: {test.source: number}\n"
        "  a: {test.motor: m, from: [x, y], priority: [x, y, manual], limit: -40..60, ramp: 5, "
        "ramp_step: 500ms, refresh: %ds, failsafe: 7 after 20s}\n",
        other ? 4 : 3);
}

static void load(struct play *p, bool other)
{
    char *text = flow(other);

    if (p->b)
        bench_reload(p->b, text);
    else
        p->b = bench_new_with(text, (struct bench_options){.is_real = true});
    mf_free(text);
}

/* Each delivered value is within the limit, and no further from the one before than the ramp
 * allows, but for the failsafe value, which may be anywhere. */
static void look(struct play *p)
{
    const struct mf_guard *g = guard(p);
    double value;

    if (!g->has_written || g->writes == p->writes)
        return;
    value = mf_value_as_number(&g->written);
    assert_true(value >= LOW && value <= HIGH);
    if (!isnan(p->written) && value != SAFE && fabs(value - p->written) > p->budget + 1e-6)
        fail_msg("from %g to %g, where the ramp leaves %g", p->written, value, p->budget);
    if (!isnan(p->written))
        p->budget = fmax(0, p->budget - fabs(value - p->written));
    p->written = value;
    p->writes = (unsigned)g->writes;
}

static bool is_up(const struct play *p)
{
    return mf_link_is_up(bench_engine(p->b)->links[0]);
}

/* In small steps: between two looks at most one step of the ramp is made. */
static void pass_time(struct play *p, double seconds)
{
    for (double t = 0; t < seconds; t += 0.1) {
        bench_advance(p->b, "100ms");
        p->now += 0.1;
        if (!is_up(p) || run_sink.result != MF_OK)
            p->well_since = p->now;
        p->budget = fmin(RAMP * STEP, p->budget + RAMP * 0.1);
        look(p);
    }
    if (is_up(p) && !p->is_set && p->now - fmax(p->last_good, p->well_since) > AFTER + 11) {
        assert_int_equal(guard(p)->hand, MF_HAND_FAILSAFE);
        assert_true(guard(p)->written.number == SAFE);
    }
}

static void feed(struct play *p, const char *node)
{
    char text[32];

    snprintf(text, sizeof(text), "%d", (int)(mf_rng_double(&p->rng) * 200) - 100);
    bench_feed(p->b, node, text);
    p->last_good = p->now;
}

static void turn_link(struct play *p)
{
    struct mf_link *link = bench_engine(p->b)->links[0];
    struct mf_error err = {0};

    if (is_up(p)) {
        mf_fail(&err, MF_ELINK, "gone");
        mf_link_down(link, &err);
        mf_timer_disarm(&bench_engine(p->b)->sched, &link->retry);
    } else {
        mf_link_begin(link);
        mf_link_up(link);
    }
}

static void set_or_release(struct play *p)
{
    struct mf_error err;

    if (guard(p)->is_set)
        assert_int_equal(mf_guard_release(mf_engine_node(bench_engine(p->b), "a"), &err), 0);
    else
        assert_int_equal(mf_guard_set_take(mf_engine_node(bench_engine(p->b), "a"),
                                           mf_value_number(mf_rng_double(&p->rng) * 100), 0, &err),
                         0);
    p->is_set = guard(p)->is_set;
    p->last_good = p->now;
    bench_advance(p->b, "0s");
}

static void event(struct play *p)
{
    switch ((int)(mf_rng_double(&p->rng) * 12)) {
    case 0:
        bench_fail(p->b, "x", "timeout");
        break;
    case 1:
        bench_feed(p->b, "x", "null");
        break;
    case 2:
        bench_fail(p->b, "y", "link down");
        break;
    case 3:
        turn_link(p);
        break;
    case 4:
        set_or_release(p);
        break;
    case 5:
        run_sink.result = mf_rng_double(&p->rng) < 0.3 ? MF_EINVAL : MF_OK;
        break;
    case 6:
        load(p, mf_rng_double(&p->rng) < 0.5);
        break;
    case 7:
        pass_time(p, mf_rng_double(&p->rng) * 60);
        break;
    case 8:
        feed(p, "y");
        break;
    default:
        feed(p, "x");
        break;
    }
    look(p);
    pass_time(p, mf_rng_double(&p->rng) * 2);
}

static void promises_hold(void **state)
{
    unsigned writes = 0;

    for (unsigned seed = 1; seed <= RUNS; seed++) {
        struct play p = {.written = NAN, .budget = RAMP * STEP};

        run_setup(NULL);
        mf_rng_seed(&p.rng, seed);
        load(&p, false);
        for (unsigned i = 0; i < EVENTS; i++)
            event(&p);
        writes += p.writes;
        bench_free(p.b);
        mf_buf_done(&run_trace);
    }
    assert_true(writes > RUNS * EVENTS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(promises_hold)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
